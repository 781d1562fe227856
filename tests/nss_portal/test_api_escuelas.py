"""A school's own system: its key, and the rules of its panel."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from nss_portal.models import ClaveApi, Envio, Persona
from tests.apoyo import escuela_de_prueba, inscribir, persona_con_nss
from tests.nss_portal.api import Telefono
from vigencia.models import Comprobacion, Escuela, Inscripcion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]


@pytest.fixture
def escuela() -> Escuela:
    return escuela_de_prueba()


@pytest.fixture
def sistema(escuela: Escuela) -> Telefono:
    sistema = Telefono()
    sistema.token, _ = ClaveApi.crear(escuela.pk, "Control escolar")
    return sistema


def alta(persona: Persona, **cambios: Any) -> dict[str, Any]:
    hoy = timezone.localdate()
    return {
        "curp": persona.curp,
        "nss": persona.nss,
        "nivel": "superior",
        "ciclo": "2026-2027",
        "matricula": "A-1",
        "alta": str(hoy),
        "fin": str(hoy + timedelta(days=200)),
    } | cambios


def test_inscribe_lee_y_da_de_baja(sistema: Telefono, escuela: Escuela) -> None:
    persona = persona_con_nss()
    assert sistema.ver("/escuela/")["cct"] == escuela.pk
    hecha = sistema.mandar("/escuela/inscripciones/", alta(persona))
    assert hecha.status_code == 201 and hecha.json()["situacion"] == "vigente"
    # The same as in the panel: a check of the number is counted, and twice changes nothing.
    assert Comprobacion.objects.get(escuela=escuela).cuantas == 1
    otra_vez = sistema.mandar("/escuela/inscripciones/", alta(persona))
    assert Inscripcion.objects.filter(escuela=escuela).count() == 1 and otra_vez.status_code == 422
    pagina = sistema.ver("/escuela/inscripciones/?ciclo=2026-2027&situacion=vigente")
    assert pagina["total"] == 1 and pagina["inscripciones"][0]["curp"] == persona.curp
    assert sistema.ver("/escuela/inscripciones/?situacion=baja")["total"] == 0
    pk, hoy = hecha.json()["id"], str(timezone.localdate())
    baja = sistema.mandar(f"/escuela/inscripciones/{pk}/baja/", {"fecha": hoy, "causa": "2"})
    assert baja.status_code == 200 and baja.json()["situacion"] == "baja"
    otra = sistema.mandar(f"/escuela/inscripciones/{pk}/baja/", {"fecha": hoy, "causa": "2"})
    assert otra.status_code == 409


def test_sus_reglas_y_sus_palabras(sistema: Telefono) -> None:
    persona, otra = persona_con_nss(), persona_con_nss(1)

    def errores(**cambios: Any) -> Any:
        respuesta = sistema.mandar("/escuela/inscripciones/", alta(persona, **cambios))
        assert respuesta.status_code == 422
        return respuesta.json()["errores"]

    assert "no es el de esa CURP" in errores(nss=otra.nss)["nss"][0]
    assert set(errores(curp="x", nivel="posgrado", ciclo="2026", fin="ayer")) >= {
        "curp",
        "nivel",
        "ciclo",
        "fin",
    }
    assert not Inscripcion.objects.filter(persona=persona).exists() and not Envio.objects.exists()


def test_no_ve_ni_toca_lo_de_otra(sistema: Telefono) -> None:
    ajena = escuela_de_prueba("09DCT0998B", "Universidad Ajena")
    hoy = timezone.localdate()
    suya = inscribir(persona_con_nss(), hoy, hoy + timedelta(days=9), ajena)
    assert sistema.ver("/escuela/inscripciones/")["total"] == 0
    baja = sistema.mandar(f"/escuela/inscripciones/{suya.pk}/baja/", {"fecha": str(hoy), "causa": "2"})
    assert baja.status_code == 404


def test_por_paginas_con_las_mismas_consultas(
    sistema: Telefono, escuela: Escuela, django_assert_max_num_queries: Any
) -> None:
    hoy = timezone.localdate()
    for cual in range(3):
        inscribir(persona_con_nss(cual), hoy, hoy + timedelta(days=9), escuela)
    sistema.ver("/escuela/")
    with django_assert_max_num_queries(10):
        assert len(sistema.ver("/escuela/inscripciones/")["inscripciones"]) == 3
    assert sistema.pedir("GET", "/escuela/inscripciones/?pagina=2").status_code == 422
    assert sistema.pedir("GET", "/escuela/inscripciones/?pagina=x").status_code == 422


def test_la_clave_no_es_un_token_ni_al_reves(sistema: Telefono) -> None:
    telefono = Telefono()
    persona = persona_con_nss()
    hecho = telefono.completo("nss", persona.curp)
    assert telefono.pedir("GET", "/escuela/").status_code == 401
    assert sistema.pedir("GET", f"/tramites/{hecho['id']}/").status_code == 401


def test_se_crea_se_lista_y_se_revoca(escuela: Escuela, capsys: Any) -> None:
    call_command("crear_clave_api", escuela=escuela.pk.lower(), nombre="Control escolar")
    clave = capsys.readouterr().out.strip()
    fila = ClaveApi.objects.get()
    assert clave.startswith("gobest_") and clave not in fila.huella and fila.usada is None
    sistema = Telefono()
    sistema.token = clave
    assert sistema.ver("/escuela/")["cct"] == escuela.pk
    fila.refresh_from_db()
    assert fila.usada is not None
    call_command("crear_clave_api", lista=True)
    lista = capsys.readouterr().out
    assert "Control escolar" in lista and "usada" in lista and clave not in lista
    call_command("crear_clave_api", revocar=fila.pk)
    assert sistema.pedir("GET", "/escuela/").status_code == 401
    for malas in ({"revocar": fila.pk}, {"escuela": "nada", "nombre": "x"}, {"escuela": escuela.pk}):
        with pytest.raises(CommandError):
            call_command("crear_clave_api", **malas)


def test_sin_su_escuela_la_clave_no_abre_nada(sistema: Telefono, escuela: Escuela) -> None:
    ClaveApi.objects.update(escuela="09DCT0000Z")
    assert sistema.pedir("GET", "/escuela/").status_code == 401
