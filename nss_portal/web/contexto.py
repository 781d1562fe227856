"""What every page needs to know of the installation."""

from django.conf import settings
from django.http import HttpRequest

from nss_portal.web import sesion


def portal(request: HttpRequest) -> dict[str, object]:
    return {
        "demo": settings.DEMO,
        # Mail that does not leave this machine is shown at /buzon/.
        "hay_buzon": settings.DEMO and not settings.EMAIL_URL,
        "ayuda_correo": settings.AYUDA_CORREO,
        "ayuda_telefono": settings.AYUDA_TELEFONO,
        # Looked at only by pages that show a trámite: a visit without one reads no session.
        "sesion_termina": lambda: sesion.termina(request),
    }
