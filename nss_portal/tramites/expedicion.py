"""What is issued with nobody waiting for it, a school's whole list at once: a counter's trámite, not mailed.

The act of its step answers it and the product's own hands seal, draw, sign and keep its document.
"""

import uuid
from copy import copy
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from nss_portal.documentos import sello
from nss_portal.documentos.models import Documento
from nss_portal.personas.models import Persona
from nss_portal.tramites import maquina
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.tramites.paso import Paso

# Of which trámite each one is: what needs nobody's choice.
TRAMITES = {
    Documento.Tipo.TARJETA: Tramite.Tipo.NSS,
    Documento.Tipo.VIGENCIA: Tramite.Tipo.VIGENCIA,
}
# What differs between two documents that say the same.
_DE_CADA_UNO = sello.DEL_SELLO | {"folio", "codigo", "emitido"}


class Hecho(NamedTuple):
    """The document, and whether it is new; or why there is none, in a sentence."""

    documento: uuid.UUID | None
    nuevo: bool = False
    motivo: str = ""


def expedir(persona: Persona, tipo: Documento.Tipo, paso: Paso) -> Hecho:
    """Issue a document of somebody's, or find the one that a counter issued today and says the same.

    Safe to call twice: what a kill left half-way is finished. Raises what the act does when it has to wait
    (renapo.NoDisponible, maquina.NoPuedeSeguir): nothing is written then.
    """
    with transaction.atomic():
        tramite = _resolver(persona, paso)
        if tramite.estado != Estado.EMITIENDO:
            transaction.set_rollback(True)
            return Hecho(None, motivo=f"{tramite.get_motivo_display() or 'No tiene NSS'}.")
        documento = tramite.documentos.get(tipo=tipo)
        if anterior := _el_mismo(documento):
            transaction.set_rollback(True)
            tramite, documento = anterior.tramite, anterior
        else:
            # Nobody asked for the others, and nobody has seen them.
            tramite.documentos.exclude(pk=documento.pk).delete()
            tramite.mover(Estado.RESUELTO)
    if documento.emitido is None:
        _dibujar(tramite)
    return Hecho(documento.pk, nuevo=anterior is None)


def _resolver(persona: Persona, paso: Paso) -> Tramite:
    """A trámite of this person, just answered. In a transaction, so that no worker comes to it before.

    A registry outside is asked inside of it: on PostgreSQL that keeps nobody waiting.
    """
    tramite = Tramite(
        tipo=paso.tipo,
        solicitud=uuid.uuid4(),
        canal=Tramite.Canal.VENTANILLA,
        curp=persona.curp,
        correo=_su_correo(persona),
    )
    tramite.save(force_insert=True)
    tramite.sucesos.create(estado=Estado.RECIBIDO)
    paso.al_iniciar(tramite, {"nss": persona.nss})
    paso.resolver(tramite)
    return tramite


def _su_correo(persona: Persona) -> str:
    """Where they were last answered, "" if never: notices go to the mailbox of the latest trámite."""
    suyos = Tramite.objects.filter(persona=persona, estado__in=[Estado.RESUELTO, Estado.FINALIZADO])
    return suyos.exclude(correo="").order_by("-folio").values_list("correo", flat=True).first() or ""


def _el_mismo(documento: Documento) -> Documento | None:
    """The one of today, of a counter, that says word for word what this one would."""
    de_hoy = Documento.objects.en_vigor().filter(
        tipo=documento.tipo,
        tramite__persona=documento.tramite.persona,
        tramite__canal=Tramite.Canal.VENTANILLA,
        creado__gte=timezone.now() - timedelta(days=1),
    )
    dice = _lo_que_dice(documento)  # its day too
    otros = de_hoy.exclude(pk=documento.pk).select_related("tramite").order_by("creado")
    return next((otro for otro in otros if _lo_que_dice(otro) == dice), None)


def _lo_que_dice(documento: Documento) -> dict[str, Any]:
    return {clave: dato for clave, dato in documento.datos.items() if clave not in _DE_CADA_UNO}


def _dibujar(tramite: Tramite) -> None:
    """As a worker does. The mail is part of the move to «resuelto», which has been made: there is none."""
    como_estaba = copy(tramite)
    como_estaba.estado = Estado.EMITIENDO
    maquina.emitir(como_estaba)
