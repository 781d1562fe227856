"""Template vocabulary of the portal: icons, the groups of an NSS, masked numbers."""

import re
from datetime import date

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from nss_portal.documentos.moldes import fecha_larga, horario
from nss_portal.personas.identidad import (
    enmascarar_curp,
    enmascarar_nombre,
    enmascarar_nss,
    nombre_e_iniciales,
    ultimos_de_curp,
)

register = template.Library()
for _filtro in (
    enmascarar_curp,
    enmascarar_nombre,
    enmascarar_nss,
    nombre_e_iniciales,
    ultimos_de_curp,
    fecha_larga,
    horario,
):
    register.filter(_filtro.__name__, _filtro)


@register.simple_tag
def icono(nombre: str) -> SafeString:
    """An icon of `static/iconos.svg`; decoration beside a word, so hidden from assistive technology."""
    return format_html(
        '<svg class="i" aria-hidden="true" focusable="false"><use href="{}#i-{}"/></svg>',
        static("iconos.svg"),
        nombre,
    )


@register.filter
def grupos_nss(nss: str) -> list[str]:
    """An NSS in its five groups: subdelegación, registration, birth, consecutive, check digit."""
    return [nss[:2], nss[2:4], nss[4:6], nss[6:10], nss[10:]]


@register.filter
def ventanilla(dicha: str) -> str:
    """The window of a clinic where papers are handed in."""
    return dicha or "Pregunta en la clínica por la ventanilla de vigencia y su horario"


@register.filter
def fecha(iso: str) -> date:
    """The day of a frozen datum, for the `date` filter: «2026-11-19»."""
    return date.fromisoformat(iso)


@register.filter
def miles(numero: int) -> str:
    """145468 -> «145,468», as Mexico writes it."""
    return f"{numero:,}"


@register.simple_block_tag
def seguido(content: str) -> SafeString:
    """A paragraph of a text mail, written on several lines and sent on one: each mail program breaks it."""
    # Not split(): a file's size keeps its unit beside it with a hard space.
    return mark_safe(re.sub(r"[ \n]+", " ", content).strip(" "))
