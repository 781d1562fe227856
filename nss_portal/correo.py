"""Mail: what goes out, once, after the commit that promised it."""

import email.policy
import logging
import os
import smtplib
import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone

from nss_portal import limites
from nss_portal.models import Documento, Envio

log = logging.getLogger(__name__)
PAUSA_MAXIMA = timedelta(minutes=30)


def encolar(envio: Envio) -> None:
    """Wake a worker up for this mail, in the transaction that wrote its row."""
    from nss_portal.tasks import enviar as tarea

    tarea.enqueue(str(envio.pk))


def enviar(
    nombre: str, para: str, contexto: dict[str, Any], adjuntos: Sequence[Documento], message_id: str
) -> None:
    """Send `templates/correo/<nombre>.{asunto.txt,txt,html}` to one mailbox, with documents attached.

    Raises what the mailer raises (smtplib.SMTPException, OSError).
    """
    contexto = contexto | {"url_publica": settings.URL_PUBLICA, "demo": settings.DEMO, "adjuntos": adjuntos}
    contexto |= {"ayuda_correo": settings.AYUDA_CORREO, "ayuda_telefono": settings.AYUDA_TELEFONO}
    mensaje = EmailMultiAlternatives(
        subject=" ".join(render_to_string(f"correo/{nombre}.asunto.txt", contexto).split()),
        body=render_to_string(f"correo/{nombre}.txt", contexto),
        to=[para],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    mensaje.attach_alternative(render_to_string(f"correo/{nombre}.html", contexto), "text/html")
    for documento in adjuntos:
        with documento.archivo.open("rb") as archivo:
            mensaje.attach(documento.nombre_de_archivo, archivo.read(), "application/pdf")
    mensaje.send()


def enviar_pendiente(pk: uuid.UUID) -> bool:
    """Send one mail that is due: send, then stamp. Safe to call twice, at once, from many hosts.

    A kill between the two sends it once more with the same Message-ID. A server that says no for good
    (5xx) ends it, and the trámite's page says so; anything else is tried again after a longer pause.
    It raises nothing. False: the ceiling of mails a minute has been reached, and nothing was done.
    """
    if not _hay_turno():
        return False
    envio = Envio.objects.tomar(pk)
    if envio is None:
        return True
    tramite = envio.tramite
    adjuntos = [envio.documento] if envio.documento else list(tramite.documentos.all())
    dominio = urlsplit(settings.URL_PUBLICA).hostname
    try:
        enviar(
            f"{tramite.tipo}",
            tramite.correo,
            {
                "tramite": tramite,
                "persona": tramite.persona,
                "datos": adjuntos[0].datos,
                "otra_vez": envio.documento,
            },
            adjuntos,
            message_id=f"<{envio.pk}@{dominio}>",
        )
    except Exception as error:  # whatever it is, it must not keep the other mails from going out
        definitivo = _es_definitivo(error)
        pausa = min(timedelta(seconds=5 * 2 ** min(envio.intentos, 9)), PAUSA_MAXIMA)
        Envio.objects.filter(pk=pk, enviado=None).update(rechazado=definitivo, libre_desde=Now() + pausa)
        log.warning(
            "envío %s: %s, %s", pk, type(error).__name__, "rechazado" if definitivo else "se reintenta"
        )
    else:
        Envio.objects.filter(pk=pk, enviado=None).update(enviado=timezone.now())
    return True


def _hay_turno() -> bool:
    """Whether one more mail fits under the ceiling; `reanudar` brings back the one that does not."""
    tope = settings.CORREOS_POR_MINUTO
    if not tope:
        return True
    # A burst and a steady flow that together never pass the ceiling in any one minute.
    rafaga = max(1, tope // 10)
    return limites.permitir("correo", rafaga, timedelta(minutes=1) * rafaga / max(1, tope - rafaga))


def _es_definitivo(error: Exception) -> bool:
    """Whether the recipient's server refused for good (5xx about the mailbox or the message)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(codigo >= 500 for codigo, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


class BuzonLocal(BaseEmailBackend):
    """The mailer of whoever has no SMTP server: one `.eml` a message, in a folder shown at `/buzon/`."""

    def __init__(self, *, carpeta: Path, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.carpeta = Path(carpeta)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.carpeta.mkdir(mode=0o700, parents=True, exist_ok=True)
        for mensaje in email_messages:
            # Named by the moment and the Message-ID: sorted, and a repeated mail replaces itself.
            nombre = mensaje.extra_headers.get("Message-ID", f"<{uuid.uuid4()}@>").strip("<>").split("@")[0]
            provisional = self.carpeta / f".{nombre}.{os.getpid()}"
            with open(provisional, "wb", opener=lambda ruta, modos: os.open(ruta, modos, 0o600)) as archivo:
                archivo.write(mensaje.message(policy=email.policy.SMTP).as_bytes())
                archivo.flush()
                os.fsync(archivo.fileno())
            provisional.rename(self.carpeta / f"{nombre}.eml")
        return len(email_messages)
