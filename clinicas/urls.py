from django.urls import path
from django.views.generic import TemplateView

app_name = "clinica"
urlpatterns = [path("", TemplateView.as_view(template_name="clinicas/en_preparacion.html"), name="solicitar")]
