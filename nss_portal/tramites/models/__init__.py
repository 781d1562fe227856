"""A trámite, the questions asked of a mailbox about it, and what the App opened with it."""

from nss_portal.tramites.models.acceso import Codigo, Credencial, Residencia
from nss_portal.tramites.models.confirmacion import Confirmacion
from nss_portal.tramites.models.tramite import Domicilio, Estado, NombreDicho, Suceso, Tramite

__all__ = [
    "Codigo",
    "Confirmacion",
    "Credencial",
    "Domicilio",
    "Estado",
    "NombreDicho",
    "Residencia",
    "Suceso",
    "Tramite",
]
