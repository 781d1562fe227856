from django.apps import AppConfig


class VigenciaConfig(AppConfig):
    name = "vigencia"
    verbose_name = "Paso 2: vigencia de derechos"
