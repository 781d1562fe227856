"""From when to when, and in which cycle, somebody may be enrolled: one rule for files and for forms. Pure."""

import re
from calendar import monthrange
from datetime import date, timedelta

from vigencia.models.inscripcion import CICLO_MAL, CICLO_REGEX

# Longer than any cycle: one digit wrong in a year would insure somebody for decades.
MESES_MAXIMOS = 24
_ANIOS = range(1990, 2101)
FECHA_LEJANA = "no es de estos años."
MUERTE_FUTURA = "Una defunción no puede ser de un día que no ha llegado."
# The latest alta that means something is the first day of the next cycle, and no cycle is longer than a year.
ANTELACION = timedelta(days=366)


def leer_ciclo(escrito: str) -> str:
    """A cycle with plain hyphens; ValueError when it is none. The constraint cannot see that years follow."""
    ciclo = re.sub(r"\s*[-/–—]\s*", "-", escrito.strip())
    if not re.fullmatch(CICLO_REGEX, ciclo):
        raise ValueError(CICLO_MAL)
    empieza, _, sigue = ciclo.partition("-")
    if len(sigue) == 4 and int(sigue) != int(empieza) + 1:
        raise ValueError(CICLO_MAL)
    return ciclo


def ciclo_de(dia: date) -> tuple[str, date]:
    """The school year of a day, and its last day: from August to July."""
    empieza = dia.year if dia.month >= 8 else dia.year - 1
    return f"{empieza}-{empieza + 1}", date(empieza + 1, 7, 31)


def de_estos_anios(dia: date) -> bool:
    return dia.year in _ANIOS


def alta_imposible(alta: date, nacimiento: date | None, hoy: date) -> str:
    """Why nobody can be enrolled from that day on; empty when they can. The birth is None when not known."""
    if alta > hoy + ANTELACION:
        return f"El alta ({alta:%d/%m/%Y}) no puede quedar a más de un año de hoy."
    if nacimiento and alta < nacimiento:
        return f"El alta ({alta:%d/%m/%Y}) es anterior al nacimiento que dice la CURP."
    return ""


def es_antigua(alta: date, hoy: date) -> bool:
    """Whether that alta is of more than a year ago: odd of somebody whom the school did not have."""
    return alta < hoy - ANTELACION


def fin_maximo(alta: date) -> date:
    """The latest day that an enrolment of that day may end."""
    anio, mes = divmod(alta.year * 12 + alta.month - 1 + MESES_MAXIMOS, 12)
    return date(anio, mes + 1, min(alta.day, monthrange(anio, mes + 1)[1]))


def fin_excesivo(alta: date, fin: date) -> str:
    """What is wrong with an end that is too far; empty when it is not."""
    ultimo = fin_maximo(alta)
    if fin <= ultimo:
        return ""
    return f"El fin queda a más de {MESES_MAXIMOS} meses del alta: puede ser hasta el {ultimo:%d/%m/%Y}."


def ciclo_ajeno(ciclo: str, alta: date) -> str:
    """What is odd of an alta that is years away from its cycle; empty when it fits."""
    if alta.year - 1 <= int(ciclo[:4]) <= alta.year + 1:
        return ""
    return f"El alta ({alta:%d/%m/%Y}) no es del ciclo {ciclo}."
