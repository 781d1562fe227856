"""Where migrations that have been applied look for these."""

from nss_portal.tramites.models.tramite import nuevo_folio

__all__ = ["nuevo_folio"]
