"""Pages and answers that all three steps share."""

import csv
import logging
import sys
import uuid
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template import loader
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from nss_portal.documentos.models import Documento
from nss_portal.personas.identidad import enmascarar_correo
from nss_portal.servicio import limites, salud, topes
from nss_portal.territorio.models import CodigoPostal
from nss_portal.tramites import confirmacion
from nss_portal.tramites.models import Confirmacion, Estado, Tramite
from nss_portal.tramites.paso import Camino
from nss_portal.tramites.reenvio import NoSeEnvia, enviar_otra_vez
from nss_portal.web import cifras, sesion, sin_base

log = logging.getLogger(__name__)
# The first one is the page's own button: it is what a POST that says nothing does.
RESPUESTAS = {"correo": ["si", "no"], "tramite": ["si", "no"], "permiso": ["seguir", "cambiar", "no"]}


@never_cache
@require_safe
def inicio(request: HttpRequest) -> HttpResponse:
    return render(request, "inicio.html", {"en_curso": sesion.en_curso(request)})


def expirada(request: HttpRequest) -> HttpResponse:
    """Not yours, ended or unknown: one page for the three, so that it tells nothing."""
    return render(request, "expirada.html", status=HTTPStatus.NOT_FOUND)


@never_cache
def salir(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        request.session.flush()
        messages.success(request, "Cerraste tu sesión. En este navegador ya no se ven tus datos.")
    return redirect("inicio")


@never_cache
@require_POST
def prolongar(request: HttpRequest) -> HttpResponse:
    """«Sigo aquí»: another whole day for what this browser has begun."""
    if not sesion.navegador(request):
        return expirada(request)
    sesion.prolongar(request)
    messages.success(request, "Listo: tu sesión sigue abierta 24 horas más.")
    ultimo = sesion.en_curso(request)
    return redirect(ultimo) if ultimo else redirect("inicio")


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
    try:
        para = enviar_otra_vez(documento)
    except NoSeEnvia as error:
        messages.warning(request, str(error))
        return redirect(documento.tramite)
    hora = timezone.localtime().strftime("%H:%M")
    messages.success(
        request,
        f"A las {hora} pediste otra vez «{documento.get_tipo_display()}». "
        f"Va en camino a {enmascarar_correo(para)}.",
    )
    return redirect(documento.tramite)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirmar(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a mail: the page asks, the POST does it (mail scanners open links). Used once, in a day."""
    pregunta = Confirmacion.del_token(token)
    if pregunta is None:
        return render(request, "confirmar.html", {"resultado": "desconocido"}, status=HTTPStatus.NOT_FOUND)
    contexto = {"pregunta": pregunta, "mio": pregunta.tramite.navegador == sesion.navegador(request)}
    if pregunta.contestada or pregunta.vencida:
        resultado = "usado" if pregunta.contestada else "vencido"
        return render(request, "confirmar.html", contexto | {"resultado": resultado}, status=HTTPStatus.GONE)
    if request.method != "POST":
        return render(request, "confirmar.html", contexto | {"resultado": "pregunta"})
    respuesta = request.POST.get("respuesta", RESPUESTAS[pregunta.pregunta][0])
    if respuesta not in RESPUESTAS[pregunta.pregunta]:
        contexto |= {"resultado": "pregunta", "falta": True}
        return render(request, "confirmar.html", contexto, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    desenlace = confirmacion.contestar(pregunta, respuesta)
    if desenlace == confirmacion.Desenlace.USADO:  # the other click was first
        return redirect(request.path)
    return render(request, "confirmar.html", contexto | {"resultado": desenlace, "respuesta": respuesta})


@never_cache
def confirmar_otra_vez(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send the question again, from the page that waits for its answer."""
    mio = Tramite.objects.del_navegador(sesion.navegador(request)).filter(pk=pk).first()
    if mio is None:
        return expirada(request)
    if request.method == "POST" and mio.estado == Estado.CONFIRMACION:
        if limites.permitir(f"confirmar:{mio.pk}", topes.PREGUNTAR_OTRA_VEZ):
            enviado = confirmacion.otra_vez(mio)
        else:
            enviado = False
        if enviado:
            messages.success(request, "Lo enviamos otra vez. Puede tardar unos minutos en llegar.")
        else:
            messages.warning(request, "Hoy ya no enviamos más mensajes a ese correo. Revisa los anteriores.")
    return redirect(mio)


@never_cache
@require_safe
def vivo(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"estado": "ok"})


@never_cache
@require_safe
def estado_de_salud(request: HttpRequest) -> JsonResponse:
    """200 as long as what is promised can be kept, if later; what is away meanwhile is named."""
    partes = salud.revisar()
    faltan = [parte for parte, bien in partes.items() if not bien]
    degradado = [parte for parte in faltan if parte not in salud.IMPRESCINDIBLES]
    bien = degradado == faltan
    return JsonResponse(
        {"estado": "ok" if bien else "falla", **partes, "degradado": degradado},
        status=HTTPStatus.OK if bien else HTTPStatus.SERVICE_UNAVAILABLE,
        headers={} if bien else {"Retry-After": str(sin_base.SEGUNDOS)},
    )


@require_safe
def datos_abiertos(request: HttpRequest, camino: Camino) -> HttpResponse:
    """The open figures, to read; with `?formato=csv`, for programs."""
    if request.GET.get("formato") == "csv":
        respuesta = HttpResponse(content_type="text/csv; charset=utf-8")
        respuesta["Content-Disposition"] = 'attachment; filename="datos-gob-estudiantes.csv"'
        csv.writer(respuesta).writerows([("dato", "cifra"), *cifras.filas(camino)])
        return respuesta
    contexto = {"cifras": cifras.totales(), "pasos": cifras.por_paso(camino), "al": timezone.localtime()}
    return render(request, "paginas/datos.html", contexto)


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that comes back without its cookie: mostly a closed session or cookies turned off."""
    return render(request, "403_csrf.html", status=HTTPStatus.FORBIDDEN)


def peticion_mala(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What could not be read; of what was too much to read, that it was. No database behind either page."""
    if sin_base.falta(exception):  # a session that could not be saved is told as a bad request
        return sin_base.respuesta(request, exception)
    demasiado = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    estado = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if demasiado else HTTPStatus.BAD_REQUEST
    return HttpResponse(loader.render_to_string(f"{estado}.html"), status=estado)


def falla(request: HttpRequest) -> HttpResponse:
    """What nobody caught, in a view or on the way to it: a defect of ours, or that there is no database."""
    error = sys.exception()
    if sin_base.falta(error):
        return sin_base.respuesta(request, error)
    return HttpResponse(loader.render_to_string("500.html"), status=HTTPStatus.INTERNAL_SERVER_ERROR)
