from pathlib import Path

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "nss_portal.demo"
    verbose_name = "Demostración"

    def ready(self) -> None:
        from nss_portal.documentos import sello

        sello.hacer_clave = _hacer_clave


def _hacer_clave(carpeta: Path) -> bytes:
    from nss_portal.demo import ca  # a certificate authority is loaded by who needs one

    return ca.emisor(carpeta)
