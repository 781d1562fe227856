"""What the API answers when it cannot do what was asked: RFC 9457, in Spanish."""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError as ErrorDeDjango
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

from nss_portal.web import sin_base

log = logging.getLogger(__name__)
CONTENIDO = "application/problem+json"


class Tipo(NamedTuple):
    estado: HTTPStatus
    titulo: str
    detalle: str


# The last part of each `type`, which points at this list in the documentation.
TIPOS = {
    "peticion": Tipo(
        HTTPStatus.BAD_REQUEST, "No se entiende lo que enviaste", "El cuerpo no es JSON válido."
    ),
    "credencial": Tipo(
        HTTPStatus.UNAUTHORIZED,
        "Tu acceso no sirve o ya venció",
        "Empieza otra vez: te enviaremos un código nuevo a tu correo.",
    ),
    "clave": Tipo(
        HTTPStatus.UNAUTHORIZED, "La clave de la API no sirve", "No existe, o la institución la revocó."
    ),
    "no-encontrado": Tipo(HTTPStatus.NOT_FOUND, "No lo encontramos", "No existe, o no es tuyo."),
    "metodo": Tipo(HTTPStatus.METHOD_NOT_ALLOWED, "Ese método no va aquí", "Esta dirección no se usa así."),
    "estado": Tipo(HTTPStatus.CONFLICT, "Ahora no se puede", "El trámite no está en ese momento."),
    "codigo-terminado": Tipo(
        HTTPStatus.CONFLICT, "Ese código ya no sirve", "Pide otro: empieza otra vez el trámite."
    ),
    "tamano": Tipo(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "Es demasiado largo",
        "Lo que enviaste no cabe: el tope es 64 kB.",
    ),
    "campos": Tipo(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Revisa lo que escribiste",
        "Hay datos que faltan o que no son válidos.",
    ),
    "repeticion": Tipo(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Esa Idempotency-Key ya se usó",
        "Con la misma clave se pidió otra cosa. Usa una clave nueva en cada petición.",
    ),
    "limite": Tipo(
        HTTPStatus.TOO_MANY_REQUESTS, "Demasiadas veces", "Espera un poco antes de volver a intentarlo."
    ),
    "sin-base": Tipo(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Ahora no podemos atenderte",
        "Vuelve a intentarlo en un momento: nada se duplica.",
    ),
    "falla": Tipo(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Algo falló de nuestro lado",
        "Ya quedó anotado. Inténtalo más tarde.",
    ),
}


class ProblemaSchema(Schema):
    """RFC 9457."""

    type: str = Field(examples=["https://estudiantes.example/api/v1/docs#campos"])
    title: str = Field(examples=["Revisa lo que escribiste"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["Hay datos que faltan o que no son válidos."])
    errores: dict[str, list[str]] = Field(
        default_factory=dict, examples=[{"curp": ["La CURP debe tener 18 caracteres: le faltan 2."]}]
    )


class Problema(Exception):
    """Raised where an answer cannot be given; `tipo` is one of TIPOS."""

    def __init__(
        self,
        tipo: str,
        detalle: str = "",
        errores: Mapping[str, Sequence[str]] | None = None,
        espera: timedelta | None = None,
    ) -> None:
        super().__init__(tipo)
        self.tipo = tipo
        self.detalle = detalle
        self.errores = {campo: list(textos) for campo, textos in (errores or {}).items()}
        self.espera = espera

    def respuesta(self) -> HttpResponse:
        tipo = TIPOS[self.tipo]
        cuerpo = {
            "type": f"{settings.URL_PUBLICA}/api/v1/docs#{self.tipo}",
            "title": tipo.titulo,
            "status": int(tipo.estado),
            "detail": self.detalle or tipo.detalle,
            "errores": self.errores,
        }
        texto = json.dumps(cuerpo, ensure_ascii=False)
        respuesta = HttpResponse(texto, status=tipo.estado, content_type=CONTENIDO)
        if tipo.estado == HTTPStatus.UNAUTHORIZED:
            respuesta["WWW-Authenticate"] = "Bearer"
        if self.espera is not None:
            respuesta["Retry-After"] = str(max(1, math.ceil(self.espera.total_seconds())))
        return respuesta


def de_un_form(form: BaseForm) -> Problema:
    """Its errors, each by its field; what is of no field goes under «general»."""
    errores = {campo: [str(e) for e in lista] for campo, lista in form.errors.items()}
    if "__all__" in errores:
        errores["general"] = errores.pop("__all__")
    return Problema("campos", errores=errores)


def de_un_error(error: ErrorDeDjango) -> Problema:
    return Problema("campos", errores={"general": error.messages})


# What pydantic says, in our words. The rest of what it may say is one sentence.
_FRASES = {
    "missing": "Falta este dato.",
    "string_type": "Debe ser texto.",
    "bool_type": "Debe ser verdadero o falso.",
    "string_too_long": "Es demasiado largo.",
    "literal_error": "No es una de las opciones.",
    "date_from_datetime_parsing": "La fecha se escribe AAAA-MM-DD.",
    "date_parsing": "La fecha se escribe AAAA-MM-DD.",
}


def poner(api: NinjaAPI) -> None:
    """Every failure of the API, in the one shape."""

    def problema(request: HttpRequest, error: Any) -> HttpResponse:
        dicho: HttpResponse = error.respuesta()
        return dicho

    def campos(request: HttpRequest, error: Any) -> HttpResponse:
        errores: dict[str, list[str]] = {}
        for falta in error.errors:
            campo = next((str(p) for p in reversed(falta["loc"]) if isinstance(p, str)), "general")
            campo = "general" if campo in ("datos", "body") else campo
            errores.setdefault(campo, []).append(_FRASES.get(falta["type"], "No es válido."))
        return Problema("campos", errores=errores).respuesta()

    def http(request: HttpRequest, error: Any) -> HttpResponse:
        return Problema("peticion").respuesta()

    def sin_credencial(request: HttpRequest, error: Any) -> HttpResponse:
        return Problema("credencial").respuesta()

    def falla(request: HttpRequest, error: Any) -> HttpResponse:
        if sin_base.falta(error):
            raise error  # told at the door
        log.exception("la API falló: %s", type(error).__name__, exc_info=error)
        return Problema("falla").respuesta()

    api.add_exception_handler(Problema, problema)
    api.add_exception_handler(ValidationError, campos)
    api.add_exception_handler(AuthenticationError, sin_credencial)
    api.add_exception_handler(HttpError, http)
    api.add_exception_handler(Exception, falla)
