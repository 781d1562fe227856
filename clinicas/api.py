"""Step 3 in the App: the clinics that there are, the choice, what was certified."""

import uuid
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from clinicas import alta, cercania, registro
from clinicas.forms import EleccionForm
from clinicas.models import Peticion
from nss_portal.api import formas, problemas
from nss_portal.api.acceso import Portador, mio
from nss_portal.api.problemas import Problema
from nss_portal.tramites.maquina import NoPuedeSeguir
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.web.forms import CampoTexto

router = Router(tags=["Paso 3: tu clínica"], auth=Portador())
POR_ELEGIR = (Estado.ELECCION, Estado.REVISION)


class Opcion(Schema):
    clinica: str = Field(description="Su CLUES: es lo que se elige.", examples=["DFIMS990012"])
    nombre: str = Field(examples=["UMF 28"])
    domicilio: str = Field(examples=["Calle de los Ejemplos 12, C. P. 06600, Cuauhtémoc, Ciudad de México"])
    telefono: str = Field(description="Vacío si no se sabe.", examples=["55 0000 0028"])
    horario: str = Field(
        description="Vacío si no se sabe: se pregunta en la clínica.",
        examples=["Lunes a viernes, de 8:00 a 20:00 h"],
    )
    motivo: str = Field(
        description="Por qué se propone: «Te la proponemos porque…».", examples=["está en tu municipio"]
    )
    kilometros: float | None = Field(description="En línea recta; nulo si no se sabe.", examples=[1.8])
    turnos: list[str] = Field(description="Los que tienen lugar.", examples=[["matutino", "vespertino"]])


class Opciones(Schema):
    actual: str | None = Field(description="La clínica que ya tiene, si pide un cambio.", examples=[None])
    clinica_actual: str | None = Field(
        description="Su CLUES: el nombre se repite de una entidad a otra.", examples=[None]
    )
    turno_actual: str | None = Field(examples=[None])
    ninguna_cerca: bool = Field(
        description="Todas pasan de 50 km o están en otra entidad: conviene preguntar antes de elegir.",
        examples=[False],
    )
    opciones: list[Opcion]


class Eleccion(Schema):
    clinica: str = Field(max_length=400, examples=["DFIMS990012"])
    turno: str = Field(max_length=400, examples=["matutino"])


class AltaSchema(Schema):
    nombre: str = Field(examples=["Diego Muestra Hernández"])
    curp: str = Field(examples=["MUHD040821HDFSRGA9"])
    nss: str = Field(examples=["99990400019"])
    agregado: str = Field(examples=["1M2004ES"])
    clinica: str = Field(examples=["UMF 28"])
    domicilio_clinica: str
    telefono: str = Field(description="Vacío si no se sabe.")
    horario: str = Field(description="Vacío si no se sabe: se pregunta en la clínica.")
    ventanilla: str = Field(description="Vacía si no se sabe: se pregunta en la clínica.")
    turno: str = Field(examples=["matutino"])
    consultorio: str = Field(examples=["3"])
    desde: date
    vigente_hasta: date
    folio: str
    fecha: date
    demo: bool = Field(description="Sin validez oficial.")


def _por_elegir(request: HttpRequest, pk: uuid.UUID) -> tuple[Tramite, Peticion, list[cercania.Opcion]]:
    tramite = mio(request, pk, Tramite.Tipo.CLINICA)
    if tramite.estado not in POR_ELEGIR:
        raise Problema("estado", "En este momento no hay una clínica que elegir.")
    peticion = Peticion.objects.select_related("codigo_postal__municipio__entidad").get(tramite=tramite)
    return tramite, peticion, cercania.opciones(peticion.codigo_postal)


@router.get("/tramites/{uuid:pk}/opciones/", response=Opciones, summary="Las clínicas entre las que se elige")
def opciones(request: HttpRequest, pk: uuid.UUID) -> Any:
    tramite, _, hay = _por_elegir(request, pk)
    suya = alta.activa(tramite.persona) if tramite.persona else None
    actual = suya.consultorio if suya else None
    return {
        "actual": actual.clinica.nombre if actual else None,
        "clinica_actual": actual.clinica_id if actual else None,
        "turno_actual": actual.turno if actual else None,
        "ninguna_cerca": cercania.ninguna_cerca(hay),
        "opciones": [
            {
                "clinica": opcion.clinica.pk,
                "nombre": opcion.clinica.nombre,
                "domicilio": opcion.clinica.direccion,
                "telefono": opcion.clinica.telefono,
                "horario": opcion.clinica.horario,
                "motivo": str(opcion.motivo.label),
                "kilometros": opcion.kilometros,
                "turnos": [consultorio.turno for consultorio in opcion.turnos],
            }
            for opcion in hay
        ],
    }


@router.post(
    "/tramites/{uuid:pk}/eleccion/",
    response=formas.TramiteSchema,
    summary="Registrarse en una clínica y un turno",
    description="Queda hecho: quien llama ya lo revisó.",
)
def eleccion(request: HttpRequest, pk: uuid.UUID, datos: Eleccion) -> Any:
    tramite, peticion, hay = _por_elegir(request, pk)
    form = EleccionForm(datos.dict(), opciones=hay, peticion=peticion)
    # The page offers a list; here anything may come.
    form.fields["clinica"] = CampoTexto(max_length=11, requerido="Elige una clínica.")
    form.fields["turno"] = CampoTexto(max_length=10, requerido="Elige un turno.")
    if not form.is_valid():
        raise problemas.de_un_form(form)
    try:
        hecho = registro.confirmar(tramite, form.cleaned_data["clinica"], form.cleaned_data["turno"])
    except alta.SinLugar as error:
        raise Problema("estado", f"{error} Elige otra opción: no se registró nada.") from None
    except NoPuedeSeguir:
        frase = "No se registró nada, por una falla de nuestro lado."
        raise Problema("estado", frase, espera=timedelta(minutes=1)) from None
    if not hecho:
        raise Problema("estado", "Ya se había registrado: mira cómo quedó.")
    return formas.describir(tramite)


@router.get("/tramites/{uuid:pk}/alta/", response=AltaSchema, summary="Lo que dice tu comprobante")
def comprobante(request: HttpRequest, pk: uuid.UUID) -> Any:
    tramite = mio(request, pk, Tramite.Tipo.CLINICA)
    if tramite.estado not in (Estado.RESUELTO, Estado.FINALIZADO):
        raise Problema("estado", "Tu comprobante todavía no está.")
    return tramite.documentos.all()[0].datos
