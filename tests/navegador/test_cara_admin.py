"""The admin's face: axe-core and a phone's width on a page of each kind; and Spanish, on every page."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.navegador import estados
from tests.navegador.vitrina import ESCRITORIO, vitrina
from tests.personal import aparte, entrar, recorrer
from tests.test_admin import con_filas, tramite
from tests.test_idioma import de_los_datos, desconocidas

__all__ = ["con_filas", "tramite"]

# What Chromium advises about any form with a password.
CONSEJO = re.compile(r"\[DOM\] |Autofocus processing was blocked")


def distintas(visitas: Iterable[tuple[str, Any]]) -> Iterator[estados.Pagina]:
    """A page of each template, as it is come to and as it comes back; of the forms, those of each model."""
    vistas = set()
    for nombre, respuesta in visitas:
        plantillas = getattr(respuesta, "template_name", "")
        plantilla = plantillas if isinstance(plantillas, str) else plantillas[-1]
        cual = respuesta.resolver_match.url_name if plantilla == "admin/change_form.html" else ""
        clase = (plantilla, cual, respuesta.request["REQUEST_METHOD"])
        # The window that closes itself is not read by anybody.
        if clase not in vistas and plantilla != "admin/popup_response.html":
            vistas.add(clase)
            yield estados.ficha(nombre, respuesta)


def leyendo(visitas: Iterable[tuple[str, Any]], leidas: list[tuple[str, str]]) -> Iterator[tuple[str, Any]]:
    for nombre, respuesta in visitas:
        leidas.append((nombre, respuesta.content.decode()))
        yield nombre, respuesta


@pytest.mark.django_db
@pytest.mark.usefixtures("con_filas")
def test_el_admin_no_tiene_faltas() -> None:
    """Nor words in English, drawn or written by scripts: calendars, pickers, rows that are added.

    `test_idioma` reads what the other users see.
    """
    datos = de_los_datos()
    escritas: list[tuple[str, str]] = []
    jefatura = User.objects.create_superuser("jefatura")
    palabras = estados.ficha("jsi18n", entrar(jefatura).get("/admin/jsi18n/"))
    quienes = [User.objects.get(username=nombre) for nombre in ("escuela-a", "supervision", "admin")]
    visitas = [recorrer(entrar(quien)) for quien in quienes]
    paginas = list(distintas(leyendo(chain(aparte(jefatura), *visitas), escritas)))
    assert len(paginas) > 80
    mal: dict[str, list[str]] = {}
    with vitrina() as escaparate:
        escaparate.estantes["/admin/jsi18n/"] = palabras
        for una in paginas:
            escaparate.medir(*ESCRITORIO)
            escaparate.poner(una)
            escritas.append((una.nombre, escaparate.pagina.content()))
            mal |= escaparate.revisar(una.nombre, estrechas=[])
    quejas = {donde: [una for una in que if not CONSEJO.match(una)] for donde, que in mal.items()}
    assert not {donde: que for donde, que in quejas.items() if que}
    assert not desconocidas(escritas, datos)
