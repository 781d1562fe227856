"""The portal closed for a while: `touch var/mantenimiento` closes it, `rm` opens it, without a restart.

It is a file because what is being mended may be the database. What the file says («hoy a las 18:00») is
shown as when we are back.
"""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader

type Respuesta = Callable[[HttpRequest], HttpResponse]

ABIERTAS = ("/salud/", "/static/")  # a monitor still asks; the page still has its look
CINCO_MINUTOS = "300"


def cerrado_por_mantenimiento(siguiente: Respuesta) -> Respuesta:
    """Middleware: while the file is there, every page is one, and nothing behind it is touched."""
    aviso = settings.VAR_DIR / "mantenimiento"

    def atender(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(ABIERTAS) or not aviso.exists():
            return siguiente(request)
        respuesta = _para_programas() if request.path.startswith("/api/") else _pagina(aviso.read_text())
        respuesta["Retry-After"], respuesta["Cache-Control"] = CINCO_MINUTOS, "no-store"
        return respuesta

    return atender


def _pagina(hasta: str) -> HttpResponse:
    pagina = loader.render_to_string("mantenimiento.html", {"hasta": hasta.strip()[:80]})
    return HttpResponse(pagina, status=HTTPStatus.SERVICE_UNAVAILABLE)


def _para_programas() -> HttpResponse:
    problema = {
        "type": "about:blank",
        "title": "En mantenimiento",
        "status": HTTPStatus.SERVICE_UNAVAILABLE,
        "detail": "El portal está en mantenimiento. Vuelve a intentarlo más tarde.",
    }
    return JsonResponse(
        problema, status=HTTPStatus.SERVICE_UNAVAILABLE, content_type="application/problem+json"
    )
