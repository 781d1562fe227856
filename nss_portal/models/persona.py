"""Where migrations that have been applied look for these."""

from nss_portal.personas.models import _revisar_curp, _revisar_nss

__all__ = ["_revisar_curp", "_revisar_nss"]
