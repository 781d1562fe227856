"""Which browser is asking: a random token in the database session, that dies at «Salir»."""

import secrets

from django.http import HttpRequest

from nss_portal.models import Tramite

_CLAVE = "navegador"


def navegador(request: HttpRequest) -> str | None:
    """The browser's token, or None for one that has begun nothing here."""
    return request.session.get(_CLAVE)


def abrir(request: HttpRequest) -> str:
    """The browser's token, made if it has none. Not the session key: that one changes at a log-in."""
    if _CLAVE not in request.session:
        request.session[_CLAVE] = secrets.token_urlsafe(32)
    return str(request.session[_CLAVE])


def en_curso(request: HttpRequest) -> Tramite | None:
    """The latest trámite that this browser began, to go on with it."""
    propios = Tramite.objects.del_navegador(navegador(request))
    return propios.order_by("-creado").first()


def prolongar(request: HttpRequest) -> None:
    """A new trámite has its whole day, however long ago the session began."""
    request.session.modified = True
