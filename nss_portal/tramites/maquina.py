"""What every trámite goes through: begun once, attended by a worker, issued, mailed, taken up again."""

import hashlib
import logging
import platform
import uuid
from copy import copy
from datetime import timedelta
from functools import cache
from importlib.metadata import version

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from nss_portal.correo import avisos
from nss_portal.correo.models import Envio
from nss_portal.documentos import firma, imprenta, sello
from nss_portal.documentos.models import Documento
from nss_portal.personas.models import Persona
from nss_portal.personas.renapo import NoDisponible
from nss_portal.servicio.models import CaptchaResuelto
from nss_portal.servicio.plazos import o_se_va_el_proceso, plazo
from nss_portal.tramites import confirmacion
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.tramites.models.tramite import ARRIENDO, ESPERA_MAXIMA, nuevo_folio
from nss_portal.tramites.paso import Oferta

log = logging.getLogger(__name__)

PLAZO_DOCUMENTO = 10.0  # seconds to draw and sign one; it takes a tenth of one
# After that, what hears no signal (a library written in C) goes with its process; within the lease.
PLAZO_DEL_PROCESO = 13.0
INTENTOS_SIN_AVISAR = 5


class NoPuedeSeguir(Exception):
    """An act that must wait for something outside; `espera` says for what (a Tramite.Espera).

    `aviso` is what staff must know at once, as `avisos.avisar` takes it: the act itself is undone.
    """

    def __init__(self, espera: Tramite.Espera, aviso: tuple[str, str, str] | None = None) -> None:
        super().__init__(espera)
        self.espera, self.aviso = espera, aviso


def iniciar(
    tipo: str,
    solicitud: uuid.UUID | str,
    navegador: str,
    curp: str,
    email: str,
    canal: str = Tramite.Canal.WEB,
    origen: str = "",
) -> Tramite:
    """Begin a trámite: its row is what a worker looks for. A second call with the same `solicitud` raises
    IntegrityError.

    Call it inside a transaction; the caller decides what a repeated request means.
    """
    tramite = Tramite(
        tipo=tipo,
        solicitud=solicitud,
        navegador=navegador,
        curp=curp,
        correo=email,
        canal=canal,
        origen=origen,
    )
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
    return tramite


def atender(pk: uuid.UUID, oferta: Oferta) -> bool:
    """Take a trámite as far as it can go now. Safe to call twice, at once, from many hosts.

    False when another worker holds it, or there is nothing to do. Whatever goes wrong becomes a wait, with a
    longer pause each time, never a refusal.
    """
    avanzo = False
    while tomado := Tramite.objects.tomar(pk):
        avanzo = True
        # An act that is undone leaves its object ahead of the row: the wait goes by the other one.
        tramite, emitiendo = copy(tomado), tomado.estado == Estado.EMITIENDO
        try:
            if emitiendo:
                _desconfiar(tomado)
                emitir(tramite)
            elif not confirmacion.preguntar_primero(tramite):
                oferta[tramite.tipo].resolver(tramite)
        except NoDisponible:
            _esperar(tomado, Tramite.Espera.REGISTRO_NO_DISPONIBLE)
        except NoPuedeSeguir as error:
            _esperar(tomado, error.espera)
            if error.aviso:
                avisos.avisar(*error.aviso)
        except Exception as error:
            log.exception("trámite %s en %s: %s", tomado.folio, tomado.estado, type(error).__name__)
            _esperar(tomado, Tramite.Espera.DOCUMENTO if emitiendo else Tramite.Espera.ATENCION)
    return avanzo


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


def _desconfiar(tramite: Tramite) -> None:
    """Emitting it was tried before, and whoever did may have died of it: say that the document is what takes
    time, and leave a longer and longer pause to the next one. What ends well forgets both.
    """
    if tramite.intentos > 1:
        pausa = max(ARRIENDO, min(timedelta(seconds=2 ** min(tramite.intentos, 12)), ESPERA_MAXIMA))
        Tramite.objects.filter(pk=tramite.pk, estado=tramite.estado).update(
            espera=Tramite.Espera.DOCUMENTO, libre_desde=Now() + pausa
        )


def rechazo_comun(persona: Persona | None) -> Tramite.Motivo | None:
    """Why no step may go on with whoever was identified, if so: nobody holds the CURP, or it is blocked."""
    if persona is None:
        return Tramite.Motivo.CURP_NO_ENCONTRADA
    return Tramite.Motivo.BLOQUEADA if persona.bloqueada else None


def congelar(tramite: Tramite, tipos: list[Documento.Tipo], datos: dict[str, object]) -> None:
    """Write down and seal, for good, what each document of a trámite will say. Part of the act's transaction,
    which waits, undone, while there is no key to seal with.
    """
    for tipo in tipos:
        documento = Documento(tramite=tramite, tipo=tipo)
        documento.datos = datos | {
            "folio": tramite.folio,
            "fecha": timezone.localdate().isoformat(),
            "emitido": timezone.now().isoformat(timespec="seconds"),
            "codigo": documento.codigo,
            "verificar": f"{settings.URL_PUBLICA.split('://', 1)[1]}/verificar/",
            "demo": settings.DEMO,
        }
        try:
            sello.sellar(documento, settings.URL_PUBLICA)
        except sello.ClaveInservible as error:
            log.error("no se puede sellar: %s", error)
            raise NoPuedeSeguir(Tramite.Espera.DOCUMENTO) from error
        documento.save()


def emitir(tramite: Tramite) -> None:
    """Render and sign what is frozen, keep the bytes; then, in one transaction, say it is solved and mail it.

    Safe to call twice: a document that has its bytes keeps them.
    """
    for documento in tramite.documentos.filter(emitido=None):
        with plazo(PLAZO_DOCUMENTO), o_se_va_el_proceso(PLAZO_DEL_PROCESO):
            contenido = firma.firmar(imprenta.pdf(documento.tipo, documento.datos))
        almacen = documento.archivo.storage
        nombre = almacen.save(f"{documento.pk}.pdf", ContentFile(contenido))
        suyos = Documento.objects.filter(pk=documento.pk, emitido=None).update(
            archivo=nombre,
            sha256=hashlib.sha256(contenido).hexdigest(),
            emitido=timezone.now(),
            versiones=_versiones(),
        )
        if not suyos:  # another worker was first: its bytes are the document
            almacen.delete(nombre)
    with transaction.atomic():
        if tramite.mover(Estado.RESUELTO):
            confirmacion.preguntar_si_es_suyo(tramite)
            # At the counter, whoever has no mailbox takes the paper.
            if para := confirmacion.destino(tramite) or tramite.correo:
                Envio.objects.create(tramite=tramite, para=para)


@cache
def _versiones() -> str:
    bibliotecas = {"WeasyPrint": version("weasyprint"), "pyHanko": version("pyhanko")}
    partes = bibliotecas | {"Python": platform.python_version()}
    return ", ".join(f"{nombre} {cual}" for nombre, cual in partes.items())
