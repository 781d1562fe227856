from django.urls import path

from clinicas import views

app_name = "clinica"
urlpatterns = [
    path("", views.solicitar, name="solicitar"),
    path("<uuid:pk>/", views.tramite, name="tramite"),
    path("<uuid:pk>/estado/", views.estado, name="estado"),
    path("<uuid:pk>/eleccion/", views.eleccion, name="eleccion"),
    path("<uuid:pk>/cambiar/", views.cambiar, name="cambiar"),
    path("<uuid:pk>/finalizar/", views.finalizar, name="finalizar"),
]
