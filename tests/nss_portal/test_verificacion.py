"""Whoever holds a document can check it; whoever guesses learns nothing."""

import re
import uuid

import pytest
from django.core.files.storage import default_storage
from django.db import transaction

from nss_portal import tramites
from nss_portal.models import Documento, Persona
from tests.apoyo import Estricto


@pytest.fixture
def documento(catalogo: None) -> Documento:
    persona = Persona.objects.exclude(nss=None).order_by("curp")[0]
    with transaction.atomic():
        tramite = tramites.iniciar("nss", uuid.uuid4(), "n", persona.curp, "a@correo.example")
    tramites.atender(tramite.pk)
    return Documento.objects.get(tramite=tramite, tipo="nss")


def comprobar(respuesta, documento: Documento, resultado: str) -> None:  # type: ignore[no-untyped-def]
    assert respuesta.status_code == 200
    assert respuesta.pagina.pantallas == ["verificacion"]
    assert respuesta.pagina.marcas["data-verificacion"] == [resultado]
    html = respuesta.content.decode()
    for dato in ("curp", "nss", "nombre"):
        assert documento.datos[dato] not in html


def test_por_el_qr(cliente: Estricto, documento: Documento) -> None:
    url = documento.datos["url"]
    assert url == f"http://testserver/v/{documento.token}/"
    respuesta = cliente.get(f"/v/{documento.token}/")
    comprobar(respuesta, documento, "valido")
    html = respuesta.content.decode()
    assert documento.datos["folio"] in html and documento.datos["curp"][:4] in html
    assert "data-demostracion" in respuesta.pagina.marcas
    comprobar(cliente.get("/v/no-existe/"), documento, "desconocido")


def test_por_folio_y_codigo(cliente: Estricto, documento: Documento) -> None:
    folio, codigo = documento.datos["folio"], documento.codigo
    a_mano = {"folio": f"{folio[:11]} {folio[11:]}", "codigo": f" {codigo[:4]}-{codigo[4:]} ".lower()}
    comprobar(cliente.post("/verificar/", a_mano), documento, "valido")
    ajeno = "0" * 22
    sin_codigo = cliente.post("/verificar/", {"folio": folio, "codigo": "AAAAAAAA"})
    sin_folio = cliente.post("/verificar/", {"folio": ajeno, "codigo": codigo})
    for respuesta in (sin_codigo, sin_folio):
        comprobar(respuesta, documento, "desconocido")
    iguales = {
        re.sub(r"<form.*?</form>", "", r.content.decode(), flags=re.S) for r in (sin_codigo, sin_folio)
    }
    assert len(iguales) == 1, "a used folio looks like a guessed one"
    assert sin_codigo.pagina.campos["folio"] == folio, "what was typed stays, to be corrected"


@pytest.mark.parametrize(
    ("folio", "codigo"), [("", ""), ("123", "AAAAAAAA"), ("1" * 22, "AAA"), ("1" * 22 + "\x00", "A" * 5000)]
)
def test_entradas_malas(cliente: Estricto, folio: str, codigo: str) -> None:
    respuesta = cliente.post("/verificar/", {"folio": folio, "codigo": codigo})
    assert respuesta.status_code == 422
    assert respuesta.pagina.pantallas == ["verificar"]
    assert {"error_folio", "error_codigo"} & set(respuesta.pagina.ids)


def test_si_cambia_lo_guardado_no_es_valido(cliente: Estricto, documento: Documento) -> None:
    ruta = default_storage.path(documento.archivo.name)
    with open(ruta, "ab") as archivo:
        archivo.write(b" ")
    comprobar(cliente.get(f"/v/{documento.token}/"), documento, "alterado")


def test_hay_un_tope(cliente: Estricto, documento: Documento) -> None:
    for _ in range(30):
        assert cliente.get("/v/no-existe/").status_code == 200
    assert cliente.get("/v/no-existe/").status_code == 429
    assert cliente.get("/v/no-existe/", REMOTE_ADDR="192.0.2.7").status_code == 200
    # Nobody says where they come from but a proxy of ours.
    assert cliente.get("/v/no-existe/", headers={"X-Forwarded-For": "192.0.2.8"}).status_code == 429
    # Only guesses are counted.
    assert cliente.get(f"/v/{documento.token}/").status_code == 200
