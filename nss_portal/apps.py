from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register


class NssPortalConfig(AppConfig):
    name = "nss_portal"
    verbose_name = "Personas, trámites y documentos"

    def ready(self) -> None:
        register(revisar_imprenta)
        register(revisar_sello, deploy=True)


def revisar_imprenta(**kwargs: Any) -> list[CheckMessage]:
    """Fonts and libraries without which documents come out slow, wrong or not at all."""
    from nss_portal.documentos import imprenta

    return [Warning(falta, id="nss_portal.W001") for falta in imprenta.revisar()]


def revisar_sello(**kwargs: Any) -> list[CheckMessage]:
    """The key without which no document is issued, and a certificate that is about to end."""
    from nss_portal.documentos import sello

    return [Error(falta, id="nss_portal.E001") for falta in sello.revisar()]
