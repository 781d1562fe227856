"""What staff see and do with the clinics."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinicas import alta
from clinicas.catalogo.forms import ARCHIVO_MAXIMO
from clinicas.models import Alta, Clinica, Cobertura, Consultorio, Turno
from nss_portal.models import Persona
from tests.clinicas.apoyo import HOY, clinica, inscribir, persona, poblaciones

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sin_clinicas")]
MODELOS = [Clinica, Consultorio, Cobertura, Alta]
cada_modelo = pytest.mark.parametrize("modelo", MODELOS, ids=lambda modelo: modelo.__name__)


def pagina(modelo: Any, cual: str, *args: Any) -> str:
    return reverse(f"admin:clinicas_{modelo._meta.model_name}_{cual}", args=args)


@pytest.fixture
def con_gente(sin_clinicas: None) -> Clinica:
    una = clinica(matutino=[10, 10, 2])
    for n in range(7):
        alta.registrar(persona(n), una, Turno.MATUTINO, hoy=HOY)
    Cobertura.objects.create(codigo_postal_id="64000", clinica=una)
    return una


@pytest.fixture
def personal() -> Client:
    usuario = User.objects.create_user("alguien", is_staff=True)
    usuario.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    cliente = Client()
    cliente.force_login(usuario)
    return cliente


@cada_modelo
@pytest.mark.usefixtures("con_gente")
def test_cada_pagina_responde(admin_client: Client, personal: Client, modelo: Any) -> None:
    fila = modelo.objects.all()[0]
    for cliente in (admin_client, personal):
        for consulta in ({}, {"q": "64000"}):
            assert cliente.get(pagina(modelo, "changelist"), consulta).status_code == 200
        respuesta = cliente.get(pagina(modelo, "change", fila.pk))
        assert respuesta.status_code == 200
        # The admin's policy forbids styles in the page: the bars are drawn without.
        assert "style=" not in respuesta.content.decode()
    assert personal.get(pagina(modelo, "add")).status_code == 403
    assert personal.post(pagina(modelo, "delete", fila.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("modelo", [Clinica, Consultorio, Alta])
def test_nada_con_historia_se_borra(admin_client: Client, con_gente: Clinica, modelo: Any) -> None:
    fila = modelo.objects.all()[0]
    assert admin_client.post(pagina(modelo, "delete", fila.pk), {"post": "yes"}).status_code == 403


@cada_modelo
def test_las_listas_no_preguntan_mas_cuando_crecen(
    admin_client: Client, con_gente: Clinica, modelo: Any
) -> None:
    def preguntas() -> int:
        with CaptureQueriesContext(connection) as consultas:
            assert admin_client.get(pagina(modelo, "changelist")).status_code == 200
        return len(consultas)

    preguntas()  # the session and the content types are read once
    pocas = preguntas()
    call_command("loaddata", "clinicas", verbosity=0)
    for n in range(7, 14):
        alta.registrar(persona(n), con_gente, Turno.MATUTINO, hoy=HOY)
    assert preguntas() == pocas


def test_la_poblacion_se_ve(admin_client: Client, con_gente: Clinica) -> None:
    html = admin_client.get(pagina(Clinica, "change", con_gente.pk)).content.decode()
    assert '<meter min="0" max="10" high="9" value="3"></meter> 3 de 10 (30%)' in html
    assert '<meter min="0" max="2" high="1" value="2"></meter> 2 de 2 (100%)' in html
    lista = admin_client.get(pagina(Clinica, "changelist")).content.decode()
    assert "7 de 25 (28%)" in lista
    Consultorio.objects.update(capacidad=0)
    html = admin_client.get(pagina(Clinica, "change", con_gente.pk)).content.decode()
    assert "3; no recibe a nadie más" in html and "no recibe a nadie<" in html


def test_una_clinica_se_cierra_y_no_pierde_su_clave(admin_client: Client, con_gente: Clinica) -> None:
    url = pagina(Clinica, "change", con_gente.pk)
    form = admin_client.get(url).context["adminform"].form
    datos = {c.name: "" if c.value() is None else c.value() for c in form}
    consultorios = list(con_gente.consultorios.order_by("pk"))
    datos |= {"estado": "cerrada", "clues": "NLIMS000009"}
    datos |= {"consultorios-TOTAL_FORMS": len(consultorios), "consultorios-INITIAL_FORMS": len(consultorios)}
    for n, consultorio in enumerate(consultorios):
        for campo in ("id", "turno", "numero", "capacidad"):
            datos[f"consultorios-{n}-{campo}"] = getattr(consultorio, campo)
        datos[f"consultorios-{n}-clinica"] = con_gente.pk
    datos["consultorios-0-capacidad"] = 77
    assert admin_client.post(url, datos).status_code == 302
    cerrada = Clinica.objects.get()
    assert (cerrada.pk, cerrada.estado) == (con_gente.pk, "cerrada")
    assert Consultorio.objects.get(pk=consultorios[0].pk).capacidad == 77
    # One with people can not be taken away.
    datos["consultorios-0-DELETE"] = "on"
    assert admin_client.post(url, datos).status_code == 200
    assert con_gente.consultorios.count() == len(consultorios)


def como_se_ve(cliente: Client, de: Clinica) -> dict[str, Any]:
    """What a browser sends back of a clinic's page when nothing in it was changed, hidden fields included."""
    html = cliente.get(pagina(Clinica, "change", de.pk)).content.decode()
    campos = re.findall(r'<input type="(?:text|hidden|number)" name="([^"]+)"(?: value="([^"]*)")?', html)
    campos += re.findall(r'<textarea name="([^"]+)"[^>]*>\n?([^<]*)', html)
    for nombre, opciones in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', html, re.S):
        [elegida, *_] = [*re.findall(r'value="([^"]*)" selected', opciones), ""]
        campos.append((nombre, elegida))
    return {nombre: unescape(valor) for nombre, valor in campos if "__prefix__" not in nombre}


def test_lo_que_carga_el_catalogo_mientras_alguien_edita_se_queda(
    admin_client: Client, con_gente: Clinica
) -> None:
    abierta = como_se_ve(admin_client, con_gente)
    assert {"nombre", "initial-nombre", "horario", "consultorios-0-capacidad"} <= abierta.keys()
    Clinica.objects.update(nombre="UMF 1 Renombrada", estado=Clinica.Estado.RETIRADA, origen="clues")
    url = pagina(Clinica, "change", con_gente.pk)
    assert admin_client.post(url, abierta | {"horario": "Sólo por la mañana"}).status_code == 302
    con_gente.refresh_from_db()
    assert (con_gente.nombre, con_gente.estado, con_gente.origen) == ("UMF 1 Renombrada", "retirada", "clues")
    assert con_gente.horario == "Sólo por la mañana"


def test_a_la_gente_no_se_le_cambia_de_turno_desde_la_clinica(
    admin_client: Client, con_gente: Clinica
) -> None:
    antes = list(con_gente.consultorios.order_by("pk").values("turno", "numero"))
    enviado = como_se_ve(admin_client, con_gente)
    enviado |= {"consultorios-0-turno": "vespertino", "consultorios-0-numero": "9"}
    enviado |= {"consultorios-0-capacidad": "12"}
    assert admin_client.post(pagina(Clinica, "change", con_gente.pk), enviado).status_code == 302
    assert list(con_gente.consultorios.order_by("pk").values("turno", "numero")) == antes
    assert con_gente.consultorios.order_by("pk")[0].capacidad == 12
    # A new one says its own.
    nuevo = {"consultorios-TOTAL_FORMS": len(antes) + 1, f"consultorios-{len(antes)}-turno": "vespertino"}
    nuevo |= {f"consultorios-{len(antes)}-{campo}": "8" for campo in ("numero", "capacidad")}
    assert admin_client.post(pagina(Clinica, "change", con_gente.pk), enviado | nuevo).status_code == 302
    assert con_gente.consultorios.filter(turno="vespertino", numero=8).exists()


def mover(cliente: Client, origen: Consultorio, **datos: Any) -> Any:
    url = reverse("admin:clinicas_consultorio_mover", args=[origen.pk])
    return cliente.post(url, {"clinica": origen.clinica_id, "turno": origen.turno, "numero": 2} | datos)


def test_mover_a_la_gente_de_un_consultorio(
    admin_client: Client, personal: Client, con_gente: Clinica
) -> None:
    primero, segundo, _ = con_gente.consultorios.filter(turno=Turno.MATUTINO)
    url = reverse("admin:clinicas_consultorio_mover", args=[primero.pk])
    assert url in admin_client.get(pagina(Clinica, "change", con_gente.pk)).content.decode()
    html = admin_client.get(url).content.decode()
    assert "3 personas" in html and "2 de 10 (20%)" in html
    assert personal.get(url).status_code == mover(personal, primero).status_code == 403
    assert admin_client.get(url.replace(str(primero.pk), "999999")).status_code == 404
    for datos, dice in (
        ({"numero": 3}, "No se movió a nadie: UMF 1 ya no tiene lugar en ese turno."),
        ({"numero": 1}, "Es el mismo consultorio"),
        ({"numero": 9}, "no tiene un consultorio con ese número"),
        ({"clinica": "NLIMS999999"}, "No hay clínica con esa CLUES"),
    ):
        assert dice in mover(admin_client, primero, **datos).content.decode()
    assert poblaciones(con_gente) == [3, 2, 2]
    respuesta = mover(admin_client, primero)
    assert respuesta.status_code == 302
    assert "consultorio 2 matutino: 3." in admin_client.get(respuesta.url).content.decode()
    assert poblaciones(con_gente) == [0, 5, 2]
    assert Alta.objects.filter(consultorio=primero, causa=Alta.Causa.REUBICACION).count() == 3
    assert segundo.altas.activas().count() == 5


def test_a_una_cerrada_no_se_mueve_a_nadie(admin_client: Client, con_gente: Clinica) -> None:
    clinica("NLIMS980002", estado=Clinica.Estado.RETIRADA)
    primero = con_gente.consultorios.all()[0]
    html = mover(admin_client, primero, clinica="nlims980002", numero=1).content.decode()
    assert "está cerrada o retirada" in html


def test_cobertura_desde_un_archivo(admin_client: Client, personal: Client, con_gente: Clinica) -> None:
    url = reverse("admin:clinicas_cobertura_cargar")
    assert url in admin_client.get(pagina(Cobertura, "changelist")).content.decode()
    assert url not in personal.get(pagina(Cobertura, "changelist")).content.decode()
    assert personal.get(url).status_code == 403

    def subir(contenido: bytes, nombre: str = "cobertura.csv", **mas: object) -> Any:
        return admin_client.post(url, {"archivo": SimpleUploadedFile(nombre, contenido)} | mas)

    mala = subir(f"codigo_postal,clues\n06600,{con_gente.pk}\n1,{con_gente.pk}\n".encode())
    html = mala.content.decode()
    assert "no se cargó nada" in html and "Línea 3: «1» no es un código postal" in html
    assert "El archivo debe ser un CSV" in subir(b"x", "cobertura.exe").content.decode()
    assert "El archivo está vacío" in subir(b"").content.decode()
    assert Cobertura.objects.count() == 1
    buena = subir(f"codigo_postal,clues\n06600,{con_gente.pk}\n".encode())
    assert buena.status_code == 302
    assert "1 coberturas nuevas" in admin_client.get(buena.url).content.decode()
    assert Cobertura.objects.filter(codigo_postal="06600").exists()

    # What it would take away is said first, and done only with its number.
    otra = clinica("NLIMS980077")
    antes = list(Cobertura.objects.order_by("pk").values())
    cambia = f"codigo_postal,clues\n06600,{otra.pk}\n".encode()
    for aceptados in ("", "2"):
        html = subir(cambia, aceptar_retiros=aceptados).content.decode()
        assert f"Se retiraría 1 de 2 coberturas (50.0 %). Es: 06600 con {con_gente.pk}." in html
        assert "escribe aquí 1." in html and "--aceptar" not in html
        assert list(Cobertura.objects.order_by("pk").values()) == antes
    assert subir(cambia, aceptar_retiros="1").status_code == 302
    assert Cobertura.objects.get(codigo_postal="06600").clinica_id == otra.pk


def test_una_subida_enorme_ni_se_recibe(admin_client: Client, personal: Client) -> None:
    """Not a byte of it is read: not even the form's token."""

    class Intacto:
        def read(self, *args: Any) -> bytes:
            raise AssertionError("it was read")

        readline = read

    url = reverse("admin:clinicas_cobertura_cargar")
    enorme: dict[str, Any] = {"CONTENT_LENGTH": str(3 * ARCHIVO_MAXIMO), "wsgi.input": Intacto()}
    respuesta = admin_client.generic("POST", url, b"", "multipart/form-data; boundary=x", **enorme)
    assert "pasa de 8 MB" in respuesta.content.decode()
    assert personal.generic("POST", url, b"", "multipart/form-data; boundary=x", **enorme).status_code == 403
    estricto = Client(enforce_csrf_checks=True)
    estricto.force_login(User.objects.get(username="admin"))
    archivo = SimpleUploadedFile("cobertura.csv", b"codigo_postal,clues\n")
    assert estricto.post(url, {"archivo": archivo}).status_code == 403


def test_las_altas_se_buscan_sin_que_la_curp_quede_en_la_direccion(
    admin_client: Client, con_gente: Clinica
) -> None:
    quien = Persona.objects.get(pk=persona(3).pk)
    respuesta = admin_client.post(pagina(Alta, "changelist"), {"buscar": quien.curp.lower()})
    assert respuesta.status_code == 302 and quien.curp not in respuesta.url
    assert "matutino" in admin_client.get(respuesta.url).content.decode()


def test_las_suspendidas_se_filtran(admin_client: Client, con_gente: Clinica) -> None:
    from django.utils import timezone

    inscribir(persona(1), alta=timezone.localdate())
    for situacion, cuantas in (("activa", 7), ("suspendida", 6), ("fin", 0)):
        respuesta = admin_client.get(pagina(Alta, "changelist"), {"situacion": situacion})
        assert respuesta.context["cl"].result_count == cuantas
