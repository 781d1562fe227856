"""What every test stands on: the catalogue, a strict client, a worker with and without its queue."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django_tasks_db.management.commands import db_worker
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from tests.apoyo import Estricto, reanudar


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The whole catalogue and the demonstration people, once: tests roll back to here."""
    with django_db_blocker.unblock():
        call_command("datos_demo", verbosity=0)


@pytest.fixture(autouse=True)
def promesas_propias(settings: Any, tmp_path: Path) -> None:
    """Each test's series promise apart: its database goes back, and what was promised would not."""
    settings.PROMESAS_DIR = tmp_path / "promesas"


@pytest.fixture
def catalogo(db: None) -> None:
    """Says that a test stands on the postal catalogue, the subdelegaciones and the demonstration people."""


@pytest.fixture
def cliente(catalogo: None) -> Estricto:
    return Estricto()


@pytest.fixture
def otro_cliente(catalogo: None) -> Estricto:
    return Estricto()


def _con_la_cola() -> None:
    worker = Worker(
        queue_names=["default", "correo"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=uuid.uuid4().hex,
        excluded_queue_names=[],
    )
    # It would close the connection that holds the test's own transaction.
    with patch.object(db_worker, "close_old_connections"):
        worker.run()


def _sin_la_cola() -> None:
    DBTaskResult.objects.all().delete()
    while reanudar():
        pass


@pytest.fixture
def cola() -> Callable[[], None]:
    """Drain the task queue, as the worker does."""
    return _con_la_cola


@pytest.fixture(params=[_con_la_cola, _sin_la_cola], ids=["cola", "reanudar"])
def trabajar(request: pytest.FixtureRequest, db: None) -> Iterator[Callable[[], None]]:
    """The worker, by its queue and, again, by `reanudar` alone: the queue is only the wake-up call."""
    yield request.param
