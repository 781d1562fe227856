"""Real processes stand on a prepared database, made once and copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.procesos.portal import Base, Portal, base_vacia, entorno, manage, portal


@pytest.fixture(scope="session")
def carpeta_plantilla(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plantilla")


@pytest.fixture(scope="session")
def plantilla(carpeta_plantilla: Path) -> Iterator[Base]:
    """Migrated, with catalogue and demonstration people; static files collected beside it."""
    base = base_vacia(carpeta_plantilla)
    env = entorno(carpeta_plantilla, base)
    try:
        manage("migrate", "--verbosity=0", env=env)
        manage("datos_demo", "--personas", "60", env=env)
        manage("collectstatic", "--no-input", "--verbosity=0", env=env)
        yield base
    finally:
        base.borrar()


@pytest.fixture
def carpeta(tmp_path: Path, plantilla: Base, carpeta_plantilla: Path) -> Path:
    """A portal's folder, with the collected static files in place."""
    shutil.copytree(carpeta_plantilla / "static", tmp_path / "static")
    return tmp_path


@pytest.fixture
def en_marcha(carpeta: Path, plantilla: Base) -> Iterator[Portal]:
    with portal(carpeta, plantilla) as corriendo:
        yield corriendo
