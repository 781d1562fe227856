"""The digits of a code, said only while its mail is being written."""

from django import template

from nss_portal.models import Codigo

register = template.Library()


@register.filter
def cifras(clave: str) -> str:
    """«123 456», of the code whose key this is."""
    seis = Codigo(pk=clave).cifras
    return f"{seis[:3]} {seis[3:]}"
