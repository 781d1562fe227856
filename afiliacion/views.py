"""What is step 1's own on the web: the address. The rest is `nss_portal.web.pantallas`."""

import uuid
from http import HTTPStatus

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from afiliacion.forms import DomicilioForm
from nss_portal.tramites.models import Estado
from nss_portal.tramites.paso import Paso
from nss_portal.web import pantallas
from nss_portal.web.paginas import expirada


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def domicilio(request: HttpRequest, pk: uuid.UUID, paso: Paso) -> HttpResponse:
    mio = pantallas.mio(request, paso, pk)
    if mio is None:
        return expirada(request)
    if request.method != "POST" or mio.estado != Estado.DOMICILIO:
        return redirect(mio)
    form = DomicilioForm(request.POST)
    if "buscar_cp" in request.POST:
        form.solo_codigo_postal()
        return pantallas.dibujar(request, paso, mio, form=form)
    if not form.is_valid():
        return pantallas.dibujar(request, paso, mio, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    with transaction.atomic():
        if mio.mover(Estado.ASIGNANDO):
            form.guardar(mio)
    return redirect(mio)
