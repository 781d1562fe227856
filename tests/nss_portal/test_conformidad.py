"""What WeasyPrint leaves undone, mended: the whole of it is judged by a validator in `test_firma`."""

import io
import itertools
import zlib
from typing import Any

import pydyf
import pytest
from pypdf import PdfReader

from nss_portal.documentos import conformidad
from tests.nss_portal.papel import CADA_CASO, CASOS, TIPOS, hacer


@pytest.mark.parametrize("tipo", TIPOS)
def test_los_metadatos_se_leen_sin_descomprimir(tipo: str) -> None:
    octetos = hacer(tipo)
    for dice in (
        b'pdfaid:part="3"',
        b'pdfaid:conformance="A"',
        b'pdfuaid:part="1"',
        b"<dc:identifier>http://127.0.0.1:8000/v/Zk3v9QeT1mYbA7x2LwPq5c/</dc:identifier>",
    ):
        assert octetos.count(dice) == 1
    raiz = PdfReader(io.BytesIO(octetos)).trailer["/Root"]
    assert "/Filter" not in raiz["/Metadata"]
    (intento,) = raiz["/OutputIntents"]
    assert intento["/S"] == "/GTS_PDFA1" and intento["/DestOutputProfile"].get_data()[36:40] == b"acsp"


@pytest.mark.parametrize(("tipo", "caso"), CADA_CASO)
def test_ningun_flujo_acaba_en_retorno(tipo: str, caso: str) -> None:
    assert not conformidad.dudoso(hacer(tipo, **CASOS[tipo][caso]))


def test_un_flujo_que_acabaria_en_retorno_va_sin_comprimir() -> None:
    crudo = next(b"%d" % n for n in itertools.count() if zlib.compress(b"%d" % n, 9).endswith(b"\r"))
    flujo = pydyf.Stream([crudo], compress=True)
    assert conformidad.dudoso(flujo.data)
    conformidad._comprimir(flujo)
    assert not conformidad.dudoso(flujo.data) and crudo in flujo.data
    flujo = pydyf.Stream([b"hola"], compress=True)
    antes = flujo.data
    conformidad._comprimir(flujo)
    assert flujo.data == antes, "the others, as pydyf does it"


def test_los_ultimos_flujos_se_rehacen() -> None:
    """Those that are made of all other objects can only be made again, with one object more."""
    vueltas: list[int] = []

    def hacer_pdf(*, pdf_variant: str, output_intent: str, finisher: Any) -> bytes:
        pdf = pydyf.PDF()
        pdf.add_object(metadatos := pydyf.Stream([b"<rdf:RDF></rdf:RDF>"], {"Type": "/Metadata"}, True))
        pdf.catalog["Metadata"] = metadatos.reference
        finisher(type("Documento", (), {"metadata": type("Metadatos", (), {"custom": {}})}), pdf)
        vueltas.append(len(pdf.objects))
        return b"\r\nendstream" if len(vueltas) < 3 else b"bien"

    assert conformidad.escribir(hacer_pdf) == b"bien"
    assert vueltas == [vueltas[0], vueltas[0] + 1, vueltas[0] + 1]
