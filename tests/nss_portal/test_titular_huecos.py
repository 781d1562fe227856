"""Faults seen from outside where the name is asked, each with the test that would have caught it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from nss_portal.models import (
    Confirmacion,
    CurpAnterior,
    Envio,
    Estado,
    Persona,
    Tramite,
    Vinculo,
)
from nss_portal.servicio import topes
from nss_portal.tramites import titular
from tests.apoyo import Estricto, inscribir, persona_con_nss, solicitar
from tests.nss_portal.api import Telefono, atender

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]
DUENA = "duena@correo.example"


@pytest.fixture(autouse=True)
def por_nombre(settings: Any) -> None:
    settings.IDENTIDAD = "nombre"


@pytest.fixture
def persona() -> Persona:
    return persona_con_nss()


def nombre_de(persona: Persona) -> dict[str, str]:
    return {parte: getattr(persona, parte) for parte in titular.PARTES}


MALO = {"nombres": "Alguien", "primer_apellido": "De", "segundo_apellido": "Fuera"}


def llevar(curp: str, buzon: str, nombre: dict[str, str], paso: str = "nss", **mas: str) -> tuple[Any, str]:
    cliente = Estricto()
    url = solicitar(cliente, curp, paso=paso, correo=buzon, correo_confirmacion=buzon, **nombre, **mas)
    atender()
    pregunta = Confirmacion.objects.filter(tramite=url.split("/")[2]).first()
    if pregunta:
        Estricto().post(pregunta.get_absolute_url(), {"respuesta": "si"})
        atender()
    return cliente, url


def motivo(url: str) -> str:
    return Tramite.objects.get(pk=url.split("/")[2]).motivo


def test_la_duena_cambia_de_clinica(persona: Persona) -> None:
    """«Cambiar de clínica» begins a trámite of its own, in which no name is typed."""
    hoy = timezone.localdate()
    inscribir(persona, hoy - timedelta(days=3), hoy + timedelta(days=200))
    cliente, url = llevar(persona.curp, DUENA, nombre_de(persona), "clinica", codigo_postal="06600")
    tramite = Tramite.objects.get(pk=url.split("/")[2])
    assert tramite.estado == Estado.ELECCION
    opcion = cliente.get(url).context["form"].opciones[0]
    datos = {"clinica": opcion.clinica.pk, "turno": opcion.turnos[0].turno, "confirmar": "1"}
    cliente.post(f"{url}eleccion/", datos)
    atender()
    otra = cliente.post(f"{url}cambiar/").url
    atender()
    assert cliente.get(otra).pagina.pantallas == ["eleccion"], motivo(otra)


def test_un_buzon_parecido_no_es_el_suyo(persona: Persona) -> None:
    """What counts as one for limits may be two people's, where «+» is but a letter."""
    Vinculo.objects.create(persona=persona, correo=DUENA, comprobado=timezone.now())
    _, url = llevar(persona.curp, "duena+x@correo.example", nombre_de(persona))
    assert motivo(url) == "identidad-no-comprobada"


def test_los_extranos_no_apagan_la_app_de_la_duena(persona: Persona) -> None:
    """Her phone's network has had her mailbox's answer; theirs have not."""
    suyo = Telefono(REMOTE_ADDR="198.51.100.1")
    assert suyo.completo("nss", persona.curp, DUENA, **nombre_de(persona))["nss"] == persona.nss
    for vez in range(30):
        ajeno = Telefono(REMOTE_ADDR=f"203.0.113.{vez}")
        ajeno.mandar("/tramites/", {"tipo": "nss", "curp": persona.curp, "correo": DUENA, **MALO})
    atender()
    mail.outbox.clear()
    suyo.token = ""
    suyo.empezar("nss", persona.curp, DUENA, **nombre_de(persona))
    atender()
    assert [m.to for m in mail.outbox] == [[DUENA]]


def test_los_extranos_no_cierran_la_puerta_de_la_app(persona: Persona) -> None:
    """Seventy requests of strangers, with other CURPs: hers is still a 202."""
    suyo = Telefono(REMOTE_ADDR="198.51.100.1")
    assert suyo.completo("nss", persona.curp, DUENA, **nombre_de(persona))["nss"] == persona.nss
    otras = list(Persona.objects.values_list("curp", flat=True)[:70])
    for vez, curp in enumerate(otras):
        ajeno = Telefono(REMOTE_ADDR=f"203.0.113.{vez}")
        ajeno.mandar("/tramites/", {"tipo": "nss", "curp": curp, "correo": DUENA, **MALO})
    suyo.token = ""
    datos = {"tipo": "nss", "curp": persona.curp, "correo": DUENA, **nombre_de(persona)}
    assert suyo.mandar("/tramites/", datos).status_code == 202


def test_una_curp_de_antes_no_da_mas_intentos(persona: Persona, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topes, "NOMBRES_POR_BUZON", topes.NOMBRES_POR_BUZON._replace(cupo=2))
    CurpAnterior.objects.create(curp="EEQG030303HASJNLA9", persona=persona)
    for _ in range(2):
        llevar(persona.curp, "x@otro.example", MALO)
    _, url = llevar("EEQG030303HASJNLA9", "x@otro.example", nombre_de(persona))
    assert motivo(url) == "identidad-no-comprobada"


def test_quien_dio_otro_correo_se_entera(persona: Persona) -> None:
    """Decision 0008: every other mailbox that had been given for that person is told."""
    antes = llevar(persona.curp, "antes@correo.example", nombre_de(persona))[1]
    assert motivo(antes) == ""
    Vinculo.objects.all().delete()
    llevar(persona.curp, DUENA, nombre_de(persona))
    assert Envio.objects.filter(aviso="otro-correo", para="antes@correo.example").exists()


def test_una_pregunta_de_antes_no_vincula(persona: Persona, settings: Any) -> None:
    """A mailbox that was replaced answers «cambiar» to a question of when only the mailbox was asked."""
    settings.IDENTIDAD, settings.CONFIRMAR_CORREO = "correo", "siempre"
    vinculo = Vinculo.objects.create(persona=persona, correo="vieja@correo.example")
    url = solicitar(Estricto(), persona.curp, correo="x@otro.example", correo_confirmacion="x@otro.example")
    atender()
    settings.IDENTIDAD = "nombre"
    vinculo.correo = DUENA
    vinculo.save()
    pregunta = Confirmacion.objects.get(tramite=url.split("/")[2])
    Estricto().post(pregunta.get_absolute_url(), {"respuesta": "cambiar"})
    assert Vinculo.objects.get().correo == DUENA


def test_un_401_que_la_documentacion_no_dice() -> None:
    """A public address with a wrong token and a key: what is answered is written, or it is not answered."""
    telefono = Telefono()
    esquema = telefono.get("/api/v1/openapi.json").json()["paths"]
    camino = "/api/v1/tramites/{pk}/codigo/"
    respuesta = telefono.mandar(
        "/tramites/32247118-ce4c-4cd1-89da-a4ad5c02d483/codigo/",
        {"codigo": "123456"},
        **{"Authorization": "Bearer x", "Idempotency-Key": "1"},
    )
    assert str(respuesta.status_code) in esquema[camino]["post"]["responses"]
