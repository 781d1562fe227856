"""No number twice after an old copy of the database comes back: what was given is also known outside it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.procesos.portal import RAIZ, Base, a_la_vez, entorno
from tests.procesos.test_asignacion_concurrente import sembrar


@pytest.fixture
def base(carpeta: Path, plantilla: Base) -> Iterator[Base]:
    copia = plantilla.copiar(carpeta)
    yield copia
    copia.borrar()


def asignar(carpeta: Path, base: Base, *repartidas: list[str]) -> tuple[list[str], list[str]]:
    """What was given, and why not, by one process for each list of CURPs."""
    pedidos = [{"curps": curps, "subdelegacion": "Centro"} for curps in repartidas]
    salidas = a_la_vez(carpeta, base, "asignar.py", pedidos)
    dados = [nss for salida in salidas for nss in salida["nss"].values()]
    return dados, [falla for salida in salidas for falla in salida["fallas"]]


def promesa(carpeta: Path, serie: str = "282605") -> list[int]:
    [archivo] = (carpeta / "promesas").glob(f"*/{serie}")
    return [int(linea) for linea in archivo.read_text().split()]


# Given before the backup, and after it: within a hundred, over its border, and a series that was not there.
@pytest.mark.parametrize(("antes", "despues"), [(3, 1), (3, 150), (98, 4), (0, 2)])
def test_un_respaldo_viejo_no_da_otra_vez_lo_dado(
    carpeta: Path, base: Base, antes: int, despues: int
) -> None:
    curps = sembrar(base, antes + despues + 1)
    dados, fallas = asignar(carpeta, base, curps[:antes])
    (carpeta / "respaldo").mkdir()
    respaldo = base.copiar(carpeta / "respaldo")
    try:
        mas, otras = asignar(carpeta, base, curps[antes:-1])
        assert (len({*dados, *mas}), fallas, otras) == (antes + despues, [], [])
        nuevos, porque = asignar(carpeta, respaldo, curps[-1:])
        assert nuevos == []
        assert f"la serie ha dado {antes} números" in porque[0]
        assert f"dice que ha dado {antes + despues} y" in porque[0]
        # Moved past what was promised, as it says, it goes on.
        hasta = promesa(carpeta)[0] - 1
        assert f"a {hasta}." in porque[0]
        respaldo.consultar(
            "INSERT INTO afiliacion_serie (prefijo, anio_registro, anio_nacimiento, ultimo, abierta) "
            "VALUES ('28', '26', '05', %s, '2026-01-05') "
            "ON CONFLICT (prefijo, anio_registro, anio_nacimiento) DO UPDATE SET ultimo = excluded.ultimo",
            hasta,
        )
        [uno], porque = asignar(carpeta, respaldo, curps[-1:])
        assert (uno[6:10], porque) == (f"{hasta + 1:04d}", [])
    finally:
        respaldo.borrar()


def test_quien_muere_entre_la_promesa_y_el_commit_no_detiene_la_serie(carpeta: Path, base: Base) -> None:
    curps = sembrar(base, 2)
    pedido = {"curps": curps[:1], "subdelegacion": "Centro", "hoy": "2026-11-19", "muere": True}
    hecho = subprocess.run(
        [sys.executable, RAIZ / "tests/procesos/asignar.py"],
        env=entorno(carpeta, base, PYTHONPATH=str(RAIZ)),
        input=json.dumps([pedido]),
        text=True,
    )
    assert hecho.returncode == -signal.SIGKILL
    assert promesa(carpeta) == [100, 0]
    dados, fallas = asignar(carpeta, base, curps)
    assert ([nss[6:10] for nss in dados], fallas) == (["0000", "0001"], [])


def test_dos_a_la_vez_prometen_por_turno(carpeta: Path, base: Base) -> None:
    curps = sembrar(base, 240)
    dados, fallas = asignar(carpeta, base, curps[::2], curps[1::2])
    assert (len(set(dados)), fallas) == (240, [])
    assert (promesa(carpeta)[0], max(promesa(carpeta)[1:])) == (300, 240)
