"""Step 1 in the App: what of it is its own; the rest is `nss_portal.api`."""

import uuid
from datetime import date
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from afiliacion.forms import DomicilioForm
from nss_portal.api import formas, problemas
from nss_portal.api.acceso import Portador, mio
from nss_portal.api.problemas import Problema
from nss_portal.tramites.models import Domicilio, Estado, Tramite

router = Router(tags=["Paso 1: tu NSS"], auth=Portador())


class DomicilioSchema(Schema):
    codigo_postal: str = Field(max_length=400, examples=["06600"])
    colonia: str = Field(max_length=400, description="Su id o su nombre.", examples=["Juárez"])
    colonia_no_listada: bool = Field(False, description="La colonia no está en la lista de su código.")
    calle: str = Field(max_length=400, examples=["Calle de los Ejemplos"])
    numero_exterior: str = Field(max_length=400, examples=["12"])
    numero_interior: str = Field("", max_length=400, examples=[""])


@router.post(
    "/tramites/{uuid:pk}/domicilio/",
    response=formas.TramiteSchema,
    summary="Dar el domicilio",
    description="Cuando el trámite lo pide; o después, una vez, para tenerlo.",
)
def domicilio(request: HttpRequest, pk: uuid.UUID, datos: DomicilioSchema) -> Any:
    tramite = mio(request, pk, Tramite.Tipo.NSS)
    despues = tramite.estado in (Estado.RESUELTO, Estado.FINALIZADO)
    if not (despues or tramite.estado == Estado.DOMICILIO):
        raise Problema("estado", "El trámite no pide ahora el domicilio.")
    form = DomicilioForm({k: v for k, v in datos.dict().items() if v is not False})
    if not form.is_valid():
        raise problemas.de_un_form(form)
    with transaction.atomic():
        # Two at once: the second waits for the first, and finds an address.
        Tramite.objects.select_for_update().get(pk=tramite.pk)
        if Domicilio.objects.filter(tramite=tramite).exists():
            raise Problema("estado", "El domicilio de este trámite ya está.")
        if despues or tramite.mover(Estado.ASIGNANDO):
            form.guardar(tramite)
    return formas.describir(tramite)


class TarjetaSchema(Schema):
    nombre: str = Field(examples=["Diego Muestra Hernández"])
    curp: str = Field(examples=["MUHD040821HDFSRGA9"])
    nss: str = Field(examples=["99990400019"])
    subdelegacion: str = Field(examples=["Centro"])
    folio: str = Field(examples=["1795384800000123456789"])
    fecha: date = Field(examples=["2026-11-22"])
    demo: bool = Field(description="Sin validez oficial.")


@router.get(
    "/tramites/{uuid:pk}/tarjeta/",
    response=TarjetaSchema,
    summary="Lo que dice tu tarjeta",
    description="Lo que se certificó, para guardarlo en el teléfono.",
)
def tarjeta(request: HttpRequest, pk: uuid.UUID) -> Any:
    tramite = mio(request, pk, Tramite.Tipo.NSS)
    if tramite.estado not in (Estado.RESUELTO, Estado.FINALIZADO):
        raise Problema("estado", "Tu tarjeta todavía no está.")
    return tramite.documentos.all()[0].datos
