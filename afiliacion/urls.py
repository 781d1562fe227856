from django.urls import path

from afiliacion import views

app_name = "nss"
urlpatterns = [
    path("", views.solicitar, name="solicitar"),
    path("<uuid:pk>/", views.tramite, name="tramite"),
    path("<uuid:pk>/estado/", views.estado, name="estado"),
    path("<uuid:pk>/domicilio/", views.domicilio, name="domicilio"),
    path("<uuid:pk>/finalizar/", views.finalizar, name="finalizar"),
]
