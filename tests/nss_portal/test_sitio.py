"""The pages that the admin site is handed: for staff only, never kept, before Django's own."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from nss_portal import urls
from nss_portal.personal import sitio

pytestmark = pytest.mark.django_db


def _una(request: HttpRequest, cual: int) -> HttpResponse:
    return HttpResponse(f"{request.method} {cual}")


urlpatterns: list[Any] = []


@pytest.fixture(autouse=True)
def con_una_pagina(settings: Any) -> Iterator[None]:
    antes = admin.site.paginas  # type: ignore[attr-defined]
    # Where Django has a page of its own.
    pagina = path("auth/user/<int:cual>/change/", _una, name="auth_user_change")
    urlpatterns[:] = [path("admin/", sitio.direcciones([pagina])), *urls.urlpatterns]
    settings.ROOT_URLCONF = __name__
    yield
    admin.site.paginas = antes  # type: ignore[attr-defined]


def test_solo_entra_el_personal(client: Client) -> None:
    assert client.get("/admin/auth/user/7/change/").status_code == 302
    client.force_login(User.objects.create_user("cualquiera"))
    assert client.get("/admin/auth/user/7/change/").status_code == 302


def test_va_antes_y_no_se_guarda(admin_client: Client) -> None:
    respuesta = admin_client.get("/admin/auth/user/7/change/")
    assert respuesta.content == b"GET 7" and "no-store" in respuesta["Cache-Control"]


def test_pide_la_senal_de_la_forma() -> None:
    cliente = Client(enforce_csrf_checks=True)
    cliente.force_login(User.objects.create_superuser("admin-2"))
    assert cliente.post("/admin/auth/user/7/change/").status_code == 403
