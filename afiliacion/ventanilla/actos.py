"""The acts of the counter: attend a person, note what they brought, begin any of the steps with them."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from afiliacion.models import Atencion, Cotejo, Empleado
from nss_portal.documentos.models import Documento
from nss_portal.personas import asientos, renapo
from nss_portal.personas.bitacora import Asiento
from nss_portal.personas.models import Persona
from nss_portal.tramites import maquina
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.tramites.models.tramite import DE_TRABAJO
from nss_portal.tramites.paso import Datos, Oferta, Paso

# What is noted of each paper: (seen, number, valid until).
type Visto = tuple[bool, str, date | None]
ABIERTOS = [e for e in Estado if e not in (Estado.RESUELTO, Estado.FINALIZADO, Estado.RECHAZADO)]


# What a step may need before it begins, in the order in which it is asked for.
_FALTAS = {
    "nss": "Todavía no tiene NSS: empieza por obtenerlo.",
    "codigo_postal": "Escribe el código postal de donde vive.",
}


class Incompleta(Exception):
    """Something must be done first; says what, in a sentence for the clerk."""


def atender(empleado: Empleado, curp: str, motivo: str) -> Atencion | None:
    """Begin to attend whoever holds `curp` (now or before), for a reason; None when nobody does.

    Raises renapo.NoDisponible. Call it outside a transaction.
    """
    persona = renapo.identificar(curp)
    if persona is None:
        return None
    with transaction.atomic():
        atencion = Atencion.objects.create(
            persona=persona, motivo=motivo, atendio=empleado.usuario, subdelegacion=empleado.subdelegacion
        )
        anotar(empleado.usuario, Asiento.Que.ATENDER, atencion)
    return atencion


def anotar(usuario: Any, que: str, atencion: Atencion, **detalle: Any) -> None:
    """A line in the bitácora, with the reason of the attention."""
    motivo = atencion.get_motivo_display()
    if usuario.pk != atencion.atendio_id:
        motivo = f"Revisar la atención de {atencion.atendio.get_username()}: {motivo}"
    asientos.anotar(usuario, que, atencion.persona, motivo, atencion=str(atencion.pk), **detalle)


def cotejar(atencion: Atencion, usuario: Any, papeles: Mapping[str, Visto]) -> None:
    """Note what was brought and who looked. Safe to call twice: what did not change keeps who looked."""
    with transaction.atomic():
        anteriores = {cotejo.papel: cotejo for cotejo in atencion.cotejos.select_for_update()}
        for papel, (visto, numero, vigencia) in papeles.items():
            antes = anteriores.get(papel)
            if antes and (antes.visto, antes.numero, antes.vigencia) == (visto, numero, vigencia):
                continue
            Cotejo.objects.update_or_create(
                atencion=atencion,
                papel=papel,
                defaults={
                    "visto": visto,
                    "numero": numero,
                    "vigencia": vigencia,
                    "reviso": usuario,
                    "cuando": timezone.now(),
                },
            )
        vistos = sorted(papel for papel, (visto, *_) in papeles.items() if visto)
        anotar(usuario, Asiento.Que.COTEJAR, atencion, vistos=vistos)


def trajo(atencion: Atencion, papel: Cotejo.Papel) -> bool:
    """Whether that paper was seen, and was still good."""
    hoy = timezone.localdate()
    vistos = atencion.cotejos.filter(papel=papel, visto=True)
    return any(cotejo.vigencia is None or cotejo.vigencia >= hoy for cotejo in vistos)


def correo_de(atencion: Atencion) -> str:
    """The mailbox that they gave at the counter; empty when they have none."""
    cotejo = atencion.cotejos.filter(papel=Cotejo.Papel.CORREO, visto=True).first()
    return cotejo.numero if cotejo else ""


def iniciar(atencion: Atencion, paso: Paso, usuario: Any, datos: Datos | None = None) -> Tramite:
    """Begin one of the steps with whoever is in front; a double click begins one. `datos`: what it asks for.

    One transaction. Raises Incompleta; IntegrityError when another click was first.
    """
    if atencion.terminada:
        raise Incompleta("Esta atención ya terminó. Empieza otra desde el inicio.")
    if not trajo(atencion, Cotejo.Papel.IDENTIFICACION):
        raise Incompleta("Primero anota que viste una identificación oficial vigente.")
    # Each end lets another one begin: after a refusal that was mended, or for a clinic that is changed.
    terminados = atencion.tramites.filter(tipo=paso.tipo).exclude(estado__in=ABIERTOS).count()
    solicitud = uuid.uuid5(atencion.pk, f"{paso.tipo}:{terminados}")
    with transaction.atomic():
        if empezado := Tramite.objects.filter(solicitud=solicitud).first():
            return empezado
        dicho = {"nss": atencion.persona.nss, **(datos or {})}
        nuevo = comenzar(paso, solicitud, atencion.persona, correo_de(atencion), dicho)
        atencion.tramites.add(nuevo)
        anotar(usuario, Asiento.Que.TRAMITAR, atencion, folio=nuevo.folio, tipo=paso.tipo)
        return nuevo


def comenzar(paso: Paso, solicitud: uuid.UUID, persona: Persona, correo: str, datos: Datos) -> Tramite:
    """A trámite of the counter, with what its step asks for. Part of a transaction. Raises Incompleta."""
    for campo, falta in _FALTAS.items():
        if campo in paso.pide and not datos.get(campo):
            raise Incompleta(falta)
    nuevo = maquina.iniciar(paso.tipo, solicitud, "", persona.curp, correo, canal=Tramite.Canal.VENTANILLA)
    paso.al_iniciar(nuevo, datos)
    return nuevo


def lo_que_se_sabe(persona: Persona, oferta: Oferta) -> dict[str, Any]:
    """What the steps know already of a person, for the fields that the counter would ask for."""
    dicho = {"nss": persona.nss}
    for paso in oferta.values():
        dicho |= paso.conoce(persona)
    return dicho


def documento(atencion: Atencion, pk: uuid.UUID, usuario: Any) -> Documento | None:
    """One of the documents that this attention issued, to be printed; who opened it is written down."""
    suyo = Q(tramite__atenciones=atencion) | Q(tramite__cambios__atencion=atencion)
    hallado = Documento.objects.filter(suyo, pk=pk).select_related("tramite").first()
    if hallado and hallado.emitido:
        anotar(usuario, Asiento.Que.DOCUMENTO, atencion, folio=hallado.tramite.folio, documento=hallado.tipo)
    return hallado


def terminar(atencion: Atencion) -> bool:
    """The person takes their papers and goes; False while something is still being done, or it had ended.

    What waits for the person (an address, a choice) holds no clerk: they may leave without giving it.
    """
    if atencion.tramites.filter(estado__in=DE_TRABAJO).exists():
        return False
    with transaction.atomic():
        if not Atencion.objects.filter(pk=atencion.pk, terminada=None).update(terminada=timezone.now()):
            return False
        for tramite in atencion.tramites.filter(estado=Estado.RESUELTO):
            tramite.mover(Estado.FINALIZADO)
        return True
