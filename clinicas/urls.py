from django.urls import path

from clinicas import views

urlpatterns = [
    path("<uuid:pk>/eleccion/", views.eleccion, name="eleccion"),
    path("<uuid:pk>/cambiar/", views.cambiar, name="cambiar"),
]
