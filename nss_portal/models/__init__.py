"""The model layer that the three steps share, keyed by CURP."""

from nss_portal.api.models import ClaveApi, Idempotencia
from nss_portal.correo.models import Envio
from nss_portal.documentos.models import Certificado, Documento, Verificacion
from nss_portal.personas.bitacora import Asiento
from nss_portal.personas.models import CurpAnterior, Persona, Vinculo
from nss_portal.servicio.models import Aviso, CaptchaResuelto, Cupo, Instalacion, Latido
from nss_portal.territorio.models import CodigoPostal, Colonia, Entidad, Municipio
from nss_portal.tramites.models.acceso import Codigo, Credencial, Residencia
from nss_portal.tramites.models.confirmacion import Confirmacion
from nss_portal.tramites.models.tramite import Domicilio, Estado, NombreDicho, Suceso, Tramite

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
