"""What every test stands on: the catalogue, a strict client, a worker."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from nss_portal import colas
from tests import motores, plantilla
from tests.apoyo import Estricto

# The longest files begin first: a file goes whole to one process, and the last to begin is waited for alone.
PRIMERO = (
    *(f"navegador/test_{cual}.py" for cual in ("cara_admin", "cara", "app_pantallas")),
    "test_filtros_admin.py",
    "historia",
    "navegador",
    "procesos",
    "nss_portal/test_api_openapi.py",
    "vigencia/test_lotes.py",
)


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


@pytest.fixture
def trabajar(db: None) -> Callable[[], None]:
    """What workers do, until nothing is due."""

    def hasta_que_no_quede() -> None:
        while colas.reanudar():
            pass

    return hasta_que_no_quede
