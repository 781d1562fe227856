"""The API of the App channel: what the steps share, and each app's own."""

import logging
import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from ninja import NinjaAPI, Router, Status
from ninja.openapi.schema import OpenAPISchema

import afiliacion.api
import clinicas.api
import vigencia.api
from nss_portal.api import formas, problemas
from nss_portal.api.acceso import Portador, credencial, mio, opcional
from nss_portal.api.documentacion import completar
from nss_portal.api.problemas import Problema
from nss_portal.documentos import hechos, verificacion
from nss_portal.documentos.models import Documento, Verificacion
from nss_portal.oferta import OFERTA
from nss_portal.personas.identidad import enmascarar_correo, enmascarar_nss, nombre_e_iniciales
from nss_portal.servicio import limites, topes
from nss_portal.tramites import codigos
from nss_portal.tramites.codigos import Fallo
from nss_portal.tramites.models import Credencial, Estado
from nss_portal.tramites.reenvio import NoSeEnvia, enviar_otra_vez
from nss_portal.web import paginas
from nss_portal.web.forms import VerificarForm

log = logging.getLogger(__name__)
_TERMINADO = {
    Fallo.AGOTADO: "Fueron cinco intentos y ninguno era el código. Empieza otra vez el trámite.",
    Fallo.VENCIDO: "El código sirve 10 minutos y ya pasaron. Empieza otra vez el trámite.",
    Fallo.USADO: "Ese código ya se usó: sirve una sola vez. Para recibir otro, empieza otra vez el trámite.",
}
UN_MOMENTO = timedelta(seconds=1)


class Api(NinjaAPI):
    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        return completar(super().get_openapi_schema(**kwargs))


api = Api(
    title="API de la App · gob·estudiantes",
    version="1",
    description="Los tres pasos del Seguro de Salud para Estudiantes. No pide letras de una imagen: un "
    "código de seis cifras, enviado al correo, abre cada trámite. Todo POST admite la cabecera "
    "Idempotency-Key.",
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
)
problemas.poner(api)
publico = Router(tags=["Para todos"])
router = Router(tags=["Tu trámite"], auth=Portador())


@publico.post(
    "/tramites/",
    response={202: formas.Comenzado},
    summary="Empezar un trámite",
    description="Responde lo mismo para cualquier CURP. El código llega al correo confirmado de esa CURP o, "
    "si no tiene, al que escribes; donde se pide el nombre, siempre al que escribes. Con el token de otro "
    "trámite de la misma CURP y el mismo correo no hace falta código: sigue de inmediato, y el nombre se "
    "compara otra vez.",
)
def empezar(request: HttpRequest, datos: formas.Solicitud) -> Any:
    con = opcional(request)
    paso = OFERTA[datos.tipo]
    form = paso.form_app(datos.dict())
    if not form.is_valid():
        raise problemas.de_un_form(form)
    try:
        tramite = codigos.comenzar(paso, form.cleaned_data, con, limites.origen(request))
    except codigos.Demasiados as error:
        detalle = (
            "Ya enviamos los códigos que caben en un día para esa CURP y ese correo. Usa el último o espera."
        )
        raise Problema("limite", detalle, espera=error.espera) from None
    seguido = con is not None and con.tramites.filter(pk=tramite.pk).exists()
    estado = Estado.RECIBIDO if seguido else formas.POR_CONFIRMAR
    return Status(202, {"id": tramite.pk, "estado": str(estado)})


@publico.post(
    "/tramites/{uuid:pk}/codigo/",
    response={200: formas.Acceso},
    summary="Escribir el código",
    description="Sirve 10 minutos, una vez, y admite 5 intentos. Da un token de 30 minutos.",
)
def codigo(request: HttpRequest, pk: uuid.UUID, datos: formas.CodigoEscrito) -> Any:
    escrito = "".join(datos.codigo.split())
    if not (len(escrito) == 6 and escrito.isascii() and escrito.isdigit()):
        raise Problema("campos", errores={"codigo": ["El código son 6 números."]})
    intento = codigos.probar(pk, escrito)
    if intento.fallo:
        raise _fallo(intento)
    assert intento.expira
    return {"token": intento.token, "expira": timezone.localtime(intento.expira)}


def _fallo(intento: codigos.Intento) -> Problema:
    if intento.fallo == Fallo.DESCONOCIDO:
        return Problema("no-encontrado")
    if intento.fallo == Fallo.EQUIVOCADO:
        quedan = f"Te quedan {intento.quedan} intentos." if intento.quedan > 1 else "Te queda un intento."
        return Problema("campos", errores={"codigo": [f"Ese no es el código. {quedan}"]})
    assert intento.fallo
    return Problema("codigo-terminado", _TERMINADO[intento.fallo])


@router.get("/tramites/{uuid:pk}/", response=formas.TramiteSchema, summary="Ver cómo va")
def ver(request: HttpRequest, response: HttpResponse, pk: uuid.UUID) -> Any:
    tramite = mio(request, pk)
    if tramite.estado in formas.TRABAJANDO:
        response["Retry-After"] = "1"
    return formas.describir(tramite)


@router.get(
    "/tramites/{uuid:pk}/avance/", response=formas.Avance, summary="Ver qué se ha hecho y qué se espera"
)
def avance(request: HttpRequest, pk: uuid.UUID) -> Any:
    tramite = mio(request, pk)
    return {
        "estado": formas.estado_de(tramite),
        "avance": OFERTA[tramite.tipo].avance_dicho(tramite),
        "espera": tramite.espera or None,
    }


@router.post("/tramites/{uuid:pk}/finalizar/", response=formas.TramiteSchema, summary="Finalizar trámite")
def finalizar(request: HttpRequest, pk: uuid.UUID) -> Any:
    tramite = mio(request, pk)
    if tramite.estado == Estado.RESUELTO:
        with transaction.atomic():
            tramite.mover(Estado.FINALIZADO)
    if tramite.estado != Estado.FINALIZADO:
        raise Problema("estado", "Se finaliza cuando ya está resuelto.")
    return formas.describir(tramite)


def _documento(request: HttpRequest, pk: uuid.UUID) -> Documento:
    suyos = Documento.objects.filter(tramite__credenciales=credencial(request)).select_related("tramite")
    documento = suyos.filter(pk=pk).first()
    if documento is None:
        raise Problema("no-encontrado")
    if not documento.emitido:
        raise Problema("estado", "El documento se está preparando.", espera=UN_MOMENTO)
    return documento


@router.get("/documentos/{uuid:pk}/", summary="Descargar un documento (PDF)")
def descargar(request: HttpRequest, pk: uuid.UUID) -> Any:
    documento = _documento(request, pk)
    try:
        with documento.archivo.open("rb") as archivo:
            contenido = archivo.read()
    except FileNotFoundError:
        log.error("falta el archivo del documento %s", documento.pk)
        raise Problema("estado", "El documento se está preparando.", espera=timedelta(minutes=5)) from None
    cabeceras = {"Content-Disposition": f'inline; filename="{documento.nombre_de_archivo}"'}
    return HttpResponse(contenido, content_type="application/pdf", headers=cabeceras)


@router.post(
    "/documentos/{uuid:pk}/enviar/",
    response={202: formas.Enviado},
    summary="Enviarlo otra vez por correo",
)
def enviar(request: HttpRequest, pk: uuid.UUID) -> Any:
    documento = _documento(request, pk)
    try:
        para = enviar_otra_vez(documento)
    except NoSeEnvia as error:
        raise Problema("limite" if error.espera else "estado", str(error), espera=error.espera) from None
    return Status(202, {"para": enmascarar_correo(para)})


@router.post("/salir/", response={204: None}, summary="Terminar la sesión: el token deja de servir")
def salir(request: HttpRequest) -> Any:
    Credencial.objects.filter(pk=credencial(request).pk).revocar()
    return Status(204, None)


@publico.get(
    "/codigos-postales/{str:cp}/",
    response=formas.CodigoPostalSchema,
    summary="Qué hay en un código postal",
)
def codigo_postal(request: HttpRequest, cp: str) -> Any:
    respuesta = paginas.codigo_postal(request, cp)
    if respuesta.status_code != 200:
        raise Problema("no-encontrado", "No encontramos ese código postal.")
    patch_cache_control(respuesta, public=True, max_age=3600)
    return respuesta


@publico.post("/verificaciones/", response=formas.Verificado, summary="Comprobar un documento")
def verificar(request: HttpRequest, datos: formas.PorVerificar) -> Any:
    form = VerificarForm(datos.dict())
    if not form.is_valid():
        raise problemas.de_un_form(form)
    documento = verificacion.por_codigo(form.cleaned_data["folio"], form.cleaned_data["codigo"])
    direccion = limites.direccion(request)
    # Only guesses are counted, in the same bucket as the page's.
    if documento is None and not limites.permitir(f"verificar:{direccion}", topes.VERIFICAR):
        raise Problema("limite", espera=timedelta(minutes=1))
    resultado = verificacion.revisar(documento)
    verificacion.anotar(Verificacion.Medio.CODIGO, resultado, documento, direccion)
    # Of a document that says what we never certified, nothing of what it says.
    dicho = documento.datos if documento and resultado != Verificacion.Resultado.ALTERADO else {}
    hoy = (
        hechos.hoy(documento, resultado, [p.ya_no for p in OFERTA.values()]) if documento and dicho else None
    )
    return {
        "resultado": resultado.value,
        "tipo": documento.tipo if documento and dicho else None,
        "fecha": dicho.get("fecha"),
        "nombre": nombre_e_iniciales(dicho["nombre"]) if dicho else None,
        "nss": enmascarar_nss(dicho["nss"]) if dicho else None,
        "demostracion": bool(dicho.get("demo")),
        "hechos": {h.clave: h.valor for h in hechos.sellados(documento)} if documento and dicho else {},
        "hoy": hoy.estado if hoy else None,
        "motivo_hoy": hoy.motivo if hoy else None,
    }


for parte in (
    publico,
    router,
    afiliacion.api.router,
    vigencia.api.router,
    clinicas.api.router,
    vigencia.api.de_escuelas,
):
    api.add_router("", parte)
