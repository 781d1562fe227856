"""The PDF documents of the portal: `pdf(tipo, datos) -> bytes`.

The only module that imports weasyprint and qrcode, and not before the first document is drawn:
the web process starts without them. Everything printed comes in `datos`, so what was issued can
be drawn again: the same `datos` with the same library versions give the same bytes.
"""

import base64
import ctypes
import gc
import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial

from django.template.loader import render_to_string

from nss_portal.documentos import conformidad, letra
from nss_portal.documentos.moldes import TIPOS, Datos, comun

__all__ = ["TIPOS", "pdf", "revisar"]

# Without harfbuzz-subset WeasyPrint still works, but takes up to nine times as long.
BIBLIOTECAS = {
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
}


def pdf(tipo: str, datos: Datos) -> bytes:
    """Draw one document: a tagged PDF (PDF/A-3a and PDF/UA-1) of a single letter page.

    `tipo` is a key of `TIPOS`. `datos` is a JSON-able dict, dates in ISO; in all documents: folio (22
    digits), fecha (Mexico City), emitido (date-time with offset), nombre (≤ 150 characters), curp, nss (11
    digits), codigo (8 characters), url (what the QR holds), verificar (what a person types), demo (bool),
    cadena, sello and clave (of `sello.sellar`); and what its function in `moldes` says that it takes.
    Raises KeyError for an unknown `tipo`, a missing datum or a word that is none of its own: what is
    missing is never printed as a blank. Safe from several threads, one at a time.
    """
    molde = TIPOS[tipo]
    contexto = {"titulo": molde.titulo, "qr": _qr(datos["url"], molde.qr)}
    contexto |= comun(datos) | molde.contexto(datos)
    html = render_to_string(molde.plantilla, contexto)
    with _turno, _sin_recolector():
        return _imprenta().imprimir(html)


def preparar() -> None:
    """Load the renderer now: before a process divides, so that its children share it."""
    with _turno:
        _imprenta()


def revisar() -> list[str]:
    """What this host lacks to draw documents, a Spanish sentence each; [] when it is ready.

    Imports no renderer, so that a web process can ask it at start-up.
    """
    faltas = [
        f"Falta la letra {nombre}: instala el paquete fonts-noto-core."
        for nombre in (letra.REGULAR, letra.NEGRITA)
        if letra.archivo(nombre) is None
    ]
    return faltas + [
        f"Falta la biblioteca {nombre} para hacer los PDF: instala el paquete {paquete}."
        for nombre, paquete in BIBLIOTECAS.items()
        if not _carga(nombre)
    ]


def _qr(texto: str, simbolo: float) -> dict[str, str]:
    """QR of `texto` whose symbol measures `simbolo` mm, quiet zone apart; lengths in mm, as text."""
    import qrcode
    from PIL import Image

    # A fixed mask: trying all eight costs more than the rest of the code, and any mask is readable. Level L:
    # fewer and so bigger modules, which poor printing and a small card need more than redundancy.
    codigo = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_L, border=4, mask_pattern=2)
    codigo.add_data(texto)
    modulos = codigo.get_matrix()
    imagen = Image.new("1", (len(modulos), len(modulos)))
    imagen.putdata([0 if oscuro else 255 for fila in modulos for oscuro in fila])
    imagen.save(png := io.BytesIO(), "PNG")
    modulo = simbolo / (len(modulos) - 8)
    return {
        "src": "data:image/png;base64," + base64.b64encode(png.getvalue()).decode(),
        "lado": f"{modulo * len(modulos):.3f}",
        "orilla": f"{modulo * -4:.3f}",
    }


# The renderer, one a process --------------------------------------------------------------------

_turno = threading.Lock()  # Pango's font map is not safe in two threads, which would be no faster


class _Imprenta:
    """WeasyPrint with what costs time or memory built once: fetcher, fonts, parsed style sheet."""

    def __init__(self) -> None:
        with _solo_nuestra_letra():
            from weasyprint import CSS, HTML
            from weasyprint.text.fonts import FontConfiguration
            from weasyprint.urls import URLFetcher

            self.letras = FontConfiguration()
        self.html = HTML
        # Nothing but data: URIs: no network, no file of the host, and no TLS context a document.
        self.recursos = URLFetcher(allowed_protocols={"data"})
        hoja = render_to_string("pdf/documento.css")
        self.estilo = CSS(string=hoja, font_config=self.letras, url_fetcher=self.recursos)

    def imprimir(self, html: str) -> bytes:
        documento = self.html(string=html, url_fetcher=self.recursos)
        escribir = partial(documento.write_pdf, stylesheets=[self.estilo], font_config=self.letras)
        return conformidad.escribir(escribir)


_imprenta = cache(_Imprenta)


@contextmanager
def _solo_nuestra_letra() -> Iterator[None]:
    """fontconfig reads its file while this lasts; restored, because child processes inherit it."""
    anterior = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(letra.FONTCONFIG)
    try:
        yield
    finally:
        if anterior is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = anterior


@contextmanager
def _sin_recolector() -> Iterator[None]:
    """Python's collector rests while a document is drawn: it would look, dozens of times, at all that
    WeasyPrint is still using. A twentieth of the time; what goes round in circles is collected after.
    """
    activo = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if activo:
            gc.enable()


def _carga(biblioteca: str) -> bool:
    for patron in ("lib{}.so.0", "lib{}.0.dylib", "lib{}.dylib"):
        try:
            ctypes.CDLL(patron.format(biblioteca))
        except OSError:
            continue
        return True
    return False
