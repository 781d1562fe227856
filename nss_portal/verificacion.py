"""Whether a document is one of ours: by what its QR carries, or by folio and check code."""

import hashlib
from enum import StrEnum

from nss_portal.models import Documento


class Resultado(StrEnum):
    VALIDO = "valido"
    ALTERADO = "alterado"
    DESCONOCIDO = "desconocido"


def por_token(token: str) -> Documento | None:
    """The issued document whose QR carries `token`."""
    return Documento.objects.select_related("tramite").filter(token=token).exclude(emitido=None).first()


def por_codigo(folio: str, codigo: str) -> Documento | None:
    """The issued document with this folio *and* this code: a guessed folio alone tells nothing."""
    emitidos = Documento.objects.select_related("tramite").exclude(emitido=None)
    return emitidos.filter(tramite__folio=folio, codigo=codigo).first()


def revisar(documento: Documento | None) -> Resultado:
    """Valid only while the bytes that we keep are those that we issued."""
    if documento is None:
        return Resultado.DESCONOCIDO
    try:
        with documento.archivo.open("rb") as archivo:
            huella = hashlib.sha256(archivo.read()).hexdigest()
    except FileNotFoundError:
        huella = ""
    return Resultado.VALIDO if huella == documento.sha256 else Resultado.ALTERADO


def normalizar_codigo(texto: str) -> str:
    """What a person reads from paper, as it is kept: no spaces, no hyphens, upper case."""
    return "".join(c for c in texto.upper() if c.isalnum())
