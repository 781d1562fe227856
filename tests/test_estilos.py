"""A rule of the stylesheets has something to style: its classes and ids are written somewhere."""

import re
from pathlib import Path

import django.contrib.admin
import pytest

RAIZ = Path(__file__).resolve().parent.parent
DE_DJANGO = Path(django.contrib.admin.__file__).parent
HOJAS = sorted((RAIZ / "static").rglob("*.css"))


def escrito() -> str:
    """What may name a class: templates, scripts and code, ours and the admin's."""
    ramas = [
        RAIZ / rama for rama in ("templates", "static", "nss_portal", "afiliacion", "vigencia", "clinicas")
    ]
    rutas = [ruta for rama in (*ramas, DE_DJANGO) for ruta in rama.rglob("*")]
    return "\n".join(
        r.read_text() for r in rutas if r.suffix in {".html", ".js", ".py"} and "locale" not in r.parts
    )


@pytest.mark.parametrize("hoja", HOJAS, ids=lambda hoja: hoja.name)
def test_cada_clase_esta_en_alguna_pagina(hoja: Path) -> None:
    texto = re.sub(r"/\*.*?\*/|\{[^{}]*\}|\"[^\"]*\"", " ", hoja.read_text(), flags=re.S)
    palabras = set(re.findall(r"[\w-]+", escrito()))
    sueltas = {clase for clase in re.findall(r"[.#]([A-Za-z][\w-]+)", texto) if clase not in palabras}
    # `field-estado`, `error-…`: the admin and our templates write them from a name.
    assert not {clase for clase in sueltas if not {*clase.split("-")} <= palabras}
