"""Pages and answers that all three steps share."""

import logging
import uuid
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from nss_portal import buzon as buzon_local
from nss_portal import correo, demo, limites, salud, sesion, verificacion
from nss_portal.forms import VerificarForm
from nss_portal.models import CodigoPostal, Colonia, Documento, Envio, Municipio, Persona, Tramite

log = logging.getLogger(__name__)


@never_cache
@require_safe
def inicio(request: HttpRequest) -> HttpResponse:
    ejemplos = demo.ejemplos() if settings.DEMO else []
    camino = sesion.camino(request)
    contexto = {"ejemplos": ejemplos, "en_curso": sesion.en_curso(request), "camino": camino}
    return render(request, "inicio.html", contexto)


def expirada(request: HttpRequest) -> HttpResponse:
    """Not yours, ended or unknown: one page for the three, so that it tells nothing."""
    return render(request, "expirada.html", status=HTTPStatus.NOT_FOUND)


@never_cache
def salir(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        request.session.flush()
        messages.success(request, "Cerraste tu sesión. En este navegador ya no se ven tus datos.")
    return redirect("inicio")


@require_GET
@cache_control(public=True, max_age=3600)
def codigo_postal(request: HttpRequest, cp: str) -> JsonResponse:
    codigo = CodigoPostal.objects.buscar(cp)
    if codigo is None:
        return JsonResponse({"error": "No encontramos ese código postal."}, status=HTTPStatus.NOT_FOUND)
    municipio = codigo.municipio
    return JsonResponse(
        {
            "codigo_postal": codigo.codigo,
            "entidad": {"clave": municipio.entidad_id, "nombre": municipio.entidad.nombre},
            "municipio": {"clave": municipio.clave, "nombre": municipio.nombre},
            "colonias": list(
                codigo.colonias.vigentes().order_by("nombre_plegado", "tipo").values("id", "nombre", "tipo")
            ),
        }
    )


def _documento(request: HttpRequest, pk: uuid.UUID) -> Documento | None:
    tramites = Tramite.objects.del_navegador(sesion.navegador(request))
    return Documento.objects.select_related("tramite").filter(pk=pk, tramite__in=tramites).first()


@never_cache
@require_safe
def documento(request: HttpRequest, pk: uuid.UUID, adjunto: bool = False) -> HttpResponse | FileResponse:
    """The bytes as they were issued, inline to print or as an attachment to keep."""
    documento = _documento(request, pk)
    if documento is None:
        return expirada(request)
    if not documento.emitido:
        return _en_preparacion(request, documento)
    try:
        archivo = documento.archivo.open("rb")
    except FileNotFoundError:
        log.error("falta el archivo del documento %s", documento.pk)
        return _en_preparacion(request, documento)
    return FileResponse(
        archivo,
        as_attachment=adjunto,
        filename=documento.nombre_de_archivo,
        content_type="application/pdf",
    )


def _en_preparacion(request: HttpRequest, documento: Documento) -> HttpResponse:
    contexto = {"tramite": documento.tramite}
    respuesta = render(
        request, "documento_en_preparacion.html", contexto, status=HTTPStatus.SERVICE_UNAVAILABLE
    )
    respuesta["Retry-After"] = "2"
    return respuesta


@never_cache
def enviar_documento(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    documento = _documento(request, pk)
    if documento is None:
        return expirada(request)
    if request.method != "POST" or not documento.emitido or documento.envios.pendientes().exists():
        return redirect(documento.tramite)  # one of them is already on its way: a double click is one mail
    if not limites.permitir(f"enviar:{documento.pk}", cupo=5, ventana=timedelta(hours=1)):
        messages.warning(
            request,
            f"Ya enviamos varias veces «{documento.get_tipo_display()}». Espera unos minutos o descárgalo.",
        )
        return redirect(documento.tramite)
    try:
        with transaction.atomic():
            correo.encolar(Envio.objects.create(tramite=documento.tramite, documento=documento))
    except IntegrityError:
        pass  # the other click was first
    hora = timezone.localtime().strftime("%H:%M")
    messages.success(
        request,
        f"A las {hora} pediste otra vez «{documento.get_tipo_display()}». "
        f"Va en camino a {documento.tramite.correo_enmascarado}.",
    )
    return redirect(documento.tramite)


@never_cache
@require_safe
def vivo(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"estado": "ok"})


@never_cache
@require_safe
def estado_de_salud(request: HttpRequest) -> JsonResponse:
    partes = salud.revisar()
    bien = all(partes.values())
    return JsonResponse(
        {"estado": "ok" if bien else "falla", **partes},
        status=HTTPStatus.OK if bien else HTTPStatus.SERVICE_UNAVAILABLE,
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verificar(request: HttpRequest) -> HttpResponse:
    """Folio and check code, for who has no camera."""
    form = VerificarForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        estado = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        return render(request, "verificar.html", {"form": form}, status=estado)
    return _verificacion(request, verificacion.por_codigo(**form.cleaned_data), form)


@never_cache
@require_safe
def verificar_token(request: HttpRequest, token: str) -> HttpResponse:
    return _verificacion(request, verificacion.por_token(token))


def _verificacion(
    request: HttpRequest, documento: Documento | None, form: VerificarForm | None = None
) -> HttpResponse:
    # Only guesses are counted: a school that checks a whole class behind one address is not guessing.
    cliente = limites.direccion(request)
    if documento is None and not limites.permitir(f"verificar:{cliente}", 30, timedelta(minutes=10)):
        respuesta = render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
        respuesta["Retry-After"] = "60"
        return respuesta
    contexto = {
        "resultado": verificacion.revisar(documento),
        "documento": documento,
        "form": form,
        "dominio": urlsplit(settings.URL_PUBLICA).netloc,
    }
    return render(request, "verificacion.html", contexto)


def _solo_demo() -> None:
    if not settings.DEMO or settings.EMAIL_URL:
        raise Http404


@never_cache
@require_safe
def buzon(request: HttpRequest) -> HttpResponse:
    _solo_demo()
    return render(request, "buzon.html", {"mensajes": buzon_local.mensajes(limite=50)})


@never_cache
@require_safe
@csp_override({"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "sandbox": ["allow-popups"]})
def buzon_mensaje(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One mail as a mail program would show it: its own inline styles, no scripts, no requests."""
    _solo_demo()
    mensaje = buzon_local.mensaje(pk)
    if mensaje is None:
        raise Http404
    return HttpResponse(mensaje.html)


@never_cache
@require_safe
def buzon_adjunto(request: HttpRequest, pk: uuid.UUID, numero: int) -> HttpResponse:
    _solo_demo()
    mensaje = buzon_local.mensaje(pk)
    if mensaje is None or numero >= len(mensaje.adjuntos):
        raise Http404
    adjunto = mensaje.adjuntos[numero]
    return HttpResponse(
        adjunto.contenido,
        content_type=adjunto.tipo,
        headers={"Content-Disposition": f'inline; filename="{adjunto.nombre}"'},
    )


@require_safe
def datos_abiertos(request: HttpRequest) -> HttpResponse:
    """Aggregate figures only: nothing that could point at one person."""
    cifras = [
        ("Códigos postales del catálogo", CodigoPostal.objects.count()),
        ("Municipios y alcaldías", Municipio.objects.count()),
        ("Colonias", Colonia.objects.vigentes().count()),
        ("Personas con NSS", Persona.objects.exclude(nss=None).count()),
        ("Trámites recibidos", Tramite.objects.count()),
        ("Documentos emitidos", Documento.objects.exclude(emitido=None).count()),
    ]
    return render(request, "paginas/datos.html", {"cifras": cifras, "al": timezone.localtime()})


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that comes back without its cookie: mostly a closed session or cookies turned off."""
    return render(request, "403_csrf.html", status=HTTPStatus.FORBIDDEN)
