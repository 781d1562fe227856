"""The addresses of the counter in the admin: what `nss_portal/urls.py` hands to its site."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path

from afiliacion.ventanilla.consola import atenciones, cambios


def _de_una(resto: str, vista: Any, nombre: str) -> Any:
    return path(f"afiliacion/atencion/<uuid:pk>/{resto}", vista, name=f"afiliacion_atencion_{nombre}")


def no_hay(request: HttpRequest, clave: str) -> HttpResponse:
    """Django also takes a key in capitals or without hyphens, and would show a row and write nothing down."""
    raise Http404


paginas = [
    path("afiliacion/atencion/add/", atenciones.atender, name="afiliacion_atencion_add"),
    _de_una("change/", atenciones.una, "change"),
    path("afiliacion/atencion/<path:clave>/change/", no_hay),
    _de_una("cotejo/", atenciones.cotejo, "cotejo"),
    _de_una("tramite/", atenciones.tramite, "tramite"),
    _de_una("domicilio/", atenciones.domicilio, "domicilio"),
    _de_una("clinica/", atenciones.clinica, "clinica"),
    _de_una("estado/", atenciones.como_va, "estado"),
    _de_una("documentos/<uuid:cual>/", atenciones.documento, "documento"),
    _de_una("cambio/<slug:tipo>/", cambios.pedir, "cambio"),
    _de_una("terminar/", atenciones.terminar, "terminar"),
    path("afiliacion/cambio/<uuid:pk>/change/", cambios.uno, name="afiliacion_cambio_change"),
    path("afiliacion/cambio/<path:clave>/change/", no_hay),
]
