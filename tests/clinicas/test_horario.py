"""CLUES has no hours: what nobody told the portal is asked in the clinic, on every screen and paper."""

import importlib
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinicas.models import Clinica
from nss_portal.models import Documento
from tests.apoyo import Estricto, inscribir, persona_con_nss, solicitar
from tests.clinicas.apoyo import clinica
from tests.clinicas.libros import escribir, fila
from tests.nss_portal.api import Telefono
from tests.nss_portal.papel import junto, texto

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sin_clinicas")]
CLUES = "NLIMS000001"
PREGUNTA = "Pregunta el horario en la clínica"
VENTANILLA = "Pregunta en la clínica por la ventanilla de vigencia y su horario"
# An hour of the day, or the days of the week, which no row carries.
INVENTADO = re.compile(r"\d{1,2}:00|lunes a", re.IGNORECASE)


@pytest.fixture
def de_clues(tmp_path: Path) -> Clinica:
    call_command("cargar_clinicas", escribir(tmp_path / "clues.xlsx", [fila(CLUES)]), verbosity=0)
    return Clinica.objects.get(pk=CLUES)


def dicho(respuesta: Any) -> str:
    """The text of the page's main part."""
    [principal] = re.findall(r"<main.*</main>", respuesta.content.decode(), re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", principal)).split())


def persona_inscrita() -> Any:
    persona = persona_con_nss()
    hoy = timezone.localdate()
    inscribir(persona, hoy - timedelta(days=30), hoy + timedelta(days=200))
    return persona


def test_en_las_pantallas_el_correo_y_los_documentos(
    cliente: Estricto, trabajar: Callable[[], None], de_clues: Clinica
) -> None:
    persona = persona_inscrita()
    url = solicitar(cliente, persona.curp, paso="clinica", codigo_postal="64000")
    trabajar()
    eleccion = dicho(cliente.get(url))
    datos = {"clinica": CLUES, "turno": "matutino"}
    revision = dicho(cliente.post(f"{url}eleccion/", datos, follow=True))
    cliente.post(f"{url}eleccion/", datos | {"confirmar": "1"}, follow=True)
    trabajar()
    resultado = dicho(cliente.get(url))
    for pantalla in (eleccion, revision, resultado):
        assert PREGUNTA in pantalla and "8100000000" in pantalla, pantalla
        assert not INVENTADO.search(pantalla), pantalla
    assert f"{VENTANILLA}." in resultado

    [mensaje] = mail.outbox
    for cuerpo in (str(mensaje.body), str(mensaje.alternatives[0][0])):
        assert PREGUNTA in cuerpo and f"{VENTANILLA}." in cuerpo and "8100000000" in cuerpo
        assert "lunes a" not in cuerpo.lower()
    documentos = Documento.objects.filter(tramite__curp=persona.curp)
    assert len(documentos) == 2
    for documento in documentos:
        assert (documento.datos["horario"], documento.datos["ventanilla"]) == ("", "")
        papel = texto(b"".join(cliente.get(f"/documentos/{documento.pk}/").streaming_content))
        assert junto(PREGUNTA) in junto(papel) and "8100000000" in papel
        assert "lunes a" not in papel.lower() and "20:00" not in papel


def test_en_la_api_es_vacio_y_va_el_telefono(de_clues: Clinica) -> None:
    telefono = Telefono()
    tramite = telefono.completo("clinica", persona_inscrita().curp, codigo_postal="64000")
    [opcion] = telefono.ver(f"/tramites/{tramite['id']}/opciones/")["opciones"]
    assert (opcion["horario"], opcion["telefono"]) == ("", "8100000000")


def test_si_ninguna_esta_cerca_se_dice(
    cliente: Estricto, trabajar: Callable[[], None], de_clues: Clinica
) -> None:
    """A student of Mérida, with a catalogue that has one clinic, in Monterrey."""
    persona = persona_inscrita()
    url = solicitar(cliente, persona.curp, paso="clinica", codigo_postal="97000")
    trabajar()
    pagina = cliente.get(url)
    eleccion = dicho(pagina)
    # Nothing far is chosen for anybody.
    assert re.search(rf'value="{CLUES}"\s*>', pagina.content.decode())
    assert "El catálogo no tiene una clínica con lugar cerca de ti." in eleccion
    assert "No sabemos a qué distancia está" in eleccion and "Pregunta en tu Subdelegación" in eleccion
    assert "más cercana" not in eleccion
    telefono = Telefono()
    tramite = telefono.completo("clinica", persona.curp, codigo_postal="97000")
    hay = telefono.ver(f"/tramites/{tramite['id']}/opciones/")
    assert hay["ninguna_cerca"] is True and "cercana" not in hay["opciones"][0]["motivo"]


@pytest.mark.parametrize(("latitud", "lejos"), [(26.1, False), (26.2, True)])
def test_lejos_es_a_mas_de_cincuenta_kilometros(
    cliente: Estricto, trabajar: Callable[[], None], de_clues: Clinica, latitud: float, lejos: bool
) -> None:
    """In its own entidad too, when it is known how far: 48 km, 59 km."""
    clinica("NLIMS980001", (0,), (), codigo_postal="64010", latitud=latitud, longitud=-100.31)
    url = solicitar(cliente, persona_inscrita().curp, paso="clinica", codigo_postal="64010")
    trabajar()
    eleccion = dicho(cliente.get(url))
    assert ("cerca de ti" in eleccion) is lejos
    assert "A 4" in eleccion or "A 5" in eleccion
    assert ("La más cercana" in eleccion) is not lejos


def test_en_el_admin_se_guarda_vacio(admin_client: Client, de_clues: Clinica) -> None:
    url = reverse("admin:clinicas_clinica_change", args=[CLUES])
    pagina = admin_client.get(url)
    assert "se imprime «Pregunta el horario en la clínica»" in pagina.content.decode()
    form = pagina.context["adminform"].form
    assert (form["horario"].value(), form.fields["horario"].required) == ("", False)
    assert (form["ventanilla"].value(), form.fields["ventanilla"].required) == ("", False)


def test_la_migracion_vacia_lo_que_nadie_dijo() -> None:
    migracion = importlib.import_module("clinicas.migrations.0002_horario_que_nadie_dijo")
    de_omision = {"horario": migracion.HORARIO, "ventanilla": migracion.VENTANILLA}
    clinica("NLIMS980001", **de_omision)
    clinica("NLIMS980002", **(de_omision | {"horario": "Todos los días, de 7:00 a 21:00 h"}))
    clinica("NLIMS980003", **(de_omision | {"estado": "retirada", "ventanilla": "Planta baja"}))
    clinica("NLIMS980004", **(de_omision | {"origen": "demostrativo"}))
    migracion.vaciar(apps, None)
    filas = Clinica.objects.order_by("pk").values_list("horario", "ventanilla")
    assert list(filas) == [
        ("", ""),
        ("Todos los días, de 7:00 a 21:00 h", ""),
        ("", "Planta baja"),
        (migracion.HORARIO, migracion.VENTANILLA),
    ]


def test_las_de_la_demostracion_traen_el_suyo() -> None:
    """Their hours are written in the fixture: no default gives them."""
    call_command("loaddata", "clinicas", verbosity=0)
    assert Clinica.objects.count() == 117
    assert not Clinica.objects.filter(horario="").exists()
    assert not Clinica.objects.filter(ventanilla="").exists()
