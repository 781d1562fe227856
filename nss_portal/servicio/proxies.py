"""What a visitor may not say of their own connection."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

type Respuesta = Callable[[HttpRequest], HttpResponse]


def solo_de_confianza(siguiente: Respuesta) -> Respuesta:
    """Middleware: `X-Forwarded-*` counts only when a proxy in PROXIES_CONFIABLES wrote it."""

    def atender(request: HttpRequest) -> HttpResponse:
        if request.META.get("REMOTE_ADDR") not in settings.PROXIES_CONFIABLES:
            for cabecera in ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST"):
                request.META.pop(cabecera, None)
        return siguiente(request)

    return atender
