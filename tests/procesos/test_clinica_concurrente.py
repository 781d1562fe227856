"""Many processes register students at once: nobody twice, nobody too many, and evenly."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.procesos.portal import Base, a_la_vez
from tests.procesos.test_asignacion_concurrente import sembrar

PROCESOS, ALUMNOS = 16, 500
CLUES = [f"NLIMS97000{n}" for n in range(3)]


@pytest.fixture
def base(carpeta: Path, plantilla: Base) -> Iterator[Base]:
    copia = plantilla.copiar(carpeta)
    yield copia
    copia.borrar()


def abrir_clinica(base: Base, clues: str, consultorios: int, capacidad: int) -> None:
    base.consultar(
        "INSERT INTO clinicas_clinica (clues, tipo, nombre, delegacion, domicilio, codigo_postal, "
        "entidad_id, telefono, horario, ventanilla, estado, origen) "
        "VALUES (%s, 'umf', 'UMF 970', '', 'Calle 1', '64000', '19', '', '', '', 'opera', 'demostrativo')",
        clues,
    )
    for turno in ("matutino", "vespertino"):
        for numero in range(1, consultorios + 1):
            base.consultar(
                "INSERT INTO clinicas_consultorio (clinica_id, turno, numero, capacidad) "
                "VALUES (%s, %s, %s, %s)",
                clues,
                turno,
                numero,
                capacidad,
            )


def registrar_a_la_vez(carpeta: Path, base: Base, pedidos: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One process a request, all let go at the same moment."""
    comun: dict[str, Any] = {"mover": [], "pasos": [], "papeles": []}
    return a_la_vez(carpeta, base, "registrar.py", [comun | pedido for pedido in pedidos])


def poblaciones(base: Base, clues: str, turno: str = "matutino") -> list[int]:
    filas = base.consultar(
        "SELECT COUNT(a.id) FROM clinicas_consultorio c "
        "LEFT JOIN clinicas_alta a ON a.consultorio_id = c.id AND a.hasta IS NULL "
        "WHERE c.clinica_id = %s AND c.turno = %s GROUP BY c.numero ORDER BY c.numero",
        clues,
        turno,
    )
    return [cuantas for (cuantas,) in filas]


def altas(base: Base, cuales: str = "1 = 1") -> list[tuple[Any, ...]]:
    """In the clinics of these tests: CURP and id."""
    return base.consultar(
        "SELECT p.curp, a.id FROM clinicas_alta a JOIN nss_portal_persona p ON p.id = a.persona_id "
        f"JOIN clinicas_consultorio c ON c.id = a.consultorio_id "
        f"WHERE c.clinica_id IN ('{"', '".join(CLUES)}') AND {cuales}"
    )


def activas(base: Base) -> list[tuple[Any, ...]]:
    return altas(base, "a.hasta IS NULL")


def test_dieciseis_procesos_quinientos_alumnos_una_clinica(carpeta: Path, base: Base) -> None:
    curps = sembrar(base, ALUMNOS)
    abrir_clinica(base, CLUES[0], 7, 100)
    # Everybody's list also begins with the same ten people: their double clicks.
    de_todos = curps[:10]
    pedidos = [
        {"pasos": [[curp, CLUES[0], "matutino"] for curp in [*de_todos, *curps[10:][n::PROCESOS]]]}
        for n in range(PROCESOS)
    ]
    salidas = registrar_a_la_vez(carpeta, base, pedidos)
    assert [s["fallas"] for s in salidas] == [[]] * PROCESOS
    assert [s["llenas"] for s in salidas] == [0] * PROCESOS
    filas = activas(base)
    # Nobody twice; and what each process was told is what there is.
    assert len(filas) == len({curp for curp, _ in filas}) == ALUMNOS
    assert len(altas(base)) == ALUMNOS
    assert all(dict(filas)[curp] == pk for s in salidas for curp, pk in s["altas"].items())
    hay = poblaciones(base, CLUES[0])
    assert sum(hay) == ALUMNOS and max(hay) - min(hay) <= 1, hay
    assert poblaciones(base, CLUES[0], "vespertino") == [0] * 7


def test_los_ultimos_lugares(carpeta: Path, base: Base) -> None:
    """More people than places: exactly the places are taken, and the others are told."""
    curps = sembrar(base, 160)
    abrir_clinica(base, CLUES[0], 3, 30)
    pedidos = [
        {"pasos": [[curp, CLUES[0], "matutino"] for curp in curps[n::PROCESOS]]} for n in range(PROCESOS)
    ]
    salidas = registrar_a_la_vez(carpeta, base, pedidos)
    assert [s["fallas"] for s in salidas] == [[]] * PROCESOS
    assert poblaciones(base, CLUES[0]) == [30, 30, 30]
    assert sum(s["llenas"] for s in salidas) == 160 - 90


def test_se_cambian_unos_por_otros_mientras_el_personal_mueve_consultorios(carpeta: Path, base: Base) -> None:
    """Swaps in every direction, the same person from several places, and whole consultorios moved meanwhile:
    no deadlock, one active alta a person, history without gaps."""
    curps = sembrar(base, 60)
    for clues in CLUES:
        abrir_clinica(base, clues, 3, 100)
    pedidos: list[dict[str, Any]] = []
    for n in range(8):
        # Each goes round the clinics, in one direction or the other; neighbours share half their people.
        vuelta = CLUES if n % 2 else CLUES[::-1]
        suyos = [curps[(n * 7 + k) % 60] for k in range(14)]
        turnos = ("matutino", "vespertino")
        pasos = [[c, vuelta[(k + v) % 3], turnos[v % 2]] for v in range(6) for k, c in enumerate(suyos)]
        pedidos.append({"pasos": pasos})
    for n in range(2):
        de_a = [(1, 2), (2, 3), (3, 1)] * 12
        mover = [[CLUES[k % 3], "matutino", *(par if n else par[::-1])] for k, par in enumerate(de_a)]
        pedidos.append({"mover": mover})
    salidas = registrar_a_la_vez(carpeta, base, pedidos)
    assert [s["fallas"] for s in salidas] == [[]] * len(pedidos)
    assert sum(s["llenas"] for s in salidas) == 0
    filas = activas(base)
    registrados = {curp for s in salidas for curp in s["altas"]}
    assert len(filas) == len(registrados) and {curp for curp, _ in filas} == registrados
    total = sum(sum(poblaciones(base, c, t)) for c in CLUES for t in ("matutino", "vespertino"))
    assert total == len(filas)
    # Each alta but the first begins where another ended.
    assert len(altas(base)) == len(altas(base, "a.hasta IS NOT NULL")) + len(filas)
    por_persona = Counter(curp for curp, _ in altas(base))
    assert max(por_persona.values()) > 1


def test_ninguna_tarjeta_en_uso_dice_otra_clinica(carpeta: Path, base: Base) -> None:
    """Reprints, changes and whole consultorios moved, at once: a card in force says where the person is."""
    gente = base.consultar(
        "SELECT DISTINCT p.curp FROM nss_portal_persona p JOIN vigencia_inscripcion i ON i.persona_id = p.id "
        "WHERE p.nss IS NOT NULL AND p.bloqueada IS NULL AND i.baja IS NULL "
        "AND i.alta < CURRENT_DATE AND i.fin > CURRENT_DATE ORDER BY p.curp LIMIT 24"
    )
    curps = [curp for (curp,) in gente]
    assert len(curps) > 15
    for clues in CLUES:
        abrir_clinica(base, clues, 2, 100)
    [primera] = registrar_a_la_vez(
        carpeta, base, [{"papeles": [[curp, CLUES[0], "matutino"] for curp in curps]}]
    )
    assert primera["fallas"] == []
    # In the same order, so that they meet at the same person; each is moved once, and nobody mends it after.
    hoy = timezone.localdate().isoformat()
    pedidos: list[dict[str, Any]] = [{"papeles": [[curp, "", ""] for curp in curps]} for _ in range(3)]
    pedidos.append({"papeles": [[curp, CLUES[1], "matutino"] for curp in curps[::2]]})
    pedidos.append({"mover": [[CLUES[0], "matutino", 1, 2]], "hoy": hoy})
    salidas = registrar_a_la_vez(carpeta, base, pedidos)
    assert [s["fallas"] for s in salidas] == [[]] * len(pedidos)
    donde = base.consultar(
        "SELECT p.curp, c.clinica_id, c.numero FROM clinicas_alta a "
        "JOIN nss_portal_persona p ON p.id = a.persona_id "
        "JOIN clinicas_consultorio c ON c.id = a.consultorio_id WHERE a.hasta IS NULL"
    )
    esta = {curp: (clues, str(numero)) for curp, clues, numero in donde}
    tarjetas = base.consultar(
        "SELECT p.curp, d.datos FROM nss_portal_documento d JOIN nss_portal_tramite t ON t.id = d.tramite_id "
        "JOIN nss_portal_persona p ON p.id = t.persona_id WHERE d.tipo = 'tarjeta-adscripcion' "
        "AND d.sustituido_por_id IS NULL AND d.cancelado IS NULL"
    )
    en_uso = [(curp, json.loads(d) if isinstance(d, str) else d) for curp, d in tarjetas if curp in curps]
    assert en_uso
    mienten = [
        (curp, d["clues"], d["consultorio"])
        for curp, d in en_uso
        if (d["clues"], d["consultorio"]) != esta[curp]
    ]
    assert not mienten
