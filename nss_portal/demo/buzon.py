"""The demonstration's mailbox: the mail that did not leave this machine."""

import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from nss_portal.correo import buzon as guardado


def _solo_demo() -> None:
    if not settings.DEMO or settings.EMAIL_URL:
        raise Http404


@never_cache
@require_safe
def lista(request: HttpRequest) -> HttpResponse:
    _solo_demo()
    return render(request, "buzon.html", {"mensajes": guardado.mensajes(limite=50)})


@never_cache
@require_safe
@csp_override({"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "sandbox": ["allow-popups"]})
def mensaje(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One mail as a mail program would show it: its own inline styles, no scripts, no requests."""
    _solo_demo()
    suyo = guardado.mensaje(pk)
    if suyo is None:
        raise Http404
    return HttpResponse(suyo.html)


@never_cache
@require_safe
def adjunto(request: HttpRequest, pk: uuid.UUID, numero: int) -> HttpResponse:
    _solo_demo()
    suyo = guardado.mensaje(pk)
    if suyo is None or numero >= len(suyo.adjuntos):
        raise Http404
    papel = suyo.adjuntos[numero]
    return HttpResponse(
        papel.contenido,
        content_type=papel.tipo,
        headers={"Content-Disposition": f'inline; filename="{papel.nombre}"'},
    )


urlpatterns = [
    path("", lista, name="buzon"),
    path("<uuid:pk>/", mensaje, name="buzon-mensaje"),
    path("<uuid:pk>/<int:numero>/", adjunto, name="buzon-adjunto"),
]
