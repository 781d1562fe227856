"""Whether a document is one of ours: by what its QR carries, by folio and check code, or by its file."""

import hashlib
import re
from hmac import compare_digest

from django.conf import settings
from django.utils.crypto import salted_hmac

from nss_portal.documentos import firma, sello
from nss_portal.documentos.models import Documento, Verificacion

Resultado = Verificacion.Resultado
Medio = Verificacion.Medio

PESO_MAXIMO = 2 * 1024 * 1024  # of a file to be checked; ours weigh a hundredth of it
_emitidos = Documento.objects.exclude(emitido=None).select_related("tramite__persona", "certificado")
# What our files say they are, in their metadata and in the link to this page.
_TOKEN = re.compile(rb"/v/([A-Za-z0-9_-]{16,24})/")


def por_token(token: str, folio: str = "") -> Documento | None:
    """The issued document whose QR carries `token`; with a `folio`, only if it is the document's too."""
    documento = _emitidos.filter(token=token).first()
    return documento if documento and (not folio or folio == documento.tramite.folio) else None


def por_codigo(folio: str, codigo: str) -> Documento | None:
    """The issued document with this folio *and* this code.

    Looked for by the code: a folio that is used takes the same way, and the same time, as one that is not,
    until the code is right.
    """
    return next((d for d in _emitidos.filter(codigo=codigo) if compare_digest(d.tramite.folio, folio)), None)


def por_archivo(contenido: bytes) -> Documento | None:
    """The issued document that this file is, or says that it is. A stranger's file is read as bytes only."""
    identico = _emitidos.filter(sha256=_huella(contenido)).first()
    if identico:
        return identico
    # Never by its folio, which anybody may write into a file: the answer would tell whether it is in use.
    tokens = {token.decode() for token in _TOKEN.findall(contenido)}
    return _emitidos.filter(token__in=sorted(tokens)[:5]).first()


def revisar(documento: Documento | None, archivo: bytes | None = None) -> Resultado:
    """Valid only while the row says what was sealed, and the bytes that we keep are those that we issued and
    signed; with an `archivo`, if it is those bytes too.
    """
    if documento is None:
        return Resultado.DESCONOCIDO
    if not _integro(documento, archivo):
        return Resultado.ALTERADO
    if documento.cancelado:
        return Resultado.CANCELADO
    return Resultado.SUSTITUIDO if documento.sustituido_por_id else Resultado.VALIDO


def _integro(documento: Documento, archivo: bytes | None) -> bool:
    # The fingerprint first: what comes after reads the PDF, and only one of ours is worth that.
    if archivo is not None and _huella(archivo) != documento.sha256:
        return False
    try:
        with documento.archivo.open("rb") as guardado:
            contenido = guardado.read()
    except FileNotFoundError:
        return False
    assert documento.emitido
    return (
        _huella(contenido) == documento.sha256
        and sello.vale(documento)
        and firma.vale(contenido, documento.emitido)
    )


def coincide(documento: Documento, numero: str) -> bool:
    """Whether this NSS or CURP is the one printed on the document; the clinic's card prints no CURP."""
    impresos = {"nss", "curp"} & set(sello.HECHOS[documento.tipo])
    return any(compare_digest(str(documento.datos[clave]).encode(), numero.encode()) for clave in impresos)


def anotar(
    medio: Medio,
    resultado: Resultado,
    documento: Documento | None,
    direccion: str,
    coincide: bool | None = None,
) -> None:
    """Keep that it was asked and what was answered. Of whoever asked, a fingerprint that only we can make."""
    origen = salted_hmac("nss_portal.verificacion", direccion, algorithm="sha256").hexdigest()[:32]
    Verificacion.objects.create(
        medio=medio, resultado=resultado, documento=documento, coincide=coincide, origen=origen
    )


def dominio() -> str:
    """The only one whose answer is ours."""
    return settings.URL_PUBLICA.split("://", 1)[1]


def normalizar_codigo(texto: str) -> str:
    """What a person reads from paper, as it is kept: no spaces, no hyphens, upper case."""
    return "".join(c for c in texto.upper() if c.isalnum())


def normalizar_folio(texto: str) -> str:
    return "".join(c for c in texto if not c.isspace() and c != "-")


def _huella(contenido: bytes) -> str:
    return hashlib.sha256(contenido).hexdigest()
