"""Every address of the portal."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import Http404
from django.urls import URLPattern, include, path, re_path
from django.views.defaults import page_not_found
from django.views.generic import TemplateView

import afiliacion.urls
import clinicas.urls
import vigencia.urls
from afiliacion.ventanilla.consola import rutas as ventanilla
from nss_portal import oferta
from nss_portal.api import app, documentacion, puerta
from nss_portal.api_raiz import api
from nss_portal.personal import completar, entrada, sitio
from nss_portal.tramites.paso import Paso
from nss_portal.web import captcha, paginas, pantallas, verificar
from vigencia.escuelas.consola import direcciones as escuelas

_api, _, _nombre = api.urls


def _paso(direccion: str, paso: Paso, propias: list[URLPattern]) -> Any:
    """The addresses of a step: those of every one and its own, each with the step in hand."""
    return path(direccion, include(([*pantallas.urlpatterns, *propias], str(paso.tipo))), {"paso": paso})


handler400 = "nss_portal.web.paginas.peticion_mala"
handler500 = "nss_portal.web.paginas.falla"

urlpatterns = [
    path("", paginas.inicio, name="inicio"),
    _paso("nss/", oferta.NSS, afiliacion.urls.urlpatterns),
    _paso("vigencia/", oferta.VIGENCIA, vigencia.urls.urlpatterns),
    _paso("clinica/", oferta.CLINICA, clinicas.urls.urlpatterns),
    path("documentos/<uuid:pk>/", paginas.documento, name="documento"),
    path("documentos/<uuid:pk>/descargar/", paginas.documento, {"adjunto": True}, name="documento-descargar"),
    path("documentos/<uuid:pk>/enviar/", paginas.enviar_documento, name="documento-enviar"),
    path("codigos-postales/<str:cp>/", paginas.codigo_postal, name="codigo-postal"),
    path("verificar/", verificar.verificar, {"oferta": oferta.OFERTA}, name="verificar"),
    path("verificar/certificado/", verificar.certificado, name="certificado"),
    path("v/<slug:token>/", verificar.verificar_token, {"oferta": oferta.OFERTA}, name="verificar-token"),
    path("confirmar/otra-vez/<uuid:pk>/", paginas.confirmar_otra_vez, name="confirmar-otra-vez"),
    path("confirmar/<str:token>/", paginas.confirmar, name="confirmar"),
    path("captcha/audio/<slug:key>.wav", captcha.audio),
    path("captcha/", include("captcha.urls")),
    path("sesion/", paginas.prolongar, name="prolongar"),
    path("salir/", paginas.salir, name="salir"),
    path("salud/", paginas.estado_de_salud, name="salud"),
    path("salud/vivo/", paginas.vivo, name="salud-vivo"),
    path("gobierno/", TemplateView.as_view(template_name="paginas/gobierno.html"), name="gobierno"),
    path("participa/", TemplateView.as_view(template_name="paginas/participa.html"), name="participa"),
    path("datos/", paginas.datos_abiertos, {"camino": oferta.CAMINO}, name="datos"),
    path("privacidad/", TemplateView.as_view(template_name="paginas/privacidad.html"), name="privacidad"),
    path(
        "accesibilidad/",
        TemplateView.as_view(template_name="paginas/accesibilidad.html"),
        name="accesibilidad",
    ),
    path("api/v1/docs", documentacion.pagina, {"api": api}, name="api-docs"),
    path("api/v1/", include((puerta.poner(_api), "api"), namespace=_nombre)),
    path("api/v1/<path:resto>", documentacion.no_hay),
    path("app/", app.inicio, {"camino": oferta.CAMINO}, name="app"),
    *puerta.poner(
        [
            path("app/pantalla/<uuid:pk>/", app.pantalla, {"oferta": oferta.OFERTA}, name="app-pantalla"),
            path(
                "app/pantalla/<uuid:pk>/domicilio/",
                app.domicilio,
                {"oferta": oferta.OFERTA},
                name="app-domicilio",
            ),
        ]
    ),
    path("app/pantalla/<uuid:pk>/", include(clinicas.urls.en_la_app), {"paso": oferta.CLINICA}),
    path("app/sw.js", app.trabajador, {"camino": oferta.CAMINO}, name="app-sw"),
    path("app/manifest.webmanifest", app.manifiesto, name="app-manifiesto"),
    path("admin/login/", entrada.entrar),
    path("admin/autocomplete/", admin.site.admin_view(completar.Completar.as_view(admin_site=admin.site))),
    # Django's «view on site» would give any of the staff the secret address of a trámite or of a mail's link.
    re_path("^admin/r/", page_not_found, {"exception": Http404()}),
    path("admin/", sitio.direcciones([*ventanilla.paginas(oferta.OFERTA), *escuelas.paginas])),
]
if apps.is_installed("nss_portal.demo"):
    urlpatterns.append(path("buzon/", include("nss_portal.demo.buzon")))
