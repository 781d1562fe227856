"""What is step 2's own on the web: the sheet for the school. The rest is `nss_portal.web.pantallas`."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from nss_portal.tramites.models import Estado
from nss_portal.tramites.paso import Paso
from nss_portal.web import pantallas
from nss_portal.web.paginas import expirada


@never_cache
@require_safe
def hoja(request: HttpRequest, pk: uuid.UUID, paso: Paso) -> HttpResponse:
    """One sheet to hand in at the school, or to forward: who asks, and with which numbers."""
    suyo = pantallas.mio(request, paso, pk)
    if suyo is None or suyo.estado not in (Estado.RESUELTO, Estado.FINALIZADO):
        return expirada(request)
    contexto = {"tramite": suyo, "paso": paso, "reporte": suyo.documentos.get().datos}
    return render(request, "vigencia/hoja.html", contexto)
