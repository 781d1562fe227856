"""The seal: what a document certifies, in one line, and our signature on it.

`sellar` is for whoever freezes a document; `vale` tells, years later, whether a row still says what was
sealed. The key is the issuer's own (P-256). In production SELLO_CLAVE and SELLO_CERTIFICADO give it and its
chain, each as PEM text or as the path of a file; they are read here and not in the settings, where an error
page or a dump would show them. In demonstration `crear_ca_demo` makes both, once, under VAR_DIR.

To rotate the key: give the new pair. Each certificate that has sealed something is kept in a row
(`Certificado`), and counts while its issuer is among those of SELLO_CERTIFICADO.
"""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.conf import settings

from nss_portal.documentos.models import Certificado, Documento

VERSION = "1.0"
# What the line says in words of its own; all else that is printed is in its digest.
HECHOS = {
    "nss": ("curp", "nss", "resultado"),
    "tarjeta": ("curp", "nss"),
    "vigencia": ("curp", "nss", "vigente", "desde", "hasta"),
    "comprobante-clinica": ("curp", "nss", "clues", "turno", "consultorio", "desde"),
    # Without the CURP, as the card: what nobody asks for is not carried about.
    "tarjeta-adscripcion": ("nss", "clues", "turno", "consultorio", "desde"),
}
# Made of the seal, so not under it.
DEL_SELLO = {"cadena", "sello", "clave", "url"}
SIN_CLAVE = "Faltan SELLO_CLAVE y SELLO_CERTIFICADO: sin la clave del sello no sale ningún documento."
AVISO_DE_FIN = timedelta(days=30)
# The key and its certificates, as PEM, of a folder where they may not be yet: the demonstration makes them.
hacer_clave: Callable[[Path], bytes] | None = None


class ClaveInservible(Exception):
    """There is no key to seal with, or it is not one that serves; says why in a Spanish sentence."""


class Emisor(NamedTuple):
    clave: ec.EllipticCurvePrivateKey
    # The one of `clave`, those above it, and any older root that documents in use still lean on.
    certificados: tuple[x509.Certificate, ...]

    @property
    def certificado(self) -> x509.Certificate:
        return self.certificados[0]


# The key and its certificates, once a process ---------------------------------------------------


def carpeta() -> Path:
    """Where the demonstration keeps its keys."""
    return Path(settings.VAR_DIR) / "sello"


@cache
def emisor() -> Emisor:
    """Who seals and signs here and now. Raises ClaveInservible."""
    cadena = certificados()
    try:
        clave = load_pem_private_key(_pem("SELLO_CLAVE"), password=None)
    except (ValueError, TypeError) as error:
        raise ClaveInservible("SELLO_CLAVE no es una clave privada en PEM sin contraseña.") from error
    if not isinstance(clave, ec.EllipticCurvePrivateKey) or not isinstance(clave.curve, ec.SECP256R1):
        raise ClaveInservible("SELLO_CLAVE debe ser una clave de la curva P-256.")
    if _huella(clave.public_key()) != huella(cadena[0]):
        raise ClaveInservible(
            "El primer certificado de SELLO_CERTIFICADO no es el de la clave de SELLO_CLAVE."
        )
    return Emisor(clave, cadena)


@cache
def certificados() -> tuple[x509.Certificate, ...]:
    """What SELLO_CERTIFICADO says: the issuing one first. All that checking needs. Raises ClaveInservible."""
    try:
        return tuple(x509.load_pem_x509_certificates(_pem("SELLO_CERTIFICADO")))
    except ValueError as error:
        raise ClaveInservible("SELLO_CERTIFICADO no es un certificado en PEM.") from error


def olvidar() -> None:
    """Read the key and the certificates again at their next use."""
    emisor.cache_clear()
    certificados.cache_clear()


def _pem(variable: str) -> bytes:
    dado = os.environ.get(variable, "")
    if not dado and settings.DEMO and hacer_clave:
        return hacer_clave(carpeta())
    if not dado:
        raise ClaveInservible(SIN_CLAVE)
    if dado.lstrip().startswith("-----BEGIN"):
        return dado.encode()
    try:
        return Path(dado).read_bytes()
    except OSError as error:
        raise ClaveInservible(f"No se puede leer el archivo de {variable}: {error.strerror}.") from error


def revisar(ahora: datetime | None = None) -> list[str]:
    """What keeps documents from being sealed, one Spanish sentence; [] when all is well."""
    ahora = ahora or datetime.now(UTC)
    try:
        certificado = emisor().certificado
    except ClaveInservible as error:
        return [str(error)]
    if not certificado.not_valid_before_utc <= ahora <= certificado.not_valid_after_utc - AVISO_DE_FIN:
        fin = certificado.not_valid_after_utc
        return [f"El certificado del sello vence el {fin:%d/%m/%Y}: cambia la clave antes de ese día."]
    return []


def publicos() -> bytes:
    """For whoever wants to check by their own means: our certificates, in PEM."""
    return b"".join(certificado.public_bytes(Encoding.PEM) for certificado in certificados())


def huella(certificado: x509.Certificate) -> str:
    """The id of its key: what is printed."""
    return _huella(certificado.public_key())


def _huella(publica: Any) -> str:
    der = publica.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()[:8]


# The seal ---------------------------------------------------------------------------------------


def cadena_original(tipo: str, datos: Mapping[str, Any]) -> str:
    """`||version|tipo|folio|fecha|…|digest of all that is printed||`: two lines at most."""
    valores = [VERSION, tipo, *(datos[clave] for clave in ("folio", "fecha", *HECHOS[tipo]))]
    todo = {clave: valor for clave, valor in datos.items() if clave not in DEL_SELLO}
    canonico = json.dumps(todo, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    valores.append(_base64(hashlib.sha256(canonico.encode()).digest()))
    return f"||{'|'.join(_palabra(valor) for valor in valores)}||"


def sellar(documento: Documento, direccion: str) -> None:
    """Add to what is frozen its line, our seal, the id of the key and what the QR holds, under `direccion`.

    Nothing printed may change afterwards. Raises ClaveInservible. Saves the certificate, not the document.
    """
    quien = emisor()
    documento.certificado, _ = Certificado.objects.get_or_create(
        clave=huella(quien.certificado),
        defaults={"pem": quien.certificado.public_bytes(Encoding.PEM).decode()},
    )
    cadena = cadena_original(documento.tipo, documento.datos)
    # Without chance (RFC 6979): the same line and key give the same seal.
    firma = quien.clave.sign(cadena.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    documento.token += _cola(firma)
    documento.datos = documento.datos | {
        "cadena": cadena,
        "sello": base64.b64encode(firma).decode(),
        "clave": documento.certificado.clave,
        "url": f"{direccion}/v/{documento.token}/",
    }


def vale(documento: Documento) -> bool:
    """Whether the row still says what we sealed, with a key of ours, and its token is its own."""
    certificado, datos = documento.certificado, documento.datos
    if certificado is None or datos.get("clave") != certificado.clave:
        return False
    hecho = x509.load_pem_x509_certificate(certificado.pem.encode())
    publica = hecho.public_key()
    if huella(hecho) != certificado.clave or not isinstance(publica, ec.EllipticCurvePublicKey):
        return False
    cadena, firma = cadena_original(documento.tipo, datos), base64.b64decode(datos["sello"])
    try:
        publica.verify(firma, cadena.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return (
        datos["cadena"] == cadena
        and datos["codigo"] == documento.codigo
        and datos["folio"] == documento.tramite.folio
        and documento.token.endswith(_cola(firma))
        and de_confianza(hecho)
    )


def de_confianza(certificado: x509.Certificate) -> bool:
    """Whether it is one of SELLO_CERTIFICADO or was issued by one of them. Its dates say when it could seal,
    not for how long what it sealed is valid.
    """
    nuestros = certificados()
    return certificado in nuestros or any(_emitio(otro, certificado) for otro in nuestros[1:])


def _emitio(autoridad: x509.Certificate, certificado: x509.Certificate) -> bool:
    try:
        certificado.verify_directly_issued_by(autoridad)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _cola(firma: bytes) -> str:
    """How a token is signed: it ends in what only this document's seal gives."""
    return _base64(hashlib.sha256(firma).digest())[:8]


def _base64(octetos: bytes) -> str:
    return base64.urlsafe_b64encode(octetos).decode().rstrip("=")


def _palabra(valor: object) -> str:
    if isinstance(valor, bool):
        return "SI" if valor else "NO"
    return str(valor)
