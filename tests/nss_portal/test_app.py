"""The screens of the App that the server draws: for whom, out of which templates, leaving nothing behind."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from nss_portal.models import Domicilio, Estado, Persona, Tramite
from tests.apoyo import domicilio, persona_con_nss
from tests.navegador.estados import ABIERTA, _clinica, inscritos
from tests.nss_portal.api import PROBLEMA, Telefono, atender

pytestmark = pytest.mark.django_db


@pytest.fixture
def telefono(catalogo: None) -> Telefono:
    return Telefono()


def pantalla(telefono: Telefono, pk: str, cual: str = "", datos: Any = None) -> Any:
    return telefono.dibujada(f"/app/pantalla/{pk}/{cual}", datos)


def dibujada(respuesta: Any) -> str:
    return re.findall(r'data-dibuja="([\w-]+)"', respuesta.content.decode())[0]


def test_una_pantalla_es_de_quien_tiene_el_token(telefono: Telefono) -> None:
    pk = str(telefono.completo("nss", persona_con_nss().curp)["id"])
    suya = pantalla(telefono, pk)
    assert suya.status_code == 200 and dibujada(suya) == "resultado"
    # By itself: no layout, nothing to be sent back with it; nobody keeps it but the App.
    html = suya.content.decode()
    assert "<html" not in html and "csrfmiddlewaretoken" not in html and "Set-Cookie" not in suya.headers
    assert "no-store" in suya["Cache-Control"] and "private" in suya["Cache-Control"]
    for token, estado in (("", 401), ("otro", 401)):
        otro = Telefono()
        otro.token = token
        negada = pantalla(otro, pk)
        assert (negada.status_code, negada["Content-Type"]) == (estado, PROBLEMA)
    otro = Telefono()
    ajeno = otro.completo("nss", persona_con_nss(1).curp, "otro@correo.example")
    assert pantalla(telefono, ajeno["id"]).status_code == 404
    assert pantalla(telefono, ajeno["id"], "domicilio/").status_code == 404
    assert pantalla(telefono, ajeno["id"], "eleccion/", {"cambiar": "1"}).status_code == 404
    # A cookie proves nothing here, and the web's own session opens none of it.
    telefono.token = ""
    assert pantalla(telefono, pk).status_code == 401


def test_lo_que_se_guarda_para_verlo_sin_red(telefono: Telefono) -> None:
    persona = persona_con_nss()
    tramite = telefono.completo("nss", persona.curp)
    html = pantalla(telefono, tramite["id"]).content.decode()
    tarjeta = html.partition("<template>")[2]
    assert "data-tarjeta" in tarjeta and persona.nombre_completo in tarjeta and persona.curp in tarjeta
    assert 'data-hechos="1"' in html
    ids = {documento["id"] for documento in tramite["documentos"]}
    assert {*re.findall(r'data-abrir="([\w-]+)"', html)} == ids
    assert {*re.findall(r'data-enviar="([\w-]+)"', html)} == ids


@pytest.mark.parametrize("vigente", [True, False])
def test_lo_vigente_es_un_paso_hecho(telefono: Telefono, vigente: bool) -> None:
    persona = inscritos()["vigente" if vigente else "baja"]
    tramite = telefono.completo("vigencia", persona.curp, nss=persona.nss)
    html = pantalla(telefono, tramite["id"]).content.decode()
    assert f'data-hechos="{2 if vigente else 1}"' in html
    # The sheet for the school is of the web's session.
    assert "/hoja/" not in html


def test_el_domicilio_cuando_hace_falta_y_despues(telefono: Telefono) -> None:
    extranjera = Persona.objects.sin_nss().filter(entidad="NE").order_by("curp")[0]
    pk = telefono.completo("nss", extranjera.curp)["id"]
    assert dibujada(pantalla(telefono, pk)) == "domicilio"
    assert pantalla(telefono, pk, "domicilio/").status_code == 409  # it is not «afterwards» yet
    telefono.mandar(f"/tramites/{pk}/domicilio/", domicilio())
    assert dibujada(pantalla(telefono, pk)) == "procesando"
    atender()
    # It has been said: it is not asked again.
    assert "data-domicilio" not in pantalla(telefono, pk).content.decode()

    telefono = Telefono()
    de_aqui = Persona.objects.sin_nss().filter(entidad="DF").order_by("curp")[0]
    pk = telefono.completo("nss", de_aqui.curp, "otra@correo.example")["id"]
    assert "data-domicilio" in pantalla(telefono, pk).content.decode()
    forma = pantalla(telefono, pk, "domicilio/").content.decode()
    assert "Guardar mi domicilio" in forma and "se te asignará uno" not in forma
    telefono.mandar(f"/tramites/{pk}/domicilio/", domicilio())
    assert Domicilio.objects.filter(tramite=pk).exists()
    assert "data-domicilio" not in pantalla(telefono, pk).content.decode()


@pytest.fixture
def por_elegir(telefono: Telefono) -> Iterator[str]:
    """A trámite of step 3 that waits for a choice between two clinics of one name."""
    primera = _clinica("DFIMS980001", "matutino", "vespertino", **ABIERTA)
    segunda = _clinica("DFIMS980002", "matutino")
    type(primera).objects.filter(pk__in=[primera.pk, segunda.pk]).update(nombre="UMF 28")
    persona = inscritos()["vigente"]
    tramite = telefono.completo("clinica", persona.curp, codigo_postal="06600")
    assert tramite["estado"] == "eleccion"
    yield str(tramite["id"])


def test_se_elige_se_revisa_y_se_confirma(telefono: Telefono, por_elegir: str) -> None:
    eleccion = pantalla(telefono, por_elegir)
    assert dibujada(eleccion) == "eleccion"
    mala = pantalla(telefono, por_elegir, "eleccion/", {"clinica": "DFIMS980002", "turno": "vespertino"})
    assert mala.status_code == 422 and 'id="error_turno"' in mala.content.decode()
    buena = {"clinica": "DFIMS980001", "turno": "vespertino"}
    revision = pantalla(telefono, por_elegir, "eleccion/", buena)
    assert dibujada(revision) == "revision" and not Tramite.objects.get(pk=por_elegir).documentos.exists()
    # It is the same screen when the App is closed and opened again.
    assert dibujada(pantalla(telefono, por_elegir)) == "revision"
    assert dibujada(pantalla(telefono, por_elegir, "eleccion/", {"cambiar": "1"})) == "eleccion"
    pantalla(telefono, por_elegir, "eleccion/", buena)
    assert telefono.mandar(f"/tramites/{por_elegir}/eleccion/", buena).status_code == 200
    atender()
    resultado = pantalla(telefono, por_elegir)
    assert dibujada(resultado) == "resultado" and 'data-hechos="3"' in resultado.content.decode()
    # Past the choice, it says where it stands.
    assert dibujada(pantalla(telefono, por_elegir, "eleccion/", {"cambiar": "1"})) == "resultado"


def test_dos_clinicas_con_un_mismo_nombre_son_dos(telefono: Telefono, por_elegir: str) -> None:
    """There is a «UMF 28» in more than one entidad: which of them somebody leaves, its CLUES says."""
    telefono.mandar(f"/tramites/{por_elegir}/eleccion/", {"clinica": "DFIMS980001", "turno": "matutino"})
    atender()
    curp = Tramite.objects.get(pk=por_elegir).curp
    pk = telefono.completo("clinica", curp, codigo_postal="06600", cambio=True)["id"]
    for clues, turno, boton, lugar in (
        ("DFIMS980001", "matutino", "Dejarla como está", "Hoy te toca"),
        ("DFIMS980001", "vespertino", "Cambiar de turno", "Hoy te toca"),
        ("DFIMS980002", "matutino", "Cambiarme a esta clínica", "Dejas de estar en"),
    ):
        revision = pantalla(telefono, pk, "eleccion/", {"clinica": clues, "turno": turno})
        assert dibujada(revision) == "revision"
        assert boton in revision.content.decode() and lugar in revision.content.decode()


def test_lo_que_espera_a_un_buzon_solo_espera(telefono: Telefono) -> None:
    pk = telefono.completo("nss", persona_con_nss().curp)["id"]
    Tramite.objects.filter(pk=pk).update(estado=Estado.CONFIRMACION)
    assert dibujada(pantalla(telefono, pk)) == "procesando"


def test_las_formas_van_en_la_concha(cliente: Any, settings: Any) -> None:
    """Each form is the web's, without what a mailed code stands for; what it asks for is the API's."""
    html = cliente.get("/app/").content.decode()
    propios = {"nss": set(), "vigencia": {"nss"}, "clinica": {"codigo_postal"}}
    for tipo, suyos in propios.items():
        forma = html.partition(f'<template id="pieza-{tipo}">')[2].partition("</template>")[0]
        assert {*re.findall(r' name="(\w+)"', forma)} == {"curp", "correo"} | suyos
    assert "captcha" not in html and "csrf" not in html
    version = cliente.get("/app/sw.js").content
    settings.IDENTIDAD = "nombre"
    con_nombre = cliente.get("/app/").content.decode()
    assert con_nombre.count('name="primer_apellido"') == 3
    # What the page says is part of what the worker keeps.
    assert cliente.get("/app/sw.js").content != version
