"""Open figures of the portal: totals only, nothing that could point at one person."""

from typing import NamedTuple

from django.db.models import Count, Q

from nss_portal.documentos.models import Documento
from nss_portal.personas.models import Persona
from nss_portal.territorio.models import CodigoPostal, Colonia, Municipio
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.tramites.paso import Camino

ANCHO = 560  # of the longest bar, in the drawing's own units


class DelPaso(NamedTuple):
    """How many began a step and how many have their answer; and the lengths of its two bars."""

    numero: int
    titulo: str
    recibidos: int
    resueltos: int
    barra_recibidos: int
    barra_resueltos: int


def totales() -> list[tuple[str, int]]:
    return [
        ("Códigos postales del catálogo", CodigoPostal.objects.count()),
        ("Municipios y alcaldías", Municipio.objects.count()),
        ("Colonias", Colonia.objects.vigentes().count()),
        ("Personas con NSS", Persona.objects.exclude(nss=None).count()),
        ("Trámites recibidos", Tramite.objects.count()),
        ("Documentos emitidos", Documento.objects.exclude(emitido=None).count()),
    ]


def por_paso(camino: Camino) -> list[DelPaso]:
    resuelto = Q(estado__in=[Estado.RESUELTO, Estado.FINALIZADO])
    cuentas = {
        cuenta["tipo"]: (cuenta["recibidos"], cuenta["resueltos"])
        for cuenta in Tramite.objects.values("tipo").annotate(
            recibidos=Count("pk"), resueltos=Count("pk", filter=resuelto)
        )
    }
    mayor = max((recibidos for recibidos, _ in cuentas.values()), default=0) or 1
    pasos = []
    for numero, paso in enumerate(camino, 1):
        recibidos, resueltos = cuentas.get(paso.tipo, (0, 0))
        barras = ANCHO * recibidos // mayor, ANCHO * resueltos // mayor
        pasos.append(DelPaso(numero, paso.titulo, recibidos, resueltos, *barras))
    return pasos


def filas(camino: Camino) -> list[tuple[str, int]]:
    """All of it, a figure a line, for programs."""
    de_pasos = por_paso(camino)
    return [
        *totales(),
        *((f"Paso {paso.numero}: recibidos", paso.recibidos) for paso in de_pasos),
        *((f"Paso {paso.numero}: resueltos", paso.resueltos) for paso in de_pasos),
    ]
