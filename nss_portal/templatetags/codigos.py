"""The digits of a code, said only while its mail is being written."""

from django import template

from nss_portal.tramites.models import Codigo

register = template.Library()


@register.filter
def cifras(clave: str) -> str:
    """The six of the code whose key this is, together: so they are copied."""
    return Codigo(pk=clave).cifras
