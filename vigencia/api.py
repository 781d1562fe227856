"""Step 2 in the App, and what a school's own system may do with its key."""

import uuid
from datetime import date
from typing import Any, Literal, cast

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from nss_portal.api import problemas
from nss_portal.api.acceso import Institucion, Portador, mio
from nss_portal.api.models import ClaveApi
from nss_portal.api.problemas import Problema
from nss_portal.tramites.models import Estado, Tramite
from vigencia.escuelas import inscripciones
from vigencia.escuelas.forms import AltaForm, BajaForm
from vigencia.models import Escuela, Inscripcion

router = Router(tags=["Paso 2: tu vigencia"], auth=Portador())
de_escuelas = Router(tags=["Escuelas"], auth=Institucion())
POR_PAGINA = 100


class Reporte(Schema):
    nombre: str = Field(examples=["Diego Muestra Hernández"])
    curp: str = Field(examples=["MUHD040821HDFSRGA9"])
    nss: str = Field(examples=["99990400019"])
    agregado: str = Field(examples=["1M2004ES"])
    vigente: bool = Field(description="Con derecho al servicio médico por tu escuela.")
    causa: str = Field(description="Por qué no.", examples=["nunca-inscrito"])
    desde: str = Field(examples=["2026-08-10"])
    hasta: str = Field(examples=["2027-07-31"])
    escuela: str = Field(examples=["Universidad de las Pruebas"])
    clinica: str = Field(description="Vacía: sin registro en clínica.", examples=["UMF 28"])
    turno: str
    consultorio: str
    folio: str
    fecha: date
    demo: bool = Field(description="Sin validez oficial.")


@router.get("/tramites/{uuid:pk}/reporte/", response=Reporte, summary="Lo que dice tu reporte de vigencia")
def reporte(request: HttpRequest, pk: uuid.UUID) -> Any:
    tramite = mio(request, pk, Tramite.Tipo.VIGENCIA)
    if tramite.estado not in (Estado.RESUELTO, Estado.FINALIZADO):
        raise Problema("estado", "Tu reporte todavía no está.")
    return tramite.documentos.all()[0].datos


# -- Schools ----------------------------------------------------------------------------------------------


class EscuelaSchema(Schema):
    cct: str = Field(examples=["09DCT0001A"])
    nombre: str = Field(examples=["Universidad de las Pruebas"])
    niveles: list[str] = Field(examples=[["medio-superior", "superior"]])


class InscripcionSchema(Schema):
    id: int = Field(examples=[1])
    curp: str = Field(examples=["MUHD040821HDFSRGA9"])
    nss: str | None = Field(examples=["99990400019"])
    matricula: str = Field(examples=["A-1234"])
    nivel: str = Field(examples=["superior"])
    ciclo: str = Field(examples=["2026-2027"])
    registro: str = Field(examples=["Y0900010320"])
    alta: date
    fin: date
    baja: date | None
    causa: str
    situacion: Literal["vigente", "por-iniciar", "baja", "terminada"]


class Pagina(Schema):
    pagina: int
    paginas: int
    total: int
    inscripciones: list[InscripcionSchema]


class Filtros(Schema):
    ciclo: str = Field("", max_length=9, examples=["2026-2027"], pattern="^([0-9]{4}-([0-9]{4}|[1-3]))?$")
    situacion: Literal["", "vigente", "por-iniciar", "baja", "terminada"] = ""
    pagina: int = Field(1, ge=1, le=100_000)


class Alta(Schema):
    curp: str = Field(max_length=400, examples=["MUHD040821HDFSRGA9"])
    nss: str = Field(max_length=400, examples=["99990400019"])
    nivel: str = Field(max_length=400, examples=["superior"])
    ciclo: str = Field(max_length=400, examples=["2026-2027"])
    alta: str = Field(max_length=400, description="AAAA-MM-DD.", examples=["2026-08-10"])
    fin: str = Field(max_length=400, description="AAAA-MM-DD.", examples=["2027-07-31"])
    matricula: str = Field("", max_length=400, examples=["A-1234"])
    registro: str = Field(
        "", max_length=400, description="Vacío: el que corresponde al nivel.", examples=[""]
    )


class Baja(Schema):
    fecha: str = Field(max_length=400, description="AAAA-MM-DD.", examples=["2026-12-15"])
    causa: str = Field(
        max_length=400,
        description="1 término de estudios, 2 voluntaria, 3 defunción, 9 otra.",
        examples=["2"],
    )


def _escuela(request: HttpRequest) -> Escuela:
    """The school of the key. Gone, the key is no good any more."""
    clave = cast(ClaveApi, cast(Any, request).auth)
    escuela = Escuela.objects.filter(pk=clave.escuela).first()
    if escuela is None:
        raise Problema("clave")
    return escuela


def _describir(inscripcion: Inscripcion) -> dict[str, Any]:
    return {
        "id": inscripcion.pk,
        "curp": inscripcion.persona.curp,
        "nss": inscripcion.persona.nss,
        "matricula": inscripcion.matricula,
        "nivel": inscripcion.nivel,
        "ciclo": inscripcion.ciclo,
        "registro": inscripcion.registro_id,
        "alta": inscripcion.alta,
        "fin": inscripcion.fin,
        "baja": inscripcion.baja,
        "causa": inscripcion.causa,
        "situacion": inscripciones.situacion(inscripcion, timezone.localdate()).value,
    }


@de_escuelas.get("/escuela/", response=EscuelaSchema, summary="De qué escuela es la clave")
def escuela(request: HttpRequest) -> Any:
    suya = _escuela(request)
    return {"cct": suya.pk, "nombre": suya.nombre, "niveles": [n.value for n in suya.niveles]}


@de_escuelas.get("/escuela/inscripciones/", response=Pagina, summary="Los alumnos de la escuela, por páginas")
def listar(request: HttpRequest, filtros: Query[Filtros]) -> Any:
    filas = _escuela(request).inscripciones.select_related("persona").order_by("-pk")
    if filtros.ciclo:
        filas = filas.filter(ciclo=filtros.ciclo)
    if filtros.situacion:
        filas = filas.filter(inscripciones.en_situacion(filtros.situacion, timezone.localdate()))
    paginador = Paginator(filas, POR_PAGINA)
    if filtros.pagina > paginador.num_pages:
        raise Problema("campos", errores={"pagina": [f"Hay {paginador.num_pages}."]})
    pagina = paginador.page(filtros.pagina)
    return {
        "pagina": filtros.pagina,
        "paginas": paginador.num_pages,
        "total": paginador.count,
        "inscripciones": [_describir(fila) for fila in pagina],
    }


@de_escuelas.post(
    "/escuela/inscripciones/",
    response={201: InscripcionSchema},
    summary="Inscribir a un alumno",
    description="Las mismas reglas que en el panel de la escuela. Quien ya está inscrito en ese ciclo se "
    "queda como estaba (422).",
)
def inscribir(request: HttpRequest, datos: Alta) -> Any:
    suya = _escuela(request)
    form = AltaForm(datos.dict(), propia=suya)
    if not form.is_valid():
        raise problemas.de_un_form(form)
    try:
        inscripcion = form.guardar()
    except ValidationError as error:
        raise problemas.de_un_error(error) from None
    return Status(201, _describir(inscripcion))


@de_escuelas.post(
    "/escuela/inscripciones/{int:pk}/baja/", response=InscripcionSchema, summary="Dar de baja a un alumno"
)
def baja(request: HttpRequest, pk: int, datos: Baja) -> Any:
    suyas = _escuela(request).inscripciones.select_related("persona")
    inscripcion = suyas.filter(pk=min(pk, 2**63 - 1)).first()
    if inscripcion is None:
        raise Problema("no-encontrado")
    form = BajaForm(datos.dict(), inscripcion=inscripcion)
    if not form.is_valid():
        raise problemas.de_un_form(form)
    with transaction.atomic():
        una = Inscripcion.objects.filter(pk=inscripcion.pk)
        if not inscripciones.dar_de_baja(una, form.cleaned_data["fecha"], form.cleaned_data["causa"]):
            raise Problema("estado", "Ya tenía una baja: se quedó como estaba.")
    inscripcion.refresh_from_db()
    return _describir(inscripcion)
