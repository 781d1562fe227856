"""Why a mail did not go out: whose refusal it is, and whether time may mend it (pure).

RFC 5321: 4xx is «not now», 5xx is «no»; but the reply code does not say what is refused. RFC 3463's enhanced
code does: X.1.x the address, X.2.x the mailbox, X.3.x the system, X.4.x the way, X.5.x the protocol, X.7.x
policy. Only what is said of the address itself ends a mail at once: the rest (relay, reputation, quota,
sender, password) is mended by somebody else than the person, often within the day.
"""

import re
import smtplib

from django.db import models

# Of 5.1.x: there is no such mailbox (1), domain (2), syntax (3); it moved (6); the domain takes no mail (10).
# Of 5.2.x: disabled (1). Not 5.2.2, full, nor 5.1.7 and 5.1.8, which are about the sender.
_DEL_BUZON = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
_AMPLIADO = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
# Servers without enhanced codes: 550 is their answer to everything, so only plain words count…
_NO_HAY_BUZON = re.compile(
    r"\b(?:no such|unknown|invalid|non-?existent)\s+(?:\w+\s+)?(?:user|recipient|mailbox|address|account)\b"
    r"|\b(?:user|recipient|mailbox|address|account)\b[^.;]{0,40}?"
    r"\b(?:unknown|not found|(?:does not|doesn't) exist|no longer exists|is disabled)\b",
    re.IGNORECASE,
)
# … unless others beside them say that it is about us.
_DE_NOSOTROS = re.compile(
    r"\b(?:relay|polic|spam|block|black|reputation|sender|spf|dkim|dmarc)", re.IGNORECASE
)


class Falla(models.TextChoices):
    BUZON = "buzon", "El buzón no existe o está cerrado"
    ILEGIBLE = "ilegible", "La dirección no se puede escribir en un correo"
    RECHAZO = "rechazo", "El servidor de correo no lo aceptó"
    PAUSA = "pausa", "El servidor de correo pidió esperar"
    SERVIDOR = "servidor", "El servidor de correo no responde"
    NUESTRA = "nuestra", "No se pudo preparar"


def leer(error: Exception) -> tuple[Falla, str]:
    """What failed, and the server's codes («550 5.7.1»): its words may quote an address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codigo, texto = next(iter(error.recipients.values()))
        return _de_respuesta(codigo, texto, del_destinatario=True)
    if isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPServerDisconnected):
        return Falla.SERVIDOR, ""
    if isinstance(error, smtplib.SMTPResponseException):  # greeting, password, sender, message
        return _de_respuesta(error.smtp_code, error.smtp_error, del_destinatario=False)
    if isinstance(error, smtplib.SMTPException):  # it lacks what we need: encryption, passwords, accents
        return Falla.RECHAZO, ""
    if isinstance(error, OSError):
        return Falla.SERVIDOR, ""
    if isinstance(error, ValueError):  # an address or a header that cannot be written as mail
        return Falla.ILEGIBLE, ""
    return Falla.NUESTRA, ""


def _de_respuesta(codigo: int, cruda: bytes | str, *, del_destinatario: bool) -> tuple[Falla, str]:
    texto = cruda.decode(errors="replace") if isinstance(cruda, bytes) else cruda
    hallado = _AMPLIADO.match(texto)
    ampliado = hallado[1] if hallado else ""
    respuesta = f"{codigo} {ampliado}".strip()
    if codigo < 500 or ampliado.startswith("4"):
        return Falla.PAUSA, respuesta
    if del_destinatario:
        sin_ampliado = codigo == 551 or bool(_NO_HAY_BUZON.search(texto) and not _DE_NOSOTROS.search(texto))
        if ampliado in _DEL_BUZON or (not ampliado and sin_ampliado):
            return Falla.BUZON, respuesta
    return Falla.RECHAZO, respuesta


def es_de_todos(error: Exception) -> bool:
    """Whether any other mail would fail alike now: the server is not there, or does not let us in."""
    return leer(error)[0] == Falla.SERVIDOR or isinstance(error, smtplib.SMTPAuthenticationError)
