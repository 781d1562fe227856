"""The addresses of the counter in the admin: what `nss_portal/urls.py` hands to its site."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path

from afiliacion.ventanilla.consola import atenciones, cambios
from nss_portal.tramites.paso import Oferta


def no_hay(request: HttpRequest, clave: str) -> HttpResponse:
    """Django also takes a key in capitals or without hyphens, and would show a row and write nothing down."""
    raise Http404


def paginas(oferta: Oferta) -> list[URLPattern]:
    """Each page under its address; those that offer or begin a step are handed the steps."""
    una, con = "afiliacion/atencion/<uuid:pk>/", {"oferta": oferta}
    return [
        path("afiliacion/atencion/add/", atenciones.atender, name="afiliacion_atencion_add"),
        path(f"{una}change/", atenciones.una, con, "afiliacion_atencion_change"),
        path("afiliacion/atencion/<path:clave>/change/", no_hay),
        path(f"{una}cotejo/", atenciones.cotejo, con, "afiliacion_atencion_cotejo"),
        path(f"{una}tramite/", atenciones.tramite, con, "afiliacion_atencion_tramite"),
        path(f"{una}domicilio/", atenciones.domicilio, con, "afiliacion_atencion_domicilio"),
        path(f"{una}clinica/", atenciones.clinica, con, "afiliacion_atencion_clinica"),
        path(f"{una}terminar/", atenciones.terminar, con, "afiliacion_atencion_terminar"),
        path(f"{una}estado/", atenciones.como_va, name="afiliacion_atencion_estado"),
        path(f"{una}documentos/<uuid:cual>/", atenciones.documento, name="afiliacion_atencion_documento"),
        path(f"{una}cambio/<slug:tipo>/", cambios.pedir, name="afiliacion_atencion_cambio"),
        path("afiliacion/cambio/<uuid:pk>/change/", cambios.uno, con, "afiliacion_cambio_change"),
        path("afiliacion/cambio/<path:clave>/change/", no_hay),
    ]
