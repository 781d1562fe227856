"""The names that other programs import from here; what they do is in `personas.identidad`."""

from nss_portal.personas.identidad import digito_curp, digito_nss, raiz_curp, validar_curp, validar_nss

__all__ = ["digito_curp", "digito_nss", "raiz_curp", "validar_curp", "validar_nss"]
