"""What a school says of its students: enrolled, no longer, the cycle is over; each one transaction."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import batched
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from nss_portal.models import Persona
from vigencia import noticias
from vigencia.models import Cierre, Escuela, Inscripcion, RegistroPatronal

# Past this a statement's list of keys is longer than SQLite takes in one go.
_TROZO = 1000


class Situacion(models.TextChoices):
    VIGENTE = "vigente", "Vigente"
    POR_INICIAR = "por-iniciar", "Aún no inicia"
    BAJA = "baja", "Baja"
    TERMINADA = "terminada", "Terminó"


def situacion(inscripcion: Inscripcion, hoy: date) -> Situacion:
    """What an enrolment is on the day `hoy`; «vigente» exactly when `vigentes(hoy)` has it."""
    if inscripcion.baja and inscripcion.baja <= hoy:
        return Situacion.BAJA
    if inscripcion.alta > hoy:
        return Situacion.POR_INICIAR
    return Situacion.VIGENTE if inscripcion.fin >= hoy else Situacion.TERMINADA


def en_situacion(cual: str, hoy: date) -> Q:
    """The same as a condition on rows."""
    en_pie = Q(baja=None) | Q(baja__gt=hoy)
    return {
        Situacion.VIGENTE: en_pie & Q(alta__lte=hoy, fin__gte=hoy),
        Situacion.POR_INICIAR: en_pie & Q(alta__gt=hoy),
        Situacion.BAJA: Q(baja__lte=hoy),
        Situacion.TERMINADA: en_pie & Q(fin__lt=hoy),
    }[Situacion(cual)]


def elegir_registro(registros: Iterable[RegistroPatronal], nivel: str) -> RegistroPatronal | None:
    """Of a school's, the one that serves that level: its own before the general one. None: say which."""
    todos = list(registros)
    for candidatos in ([r for r in todos if r.nivel == nivel], [r for r in todos if not r.nivel]):
        if candidatos:
            return candidatos[0] if len(candidatos) == 1 else None
    return None


def inscribir(
    escuela: Escuela,
    persona: Persona,
    registro: RegistroPatronal,
    ciclo: str,
    nivel: str,
    matricula: str,
    alta: date,
    fin: date,
    usuario: Any = None,
) -> Inscripcion:
    """Enrol a person and write the mail that says so. Safe to call twice: the second changes nothing.

    Raises ValidationError when that cycle's enrolment from that same day was ended by a baja.
    """
    defaults = {"registro": registro, "nivel": nivel, "matricula": matricula, "alta": alta, "fin": fin}
    try:
        with transaction.atomic():
            inscripcion, nueva = Inscripcion.objects.get_or_create(
                persona=persona, escuela=escuela, ciclo=ciclo, baja=None, defaults=defaults
            )
            if nueva:
                noticias.anunciar_altas(Inscripcion.objects.filter(pk=inscripcion.pk))
    except IntegrityError:
        if Inscripcion.objects.filter(persona=persona, escuela=escuela, ciclo=ciclo, alta=alta).exists():
            raise ValidationError(
                "Ya tuvo una baja con esa misma fecha de alta. Usa otra fecha de alta.", code="baja"
            ) from None
        raise
    return inscripcion


@transaction.atomic
def dar_de_baja(inscripciones: QuerySet[Inscripcion], fecha: date, causa: str) -> int:
    """End those that are open and contain the day `fecha`, and write the mails that say so; how many.

    From that day on there is no service. Safe to call twice: what has a baja keeps its own.
    """
    abiertas = _abiertas(inscripciones, fecha)
    claves = list(abiertas.order_by("pk").values_list("pk", flat=True))
    cuantas = 0
    for trozo in batched(claves, _TROZO):
        # Asked again in the statement itself: of two at once, one counts.
        bloqueadas = _abiertas(Inscripcion.objects.filter(pk__in=trozo), fecha).select_for_update()
        suyas = list(bloqueadas.order_by("pk").values_list("pk", flat=True))
        filas = Inscripcion.objects.filter(pk__in=suyas)
        cuantas += filas.update(baja=fecha, causa=causa, movida=timezone.now())
        noticias.anunciar_bajas(filas)
    return cuantas


def alcance_de_cierre(escuela: Escuela, ciclo: str, fecha: date) -> QuerySet[Inscripcion]:
    """Whom the end of the cycle on that day would touch."""
    return _abiertas(Inscripcion.objects.filter(escuela=escuela, ciclo=ciclo), fecha)


@transaction.atomic
def cerrar_ciclo(escuela: Escuela, ciclo: str, fecha: date, usuario: Any) -> Cierre:
    """One baja for everybody still enrolled in the cycle; their mails wait for as long as it can be undone.

    Safe to call twice: the second finds nobody left and answers with the first. Raises ValidationError
    when there was nobody to begin with.
    """
    # Two at once: the second waits here, and then finds what the first did.
    Escuela.objects.select_for_update().get(pk=escuela.pk)
    cierre = Cierre(escuela=escuela, ciclo=ciclo, baja=fecha, usuario=usuario, cuantas=0)
    alcance = alcance_de_cierre(escuela, ciclo, fecha)
    if not alcance.exists():
        anterior = escuela.cierres.filter(ciclo=ciclo, baja=fecha, deshecho=None).first()
        if anterior is None:
            raise ValidationError("Ese día no hay nadie inscrito en ese ciclo.", code="nadie")
        return anterior
    cierre.save()
    cierre.cuantas = alcance.update(
        baja=fecha, causa=Inscripcion.Causa.TERMINO, cierre=cierre, movida=timezone.now()
    )
    cierre.save(update_fields=["cuantas"])
    noticias.anunciar_bajas(cierre.inscripciones.all(), despues_de=Cierre.PLAZO)
    return cierre


@transaction.atomic
def deshacer_cierre(cierre: Cierre) -> bool:
    """Give back what an end of cycle took, and take back its mails; False when it is too late or was done.

    Who has since been enrolled in the same cycle again keeps that new enrolment only.
    """
    ahora = timezone.now()
    a_tiempo = Cierre.objects.filter(pk=cierre.pk, deshecho=None, creado__gt=ahora - Cierre.PLAZO)
    if not a_tiempo.update(deshecho=ahora):
        return False
    cierre.deshecho = ahora
    otra_vez = Inscripcion.objects.filter(
        persona=OuterRef("persona"), escuela=OuterRef("escuela"), ciclo=OuterRef("ciclo"), baja=None
    )
    suyas = cierre.inscripciones.exclude(Exists(otra_vez))
    noticias.retirar_bajas(suyas)
    suyas.update(baja=None, causa="", cierre=None, movida=ahora)
    return True


def por_terminar(hoy: date, dias: int = 30) -> Q:
    """Those in force whose last day comes within so many days."""
    limite = hoy + timedelta(days=dias)
    acaba = Q(fin__lte=limite) | Q(baja__lte=limite + timedelta(days=1))
    return en_situacion(Situacion.VIGENTE, hoy) & acaba


def _abiertas(inscripciones: QuerySet[Inscripcion], fecha: date) -> QuerySet[Inscripcion]:
    return inscripciones.filter(baja=None, alta__lte=fecha, fin__gte=fecha)
