from django.urls import path

from vigencia import views

app_name = "vigencia"
urlpatterns = [
    path("", views.solicitar, name="solicitar"),
    path("<uuid:pk>/", views.tramite, name="tramite"),
    path("<uuid:pk>/estado/", views.estado, name="estado"),
    path("<uuid:pk>/finalizar/", views.finalizar, name="finalizar"),
    path("<uuid:pk>/hoja/", views.hoja, name="hoja"),
]
