"""Many processes draw numbers at once: nobody fails, nobody shares, nothing is skipped."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nss_portal.personas.identidad import digito_curp, validar_nss
from tests.procesos.portal import Base, a_la_vez

PROCESOS, CADA_UNO = 8, 80
CONSONANTES = "BCDFGHJKLMNPQRSTVWXYZ"


@pytest.fixture
def base(carpeta: Path, plantilla: Base) -> Iterator[Base]:
    copia = plantilla.copiar(carpeta)
    yield copia
    copia.borrar()


def sembrar(base: Base, cuantas: int) -> list[str]:
    """Fictional people born on one day: one series a prefix. Their CURPs."""
    curps = []
    for n in range(cuantas):
        letras = "".join(CONSONANTES[n // 21**k % 21] for k in range(3))
        curp17 = f"EXEM050214MDF{letras}A"
        curps.append(curp17 + digito_curp(curp17))
    valores = ", ".join(
        f"('{curp}', NULL, 'Muestra', 'Ejemplo', '', '2005-02-14', 'M', 'DF')" for curp in curps
    )
    base.consultar(
        "INSERT INTO nss_portal_persona "
        "(curp, nss, nombres, primer_apellido, segundo_apellido, nacimiento, sexo, entidad) "
        f"VALUES {valores}"
    )
    return curps


def asignar_a_la_vez(
    carpeta: Path, base: Base, repartidas: list[list[str]], subdelegacion: str | None
) -> list[dict[str, Any]]:
    pedidos = [{"curps": curps, "subdelegacion": subdelegacion} for curps in repartidas]
    return a_la_vez(carpeta, base, "asignar.py", pedidos)


@pytest.mark.parametrize("subdelegacion", ["Centro", None], ids=["una serie", "muchas series"])
def test_ocho_procesos_ochenta_cada_uno(carpeta: Path, base: Base, subdelegacion: str | None) -> None:
    *curps, de_todos = sembrar(base, PROCESOS * CADA_UNO + 1)
    # All ask for the same CURP, first and in the middle; the rest is split.
    repartidas = []
    for n in range(PROCESOS):
        propias = curps[n::PROCESOS]
        repartidas.append([de_todos, *propias[:20], de_todos, *propias[20:]])
    salidas = asignar_a_la_vez(carpeta, base, repartidas, subdelegacion)
    assert [salida["fallas"] for salida in salidas] == [[]] * PROCESOS
    assert len({salida["nss"][de_todos] for salida in salidas}) == 1
    sembradas = {*curps, de_todos}
    todas = base.consultar("SELECT curp, nss FROM nss_portal_persona WHERE nss IS NOT NULL")
    dados = {curp: nss for curp, nss in todas if curp in sembradas}
    assert len(dados) == len(set(dados.values())) == PROCESOS * CADA_UNO + 1
    for salida in salidas:
        for curp, nss in salida["nss"].items():
            assert dados[curp] == nss
    assert all(validar_nss(nss) == nss for nss in dados.values())
    # No gaps: every series gave exactly 0 … ultimo.
    series = base.consultar("SELECT prefijo, anio_registro, anio_nacimiento, ultimo FROM afiliacion_serie")
    assert len(series) == (1 if subdelegacion else len({nss[:2] for nss in dados.values()}))
    for prefijo, registro, nacimiento, ultimo in series:
        serie = sorted(int(n[6:10]) for n in dados.values() if n[:6] == f"{prefijo}{registro}{nacimiento}")
        assert serie == list(range(ultimo + 1))


def test_la_serie_se_acaba_mientras_la_piden(carpeta: Path, base: Base) -> None:
    """The last numbers of a series, asked for by eight at once: the next prefix follows, none twice."""
    curps = sembrar(base, PROCESOS * 20)
    base.consultar(
        "INSERT INTO afiliacion_serie (prefijo, anio_registro, anio_nacimiento, ultimo, abierta) "
        "VALUES ('28', '26', '05', 9950, '2026-01-05')"
    )
    repartidas = [curps[n::PROCESOS] for n in range(PROCESOS)]
    salidas = asignar_a_la_vez(carpeta, base, repartidas, "Centro")
    assert [salida["fallas"] for salida in salidas] == [[]] * PROCESOS
    dados = [nss for salida in salidas for nss in salida["nss"].values()]
    assert len(set(dados)) == len(curps)
    assert sorted(n[6:10] for n in dados if n[:2] == "28") == [str(n) for n in range(9951, 10_000)]
    assert {n[:2] for n in dados} == {"28", "29"}  # Centro's own two, in order
