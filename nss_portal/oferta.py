"""What this portal offers: the kinds of trámite, and which of them are the student's path."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

import afiliacion.paso
import clinicas.paso
import vigencia.paso
from clinicas.registro import adscripcion
from nss_portal.correo.models import Envio
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.tramites.paso import Camino, Oferta, etapas
from nss_portal.web import sesion

NSS, CLINICA = afiliacion.paso.PASO, clinicas.paso.PASO
VIGENCIA = vigencia.paso.paso(adscripcion)
OFERTA: Oferta = {paso.tipo: paso for paso in (NSS, VIGENCIA, CLINICA)}
CAMINO: Camino = (NSS, VIGENCIA, CLINICA)


def sigue_siendo_cierto(envio: Envio) -> bool:
    """Whether a notice that is about to go out still holds. Those that nobody claims always do."""
    duenos = (paso.avisos[envio.aviso] for paso in OFERTA.values() if envio.aviso in paso.avisos)
    return all(sigue(envio) for sigue in duenos)


def en_paginas(request: HttpRequest) -> dict[str, object]:
    """For templates: `camino` is worked out only where a page shows it."""
    return {"camino": SimpleLazyObject(partial(camino, request))}


def camino(request: HttpRequest) -> list[dict[str, Any]]:
    """The path of the person of this browser's latest trámite, as `etapas` says it."""
    ultimos: dict[str, Tramite] = {}
    ultimo = sesion.en_curso(request)
    if ultimo:
        suyos = Tramite.objects.del_navegador(sesion.navegador(request)).filter(curp=ultimo.curp)
        solucion = suyos.filter(estado__in=[Estado.RESUELTO, Estado.FINALIZADO])
        ultimos = {tramite.tipo: tramite for tramite in solucion.order_by("creado")}
    return etapas(CAMINO, _hechos(ultimos), ultimos)


def _hechos(ultimos: dict[str, Tramite]) -> int:
    """How many steps are done. Each stands on the one before: who has a clinic is covered, who was looked up
    has a number.
    """
    vigencia = ultimos.get(VIGENCIA.tipo)
    if CLINICA.tipo in ultimos or _con_clinica(vigencia):
        return 3
    if vigencia and vigencia.resultado == Tramite.Resultado.VIGENTE:
        return 2
    return 1 if any(paso.tipo in ultimos for paso in CAMINO) else 0


def _con_clinica(vigencia: Tramite | None) -> bool:
    """Whether the report that this browser was given says that they have one."""
    reporte = vigencia.documentos.first() if vigencia else None
    return bool(reporte and reporte.datos["vigente"] and reporte.datos["clinica"])
