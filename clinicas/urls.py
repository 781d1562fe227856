from django.urls import path

from clinicas import views
from nss_portal.api import puerta

urlpatterns = [
    path("<uuid:pk>/eleccion/", views.eleccion, name="eleccion"),
    path("<uuid:pk>/cambiar/", views.cambiar, name="cambiar"),
]
# What the App asks besides its API: the screen that comes after a choice.
en_la_app = puerta.poner([path("eleccion/", views.eleccion_en_la_app, name="app-eleccion")])
