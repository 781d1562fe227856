"""Whose things a user sees at the counter: one office's, every office's, or none. That rule's one place."""

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from afiliacion.models import Atencion, Cambio, Empleado


def empleado_de(usuario: Any) -> Empleado | None:
    """The user's place at a counter. Read once a request: `request.user` lives as long as that."""
    if not getattr(usuario, "is_authenticated", False):
        return None
    if not hasattr(usuario, "_puesto"):
        filas = Empleado.objects.filter(usuario=usuario.pk).select_related("subdelegacion")
        usuario._puesto = filas.first()
    puesto: Empleado | None = usuario._puesto
    return puesto


def ve_todas(usuario: Any) -> bool:
    """Central staff: whoever may see who works at the counters. Working at one takes it away."""
    return empleado_de(usuario) is None and bool(usuario.has_perm("afiliacion.view_empleado"))


def recortar[M: Model](filas: QuerySet[M], usuario: Any, campo: str = "subdelegacion") -> QuerySet[M]:
    """Of rows whose `campo` leads to a subdelegación, those this user may know of."""
    if empleado := empleado_de(usuario):
        return filas.filter(**{campo: empleado.subdelegacion_id})
    # Whoever left the counter keeps the group until somebody looks: they see nothing.
    return filas if ve_todas(usuario) else filas.none()


def exigir(usuario: Any, permiso: str) -> Empleado:
    """The user's place, from which something may be done. Raises PermissionDenied: central staff look."""
    empleado = empleado_de(usuario)
    if empleado is None or not usuario.has_perm(f"afiliacion.{permiso}"):
        raise PermissionDenied
    return empleado


def abrir[M: Model](modelo: type[M], usuario: Any, pk: uuid.UUID) -> M:
    """An attention or a change that this user may look at. Raises Http404, as if it did not exist."""
    cual = modelo._meta.model_name
    if not any(usuario.has_perm(f"afiliacion.{hacer}_{cual}") for hacer in ("view", "change")):
        raise Http404
    filas = modelo._default_manager.select_related("persona", "subdelegacion")
    return get_object_or_404(recortar(filas, usuario), pk=pk)


def suya(usuario: Any, pk: uuid.UUID) -> Atencion:
    """An attention of this user's office, to do something in it. Raises PermissionDenied, Http404."""
    exigir(usuario, "add_atencion")
    return abrir(Atencion, usuario, pk)


def puede_decidir(usuario: Any, cambio: Cambio) -> bool:
    """Four eyes: a supervisor of that very office who is not the one that asked."""
    empleado = empleado_de(usuario)
    return bool(
        empleado
        and empleado.supervisor
        and usuario.has_perm("afiliacion.change_cambio")
        and empleado.subdelegacion_id == cambio.subdelegacion_id
        and usuario.pk != cambio.pide_id
    )
