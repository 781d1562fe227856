"""A browser that shows pages already drawn, and looks for faults at every width and in both lights."""

import io
import mimetypes
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from PIL import Image
from playwright.sync_api import CDPSession, Page, Request, sync_playwright

from tests.navegador.apoyo import a_oscuras
from tests.navegador.conftest import QUIETO
from tests.navegador.estados import Pagina

NORMAS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = {"runOnly": NORMAS, "resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
# What the width of the window can break in elements that were there before.
AXE_DE_ANCHO = {
    "runOnly": {
        "type": "rule",
        "values": ["target-size", "color-contrast", "link-in-text-block", "scrollable-region-focusable"],
    },
    "resultTypes": ["violations"],
}
# (width, letter in px): a desk, a phone; 400 % of zoom on a desk; letters twice as large, on both.
ESCRITORIO, TELEFONO = (1280, 16), (360, 16)
ESTRECHAS = [(320, 16), (360, 32), (1280, 32)]
# In every document but the empty one, compiled once.
AXE_JS = f"if (location.href !== 'about:blank') {{ {Axe().axe_script} }}"
# What is seen now that was not when it was last asked, in `window.nuevos`; how much it is.
LO_NUEVO = """() => {
  const vistos = window.vistos ?? new WeakSet();
  const nuevos = new Set([...document.body.querySelectorAll("*")]
    .filter(e => !vistos.has(e) && e.checkVisibility({ visibilityProperty: true })));
  nuevos.forEach(e => vistos.add(e));
  window.vistos = vistos;
  window.nuevos = [...nuevos].filter(e => !nuevos.has(e.parentElement));
  return window.nuevos.length;
}"""
# What goes over the right edge of the window; nothing when there is nothing to scroll to.
DESBORDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 90))"""


class Vitrina:
    def __init__(
        self, pagina: Page, origen: str, quejas: list[str], estantes: dict[str, Pagina | None]
    ) -> None:
        self.pagina, self.origen, self.quejas, self.estantes = pagina, origen, quejas, estantes
        self.cdp: CDPSession = pagina.context.new_cdp_session(pagina)
        self.ancho, self.letra = 0, 16

    def poner(self, cual: Pagina) -> None:
        self.pagina.goto("about:blank")  # the page before may be bringing itself again
        self.estantes["/"] = cual
        self.quejas.clear()
        self.pagina.goto(self.origen)

    def medir(self, ancho: int, letra: int) -> None:
        if ancho != self.ancho:
            self.pagina.set_viewport_size({"width": ancho, "height": 800})
        if letra != self.letra:
            self.cdp.send("Page.setFontSizes", {"fontSizes": {"standard": letra, "fixed": letra - 3}})
        self.ancho, self.letra = ancho, letra

    def desborde(self) -> list[str]:
        return list(self.pagina.evaluate(DESBORDE))

    def axe(self, opciones: dict[str, Any], donde: str = "document") -> list[dict[str, Any]]:
        return list(self.pagina.evaluate(f"opciones => axe.run({donde}, opciones)", opciones)["violations"])

    def faltas(self) -> list[str]:
        """What axe-core finds: all on a desk, and of colours in the dark too. Where only the width has
        changed, what a width can break, and all in what it shows that was not seen before.
        """
        hay_nuevo = self.pagina.evaluate(LO_NUEVO)
        if self.ancho == ESCRITORIO[0]:
            halladas = self.axe(AXE) + a_oscuras(self.pagina)
        else:
            halladas = self.axe(AXE_DE_ANCHO)
            halladas += self.axe(AXE, "{ include: window.nuevos }") if hay_nuevo else []
        return [f"{falta['id']}: {nodo['html'][:160]}" for falta in halladas for nodo in falta["nodes"]]

    def revisar(self, nombre: str, estrechas: list[tuple[int, int]] = ESTRECHAS) -> dict[str, list[str]]:
        """What is wrong with what it shows, on a desk, on a phone and in every narrow window."""
        mal: dict[str, list[str]] = {}
        for medidas in (ESCRITORIO, TELEFONO):
            self.medir(*medidas)
            mal[f"{nombre} {medidas}"] = self.faltas() + self.desborde()
        for medidas in estrechas:
            self.medir(*medidas)
            mal[f"{nombre} {medidas}"] = self.desborde()
        mal[f"{nombre}, consola"] = [*self.quejas]
        return mal


class Mostrador(ThreadingHTTPServer):
    """The pages that are on show, by path, and the portal's own files; a browser keeps these."""

    daemon_threads = True

    def __init__(self, letras: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Respuesta)
        self.letras, self.quejas = letras, list[str]()
        self.estantes: dict[str, Pagina | None] = {}  # None: it is lost on the way
        self.origen = f"http://127.0.0.1:{self.server_port}"  # a browser trusts it as it does https


class _Respuesta(BaseHTTPRequestHandler):
    server: Mostrador
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        camino, estantes = self.path.partition("?")[0], self.server.estantes
        if cual := estantes.get(camino):
            sin_largo = {k: v for k, v in cual.cabeceras.items() if k.lower() != "content-length"}
            self.dar(cual.estado, cual.html.encode(), **({"Cache-Control": "no-store"} | sin_largo))
        elif camino in estantes:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        elif camino.startswith("/static/"):
            ruta = Path(str(finders.find(camino.removeprefix("/static/"))))
            tipo = {".js": "text/javascript"}.get(ruta.suffix) or mimetypes.guess_type(ruta)[0] or ""
            cabeceras = {"Content-Type": tipo, "Cache-Control": "max-age=3600, immutable"}
            self.dar(200, ruta.read_bytes(), **cabeceras)
        elif camino.startswith("/captcha/image/"):
            self.dar(200, self.server.letras, **{"Content-Type": "image/png", "Cache-Control": "no-store"})
        elif camino.endswith("/estado/"):
            self.dar(503)  # the page waits, and goes on asking
        else:
            if camino != "/favicon.ico":
                self.server.quejas.append(f"asks for {self.path}")
            self.dar(404)

    do_POST = do_PUT = do_DELETE = do_GET

    def dar(self, estado: int, cuerpo: bytes = b"", **cabeceras: str) -> None:
        self.send_response_only(estado)
        for nombre, valor in cabeceras.items():
            self.send_header(nombre, valor)
        if estado != 204:
            self.send_header("Content-Length", str(len(cuerpo)))
        self.end_headers()
        with suppress(OSError):  # whoever asked has gone to another page
            self.wfile.write(cuerpo)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _mostrador(letras: bytes) -> Iterator[Mostrador]:
    with Mostrador(letras) as mostrador:
        hilo = threading.Thread(target=mostrador.serve_forever, args=(0.05,))
        hilo.start()
        try:
            yield mostrador
        finally:
            mostrador.shutdown()
            hilo.join()


@contextmanager
def vitrina(letras: bytes = b"") -> Iterator[Vitrina]:
    """`letras`: the captcha's image, in every form that asks for it; without them, a white one."""
    imagen = io.BytesIO()
    Image.new("RGB", (200, 72), "white").save(imagen, "PNG")
    with _mostrador(letras or imagen.getvalue()) as mostrador, sync_playwright() as playwright:
        navegador = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIETO)
        pagina = navegador.new_page(locale="es-MX", service_workers="block")
        quejas = mostrador.quejas
        # Chromium tells of every answer that is not a 200, and of those that are lost; ours are meant.
        dichas = ("the server responded with", "net::ERR_EMPTY_RESPONSE", "net::ERR_INTERNET_DISCONNECTED")
        dichas += ("Service Worker registration blocked",)
        pagina.on("console", lambda m: None if any(d in m.text for d in dichas) else quejas.append(m.text))
        pagina.on("pageerror", lambda error: quejas.append(str(error)))

        def de_fuera(pedido: Request) -> None:
            if not pedido.url.startswith((mostrador.origen, "data:", "blob:", "about:")):
                quejas.append(f"asks for {pedido.url}")

        pagina.on("request", de_fuera)
        pagina.add_init_script(AXE_JS)
        yield Vitrina(pagina, mostrador.origen, quejas, mostrador.estantes)
        navegador.close()
