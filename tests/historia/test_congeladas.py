"""A migration that landed is never edited: databases have it as it was."""

from pathlib import Path

import pytest
from django.db.migrations.loader import MigrationLoader

from tests.historia import congelar

ORDEN = ".venv/bin/python -m tests.historia.congelar"
REPARACION = ("nss_portal", "0008_reparacion")


def reparos() -> list[str]:
    hay, congeladas = congelar.las_que_hay(), congelar.congeladas()
    cambiadas = [
        f"{ruta} was changed or deleted: migrations that landed are frozen; undo it and add a new migration"
        for ruta, suma in congeladas.items()
        if hay.get(ruta) != suma
    ]
    nuevas = [f"{ruta} is new: write it down with {ORDEN}" for ruta in hay if ruta not in congeladas]
    return [*cambiadas, *nuevas]


def test_las_migraciones_que_ya_estan_no_cambian() -> None:
    assert reparos() == []


def test_editar_una_y_anadir_otra_se_dicen_de_otro_modo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(congelar, "RAIZ", tmp_path)
    monkeypatch.setattr(congelar, "LISTA", tmp_path / "lista")
    primera = tmp_path / "vigencia/migrations/0001_initial.py"
    primera.parent.mkdir(parents=True)
    primera.write_text("one")
    assert [ORDEN in reparo for reparo in reparos()] == [True]
    congelar.congelar()
    assert reparos() == []
    primera.write_text("two")
    congelar.congelar()  # does not make it good
    assert ["frozen" in reparo and "add a new migration" in reparo for reparo in reparos()] == [True]


def test_lo_que_viene_despues_de_la_reparacion_la_espera() -> None:
    """On a database that lacks columns, a later migration must find them: it depends on the repair."""
    grafo = MigrationLoader(None).graph
    antes = grafo.forwards_plan(REPARACION)
    tarde = [
        f"{nodo[0]}.{nodo[1]} must depend on {REPARACION}, by itself or through another one"
        for nodo in grafo.nodes
        if nodo[0] in congelar.APPS and nodo not in antes and REPARACION not in grafo.forwards_plan(nodo)
    ]
    assert tarde == []
