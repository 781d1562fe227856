"""What staff must know before it is too late: kept in a row, mailed where somebody is to be told."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models.functions import Now
from django.utils import timezone

from nss_portal.servicio.models import Aviso
from nss_portal.servicio.plazos import plazo

log = logging.getLogger(__name__)
PAUSA = timedelta(minutes=5)
PLAZO = 20.0  # seconds for a whole conversation with the mail server


def avisar(clave: str, asunto: str, texto: str) -> None:
    """Say it once: a second call with the same `clave` does nothing. Nobody's data in any of the three."""
    Aviso.objects.get_or_create(clave=clave, defaults={"asunto": asunto, "texto": texto})


def enviar_pendientes() -> None:
    """Mail to AVISOS_CORREO what has not been mailed; with nobody there, the admin's list shows it."""
    if not settings.AVISOS_CORREO:
        return
    for aviso in Aviso.objects.por_enviar()[:20]:
        # Leased first: of two workers, one mails it; a failure comes back after the pause.
        if not Aviso.objects.por_enviar().filter(pk=aviso.pk).update(libre_desde=Now() + PAUSA):
            continue
        try:
            with plazo(PLAZO):
                send_mail(f"[Portal] {aviso.asunto}", aviso.texto, None, settings.AVISOS_CORREO)
        except Exception as error:
            log.warning("aviso %s: %s", aviso.pk, type(error).__name__)
            return  # the next one would fail too
        else:
            Aviso.objects.filter(pk=aviso.pk).update(enviado=timezone.now())
