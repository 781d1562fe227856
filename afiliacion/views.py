"""Step 1 on the web: the form, and one page that draws whatever state the trámite is in."""

import uuid
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from afiliacion.forms import DomicilioForm
from nss_portal import demo, sesion, tramites
from nss_portal.forms import SolicitudForm, leer_uuid
from nss_portal.models import Estado, Tramite
from nss_portal.views import expirada

TARDA = timedelta(seconds=20)  # past this, the page says that it takes longer than usual
PANTALLAS = {
    Estado.RECIBIDO: "procesando",
    Estado.ASIGNANDO: "procesando",
    Estado.EMITIENDO: "procesando",
    Estado.DOMICILIO: "domicilio",
    Estado.RESUELTO: "resultado",
    Estado.FINALIZADO: "finalizado",
    Estado.RECHAZADO: "rechazo",
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def solicitar(request: HttpRequest) -> HttpResponse:
    navegador = sesion.abrir(request)
    if request.method != "POST":
        ultimo = sesion.en_curso(request)
        return _formulario(request, SolicitudForm(initial=_inicial(ultimo), navegador=navegador), ultimo)
    enviado = request.POST.dict()
    # The hidden number is ours, not the person's: lost or spoiled, the form just gets another one.
    enviado["solicitud"] = solicitud = str(leer_uuid(enviado.get("solicitud")) or uuid.uuid4())
    mios = Tramite.objects.del_navegador(navegador).filter(solicitud=solicitud)
    if repetida := mios.first():  # double click, back, refresh
        return redirect(repetida)
    if "otra_imagen" in enviado:
        form = SolicitudForm(initial=enviado, navegador=navegador)
        return _formulario(request, form, sesion.en_curso(request))
    copiada = False
    # The letters are spent and the trámite is born in one transaction: of two clicks, the second one
    # waits for the first and then finds its trámite.
    try:
        with transaction.atomic():
            form = SolicitudForm(enviado, navegador=navegador)
            if form.is_valid():
                curp, correo = form.cleaned_data["curp"], form.cleaned_data["correo"]
                sesion.prolongar(request)
                return redirect(tramites.iniciar(Tramite.Tipo.NSS, solicitud, navegador, curp, correo))
            form.recordar_captcha()
    except IntegrityError:
        # The same number, taken: by this browser's other click (found below), or by the browser whose form
        # this is a copy of; then it begins again with a number of its own.
        form = SolicitudForm(initial=enviado | {"solicitud": uuid.uuid4()}, navegador=navegador)
        copiada = True
    if repetida := mios.first():
        return redirect(repetida)
    if copiada:
        messages.warning(request, "Esta forma se abrió en otro navegador. Revísala y vuelve a enviarla.")
    return _formulario(request, form, sesion.en_curso(request), status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _inicial(ultimo: Tramite | None) -> dict[str, Any]:
    """A new form; after a refusal, with what was typed, to correct it."""
    escrito = (
        {"curp": ultimo.curp, "correo": ultimo.correo, "correo_confirmacion": ultimo.correo}
        if (ultimo and ultimo.estado == Estado.RECHAZADO)
        else {}
    )
    return {"solicitud": uuid.uuid4(), **escrito}


def _formulario(
    request: HttpRequest, form: SolicitudForm, ultimo: Tramite | None, **kwargs: Any
) -> HttpResponse:
    contexto = {"form": form, "en_curso": ultimo}
    return render(request, "afiliacion/solicitud.html", contexto, **kwargs)


def _mio(request: HttpRequest, pk: uuid.UUID) -> Tramite | None:
    return (
        Tramite.objects.del_navegador(sesion.navegador(request))
        .filter(pk=pk, tipo=Tramite.Tipo.NSS)
        .select_related("persona")
        .first()
    )


@never_cache
@require_safe
def tramite(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    mio = _mio(request, pk)
    return _dibujar(request, mio) if mio else expirada(request)


def _dibujar(
    request: HttpRequest, mio: Tramite, status: int = HTTPStatus.OK, **contexto: Any
) -> HttpResponse:
    """The page of the trámite's state, with what that state shows."""
    pantalla = PANTALLAS[Estado(mio.estado)]
    contexto["tramite"] = mio
    if pantalla == "procesando":
        contexto |= {"avance": avance(mio), "tarda": timezone.now() - mio.creado > TARDA}
    elif pantalla == "domicilio":
        contexto.setdefault("form", DomicilioForm())
    elif pantalla == "rechazo":
        contexto["ejemplos"] = demo.ejemplos() if settings.DEMO else []
    else:
        envios = list(mio.envios.all())
        contexto["envio"] = next((e for e in envios if e.documento_id is None), None)
        ultimos = {e.documento_id: e for e in envios}
        contexto["documentos"] = [(d, ultimos.get(d.pk)) for d in mio.documentos.all()]
        contexto["sucesos"] = {s.estado: s.cuando for s in mio.sucesos.all()}
    return render(request, f"afiliacion/{pantalla}.html", contexto, status=status)


@never_cache
@require_safe
def estado(request: HttpRequest, pk: uuid.UUID) -> JsonResponse:
    """Live progress for the page that waits."""
    mio = _mio(request, pk)
    if mio is None:
        return JsonResponse({"pantalla": "expirada", "avance": [], "espera": ""}, status=HTTPStatus.NOT_FOUND)
    pasos = [{"texto": paso["texto"], "hecho": bool(paso["hecho"])} for paso in avance(mio)]
    return JsonResponse({"pantalla": PANTALLAS[Estado(mio.estado)], "avance": pasos, "espera": mio.espera})


def avance(mio: Tramite) -> list[dict[str, Any]]:
    """What has been done (with its moment), what is going on, what comes: `{"texto", "hecho", "clase"}`."""
    sucesos = {suceso.estado: suceso.cuando for suceso in mio.sucesos.all()}
    identificado = sucesos.get(Estado.DOMICILIO) or sucesos.get(Estado.EMITIENDO)
    envio = mio.envios.filter(documento=None).first()
    pasos: list[dict[str, Any]] = [
        {"texto": "Recibimos tu solicitud", "hecho": sucesos.get(Estado.RECIBIDO)},
        {"texto": "Buscar tu CURP en el registro de población", "hecho": identificado},
        {"texto": "Buscar si ya tienes un NSS", "hecho": identificado},
    ]
    if Estado.DOMICILIO in sucesos:
        pasos += [
            {"texto": "Recibimos tu domicilio", "hecho": sucesos.get(Estado.ASIGNANDO)},
            {"texto": "Asignar tu NSS", "hecho": sucesos.get(Estado.EMITIENDO)},
        ]
    pasos += [
        {"texto": "Preparar tus documentos", "hecho": sucesos.get(Estado.RESUELTO)},
        {"texto": "Enviarlos a tu correo", "hecho": envio.enviado if envio else None},
    ]
    clases = iter(["actual"])
    for paso in pasos:
        paso["clase"] = "hecho" if paso["hecho"] else next(clases, "espera")
    return pasos


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def domicilio(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    mio = _mio(request, pk)
    if mio is None:
        return expirada(request)
    if request.method != "POST" or mio.estado != Estado.DOMICILIO:
        return redirect(mio)
    form = DomicilioForm(request.POST)
    if "buscar_cp" in request.POST:
        form.solo_codigo_postal()
        return _dibujar(request, mio, form=form)
    if not form.is_valid():
        return _dibujar(request, mio, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    with transaction.atomic():
        if mio.mover(Estado.ASIGNANDO):
            form.guardar(mio)
            tramites.encolar(mio)
    return redirect(mio)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def finalizar(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    mio = _mio(request, pk)
    if mio is None:
        return expirada(request)
    if request.method == "POST" and mio.estado == Estado.RESUELTO:
        with transaction.atomic():
            mio.mover(Estado.FINALIZADO)
    return redirect(mio)
