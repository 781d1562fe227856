"""The demonstration's enrolments: dated from today, because a fixture's would grow old."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import batched
from typing import NamedTuple

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from nss_portal.demo import ficticias
from nss_portal.personas.models import Persona
from nss_portal.territorio import catalogo
from vigencia.escuelas import grupos
from vigencia.escuelas.inscripciones import elegir_registro
from vigencia.models import Escuela, Inscripcion, Nivel, RegistroPatronal, Responsable

# Of fixtures/escuelas.json.
UNIVERSIDAD, TECNOLOGICO, BACHILLERATO = "21DUE9901A", "28DTF9903C", "09EBM9902B"
ESCUELAS = [UNIVERSIDAD, TECNOLOGICO, BACHILLERATO]
# Users of the admin (`datos_demo` makes them) and the school that each answers for.
RESPONSABLES = {"escuela-a": UNIVERSIDAD, "escuela-b": TECNOLOGICO}
# The sample people whose enrolments are made, and kept, as their case says.
CASOS = ["vigente", "baja", "ciclo-terminado", "nunca-inscrito", "con-clinica"]
_LOTE = 1_000


class Ciclo(NamedTuple):
    nombre: str
    alta: date
    fin: date

    @classmethod
    def del_dia(cls, hoy: date) -> "Ciclo":
        """The school year that is running: from August to the next one's, while everybody enrols again.

        It changes on the 16th, so whoever is covered today still is for two weeks at least, although the
        command does not run again.
        """
        anio = hoy.year if (hoy.month, hoy.day) >= (8, 16) else hoy.year - 1
        return cls(f"{anio}-{anio + 1}", date(anio, 8, 1), date(anio + 1, 8, 31))

    def anterior(self) -> "Ciclo":
        """The one before, which is over: it ended in July."""
        anio = self.alta.year
        return Ciclo(f"{anio - 1}-{anio}", date(anio - 1, 8, 1), date(anio, 7, 31))


@dataclass
class Plan:
    """An enrolment as it should be."""

    escuela: str
    nivel: Nivel
    matricula: str
    ciclo: str
    alta: date
    fin: date
    baja: date | None = None

    @classmethod
    def de_ciclo(cls, escuela: str, nivel: Nivel, matricula: str, ciclo: Ciclo) -> "Plan":
        return cls(escuela, nivel, matricula, *ciclo)

    def aplicar(self, inscripcion: Inscripcion, registro: RegistroPatronal) -> bool:
        """Write it on the row, not saved; whether that changed it."""
        causa = Inscripcion.Causa.VOLUNTARIA if self.baja else ""
        # Nothing is said of it but the alta or, since, the baja: that is its last movement.
        datos = {
            "escuela_id": self.escuela,
            "registro_id": registro.pk,
            "ciclo": self.ciclo,
            "matricula": self.matricula,
            "nivel": self.nivel,
            "alta": self.alta,
            "fin": self.fin,
            "baja": self.baja,
            "causa": causa,
            "lote_id": None,
            "cierre_id": None,
            "creada": _al_comenzar(self.alta),
            "movida": _al_comenzar(self.baja or self.alta),
        }
        cambia = any(getattr(inscripcion, campo) != dato for campo, dato in datos.items())
        for campo, dato in datos.items():
            setattr(inscripcion, campo, dato)
        return cambia


@dataclass
class Informe:
    casos: int = 0
    nuevas: int = 0
    renovadas: int = 0


class FaltanPersonas(Exception):
    """The sample people are not in the database."""


def inscribir(por_escuela: int, hoy: date | None = None) -> Informe:
    """Leave the demonstration's enrolments as they should be today. Safe to call twice.

    The sample cases always go back to what they say, whatever was tried with them. The other people, up to
    `por_escuela` in each school and always the same, are only added: what a school did with them stays, but
    for an end that comes close and is put off.
    """
    hoy = hoy or timezone.localdate()
    registros = _registros()
    with transaction.atomic():
        informe = Informe(casos=_inscribir_casos(hoy, registros))
        _inscribir_a_los_demas(por_escuela, hoy, registros, informe)
        _nombrar_responsables()
    return informe


def _registros() -> dict[str, list[RegistroPatronal]]:
    """Those of each school; the fixture is loaded first where one is missing."""
    if Escuela.objects.filter(pk__in=ESCUELAS).count() < len(ESCUELAS):
        catalogo.entidades()
        call_command("loaddata", "escuelas", verbosity=0)
    registros: dict[str, list[RegistroPatronal]] = {escuela: [] for escuela in ESCUELAS}
    for registro in RegistroPatronal.objects.filter(escuela__in=ESCUELAS):
        registros[registro.escuela_id].append(registro)
    return registros


def _registro(registros: dict[str, list[RegistroPatronal]], plan: Plan) -> RegistroPatronal:
    todos = registros[plan.escuela]
    # Staff may have changed the school's: any will do for a demonstration.
    return elegir_registro(todos, plan.nivel) or todos[0]


def plan_de_casos(hoy: date) -> dict[str, Plan | None]:
    """What each sample case should have: one enrolment, or none."""
    ciclo = Ciclo.del_dia(hoy)
    hace_unas_semanas = hoy - timedelta(days=24)
    baja = Plan.de_ciclo(UNIVERSIDAD, Nivel.SUPERIOR, "UE220358", Ciclo.del_dia(hace_unas_semanas))
    baja.baja = hace_unas_semanas
    return {
        "vigente": Plan.de_ciclo(UNIVERSIDAD, Nivel.SUPERIOR, "UE230417", ciclo),
        "baja": baja,
        "ciclo-terminado": Plan.de_ciclo(TECNOLOGICO, Nivel.POSGRADO, "TF200126", ciclo.anterior()),
        "nunca-inscrito": None,
        # Its clinic is another app's to give: here it only is covered, without which nobody has one.
        "con-clinica": Plan.de_ciclo(TECNOLOGICO, Nivel.SUPERIOR, "TF210549", ciclo),
    }


def _inscribir_casos(hoy: date, registros: dict[str, list[RegistroPatronal]]) -> int:
    """How many of the cases had to be changed."""
    curps = {caso.caso: caso.curp for caso in ficticias.CASOS if caso.caso in CASOS}
    personas = Persona.objects.in_bulk(curps.values(), field_name="curp")
    if len(personas) < len(CASOS):
        raise FaltanPersonas
    cambiados = 0
    for caso, plan in plan_de_casos(hoy).items():
        persona = personas[curps[caso]]
        suyas = Inscripcion.objects.filter(persona=persona)
        # Put right, not made again, so that its address in the admin stays. One of another school is another.
        inscripcion = plan and suyas.filter(escuela=plan.escuela).order_by("pk").first()
        inscripcion = inscripcion or Inscripcion(persona=persona)
        sobran = suyas.exclude(pk=inscripcion.pk).delete()[0]
        cambia = bool(plan and plan.aplicar(inscripcion, _registro(registros, plan)))
        if cambia:
            inscripcion.save()
        cambiados += cambia or sobran > 0
    return cambiados


def gente(por_escuela: int) -> Iterator[tuple[str, str, int]]:
    """CURP, school and number of each of the other people: the first synthetic ones that come with an NSS."""
    numero = 0
    # One of three has one.
    for persona in ficticias.personas_sinteticas(3 * len(ESCUELAS) * por_escuela):
        if persona.nss:
            yield persona.curp, ESCUELAS[numero % len(ESCUELAS)], numero // len(ESCUELAS)
            numero += 1


def planes(escuela: str, numero: int, hoy: date) -> list[Plan]:
    """What the person number `numero` of a school should have: of everything that a school sees, somebody."""
    ciclo = Ciclo.del_dia(hoy)
    anterior = ciclo.anterior()
    nivel = Nivel.MEDIO_SUPERIOR if escuela == BACHILLERATO else Nivel.SUPERIOR
    if escuela == UNIVERSIDAD and numero % 6 == 5:
        nivel = Nivel.POSGRADO
    prefijo = {UNIVERSIDAD: "UE", TECNOLOGICO: "TF", BACHILLERATO: "BM"}[escuela]
    matricula = f"{prefijo}9{numero:05d}"
    antes = Plan.de_ciclo(escuela, nivel, matricula, anterior)
    ahora = Plan.de_ciclo(escuela, nivel, matricula, ciclo)
    match numero % 10:
        case 6:  # covered, and not for long
            ahora.fin = hoy + _POR_TERMINAR
            return [ahora]
        case 7:  # left within the year
            ahora.baja = max(ciclo.alta, hoy - timedelta(days=30 + numero % 30))
            return [antes, ahora]
        case 8:  # has not come back
            return [antes]
        case 9:  # came late
            ahora.alta = max(ciclo.alta, hoy - timedelta(days=12))
            return [ahora]
        case 0 | 1 | 2:
            return [antes, ahora]
    return [ahora]


_POR_TERMINAR = timedelta(days=20)


def _inscribir_a_los_demas(
    por_escuela: int, hoy: date, registros: dict[str, list[RegistroPatronal]], informe: Informe
) -> None:
    ciclo = Ciclo.del_dia(hoy)
    for lote in batched(gente(por_escuela), _LOTE):
        ids = dict(
            Persona.objects.filter(curp__in=[curp for curp, *_ in lote], nss__isnull=False).values_list(
                "curp", "pk"
            )
        )
        hay = {
            (fila.persona_id, fila.escuela_id, fila.ciclo): fila
            for fila in Inscripcion.objects.filter(persona__in=ids.values())
        }
        nuevas, renovadas = [], []
        for curp, escuela, numero in lote:
            if curp not in ids:
                continue
            for plan in planes(escuela, numero, hoy):
                fila = hay.get((ids[curp], escuela, plan.ciclo))
                if fila is None:
                    nuevas.append(fila := Inscripcion(persona_id=ids[curp]))
                    plan.aplicar(fila, _registro(registros, plan))
                # Its end comes closer every day: without this there would be nobody soon.
                elif (
                    numero % 10 == 6 and fila.ciclo == ciclo.nombre and not fila.baja and fila.fin != plan.fin
                ):
                    fila.fin = plan.fin
                    renovadas.append(fila)
        Inscripcion.objects.bulk_create(nuevas)
        Inscripcion.objects.bulk_update(renovadas, ["fin"], batch_size=_LOTE)
        informe.nuevas += len(nuevas)
        informe.renovadas += len(renovadas)


def _nombrar_responsables() -> None:
    """Give each demonstration user its school. Whom staff moved to another one stays there."""
    for usuario in User.objects.filter(username__in=RESPONSABLES):
        responsable, _ = Responsable.objects.get_or_create(
            usuario=usuario, defaults={"escuela_id": RESPONSABLES[usuario.username]}
        )
        grupos.nombrar(responsable.usuario)


def _al_comenzar(dia: date) -> datetime:
    return timezone.make_aware(datetime.combine(dia, time.min))
