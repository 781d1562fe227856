"""Fictional people enter only a database that was born for them, whatever the shell says."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.procesos.portal import RAIZ, Base, base_vacia, entorno, manage, puerto_libre

DE_PRODUCCION = {"DEMO": "", "URL_PUBLICA": "https://portal.example.mx", "EMAIL_URL": "smtp://localhost:1"}
# Each of them makes fictional people, or users for them.
ORDENES = ["datos_demo", "inscripciones_demo", "altas_demo", "ventanilla_demo", "loaddata personas_demo"]


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Base]:
    base = base_vacia(tmp_path)
    yield base
    base.borrar()


@pytest.fixture
def produccion(tmp_path: Path, base: Base) -> dict[str, str]:
    return entorno(tmp_path / "var", base, **DE_PRODUCCION)


def correr(*orden: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        orden, cwd=RAIZ, env=env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )


def nadie(base: Base) -> bool:
    cuentas = [base.consultar(f"SELECT count(*) FROM {t}") for t in ("nss_portal_persona", "auth_user")]
    return cuentas == [[(0,)], [(0,)]]


@pytest.mark.parametrize(
    ("orden", "demo"), [(["make", "-s", "run"], "0"), (["bin/setup", "run"], "")], ids=["make", "setup"]
)
def test_con_las_variables_de_produccion(
    orden: list[str], demo: str, base: Base, produccion: dict[str, str]
) -> None:
    hecho = correr(*orden, env=produccion | {"DEMO": demo, "PUERTO": str(puerto_libre())})
    assert hecho.returncode and "make instalar" in hecho.stderr
    assert "Traceback" not in hecho.stdout + hecho.stderr
    manage("migrate", "--verbosity=0", env=produccion)  # nothing was there
    assert nadie(base)


def test_en_una_base_que_no_nacio_como_demostracion(base: Base, produccion: dict[str, str]) -> None:
    manage("migrate", "--verbosity=0", env=produccion)
    env = produccion | {"DEMO": "1", "PUERTO": str(puerto_libre())}
    ordenes = [[".venv/bin/python", "manage.py", *orden.split()] for orden in ORDENES]
    for orden in (["make", "-s", "run"], *ordenes):
        hecho = correr(*orden, env=env)
        assert hecho.returncode and "no nació como demostración" in hecho.stderr, orden
        assert "Traceback" not in hecho.stdout + hecho.stderr and nadie(base), orden


def test_lo_que_la_base_es_lo_dice_su_primera_migracion(base: Base, produccion: dict[str, str]) -> None:
    manage("datos_demo", "--solo-comprobar", env=produccion | {"DEMO": "1"})  # before it is born
    manage("migrate", "--verbosity=0", env=produccion | {"DEMO": "1"})
    assert base.consultar("SELECT id, demostracion FROM nss_portal_instalacion")[0][1]
    manage("datos_demo", "--solo-comprobar", env=produccion | {"DEMO": "1"})
    # One from before there was a mark is asked who is in it.
    manage("migrate", "nss_portal", "0007", "--verbosity=0", env=produccion)
    env = produccion | {"DEMO": "1"}
    assert correr(".venv/bin/python", "manage.py", "datos_demo", "--solo-comprobar", env=env).returncode
    manage("migrate", "--verbosity=0", env=produccion)
    assert not base.consultar("SELECT demostracion FROM nss_portal_instalacion")[0][0]


def test_preparar_produccion_no_abre_la_base_ni_trae_a_nadie(
    tmp_path: Path, produccion: dict[str, str]
) -> None:
    """`make instalar`: libraries and collected files, with a database that does not even answer."""
    hecho = correr("make", "-s", "instalar", env=produccion | {"DATABASE_URL": "postgres://x@127.0.0.1:1/x"})
    assert hecho.returncode == 0, hecho.stdout + hecho.stderr
    var = tmp_path / "var"
    assert (var / "static" / "staticfiles.json").exists()
    assert {ruta.name for ruta in var.iterdir() if not ruta.name.startswith(".")} <= {"static", "setup.log"}
    assert os.access(RAIZ / ".venv/bin/python", os.X_OK)
