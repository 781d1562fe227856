"""What every test stands on: the catalogue, a strict client, a worker with and without its queue."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django_tasks_db.management.commands import db_worker
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from tests import motores, plantilla
from tests.apoyo import Estricto, reanudar

# The longest files begin first: a file goes whole to one process, and the last to begin is waited for alone.
PRIMERO = ("navegador/test_cara.py", "navegador", "procesos", "nss_portal/test_api_openapi.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turno(item: pytest.Item) -> int:
        suya = item.path.relative_to(motores.RAIZ).as_posix()
        return next((n for n, donde in enumerate(PRIMERO) if suya.startswith(donde)), len(PRIMERO))

    items.sort(key=turno)
    for item in items:
        if razon := motores.por_que(item.path):
            item.add_marker(pytest.mark.motores(razon))


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """It is there before pytest-django looks: its `migrate` finds nothing to do."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """The whole catalogue and the demonstration people, copied: tests roll back to here."""
    nombre = connection.creation._get_test_db_name()
    if connection.vendor == "sqlite":
        with closing(plantilla.copiar_en_memoria(nombre)):
            yield
        return
    plantilla.ordenar(f'DROP DATABASE IF EXISTS "{nombre}"')
    origen = plantilla.preparada().rpartition("/")[2]
    plantilla.ordenar(f'CREATE DATABASE "{nombre}" TEMPLATE "{origen}"')
    yield
    plantilla.ordenar(f'DROP DATABASE IF EXISTS "{nombre}" WITH (FORCE)')


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
