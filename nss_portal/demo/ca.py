"""The demonstration's own certificate authority: a root and, below it, who seals and signs.

Made once; of two processes that make it at the same time, both use the first one's.
"""

import os
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

VIDA = {"raiz": timedelta(days=20 * 365), "emisor": timedelta(days=10 * 365)}
NOMBRES = {
    "raiz": "Raíz de demostración, sin validez oficial",
    "emisor": "Documentos de demostración, sin validez oficial",
}


def emisor(carpeta: Path) -> bytes:
    """PEM of the issuing key, its certificate and the root's; made if it is not there. Safe to call twice."""
    archivo = carpeta / "emisor.pem"
    if not archivo.exists():
        _escribir(archivo, _nuevo_emisor(carpeta))
    return archivo.read_bytes()


def rotar(carpeta: Path) -> None:
    """Another issuing key below the same root; the old one is gone for good."""
    _escribir(carpeta / "emisor.pem", _nuevo_emisor(carpeta), encima=True)


def _nuevo_emisor(carpeta: Path) -> bytes:
    archivo = carpeta / "raiz.pem"
    if not archivo.exists():
        clave = ec.generate_private_key(ec.SECP256R1())
        _escribir(archivo, _pem_clave(clave) + _pem(_certificado("raiz", clave, clave, None)))
    raiz = archivo.read_bytes()
    clave_raiz = load_pem_private_key(raiz, password=None)
    assert isinstance(clave_raiz, ec.EllipticCurvePrivateKey)
    (certificado_raiz,) = x509.load_pem_x509_certificates(raiz)
    clave = ec.generate_private_key(ec.SECP256R1())
    certificado = _certificado("emisor", clave, clave_raiz, certificado_raiz)
    return _pem_clave(clave) + _pem(certificado) + _pem(certificado_raiz)


def _certificado(
    cual: str,
    clave: ec.EllipticCurvePrivateKey,
    firma: ec.EllipticCurvePrivateKey,
    raiz: x509.Certificate | None,
) -> x509.Certificate:
    """Of `clave`, signed by `firma`; without a `raiz` above it, it is the root."""
    ahora, es_raiz = datetime.now(UTC), raiz is None
    nombre = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "MX"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "gob·estudiantes"),
            x509.NameAttribute(NameOID.COMMON_NAME, NOMBRES[cual]),
        ]
    )
    usos = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    return (
        x509.CertificateBuilder()
        .subject_name(nombre)
        .issuer_name(raiz.subject if raiz else nombre)
        .public_key(clave.public_key())
        .serial_number(x509.random_serial_number())
        # From yesterday: the clock of whoever checks may be behind.
        .not_valid_before(ahora - timedelta(days=1))
        .not_valid_after(ahora + VIDA[cual])
        .add_extension(x509.BasicConstraints(ca=es_raiz, path_length=0 if es_raiz else None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not es_raiz,
                content_commitment=not es_raiz,
                key_cert_sign=es_raiz,
                crl_sign=es_raiz,
                **usos,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(clave.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(firma.public_key()), critical=False)
        .sign(firma, hashes.SHA256())
    )


def _pem(certificado: x509.Certificate) -> bytes:
    return certificado.public_bytes(Encoding.PEM)


def _pem_clave(clave: ec.EllipticCurvePrivateKey) -> bytes:
    return clave.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _escribir(archivo: Path, contenido: bytes, encima: bool = False) -> None:
    """Whole or not at all, never readable by others; what another process wrote first stays."""
    archivo.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, ruta = tempfile.mkstemp(dir=archivo.parent)
    nuevo = Path(ruta)
    try:
        with open(descriptor, "wb") as destino:
            destino.write(contenido)
            destino.flush()
            os.fsync(destino.fileno())
        if encima:
            nuevo.replace(archivo)
        else:
            with suppress(FileExistsError):
                os.link(nuevo, archivo)
    finally:
        nuevo.unlink(missing_ok=True)
