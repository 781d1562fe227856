from django.urls import path
from django.views.generic import TemplateView

app_name = "vigencia"
urlpatterns = [path("", TemplateView.as_view(template_name="vigencia/en_preparacion.html"), name="solicitar")]
