"""The model layer that the three steps share, keyed by CURP."""

from nss_portal.models.documento import Documento, Envio
from nss_portal.models.persona import Persona
from nss_portal.models.servicio import Aviso, CaptchaResuelto, Cupo, Latido
from nss_portal.models.territorio import CodigoPostal, Colonia, Entidad, Municipio
from nss_portal.models.tramite import Domicilio, Estado, Suceso, Tramite

__all__ = [
    "Aviso",
    "CaptchaResuelto",
    "CodigoPostal",
    "Colonia",
    "Cupo",
    "Documento",
    "Domicilio",
    "Entidad",
    "Envio",
    "Estado",
    "Latido",
    "Municipio",
    "Persona",
    "Suceso",
    "Tramite",
]
