"""Real processes stand on a prepared database, made once and copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plantilla import estaticos, preparada, usuarios
from tests.procesos.portal import Base, Portal, portal

GENTE = 60  # synthetic people, beside those of the demonstration


@pytest.fixture(scope="session")
def carpeta_plantilla(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plantilla")


@pytest.fixture(scope="session")
def plantilla(carpeta_plantilla: Path) -> Base:
    """Migrated, with catalogue and demonstration people; static files and passwords in its folder."""
    base = Base(preparada(GENTE))
    estaticos(carpeta_plantilla / "static")
    shutil.copyfile(usuarios(GENTE), carpeta_plantilla / "usuarios-demo.txt")
    return base


@pytest.fixture
def carpeta(tmp_path: Path, plantilla: Base, carpeta_plantilla: Path) -> Path:
    """A portal's folder, with the collected static files in place."""
    shutil.copytree(carpeta_plantilla / "static", tmp_path / "static")
    return tmp_path


@pytest.fixture
def en_marcha(carpeta: Path, plantilla: Base) -> Iterator[Portal]:
    with portal(carpeta, plantilla) as corriendo:
        yield corriendo
