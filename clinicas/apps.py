from django.apps import AppConfig


class ClinicasConfig(AppConfig):
    name = "clinicas"
    verbose_name = "Paso 3: clínicas"
