"""The act of step 3: a person's place in a consultorio, and the changes of it."""

from datetime import date
from itertools import batched

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from clinicas import noticias
from clinicas.models import Alta, Clinica, Consultorio
from nss_portal.documentos.models import Documento, DocumentoQuerySet
from nss_portal.personas.models import Persona
from nss_portal.tramites.models import Tramite
from nss_portal.tramites.paso import NoSePudo
from vigencia.models import Inscripcion


class SinLugar(NoSePudo):
    """The clinic can not take the person in that turno; nothing changed."""

    class Motivo(models.TextChoices):
        CERRADA = "cerrada", "no registra a nadie por ahora"
        SIN_TURNO = "sin-turno", "no tiene ese turno"
        LLENA = "llena", "ya no tiene lugar en ese turno"

    def __init__(self, clinica: Clinica, motivo: Motivo) -> None:
        super().__init__(f"{clinica} {motivo.label}.")
        self.clinica = clinica
        self.motivo = motivo


def activa(persona: Persona) -> Alta | None:
    """Where the person is registered now, suspended or not."""
    return _con_clinica(Alta.objects.activas().filter(persona=persona)).first()


def tarjetas_en_vigor(*personas: int) -> DocumentoQuerySet:
    """The adscripción cards of these people, those being issued too: after a move they say what is not so."""
    return Documento.objects.en_vigor().de_persona(*personas).filter(tipo=Documento.Tipo.ADSCRIPCION)


def retener(persona: Persona) -> Alta | None:
    """The same, held until the caller's transaction ends: for what is about to say where they are."""
    while actual := activa(persona):
        with transaction.atomic():
            _bloquear(Q(pk=actual.consultorio_id))
            if Alta.objects.activas().filter(pk=actual.pk).exists():
                return actual
            transaction.set_rollback(True)  # let the lock go: held in no order, two could wait for ever
    return None


def suspendida(alta: Alta, hoy: date | None = None) -> bool:
    """Whether the person has no service there, because no school has them enrolled on the day `hoy`.

    Worked out each time: the next inscripción brings it back by itself.
    """
    hoy = hoy or timezone.localdate()
    return (
        alta.hasta is None and not Inscripcion.objects.vigentes(hoy).filter(persona=alta.persona_id).exists()
    )


def registrar(
    persona: Persona,
    clinica: Clinica,
    turno: str,
    tramite: Tramite | None = None,
    hoy: date | None = None,
) -> Alta:
    """The person's alta in that clinic and turno, in its least populated consultorio (of equals, the first).

    One transaction. Safe to call twice, from many processes: the same clinic and turno, or the same trámite,
    gives the alta that there is. Another clinic or turno closes that one and opens a new one. Whether the
    person is vigente is for the caller to know. Raises SinLugar: nothing changes then.

    Inside a transaction of the caller's, do not lock the person beforehand with a plain `select_for_update`:
    whoever moves a whole consultorio meanwhile would wait for us, and we for them.
    """
    hoy = hoy or timezone.localdate()
    with transaction.atomic():
        # One person's requests queue here. NO KEY: rows that merely refer to the person do not wait.
        Persona.objects.select_for_update(no_key=True).get(pk=persona.pk)
        if tramite and (hecha := _con_clinica(Alta.objects.filter(tramite=tramite)).first()):
            return hecha
        while (alta := _intentar(persona, clinica, turno, tramite, hoy)) is None:
            pass
        return alta


def _intentar(
    persona: Persona, clinica: Clinica, turno: str, tramite: Tramite | None, hoy: date
) -> Alta | None:
    """None when staff moved the person while we waited: look again."""
    with transaction.atomic():
        anterior = activa(persona)
        destinos = Q(clinica=clinica, turno=turno)
        _bloquear(destinos | Q(pk=anterior.consultorio_id) if anterior else destinos)
        if anterior and not Alta.objects.activas().filter(pk=anterior.pk).exists():
            # Let the locks go before others are taken: held in no order, two could wait for ever.
            transaction.set_rollback(True)
            return None
        if anterior and (anterior.consultorio.clinica_id, anterior.consultorio.turno) == (clinica.pk, turno):
            return anterior
        consultorio = _con_lugar(clinica, turno)
        if anterior:
            _cerrar(Alta.objects.filter(pk=anterior.pk), Alta.Causa.CAMBIO, hoy)
        return Alta.objects.create(persona=persona, consultorio=consultorio, desde=hoy, tramite=tramite)


def reubicar(origen: Consultorio, destino: Consultorio, hoy: date | None = None) -> int:
    """Move everybody of a consultorio to another one, of any clinic, and write to them; how many they were.

    One transaction: all of them fit, or none is moved (SinLugar). Their stay in `origen` remains as history;
    the cards that say so lose their force. Safe to call twice: the second time there is nobody left.
    """
    hoy = hoy or timezone.localdate()
    with transaction.atomic():
        _bloquear(Q(pk__in=[origen.pk, destino.pk]))
        if not Clinica.objects.en_operacion().filter(pk=destino.clinica_id).exists():
            raise SinLugar(destino.clinica, SinLugar.Motivo.CERRADA)
        gente = list(origen.altas.activas().order_by("pk").values_list("persona", flat=True))
        if origen.pk == destino.pk or not gente:
            return 0
        hay = Consultorio.objects.con_poblacion().get(pk=destino.pk)
        if hay.poblacion + len(gente) > hay.capacidad:
            raise SinLugar(destino.clinica, SinLugar.Motivo.LLENA)
        _cerrar(origen.altas.activas(), Alta.Causa.REUBICACION, hoy)
        Alta.objects.bulk_create(
            [Alta(persona_id=persona, consultorio=destino, desde=hoy) for persona in gente], batch_size=500
        )
        for trozo in batched(gente, 500):
            tarjetas_en_vigor(*trozo).update(cancelado=timezone.now())
            noticias.anunciar_reubicacion(destino.altas.activas().filter(persona__in=trozo), origen)
        return len(gente)


def _con_clinica(altas: models.QuerySet[Alta]) -> models.QuerySet[Alta]:
    return altas.select_related("consultorio__clinica__municipio", "consultorio__clinica__entidad")


def _bloquear(cuales: Q) -> None:
    """Lock these consultorios. An alta is opened or closed only by who holds the lock of its consultorio.

    Always in one statement and in one order: two people who swap clinics never wait for each other.
    """
    list(Consultorio.objects.select_for_update(no_key=True).filter(cuales).order_by("pk").values_list("pk"))


def _con_lugar(clinica: Clinica, turno: str) -> Consultorio:
    """The consultorio that takes the next one. Read after the lock: only now are the others' rows seen."""
    if not Clinica.objects.en_operacion().filter(pk=clinica.pk).exists():
        raise SinLugar(clinica, SinLugar.Motivo.CERRADA)
    consultorios = Consultorio.objects.filter(clinica=clinica, turno=turno)
    consultorio = consultorios.con_lugar().select_related("clinica__municipio", "clinica__entidad").first()
    if consultorio is None:
        hay = consultorios.exists()
        raise SinLugar(clinica, SinLugar.Motivo.LLENA if hay else SinLugar.Motivo.SIN_TURNO)
    return consultorio


def _cerrar(altas: models.QuerySet[Alta], causa: Alta.Causa, hoy: date) -> None:
    altas.update(hasta=hoy, causa=causa)
