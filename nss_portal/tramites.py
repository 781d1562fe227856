"""What every trámite goes through: begun once, attended by a worker, issued, mailed, taken up again."""

import hashlib
import logging
import math
import time
import uuid
from copy import copy

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from nss_portal import avisos, correo, documentos
from nss_portal.models import CaptchaResuelto, Documento, Envio, Estado, Tramite
from nss_portal.models.tramite import nuevo_folio
from nss_portal.plazos import plazo
from nss_portal.renapo import NoDisponible

log = logging.getLogger(__name__)

PLAZO_DOCUMENTO = 10.0  # seconds to draw one; it takes a tenth of one
INTENTOS_SIN_AVISAR = 5


class NoPuedeSeguir(Exception):
    """An act that must wait for something outside; `espera` says for what (a Tramite.Espera)."""

    def __init__(self, espera: Tramite.Espera) -> None:
        super().__init__(espera)
        self.espera = espera


def encolar(tramite: Tramite) -> None:
    """Wake a worker up. In the same transaction as the row: queued with it, or not at all."""
    from nss_portal.tasks import atender as tarea

    tarea.enqueue(str(tramite.pk))


def iniciar(tipo: str, solicitud: uuid.UUID | str, navegador: str, curp: str, email: str) -> Tramite:
    """Begin a trámite, and queue it; a second call with the same `solicitud` raises IntegrityError.

    Call it inside a transaction; the caller decides what a repeated request means.
    """
    tramite = Tramite(tipo=tipo, solicitud=solicitud, navegador=navegador, curp=curp, correo=email)
    try:
        with transaction.atomic():
            tramite.save(force_insert=True)
    except IntegrityError:
        if Tramite.objects.filter(solicitud=solicitud).exists():
            raise
        # One in a thousand million: the same folio in the same millisecond. Another one, then.
        tramite.folio = nuevo_folio()
        tramite.save(force_insert=True)
    tramite.sucesos.create(estado=Estado.RECIBIDO)
    # Solved letters are spent with the trámite that they let begin.
    CaptchaResuelto.objects.filter(pk=solicitud, consumido=None).update(consumido=timezone.now())
    encolar(tramite)
    return tramite


def atender(pk: uuid.UUID) -> None:
    """Take a trámite as far as it can go now. Safe to call twice, at once, from many hosts.

    Does nothing when another worker holds it. Whatever goes wrong becomes a wait with a longer and longer
    pause, never a refusal; `reanudar` comes back to it.
    """
    while tomado := Tramite.objects.tomar(pk):
        # An act that is undone leaves its object ahead of the row: the wait goes by the other one.
        tramite, emitiendo = copy(tomado), tomado.estado == Estado.EMITIENDO
        try:
            if emitiendo:
                emitir(tramite)
            else:
                import_string(settings.ACTOS[tramite.tipo])(tramite)
        except NoDisponible:
            _esperar(tomado, Tramite.Espera.REGISTRO_NO_DISPONIBLE)
        except NoPuedeSeguir as error:
            _esperar(tomado, error.espera)
        except Exception as error:
            log.exception("trámite %s en %s: %s", tomado.folio, tomado.estado, type(error).__name__)
            _esperar(tomado, Tramite.Espera.DOCUMENTO if emitiendo else Tramite.Espera.ATENCION)


def _esperar(tramite: Tramite, espera: Tramite.Espera) -> None:
    """Pause it, and tell staff, once a day, of what does not mend by itself."""
    tramite.esperar(espera)
    if espera == Tramite.Espera.SERIE_AGOTADA or tramite.intentos >= INTENTOS_SIN_AVISAR:
        que = espera.label.lower()
        avisos.avisar(
            f"{espera}:{timezone.localdate()}",
            f"Hay trámites en espera: {que}",
            f"Desde hoy hay trámites que no pueden seguir: {que}. Siguen solos en cuanto se resuelva. "
            f"Están en {settings.URL_PUBLICA}/admin/, con el filtro «{espera.label}».",
        )


def congelar(tramite: Tramite, tipos: list[Documento.Tipo], datos: dict[str, object]) -> None:
    """Write down, for good, what each document of a trámite will say. Part of the act's transaction."""
    for tipo in tipos:
        documento = Documento(tramite=tramite, tipo=tipo)
        documento.datos = datos | {
            "folio": tramite.folio,
            "fecha": timezone.localdate().isoformat(),
            "emitido": timezone.now().isoformat(timespec="seconds"),
            "codigo": documento.codigo,
            "url": f"{settings.URL_PUBLICA}/v/{documento.token}/",
            "verificar": f"{settings.URL_PUBLICA.split('://', 1)[1]}/verificar/",
            "demo": settings.DEMO,
        }
        documento.save()


def emitir(tramite: Tramite) -> None:
    """Render what is frozen, keep the bytes, and then, in one transaction, declare it solved and mail it.

    Safe to call twice: a document that has its bytes keeps them.
    """
    for documento in tramite.documentos.filter(emitido=None):
        with plazo(PLAZO_DOCUMENTO):
            contenido = documentos.pdf(documento.tipo, documento.datos)
        almacen = documento.archivo.storage
        nombre = almacen.save(f"{documento.pk}.pdf", ContentFile(contenido))
        suyos = Documento.objects.filter(pk=documento.pk, emitido=None).update(
            archivo=nombre, sha256=hashlib.sha256(contenido).hexdigest(), emitido=timezone.now()
        )
        if not suyos:  # another worker was first: its bytes are the document
            almacen.delete(nombre)
    with transaction.atomic():
        if tramite.mover(Estado.RESUELTO):
            correo.encolar(Envio.objects.create(tramite=tramite))


def reanudar(segundos: float = math.inf) -> int:
    """Pick up the trámites that no worker holds, for about `segundos`. Safe to run any time.

    Works without the task queue, which is only the wake-up call. Returns how many it took up.
    """
    limite = time.monotonic() + segundos
    retomados = 0
    pendientes = Tramite.objects.por_atender().order_by("libre_desde").values_list("pk", flat=True)[:200]
    for pk in list(pendientes):
        if time.monotonic() > limite:
            break  # a registry that takes its time must not keep the worker from showing that it lives
        atender(pk)
        retomados += 1
    return retomados
