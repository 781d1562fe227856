"""Step 1 on the web: what of it is its own; the rest is `nss_portal.pasos`."""

import uuid
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from afiliacion.forms import DomicilioForm, NssForm
from nss_portal.demo import ficticias
from nss_portal.tramites import maquina
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.web import pantallas
from nss_portal.web.paginas import expirada


def _partes(tramite: Tramite, sucesos: pantallas.Sucesos) -> list[pantallas.Parte]:
    identificado = sucesos.get(Estado.DOMICILIO) or sucesos.get(Estado.EMITIENDO)
    partes: list[pantallas.Parte] = [
        ("Buscar tu CURP en el registro de población", identificado),
        ("Buscar si ya tienes un NSS", identificado),
    ]
    if Estado.DOMICILIO in sucesos:
        partes += [
            ("Recibimos tu domicilio", sucesos.get(Estado.ASIGNANDO)),
            ("Asignar tu NSS", sucesos.get(Estado.EMITIENDO)),
        ]
    return partes


def _contexto(tramite: Tramite, pantalla: str) -> dict[str, Any]:
    if pantalla == "domicilio":
        return {"form": DomicilioForm()}
    if pantalla == "rechazo" and settings.DEMO:
        return {"ejemplos": ficticias.ejemplos()}
    return {}


PASO = pantallas.Paso(Tramite.Tipo.NSS, "afiliacion", NssForm, _partes, contexto=_contexto)


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
def domicilio(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    mio = pantallas.mio(request, PASO, pk)
    if mio is None:
        return expirada(request)
    if request.method != "POST" or mio.estado != Estado.DOMICILIO:
        return redirect(mio)
    form = DomicilioForm(request.POST)
    if "buscar_cp" in request.POST:
        form.solo_codigo_postal()
        return pantallas.dibujar(request, PASO, mio, form=form)
    if not form.is_valid():
        return pantallas.dibujar(request, PASO, mio, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    with transaction.atomic():
        if mio.mover(Estado.ASIGNANDO):
            form.guardar(mio)
            maquina.encolar(mio)
    return redirect(mio)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def finalizar(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return pantallas.finalizar(request, PASO, pk)
