"""Template vocabulary of the portal: icons, the groups of an NSS, masked numbers."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from nss_portal.identidad import enmascarar_correo

register = template.Library()
register.filter("enmascarar_correo", enmascarar_correo)


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
