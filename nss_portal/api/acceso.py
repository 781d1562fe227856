"""Who asks: the bearer of a trámite's token, or an institution's own system by its key."""

import uuid
from typing import Any, cast

from django.http import HttpRequest
from ninja.security import HttpBearer

from nss_portal.api.models import ClaveApi
from nss_portal.api.problemas import Problema
from nss_portal.api.puerta import contar
from nss_portal.servicio import limites, topes
from nss_portal.tramites.models import Credencial, Tramite


def _contar(request: HttpRequest, quien: Any, nombre: str) -> None:
    """A token of ours has a bucket of its own; guesses share their address's."""
    if quien is None:
        contar(f"api:{limites.direccion(request)}", topes.API_POR_DIRECCION)
    else:
        contar(f"{nombre}:{quien.pk}", topes.API_POR_CREDENCIAL)


class Portador(HttpBearer):
    """`Authorization: Bearer …`, the token that a right code gave."""

    def authenticate(self, request: HttpRequest, token: str) -> Credencial:
        credencial = Credencial.de(token)
        _contar(request, credencial, "credencial")
        if credencial is None:
            raise Problema("credencial")
        return credencial


class Institucion(HttpBearer):
    """`Authorization: Bearer gobest_…`, made by `manage.py crear_clave_api`."""

    def authenticate(self, request: HttpRequest, token: str) -> ClaveApi:
        clave = ClaveApi.de(token)
        _contar(request, clave, "clave")
        if clave is None:
            raise Problema("clave")
        return clave


def credencial(request: HttpRequest) -> Credencial:
    """The one that `Portador` let in."""
    return cast(Credencial, cast(Any, request).auth)


def opcional(request: HttpRequest) -> Credencial | None:
    """For what needs none and is quicker with one; a bad one is refused all the same."""
    cabecera = request.headers.get("Authorization", "")
    if not cabecera:
        return None
    esquema, _, token = cabecera.partition(" ")
    if esquema.lower() != "bearer":
        _contar(request, None, "")
        raise Problema("credencial")
    return Portador().authenticate(request, token.strip())


def mio(request: HttpRequest, pk: uuid.UUID, tipo: Tramite.Tipo | None = None) -> Tramite:
    """The trámite, if this token opens it (and is of that kind); otherwise there is none."""
    suyos = credencial(request).tramites.filter(pk=pk).select_related("persona")
    tramite = (suyos.filter(tipo=tipo) if tipo else suyos).first()
    if tramite is None:
        raise Problema("no-encontrado")
    return tramite
