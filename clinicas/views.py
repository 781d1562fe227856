"""What is step 3's own on the web: the choice of clinic and its change. The rest is `web.pantallas`."""

import uuid
from http import HTTPStatus

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinicas import alta, registro
from clinicas.forms import EleccionForm
from clinicas.paso import eleccion as elegir
from nss_portal.api import app
from nss_portal.tramites.maquina import NoPuedeSeguir
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.tramites.paso import Paso
from nss_portal.web import pantallas
from nss_portal.web.paginas import expirada

# Two tabs that chose differently: the first to confirm wins, and the other one says so.
YA_HABIAS = (
    "Ya te habías registrado desde otra pestaña: lo que elegiste en esta no se aplicó. Si prefieres esa "
    "opción, usa «Cambiar de clínica o de turno»."
)


def _es_lo_mismo(tramite: Tramite, enviado: QueryDict) -> bool:
    """Whether what another click confirmed is what this one asks for."""
    assert tramite.persona
    lugar = alta.activa(tramite.persona)
    actual = (lugar.consultorio.clinica_id, lugar.consultorio.turno) if lugar else None
    return actual == (enviado.get("clinica"), enviado.get("turno"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def eleccion(request: HttpRequest, pk: uuid.UUID, paso: Paso) -> HttpResponse:
    """Choose, review, confirm. Whatever another tab did first stands, and the page shows it."""
    mio = pantallas.mio(request, paso, pk)
    if mio is None:
        return expirada(request)
    if request.method != "POST":
        return redirect(mio)
    if mio.estado not in (Estado.ELECCION, Estado.REVISION):
        if "confirmar" in request.POST and mio.persona and not _es_lo_mismo(mio, request.POST):
            messages.warning(request, YA_HABIAS)
        return redirect(mio)
    if "cambiar" in request.POST:
        registro.volver_a_elegir(mio)
        return redirect(mio)
    form = _elegida(mio, request.POST)
    if not form.is_valid():
        return pantallas.dibujar(request, paso, mio, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    clinica, turno = form.cleaned_data["clinica"], form.cleaned_data["turno"]
    if request.POST.get("confirmar") != "1":
        registro.elegir(mio, clinica, turno)
        return redirect(mio)
    try:
        if not registro.confirmar(mio, clinica, turno):
            messages.warning(request, YA_HABIAS)
    except NoPuedeSeguir:
        messages.warning(
            request, "No se registró nada, por una falla de nuestro lado. Intenta en unos minutos."
        )
    except alta.SinLugar as error:
        registro.volver_a_elegir(mio)
        messages.warning(request, f"{error} Elige otra opción: no se registró nada.")
    return redirect(mio)


def _elegida(tramite: Tramite, enviado: QueryDict) -> EleccionForm:
    """The form of the choice, as it was sent. One that is wrong takes the trámite back to choosing."""
    form = elegir(tramite, enviado)
    if not form.is_valid():
        registro.volver_a_elegir(tramite)
    return form


@require_POST
def eleccion_en_la_app(request: HttpRequest, pk: uuid.UUID, paso: Paso) -> HttpResponse:
    """Choose, or go back to choosing: answered with the next screen. The App confirms through its API."""
    mio = app.mio(request, pk, Tramite.Tipo.CLINICA)
    if mio.estado not in (Estado.ELECCION, Estado.REVISION):
        return app.dibujar(request, paso, mio)
    if "cambiar" in request.POST:
        registro.volver_a_elegir(mio)
        return app.dibujar(request, paso, mio)
    form = _elegida(mio, request.POST)
    if not form.is_valid():
        return app.dibujar(request, paso, mio, status=HTTPStatus.UNPROCESSABLE_ENTITY, form=form)
    registro.elegir(mio, form.cleaned_data["clinica"], form.cleaned_data["turno"])
    return app.dibujar(request, paso, mio)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cambiar(request: HttpRequest, pk: uuid.UUID, paso: Paso) -> HttpResponse:
    """From the clinic that there is to another one: a trámite of its own, with its own documents."""
    mio = pantallas.mio(request, paso, pk)
    if mio is None:
        return expirada(request)
    if request.method != "POST" or mio.estado not in (Estado.RESUELTO, Estado.FINALIZADO):
        return redirect(mio)
    try:
        return redirect(registro.cambiar(mio))
    except IntegrityError:  # the other click was first
        return redirect(registro.cambiar(mio))
