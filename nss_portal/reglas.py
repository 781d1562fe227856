"""Where migrations that have been applied look for these."""

from nss_portal.personas.reglas import SeisCifras, nss_para_siempre, poner

__all__ = ["SeisCifras", "nss_para_siempre", "poner"]
