"""Who draws a letter and a card, each in its own way: `preparar(name)` is a function of (type, data) -> PDF.

Every one of them prints the same words, the same QR address and the same Noto Sans, once whatever it can
reuse is ready. WeasyPrint as a tutorial has it, and Chromium, take our own HTML and style sheet; the others
have a page written for them, by hand, that looks alike.
"""

import base64
import io
import json
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from nss_portal.documentos import firma, letra
from nss_portal.documentos import imprenta as documentos
from nss_portal.documentos.moldes import TIPOS, comun

type Imprenta = Callable[[str, Mapping[str, Any]], bytes]

MM = 72 / 25.4
CARTA = (612, 792)
PASOS = {
    "nss": [
        "Entrega este número a tu escuela para que te inscriba ante el IMSS.",
        "Verifica en línea que tu inscripción ya aparece.",
        "Regístrate en la clínica que te corresponde.",
    ],
    "tarjeta": [
        "Imprime esta hoja al 100 %: cada cara mide 85.6 × 54 mm.",
        "Recorta siguiendo las marcas de las esquinas.",
        "Dobla por la marca punteada del centro y pega las dos caras.",
    ],
}


def preparar(cual: str) -> Imprenta:
    imprentas: dict[str, Callable[[], Imprenta]] = {
        "ingenua": ingenua,
        "nuestra": lambda: nuestra,
        "sin firma": lambda: documentos.pdf,
        "sin etiquetas": sin_etiquetas,
        "Chromium": chromium,
        "ReportLab": reportlab,
        "Typst": typst,
        "fpdf2": fpdf2,
    }
    return imprentas[cual]()


# Ours --------------------------------------------------------------------------------------------


def nuestra(tipo: str, datos: Mapping[str, Any]) -> bytes:
    return firma.firmar(documentos.pdf(tipo, datos))


def sin_etiquetas() -> Imprenta:
    """Our renderer, everything reused, asked for no standard: what tags and PDF/A cost on top."""
    imprenta = documentos._imprenta()

    def hacer(tipo: str, datos: Mapping[str, Any]) -> bytes:
        documento = imprenta.html(string=_html(tipo, datos), url_fetcher=imprenta.recursos)
        with documentos._sin_recolector():
            octetos: bytes = documento.write_pdf(stylesheets=[imprenta.estilo], font_config=imprenta.letras)
        return octetos

    return hacer


def _html(tipo: str, datos: Mapping[str, Any], qr: str = "") -> str:
    molde = TIPOS[tipo]
    imagen = documentos._qr(datos["url"], molde.qr)
    contexto = {"titulo": molde.titulo, "qr": imagen | ({"src": qr} if qr else {})}
    return render_to_string(molde.plantilla, contexto | comun(datos) | molde.contexto(datos))


# The ordinary way --------------------------------------------------------------------------------


def ingenua() -> Imprenta:
    """WeasyPrint and pyHanko as their manuals begin: all of it new for each document; RSA, as most have."""
    carpeta = Path(tempfile.mkdtemp(prefix="bench-"))
    clave, certificado = _par_rsa(carpeta)
    # The host's own fonts; and tables that measure what is in them, as they do unless they are told not to.
    hoja = render_to_string("pdf/documento.css").replace("table-layout: fixed", "table-layout: auto")

    def hacer(tipo: str, datos: Mapping[str, Any]) -> bytes:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import signers
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration

        qr = "data:image/svg+xml;base64," + base64.b64encode(_svg(datos, None).encode()).decode()
        letras = FontConfiguration()
        estilo = CSS(string=hoja, font_config=letras)
        octetos = HTML(string=_html(tipo, datos, qr)).write_pdf(
            stylesheets=[estilo], font_config=letras, pdf_variant="pdf/ua-1"
        )
        firmante = signers.SimpleSigner.load(str(clave), str(certificado))
        metadatos = signers.PdfSignatureMetadata(field_name="Firma")
        pluma = IncrementalPdfFileWriter(io.BytesIO(octetos))
        firmado: bytes = signers.sign_pdf(pluma, metadatos, signer=firmante).getvalue()
        return firmado

    return hacer


def _par_rsa(carpeta: Path) -> tuple[Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    clave = rsa.generate_private_key(65537, 2048)
    nombre = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Medición")])
    ahora = datetime.now(UTC)
    certificado = (
        x509.CertificateBuilder(nombre, nombre, clave.public_key(), x509.random_serial_number())
        .not_valid_before(ahora - timedelta(days=1))
        .not_valid_after(ahora + timedelta(days=1))
        .sign(clave, hashes.SHA256())
    )
    rutas = carpeta / "clave.pem", carpeta / "certificado.pem"
    rutas[0].write_bytes(clave.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    rutas[1].write_bytes(certificado.public_bytes(Encoding.PEM))
    return rutas


# A browser ---------------------------------------------------------------------------------------


def chromium() -> Imprenta:
    """One browser, one page, kept open; the same HTML, printed."""
    from playwright.sync_api import sync_playwright

    hoja = f"<style>{render_to_string('pdf/documento.css')}</style></head>"
    navegador = sync_playwright().start().chromium.launch(executable_path="/usr/bin/chromium")
    pagina = navegador.new_page()

    def hacer(tipo: str, datos: Mapping[str, Any]) -> bytes:
        pagina.set_content(_html(tipo, datos).replace("</head>", hoja))
        return pagina.pdf(prefer_css_page_size=True, print_background=True, tagged=True)

    return hacer


# Pages written for each peer ---------------------------------------------------------------------


def _palabras(tipo: str, datos: Mapping[str, Any]) -> dict[str, Any]:
    """What all of them print, besides the number in groups."""
    molde = TIPOS[tipo]
    contexto = comun(datos) | molde.contexto(datos)
    nss = datos["nss"]
    filas = contexto.get("filas") or [
        ("Nombre", datos["nombre"]),
        ("CURP", datos["curp"]),
        ("NSS sin espacios", nss),
        ("Folio", datos["folio"]),
        ("Fecha", contexto["fecha_corta"]),
    ]
    return {
        "titulo": molde.titulo,
        "numero": " ".join((nss[:2], nss[2:4], nss[4:6], nss[6:10], nss[10])),
        "guia": f"Este número identifica a {datos['nombre']} ante el seguro social. Es único y permanente: "
        "el mismo en la escuela y en el trabajo.",
        "filas": filas,
        "pasos": PASOS[tipo],
        "codigo": contexto["codigo"],
        "verificar": f"Lee el código QR, o entra a {datos['verificar']} y escribe:",
        "emision": f"Emitido el {contexto['emision']}. Folio {datos['folio']}",
        "sello": f"Cadena original {datos['cadena']} Sello digital {datos['sello']} Clave {datos['clave']}",
        "demo": "SIN VALIDEZ OFICIAL" if datos["demo"] else "",
        "replica": "Réplica de estudio. No es un documento del Gobierno de México ni del IMSS.",
    }


def _png(datos: Mapping[str, Any]) -> bytes:
    return base64.b64decode(documentos._qr(datos["url"], 26)["src"].partition(",")[2])


def _svg(datos: Mapping[str, Any], mascara: int | None = 2) -> str:
    """With no mask given, the library tries all eight."""
    import qrcode
    from qrcode.image.svg import SvgPathImage

    codigo = qrcode.QRCode(border=4, image_factory=SvgPathImage, mask_pattern=mascara)
    codigo.add_data(datos["url"])
    return codigo.make_image().to_string(encoding="unicode")


def _ttf() -> tuple[str, str]:
    return str(letra.archivo(letra.REGULAR)), str(letra.archivo(letra.NEGRITA))


def reportlab() -> Imprenta:
    from reportlab.lib.utils import ImageReader, simpleSplit
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    for nombre, ruta in zip(("Noto", "Noto-Bold"), _ttf(), strict=True):
        pdfmetrics.registerFont(TTFont(nombre, ruta))

    def parrafo(
        hoja: Canvas, texto: str, x: float, y: float, ancho: float, letra: str, puntos: float
    ) -> float:
        hoja.setFont(letra, puntos)
        for renglon in simpleSplit(texto, letra, puntos, ancho):
            hoja.drawString(x, y, renglon)
            y -= puntos * 1.35
        return y

    def hacer(tipo: str, datos: Mapping[str, Any]) -> bytes:
        que = _palabras(tipo, datos)
        hoja = Canvas(salida := io.BytesIO(), pagesize=CARTA, lang="es-MX")
        hoja.setTitle(que["titulo"])
        hoja.setFillColor("#611232")
        hoja.rect(0, 762, 612, 30, stroke=0, fill=1)
        x, y = 63.0, 700.0
        y = parrafo(hoja, "gob·estudiantes", x, y, 300, "Noto-Bold", 17)
        parrafo(hoja, que["demo"], 430, 715, 130, "Noto-Bold", 9)
        hoja.setFillColor("#161a1d")
        y = parrafo(hoja, que["titulo"], x, y - 20, 486, "Noto-Bold", 21)
        caras = [(x, 486.0)] if tipo == "nss" else [(x, 242.6), (x + 242.6, 242.6)]
        for desde, ancho in caras:
            if tipo == "tarjeta":
                hoja.rect(desde, y - 153, ancho, 153)
            parrafo(hoja, que["numero"], desde + 8, y - 40, ancho, "Noto-Bold", 44 if tipo == "nss" else 22)
        y -= 70
        if tipo == "nss":
            y = parrafo(hoja, que["guia"], x, y, 486, "Noto", 12)
        for rotulo, valor in que["filas"]:
            parrafo(hoja, rotulo, x + 8, y, 140, "Noto", 9)
            y = parrafo(hoja, valor, x + 148, y, 330, "Noto-Bold", 9) - 5
            hoja.line(x, y + 8, x + 486, y + 8)
        y -= 40
        for numero, paso in enumerate(que["pasos"], 1):
            y = parrafo(hoja, f"{numero}. {paso}", x, y, 486, "Noto", 10.5)
        hoja.drawImage(ImageReader(io.BytesIO(_png(datos))), x, 90, 85, 85)
        y = parrafo(hoja, que["verificar"], x + 95, 160, 390, "Noto", 8.5)
        y = parrafo(hoja, que["codigo"], x + 95, y - 6, 390, "Noto-Bold", 14)
        parrafo(hoja, que["emision"], x + 95, y, 390, "Noto", 7.5)
        parrafo(hoja, que["sello"], x, 70, 486, "Noto", 5.5)
        parrafo(hoja, que["replica"], x, 30, 486, "Noto", 8)
        hoja.showPage()
        hoja.save()
        return salida.getvalue()

    return hacer


def fpdf2() -> Imprenta:
    from fpdf import FPDF

    regular, negrita = _ttf()

    def hacer(tipo: str, datos: Mapping[str, Any]) -> bytes:
        que = _palabras(tipo, datos)
        hoja = FPDF("P", "pt", "letter")
        hoja.set_title(que["titulo"])
        hoja.set_lang("es-MX")
        hoja.add_font("Noto", "", regular)
        hoja.add_font("Noto", "B", negrita)
        hoja.set_margins(63, 40)
        hoja.set_auto_page_break(False)
        hoja.add_page()

        def parrafo(texto: str, estilo: str, puntos: float, x: float = 63, ancho: float = 486) -> None:
            hoja.set_font("Noto", estilo, puntos)
            hoja.set_x(x)
            hoja.multi_cell(ancho, puntos * 1.35, texto, new_x="LMARGIN", new_y="NEXT")

        hoja.set_fill_color(97, 18, 50)
        hoja.rect(0, 0, 612, 30, style="F")
        hoja.set_y(60)
        for texto, estilo, puntos in (
            ("gob·estudiantes", "B", 17),
            (que["demo"], "B", 9),
            (que["titulo"], "B", 21),
        ):
            parrafo(texto, estilo, puntos)
        if tipo == "nss":
            parrafo(que["numero"], "B", 44)
            parrafo(que["guia"], "", 12)
        else:
            for desde in (63, 305.6):
                hoja.rect(desde, 160, 242.6, 153)
                hoja.set_y(175)
                parrafo(que["numero"], "B", 22, desde + 8, 230)
        for rotulo, valor in que["filas"]:
            arriba = hoja.get_y() + 5
            hoja.line(63, arriba, 549, arriba)
            hoja.set_y(arriba)
            parrafo(rotulo, "", 9)
            hoja.set_y(arriba)
            parrafo(valor, "B", 9, 211, 330)
        for numero, paso in enumerate(que["pasos"], 1):
            parrafo(f"{numero}. {paso}", "", 10.5)
        hoja.image(io.BytesIO(_png(datos)), 63, 617, 85, 85)
        hoja.set_y(625)
        for texto, estilo, puntos in (
            (que["verificar"], "", 8.5),
            (que["codigo"], "B", 14),
            (que["emision"], "", 7.5),
        ):
            parrafo(texto, estilo, puntos, 158, 390)
        hoja.set_y(715)
        parrafo(que["sello"], "", 5.5)
        parrafo(que["replica"], "", 8)
        return bytes(hoja.output())

    return hacer


_TYPST = """
#let d = json(bytes(sys.inputs.datos))
#set document(title: d.titulo)
#set text(font: "Noto Sans", size: 10.5pt, lang: "es", region: "MX")
#set page(paper: "us-letter", margin: (x: 22.35mm, top: 20mm, bottom: 12mm),
  background: place(top, rect(width: 100%, height: 10mm, fill: rgb("#611232"))))
#text(17pt, weight: "bold", fill: rgb("#611232"))[gob·estudiantes] #h(1fr) #text(9pt, weight: "bold", d.demo)
#heading(text(21pt, d.titulo))
#if sys.inputs.tipo == "nss" [
  #text(44pt, weight: "bold", d.numero)

  #text(12pt, d.guia)
] else [
  #grid(columns: (85.6mm, 85.6mm), ..range(2).map(_ => rect(width: 85.6mm, height: 54mm,
    text(22pt, weight: "bold", d.numero))))
]
#table(columns: (52mm, 1fr), stroke: (bottom: .25mm + rgb("#ddd7cb")),
  ..d.filas.map(f => (f.at(0), strong(f.at(1)))).flatten())
#for paso in d.pasos [+ #paso
]
#place(bottom, dy: -25mm, grid(columns: (33mm, 1fr), image("qr.svg", width: 30mm, alt: "Código QR"),
  [#text(8.5pt, d.verificar)

  #text(14pt, weight: "bold", d.codigo)

  #text(7.5pt, d.emision)]))
#place(bottom, dy: -6mm, text(5.5pt, d.sello))
#place(bottom, text(8pt, d.replica))
"""


def typst() -> Imprenta:
    import typst as compilador

    letras = compilador.Fonts(include_system_fonts=False, font_paths=[str(Path(_ttf()[0]).parent)])

    def hacer(tipo: str, datos: Mapping[str, Any]) -> bytes:
        que = {"datos": json.dumps(_palabras(tipo, datos)), "tipo": tipo}
        archivos = {"main.typ": _TYPST.encode(), "qr.svg": _svg(datos).encode()}
        octetos: bytes = compilador.compile(
            archivos, font_paths=letras, sys_inputs=que, pdf_standards=["ua-1"]
        )
        return octetos

    return hacer


def es(octetos: bytes) -> dict[str, bool]:
    """Whether a file is tagged, and whether it is signed, as a library of nobody's here reads it."""
    from pypdf import PdfReader

    lector = PdfReader(io.BytesIO(octetos))
    assert len(lector.pages) == 1, "one page, as the others"
    raiz = lector.trailer["/Root"]
    return {"etiquetado": "/StructTreeRoot" in raiz, "firmado": "/AcroForm" in raiz}
