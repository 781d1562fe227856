"""What staff must know before it is too late: kept in a row, mailed where somebody is to be told."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from nss_portal.servicio.models import Aviso
from nss_portal.servicio.plazos import plazo
from nss_portal.servicio.turnos import Basta

log = logging.getLogger(__name__)
PAUSA = timedelta(minutes=5)
PLAZO = 20.0  # seconds for a whole conversation with the mail server


def avisar(clave: str, asunto: str, texto: str) -> None:
    """Say it once: a second call with the same `clave` does nothing. Nobody's data in any of the three."""
    Aviso.objects.get_or_create(clave=clave, defaults={"asunto": asunto, "texto": texto})


def por_enviar() -> QuerySet[Aviso]:
    """Those that are due; none where nobody is to be told (AVISOS_CORREO): the admin's list shows them."""
    return Aviso.objects.por_enviar() if settings.AVISOS_CORREO else Aviso.objects.none()


def enviar(pk: int) -> bool:
    """Mail one to AVISOS_CORREO, once; False when another worker has it. Raises Basta: so would the next."""
    # Leased first: of two workers, one mails it; a failure comes back after the pause.
    if not Aviso.objects.por_enviar().filter(pk=pk).update(libre_desde=Now() + PAUSA):
        return False
    aviso = Aviso.objects.get(pk=pk)
    try:
        with plazo(PLAZO):
            send_mail(f"[Portal] {aviso.asunto}", aviso.texto, None, settings.AVISOS_CORREO)
    except Exception as error:
        log.warning("aviso %s: %s", pk, type(error).__name__)
        raise Basta from error
    Aviso.objects.filter(pk=pk).update(enviado=timezone.now())
    return True
