"""Every address of the portal."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

from nss_portal import views

urlpatterns = [
    path("", views.inicio, name="inicio"),
    path("nss/", include("afiliacion.urls")),
    path("vigencia/", include("vigencia.urls")),
    path("clinica/", include("clinicas.urls")),
    path("documentos/<uuid:pk>/", views.documento, name="documento"),
    path("documentos/<uuid:pk>/descargar/", views.documento, {"adjunto": True}, name="documento-descargar"),
    path("documentos/<uuid:pk>/enviar/", views.enviar_documento, name="documento-enviar"),
    path("codigos-postales/<str:cp>/", views.codigo_postal, name="codigo-postal"),
    path("verificar/", views.verificar, name="verificar"),
    path("v/<slug:token>/", views.verificar_token, name="verificar-token"),
    path("captcha/", include("captcha.urls")),
    path("salir/", views.salir, name="salir"),
    path("salud/", views.estado_de_salud, name="salud"),
    path("salud/vivo/", views.vivo, name="salud-vivo"),
    path("buzon/", views.buzon, name="buzon"),
    path("buzon/<uuid:pk>/", views.buzon_mensaje, name="buzon-mensaje"),
    path("buzon/<uuid:pk>/<int:numero>/", views.buzon_adjunto, name="buzon-adjunto"),
    path("gobierno/", TemplateView.as_view(template_name="paginas/gobierno.html"), name="gobierno"),
    path("participa/", TemplateView.as_view(template_name="paginas/participa.html"), name="participa"),
    path("datos/", views.datos_abiertos, name="datos"),
    path("privacidad/", TemplateView.as_view(template_name="paginas/privacidad.html"), name="privacidad"),
    path(
        "accesibilidad/",
        TemplateView.as_view(template_name="paginas/accesibilidad.html"),
        name="accesibilidad",
    ),
    path("admin/", admin.site.urls),
]
