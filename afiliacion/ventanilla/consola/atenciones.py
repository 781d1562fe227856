"""A clerk attends a person: the page that follows them from their CURP to their papers."""

import uuid
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from afiliacion.forms import DomicilioForm
from afiliacion.models import Atencion, Empleado
from afiliacion.ventanilla import actos, alcance, hoja
from afiliacion.ventanilla.consola.pagina import MAL, NO_RESPONDE, acto, pagina, volver
from afiliacion.ventanilla.forms import AtenderForm, CodigoPostalForm, CotejoForm
from nss_portal.personas.bitacora import Asiento
from nss_portal.personas.renapo import NoDisponible
from nss_portal.servicio import limites, topes
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.tramites.paso import NoSePudo, Oferta

# To begin ---------------------------------------------------------------------------------------


def atender(request: HttpRequest) -> HttpResponse:
    """CURP and reason, by POST: no address carries a CURP."""
    empleado = alcance.exigir(request.user, "add_atencion")
    form = AtenderForm(request.POST if request.method == "POST" else None)
    status = HTTPStatus.OK
    if form.is_bound:
        atencion, status = _empezar(empleado, form)
        if atencion:
            return volver(atencion)
    return pagina(request, "atender.html", "Atender a una persona", status=status, form=form)


def _empezar(empleado: Empleado, form: AtenderForm) -> tuple[Atencion | None, HTTPStatus]:
    """The attention that begins; or none, and what the form says then."""
    if not limites.permitir(f"atender:{empleado.usuario_id}", topes.ATENDER):
        form.add_error(None, "Hoy ya buscaste a demasiadas personas. Avisa a quien supervisa.")
    elif form.is_valid():
        try:
            if atencion := actos.atender(empleado, **form.cleaned_data):
                return atencion, HTTPStatus.OK
        except NoDisponible:
            form.add_error(None, NO_RESPONDE)
            return None, HTTPStatus.SERVICE_UNAVAILABLE
        form.add_error(
            "curp",
            "El registro de población no conoce esta CURP. Compárala con la impresa; si está igual, la "
            "persona debe aclararlo en el Registro Civil.",
        )
    return None, MAL


# The page ---------------------------------------------------------------------------------------


def una(request: HttpRequest, pk: uuid.UUID, oferta: Oferta) -> HttpResponse:
    atencion = alcance.abrir(Atencion, request.user, pk)
    if request.method not in ("GET", "HEAD"):  # each act has an address of its own
        raise PermissionDenied
    return _hoja(request, atencion, oferta)


def _hoja(
    request: HttpRequest, atencion: Atencion, oferta: Oferta, status: int = HTTPStatus.OK, **formas: Any
) -> HttpResponse:
    actos.anotar(request.user, Asiento.Que.VER, atencion)
    puede = alcance.empleado_de(request.user) is not None and atencion.terminada is None
    contexto = hoja.contexto(atencion, oferta, formas)
    return pagina(request, "atencion.html", "Atención", status=status, puede=puede, **contexto)


def como_va(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return JsonResponse({"huella": hoja.huella(alcance.abrir(Atencion, request.user, pk))})


def documento(request: HttpRequest, pk: uuid.UUID, cual: uuid.UUID) -> FileResponse:
    """The bytes as they were issued, to print."""
    hallado = actos.documento(alcance.abrir(Atencion, request.user, pk), cual, request.user)
    if hallado is None or not hallado.emitido:
        raise Http404
    return FileResponse(
        hallado.archivo.open("rb"), filename=hallado.nombre_de_archivo, content_type="application/pdf"
    )


# What is done in it -----------------------------------------------------------------------------


@acto
def cotejo(request: HttpRequest, atencion: Atencion, oferta: Oferta) -> HttpResponse | None:
    if atencion.terminada:
        return None
    form = CotejoForm(request.POST, cotejos=hoja.cotejos(atencion))
    if not form.is_valid():
        return _hoja(request, atencion, oferta, MAL, cotejo=form)
    actos.cotejar(atencion, request.user, form.papeles)
    messages.success(request, "Quedó anotado lo que trae.")
    return None


@acto
def tramite(request: HttpRequest, atencion: Atencion, oferta: Oferta) -> HttpResponse | None:
    tipo = request.POST.get("tipo", "")
    if tipo not in Tramite.Tipo.values:
        return None
    extra: dict[str, Any] = {}
    if tipo == Tramite.Tipo.CLINICA:
        form = CodigoPostalForm(request.POST, prefix="clinica")
        if not form.is_valid():
            return _hoja(request, atencion, oferta, MAL, codigo_postal=form)
        extra = form.cleaned_data
    try:
        try:
            actos.iniciar(atencion, oferta[tipo], request.user, extra)
        except IntegrityError:  # the other click was first
            actos.iniciar(atencion, oferta[tipo], request.user, extra)
    except actos.Incompleta as falta:
        messages.warning(request, str(falta))
    return None


@acto
def domicilio(request: HttpRequest, atencion: Atencion, oferta: Oferta) -> HttpResponse | None:
    suyo = atencion.tramites.filter(estado=Estado.DOMICILIO).first()
    if suyo is None:
        return None
    form = DomicilioForm(request.POST)
    if "buscar_cp" in request.POST:
        form.solo_codigo_postal()
        return _hoja(request, atencion, oferta, domicilio=form)
    if not form.is_valid():
        return _hoja(request, atencion, oferta, MAL, domicilio=form)
    with transaction.atomic():
        if suyo.mover(Estado.ASIGNANDO):
            form.guardar(suyo)
    return None


@acto
def clinica(request: HttpRequest, atencion: Atencion, oferta: Oferta) -> HttpResponse | None:
    suyo = atencion.tramites.filter(estado__in=[Estado.ELECCION, Estado.REVISION]).first()
    if suyo is None:
        return None
    eleccion = oferta[suyo.tipo].eleccion
    assert eleccion
    form = eleccion.form(suyo, request.POST)
    if not form.is_valid():
        return _hoja(request, atencion, oferta, MAL, eleccion=form)
    try:
        eleccion.confirmar(suyo, form.cleaned_data)
    except NoSePudo as error:
        messages.warning(request, f"{error} Elige otra: no se registró nada.")
    return None


@acto
def terminar(request: HttpRequest, atencion: Atencion, oferta: Oferta) -> HttpResponse | None:
    if atencion.terminada:
        return None
    if not actos.terminar(atencion):
        messages.warning(request, "Todavía se está haciendo un trámite: espera a que acabe.")
        return None
    messages.success(request, "Atención terminada. Puedes atender a otra persona.")
    return redirect("admin:index")
