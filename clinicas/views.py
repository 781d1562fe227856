"""Step 3 on the web: the form, the choice of clinic, its review; the rest is `nss_portal.pasos`."""

import uuid
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinicas import alta, cercania, registro
from clinicas.forms import ClinicaForm, EleccionForm
from clinicas.models import Peticion
from nss_portal.demo import ficticias
from nss_portal.tramites.maquina import NoPuedeSeguir
from nss_portal.tramites.models import Domicilio, Estado, Tramite
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


def _guardar(tramite: Tramite, datos: dict[str, Any]) -> None:
    Peticion.objects.create(tramite=tramite, codigo_postal=datos["codigo_postal"])


def _partes(tramite: Tramite, sucesos: pantallas.Sucesos) -> list[pantallas.Parte]:
    visto = sucesos.get(Estado.ELECCION) or sucesos.get(Estado.REVISION) or sucesos.get(Estado.EMITIENDO)
    partes: list[pantallas.Parte] = [
        ("Buscar tu CURP en el registro de población", visto),
        ("Comprobar tu vigencia de derechos", visto),
        ("Buscar la clínica de tu código postal", visto),
    ]
    if Estado.ELECCION in sucesos or Estado.REVISION in sucesos:
        partes.append(("Registrarte en la clínica que elegiste", sucesos.get(Estado.EMITIENDO)))
    return partes


def _inicial(ultimo: Tramite) -> dict[str, Any]:
    """The postal code that was typed before, here or in the address of step 1."""
    peticion = Peticion.objects.filter(tramite=ultimo).first()
    if peticion:
        return {"codigo_postal": peticion.codigo_postal_id}
    suyos = Tramite.objects.del_navegador(ultimo.navegador).filter(curp=ultimo.curp)
    domicilio = Domicilio.objects.filter(tramite__in=suyos).order_by("-tramite__creado").first()
    return {"codigo_postal": domicilio.codigo_postal_id} if domicilio else {}


def _contexto(tramite: Tramite, pantalla: str) -> dict[str, Any]:
    if pantalla == "rechazo":
        falta = Peticion.objects.values_list("falta", flat=True).get(tramite=tramite)
        return {"falta": falta, "ejemplos": ficticias.ejemplos() if settings.DEMO else []}
    if pantalla in ("resultado", "finalizado"):
        # What was certified, not what may have changed since.
        lugar, peticion = tramite.documentos.all()[0].datos, _peticion(tramite)
        return {
            "alta": lugar,
            "peticion": peticion,
            "en_otra_parte": _en_otra_parte(tramite, lugar, peticion),
        }
    if pantalla in ("eleccion", "revision"):
        peticion = _peticion(tramite)
        form = EleccionForm(opciones=cercania.opciones(peticion.codigo_postal), peticion=peticion)
        assert tramite.persona
        return {"peticion": peticion, "form": form, "actual": alta.activa(tramite.persona)}
    return {}


def _en_otra_parte(tramite: Tramite, lugar: dict[str, Any], peticion: Peticion) -> bool:
    """Whether the postal code that was typed leads to other clinics than the one they already have."""
    if tramite.resultado != Tramite.Resultado.YA_REGISTRADO:
        return False
    return lugar["clues"] not in [o.clinica.pk for o in cercania.opciones(peticion.codigo_postal)]


def _peticion(tramite: Tramite) -> Peticion:
    return Peticion.objects.select_related(
        "codigo_postal__municipio__entidad", "clinica__municipio", "clinica__entidad"
    ).get(tramite=tramite)


PASO = pantallas.Paso(
    Tramite.Tipo.CLINICA, "clinicas", ClinicaForm, _partes, _guardar, _inicial, _contexto, registro.ya_no
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
def eleccion(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Choose, review, confirm. Whatever another tab did first stands, and the page shows it."""
    mio = pantallas.mio(request, PASO, pk)
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
    peticion = _peticion(mio)
    form = EleccionForm(request.POST, opciones=cercania.opciones(peticion.codigo_postal), peticion=peticion)
    if not form.is_valid():
        registro.volver_a_elegir(mio)
        return pantallas.dibujar(request, PASO, mio, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
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


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cambiar(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """From the clinic that there is to another one: a trámite of its own, with its own documents."""
    mio = pantallas.mio(request, PASO, pk)
    if mio is None:
        return expirada(request)
    if request.method != "POST" or mio.estado not in (Estado.RESUELTO, Estado.FINALIZADO):
        return redirect(mio)
    try:
        return redirect(registro.cambiar(mio))
    except IntegrityError:  # the other click was first
        return redirect(registro.cambiar(mio))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def finalizar(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return pantallas.finalizar(request, PASO, pk)
