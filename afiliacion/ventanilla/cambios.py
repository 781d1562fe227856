"""What only the counter may change, with four eyes: asked for, decided by another, followed by the papers."""

import uuid
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from afiliacion.models import Atencion, Cambio, Cotejo
from afiliacion.ventanilla import actos, alcance
from nss_portal.correo.models import Envio
from nss_portal.documentos.models import Documento
from nss_portal.personas import asientos, renapo
from nss_portal.personas.bitacora import Asiento
from nss_portal.personas.identidad import enmascarar_correo
from nss_portal.personas.models import CurpAnterior, Persona, Vinculo
from nss_portal.tramites import confirmacion
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.tramites.paso import Oferta

Tipo = Cambio.Tipo
NOMBRES = ("nombres", "primer_apellido", "segundo_apellido")
# After these, what the issued documents say is no longer so.
_REEMITEN = (Tipo.DATOS, Tipo.CURP)
_ACABADOS = (Estado.RESUELTO, Estado.FINALIZADO, Estado.RECHAZADO)


class Imposible(Exception):
    """The change can not be asked for, or not be made; says why, in a sentence for the clerk."""


def pedir(atencion: Atencion, usuario: Any, tipo: str, despues: dict[str, Any], porque: str) -> Cambio:
    """Ask for a change. Nothing of the person changes until somebody else authorises it. Raises Imposible."""
    persona = atencion.persona
    if not actos.trajo(atencion, Cotejo.Papel.IDENTIFICACION):
        raise Imposible("Primero anota que viste una identificación oficial vigente.")
    if tipo == Tipo.DATOS and not actos.trajo(atencion, Cotejo.Papel.ACTA):
        raise Imposible("Los datos se corrigen con el acta de nacimiento: anota que la viste.")
    antes = _como_esta(persona, tipo)
    if antes == despues:
        raise Imposible("Eso es lo que ya dice: no hay nada que cambiar.")
    try:
        with transaction.atomic():
            cambio = Cambio.objects.create(
                atencion=atencion,
                persona=persona,
                subdelegacion=atencion.subdelegacion,
                tipo=tipo,
                antes=antes,
                despues=despues,
                porque=porque,
                pide=usuario,
            )
            _asentar(usuario, Asiento.Que.PEDIR, cambio)
    except IntegrityError:
        raise Imposible("Ya hay un cambio igual de esta persona que espera respuesta.") from None
    return cambio


def _como_esta(persona: Persona, tipo: str) -> dict[str, Any]:
    if tipo == Tipo.DATOS:
        return {campo: getattr(persona, campo) for campo in NOMBRES}
    if tipo == Tipo.CORREO:
        vinculo = Vinculo.de(persona)
        return {"correo": vinculo.correo if vinculo else ""}
    if tipo == Tipo.CURP:
        return {"curp": persona.curp}
    return {"bloqueada": "Bloqueados" if persona.bloqueada else "Sin bloqueo"}


def _asentar(usuario: Any, que: str, cambio: Cambio) -> None:
    asientos.anotar(
        usuario,
        que,
        cambio.persona,
        f"{cambio.get_tipo_display()}: {cambio.porque}",
        cambio=str(cambio.pk),
        antes=cambio.antes,
        despues=cambio.despues,
    )


def autorizar(cambio: Cambio, usuario: Any, oferta: Oferta) -> bool:
    """Make the change that somebody else asked for; False when it had been decided.

    One transaction. Raises Imposible (nothing changes then) and, for a CURP, renapo.NoDisponible.
    """
    assert alcance.puede_decidir(usuario, cambio)
    nueva = None
    if cambio.tipo == Tipo.CURP:  # outside the transaction: it may take three seconds
        nueva = renapo.identificar(cambio.despues["curp"])
        if nueva is None:
            raise Imposible("El registro de población todavía no conoce la CURP nueva.")
    with transaction.atomic():
        if not _decidir(cambio, usuario, Cambio.Estado.AUTORIZADO):
            return False
        persona = Persona.objects.select_for_update(no_key=True).get(pk=cambio.persona_id)
        if _como_esta(persona, cambio.tipo) != cambio.antes:
            raise Imposible("Los datos ya no son los de cuando se pidió: niégalo y que se pida otra vez.")
        if cambio.tipo == Tipo.DATOS:
            _corregir(persona, cambio)
        elif cambio.tipo == Tipo.CORREO:
            _vincular(persona, cambio)
        elif nueva:
            _reemplazar_curp(persona, nueva)
        else:
            persona.bloqueada = timezone.now() if cambio.tipo == Tipo.BLOQUEO else None
            persona.save(update_fields=["bloqueada"])
        cambio.persona = persona
        _asentar(usuario, Asiento.Que.AUTORIZAR, cambio)
        if cambio.tipo in _REEMITEN:
            _reemitir(persona, cambio, oferta)
        return True


def negar(cambio: Cambio, usuario: Any, respuesta: str) -> bool:
    """Leave all as it was, and say why; False when it had been decided."""
    assert alcance.puede_decidir(usuario, cambio)
    with transaction.atomic():
        if not _decidir(cambio, usuario, Cambio.Estado.NEGADO, respuesta=respuesta):
            return False
        _asentar(usuario, Asiento.Que.NEGAR, cambio)
        return True


def _decidir(cambio: Cambio, usuario: Any, estado: str, **mas: Any) -> bool:
    """Compare-and-set: of two supervisors, one decides."""
    pendientes = Cambio.objects.filter(pk=cambio.pk, estado=Cambio.Estado.PEDIDO)
    return bool(pendientes.update(estado=estado, autoriza=usuario, decidido=timezone.now(), **mas))


def _corregir(persona: Persona, cambio: Cambio) -> None:
    """The names, from the birth certificate; the rest is in the CURP, and follows it."""
    for campo in NOMBRES:
        setattr(persona, campo, cambio.despues[campo])
    persona.corregida = timezone.now()
    persona.seguir_a_la_curp()
    persona.save(update_fields=[*NOMBRES, "corregida", "nacimiento", "sexo", "entidad"])


def _vincular(persona: Persona, cambio: Cambio) -> None:
    """From now on the new mailbox speaks for the person; the old one is told, in case it was not lost."""
    nuevo, viejo = cambio.despues["correo"], cambio.antes["correo"]
    confirmacion.vincular(persona, nuevo, comprobado=timezone.now())
    ultimo = Tramite.objects.filter(persona=persona).order_by("-folio").first()
    if viejo and ultimo:
        datos = {"correo": enmascarar_correo(nuevo), "oficina": cambio.subdelegacion.nombre}
        Envio.objects.create(tramite=ultimo, aviso="correo-cambiado", para=viejo, datos=datos)


def _reemplazar_curp(persona: Persona, nueva: Persona) -> None:
    """The person goes on with the new CURP and what the registry says with it; the old one leads to them.

    `nueva` is the row that the registry's answer made of it, which goes away. Raises Imposible.
    """
    if nueva.pk == persona.pk:
        raise Imposible("Esa CURP ya es la de esta persona.")
    if nueva.nss:
        raise Imposible("La CURP nueva ya tiene otro NSS: el caso es del área central.")
    if nueva.bloqueada:
        raise Imposible("La CURP nueva está bloqueada: el caso es del área central.")
    vieja, curp = persona.curp, nueva.curp
    for modelo in (Tramite, Asiento, Atencion, Cambio, CurpAnterior):
        modelo._default_manager.filter(persona=nueva).update(persona=persona)
    suyo = Vinculo.de(nueva)
    if suyo and not Vinculo.objects.filter(persona=persona).exists():
        confirmacion.vincular(persona, suyo.correo, comprobado=suyo.comprobado)
    for campo in NOMBRES:
        setattr(persona, campo, getattr(nueva, campo))
    try:
        nueva.delete()
    except (ProtectedError, models.RestrictedError):
        raise Imposible("La CURP nueva ya tiene otros registros: el caso es del área central.") from None
    persona.curp, persona.corregida = curp, None
    persona.seguir_a_la_curp()
    persona.save(update_fields=["curp", *NOMBRES, "corregida", "nacimiento", "sexo", "entidad"])
    CurpAnterior.objects.create(curp=vieja, persona=persona)


# The papers follow ------------------------------------------------------------------------------


def _reemitir(persona: Persona, cambio: Cambio, oferta: Oferta) -> None:
    """Begin, by the same acts, a trámite for each kind of document that says what is no longer so."""
    tipos = set(Documento.objects.en_vigor().de_persona(persona.pk).values_list("tramite__tipo", flat=True))
    if persona.nss is None or persona.bloqueada:
        return
    datos, para = actos.lo_que_se_sabe(persona, oferta), actos.correo_de(cambio.atencion)
    for tipo in sorted(tipos):
        if oferta[tipo].se_reemite(persona):
            nuevo = actos.comenzar(oferta[tipo], uuid.uuid5(cambio.pk, tipo), persona, para, datos)
            cambio.tramites.add(nuevo)


def por_poner_al_dia() -> models.QuerySet[Cambio]:
    """Those authorised whose old documents are still in use."""
    return Cambio.objects.filter(estado=Cambio.Estado.AUTORIZADO, al_dia=None).order_by("decidido")


def poner_al_dia(pk: uuid.UUID) -> bool:
    """Take out of use the documents that a change left behind; False while the new ones are not out.

    Safe to call any time: until then the old ones are the only ones that there are.
    """
    cambio = Cambio.objects.select_related("persona").get(pk=pk)
    suyos = list(cambio.tramites.all())
    viejos = _que_ya_no_dicen_la_verdad(cambio.persona) if cambio.tipo in _REEMITEN else []
    if any(viejo.emitido is None for viejo in viejos) or any(t.estado not in _ACABADOS for t in suyos):
        return False
    with transaction.atomic():
        if not Cambio.objects.filter(pk=cambio.pk, al_dia=None).update(al_dia=timezone.now()):
            return False
        nuevos = {nuevo.tipo: nuevo for nuevo in Documento.objects.filter(tramite__in=suyos)}
        for viejo in viejos:
            if nuevo := nuevos.get(viejo.tipo):
                viejo.sustituido_por = nuevo
            else:  # nothing takes its place: no cover any more, no clinic
                viejo.cancelado = timezone.now()
            viejo.save(update_fields=["sustituido_por", "cancelado"])
        return True


def _que_ya_no_dicen_la_verdad(persona: Persona) -> list[Documento]:
    ahora = (persona.nombre_completo, persona.curp)
    return [
        d
        for d in Documento.objects.en_vigor().de_persona(persona.pk)
        if (d.datos["nombre"], d.datos["curp"]) != ahora
    ]
