"""When something is wrong: a page with the portal's own face, that says what to do, with no database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls.resolvers import get_resolver

from nss_portal.web.mantenimiento import cerrado_por_mantenimiento
from tests.apoyo import Estricto, Pagina

# No test of this file but one may touch the database: pytest-django refuses it to who does not ask for it.


def comprobar(respuesta: Any, estado: int, titulo: str) -> str:
    assert respuesta.status_code == estado
    html = str(respuesta.content.decode())
    pagina = Pagina(html)
    assert f"<h1>{titulo}</h1>" in html and f"<title>{titulo} · gob·estudiantes</title>" in html
    assert pagina.lang == "es-MX" and len(pagina.pantallas) == 1 and not pagina.prohibido
    assert "estilo.css" in html and 'id="h-ayuda"' in html and 'class="boton"' in html
    assert "{{" not in html and "{%" not in html and "Traceback" not in html
    return html


def test_no_existe() -> None:
    comprobar(Estricto().get("/no-existe/"), 404, "No encontramos esta página")


def test_otro_nombre_de_servidor() -> None:
    comprobar(Client(headers={"host": "otro.example"}).get("/"), 400, "No pudimos leer tu petición")


def test_sin_permiso() -> None:
    pedido = RequestFactory().get("/")
    respuesta = get_resolver().resolve_error_handler(403)(pedido, exception=PermissionError())
    comprobar(respuesta, 403, "No puedes abrir esta página")


def test_sin_la_galleta_del_formulario() -> None:
    respuesta = Client(enforce_csrf_checks=True).post("/nss/", {"curp": "x"})
    comprobar(respuesta, 403, "No pudimos recibir el formulario")


@pytest.mark.parametrize("que", ["peso", "campos"])
def test_demasiado(que: str, settings: Any) -> None:
    mucho = {
        "peso": {"curp": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)},
        "campos": {f"campo{n}": "x" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)},
    }
    cliente = Client(enforce_csrf_checks=True)  # what looks for the token is the first to read the body
    cliente.cookies["csrftoken"] = "x" * 32
    respuesta = cliente.post("/nss/", mucho[que])
    comprobar(respuesta, 413, "Lo que enviaste es demasiado grande")


def test_falla_nuestra() -> None:
    """The database is what fails: the page that says so does not need it."""
    respuesta = Client(raise_request_exception=False).get("/")
    comprobar(respuesta, 500, "Algo falló de nuestro lado")


@pytest.fixture
def aviso(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "mantenimiento"


@pytest.fixture
def puerta(aviso: Path) -> Callable[[str], HttpResponse]:
    """The middleware alone, with a portal behind it that only says that it was reached."""
    atender = cerrado_por_mantenimiento(lambda pedido: HttpResponse("adentro"))

    def pedir(camino: str) -> HttpResponse:
        pedido: HttpRequest = RequestFactory().get(camino)
        return atender(pedido)

    return pedir


def test_mantenimiento(puerta: Callable[[str], HttpResponse], aviso: Path) -> None:
    assert puerta("/nss/").content == b"adentro"
    aviso.write_text("hoy a las 18:00 <b>\n")
    respuesta = puerta("/nss/")
    html = comprobar(respuesta, 503, "Volvemos pronto")
    assert "Volvemos hoy a las 18:00 &lt;b&gt;." in html and respuesta["Retry-After"] == "300"
    assert puerta("/salud/vivo/").content == b"adentro" and puerta("/static/estilo.css").content == b"adentro"
    problema = puerta("/api/v1/tramites/")
    assert problema.status_code == 503 and problema["Content-Type"] == "application/problem+json"
    aviso.write_text("")
    assert "Estamos dando mantenimiento al portal.</p>" in comprobar(puerta("/"), 503, "Volvemos pronto")
    aviso.unlink()
    assert puerta("/nss/").content == b"adentro"


@pytest.mark.django_db
def test_cifras_abiertas(catalogo: None) -> None:
    respuesta = Estricto().get("/datos/?formato=csv")
    assert respuesta["Content-Type"] == "text/csv; charset=utf-8"
    primera, *filas = respuesta.content.decode().splitlines()
    assert primera == "dato,cifra" and all(fila.rsplit(",", 1)[1].isdigit() for fila in filas)
    assert {"Paso 1: recibidos,0", "Paso 3: resueltos,0"} <= set(filas)
    assert Estricto().get("/datos/").pagina.pantallas == ["datos"]
