"""How staff come in: so many tries, and then to a page that exists."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

from nss_portal.servicio import limites, topes


class EntradaAcotada(AdminAuthenticationForm):
    """Passwords can not be tried for ever: so many an address, so many a user."""

    def clean(self) -> dict[str, Any]:
        quien, desde = self.cleaned_data.get("username"), ""
        if self.request:
            desde = limites.direccion(self.request)
        # By both together: nobody can lock another out from elsewhere. By the address, more loosely: an
        # office has many people.
        cupos = {f"entrar:{quien}|{desde}": topes.ENTRAR, f"entrar|{desde}": topes.ENTRAR_DESDE}
        if not all(limites.permitir(clave, tope) for clave, tope in cupos.items()):
            raise ValidationError("Demasiados intentos. Espera unos minutos.", code="limite")
        return super().clean()


def entrar(request: HttpRequest) -> HttpResponseBase:
    """Django's own page, but then only to a page of the admin: it would follow whatever `next` says."""
    for metodo in ("GET", "POST"):
        datos = getattr(request, metodo)
        if REDIRECT_FIELD_NAME in datos and not _es_pagina_del_personal(datos[REDIRECT_FIELD_NAME]):
            datos = datos.copy()
            del datos[REDIRECT_FIELD_NAME]
            setattr(request, metodo, datos)
    return admin.site.login(request)


def _es_pagina_del_personal(destino: str) -> bool:
    try:
        # Whether it is of this host is asked by Django.
        hallada = resolve(urlsplit(destino).path)
    except (Resolver404, ValueError):
        return False
    # What takes in all the rest of /admin/ has no name; «Salir» is only sent, never looked at.
    return hallada.namespace == "admin" and hallada.url_name not in (None, "logout")
