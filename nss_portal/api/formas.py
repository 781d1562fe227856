"""The shapes in which programs ask and are told. What is asked is checked by forms, as on the web."""

import uuid
from datetime import date, datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from nss_portal.tramites.models import Estado, Tramite

POR_CONFIRMAR = "por_confirmar"
# In these the worker has the trámite: whoever polls comes back in a moment.
TRABAJANDO = {Estado.RECIBIDO, Estado.ASIGNANDO, Estado.EMITIENDO}
_LARGO = 400
_NOMBRE = "Como está en el acta de nacimiento. Sólo donde la institución lo pide (IDENTIDAD=nombre)."

type EstadoDeApi = Literal[
    "por_confirmar",
    "recibido",
    "domicilio",
    "asignando",
    "eleccion",
    "emitiendo",
    "resuelto",
    "finalizado",
    "rechazado",
]


class Solicitud(Schema):
    tipo: Literal["nss", "vigencia", "clinica"] = Field(examples=["nss"])
    curp: str = Field(max_length=_LARGO, examples=["MUHD040821HDFSRGA9"])
    correo: str = Field(max_length=_LARGO, examples=["persona@correo.example"])
    nombres: str | None = Field(None, max_length=_LARGO, description=_NOMBRE, examples=["Diego"])
    primer_apellido: str | None = Field(None, max_length=_LARGO, description=_NOMBRE, examples=["Muestra"])
    segundo_apellido: str | None = Field(None, max_length=_LARGO, description=_NOMBRE, examples=["Hernández"])
    nss: str | None = Field(None, max_length=_LARGO, description="Sólo para «vigencia».", examples=[None])
    codigo_postal: str | None = Field(
        None,
        max_length=_LARGO,
        description="Para «clinica». Para «nss» de quien nació en el extranjero, si se quiere: sin él, el "
        "trámite pide después el domicilio.",
        examples=["06600"],
    )
    cambio: bool = Field(False, description="Para «clinica» de quien ya tiene y quiere otra.")


class Comenzado(Schema):
    id: uuid.UUID = Field(examples=["5a0a8c3e-6a53-4d0b-a7a5-2a27f3b2ad0e"])
    estado: EstadoDeApi = Field(examples=[POR_CONFIRMAR])


class CodigoEscrito(Schema):
    codigo: str = Field(
        max_length=_LARGO, description="Seis cifras; se perdonan los espacios.", examples=["492 731"]
    )


class Acceso(Schema):
    token: str = Field(examples=["pV3nU0eGd1hQ4m7rTzK2xw8yB5sLcJ9fAaEiOoUuYyM"])
    expira: datetime = Field(examples=["2026-11-22T18:30:00-06:00"])


class DocumentoSchema(Schema):
    id: uuid.UUID
    tipo: str = Field(examples=["tarjeta"])
    folio: str = Field(examples=["1795384800000123456789"])
    fecha: date = Field(examples=["2026-11-22"])
    listo: bool = Field(description="Su PDF ya se puede descargar.", examples=[True])


class TramiteSchema(Schema):
    id: uuid.UUID
    tipo: Literal["nss", "vigencia", "clinica"] = Field(examples=["nss"])
    folio: str = Field(examples=["1795384800000123456789"])
    estado: EstadoDeApi = Field(examples=["resuelto"])
    motivo: str | None = Field(description="De un rechazo.", examples=[None])
    nss: str | None = Field(description="Cuando ya está resuelto.", examples=["99990400019"])
    resultado: str | None = Field(examples=["asignado"])
    documentos: list[DocumentoSchema]


class Parte(Schema):
    texto: str = Field(examples=["Buscar si ya tienes un NSS"])
    hecho: bool = Field(examples=[True])


class Avance(Schema):
    estado: EstadoDeApi = Field(examples=["recibido"])
    avance: list[Parte]
    espera: str | None = Field(
        description="Qué espera de fuera: «registro-no-disponible», «serie-agotada», «documento» o "
        "«atencion». Nunca es un rechazo: sigue solo.",
        examples=[None],
    )


class Enviado(Schema):
    para: str = Field(description="A qué correo va, a medias.", examples=["pe•••@correo.example"])


class Colonia(Schema):
    id: int
    nombre: str = Field(examples=["Juárez"])
    tipo: str = Field(examples=["Colonia"])


class Lugar(Schema):
    clave: str | None = Field(examples=["09"])
    nombre: str = Field(examples=["Ciudad de México"])


class CodigoPostalSchema(Schema):
    codigo_postal: str = Field(examples=["06600"])
    entidad: Lugar
    municipio: Lugar
    colonias: list[Colonia]


class PorVerificar(Schema):
    folio: str = Field(max_length=_LARGO, examples=["1795384800000123456789"])
    codigo: str = Field(max_length=_LARGO, examples=["7KQ4-M2XT"])


class Verificado(Schema):
    resultado: Literal["valido", "alterado", "sustituido", "cancelado", "desconocido"]
    tipo: str | None = Field(description="Qué documento es.", examples=["tarjeta"])
    fecha: date | None = Field(description="Cuándo se emitió.", examples=["2026-11-22"])
    nombre: str | None = Field(description="De quién es, a medias.", examples=["Daniela E. R."])
    nss: str | None = Field(description="A medias.", examples=["•••••••0019"])
    demostracion: bool = Field(description="Sin validez oficial.", examples=[True])
    hechos: dict[str, str] = Field(
        description="Lo que el documento dice, tal como viene impreso.",
        examples=[{"vigente": "sí", "desde": "17/08/2026", "hasta": "31/07/2027"}],
    )
    hoy: Literal["cierto", "ya-no", "no-aplica"] | None = Field(
        description="Si eso sigue siendo cierto hoy.", examples=["ya-no"]
    )
    motivo_hoy: str | None = Field(
        description="Por qué.", examples=["Era cierto el 28/11/2026; hoy ya no: baja el 29/11/2026."]
    )


def estado_de(tramite: Tramite) -> str:
    """The state as the API says it: what the web reviews on a second page, the App reviews by itself."""
    if tramite.estado == Estado.CONFIRMACION:
        return POR_CONFIRMAR
    return str(Estado.ELECCION if tramite.estado == Estado.REVISION else tramite.estado)


def describir(tramite: Tramite) -> dict[str, Any]:
    """A trámite, as its bearer is told."""
    resuelto = tramite.estado in (Estado.RESUELTO, Estado.FINALIZADO)
    return {
        "id": tramite.pk,
        "tipo": tramite.tipo,
        "folio": tramite.folio,
        "estado": estado_de(tramite),
        "motivo": tramite.motivo or None,
        "nss": tramite.persona.nss if resuelto and tramite.persona else None,
        "resultado": tramite.resultado or None,
        "documentos": [
            {
                "id": documento.pk,
                "tipo": documento.tipo,
                "folio": documento.datos["folio"],
                "fecha": documento.datos["fecha"],
                "listo": documento.emitido is not None,
            }
            for documento in tramite.documentos.all()
        ],
    }
