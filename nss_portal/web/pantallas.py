"""What the three steps do alike on the web: the form that begins one, the page that draws its state."""

import uuid
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from nss_portal.servicio import limites
from nss_portal.tramites import confirmacion, maquina, titular
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.tramites.paso import Paso
from nss_portal.web import sesion
from nss_portal.web.forms import SolicitudForm, leer_uuid
from nss_portal.web.paginas import expirada

TARDA = timedelta(seconds=20)  # past this, the page says that it takes longer than usual
PANTALLAS = {
    Estado.RECIBIDO: "procesando",
    Estado.ASIGNANDO: "procesando",
    Estado.EMITIENDO: "procesando",
    Estado.CONFIRMACION: "confirmacion",
    Estado.DOMICILIO: "domicilio",
    Estado.ELECCION: "eleccion",
    Estado.REVISION: "revision",
    Estado.RESUELTO: "resultado",
    Estado.FINALIZADO: "finalizado",
    Estado.RECHAZADO: "rechazo",
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def solicitar(request: HttpRequest, paso: Paso) -> HttpResponse:
    """The form that begins a step. Of a double click, both lead to the same trámite."""
    navegador = sesion.abrir(request)
    if request.method != "POST":
        ultimo = sesion.en_curso(request)
        inicial = {"solicitud": uuid.uuid4(), **_ya_escrito(paso, ultimo)}
        return _formulario(request, paso, forma(paso, initial=inicial, navegador=navegador), ultimo)
    enviado = request.POST.dict()
    # The hidden number is ours, not the person's: lost or spoiled, the form just gets another one.
    enviado["solicitud"] = solicitud = str(leer_uuid(enviado.get("solicitud")) or uuid.uuid4())
    mios = Tramite.objects.del_navegador(navegador).filter(solicitud=solicitud)
    if repetida := mios.first():  # double click, back, refresh
        return redirect(repetida)
    if "otra_imagen" in enviado:
        form = forma(paso, initial=enviado, navegador=navegador)
        return _formulario(request, paso, form, sesion.en_curso(request))
    copiada = False
    # The letters are spent and the trámite is born in one transaction: of two clicks, the second one
    # waits for the first and then finds its trámite.
    try:
        with transaction.atomic():
            form = forma(paso, enviado, navegador=navegador)
            if form.is_valid():
                datos = form.cleaned_data
                sesion.prolongar(request)
                suyo = (datos["curp"], datos["correo"])
                origen = limites.origen(request)
                nuevo = maquina.iniciar(paso.tipo, solicitud, navegador, *suyo, origen=origen)
                titular.declarar(nuevo, datos)
                paso.al_iniciar(nuevo, datos)
                return redirect(nuevo)
            form.recordar_captcha()
    except IntegrityError:
        # The same number, taken: by this browser's other click (found below), or by the browser whose form
        # this is a copy of; then it begins again with a number of its own.
        form = forma(paso, initial=enviado | {"solicitud": uuid.uuid4()}, navegador=navegador)
        copiada = True
    if repetida := mios.first():
        return redirect(repetida)
    if copiada:
        messages.warning(request, "Esta forma se abrió en otro navegador. Revísala y vuelve a enviarla.")
    ultimo = sesion.en_curso(request)
    return _formulario(request, paso, form, ultimo, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def forma(paso: Paso, *args: Any, **kwargs: Any) -> SolicitudForm:
    assert issubclass(paso.form, SolicitudForm)
    return paso.form(*args, **kwargs)


def _ya_escrito(paso: Paso, ultimo: Tramite | None) -> dict[str, Any]:
    """What this browser has typed or been told already: after a refusal, to correct it; after another
    step, to go on with it."""
    if ultimo is None or not (ultimo.estado == Estado.RECHAZADO or _sigue_de(paso, ultimo)):
        return {}
    suyo = {"curp": ultimo.curp, "correo": ultimo.correo, "correo_confirmacion": ultimo.correo}
    return suyo | titular.dicho_antes(ultimo) | paso.inicial(ultimo)


def _sigue_de(paso: Paso, ultimo: Tramite) -> bool:
    return ultimo.tipo != paso.tipo and ultimo.estado in (Estado.RESUELTO, Estado.FINALIZADO)


def _formulario(
    request: HttpRequest, paso: Paso, form: SolicitudForm, ultimo: Tramite | None, **kwargs: Any
) -> HttpResponse:
    contexto = {"form": form, "en_curso": ultimo, "paso": paso}
    return render(request, f"{paso.carpeta}/solicitud.html", contexto, **kwargs)


def mio(request: HttpRequest, paso: Paso, pk: uuid.UUID) -> Tramite | None:
    """The trámite of this step, if this browser began it."""
    propios = Tramite.objects.del_navegador(sesion.navegador(request))
    return propios.filter(pk=pk, tipo=paso.tipo).select_related("persona").first()


@never_cache
@require_safe
def tramite(request: HttpRequest, paso: Paso, pk: uuid.UUID) -> HttpResponse:
    """The page of a trámite: whatever its row says."""
    suyo = mio(request, paso, pk)
    return dibujar(request, paso, suyo) if suyo else expirada(request)


def dibujar(
    request: HttpRequest, paso: Paso, tramite: Tramite, status: int = HTTPStatus.OK, **contexto: Any
) -> HttpResponse:
    """The screen of the trámite's state, with what that screen shows."""
    pantalla = PANTALLAS[Estado(tramite.estado)]
    contexto = contexto_de(paso, tramite, pantalla) | contexto
    return render(request, plantillas(paso, pantalla), contexto, status=status)


def plantillas(paso: Paso, pantalla: str) -> list[str]:
    """The templates that draw a screen: the step's own, or else the one that all share."""
    return [f"{paso.carpeta}/{pantalla}.html", f"tramite/{pantalla}.html"]


def contexto_de(paso: Paso, tramite: Tramite, pantalla: str) -> dict[str, Any]:
    """What the templates of a screen show of the trámite, in whichever channel."""
    contexto = {"tramite": tramite, "paso": paso} | paso.contexto(tramite, pantalla)
    if pantalla == "procesando":
        tarda = timezone.now() - tramite.creado > TARDA
        contexto |= {"avance": paso.avance(tramite), "tarda": tarda}
    elif pantalla == "rechazo":
        contexto["rechazo"] = paso.rechazos[tramite.motivo]
    elif pantalla == "confirmacion":
        contexto["confirmacion"] = tramite.confirmaciones.exclude(pregunta="correo").get()
        contexto["siempre"], contexto["por_nombre"] = confirmacion.siempre(), titular.por_nombre()
        contexto["preguntado"] = tramite.envios.filter(aviso__startswith="confirmar-").exists()
    elif pantalla in ("resultado", "finalizado"):
        envios = [envio for envio in tramite.envios.all() if not envio.aviso]
        ultimos = {e.documento_id: e for e in envios}
        contexto["envio"] = next((e for e in envios if e.documento_id is None), None)
        contexto["documentos"] = [(d, ultimos.get(d.pk)) for d in tramite.documentos.all()]
        contexto["sucesos"] = {s.estado: s.cuando for s in tramite.sucesos.all()}
    return contexto


@never_cache
@require_safe
def estado(request: HttpRequest, paso: Paso, pk: uuid.UUID) -> JsonResponse:
    """Live progress for the page that waits."""
    suyo = mio(request, paso, pk)
    if suyo is None:
        return JsonResponse({"pantalla": "expirada", "avance": [], "espera": ""}, status=HTTPStatus.NOT_FOUND)
    pantalla, partes = PANTALLAS[Estado(suyo.estado)], paso.avance_dicho(suyo)
    return JsonResponse({"pantalla": pantalla, "avance": partes, "espera": suyo.espera})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def finalizar(request: HttpRequest, paso: Paso, pk: uuid.UUID) -> HttpResponse:
    suyo = mio(request, paso, pk)
    if suyo is None:
        return expirada(request)
    if request.method == "POST" and suyo.estado == Estado.RESUELTO:
        with transaction.atomic():
            suyo.mover(Estado.FINALIZADO)
    return redirect(suyo)


# The addresses of every step; who includes them hands the step in.
urlpatterns = [
    path("", solicitar, name="solicitar"),
    path("<uuid:pk>/", tramite, name="tramite"),
    path("<uuid:pk>/estado/", estado, name="estado"),
    path("<uuid:pk>/finalizar/", finalizar, name="finalizar"),
]
