"""Whoever knows a CURP is not its owner: which mailbox must speak before something is shown."""

from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from nss_portal.correo.models import Envio
from nss_portal.personas.models import Persona, Vinculo
from nss_portal.servicio import limites, topes
from nss_portal.tramites import titular
from nss_portal.tramites.models import Confirmacion, Credencial, Estado, Tramite

SIEMPRE, SI_CAMBIA, NUNCA = "siempre", "si-cambia", "nunca"


class Desenlace(StrEnum):
    """What became of an answer."""

    HECHO = "listo"
    USADO = "usado"
    # Another mailbox speaks for the person now: this one no more.
    AJENO = "ajeno"


def pedir(tramite: Tramite, persona: Persona | None, *, por_asignar: bool = False) -> bool:
    """Ask the mailbox that may answer for this CURP, where one must; True while it has not spoken.

    Asked inside the transaction of each act, before anything of the person is shown or changed, and by the
    facts of this moment: a mailbox that was confirmed since speaks before any that had spoken. `persona` is
    None for a CURP that nobody holds: in «siempre» it must look like any other until then. `por_asignar`: the
    person has no number, and one that is given in this very trámite is its browser's to see. Where the name
    is asked as well, it is compared here: the trámite of somebody else is refused, and that is True too.
    """
    if titular.por_nombre(tramite):
        return not _comprobar_y_vincular(tramite, persona)
    pregunta, para = a_quien(tramite, persona, por_asignar=por_asignar)
    if pregunta is None:
        return False
    if tramite.mover(Estado.CONFIRMACION):
        _preguntar(tramite, pregunta, para)
    return True


def preguntar_primero(tramite: Tramite) -> bool:
    """Where the name is asked, the mailbox speaks before the registry is: True while it has not.

    One transaction. Alike for every CURP, and the mailbox is the one that was typed.
    """
    if not titular.por_nombre(tramite) or _ya_hablo(tramite):
        return False
    with transaction.atomic():
        if tramite.mover(Estado.CONFIRMACION):
            _preguntar(tramite, Confirmacion.Pregunta.TRAMITE, tramite.correo)
    return True


def _comprobar_y_vincular(tramite: Tramite, persona: Persona | None) -> bool:
    """Whether the mailbox that spoke and the name are the person's; the first one to prove both is bound.

    Part of a transaction, in which nobody else changes the person's mailbox. Otherwise the trámite is
    refused, in the same way whatever it was that failed. A mailbox bound by answering alone gives its place.
    """
    vinculo = None
    if persona:
        Persona.objects.select_for_update(no_key=True).get(pk=persona.pk)
        vinculo = Vinculo.de(persona)
    if tramite.comprobado:
        bien = vinculo is not None and mismo(vinculo.correo, tramite.correo)  # as it is now
    else:
        probado = vinculo is not None and vinculo.comprobado is not None
        bien = titular.comprobar(tramite, persona, vinculo.correo if vinculo and probado else "")
        if bien and persona and not probado and not persona.bloqueada:
            vincular(persona, tramite.correo, comprobado=timezone.now())
            _avisar_a_los_demas(persona, tramite.correo)
    if not bien:
        tramite.mover(Estado.RECHAZADO, motivo=Tramite.Motivo.IDENTIDAD_NO_COMPROBADA)
    return bien


def siempre() -> bool:
    """Whether the mailbox that is typed must always speak."""
    return titular.por_nombre() or settings.CONFIRMAR_CORREO == SIEMPRE


def a_quien(
    tramite: Tramite, persona: Persona | None, *, por_asignar: bool = False
) -> tuple[Confirmacion.Pregunta | None, str]:
    """What must be asked, and of which mailbox; (None, "") when nothing must."""
    if titular.por_nombre(tramite):
        return (None, "") if _ya_hablo(tramite) else (Confirmacion.Pregunta.TRAMITE, tramite.correo)
    modo = settings.CONFIRMAR_CORREO
    if modo == NUNCA or tramite.canal == Tramite.Canal.VENTANILLA:
        return None, ""
    vinculo = Vinculo.de(persona)
    if vinculo and mismo(vinculo.correo, tramite.confirmado_por):
        return None, ""
    if vinculo and not mismo(vinculo.correo, tramite.correo):
        return Confirmacion.Pregunta.PERMISO, vinculo.correo
    if modo == SIEMPRE and not por_asignar and not _ya_hablo(tramite):
        return Confirmacion.Pregunta.TRAMITE, tramite.correo
    return None, ""


def _ya_hablo(tramite: Tramite) -> bool:
    """Whether the mailbox that was typed has spoken, for this trámite or for another of its browser's."""
    if mismo(tramite.confirmado_por, tramite.correo):
        return True
    suyos = Tramite.objects.del_navegador(tramite.navegador).filter(curp=tramite.curp)
    return suyos.filter(confirmado_por__iexact=tramite.correo).exists()


def mismo(uno: str, otro: str) -> bool:
    return uno.casefold() == otro.casefold()


def preguntar_si_es_suyo(tramite: Tramite) -> None:
    """With the mail of the documents: «confirma que este es tu correo», unless it is known already."""
    nunca = settings.CONFIRMAR_CORREO == NUNCA and not titular.por_nombre()
    if nunca or not tramite.correo:
        return
    if not Vinculo.objects.filter(persona=tramite.persona).exists():
        Confirmacion.objects.get_or_create(
            tramite=tramite,
            pregunta=Confirmacion.Pregunta.CORREO,
            defaults={"correo": tramite.correo},
        )


def destino(tramite: Tramite) -> str:
    """The mailbox that a trámite's documents go to; "" when another one speaks for the person now."""
    vinculo = Vinculo.de(tramite.persona)
    if vinculo is None or mismo(vinculo.correo, tramite.correo):
        return tramite.correo
    if tramite.canal == Tramite.Canal.VENTANILLA:  # changing it takes four eyes
        return vinculo.correo
    return vinculo.correo if mismo(vinculo.correo, tramite.confirmado_por) else ""


def contestar(confirmacion: Confirmacion, respuesta: str) -> Desenlace:
    """Do what the mailbox says, once.

    One transaction. «si» and «cambiar» bind a mailbox; «si», «seguir» and «cambiar» let the trámite that
    waits go on, in the browser that began it and nowhere else; «no» changes nothing. A mailbox that does not
    speak for the person any more changes nothing either: the one that does is asked instead.
    """
    with transaction.atomic():
        libres = Confirmacion.objects.filter(
            pk=confirmacion.pk, contestada=None, creada__gt=timezone.now() - Confirmacion.VIGENCIA
        )
        if not libres.update(contestada=timezone.now(), respuesta=respuesta):
            return Desenlace.USADO
        tramite = confirmacion.tramite
        if respuesta == Confirmacion.Respuesta.NO:
            return Desenlace.HECHO
        persona = tramite.persona or Persona.objects.de_curp(tramite.curp)
        suyo = _habla_por(persona, confirmacion)
        if suyo and persona and respuesta == Confirmacion.Respuesta.CAMBIAR:
            vincular(persona, tramite.correo)
        if confirmacion.pregunta != Confirmacion.Pregunta.CORREO:
            cambia = respuesta == Confirmacion.Respuesta.CAMBIAR
            quien = tramite.correo if cambia else confirmacion.correo
            tramite.mover(
                Estado.RECIBIDO, **({"confirmado": timezone.now(), "confirmado_por": quien} if suyo else {})
            )
        return Desenlace.HECHO if suyo else Desenlace.AJENO


def vincular(persona: Persona, buzon: str, comprobado: datetime | None = None) -> None:
    """From now on this mailbox speaks for the person: what another one opened in the App is closed.

    `comprobado`: when their name was proved, or they were seen; None leaves what was known of that. Part of a
    transaction. The row is written first: a code that is being tried at this moment waits for it.
    """
    datos: dict[str, object] = {"correo": buzon, "desde": timezone.now()}
    if comprobado:
        datos["comprobado"] = comprobado
    Vinculo.objects.update_or_create(persona=persona, defaults=datos)
    _cerrar_lo_de_otros(persona, buzon)


def _cerrar_lo_de_otros(persona: Persona, buzon: str) -> None:
    """What another mailbox opened shows the person's data no more, in the App or on a page that waits."""
    Credencial.objects.de_otro_correo(persona, buzon).revocar()
    for tramite in Tramite.objects.filter(persona=persona, estado__in=[Estado.ELECCION, Estado.REVISION]):
        pedir(tramite, persona)


def _habla_por(persona: Persona | None, confirmacion: Confirmacion) -> bool:
    """Whether the mailbox that answered is the person's; the first one to say so becomes it."""
    # Where the name is asked, what a link proves is that the mailbox was read; the name binds it, or not.
    permiso = confirmacion.pregunta == Confirmacion.Pregunta.PERMISO
    if persona is None or (titular.por_nombre(confirmacion.tramite) and not permiso):
        return True
    vinculo = Vinculo.objects.select_for_update().filter(persona=persona).first()
    if vinculo is None and not permiso:
        visto = confirmacion.tramite.canal == Tramite.Canal.VENTANILLA
        datos = {"correo": confirmacion.correo, "comprobado": timezone.now() if visto else None}
        vinculo, nuevo = Vinculo.objects.get_or_create(persona=persona, defaults=datos)
        if nuevo:
            _cerrar_lo_de_otros(persona, confirmacion.correo)
            _avisar_a_los_demas(persona, confirmacion.correo)
    return vinculo is not None and mismo(vinculo.correo, confirmacion.correo)


def _avisar_a_los_demas(persona: Persona, buzon: str) -> None:
    """Tell whoever gave another mailbox for this person before: from now on it is not the one that counts."""
    otros = (
        Tramite.objects.filter(persona=persona, estado__in=[Estado.RESUELTO, Estado.FINALIZADO])
        .exclude(correo__iexact=buzon)
        .exclude(correo="")
    )
    ultimos = {tramite.correo.casefold(): tramite for tramite in otros.order_by("folio")}
    Envio.objects.bulk_create(
        Envio(tramite=tramite, aviso="otro-correo", para=tramite.correo, datos={"folio": tramite.folio})
        for tramite in ultimos.values()
    )


def otra_vez(tramite: Tramite) -> bool:
    """Send the question again, to whoever must answer it now; False when no more goes out today, or when the
    answer was no."""
    with transaction.atomic():
        if tramite.confirmaciones.filter(respuesta=Confirmacion.Respuesta.NO).exists():
            return False
        persona = tramite.persona or Persona.objects.de_curp(tramite.curp)
        pregunta, para = a_quien(tramite, persona)
        if pregunta is None:
            tramite.mover(Estado.RECIBIDO)
            return True
        return _preguntar(tramite, pregunta, para)


def _preguntar(tramite: Tramite, pregunta: Confirmacion.Pregunta, para: str) -> bool:
    """The question, for a day from now, and its mail; whether that goes out.

    The same to the same mailbox keeps its link while it holds: the first mail may be the one that is read.
    Otherwise those of before are worth nothing.
    """
    antes = tramite.confirmaciones.exclude(pregunta=Confirmacion.Pregunta.CORREO)
    la_misma = antes.filter(
        pregunta=pregunta, correo=para, contestada=None, creada__gt=timezone.now() - Confirmacion.VIGENCIA
    )
    antes.exclude(pk__in=la_misma.values("pk")).delete()
    nueva, _ = la_misma.update_or_create(
        tramite=tramite, pregunta=pregunta, correo=para, defaults={"creada": timezone.now()}
    )
    if not cabe(tramite, pregunta, para):
        return False
    Envio.objects.create(
        tramite=tramite,
        aviso=f"confirmar-{pregunta}",
        para=para,
        datos={"url": f"{settings.URL_PUBLICA}{nueva.get_absolute_url()}"},
    )
    return True


def cabe(tramite: Tramite, pregunta: Confirmacion.Pregunta, para: str) -> bool:
    """Whether a mailbox may be asked once more about a CURP today; web and App share what there is.

    What others ask of it is counted apart from its owner's: who gives another mailbox, by what they ask; who
    gives this one without ever having answered from it, by where they ask from.
    """
    buzon = limites.buzon(para)
    if pregunta == Confirmacion.Pregunta.PERMISO:
        return limites.permitir(f"permiso:{tramite.curp}:{buzon}", topes.PREGUNTAR)
    if _ya_contesto_de_aqui(tramite, para):
        return limites.permitir(f"dueno:{tramite.curp}:{buzon}", topes.PREGUNTAR)
    return limites.permitir(f"codigo:{tramite.curp}:{buzon}:{tramite.origen}", topes.PREGUNTAR) and (
        limites.permitir(f"buzon:{tramite.curp}:{buzon}", topes.PREGUNTAR_DE_TODAS_PARTES)
    )


def _ya_contesto_de_aqui(tramite: Tramite, para: str) -> bool:
    """Whether this browser, or a phone of this network, has had an answer from that mailbox before."""
    if tramite.navegador:
        suyos = Tramite.objects.del_navegador(tramite.navegador)
    else:
        suyos = Tramite.objects.filter(curp=tramite.curp, navegador="", origen=tramite.origen, origen__gt="")
    return suyos.filter(confirmado_por__iexact=para).exists()
