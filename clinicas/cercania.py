"""Which clinic serves a postal code: who is known to serve it, else who is near. Never nobody."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from django.db import models
from django.db.models import Q, Window
from django.db.models.functions import RowNumber

from clinicas.models import Clinica, Cobertura, Consultorio
from clinicas.models.consultorio import CON_LUGAR
from nss_portal.territorio.models import CodigoPostal

# How many to choose from when nobody is known to serve the code: the nearest ones.
TOPE = 5
# Of those that are ordered by nearness, how many are first asked for room.
_BLOQUE = 2 * TOPE
# Kilometres past which nobody would call a clinic near.
LEJOS = 50


class Motivo(models.TextChoices):
    """Why a clinic is offered. The text follows «Te la proponemos porque »."""

    COBERTURA = "cobertura", "es la que atiende tu código postal"
    MUNICIPIO = "municipio", "está en tu municipio"
    ENTIDAD = "entidad", "es la más cercana por código postal en tu entidad"
    PAIS = "pais", "en tu entidad no hay una con lugar en el catálogo"


class Razon(models.TextChoices):
    """Why a clinic that would be one of them is not offered."""

    LLENA = "llena", "ya no tiene lugar"
    CERRADA = "cerrada", "está cerrada por ahora"
    RETIRADA = "retirada", "ya no está en el catálogo"


@dataclass(frozen=True)
class Saltada:
    clinica: Clinica
    razon: Razon


@dataclass(frozen=True)
class Opcion:
    clinica: Clinica
    motivo: Motivo
    # As the crow flies, when both ends have coordinates. None: near by the number of its postal code.
    kilometros: float | None
    # One of each turno with room, morning first: the consultorio that would take the person now.
    turnos: tuple[Consultorio, ...]
    # What was passed over while looking for these: the same for all of them.
    saltadas: tuple[Saltada, ...] = ()


@dataclass(frozen=True)
class _Lugar:
    """Where a postal code is."""

    codigo: str
    municipio: int
    entidad: str
    # Postal codes have no coordinates of their own: those of the clinics that stand in it.
    punto: tuple[float, float] | None = None


def opciones(codigo_postal: CodigoPostal) -> list[Opcion]:
    """The clinics where somebody of this postal code may register, the best one first.

    Those known to serve the code; if none of them has room, those of the municipio; else the nearest of the
    entidad; else of the country. Each says why it is offered and which ones were passed over for lack of
    room. Empty only if no clinic of the country has room. The number of queries does not grow with the rows.
    """
    municipio = codigo_postal.municipio
    lugar = _Lugar(codigo_postal.pk, municipio.pk, municipio.entidad_id)
    cobertura = Cobertura.objects.filter(codigo_postal=lugar.codigo)
    cerca = Clinica.objects.filter(Q(entidad=lugar.entidad) | Q(pk__in=cobertura.values("clinica")))
    directorio = Directorio(cerca, cobertura)
    if hay := directorio.opciones(lugar.codigo, lugar.municipio, lugar.entidad):
        return hay
    return Directorio(Clinica.objects.all(), cobertura).opciones(
        lugar.codigo, lugar.municipio, lugar.entidad, en_el_pais=True
    )


def ninguna_cerca(opciones: list[Opcion]) -> bool:
    """Whether even the nearest one is far: past LEJOS or, where nobody knows how far, in another entidad."""
    if not opciones or opciones[0].motivo == Motivo.COBERTURA:
        return False
    primera = opciones[0]
    return primera.motivo == Motivo.PAIS if primera.kilometros is None else primera.kilometros > LEJOS


def opciones_de_todos() -> Iterator[tuple[str, list[Opcion]]]:
    """Every postal code of the catalogue with its options: in seconds, for whoever looks at them all."""
    directorio = Directorio(Clinica.objects.all(), Cobertura.objects.all())
    directorio.mirar_lugares()
    codigos = CodigoPostal.objects.order_by("pk").values_list("pk", "municipio", "municipio__entidad")
    for codigo, municipio, entidad in codigos.iterator():
        yield codigo, directorio.opciones(codigo, municipio, entidad, en_el_pais=True)


@dataclass
class _Busqueda:
    """What has been found so far for one postal code."""

    opciones: list[Opcion] = field(default_factory=list)
    saltadas: list[Saltada] = field(default_factory=list)
    vistas: set[str] = field(default_factory=set)


class Directorio:
    """Some clinics, read once, and their room, read when it is asked for."""

    def __init__(self, clinicas: models.QuerySet[Clinica], cobertura: models.QuerySet[Cobertura]) -> None:
        self._clinicas = {c.pk: c for c in clinicas.select_related("entidad", "municipio")}
        self._que_cubren: dict[str, list[str]] = {}
        self._de_municipio: dict[int | None, list[Clinica]] = {}
        self._de_entidad: dict[str, list[Clinica]] = {}
        self._de_codigo: dict[str, list[Clinica]] = {}
        self._turnos: dict[str, list[Consultorio]] = {}
        pares = cobertura.order_by("clinica__numero", "clinica")
        for codigo, clues in pares.values_list("codigo_postal", "clinica"):
            self._que_cubren.setdefault(codigo, []).append(clues)
        for clinica in self._clinicas.values():
            if clinica.estado != Clinica.Estado.RETIRADA:
                self._de_municipio.setdefault(clinica.municipio_id, []).append(clinica)
                self._de_entidad.setdefault(clinica.entidad_id, []).append(clinica)
                self._de_codigo.setdefault(clinica.codigo_postal, []).append(clinica)

    def mirar_lugares(self, clues: Iterable[str] | None = None) -> None:
        """Read who has room, of these clinics (of all, without them), in one query."""
        faltan = [c for c in (self._clinicas if clues is None else clues) if c not in self._turnos]
        if not faltan:
            return
        self._turnos |= {clave: [] for clave in faltan}
        # As many variables as clinics there are would be too many for SQLite.
        suyas = Q(clinica__in=faltan) if clues is not None else Q()
        primeros = (
            Consultorio.objects.con_poblacion()
            .filter(suyas, CON_LUGAR, clinica__estado=Clinica.Estado.OPERA)
            .annotate(
                puesto=Window(
                    RowNumber(), partition_by=["clinica", "turno"], order_by=["poblacion", "numero"]
                )
            )
            .filter(puesto=1)
            .order_by("turno")
        )
        for consultorio in primeros:
            if consultorio.clinica_id in self._turnos:
                self._turnos[consultorio.clinica_id].append(consultorio)

    def opciones(
        self, codigo: str, municipio: int, entidad: str, *, en_el_pais: bool = False
    ) -> list[Opcion]:
        lugar = _Lugar(codigo, municipio, entidad, self._punto(codigo))
        busqueda = _Busqueda()
        cubren = [self._clinicas[clues] for clues in self._que_cubren.get(codigo, [])]
        # All of those that serve it; of the others, the nearest.
        self._reunir(busqueda, cubren, Motivo.COBERTURA, lugar, len(cubren))
        etapas = [
            (Motivo.MUNICIPIO, self._de_municipio.get(municipio, [])),
            (Motivo.ENTIDAD, self._de_entidad.get(entidad, [])),
        ]
        if en_el_pais:
            etapas.append((Motivo.PAIS, [c for suyas in self._de_entidad.values() for c in suyas]))
        for motivo, candidatas in etapas:
            if busqueda.opciones:
                break
            self._reunir(busqueda, _por_cercania(candidatas, lugar), motivo, lugar, TOPE)
        return [replace(opcion, saltadas=tuple(busqueda.saltadas)) for opcion in busqueda.opciones]

    def _reunir(
        self, busqueda: _Busqueda, candidatas: list[Clinica], motivo: Motivo, lugar: _Lugar, tope: int
    ) -> None:
        """Add the candidates that have room, up to `tope`, and note those passed over."""
        corte = max(tope, _BLOQUE)
        for bloque in (candidatas[:corte], candidatas[corte:]):
            if len(busqueda.opciones) >= tope:
                return
            self.mirar_lugares(c.pk for c in bloque)
            for clinica in bloque:
                if len(busqueda.opciones) >= tope or clinica.pk in busqueda.vistas:
                    continue
                busqueda.vistas.add(clinica.pk)
                if turnos := self._turnos[clinica.pk]:
                    kilometros = _kilometros(lugar, clinica)
                    busqueda.opciones.append(Opcion(clinica, motivo, kilometros, tuple(turnos)))
                else:
                    busqueda.saltadas.append(Saltada(clinica, _RAZONES[Clinica.Estado(clinica.estado)]))

    def _punto(self, codigo: str) -> tuple[float, float] | None:
        puntos = [
            (c.latitud, c.longitud)
            for c in self._de_codigo.get(codigo, [])
            if c.latitud is not None and c.longitud is not None
        ]
        if not puntos:
            return None
        latitudes, longitudes = zip(*puntos, strict=True)
        return sum(latitudes) / len(puntos), sum(longitudes) / len(puntos)


_RAZONES = {
    Clinica.Estado.OPERA: Razon.LLENA,
    Clinica.Estado.CERRADA: Razon.CERRADA,
    Clinica.Estado.RETIRADA: Razon.RETIRADA,
}


def _por_cercania(clinicas: list[Clinica], lugar: _Lugar) -> list[Clinica]:
    """In the very code first, then by kilometres where they are known, then by the number of the code."""

    def lejos(clinica: Clinica) -> tuple[bool, float, int, str]:
        kilometros = _kilometros(lugar, clinica)
        codigo = clinica.codigo_postal
        salto = abs(int(codigo) - int(lugar.codigo)) if codigo else 100_000
        return salto > 0, math.inf if kilometros is None else kilometros, salto, clinica.pk

    return sorted(clinicas, key=lejos)


def _kilometros(lugar: _Lugar, clinica: Clinica) -> float | None:
    """None too in the code itself: its point is the clinic's own, and «0 km» would say what nobody knows."""
    if clinica.codigo_postal == lugar.codigo or clinica.latitud is None or clinica.longitud is None:
        return None
    return distancia(lugar.punto, (clinica.latitud, clinica.longitud)) if lugar.punto else None


def distancia(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Kilometres between two points (latitude, longitude in degrees), over a round Earth."""
    (lat_a, lon_a), (lat_b, lon_b) = ([math.radians(grados) for grados in punto] for punto in (a, b))
    h = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * 6371.0 * math.asin(math.sqrt(h))
