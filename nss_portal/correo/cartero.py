"""Mail: what goes out, once, after the commit that promised it."""

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone

from nss_portal.correo import avisos, fallas
from nss_portal.correo.fallas import Falla
from nss_portal.correo.models import Envio
from nss_portal.documentos.models import Documento
from nss_portal.personas.models import Vinculo
from nss_portal.servicio import limites, topes
from nss_portal.servicio.plazos import plazo
from nss_portal.servicio.turnos import Basta

log = logging.getLogger(__name__)
# Templates of what a school says of thousands at once.
A_MONTONES = ("inscripcion", "baja", "reubicacion")
PLAZO = 20.0  # seconds for a whole conversation with the mail server
PAUSA_MAXIMA = timedelta(minutes=30)
INSISTENCIA = timedelta(days=1)  # with who refuses for reasons that are not the mailbox's
PAUSA_DE_UN_SERVICIO = timedelta(seconds=15)  # a server that comes back finds everything waiting
INTENTOS_SIN_AVISAR = 8
PAUSA_TOPE = timedelta(seconds=3)


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


def enviar_pendiente(pk: uuid.UUID, sigue_siendo_cierto: Callable[[Envio], bool]) -> bool:
    """Send one mail that is due: send, then stamp. Safe to call twice, at once, from many hosts.

    A kill between the two sends it once more with the same Message-ID. A mailbox that is not there
    ends it, and the trámite's page says so; what is refused for other reasons is tried for a day, and the
    rest until it goes out, each time after a longer pause.
    `sigue_siendo_cierto` says whether a notice still holds. False when another worker has it, or it went out.
    Raises Basta when no other mail would go out now either: the ceiling of mails a minute, a server that is
    not there.
    """
    envio = Envio.objects.tomar(pk)
    if envio is None:
        return False
    if not _hay_turno():
        Envio.objects.filter(pk=pk).update(libre_desde=Now() + PAUSA_TOPE, intentos=F("intentos") - 1)
        raise Basta
    adjuntos = _adjuntos(envio)
    contexto = {
        "tramite": envio.tramite,
        "persona": envio.tramite.persona,
        "datos": envio.datos or adjuntos[0].datos,
        "otra_vez": envio.documento,
        "confirmar": _enlace_de_confirmacion(envio),
    }
    if envio.aviso and not sigue_siendo_cierto(envio):
        envio.delete()  # what it was going to say is not true any more
        return True
    message_id = f"<{envio.pk}@{urlsplit(settings.URL_PUBLICA).hostname}>"
    try:
        with plazo(PLAZO):
            enviar(envio.aviso or envio.tramite.tipo, _destino(envio), contexto, adjuntos, message_id)
    except Exception as error:  # whatever it is, it must not keep the other mails from going out
        _anotar_falla(envio, error)
        if fallas.es_de_todos(error):
            raise Basta from error
        return True
    limpio = {"rechazado": False, "falla": "", "respuesta": "", "insiste_desde": None}
    Envio.objects.filter(pk=pk).update(enviado=timezone.now(), **limpio)
    return True


def _anotar_falla(envio: Envio, error: Exception) -> None:
    """What the next try waits for; or, where trying again would not help, that it was the last one."""
    falla, respuesta = fallas.leer(error)
    cambios: dict[str, Any] = {"falla": falla, "respuesta": respuesta}
    definitivo = falla in (Falla.BUZON, Falla.ILEGIBLE)
    if falla == Falla.RECHAZO:
        cambios["insiste_desde"] = desde = envio.insiste_desde or timezone.now()
        definitivo = timezone.now() - desde >= INSISTENCIA
    if definitivo and falla == Falla.RECHAZO:
        avisos.avisar(
            f"correo-sin-salir:{timezone.localdate()}",
            "Hay correos que el servidor de correo no quiso en todo un día",
            "Ya no se intentan. Revisa el servidor de correo y, cuando esté bien, mándalos otra vez en la "
            f"lista de envíos: {settings.URL_PUBLICA}/admin/nss_portal/envio/?estado=rechazado",
        )
    elif definitivo or envio.intentos >= INTENTOS_SIN_AVISAR:
        avisos.avisar(
            f"correo:{timezone.localdate()}",
            "Hay correos que no salen",
            f"Hoy hay correos rechazados o que ya se intentaron {INTENTOS_SIN_AVISAR} veces. Revisa el "
            f"servidor de correo y la lista de envíos en {settings.URL_PUBLICA}/admin/.",
        )
    tope = PAUSA_DE_UN_SERVICIO if falla == Falla.SERVIDOR else PAUSA_MAXIMA
    pausa = min(timedelta(seconds=5 * 2 ** min(envio.intentos, 9)), tope)
    suyo = Envio.objects.filter(pk=envio.pk, enviado=None)
    suyo.update(rechazado=definitivo, libre_desde=Now() + pausa, **cambios)
    que = "rechazado" if definitivo else "se reintenta"
    log.warning("envío %s: %s %s, %s", envio.pk, type(error).__name__, respuesta, que)


def _destino(envio: Envio) -> str:
    """Whose mailbox, by the facts of now: a notice written yesterday goes to the one confirmed since."""
    if envio.para:
        return envio.para
    vinculo = Vinculo.de(envio.tramite.persona)
    return vinculo.correo if vinculo else envio.tramite.correo


def _enlace_de_confirmacion(envio: Envio) -> str:
    """«Confirma que este es tu correo», in the mail of the documents while it has not been said."""
    sin_decir = None if envio.aviso else envio.tramite.por_confirmar(envio.destino)
    return f"{settings.URL_PUBLICA}{sin_decir}" if sin_decir else ""


def _adjuntos(envio: Envio) -> list[Documento]:
    if envio.aviso:
        return []
    return [envio.documento] if envio.documento else list(envio.tramite.documentos.all())


def por_enviar() -> QuerySet[Envio]:
    """Those that are due. Notices come by the thousands, when a school enrols: what a person waits for goes
    first.
    """
    a_montones = Case(When(aviso__in=A_MONTONES, then=1), default=0)
    return Envio.objects.por_enviar().order_by(a_montones, "libre_desde")


def _hay_turno() -> bool:
    """Whether one more mail fits under the ceiling; the one that does not comes back after a pause."""
    tope = settings.CORREOS_POR_MINUTO
    return not tope or limites.permitir("correo", topes.correos(tope))
