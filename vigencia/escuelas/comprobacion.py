"""Whether an NSS is the one of a CURP, asked by a school: so many a day, and written down."""

from collections.abc import Sequence
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from nss_portal.personas.models import Persona
from vigencia.models import Comprobacion, Escuela

# A day, a school. The largest school, its whole list several times over; and the mistakes of a careless list,
# which is far from what guessing numbers would take.
TOPE_DIARIO = 100_000
TOPE_DE_FALLIDAS = 1_000
# Somebody without a number is no guess: in a school's first year most may have none, and the list of them is
# what it uploads for.
TOPE_SIN_NSS = 50_000


class Falta(StrEnum):
    """Why there is no answer. Never which number would be the right one."""

    DESCONOCIDA = "desconocida"
    SIN_NSS = "sin-nss"
    NO_CORRESPONDE = "no-corresponde"
    # No NSS was given, and the person has one.
    NO_ESCRITO = "no-escrito"
    TOPE = "tope"


def comprobar(escuela: Escuela, usuario: Any, pares: Sequence[tuple[str, str]]) -> list[Persona | Falta]:
    """One answer for each (CURP, NSS), both normalised: the person, or why not. The NSS may be empty.

    Counts against the school's day and writes how many were asked, in one transaction and with the same
    few queries for one pair as for two thousand. Past a cap every answer is TOPE, right or wrong: one that
    only the wrong ones got would still be an answer.
    """
    if not pares:
        return []
    with transaction.atomic():
        # Two uploads at once must not spend the same day twice; SQLite's transaction already is the only one.
        Escuela.objects.select_for_update(no_key=True).get(pk=escuela.pk)
        libres, fallables, sin_numero = _quedan(escuela)
        personas = Persona.objects.por_curp(curp for curp, _ in pares)
        respuestas: list[Persona | Falta] = []
        hechas = fallidas = sin_nss = 0
        for curp, nss in pares:
            if hechas >= libres or fallidas >= fallables or sin_nss >= sin_numero:
                respuestas.append(Falta.TOPE)
                continue
            respuesta = _responder(personas.get(curp), nss)
            hechas += 1
            sin_nss += respuesta is Falta.SIN_NSS
            fallidas += respuesta in (Falta.DESCONOCIDA, Falta.NO_CORRESPONDE)
            respuestas.append(respuesta)
        if hechas:
            Comprobacion.objects.create(
                escuela=escuela, usuario=usuario, cuantas=hechas, fallidas=fallidas, sin_nss=sin_nss
            )
    return respuestas


def _responder(persona: Persona | None, nss: str) -> Persona | Falta:
    if persona is None:
        return Falta.DESCONOCIDA
    if persona.nss is None:
        return Falta.SIN_NSS
    if not nss:
        return Falta.NO_ESCRITO  # no number was tried: it is a check, and no guess
    return persona if persona.nss == nss else Falta.NO_CORRESPONDE


def _quedan(escuela: Escuela) -> tuple[int, int, int]:
    """How many checks the school has left today (of Mexico City); how many may fail, or find no number."""
    desde = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    hoy = Comprobacion.objects.filter(escuela=escuela, cuando__gte=desde)
    usadas = hoy.aggregate(**{cual: Sum(cual, default=0) for cual in ("cuantas", "fallidas", "sin_nss")})
    return (
        TOPE_DIARIO - usadas["cuantas"],
        TOPE_DE_FALLIDAS - usadas["fallidas"],
        TOPE_SIN_NSS - usadas["sin_nss"],
    )
