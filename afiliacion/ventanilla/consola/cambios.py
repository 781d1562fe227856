"""What takes four eyes: a clerk asks for it; a supervisor looks at it, authorises it or does not."""

import uuid
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from afiliacion.models import Cambio
from afiliacion.ventanilla import actos, alcance, cambios, hoja
from afiliacion.ventanilla.consola.pagina import MAL, NO_RESPONDE, pagina, volver
from afiliacion.ventanilla.forms import FORMAS, NegarForm
from nss_portal.personas import asientos
from nss_portal.personas.bitacora import Asiento
from nss_portal.personas.renapo import NoDisponible
from nss_portal.tramites.paso import Oferta


def pedir(request: HttpRequest, pk: uuid.UUID, tipo: str) -> HttpResponse:
    atencion = alcance.suya(request.user, pk)
    if tipo not in hoja.cambios_posibles(atencion):
        return volver(atencion)
    if not request.user.has_perm("afiliacion.add_cambio"):
        raise PermissionDenied
    form = FORMAS[tipo](request.POST if request.method == "POST" else None, persona=atencion.persona)
    if form.is_valid():
        try:
            cambios.pedir(atencion, request.user, tipo, form.despues, form.cleaned_data["porque"])
        except cambios.Imposible as falta:
            form.add_error(None, str(falta))
        else:
            messages.success(request, "Lo pedimos: falta que lo autorice quien supervisa.")
            return volver(atencion)
    actos.anotar(request.user, Asiento.Que.VER, atencion)
    status = MAL if form.is_bound else HTTPStatus.OK
    contexto = {"form": form, "tipo": tipo, "atencion": atencion}
    return pagina(request, "pedir.html", str(Cambio.Tipo(tipo).label), status=status, **contexto)


def uno(request: HttpRequest, pk: uuid.UUID, oferta: Oferta) -> HttpResponse:
    cambio = alcance.abrir(Cambio, request.user, pk)
    if request.method != "POST":
        return _pagina(request, cambio, NegarForm())
    if not alcance.puede_decidir(request.user, cambio):
        raise PermissionDenied
    form = NegarForm(request.POST)
    if "negar" in request.POST and not form.is_valid():
        return _pagina(request, cambio, form, MAL)
    _decidir(request, cambio, form, oferta)
    return redirect("admin:afiliacion_cambio_change", cambio.pk)


def _decidir(request: HttpRequest, cambio: Cambio, form: NegarForm, oferta: Oferta) -> None:
    try:
        if "negar" in request.POST:
            hecho = cambios.negar(cambio, request.user, form.cleaned_data["respuesta"])
            dicho = "Quedó sin autorizar, y nada cambió."
        else:
            hecho = cambios.autorizar(cambio, request.user, oferta)
            dicho = "Autorizado. Quien lo pidió ya lo ve en su atención."
    except cambios.Imposible as falta:
        messages.warning(request, str(falta))
    except NoDisponible:
        messages.warning(request, NO_RESPONDE)
    else:
        if hecho:
            messages.success(request, dicho)
        else:
            messages.warning(request, "Otra persona ya lo había decidido.")


def _pagina(
    request: HttpRequest, cambio: Cambio, form: NegarForm, status: int = HTTPStatus.OK
) -> HttpResponse:
    titulo = cambio.get_tipo_display()
    motivo = f"Revisar lo que se pidió: {titulo}"
    asientos.anotar(request.user, Asiento.Que.VER, cambio.persona, motivo, cambio=str(cambio.pk))
    contexto = {
        "cambio": cambio,
        "form": form,
        "puede": cambio.estado == Cambio.Estado.PEDIDO and alcance.puede_decidir(request.user, cambio),
        "vistos": cambio.atencion.cotejos.filter(visto=True).select_related("reviso"),
    }
    return pagina(request, "cambio.html", titulo, status=status, **contexto)
