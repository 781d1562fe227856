"""Whoever knows a CURP is not its owner: which mailbox must speak before something is shown."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from nss_portal import correo
from nss_portal.models import Confirmacion, Envio, Estado, Persona, Tramite, Vinculo

SIEMPRE, SI_CAMBIA, NUNCA = "siempre", "si-cambia", "nunca"
Pregunta, Respuesta = Confirmacion.Pregunta, Confirmacion.Respuesta


def pedir(tramite: Tramite, persona: Persona | None) -> bool:
    """Ask the mailbox that may answer for this CURP, where one must; True while it has not spoken.

    Part of the act's transaction, before anything of the person is shown. `persona` is None for a CURP that
    nobody holds: in «siempre» it must look like any other until then.
    """
    pregunta, para = _a_quien(tramite, persona)
    if pregunta is None:
        return False
    if tramite.mover(Estado.CONFIRMACION):
        nueva = Confirmacion.objects.create(tramite=tramite, pregunta=pregunta, correo=para)
        _enviar(nueva)
    return True


def _a_quien(tramite: Tramite, persona: Persona | None) -> tuple[Pregunta | None, str]:
    modo = settings.CONFIRMAR_CORREO
    if modo == NUNCA or tramite.confirmado:
        return None, ""
    vinculo = Vinculo.objects.filter(persona=persona).first() if persona else None
    if vinculo and not mismo(vinculo.correo, tramite.correo):
        return Pregunta.PERMISO, vinculo.correo
    if modo == SIEMPRE and not _ya_hablo_aqui(tramite):
        return Pregunta.TRAMITE, tramite.correo
    return None, ""


def _ya_hablo_aqui(tramite: Tramite) -> bool:
    """Whether this browser has already shown, for this CURP, that it reads this mailbox."""
    suyos = Tramite.objects.del_navegador(tramite.navegador).filter(curp=tramite.curp)
    return suyos.filter(correo__iexact=tramite.correo, confirmado__isnull=False).exists()


def mismo(uno: str, otro: str) -> bool:
    return uno.casefold() == otro.casefold()


def preguntar_si_es_suyo(tramite: Tramite) -> None:
    """With the mail of the documents: «confirma que este es tu correo», unless it is known already."""
    if settings.CONFIRMAR_CORREO == NUNCA or tramite.confirmado:
        return
    if not Vinculo.objects.filter(persona=tramite.persona).exists():
        Confirmacion.objects.get_or_create(
            tramite=tramite, pregunta=Pregunta.CORREO, defaults={"correo": tramite.correo}
        )


def destino(tramite: Tramite) -> str:
    """The mailbox that a trámite's documents go to: the person's confirmed one, else the one typed."""
    vinculo = Vinculo.objects.filter(persona=tramite.persona).first() if tramite.persona_id else None
    return vinculo.correo if vinculo else tramite.correo


def contestar(confirmacion: Confirmacion, respuesta: str) -> bool:
    """Do what the mailbox says, once; False when it had been answered, or too late.

    One transaction. «si» and «cambiar» bind a mailbox; «si», «seguir» and «cambiar» let the trámite that
    waits go on, in the browser that began it and nowhere else; «no» changes nothing.
    """
    from nss_portal import tramites  # which asks this room where its documents go

    with transaction.atomic():
        libres = Confirmacion.objects.filter(
            pk=confirmacion.pk, contestada=None, creada__gt=timezone.now() - Confirmacion.VIGENCIA
        )
        if not libres.update(contestada=timezone.now(), respuesta=respuesta):
            return False
        if respuesta == Respuesta.NO:
            return True
        tramite = confirmacion.tramite
        persona = tramite.persona or Persona.objects.filter(curp=tramite.curp).first()
        if persona and respuesta == Respuesta.SI:
            Vinculo.objects.get_or_create(persona=persona, defaults={"correo": confirmacion.correo})
        elif persona and respuesta == Respuesta.CAMBIAR:
            Vinculo.objects.filter(persona=persona, correo=confirmacion.correo).update(
                correo=tramite.correo, desde=timezone.now()
            )
        if confirmacion.pregunta != Pregunta.CORREO and tramite.mover(
            Estado.RECIBIDO, confirmado=timezone.now()
        ):
            tramites.encolar(tramite)
        return True


def otra_vez(tramite: Tramite) -> None:
    """Send the question again, with a whole day to answer it."""
    with transaction.atomic():
        for confirmacion in tramite.confirmaciones.filter(contestada=None).exclude(pregunta=Pregunta.CORREO):
            confirmacion.creada = timezone.now()
            confirmacion.save(update_fields=["creada"])
            _enviar(confirmacion)


def _enviar(confirmacion: Confirmacion) -> None:
    envio = Envio.objects.create(
        tramite=confirmacion.tramite,
        aviso=f"confirmar-{confirmacion.pregunta}",
        para=confirmacion.correo,
        datos={"url": f"{settings.URL_PUBLICA}{confirmacion.get_absolute_url()}"},
    )
    correo.encolar(envio)
