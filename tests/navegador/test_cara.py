"""The face, as everybody meets it: axe-core on every screen, phones, narrow windows, large letters."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.navegador import estados, oficinas
from tests.navegador.vitrina import ESCRITORIO, vitrina
from tests.procesos.portal import RAIZ


def sin_falta() -> Iterator[str]:
    """What must be among the states, by its template."""
    plantillas = RAIZ / "templates"
    yield from (f"correo: {ruta.stem}" for ruta in plantillas.glob("correo/*.html") if ruta.stem != "base")
    yield from (f"error {ruta.stem}" for ruta in plantillas.glob("[45][0-9][0-9]*.html"))
    yield "error mantenimiento"


@pytest.mark.django_db
def test_cada_pantalla_en_cada_estado(settings: Any, tmp_path: Path, catalogo: None) -> None:
    # Drawn before there is a browser: its event loop would get a connection of its own.
    paginas = [una for grupo in estados.todas(settings, tmp_path).values() for una in grupo]
    assert len(paginas) > 80
    plantillas = "".join(ruta.read_text() for ruta in (settings.BASE_DIR / "templates").rglob("*.html"))
    vistas = {pantalla for una in paginas for pantalla in re.findall(r'data-pantalla="(\w+)"', una.html)}
    assert {*re.findall(r"block pantalla %}(\w+)", plantillas)} <= vistas
    # Every mail and every error page is among them, and no two make one picture of another.
    nombres = [una.nombre for una in paginas + [p for grupo in oficinas.todas().values() for p in grupo]]
    hay = [estados.captura(nombre) for nombre in nombres]
    assert len(set(hay)) == len(hay)
    assert {estados.captura(nombre) for nombre in sin_falta()} <= set(hay)
    mal: dict[str, list[str]] = {}
    with vitrina() as escaparate:
        for una in paginas:
            escaparate.medir(*ESCRITORIO)
            escaparate.poner(una)
            mal |= escaparate.revisar(una.nombre)
    assert not {donde: que for donde, que in mal.items() if que}
