"""What the pages of the counter share: the admin's frame, and whose attention something is done in."""

import uuid
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from afiliacion.models import Atencion
from afiliacion.ventanilla import alcance
from nss_portal.tramites.paso import Oferta

MAL = HTTPStatus.UNPROCESSABLE_ENTITY
NO_RESPONDE = (
    "El registro de población no responde en este momento. La CURP puede estar bien: espera un minuto y "
    "vuelve a intentarlo."
)
type Acto = Callable[[HttpRequest, Atencion, Oferta], HttpResponse | None]
type Vista = Callable[[HttpRequest, uuid.UUID, Oferta], HttpResponse]


def pagina(
    request: HttpRequest, plantilla: str, titulo: str, *, status: int = HTTPStatus.OK, **contexto: Any
) -> HttpResponse:
    """A page of ours in the admin's frame; its title says so when there is something to correct."""
    contexto |= {**admin.site.each_context(request), "title": titulo, "con_errores": status >= MAL}
    return TemplateResponse(request, f"admin/afiliacion/{plantilla}", contexto, status=status)


def volver(atencion: Atencion) -> HttpResponse:
    return redirect("admin:afiliacion_atencion_change", atencion.pk)


def acto(hacer: Acto) -> Vista:
    """What is done in an attention of one's office: by POST, and then back to its page.

    `hacer` answers only when there is something to correct, or another place to go to.
    """

    @wraps(hacer)
    def vista(request: HttpRequest, pk: uuid.UUID, oferta: Oferta) -> HttpResponse:
        atencion = alcance.suya(request.user, pk)
        respuesta = hacer(request, atencion, oferta) if request.method == "POST" else None
        return respuesta or volver(atencion)

    return vista
