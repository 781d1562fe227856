"""The App's trámites: begun with a CURP and a mailbox, asleep until the code that was sent there is right.

Nothing in a first answer depends on whether anybody holds the CURP: who is asked, and whether, is a worker's
business. What the right code does is `confirmacion.contestar`, as with a link.
"""

import uuid
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import Any, NamedTuple

from django.db import models, transaction
from django.utils import timezone

from nss_portal.correo.models import Envio
from nss_portal.personas.models import Persona, Vinculo
from nss_portal.servicio import limites, topes
from nss_portal.tramites import confirmacion, maquina, titular
from nss_portal.tramites.models import Codigo, Confirmacion, Credencial, Estado, Tramite
from nss_portal.tramites.paso import Paso

# Long enough to look at after a complaint.
RETENCION = timedelta(days=30)

Pregunta, Respuesta = Confirmacion.Pregunta, Confirmacion.Respuesta


class Demasiados(Exception):
    """As many codes as a day allows; `espera` is how long until the next one."""

    def __init__(self, espera: timedelta) -> None:
        super().__init__()
        self.espera = espera


class Fallo(StrEnum):
    """Why a code does not open its trámite."""

    DESCONOCIDO = "desconocido"
    EQUIVOCADO = "equivocado"
    AGOTADO = "agotado"
    VENCIDO = "vencido"
    USADO = "usado"


class Intento(NamedTuple):
    """What became of a try: the token that it opened, or why not and how many tries are left."""

    token: str = ""
    expira: datetime | None = None
    fallo: Fallo | None = None
    quedan: int = 0


def comenzar(
    paso: Paso,
    datos: dict[str, Any],
    credencial: Credencial | None = None,
    origen: str = "",
) -> Tramite:
    """Begin a trámite of the App. With a credential that this CURP and mailbox opened, it goes on at once.

    One transaction. Raises Demasiados.
    """
    with transaction.atomic():
        quien = credencial.quien_hablo(datos["curp"], datos["correo"]) if credencial else ""
        if not quien:
            _contar(datos["curp"], datos["correo"], origen)
        tramite = maquina.iniciar(paso.tipo, uuid.uuid4(), "", datos["curp"], datos["correo"], origen=origen)
        titular.declarar(tramite, datos)
        paso.al_iniciar(tramite, datos)
        if quien and credencial:
            Tramite.objects.filter(pk=tramite.pk).update(
                canal=Tramite.Canal.APP, confirmado=timezone.now(), confirmado_por=quien
            )
            credencial.tramites.add(tramite)
        else:
            tramite.mover(Estado.CONFIRMACION, canal=Tramite.Canal.APP)
            Codigo.objects.create(tramite=tramite)
    return tramite


def _contar(curp: str, correo: str, origen: str) -> None:
    """What was typed, not what is known: the same for a CURP that nobody holds."""
    ahora, buzon = timezone.now(), limites.buzon(correo)
    suyos = Codigo.objects.recientes(ahora).filter(
        tramite__curp=curp, tramite__correo__iexact=correo, tramite__origen=origen
    )
    pedidos = sorted(suyos.values_list("creado", flat=True))
    if len(pedidos) >= Codigo.AL_DIA:
        raise Demasiados(pedidos[-Codigo.AL_DIA] + timedelta(days=1) - ahora)
    for clave, tope in (
        (f"codigos:{buzon}:{origen}", topes.CODIGOS_POR_BUZON),
        (f"codigos:{buzon}", topes.CODIGOS_DE_TODAS_PARTES),
    ):
        if not limites.permitir(clave, tope):
            raise Demasiados(tope.espera)


def mandar(pk: uuid.UUID) -> bool:
    """Choose the mailbox that may speak for the CURP and write its mail. Safe to call twice, at once.

    The one that was confirmed for the person, when there is one; nothing then goes to the one that was typed.
    Where the name is asked, always the one that was typed: it proves nothing yet.
    """
    with transaction.atomic():
        codigo = Codigo.objects.por_mandar().select_for_update().filter(pk=pk).first()
        if codigo is None:
            return False
        tramite = codigo.tramite
        vinculo = _vinculo(tramite)
        if vinculo and not confirmacion.mismo(vinculo.correo, tramite.correo):
            pregunta, para = Pregunta.PERMISO, vinculo.correo
        else:
            pregunta, para = Pregunta.TRAMITE, tramite.correo
        codigo.atendido = timezone.now()
        if _cabe(tramite, pregunta, para, codigo.atendido):
            codigo.confirmacion = Confirmacion.objects.create(tramite=tramite, pregunta=pregunta, correo=para)
            # «acceso» comes before every other notice: somebody is waiting for it, for ten minutes.
            datos = {"codigo": str(codigo.pk), "pregunta": str(pregunta)}
            Envio.objects.create(tramite=tramite, aviso="acceso", para=para, datos=datos)
        codigo.save(update_fields=["atendido", "confirmacion"])
    return True


def _vinculo(tramite: Tramite) -> Vinculo | None:
    """The mailbox that answers for the CURP, where it is what a mailbox answers for."""
    return None if titular.por_nombre(tramite) else Vinculo.de(Persona.objects.de_curp(tramite.curp))


def _cabe(tramite: Tramite, pregunta: Confirmacion.Pregunta, para: str, ahora: datetime) -> bool:
    """Whether the mailbox may be sent one more for this CURP today."""
    # The bucket's row is locked until the end of the transaction: two workers do not count at once.
    if not confirmacion.cabe(tramite, pregunta, para):
        return False
    iguales = {"confirmacion__correo__iexact": para, "confirmacion__pregunta": pregunta}
    if pregunta != Pregunta.PERMISO:
        iguales["tramite__origen"] = tramite.origen
    mandados = Codigo.objects.recientes(ahora).filter(tramite__curp=tramite.curp, **iguales)
    return mandados.count() < Codigo.AL_DIA


def probar(tramite: uuid.UUID, escrito: str) -> Intento:
    """Try a code: the right one lets the trámite go on and gives its token, once.

    A try is counted before it is looked at, with the row locked: many at once are still five.
    """
    with transaction.atomic():
        filas = Codigo.objects.select_for_update(of=("self",)).select_related("confirmacion__tramite")
        codigo = filas.filter(tramite=tramite).first()
        if fallo := _por_que_no(codigo):
            return Intento(fallo=fallo)
        assert codigo
        codigo.intentos += 1
        codigo.save(update_fields=["intentos"])
        pregunta = codigo.confirmacion
        if pregunta is None or not compare_digest(codigo.cifras.encode(), escrito.encode()):
            quedan = Codigo.INTENTOS - codigo.intentos
            return Intento(fallo=Fallo.EQUIVOCADO if quedan else Fallo.AGOTADO, quedan=quedan)
        vinculo = _vinculo(pregunta.tramite)
        # Meanwhile another mailbox may have become the person's: this one speaks for them no more.
        if vinculo and not confirmacion.mismo(vinculo.correo, pregunta.correo):
            return Intento(fallo=Fallo.VENCIDO)
        respuesta = Respuesta.SI if pregunta.pregunta == Pregunta.TRAMITE else Respuesta.SEGUIR
        if confirmacion.contestar(pregunta, respuesta) != confirmacion.Desenlace.HECHO:
            return Intento(fallo=Fallo.USADO)
        codigo.usado = timezone.now()
        codigo.save(update_fields=["usado"])
        token, credencial = Credencial.emitir(pregunta.tramite)
        return Intento(token, credencial.expira)


def _por_que_no(codigo: Codigo | None) -> Fallo | None:
    """What can be told before the try is looked at; none of it depends on who holds the CURP."""
    if codigo is None:
        return Fallo.DESCONOCIDO
    if codigo.usado:
        return Fallo.USADO
    if codigo.intentos >= Codigo.INTENTOS:
        return Fallo.AGOTADO
    return Fallo.VENCIDO if timezone.now() > codigo.vence else None


def vencidos(ahora: datetime) -> dict[str, models.QuerySet[Any]]:
    """What `purgar` forgets of this channel."""
    return {
        "credenciales de la App": Credencial.objects.filter(expira__lt=ahora - timedelta(days=1)),
        "códigos de la App": Codigo.objects.filter(creado__lt=ahora - RETENCION),
    }
