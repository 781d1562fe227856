"""Whose things a user of the admin sees: one school's, every school's, or none. That rule's one place."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet

from vigencia.models import Escuela, Responsable


def escuela_de(usuario: Any) -> Escuela | None:
    """The school that the user answers for. Read once a request: `request.user` lives as long as that."""
    if not getattr(usuario, "is_authenticated", False):
        return None
    if not hasattr(usuario, "_escuela_propia"):
        fila = Responsable.objects.filter(usuario=usuario.pk).select_related("escuela").first()
        usuario._escuela_propia = fila.escuela if fila else None
    propia: Escuela | None = usuario._escuela_propia
    return propia


def ve_todas(usuario: Any) -> bool:
    """Central staff: whoever may see the schools themselves. Answering for one takes it away."""
    return escuela_de(usuario) is None and bool(usuario.has_perm("vigencia.view_escuela"))


def recortar[M: Model](filas: QuerySet[M], usuario: Any) -> QuerySet[M]:
    """Of rows that belong to a school, those this user may know of."""
    if escuela := escuela_de(usuario):
        return filas.filter(escuela=escuela)
    # Whoever no longer answers for a school keeps the group until somebody looks: they see nothing.
    return filas if ve_todas(usuario) else filas.none()


def exigir(usuario: Any, permiso: str) -> Escuela | None:
    """The user's school, or None for central staff. Raises PermissionDenied for whoever may not."""
    escuela = escuela_de(usuario)
    if not usuario.has_perm(f"vigencia.{permiso}") or not (escuela or ve_todas(usuario)):
        raise PermissionDenied
    return escuela


def puede_exportar(usuario: Any) -> bool:
    """Whole numbers, thousands at once: for who answers for the school, or of the rest who may change it."""
    return escuela_de(usuario) is not None or bool(usuario.has_perm("vigencia.change_inscripcion"))
