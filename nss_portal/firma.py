"""The signature inside each PDF: PAdES B-B, invisible, with the certificate that the seal has too.

The only module that imports pyHanko, and not before the first signature is made or checked. Key and signer
are loaded once a process: pyHanko checks a key each time that it is given one.
"""

import io
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import Certificate

from nss_portal import conformidad, sello

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


def vale(contenido: bytes, cuando: datetime) -> bool:
    """Whether one of our keys signed all of `contenido`, with a certificate that was good at `cuando`.

    Only for bytes that we made: it is no place for a stranger's PDF.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature

    confianza = _confianza(cuando)
    try:
        (firma,) = PdfFileReader(io.BytesIO(contenido)).embedded_signatures
        estado = validate_pdf_signature(firma, confianza)
    except Exception:  # whatever is wrong with it, it is not what we signed
        return False
    return estado.bottom_line and estado.coverage == SignatureCoverageLevel.ENTIRE_FILE


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

    class SinTocarMetadatos(IncrementalPdfFileWriter):
        def _update_meta(self) -> None:
            """Rewritten by pyHanko they would no longer say what PDF/A and PDF/UA ask for."""

    certificados = _certificados(quien.certificados)
    cadena = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    cadena.register_multiple(certificados[1:])
    pem = quien.clave.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    clave = load_private_key_from_pemder_data(pem, None)
    firmante = SimpleSigner(signing_cert=certificados[0], signing_key=clave, cert_registry=cadena)
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
