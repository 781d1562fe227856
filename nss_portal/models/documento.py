"""Where migrations that have been applied look for these."""

from nss_portal.documentos.models import nuevo_codigo, nuevo_token

__all__ = ["nuevo_codigo", "nuevo_token"]
