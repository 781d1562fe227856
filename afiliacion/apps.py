from django.apps import AppConfig


class AfiliacionConfig(AppConfig):
    name = "afiliacion"
    verbose_name = "Paso 1: número de seguridad social"
