"""The signature in each PDF, as programs that are not ours see it."""

import io
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import pem as pem_der
from asn1crypto.x509 import Certificate
from page import validate_pdf_bytes
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader

from nss_portal.demo import ca
from nss_portal.documentos import firma, sello
from tests.nss_portal.papel import CADA_CASO, CASOS, TIPOS, hacer, orden

todos = pytest.mark.parametrize("tipo", TIPOS)
FIRMADOS: dict[tuple[str, str], bytes] = {}


def firmado(tipo: str, caso: str = "ordinario") -> bytes:
    if (tipo, caso) not in FIRMADOS:
        FIRMADOS[tipo, caso] = firma.firmar(hacer(tipo, **CASOS[tipo][caso]))
    return FIRMADOS[tipo, caso]


@pytest.mark.parametrize(("tipo", "caso"), CADA_CASO)
def test_es_pdf_a_y_pdf_ua_antes_y_despues_de_firmar(tipo: str, caso: str) -> None:
    for octetos in (hacer(tipo, **CASOS[tipo][caso]), firmado(tipo, caso)):
        for norma in ("3a", "ua1"):
            informe = validate_pdf_bytes(octetos, profile=norma)
            assert informe.is_compliant, [(f.rule_id, f.message) for f in informe.failures]
    assert len(firmado(tipo, caso)) <= 40_000


@todos
def test_es_un_pdf_sano(tipo: str, tmp_path: Path) -> None:
    (tmp_path / "documento.pdf").write_bytes(firmado(tipo))
    revision = subprocess.run(["qpdf", "--check", tmp_path / "documento.pdf"], capture_output=True)
    assert revision.returncode == 0, revision.stdout + revision.stderr
    letras = orden(firmado(tipo), "pdffonts", "-").decode().splitlines()[2:]
    assert letras and all(" yes yes yes " in renglon for renglon in letras)


@todos
def test_firmar_no_toca_lo_que_ya_estaba(tipo: str) -> None:
    octetos = firmado(tipo)
    assert octetos.startswith(hacer(tipo)), "appended, metadata included"
    raiz = PdfReader(io.BytesIO(octetos)).trailer["/Root"]
    campo = raiz["/AcroForm"]["/Fields"][0].get_object()
    assert campo["/V"]["/SubFilter"] == "/ETSI.CAdES.detached", "PAdES"
    assert max(campo["/Rect"]) <= 0, "nothing to see on the page"
    antes, despues = (PdfReader(io.BytesIO(o)).pages[0]["/Annots"] for o in (hacer(tipo), octetos))
    assert len(despues) == len(antes) + 1, "the links, and the signature"
    assert orden(octetos, "pdftotext", "-raw", "-", "-") == orden(hacer(tipo), "pdftotext", "-raw", "-", "-")


@pytest.fixture(scope="module")
def raiz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root, out of what the verification page gives."""
    pem = sello.publicos().decode()
    archivo = tmp_path_factory.mktemp("raiz") / "raiz.crt"
    archivo.write_text(pem[pem.rindex("-----BEGIN") :])
    return archivo


@pytest.fixture(scope="module")
def almacen_nss(raiz: Path) -> str:
    """An NSS database that trusts our root, as a reader's that has imported it."""
    certutil = ["certutil", "-d", f"sql:{raiz.parent}"]
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    subprocess.run([*certutil, "-A", "-n", "raiz", "-t", ",C,", "-a", "-i", raiz], check=True)
    return f"sql:{raiz.parent}"


def pdfsig(almacen: str, octetos: bytes, carpeta: Path) -> str:
    (carpeta / "documento.pdf").write_bytes(octetos)
    # Its exit code is 0 whatever it finds.
    argumentos = ["pdfsig", "-nssdir", almacen, carpeta / "documento.pdf"]
    return subprocess.run(argumentos, capture_output=True, text=True).stdout


@todos
def test_pdfsig_la_da_por_buena(tipo: str, almacen_nss: str, tmp_path: Path) -> None:
    dicho = pdfsig(almacen_nss, firmado(tipo), tmp_path)
    for palabras in ("Signature is Valid", "Certificate is Trusted", "Total document signed"):
        assert palabras in dicho, dicho
    assert "Documentos de demostración, sin validez oficial" in dicho
    tocado = bytearray(firmado(tipo))
    tocado[len(hacer(tipo)) // 2] ^= 1
    dicho = pdfsig(almacen_nss, bytes(tocado), tmp_path)
    assert "Signature is Valid" not in dicho


@todos
def test_pyhanko_la_da_por_buena(tipo: str, raiz: Path) -> None:
    confianza = ValidationContext(
        trust_roots=[Certificate.load(pem_der.unarmor(raiz.read_bytes())[2])], allow_fetching=False
    )
    (hallada,) = PdfFileReader(io.BytesIO(firmado(tipo))).embedded_signatures
    estado = validate_pdf_signature(hallada, confianza)
    assert estado.bottom_line and estado.intact and estado.valid and estado.trusted
    assert estado.signing_cert.subject.native["common_name"].startswith("Documentos de demostración")


def test_lo_que_no_firmamos_no_vale(tmp_path: Path) -> None:
    ahora, octetos = datetime.now(UTC), firmado("nss")
    assert firma.vale(octetos, ahora)
    fin = sello.emisor().certificado.not_valid_after_utc
    assert not firma.vale(octetos, fin + timedelta(days=1)), "not with a certificate that had ended by then"
    assert firma.vale(octetos, fin - timedelta(days=1)), "it goes by that day, not by today"
    for falso in (b"", b"%PDF-1.7", hacer("nss"), octetos + b"\n"):
        assert not firma.vale(falso, ahora)
    for donde in (10, len(octetos) // 3, octetos.rindex(b"/ByteRange") + 14):
        tocado = octetos[:donde] + bytes([octetos[donde] ^ 1]) + octetos[donde + 1 :]
        assert not firma.vale(tocado, ahora)


def test_la_firma_de_otra_autoridad_no_vale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ca.emisor(tmp_path)
    with monkeypatch.context() as ajena:
        ajena.setenv("SELLO_CLAVE", str(tmp_path / "emisor.pem"))
        ajena.setenv("SELLO_CERTIFICADO", str(tmp_path / "emisor.pem"))
        sello.olvidar()
        falso = firma.firmar(hacer("nss"))
        assert firma.vale(falso, datetime.now(UTC))
    sello.olvidar()
    assert not firma.vale(falso, datetime.now(UTC))


def test_la_clave_se_carga_una_vez() -> None:
    sello.olvidar()
    firma._pluma.cache_clear()
    for _ in range(3):
        firma.firmar(hacer("tarjeta"))
    assert firma._pluma.cache_info().misses == 1


def test_una_firma_dudosa_se_repite(monkeypatch: pytest.MonkeyPatch) -> None:
    """One in 256 ends a stream in a carriage return, which a validator takes for the end of the line."""
    vistas: list[bytes] = []

    def dudoso(octetos: bytes) -> bool:
        vistas.append(octetos)
        return len(vistas) < 3

    monkeypatch.setattr(firma.conformidad, "dudoso", dudoso)
    assert firma.firmar(hacer("nss")) == vistas[-1]
    assert len({len(octetos) for octetos in vistas}) == 3, "each with other room, so other positions"


def test_nada_personal_en_la_firma() -> None:
    cola = firmado("nss")[len(hacer("nss")) :]
    assert re.search(rb"/Name \(", cola)
    assert b"EERC070214" not in cola and b"99260701992" not in cola
