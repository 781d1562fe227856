"""The population registry: who holds a CURP."""

from nss_portal.models import Persona


class NoDisponible(Exception):
    """The registry did not answer. Never to be read as «no such person»."""


def identificar(curp: str) -> Persona | None:
    """The person who holds `curp`, or None when the registry knows nobody with it.

    Raises NoDisponible when the registry cannot be asked now.
    """
    return Persona.objects.filter(curp=curp).first()
