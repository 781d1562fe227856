"""A trámite, who may see it, and what the App opened with it."""

from nss_portal.tramites.models.acceso import (
    ClaveApi,
    Codigo,
    CodigoQuerySet,
    Credencial,
    CredencialQuerySet,
    Idempotencia,
    Residencia,
)
from nss_portal.tramites.models.confirmacion import Confirmacion, Vinculo
from nss_portal.tramites.models.tramite import (
    Domicilio,
    Estado,
    NombreDicho,
    Suceso,
    Tramite,
    TramiteQuerySet,
)

__all__ = [
    "ClaveApi",
    "Codigo",
    "CodigoQuerySet",
    "Confirmacion",
    "Credencial",
    "CredencialQuerySet",
    "Domicilio",
    "Estado",
    "Idempotencia",
    "NombreDicho",
    "Residencia",
    "Suceso",
    "Tramite",
    "TramiteQuerySet",
    "Vinculo",
]
