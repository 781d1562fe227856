"""The door of the API: how much, how often, and that what is asked twice is done once."""

import base64
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from cryptography.fernet import Fernet
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import salted_hmac
from django.views.decorators.csrf import csrf_exempt

from nss_portal.api.models import ClaveApi, Idempotencia
from nss_portal.api.problemas import Problema
from nss_portal.servicio import limites, topes
from nss_portal.servicio.topes import Tope
from nss_portal.tramites.models import Credencial
from nss_portal.web import sin_base

type Vista = Callable[..., HttpResponse]

PESO_MAXIMO = 64 * 1024
LARGO_DE_CLAVE = 200
# Answers that are not about what was asked but about the moment: whoever repeats it gets another chance.
_DEL_MOMENTO = {HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.TOO_MANY_REQUESTS}


def poner(patrones: list[URLResolver | URLPattern]) -> list[URLPattern]:
    """The same addresses, each behind the door."""
    propios = [patron for patron in patrones if isinstance(patron, URLPattern)]
    for patron in propios:
        patron.callback = csrf_exempt(_puerta(patron.callback))
    return propios


def _puerta(vista: Vista) -> Vista:
    def atender(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            _dejar_pasar(request)
            if request.method == "POST" and "Idempotency-Key" in request.headers:
                respuesta = _una_vez(request, lambda: vista(request, *args, **kwargs))
            else:
                respuesta = vista(request, *args, **kwargs)
        except Problema as problema:
            respuesta = problema.respuesta()
        except Http404:
            respuesta = Problema("no-encontrado").respuesta()
        except Exception as error:
            if not sin_base.falta(error):
                raise
            respuesta = sin_base.respuesta(request, error, Problema("sin-base").respuesta())
        if respuesta.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            permitidos = respuesta["Allow"]
            respuesta = Problema("metodo").respuesta()
            respuesta["Allow"] = permitidos
        if "Cache-Control" not in respuesta:
            add_never_cache_headers(respuesta)
        return respuesta

    return atender


def _dejar_pasar(request: HttpRequest) -> None:
    if int(request.META.get("CONTENT_LENGTH") or 0) > PESO_MAXIMO:
        raise Problema("tamano")
    # Whoever bears a token of ours is counted by it, where it is looked at (`api_acceso`); anybody else by
    # address, whatever they put in the header.
    if _de_quien(request) is None:
        contar(f"api:{limites.direccion(request)}", topes.API_POR_DIRECCION)


def _de_quien(request: HttpRequest) -> str | None:
    """The key of the token or of the institution's key that the request bears; None when it bears none."""
    esquema, _, secreto = request.headers.get("Authorization", "").partition(" ")
    if esquema.lower() != "bearer" or not secreto.strip():
        return None
    suya = Credencial.de(secreto.strip()) or ClaveApi.de(secreto.strip())
    return f"{type(suya).__name__} {suya.pk}" if suya else None


def contar(clave: str, tope: Tope) -> None:
    """Once more for whoever this is; raises the 429."""
    if not limites.permitir(clave, tope):
        raise Problema("limite", espera=tope.espera + timedelta(seconds=1))


def _una_vez(request: HttpRequest, vista: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer of the first time, when this was asked before with the same key.

    What is done and the answer are one transaction: of two at once the second waits for the first, and
    finds it answered; one that dies half-way leaves nothing.
    """
    clave = request.headers["Idempotency-Key"]
    if not (0 < len(clave) <= LARGO_DE_CLAVE and clave.isascii() and clave.isprintable()):
        raise Problema("campos", errores={"Idempotency-Key": ["De 1 a 200 letras, números o signos."]})
    # Whose it is: somebody else's same key is another key. Without a token, whoever is at the same address;
    # what an ended token was told is nowhere to be found, and the address itself refuses it where it must.
    quien = _de_quien(request)
    de_quien = f"{request.path}\n{quien or limites.direccion(request)}\n{clave}"
    fila = Idempotencia(
        clave=salted_hmac("nss_portal.idempotencia", de_quien, algorithm="sha256").hexdigest(),
        cuerpo=salted_hmac("nss_portal.pedido", request.body, algorithm="sha256").hexdigest(),
    )
    cifra = Fernet(
        base64.urlsafe_b64encode(salted_hmac("nss_portal.cifra", de_quien, algorithm="sha256").digest())
    )
    with transaction.atomic():
        Idempotencia.objects.filter(pk=fila.pk, creada__lt=timezone.now() - Idempotencia.VIGENCIA).delete()
        try:
            with transaction.atomic():
                fila.save(force_insert=True)
        except IntegrityError:
            return _repetir(Idempotencia.objects.get(pk=fila.pk), fila.cuerpo, cifra)
        respuesta = vista()
        if respuesta.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            transaction.set_rollback(True)
        elif respuesta.status_code in _DEL_MOMENTO:
            fila.delete()
        else:
            guardado = f"{respuesta.headers.get('Content-Type', '')}\n".encode() + respuesta.content
            fila.estado, fila.respuesta = respuesta.status_code, cifra.encrypt(guardado).decode()
            fila.save(update_fields=["estado", "respuesta"])
        return respuesta


def _repetir(fila: Idempotencia, cuerpo: str, cifra: Fernet) -> HttpResponse:
    if fila.cuerpo != cuerpo:
        raise Problema("repeticion")
    tipo, _, contenido = cifra.decrypt(fila.respuesta.encode()).partition(b"\n")
    respuesta = HttpResponse(contenido, status=fila.estado)
    if tipo:
        respuesta["Content-Type"] = tipo.decode()
    else:
        del respuesta["Content-Type"]
    respuesta["Idempotent-Replayed"] = "true"
    return respuesta
