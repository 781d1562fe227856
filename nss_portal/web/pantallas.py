"""What the three steps do alike on the web: the form that begins one, the page that draws its state."""

import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from nss_portal.documentos.models import Documento
from nss_portal.personas.models import Persona
from nss_portal.servicio import limites
from nss_portal.tramites import confirmacion, maquina, titular
from nss_portal.tramites.models import Estado, Tramite
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

# When each state was reached, by its name.
type Sucesos = Mapping[str, datetime]
# A part of the work, and when it was done (None: not yet).
type Parte = tuple[str, datetime | None]


def _nada(*_: Any) -> Any:
    return None


def _sin_mas(*_: Any) -> dict[str, Any]:
    return {}


def _sin_motivo(*_: Any) -> str:
    return ""


class Paso(NamedTuple):
    """One of the three steps: what of it is its own."""

    tipo: Tramite.Tipo
    carpeta: str  # of its templates
    form: type[SolicitudForm]
    # What its act does between «received» and «documents», for the live progress.
    partes: Callable[[Tramite, Sucesos], list[Parte]]
    # Rows of its own, born in the transaction of the trámite: (trámite, cleaned data of the form).
    al_iniciar: Callable[[Tramite, dict[str, Any]], Any] = _nada
    # What the form already knows, from this browser's latest trámite.
    inicial: Callable[[Tramite], dict[str, Any]] = _sin_mas
    # What the template of a screen shows besides: (trámite, screen).
    contexto: Callable[[Tramite, str], dict[str, Any]] = _sin_mas
    # Why what a document of any step says is not so on a day, as far as this step knows; "" when it is.
    ya_no: Callable[[Documento, Persona, date], str] = _sin_motivo

    @property
    def direccion(self) -> str:
        """The address of its form."""
        return reverse(f"{self.tipo}:solicitar")


def solicitar(request: HttpRequest, paso: Paso) -> HttpResponse:
    """The form that begins a step. Of a double click, both lead to the same trámite."""
    navegador = sesion.abrir(request)
    if request.method != "POST":
        ultimo = sesion.en_curso(request)
        inicial = {"solicitud": uuid.uuid4(), **_ya_escrito(paso, ultimo)}
        return _formulario(request, paso, paso.form(initial=inicial, navegador=navegador), ultimo)
    enviado = request.POST.dict()
    # The hidden number is ours, not the person's: lost or spoiled, the form just gets another one.
    enviado["solicitud"] = solicitud = str(leer_uuid(enviado.get("solicitud")) or uuid.uuid4())
    mios = Tramite.objects.del_navegador(navegador).filter(solicitud=solicitud)
    if repetida := mios.first():  # double click, back, refresh
        return redirect(repetida)
    if "otra_imagen" in enviado:
        form = paso.form(initial=enviado, navegador=navegador)
        return _formulario(request, paso, form, sesion.en_curso(request))
    copiada = False
    # The letters are spent and the trámite is born in one transaction: of two clicks, the second one
    # waits for the first and then finds its trámite.
    try:
        with transaction.atomic():
            form = paso.form(enviado, navegador=navegador)
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
        form = paso.form(initial=enviado | {"solicitud": uuid.uuid4()}, navegador=navegador)
        copiada = True
    if repetida := mios.first():
        return redirect(repetida)
    if copiada:
        messages.warning(request, "Esta forma se abrió en otro navegador. Revísala y vuelve a enviarla.")
    ultimo = sesion.en_curso(request)
    return _formulario(request, paso, form, ultimo, status=HTTPStatus.UNPROCESSABLE_ENTITY)


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


def tramite(request: HttpRequest, paso: Paso, pk: uuid.UUID) -> HttpResponse:
    """The page of a trámite: whatever its row says."""
    suyo = mio(request, paso, pk)
    return dibujar(request, paso, suyo) if suyo else expirada(request)


def dibujar(
    request: HttpRequest, paso: Paso, tramite: Tramite, status: int = HTTPStatus.OK, **contexto: Any
) -> HttpResponse:
    """The screen of the trámite's state, with what that screen shows."""
    if tramite.estado in (Estado.ELECCION, Estado.REVISION):
        # They show what is true of the person now: another mailbox may speak for them since it began.
        with transaction.atomic():
            confirmacion.pedir(tramite, tramite.persona)
    pantalla = PANTALLAS[Estado(tramite.estado)]
    contexto = {"tramite": tramite, "paso": paso} | paso.contexto(tramite, pantalla) | contexto
    if pantalla == "procesando":
        tarda = timezone.now() - tramite.creado > TARDA
        contexto |= {"avance": avance(paso, tramite), "tarda": tarda}
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
    if pantalla == "finalizado":
        contexto["camino"] = sesion.camino(request)
    plantillas = [f"{paso.carpeta}/{pantalla}.html", f"tramite/{pantalla}.html"]
    return render(request, plantillas, contexto, status=status)


def estado(request: HttpRequest, paso: Paso, pk: uuid.UUID) -> JsonResponse:
    """Live progress for the page that waits."""
    suyo = mio(request, paso, pk)
    if suyo is None:
        return JsonResponse({"pantalla": "expirada", "avance": [], "espera": ""}, status=HTTPStatus.NOT_FOUND)
    pantalla, partes = PANTALLAS[Estado(suyo.estado)], avance_dicho(paso, suyo)
    return JsonResponse({"pantalla": pantalla, "avance": partes, "espera": suyo.espera})


def avance_dicho(paso: Paso, tramite: Tramite) -> list[dict[str, Any]]:
    """The same for programs: `{"texto", "hecho": whether}`."""
    return [{"texto": parte["texto"], "hecho": bool(parte["hecho"])} for parte in avance(paso, tramite)]


def avance(paso: Paso, tramite: Tramite) -> list[dict[str, Any]]:
    """What has been done (with its moment), what is going on, what comes: `{"texto", "hecho", "clase"}`."""
    sucesos = {suceso.estado: suceso.cuando for suceso in tramite.sucesos.all()}
    envio = tramite.envios.filter(documento=None, aviso="").first()
    partes: list[Parte] = [
        ("Recibimos tu solicitud", sucesos.get(Estado.RECIBIDO)),
        *(
            [("Confirmar que eres tú, por correo", tramite.confirmado)]
            if Estado.CONFIRMACION in sucesos
            else []
        ),
        *paso.partes(tramite, sucesos),
        ("Preparar tus documentos", sucesos.get(Estado.RESUELTO)),
        ("Enviarlos a tu correo", envio.enviado if envio else None),
    ]
    clases = iter(["actual"])
    return [
        {"texto": texto, "hecho": hecho, "clase": "hecho" if hecho else next(clases, "espera")}
        for texto, hecho in partes
    ]


def finalizar(request: HttpRequest, paso: Paso, pk: uuid.UUID) -> HttpResponse:
    suyo = mio(request, paso, pk)
    if suyo is None:
        return expirada(request)
    if request.method == "POST" and suyo.estado == Estado.RESUELTO:
        with transaction.atomic():
            suyo.mover(Estado.FINALIZADO)
    return redirect(suyo)
