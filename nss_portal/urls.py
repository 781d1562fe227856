"""Every address of the portal."""

from django.contrib import admin
from django.http import Http404
from django.urls import include, path, re_path
from django.views.defaults import page_not_found
from django.views.generic import TemplateView

from nss_portal.api import documentacion, puerta
from nss_portal.api_raiz import api, publico, router
from nss_portal.personal import completar, entrada, sitio
from nss_portal.web import app, captcha, paginas, verificar
from vigencia.escuelas.consola import direcciones

# The App's API: what the steps share, and what is each one's own.
for parte in (
    publico,
    router,
    "afiliacion.api.router",
    "vigencia.api.router",
    "clinicas.api.router",
    "vigencia.api.de_escuelas",
):
    api.add_router("", parte)
_api, _, _nombre = api.urls

handler400 = "nss_portal.web.paginas.peticion_mala"
handler500 = "nss_portal.web.paginas.falla"

urlpatterns = [
    path("", paginas.inicio, name="inicio"),
    path("nss/", include("afiliacion.urls")),
    path("vigencia/", include("vigencia.urls")),
    path("clinica/", include("clinicas.urls")),
    path("documentos/<uuid:pk>/", paginas.documento, name="documento"),
    path("documentos/<uuid:pk>/descargar/", paginas.documento, {"adjunto": True}, name="documento-descargar"),
    path("documentos/<uuid:pk>/enviar/", paginas.enviar_documento, name="documento-enviar"),
    path("codigos-postales/<str:cp>/", paginas.codigo_postal, name="codigo-postal"),
    path("verificar/", verificar.verificar, name="verificar"),
    path("verificar/certificado/", verificar.certificado, name="certificado"),
    path("v/<slug:token>/", verificar.verificar_token, name="verificar-token"),
    path("confirmar/otra-vez/<uuid:pk>/", paginas.confirmar_otra_vez, name="confirmar-otra-vez"),
    path("confirmar/<str:token>/", paginas.confirmar, name="confirmar"),
    path("captcha/audio/<slug:key>.wav", captcha.audio),
    path("captcha/", include("captcha.urls")),
    path("sesion/", paginas.prolongar, name="prolongar"),
    path("salir/", paginas.salir, name="salir"),
    path("salud/", paginas.estado_de_salud, name="salud"),
    path("salud/vivo/", paginas.vivo, name="salud-vivo"),
    path("buzon/", paginas.buzon, name="buzon"),
    path("buzon/<uuid:pk>/", paginas.buzon_mensaje, name="buzon-mensaje"),
    path("buzon/<uuid:pk>/<int:numero>/", paginas.buzon_adjunto, name="buzon-adjunto"),
    path("gobierno/", TemplateView.as_view(template_name="paginas/gobierno.html"), name="gobierno"),
    path("participa/", TemplateView.as_view(template_name="paginas/participa.html"), name="participa"),
    path("datos/", paginas.datos_abiertos, name="datos"),
    path("privacidad/", TemplateView.as_view(template_name="paginas/privacidad.html"), name="privacidad"),
    path(
        "accesibilidad/",
        TemplateView.as_view(template_name="paginas/accesibilidad.html"),
        name="accesibilidad",
    ),
    path("api/v1/docs", documentacion.pagina, name="api-docs"),
    path("api/v1/", include((puerta.poner(_api), "api"), namespace=_nombre)),
    path("api/v1/<path:resto>", documentacion.no_hay),
    path("app/", app.inicio, name="app"),
    path("app/sw.js", app.trabajador, name="app-sw"),
    path("app/manifest.webmanifest", app.manifiesto, name="app-manifiesto"),
    path("admin/login/", entrada.entrar),
    path("admin/autocomplete/", admin.site.admin_view(completar.Completar.as_view(admin_site=admin.site))),
    # Django's «view on site» would give any of the staff the secret address of a trámite or of a mail's link.
    re_path("^admin/r/", page_not_found, {"exception": Http404()}),
    path("admin/", sitio.direcciones(direcciones.paginas)),
]
