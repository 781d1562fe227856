from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register


class NssPortalConfig(AppConfig):
    name = "nss_portal"
    verbose_name = "Personas, trámites y documentos"

    def ready(self) -> None:
        register(revisar_imprenta)


def revisar_imprenta(**kwargs: Any) -> list[CheckMessage]:
    """Fonts and libraries without which documents come out slow, wrong or not at all."""
    from nss_portal import documentos

    return [Warning(falta, id="nss_portal.W001") for falta in documentos.revisar()]
