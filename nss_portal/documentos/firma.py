"""The signature inside each PDF: PAdES B-B, invisible, with the certificate that the seal has too.

The only module that imports pyHanko, and not before the first signature is made or checked. Key and signer
are loaded once a process: pyHanko checks a key each time that it is given one. What one signature has in
common with the next is written once too: pyHanko spends on it a hundred times what signing takes.
"""

import hashlib
import io
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import Certificate

from nss_portal.documentos import conformidad, sello

CAMPO = "Firma"
# Bytes of a signature beside its certificates, with room to spare; twice that in the file, as it is in hex.
_ATRIBUTOS = 1024


def firmar(contenido: bytes) -> bytes:
    """`contenido` with our signature appended: PDF/A-3a and PDF/UA-1 if it was. Raises ClaveInservible."""
    pluma = _pluma(sello.emisor())
    for holgura in range(8):
        firmado: bytes = pluma(contenido, holgura)
        if not conformidad.dudoso(firmado):
            break
    return firmado


def preparar() -> None:
    """Load the key and pyHanko now, as `documentos.preparar` does. Raises ClaveInservible."""
    _pluma(sello.emisor())


def vale(contenido: bytes, cuando: datetime) -> bool:
    """Whether one of our keys signed all of `contenido`, with a certificate that was good at `cuando`.

    Only for bytes that we made: it is no place for a stranger's PDF.
    """
    from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature

    confianza = _confianza(cuando)
    try:
        (firma,) = abrir(contenido).embedded_signatures
        estado = validate_pdf_signature(firma, confianza)
    except Exception:  # whatever is wrong with it, it is not what we signed
        return False
    return estado.bottom_line and estado.coverage == SignatureCoverageLevel.ENTIRE_FILE


def abrir(contenido: bytes) -> Any:
    """What a PDF of ours is made of."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    return PdfFileReader(io.BytesIO(contenido))


def _confianza(cuando: datetime) -> Any:
    from pyhanko_certvalidator import ValidationContext

    nuestros = _certificados(sello.certificados())
    # Those above the issuing one; alone, it vouches for itself.
    return ValidationContext(trust_roots=nuestros[1:] or nuestros, moment=cuando, allow_fetching=False)


def _certificados(nuestros: Iterable[Certificate]) -> list[Any]:
    """As pyHanko wants them."""
    from pyhanko.keys import load_certs_from_pemder_data

    pem = b"".join(certificado.public_bytes(Encoding.PEM) for certificado in nuestros)
    return list(load_certs_from_pemder_data(pem))


@lru_cache(maxsize=1)
def _pluma(quien: sello.Emisor) -> Any:
    from pyhanko.keys import load_private_key_from_pemder_data
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    class DeMolde(SimpleSigner):
        """Signs the second time and after by filling in what pyHanko made of the first."""

        molde: _Molde | None = None

        async def async_sign(self, data_digest: bytes, *args: Any, **kwargs: Any) -> Any:
            if self.molde is None:
                self.molde = _Molde(await super().async_sign(_MARCA, *args, **kwargs))
            return self.molde.llenar(data_digest, quien.clave)

    class SinTocarMetadatos(IncrementalPdfFileWriter):
        def _update_meta(self) -> None:
            """Rewritten by pyHanko they would no longer say what PDF/A and PDF/UA ask for."""

    certificados = _certificados(quien.certificados)
    cadena = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    cadena.register_multiple(certificados[1:])
    pem = quien.clave.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    clave = load_private_key_from_pemder_data(pem, None)
    firmante = DeMolde(signing_cert=certificados[0], signing_key=clave, cert_registry=cadena)
    datos = PdfSignatureMetadata(
        field_name=CAMPO, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256", name="gob·estudiantes"
    )
    # Out of the page: the only place where both standards admit a signature that is not seen.
    campo = SigFieldSpec(
        CAMPO,
        invis_sig_settings=InvisSigSettings(box_out_of_bounds=True),
        readable_field_name="Firma electrónica de gob·estudiantes",
    )
    reserva = 2 * (_ATRIBUTOS + sum(len(certificado.dump()) for certificado in certificados))

    def firmar(contenido: bytes, holgura: int) -> bytes:
        pluma = PdfSigner(datos, firmante, new_field_spec=campo)
        escrito: io.BytesIO = pluma.sign_pdf(
            SinTocarMetadatos(io.BytesIO(contenido)), bytes_reserved=reserva + 2 * holgura
        )
        return escrito.getvalue()

    return firmar


# What goes into /Contents -----------------------------------------------------------------------

# Stands where the digest of the document will.
_MARCA = hashlib.sha256(b"nss_portal.firma").digest()


class _Molde:
    """A CMS signature in DER, cut where a document's digest and its signature go."""

    def __init__(self, hecho: Any) -> None:
        self.clase: Any = type(hecho)
        datos = hecho["content"]
        (firmante,) = datos["signer_infos"]
        self.atributos = firmante["signed_attrs"].dump()
        assert self.atributos.count(_MARCA) == 1, "one digest, as long as any other"
        self.tipo = hecho["content_type"].dump()
        campos = ("version", "digest_algorithms", "encap_content_info", "certificates")
        self.comun = b"".join(datos[campo].dump() for campo in campos)
        self.quien = b"".join(firmante[campo].dump() for campo in ("version", "sid", "digest_algorithm"))
        self.como = firmante["signature_algorithm"].dump()

    def llenar(self, resumen: bytes, clave: ec.EllipticCurvePrivateKey) -> Any:
        atributos = self.atributos.replace(_MARCA, resumen)
        # Signed as the SET that they are, and not with the tag that they bear here (RFC 5652, 5.4).
        firma = clave.sign(b"\x31" + atributos[1:], ec.ECDSA(hashes.SHA256()))
        firmante = _der(0x30, self.quien, atributos, self.como, _der(0x04, firma))
        datos = _der(0x30, self.comun, _der(0x31, firmante))
        return self.clase.load(_der(0x30, self.tipo, _der(0xA0, datos)))


def _der(etiqueta: int, *partes: bytes) -> bytes:
    contenido = b"".join(partes)
    largo = len(contenido)
    if largo < 0x80:
        return bytes([etiqueta, largo]) + contenido
    cifras = largo.to_bytes((largo.bit_length() + 7) // 8, "big")
    return bytes([etiqueta, 0x80 | len(cifras)]) + cifras + contenido
