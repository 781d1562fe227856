"""The face: every screen in every state, as everybody meets it: axe-core, a phone, a narrow window, large text."""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import CDPSession, Page, Route, sync_playwright

from tests.navegador import estados
from tests.navegador.conftest import QUIETO
from tests.procesos.portal import RAIZ

pytestmark = pytest.mark.django_db
ORIGEN = "http://localhost"  # a browser trusts it as it does https
NORMAS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = {"runOnly": NORMAS, "resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
# (width, letter in px): a desk, a phone; 400 % of zoom on a desk; letters twice as large, on both.
ESCRITORIO, TELEFONO = (1280, 16), (360, 16)
ESTRECHAS = [(320, 16), (1280, 32), (360, 32)]


class Vitrina:
    """A browser that shows pages already drawn, with the portal's own files beside them and nothing else."""

    def __init__(self, pagina: Page, cdp: CDPSession, quejas: list[str], estantes: dict[str, estados.Pagina]) -> None:
        self.pagina, self.cdp, self.quejas, self.estantes = pagina, cdp, quejas, estantes

    def poner(self, cual: estados.Pagina) -> None:
        self.estantes["/"] = cual
        self.quejas.clear()
        self.pagina.goto(ORIGEN)

    def medir(self, ancho: int, letra: int) -> None:
        self.pagina.set_viewport_size({"width": ancho, "height": 800})
        self.cdp.send("Page.setFontSizes", {"fontSizes": {"standard": letra, "fixed": letra - 3}})

    def desborde(self) -> list[str]:
        """What goes over the right edge of the window; nothing when there is nothing to scroll to."""
        return self.pagina.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] :
            [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
            .map(e => e.outerHTML.slice(0, 90))"""
        )

    def faltas(self) -> list[str]:
        resultado = self.pagina.evaluate("opciones => axe.run(document, opciones)", AXE)
        return [
            f"{falta['id']}: {nodo['html'][:160]}" for falta in resultado["violations"] for nodo in falta["nodes"]
        ]


@contextmanager
def vitrina() -> Iterator[Vitrina]:
    imagen = io.BytesIO()
    Image.new("RGB", (200, 72), "white").save(imagen, "PNG")
    estantes: dict[str, estados.Pagina] = {}

    def servir(ruta: Route) -> None:
        camino = ruta.request.url.removeprefix(ORIGEN).partition("?")[0]
        if cual := estantes.get(camino):
            ruta.fulfill(status=cual.estado, headers=cual.cabeceras, body=cual.html)
        elif camino.startswith("/static/"):
            ruta.fulfill(path=RAIZ / camino.lstrip("/"))
        elif camino.startswith("/captcha/image/"):
            ruta.fulfill(body=imagen.getvalue(), content_type="image/png")
        elif camino.endswith("/estado/"):
            ruta.fulfill(status=503, body="")  # the page waits, and goes on asking
        else:
            quejas.append(f"asks for {ruta.request.url}")
            ruta.abort()

    with sync_playwright() as playwright:
        navegador = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIETO)
        pagina = navegador.new_page(locale="es-MX")
        quejas: list[str] = []
        # Chromium tells of every answer that is not a 200; ours are meant.
        pagina.on(
            "console", lambda m: None if "the server responded with" in m.text else quejas.append(m.text)
        )
        pagina.on("pageerror", lambda error: quejas.append(str(error)))
        pagina.route("**/*", servir)
        yield Vitrina(pagina, pagina.context.new_cdp_session(pagina), quejas, estantes)
        navegador.close()


def test_cada_pantalla_en_cada_estado(settings: Any, tmp_path: Path, catalogo: None) -> None:
    # Drawn before there is a browser: its event loop would get a connection of its own.
    paginas = list(estados.todas(settings, tmp_path))
    assert len(paginas) > 90
    import time
    t = time.time()
    mal: dict[str, list[str]] = {}
    with vitrina() as escaparate:
        for una in paginas:
            escaparate.medir(*ESCRITORIO)
            escaparate.poner(una)
            escaparate.pagina.evaluate(Axe().axe_script)
            for medidas in (ESCRITORIO, TELEFONO):
                escaparate.medir(*medidas)
                if halladas := escaparate.faltas() + escaparate.desborde():
                    mal[f"{una.nombre} {medidas}"] = halladas
            for medidas in ESTRECHAS:
                escaparate.medir(*medidas)
                if halladas := escaparate.desborde():
                    mal[f"{una.nombre} {medidas}"] = halladas
            if escaparate.quejas:
                mal[f"{una.nombre}, consola"] = [*escaparate.quejas]
    print("SEG", time.time() - t)
    for k, v in mal.items(): print(k, v[:3])
    assert not mal
