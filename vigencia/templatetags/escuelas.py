"""What the admin's pages ask of a school: whose page it is, and the figures of its start."""

from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from nss_portal.personas.identidad import enmascarar_curp, normalizar_curp
from nss_portal.templatetags.portal import icono
from vigencia.escuelas.alcance import escuela_de, puede_exportar
from vigencia.escuelas.inscripciones import Situacion, situacion
from vigencia.escuelas.panel import Panel, panel
from vigencia.models import Escuela, Inscripcion

register = template.Library()


@register.simple_tag(name="escuela_de")
def _escuela_de(usuario: Any) -> Escuela | None:
    return escuela_de(usuario)


register.filter(puede_exportar)


@register.simple_tag(name="panel_de")
def _panel_de(escuela: Escuela) -> Panel:
    return panel(escuela, timezone.localdate())


@register.filter(name="situacion")
def _situacion(inscripcion: Inscripcion) -> Situacion:
    return situacion(inscripcion, timezone.localdate())


@register.simple_tag
def por_ciento_de(parte: int, todo: int) -> int:
    """How long a bar is, of 100; what is not nothing can be seen."""
    return max(1, round(100 * parte / todo)) if parte and todo else 0


_ICONOS = {
    "alta": "listo",
    "baja": "candado",
    "sin-cambio": "otra",
    "advertencia": "info",
    "fuera": "info",
    "error": "alerta",
}


@register.simple_tag
def veredicto_icono(veredicto: str) -> SafeString:
    """Beside the word, never alone."""
    return icono(_ICONOS.get(veredicto, "info"))


@register.filter
def curp_a_medias(escrita: str | None) -> str:
    """A CURP as a file has it, perhaps badly: masked when it is one, as it is when it cannot be."""
    curp = normalizar_curp(escrita or "")
    return enmascarar_curp(curp) if len(curp) == 18 else curp[:30]
