"""What every page of the console needs: the admin's frame, the row that it shows, a line in its history."""

from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from vigencia.escuelas.alcance import exigir, recortar


class Seccion(NamedTuple):
    """A part of the console: what it is called, and the list where it begins."""

    nombre: str
    lista: str


ALUMNOS = Seccion("Alumnos", "admin:vigencia_inscripcion_changelist")
ARCHIVOS = Seccion("Archivos", "admin:vigencia_lote_changelist")
CIERRES = Seccion("Fin de ciclo", "admin:vigencia_cierre_changelist")


def pagina(
    request: HttpRequest, plantilla: str, titulo: str, seccion: Seccion, **contexto: Any
) -> HttpResponse:
    marco = admin.site.each_context(request) | {"title": titulo, "seccion": seccion}
    return render(request, f"admin/vigencia/{plantilla}", marco | contexto)


def propia[M: Model](request: HttpRequest, permiso: str, filas: QuerySet[M], clave: Any) -> M:
    """One row of the user's school, by its key. Raises PermissionDenied, and Http404 for another school's."""
    exigir(request.user, permiso)
    try:
        return recortar(filas, request.user).get(pk=clave)
    except (ObjectDoesNotExist, ValidationError, ValueError):
        raise Http404 from None


def anotar(request: HttpRequest, fila: Model, que: Any, accion: int = CHANGE) -> None:
    """In the row's history, as the admin does: who did what."""
    LogEntry.objects.log_actions(request.user.pk, [fila], accion, que)  # type: ignore[arg-type]
