"""Which browser is asking: a random token in the database session, that dies at «Salir»."""

import secrets
import time
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest

from nss_portal.tramites.models import Tramite

_CLAVE, _DESDE = "navegador", "desde"


def navegador(request: HttpRequest) -> str | None:
    """The browser's token, or None for one that has begun nothing here."""
    return request.session.get(_CLAVE)


def abrir(request: HttpRequest) -> str:
    """The browser's token, made if it has none. Not the session key: that one changes at a log-in."""
    if _CLAVE not in request.session:
        request.session[_CLAVE] = secrets.token_urlsafe(32)
        prolongar(request)
    return str(request.session[_CLAVE])


def en_curso(request: HttpRequest) -> Tramite | None:
    """The latest trámite that this browser began, to go on with it."""
    propios = Tramite.objects.del_navegador(navegador(request))
    return propios.order_by("-creado").first()


def prolongar(request: HttpRequest) -> None:
    """A whole day from now: a new trámite begins, or the person says that they are still there."""
    request.session[_DESDE] = int(time.time())


def termina(request: HttpRequest) -> datetime | None:
    """When what this browser began stops being shown, at the earliest; None when it has begun nothing."""
    desde = request.session.get(_DESDE)
    return datetime.fromtimestamp(desde + settings.SESSION_COOKIE_AGE, UTC) if desde else None
