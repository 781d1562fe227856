"""What the admin's pages ask of the counter: whose page it is, and what waits there."""

from typing import Any

from django import template

from afiliacion.models import Atencion, Cambio, Empleado
from afiliacion.ventanilla.alcance import empleado_de
from afiliacion.ventanilla.forms import AtenderForm

register = template.Library()


@register.simple_tag(name="empleado_de")
def _empleado_de(usuario: Any) -> Empleado | None:
    return empleado_de(usuario)


@register.simple_tag
def mostrador(empleado: Empleado) -> dict[str, Any]:
    """The start page of a clerk: the form that begins, what is open, what waits for a supervisor."""
    suyas = Atencion.objects.filter(subdelegacion=empleado.subdelegacion_id, terminada=None)
    pendientes = Cambio.objects.filter(
        subdelegacion=empleado.subdelegacion_id, estado=Cambio.Estado.PEDIDO
    ).exclude(pide=empleado.usuario_id)
    return {
        "form": AtenderForm(),
        "abiertas": suyas.filter(atendio=empleado.usuario_id).select_related("persona")[:8],
        "por_decidir": pendientes.count() if empleado.supervisor else 0,
    }
