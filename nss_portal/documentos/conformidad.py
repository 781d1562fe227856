"""What WeasyPrint leaves undone for one file to be PDF/A-3a and PDF/UA-1 at the same time.

It writes for one standard or the other. Asked for PDF/A-3a it compresses the metadata, which the standard
forbids, does not say that the file is accessible too, opens the colour profile anew for each document (and
leaves it open), and lets one stream in 256 end in a carriage return, which reads as part of the line's end,
so that its length looks wrong. `escribir` mends all that.
"""

import zlib
from collections.abc import Callable
from functools import cache, partial
from importlib.resources import files
from typing import Any
from xml.sax.saxutils import escape

# The name of the <meta> whose value goes into the metadata, where a file that was altered still shows it.
IDENTIFICADOR = "identificador"

# The property of PDF/UA is none that PDF/A knows, so it has to be described beside its value.
_UA = """
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file conforms to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""
_IDENTIFICADOR = (
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:identifier>{}</dc:identifier></rdf:Description>\n"
)
_FIN = b"</rdf:RDF>"


def escribir(hacer: Callable[..., bytes]) -> bytes:
    """The bytes of `hacer`, a `write_pdf` that awaits its variant; made again while they are doubtful."""
    for vuelta in range(8):
        # An output intent that is none: `_declarar_color` writes it.
        octetos = hacer(pdf_variant="pdf/a-3a", output_intent="", finisher=partial(_terminar, vuelta))
        if not dudoso(octetos):
            break
    return octetos


def dudoso(octetos: bytes) -> bool:
    """Whether a stream ends in a carriage return."""
    return b"\r\nendstream" in octetos


def _terminar(vuelta: int, documento: Any, pdf: Any) -> None:
    """WeasyPrint's finisher, called before a `pydyf.PDF` is written."""
    _completar_metadatos(documento, pdf)
    _declarar_color(pdf)
    for objeto in pdf.objects:
        if getattr(objeto, "compress", False):
            _comprimir(objeto)
    if vuelta:
        # Out of our hands are only the last streams, made of all other objects: one more, that nothing
        # uses, makes them others.
        pdf.add_object(type(pdf.catalog)({"Vuelta": vuelta}))


def _comprimir(objeto: Any) -> None:
    """Now and once: pydyf would do it twice, when it takes the fingerprint and when it writes."""
    objeto.compress = False
    crudo = objeto.data.partition(b"\nstream\n")[2].removesuffix(b"\nendstream")
    comprimido = zlib.compress(crudo, 9)
    if not comprimido.endswith(b"\r"):
        objeto.stream = [comprimido]
        objeto.extra["Filter"] = "/FlateDecode"


def _declarar_color(pdf: Any) -> None:
    """The colours of the document are those of sRGB."""
    Diccionario, Flujo = type(pdf.catalog), type(_metadatos(pdf))
    pdf.add_object(perfil := Flujo([_perfil()], {"N": 3, "Filter": "/FlateDecode"}))
    cual = "(sRGB IEC61966-2.1)"
    intento = {"Type": "/OutputIntent", "S": "/GTS_PDFA1", "OutputConditionIdentifier": cual, "Info": cual}
    intento["DestOutputProfile"] = perfil.reference.decode()
    pdf.catalog["OutputIntents"] = b"[" + Diccionario(intento).data + b"]"


@cache
def _perfil() -> bytes:
    return zlib.compress((files("weasyprint.pdf") / "sRGB2014.icc").read_bytes(), 9)


def _completar_metadatos(documento: Any, pdf: Any) -> None:
    """Say that it is accessible and which document it is, and leave the metadata uncompressed."""
    metadatos = _metadatos(pdf)
    (xmp,) = metadatos.stream
    antes, fin, despues = xmp.partition(_FIN)
    assert fin, "the metadata end as RDF does"
    mas = _UA
    if identificador := documento.metadata.custom.get(IDENTIFICADOR):
        mas += _IDENTIFICADOR.format(escape(identificador))
    metadatos.stream = [antes + mas.encode() + fin + despues]
    metadatos.compress = False


def _metadatos(pdf: Any) -> Any:
    return next(objeto for objeto in pdf.objects if objeto.reference == pdf.catalog["Metadata"])
