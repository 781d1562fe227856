"""The figures of a school's start page, and who of its lists still has no NSS."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import batched

from django.db.models import Count

from nss_portal.personas.identidad import normalizar_curp
from nss_portal.personas.models import Persona
from vigencia.escuelas.archivo.revision import FALTAS
from vigencia.escuelas.comprobacion import Falta
from vigencia.escuelas.inscripciones import Situacion, en_situacion, por_terminar
from vigencia.models import Escuela, Lote, Renglon

_CICLOS = 6
_LOTES = 5
# The latest files in which somebody without a number is looked for.
_ARCHIVOS = 20


@dataclass(frozen=True)
class Ciclo:
    ciclo: str
    total: int
    vigentes: int


@dataclass(frozen=True)
class Panel:
    hoy: date
    inscritos: int
    por_terminar: int
    ciclos: list[Ciclo]
    lotes: list[Lote]

    @property
    def mayor(self) -> int:
        """The longest bar."""
        return max((ciclo.total for ciclo in self.ciclos), default=0)


@dataclass(frozen=True)
class SinNss:
    """As the school's own file has them: what the registry says of a CURP is not for schools."""

    curp: str
    nombre: str
    matricula: str


def panel(escuela: Escuela, hoy: date) -> Panel:
    """What the start page says, in three queries whatever the size of the school."""
    vigentes = escuela.inscripciones.filter(en_situacion(Situacion.VIGENTE, hoy))
    cuentas = vigentes.aggregate(
        inscritos=Count("persona", distinct=True),
        por_terminar=Count("persona", distinct=True, filter=por_terminar(hoy)),
    )
    ciclos = (
        escuela.inscripciones.order_by("-ciclo")
        .values_list("ciclo")
        .annotate(total=Count("pk"), vigentes=Count("pk", filter=en_situacion(Situacion.VIGENTE, hoy)))
    )
    return Panel(
        hoy=hoy,
        **cuentas,
        ciclos=[Ciclo(*fila) for fila in ciclos[:_CICLOS]],
        lotes=list(escuela.lotes.order_by("-creado")[:_LOTES]),
    )


def sin_nss(escuela: Escuela) -> list[SinNss]:
    """Who was refused in the latest files for having no NSS and has none still; each once, by name."""
    lotes = list(escuela.lotes.order_by("-creado").values_list("pk", flat=True)[:_ARCHIVOS])
    filas = Renglon.objects.filter(lote__in=lotes, veredicto=Renglon.Veredicto.ERROR)
    filas = filas.filter(motivos__startswith=FALTAS[Falta.SIN_NSS]).order_by()
    leidos = {
        persona.curp: persona for persona in map(_leer, filas.values_list("datos", flat=True).iterator())
    }
    siguen = set(_sin_numero(list(leidos)))
    return sorted((leidos[curp] for curp in siguen), key=lambda persona: (persona.nombre, persona.curp))


def _leer(datos: dict[str, str]) -> SinNss:
    partes = (datos.get(parte, "").strip() for parte in ("primer_apellido", "segundo_apellido", "nombres"))
    return SinNss(
        curp=normalizar_curp(datos.get("curp", "")),
        nombre=" ".join(filter(None, partes)),
        matricula=datos.get("matricula", ""),
    )


def _sin_numero(curps: list[str]) -> Iterator[str]:
    for trozo in batched(curps, 1000):
        yield from Persona.objects.sin_nss().filter(curp__in=trozo).values_list("curp", flat=True)
