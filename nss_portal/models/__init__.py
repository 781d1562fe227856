"""The model layer that the three steps share, keyed by CURP."""

from nss_portal.models.app import ClaveApi, Codigo, Credencial, Idempotencia, Residencia
from nss_portal.models.bitacora import Asiento
from nss_portal.models.confirmacion import Confirmacion, Vinculo
from nss_portal.models.documento import Certificado, Documento, Envio, Verificacion
from nss_portal.models.persona import CurpAnterior, Persona
from nss_portal.models.servicio import Aviso, CaptchaResuelto, Cupo, Instalacion, Latido
from nss_portal.models.territorio import CodigoPostal, Colonia, Entidad, Municipio
from nss_portal.models.tramite import Domicilio, Estado, NombreDicho, Suceso, Tramite

__all__ = [
    "Asiento",
    "Aviso",
    "CaptchaResuelto",
    "Certificado",
    "ClaveApi",
    "Codigo",
    "CodigoPostal",
    "Colonia",
    "Confirmacion",
    "Credencial",
    "Cupo",
    "CurpAnterior",
    "Documento",
    "Domicilio",
    "Entidad",
    "Envio",
    "Estado",
    "Idempotencia",
    "Instalacion",
    "Latido",
    "Municipio",
    "NombreDicho",
    "Persona",
    "Residencia",
    "Suceso",
    "Tramite",
    "Verificacion",
    "Vinculo",
]
