"""Step 2 on the web: what of it is its own; the rest is `nss_portal.pasos`."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from nss_portal.demo import ficticias
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.web import pantallas
from nss_portal.web.paginas import expirada
from vigencia.forms import VigenciaForm
from vigencia.models import Consulta
from vigencia.verificacion import ya_no


def _guardar(tramite: Tramite, datos: dict[str, Any]) -> None:
    Consulta.objects.create(tramite=tramite, nss=datos["nss"])


def _partes(tramite: Tramite, sucesos: pantallas.Sucesos) -> list[pantallas.Parte]:
    visto = sucesos.get(Estado.EMITIENDO)
    return [
        ("Buscar tu CURP en el registro de población", visto),
        ("Comprobar que el NSS sea de esa CURP", visto),
        ("Buscar la inscripción que hizo tu escuela", visto),
    ]


def _inicial(ultimo: Tramite) -> dict[str, Any]:
    """The NSS that this browser has been shown, or that it typed."""
    if ultimo.estado == Estado.RECHAZADO:
        consulta = Consulta.objects.filter(tramite=ultimo).first()
        return {"nss": consulta.nss} if consulta else {}
    return {"nss": ultimo.persona.nss} if ultimo.persona else {}


def _contexto(tramite: Tramite, pantalla: str) -> dict[str, Any]:
    if pantalla == "rechazo" and settings.DEMO:
        return {"ejemplos": ficticias.ejemplos()}
    if pantalla in ("resultado", "finalizado"):
        # What was certified, not what may have changed since.
        return {"reporte": tramite.documentos.get().datos}
    return {}


PASO = pantallas.Paso(
    Tramite.Tipo.VIGENCIA, "vigencia", VigenciaForm, _partes, _guardar, _inicial, _contexto, ya_no
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def solicitar(request: HttpRequest) -> HttpResponse:
    return pantallas.solicitar(request, PASO)


@never_cache
@require_safe
def tramite(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return pantallas.tramite(request, PASO, pk)


@never_cache
@require_safe
def estado(request: HttpRequest, pk: uuid.UUID) -> JsonResponse:
    return pantallas.estado(request, PASO, pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def finalizar(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return pantallas.finalizar(request, PASO, pk)


@never_cache
@require_safe
def hoja(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One sheet to hand in at the school, or to forward: who asks, and with which numbers."""
    suyo = pantallas.mio(request, PASO, pk)
    if suyo is None or suyo.estado not in (Estado.RESUELTO, Estado.FINALIZADO):
        return expirada(request)
    contexto = {"tramite": suyo, "paso": PASO, "reporte": suyo.documentos.get().datos}
    return render(request, "vigencia/hoja.html", contexto)
