from django.urls import path

from vigencia import views

urlpatterns = [path("<uuid:pk>/hoja/", views.hoja, name="hoja")]
