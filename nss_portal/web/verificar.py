"""The pages that tell whether a document is ours, what it says and whether that is so today."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from nss_portal.documentos import hechos, sello, verificacion
from nss_portal.documentos.models import Documento
from nss_portal.documentos.verificacion import Medio
from nss_portal.servicio import limites, topes
from nss_portal.tramites.paso import Oferta
from nss_portal.web.forms import CompararForm, VerificarForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@csrf_exempt
def verificar(request: HttpRequest, oferta: Oferta) -> HttpResponse:
    """Folio and check code, for who has no camera; or the file itself."""
    # Before anything reads the body (the check of its csrf token does): a huge one is not even received.
    if int(request.META.get("CONTENT_LENGTH") or 0) > verificacion.PESO_MAXIMO * 2:
        return _por_verificar(request, VerificarForm.demasiado_grande())
    return _verificar(request, oferta)


@csrf_protect
def _verificar(request: HttpRequest, oferta: Oferta) -> HttpResponse:
    form = VerificarForm(request.POST, request.FILES) if request.method == "POST" else VerificarForm()
    if not form.is_valid():
        return _por_verificar(request, form)
    if form.contenido is not None:
        documento = verificacion.por_archivo(form.contenido)
        return _verificacion(request, oferta, Medio.ARCHIVO, documento, form, form.contenido)
    folio, codigo = form.cleaned_data["folio"], form.cleaned_data["codigo"]
    return _verificacion(request, oferta, Medio.CODIGO, verificacion.por_codigo(folio, codigo), form)


def _por_verificar(request: HttpRequest, form: VerificarForm) -> HttpResponse:
    contexto = {"form": form, "dominio": verificacion.dominio()}
    estado = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "verificar.html", contexto, status=estado)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verificar_token(request: HttpRequest, token: str, oferta: Oferta) -> HttpResponse:
    """What the QR opens. A folio that comes along, as of a paper read by a machine, has to be its own."""
    folio = verificacion.normalizar_folio(request.POST.get("folio", "") or request.GET.get("folio", ""))
    documento = verificacion.por_token(token, folio)
    if documento and "numero" in request.POST:
        return _comparar(request, oferta, documento)
    return _verificacion(request, oferta, Medio.QR, documento)


def _comparar(request: HttpRequest, oferta: Oferta, documento: Documento) -> HttpResponse:
    """Whether a printed number is the sealed one; ten tries an hour, so that nobody finds it by trying."""
    form, cliente = CompararForm(request.POST), limites.direccion(request)
    resultado = verificacion.revisar(documento)
    if resultado == verificacion.Resultado.ALTERADO or not form.is_valid():
        estado = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
        return _dictamen(request, oferta, Medio.QR, documento, resultado, comparar=form, status=estado)
    cupos = (
        (f"comparar:{documento.pk}", topes.COMPARAR_DOCUMENTO),
        (f"comparar:{cliente}", topes.COMPARAR_DESDE),
    )
    if not all(limites.permitir(*cupo) for cupo in cupos):
        return _demasiados(request, timedelta(minutes=6))
    coincide = verificacion.coincide(documento, form.cleaned_data["numero"])
    verificacion.anotar(Medio.NUMERO, resultado, documento, cliente, coincide)
    return _dictamen(
        request, oferta, Medio.QR, documento, resultado, comparar=CompararForm(), coincide=coincide
    )


def _demasiados(request: HttpRequest, espera: timedelta) -> HttpResponse:
    respuesta = render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
    respuesta["Retry-After"] = str(int(espera.total_seconds()))
    return respuesta


def _verificacion(
    request: HttpRequest,
    oferta: Oferta,
    medio: Medio,
    documento: Documento | None,
    form: VerificarForm | None = None,
    archivo: bytes | None = None,
) -> HttpResponse:
    # Only guesses are counted: a school that checks a whole class behind one address is not guessing.
    cliente = limites.direccion(request)
    if documento is None and not limites.permitir(f"verificar:{cliente}", topes.VERIFICAR):
        return _demasiados(request, timedelta(minutes=1))
    resultado = verificacion.revisar(documento, archivo)
    verificacion.anotar(medio, resultado, documento, cliente)
    return _dictamen(request, oferta, medio, documento, resultado, form=form)


def _dictamen(
    request: HttpRequest,
    oferta: Oferta,
    medio: Medio,
    documento: Documento | None,
    resultado: verificacion.Resultado,
    status: int = HTTPStatus.OK,
    **contexto: Any,
) -> HttpResponse:
    """What we answer of a document: whether it is ours, what it says, and whether that is so today."""
    contexto = {"comparar": CompararForm(), "dominio": verificacion.dominio()} | contexto
    contexto |= {"resultado": resultado, "medio": medio}
    # Of one that we can not vouch for, nothing is said.
    if documento and resultado != verificacion.Resultado.ALTERADO:
        contexto |= {
            "documento": documento,
            "hechos": hechos.sellados(documento),
            "hoy": hechos.hoy(documento, resultado, [paso.ya_no for paso in oferta.values()]),
            "niega": hechos.niega(documento),
        }
    return render(request, "verificacion.html", contexto, status=status)


@require_safe
@cache_control(public=True, max_age=3600)
def certificado(request: HttpRequest) -> HttpResponse:
    """Our public certificates, for whoever checks a document's signature with a program of their own."""
    try:
        pem = sello.publicos()
    except sello.ClaveInservible as error:
        raise Http404 from error
    return HttpResponse(
        pem,
        content_type="application/x-pem-file",
        headers={"Content-Disposition": 'attachment; filename="certificado-gob-estudiantes.pem"'},
    )
