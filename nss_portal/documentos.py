"""The PDF documents of the portal: `pdf(tipo, datos) -> bytes`.

The only module that imports weasyprint and qrcode, and not before the first document is drawn:
the web process starts without them. Everything printed comes in `datos`, so what was issued can
be drawn again: the same `datos` with the same library versions give the same bytes.
"""

import base64
import ctypes
import io
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from django.template.loader import render_to_string
from django.utils import timezone

from nss_portal.templatetags.portal import fecha_larga

type Datos = Mapping[str, Any]

FONTCONFIG = Path(__file__).with_name("fuentes.conf")
REGULAR, NEGRITA = "NotoSans-Regular.ttf", "NotoSans-Bold.ttf"
# Without harfbuzz-subset WeasyPrint still works, but takes up to nine times as long.
BIBLIOTECAS = {
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
}


def pdf(tipo: str, datos: Datos) -> bytes:
    """Draw one document: a tagged PDF (PDF/UA-1) of a single letter page.

    `tipo` is a key of `TIPOS`. `datos` is a JSON-able dict whose keys are: folio (22 digits),
    fecha (ISO date, Mexico City), emitido (ISO date-time with offset), nombre (≤ 150 characters),
    curp, nss (11 digits), resultado ("asignado" or "localizado"), subdelegacion and domicilio
    (≤ 420 characters; "" leaves the row out), prefijo_origen, codigo (8 characters), url (what the
    QR holds), verificar (what a person types) and demo (bool).
    Raises KeyError for an unknown `tipo` or `resultado` or a missing datum: what is missing is
    never printed as a blank. Safe from several threads, one at a time.
    """
    molde = TIPOS[tipo]
    contexto = {"titulo": molde.titulo} | _comun(datos) | molde.contexto(datos)
    html = render_to_string(molde.plantilla, contexto)
    with _turno:
        return _imprenta().imprimir(html)


def revisar() -> list[str]:
    """What this host lacks to draw documents, a Spanish sentence each; [] when it is ready.

    Imports no renderer, so that a web process can ask it at start-up.
    """
    faltas = [
        f"Falta la letra {nombre}: instala el paquete fonts-noto-core."
        for nombre in (REGULAR, NEGRITA)
        if _archivo(nombre) is None
    ]
    return faltas + [
        f"Falta la biblioteca {nombre} para hacer los PDF: instala el paquete {paquete}."
        for nombre, paquete in BIBLIOTECAS.items()
        if not _carga(nombre)
    ]


# What each document says ------------------------------------------------------------------------


def _comun(datos: Datos) -> dict[str, Any]:
    fecha = date.fromisoformat(datos["fecha"])
    emitido = datetime.fromisoformat(datos["emitido"])
    local = timezone.localtime(emitido, timezone.get_default_timezone())
    codigo = datos["codigo"]
    return {
        **{clave: datos[clave] for clave in ("folio", "nombre", "curp", "nss", "url", "verificar", "demo")},
        "codigo": f"{codigo[:4]}-{codigo[4:]}",
        "fecha_corta": f"{fecha:%d/%m/%Y}",
        "emision": f"{fecha_larga(local)} a las {local:%H:%M} h",
        "emitido": f"{emitido.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _carta(datos: Datos) -> dict[str, Any]:
    rotulo_fecha = {"asignado": "Fecha de asignación", "localizado": "Fecha de localización"}
    subdelegacion = datos["subdelegacion"]
    if subdelegacion and datos["prefijo_origen"] == "demostrativo":
        subdelegacion += " (prefijo de demostración)"
    filas = [
        ("Nombre", datos["nombre"]),
        ("CURP", datos["curp"]),
        ("NSS sin espacios", datos["nss"]),
        (rotulo_fecha[datos["resultado"]], fecha_larga(date.fromisoformat(datos["fecha"]))),
        ("Subdelegación", subdelegacion),
        ("Domicilio registrado", datos["domicilio"]),
        ("Folio del trámite", datos["folio"]),
    ]
    filas = [(rotulo, valor) for rotulo, valor in filas if valor]
    # Columns of the letter at its normal size: values of 119 mm at 10.5 pt; the paragraph, whose
    # own words fill a line and a half, of 171 mm at 12 pt.
    renglones = sum(_renglones(valor, 119, 10.5) for _, valor in filas)
    renglones += 1 + _renglones(datos["nombre"], 171, 12)
    densidades = ((9, "amplia"), (13, "media"), (21, "densa"))
    densidad = next((clase for tope, clase in densidades if renglones <= tope), "densa minima")
    return {"filas": filas, "densidad": densidad, "qr": _qr(datos["url"], 26)}


def _tarjeta(datos: Datos) -> dict[str, Any]:
    # Size and lines that each class of documento.css gives the name; the last one cuts with «…».
    cuerpos = (("letra-1", 9.5, 1), ("letra-2", 8.5, 2), ("letra-3", 7.5, 3), ("letra-4", 6.5, 4))
    caben = (clase for clase, puntos, tope in cuerpos if _renglones(datos["nombre"], 73.6, puntos) <= tope)
    return {"letra": next(caben, "letra-4"), "qr": _qr(datos["url"], 24)}


class Molde(NamedTuple):
    plantilla: str
    titulo: str
    contexto: Callable[[Datos], dict[str, Any]]


TIPOS = {
    "nss": Molde("pdf/nss.html", "Número de Seguridad Social", _carta),
    "tarjeta": Molde("pdf/tarjeta.html", "Tarjeta de Número de Seguridad Social", _tarjeta),
}


def _renglones(texto: str, milimetros: float, puntos: float) -> int:
    """Lines of bold `texto` in a column, as `overflow-wrap: break-word` breaks them; never too few."""
    # A broken word leaves up to one wide letter of its line unused.
    ancho = milimetros / 25.4 * 72 / puntos
    espacio, renglones, usado = _ancho(" "), 1, 0.0
    for palabra in texto.split():
        largo = _ancho(palabra)
        if usado and usado + espacio + largo <= ancho:
            usado += espacio + largo
            continue
        renglones += usado > 0
        while largo > ancho:
            renglones, largo = renglones + 1, largo - (ancho - 1)
        usado = largo
    return renglones


def _qr(texto: str, simbolo: float) -> dict[str, str]:
    """QR of `texto` whose symbol measures `simbolo` mm, quiet zone apart; lengths in mm, as text."""
    import qrcode
    from PIL import Image

    # A fixed mask: trying all eight costs more than the rest of the code, and any mask is readable.
    codigo = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4, mask_pattern=2)
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
        octetos: bytes = documento.write_pdf(
            stylesheets=[self.estilo],
            font_config=self.letras,
            pdf_variant="pdf/ua-1",
            pdf_identifier=True,
        )
        return octetos


_imprenta = cache(_Imprenta)


@contextmanager
def _solo_nuestra_letra() -> Iterator[None]:
    """fontconfig reads its file while this lasts; restored, because child processes inherit it."""
    anterior = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(FONTCONFIG)
    try:
        yield
    finally:
        if anterior is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = anterior


def _archivo(nombre: str) -> Path | None:
    """The font file, looked for where fontconfig will look."""
    carpetas = (Path(dir.text or "") for dir in ElementTree.parse(FONTCONFIG).iter("dir"))
    return next((hallado for carpeta in carpetas for hallado in carpeta.rglob(nombre)), None)


@cache
def _negrita() -> Any:
    from PIL import ImageFont

    # Basic layout has no kerning, so it measures never less than Pango draws.
    return ImageFont.truetype(str(_archivo(NEGRITA)), 100, layout_engine=ImageFont.Layout.BASIC)


def _ancho(texto: str) -> float:
    """Width of bold `texto`, in em."""
    return float(_negrita().getlength(texto)) / 100


def _carga(biblioteca: str) -> bool:
    for patron in ("lib{}.so.0", "lib{}.0.dylib", "lib{}.dylib"):
        try:
            ctypes.CDLL(patron.format(biblioteca))
        except OSError:
            continue
        return True
    return False
