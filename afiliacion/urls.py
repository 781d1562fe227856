from django.urls import path

from afiliacion import views

urlpatterns = [path("<uuid:pk>/domicilio/", views.domicilio, name="domicilio")]
