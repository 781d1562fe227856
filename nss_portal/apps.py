from django.apps import AppConfig


class NssPortalConfig(AppConfig):
    name = "nss_portal"
    verbose_name = "Personas, trámites y documentos"
