"""What finds nothing does find: each fault that the tours look for, put in a page on purpose."""

from typing import Any

import pytest

from tests.apoyo import Estricto
from tests.navegador.estados import Pagina, ficha
from tests.navegador.vitrina import ESCRITORIO, TELEFONO, vitrina

# By what is said of it: its HTML, and whether a desk shows it. All in a page that is well in every other way.
FALTAS = {
    # A button with no name; a target too small; dark ink on dark paper.
    "button-name": ("<button class=boton></button>", True),
    "target-size": ("<button class=chico>a</button><button class=chico>b</button>", True),
    "color-contrast": ("<p class=tinta>Tinta de noche</p>", True),
    # What only a phone shows, or only there is too small.
    "image-alt": ('<img src="/static/nada.png" class=telefono>', False),
    "label": ("<input class=telefono>", False),
}
ESTILO = """
.chico { all: unset; display: inline-block; width: 8px; height: 8px; font-size: 8px }
.tinta { color: #161a1d }
@media (min-width: 800px) { .telefono { display: none } }
"""


def con(pagina: Pagina, html: str, estilo: str = ESTILO) -> Pagina:
    """The page with something more in it, and the permission to dress it."""
    cabeceras = {k: v for k, v in pagina.cabeceras.items() if k != "Content-Security-Policy"}
    puesta = pagina.html.replace("</head>", f"<style>{estilo}</style></head>").replace(
        "</main>", f"{html}</main>"
    )
    return Pagina(html, puesta, pagina.estado, cabeceras)


@pytest.mark.django_db
def test_lo_que_no_halla_nada_halla(catalogo: None) -> None:
    pagina = ficha("verificar", Estricto().get("/verificar/"))
    with vitrina() as escaparate:

        def ver(cual: Pagina) -> dict[str, list[str]]:
            escaparate.medir(*ESCRITORIO)
            escaparate.poner(cual)
            return escaparate.revisar("")

        assert not [*filter(None, ver(con(pagina, "", "")).values())]
        for regla, (html, en_escritorio) in FALTAS.items():
            mal = ver(con(pagina, html))
            ahi = {medidas for medidas in (ESCRITORIO, TELEFONO) if regla in str(mal[f" {medidas}"])}
            assert TELEFONO in ahi or en_escritorio, (regla, mal)
            assert (ESCRITORIO in ahi) == en_escritorio, (regla, mal)
        # Small on a phone alone: it was there, and well, on a desk.
        chico = ESTILO.replace(".chico", "@media (max-width: 799px) { .chico").replace("8px }", "8px } }")
        mal = ver(con(pagina, FALTAS["target-size"][0], chico))
        assert "target-size" in str(mal[f" {TELEFONO}"]), mal

        # Too wide for each window but the wider ones; by its letters alone.
        for ancho, donde in {"18rem": {(360, 32)}, "330px": {(320, 16)}, "1400px": None}.items():
            mal = ver(con(pagina, f"<p class=ancho>{ancho}</p>", f".ancho {{ width: {ancho} }}"))
            hallado = {medidas for medidas in mal if "ancho" in str(mal[medidas])}
            assert hallado and (donde is None or {f" {medidas}" for medidas in donde} <= hallado), mal

        # A script that fails, and what is asked for elsewhere.
        for html in ("<script>noHay()</script>", '<img alt="" src="https://otro.example/a.png">'):
            assert ver(con(pagina, html))[", consola"], html
        assert ver(con(pagina, '<img alt="" src="/no-hay.png">'))[", consola"]

        # Paper is white, whatever the screen is.
        ver(pagina)
        fondo = "getComputedStyle(document.body).backgroundColor"
        escaparate.pagina.emulate_media(color_scheme="dark")
        assert escaparate.pagina.evaluate(fondo) != "rgb(255, 255, 255)"
        escaparate.pagina.emulate_media(color_scheme="dark", media="print")
        assert escaparate.pagina.evaluate(fondo) == "rgb(255, 255, 255)"


@pytest.mark.django_db
def test_cada_pagina_se_ve_y_no_la_de_antes(catalogo: None, settings: Any) -> None:
    """Shown at the same address one after another, each with the files that it asks for."""
    una, otra = (ficha(ruta, Estricto().get(ruta)) for ruta in ("/verificar/", "/privacidad/"))
    with vitrina() as escaparate:
        for cual in (una, otra, una):
            escaparate.poner(cual)
            h1 = escaparate.pagina.locator("h1").inner_text()
            assert h1 in cual.html
            assert escaparate.pagina.evaluate("document.styleSheets.length && document.fonts.size >= 0")
            assert escaparate.pagina.evaluate("getComputedStyle(document.body).margin") == "0px"
