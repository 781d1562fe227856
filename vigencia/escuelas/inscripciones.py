"""What a school says of its students: enrolled, no longer, the cycle is over; each one transaction."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import batched
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from nss_portal.personas.models import Persona
from vigencia.escuelas import noticias
from vigencia.models import Cierre, Escuela, Inscripcion, RegistroPatronal

# Past this a statement's list of keys is longer than SQLite takes in one go.
_TROZO = 1000
POR_DEFUNCION = (
    "Tiene una baja por defunción: no se puede inscribir. Si es un error, la deshace la escuela que la dio."
)
OTRA_DEFUNCION = (
    "Otra inscripción suya tiene una baja por defunción: mientras siga, esta no se puede deshacer. Si es un "
    "error, primero la deshace la escuela que la dio."
)
# After the end of the enrolment: how long its baja may still be taken back.
PLAZO_DE_BAJA = timedelta(days=30)
DEMASIADO_TARDE = (
    f"Esta baja ya no se puede deshacer: pasaron más de {PLAZO_DE_BAJA.days} días desde el fin de la "
    "inscripción. Si todavía estudia contigo, inscríbelo en el ciclo de ahora."
)


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


def registros_para(registros: Iterable[RegistroPatronal], nivel: str) -> list[RegistroPatronal]:
    """Of a school's, those that serve that level: its own or, without any, the general ones; in order."""
    todos = sorted(registros, key=lambda r: r.pk)
    return [r for r in todos if r.nivel == nivel] or [r for r in todos if not r.nivel]


def elegir_registro(registros: Iterable[RegistroPatronal], nivel: str) -> RegistroPatronal | None:
    """The first of those, for a file that does not say which; None when all are of other levels."""
    return next(iter(registros_para(registros, nivel)), None)


class Estancia(Protocol):
    """From when to when somebody was enrolled: an Inscripcion, or what was read of one."""

    @property
    def alta(self) -> date: ...
    @property
    def baja(self) -> date | None: ...


def estorbo(alta: date, fin: date, del_ciclo: Iterable[Estancia]) -> str:
    """Why somebody cannot come back to a cycle on that day: an earlier stay, ended by a baja, covers it.

    Empty when nothing is in the way. The same stands in SQL in `vigencia.confirmacion`.
    """
    for suya in del_ciclo:
        if suya.baja is None:
            continue
        if suya.alta == alta:
            return "Tuvo una baja en este ciclo y el alta es de la misma fecha: pon el día en que regresó."
        if alta < suya.baja and suya.alta <= fin and suya.alta < suya.baja:
            return f"Tuvo una baja en este ciclo: el alta puede ser desde el {suya.baja:%d/%m/%Y}."
    return ""


def fallecidas(personas: Iterable[int]) -> set[int]:
    """Of these people, who has a baja for death, whichever school gave it. In SQL too, as above."""
    muertes = Inscripcion.objects.filter(persona__in=personas, causa=Inscripcion.Causa.DEFUNCION)
    return set(muertes.order_by().values_list("persona", flat=True))


@transaction.atomic
def inscribir(
    escuela: Escuela,
    persona: Persona,
    registro: RegistroPatronal,
    ciclo: str,
    nivel: str,
    matricula: str,
    alta: date,
    fin: date,
) -> Inscripcion:
    """Enrol a person and write the mail that says so. Safe to call twice: the second changes nothing.

    Raises ValidationError when an earlier stay in the cycle is in the way.
    """
    _bloquear(pk=escuela.pk)
    suyas = list(Inscripcion.objects.filter(persona=persona, escuela=escuela, ciclo=ciclo).order_by("alta"))
    for suya in suyas:
        if suya.baja is None:
            return suya
    if motivo := POR_DEFUNCION if fallecidas([persona.pk]) else estorbo(alta, fin, suyas):
        raise ValidationError(motivo, code="baja")
    inscripcion = Inscripcion.objects.create(
        persona=persona,
        escuela=escuela,
        registro=registro,
        ciclo=ciclo,
        nivel=nivel,
        matricula=matricula,
        alta=alta,
        fin=fin,
    )
    noticias.anunciar_altas(Inscripcion.objects.filter(pk=inscripcion.pk))
    return inscripcion


@transaction.atomic
def dar_de_baja(inscripciones: QuerySet[Inscripcion], fecha: date, causa: str) -> list[int]:
    """End those that are open and contain the day `fecha`, and write the mails that say so; their keys.

    From that day on there is no service. Safe to call twice: what has a baja keeps its own.
    """
    _bloquear(pk__in=_abiertas(inscripciones, fecha).order_by().values("escuela"))
    # Of a statement of its own: only now are the rows of whoever was before us seen.
    abiertas = _abiertas(inscripciones, fecha)
    claves = list(abiertas.order_by("pk").values_list("pk", flat=True))
    hechas: list[int] = []
    for trozo in batched(claves, _TROZO):
        # Locked: its end may be corrected meanwhile.
        bloqueadas = _abiertas(Inscripcion.objects.filter(pk__in=trozo), fecha).select_for_update()
        suyas = list(bloqueadas.order_by("pk").values_list("pk", flat=True))
        filas = Inscripcion.objects.filter(pk__in=suyas)
        filas.update(baja=fecha, causa=causa, movida=timezone.now())
        noticias.anunciar_bajas(filas)
        hechas += suyas
    return hechas


def muy_tarde(inscripcion: Inscripcion, hoy: date) -> str:
    """Why a baja can no longer be taken back on the day `hoy`; empty when it can.

    A mistake is seen while the student would have had service, or soon after; later it would give nobody
    anything and only rewrite what other documents have said. A death shuts every later enrolment: always.
    """
    a_tiempo = inscripcion.causa == Inscripcion.Causa.DEFUNCION or hoy <= inscripcion.fin + PLAZO_DE_BAJA
    return "" if a_tiempo else DEMASIADO_TARDE


@transaction.atomic
def deshacer_baja(inscripcion: Inscripcion) -> Inscripcion | None:
    """Take back a baja that was a mistake, and its mail; whoever has read it is written that there is service
    again. Answers with the row as it was, day and cause still there; None when there is none to take back.

    Raises ValidationError when it is too late, when another row says that the person died, and when another
    stay of the same cycle is open or would overlap.
    """
    _bloquear(pk=inscripcion.escuela_id)
    fila = Inscripcion.objects.filter(pk=inscripcion.pk)
    # Read again: somebody else may have been first.
    suya = fila.exclude(baja=None).first()
    if suya is None:
        return None
    if motivo := muy_tarde(suya, timezone.localdate()):
        raise ValidationError(motivo, code="tarde")
    # A death itself is always taken back: of two given by mistake, one has to be the first.
    if suya.causa != Inscripcion.Causa.DEFUNCION and fallecidas([suya.persona_id]):
        raise ValidationError(OTRA_DEFUNCION, code="defuncion")
    cual = {"persona": suya.persona_id, "escuela": suya.escuela_id, "ciclo": suya.ciclo}
    otras = list(Inscripcion.objects.filter(**cual).exclude(pk=suya.pk))
    # Open, of whatever days: there is one a cycle.
    if any(otra.baja is None for otra in otras) or estorbo(suya.alta, suya.fin, otras):
        raise ValidationError("Ya regresó a este ciclo con otra inscripción.", code="otra")
    noticias.retirar_bajas(fila)
    fila.update(baja=None, causa="", cierre=None, movida=timezone.now())
    if noticias.se_dijo_la_baja(suya):
        noticias.anunciar_altas(fila, baja_por_error=True)
    return suya


def _bloquear(**cuales: Any) -> None:
    """What a school says of its students is written by who holds its row, one at a time.

    NO KEY: rows that merely refer to it do not wait. In order: two of several schools never wait for each
    other.
    """
    escuelas = Escuela.objects.select_for_update(no_key=True).filter(**cuales)
    list(escuelas.order_by("pk").values_list("pk"))


def alcance_de_cierre(escuela: Escuela, ciclo: str, fecha: date) -> QuerySet[Inscripcion]:
    """Whom the end of the cycle on that day would touch."""
    return _abiertas(Inscripcion.objects.filter(escuela=escuela, ciclo=ciclo), fecha)


def fuera_de_cierre(escuela: Escuela, ciclo: str, fecha: date) -> dict[str, int]:
    """Who of the cycle the same end would leave as they are, and why: how many of each."""
    return Inscripcion.objects.filter(escuela=escuela, ciclo=ciclo).aggregate(
        con_baja=Count("pk", filter=Q(baja__isnull=False)),
        por_iniciar=Count("pk", filter=Q(baja=None, alta__gt=fecha)),
        terminadas=Count("pk", filter=Q(baja=None, fin__lt=fecha)),
    )


@transaction.atomic
def cerrar_ciclo(escuela: Escuela, ciclo: str, fecha: date, usuario: Any) -> Cierre:
    """One baja for everybody still enrolled in the cycle; their mails wait for as long as it can be undone.

    Safe to call twice: the second finds nobody left and answers with the first. Raises ValidationError
    when there was nobody to begin with.
    """
    # Two at once: the second waits here, and then finds what the first did.
    _bloquear(pk=escuela.pk)
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
    _bloquear(pk=cierre.escuela_id)
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


def ciclo_actual(escuela: Escuela) -> str:
    """The cycle of most of those in force today; empty (all of them) when there is nobody."""
    hoy = escuela.inscripciones.filter(en_situacion(Situacion.VIGENTE, timezone.localdate()))
    cuentas = hoy.order_by().values_list("ciclo").annotate(cuantas=Count("pk"))
    fila = cuentas.order_by("-cuantas", "-ciclo").first()
    return str(fila[0]) if fila else ""


def ciclos(escuela: Escuela | None) -> list[str]:
    """A school's cycles, the latest first."""
    if escuela is None:
        return []
    return list(escuela.inscripciones.order_by("-ciclo").values_list("ciclo", flat=True).distinct())


def por_terminar(hoy: date, dias: int = 30) -> Q:
    """Those in force whose last day comes within so many days."""
    limite = hoy + timedelta(days=dias)
    acaba = Q(fin__lte=limite) | Q(baja__lte=limite + timedelta(days=1))
    return en_situacion(Situacion.VIGENTE, hoy) & acaba


def _abiertas(inscripciones: QuerySet[Inscripcion], fecha: date) -> QuerySet[Inscripcion]:
    return inscripciones.filter(baja=None, alta__lte=fecha, fin__gte=fecha)
