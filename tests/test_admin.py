"""What staff see: every page answers, lists do not slow down as they grow, and history cannot be edited."""

import re
import uuid
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from afiliacion.models import Atencion, Cambio, Empleado, Prefijo, Serie, Subdelegacion, Territorio
from nss_portal.correo import avisos
from nss_portal.demo.ficticias import personas_sinteticas
from nss_portal.documentos import verificacion
from nss_portal.models import (
    Asiento,
    Aviso,
    CodigoPostal,
    Colonia,
    Documento,
    Entidad,
    Envio,
    Estado,
    Municipio,
    Persona,
    Tramite,
    Verificacion,
)
from nss_portal.personal.base import PaginadorAcotado
from nss_portal.personas import asientos
from nss_portal.tramites import maquina

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]

DEL_PORTAL = [m for m in admin.site._registry if m._meta.app_label in ("nss_portal", "afiliacion")]
DE_SOLO_LECTURA = [
    *(Tramite, Documento, Verificacion, Envio, Aviso, Serie),
    *(Entidad, Municipio, CodigoPostal, Colonia),
    *(Asiento, Atencion, Cambio),
]
cada_modelo = pytest.mark.parametrize("modelo", DEL_PORTAL, ids=lambda modelo: modelo.__name__)
Modelo = type[models.Model]


def pagina(modelo: Modelo, cual: str, *args: Any) -> str:
    return reverse(f"admin:{modelo._meta.app_label}_{modelo._meta.model_name}_{cual}", args=args)


def resolver(persona: Persona) -> Tramite:
    """A trámite as the worker leaves it, its documents not yet issued and its mail not yet sent."""
    tramite = Tramite.objects.create(
        tipo=Tramite.Tipo.NSS,
        solicitud=uuid.uuid4(),
        navegador=f"navegador-{uuid.uuid4().hex}"[:43],
        curp=persona.curp,
        correo="persona@correo.example",
    )
    tramite.sucesos.create(estado=Estado.RECIBIDO)
    assert tramite.mover(Estado.EMITIENDO, persona=persona, resultado=Tramite.Resultado.LOCALIZADO)
    datos = {"nombre": str(persona), "curp": persona.curp, "nss": persona.nss, "resultado": "localizado"}
    maquina.congelar(tramite, [Documento.Tipo.NSS, Documento.Tipo.TARJETA], datos)
    Envio.objects.create(tramite=tramite)
    for documento in tramite.documentos.all():
        Envio.objects.create(tramite=tramite, documento=documento)
    return tramite


@pytest.fixture
def tramite() -> Tramite:
    return resolver(Persona.objects.exclude(nss=None).order_by("pk")[0])


@pytest.fixture
def con_filas(tramite: Tramite) -> None:
    Serie.objects.create(
        prefijo="28", anio_registro="26", anio_nacimiento="08", ultimo=1233, abierta=date(2026, 1, 5)
    )
    avisos.avisar("clave", "Asunto", "Texto")
    verificacion.anotar(verificacion.Medio.QR, verificacion.Resultado.DESCONOCIDO, None, "192.0.2.1")
    empleado, persona = Empleado.objects.all()[0], tramite.persona
    assert persona
    de_una = {"persona": persona, "subdelegacion": empleado.subdelegacion}
    atencion = Atencion.objects.create(motivo="nss", atendio=empleado.usuario, **de_una)
    Cambio.objects.create(atencion=atencion, tipo="bloqueo", porque="ARCO", pide=empleado.usuario, **de_una)
    asientos.anotar(empleado.usuario, Asiento.Que.VER, persona, "Obtener o localizar su NSS")


@pytest.fixture
def personal() -> Client:
    usuario = User.objects.create_user("alguien", is_staff=True)
    usuario.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    cliente = Client()
    cliente.force_login(usuario)
    return cliente


def test_esta_todo_lo_que_se_consulta() -> None:
    assert set(DEL_PORTAL) == {Persona, Subdelegacion, Prefijo, Territorio, Empleado, *DE_SOLO_LECTURA}


def test_habla_espanol(admin_client: Client) -> None:
    html = admin_client.get(reverse("admin:index")).content.decode()
    assert "Seguro de Salud para Estudiantes" in html and "Consulta y catálogos" in html
    assert "Personas, trámites y documentos" in html and "Django administration" not in html


@cada_modelo
@pytest.mark.motores("every list and its search, by SQL")
@pytest.mark.usefixtures("con_filas")
def test_cada_pagina_responde(admin_client: Client, personal: Client, modelo: Modelo) -> None:
    fila = modelo._default_manager.all()[0]
    for cliente in (admin_client, personal):
        assert cliente.get(pagina(modelo, "changelist")).status_code == 200
        assert cliente.get(pagina(modelo, "change", fila.pk)).status_code == 200
        assert cliente.get(pagina(modelo, "changelist"), {"q": "28"}).status_code == 200
    assert personal.get(pagina(modelo, "add")).status_code == 403
    assert personal.post(pagina(modelo, "delete", fila.pk), {"post": "yes"}).status_code == 403


def test_de_quien_ya_no_esta_queda_lo_que_hizo(admin_client: Client) -> None:
    """A user is not deleted: the history of what they did would go too."""
    usuario = User.objects.create_user("alguien", is_staff=True)
    assert admin_client.get(f"/admin/auth/user/{usuario.pk}/delete/").status_code == 403
    marcado = {"action": "delete_selected", "_selected_action": [usuario.pk], "post": "yes"}
    admin_client.post("/admin/auth/user/", marcado)
    assert User.objects.filter(pk=usuario.pk).exists()


def test_lo_que_se_borra_con_un_grupo_se_dice_en_espanol(admin_client: Client) -> None:
    grupo = Group.objects.create(name="Grupo de prueba")
    grupo.permissions.add(Permission.objects.get(codename="view_user"))
    User.objects.create_user("alguien").groups.add(grupo)
    marcado = {"action": "delete_selected", "_selected_action": [grupo.pk]}
    una = admin_client.get(f"/admin/auth/group/{grupo.pk}/delete/")
    for pagina_ in (una, admin_client.post("/admin/auth/group/", marcado)):
        html = pagina_.content.decode()
        assert "Pertenencia a un grupo: alguien" in html and "Permiso del grupo: Usuario: ver" in html
        assert "Pertenencias a un grupo" in html
        assert "relationship" not in html and "User_groups" not in html
    admin_client.post("/admin/auth/group/", marcado | {"post": "yes"})
    assert not Group.objects.filter(pk=grupo.pk).exists()


def test_a_quien_le_falta_un_registro_se_le_dice(client: Client) -> None:
    client.force_login(User.objects.create_user("nueva", is_staff=True))
    assert "pide al personal central" in client.get("/admin/").content.decode()


def test_en_demostracion_lo_dice(admin_client: Client, client: Client, settings: Any) -> None:
    for demo in (True, False):
        settings.DEMO = demo
        for pagina_ in (admin_client.get("/admin/"), client.get("/admin/login/")):
            assert ("sin validez oficial" in pagina_.content.decode()) is demo


@cada_modelo
def test_sin_entrar_no_se_ve_nada(client: Client, modelo: Modelo) -> None:
    assert client.get(pagina(modelo, "changelist")).status_code == 302


@cada_modelo
@pytest.mark.usefixtures("con_filas")
def test_las_listas_no_preguntan_mas_cuando_crecen(admin_client: Client, modelo: Modelo) -> None:
    def preguntas() -> int:
        with CaptureQueriesContext(
            connection,
        ) as consultas:
            assert admin_client.get(pagina(modelo, "changelist")).status_code == 200
        return len(consultas)

    preguntas()  # the session and the content types are read once
    pocas = preguntas()
    for persona in personas_sinteticas(12):
        persona.save()
        resolver(persona)
    for anio in range(12):
        Serie.objects.create(
            prefijo="28",
            anio_registro="25",
            anio_nacimiento=f"{anio:02d}",
            ultimo=anio,
            abierta=date(2026, 1, 5),
        )
    assert preguntas() == pocas


@pytest.mark.parametrize("modelo", DE_SOLO_LECTURA, ids=lambda modelo: modelo.__name__)
@pytest.mark.usefixtures("con_filas")
def test_lo_que_escribe_el_portal_no_se_edita(admin_client: Client, modelo: Modelo) -> None:
    fila = modelo._default_manager.all()[0]
    assert admin_client.get(pagina(modelo, "add")).status_code == 403
    assert admin_client.post(pagina(modelo, "add"), {}).status_code == 403
    assert admin_client.post(pagina(modelo, "change", fila.pk), {}).status_code == 403
    assert admin_client.post(pagina(modelo, "delete", fila.pk), {"post": "yes"}).status_code == 403
    borrar = {"action": "delete_selected", "_selected_action": [str(fila.pk)], "post": "yes"}
    admin_client.post(pagina(modelo, "changelist"), borrar)
    assert modelo._default_manager.filter(pk=fila.pk).exists()
    html = admin_client.get(pagina(modelo, "change", fila.pk)).content.decode()
    # An action is not an edition.
    html = re.sub('<div class="actions">.*?</div>', "", html.split('<div id="content', 1)[1], flags=re.DOTALL)
    for control in ("<select", "<textarea", 'name="_save"', 'type="text"', 'type="file"', "addlink"):
        assert control not in html, control


def test_un_tramite_ensena_su_historia_y_no_los_numeros(admin_client: Client, tramite: Tramite) -> None:
    html = admin_client.get(pagina(Tramite, "change", tramite.pk)).content.decode()
    lista = admin_client.get(pagina(Tramite, "changelist")).content.decode()
    documento = tramite.documentos.all()[0]
    suelto = admin_client.get(pagina(Documento, "change", documento.pk)).content.decode()
    assert tramite.persona and tramite.persona.nss
    for escondido in (
        tramite.curp,
        tramite.persona.nss,
        tramite.navegador,
        documento.token,
        documento.codigo,
    ):
        for texto in (html, lista, suelto):
            assert escondido not in texto
    for dicho in (tramite.folio, str(tramite.persona), "persona@correo.example", "Recibido", "Localizado"):
        assert dicho in html
    assert "Tarjeta de Número de Seguridad Social" in html
    assert tramite.folio in lista


def test_se_busca_por_el_numero_completo(admin_client: Client, tramite: Tramite) -> None:
    otro = resolver(Persona.objects.exclude(nss=None).order_by("pk")[1])

    def encontrados(modelo: Modelo, texto: str) -> int:
        if modelo in (Persona, Tramite):  # by POST: no address carries a CURP
            respuesta = admin_client.post(pagina(modelo, "changelist"), {"buscar": texto})
            assert texto not in respuesta.url
            return (
                1
                if respuesta.url.endswith("/change/")
                else len(respuesta.url.partition("id__in=")[2].split(",")) - 1
            )
        respuesta = admin_client.get(pagina(modelo, "changelist"), {"q": texto})
        return respuesta.context["cl"].result_count

    curp, persona = tramite.curp, tramite.persona
    assert persona and persona.nss
    assert encontrados(Tramite, tramite.folio) == encontrados(Tramite, otro.folio) == 1
    assert encontrados(Tramite, f" {curp[:4].lower()}-{curp[4:]}") == 1
    assert encontrados(Tramite, curp[:10]) == encontrados(Tramite, tramite.folio[:13]) == 0
    assert encontrados(Persona, curp) == encontrados(Persona, curp.lower()) == 1
    assert encontrados(Persona, f"{persona.nss[:2]} {persona.nss[2:]}") == 1
    assert encontrados(Persona, persona.nss[:4]) == encontrados(Persona, persona.primer_apellido) == 0
    assert encontrados(Documento, tramite.folio) == 2 and encontrados(Envio, tramite.folio) == 3
    assert encontrados(Colonia, "64000") == CodigoPostal.objects.get(pk="64000").colonias.count()
    assert encontrados(Colonia, "GÜICHABORARE") == encontrados(Colonia, "guichaborare") >= 1
    assert encontrados(CodigoPostal, "0660") >= 1 and encontrados(Municipio, "Monterrey") == 1


def test_la_lista_de_personas_no_da_numeros_a_granel(admin_client: Client, tramite: Tramite) -> None:
    html = admin_client.get(pagina(Persona, "changelist")).content.decode()
    persona = tramite.persona
    assert persona and persona.nss
    assert str(persona) in html and persona.nss not in html and f"•••••••{persona.nss[-4:]}" in html


def test_una_persona_conserva_sus_numeros(admin_client: Client) -> None:
    """The form was open while the worker assigned: saving a corrected name leaves the number there."""
    persona = Persona.objects.sin_nss().order_by("pk")[0]
    campos = {
        "nombres": "Otro Nombre",
        "primer_apellido": persona.primer_apellido,
        "segundo_apellido": persona.segundo_apellido,
        "nacimiento": persona.nacimiento.strftime("%d/%m/%Y"),
        "sexo": persona.sexo,
        "entidad": persona.entidad,
        "nss": "",
        "curp": "",
    }
    original = Persona.save

    def con_carrera(self: Persona, **kwargs: Any) -> None:
        Persona.objects.filter(pk=self.pk).update(nss="28260812335")
        original(self, **kwargs)

    with pytest.MonkeyPatch.context() as parche:
        parche.setattr(Persona, "save", con_carrera)
        respuesta = admin_client.post(pagina(Persona, "change", persona.pk), campos)
    assert respuesta.status_code == 302
    persona.refresh_from_db()
    assert (persona.nombres, persona.nss) == ("Otro Nombre", "28260812335")
    assert admin_client.post(pagina(Persona, "delete", persona.pk), {"post": "yes"}).status_code == 403


def test_los_datos_de_una_persona_son_los_de_su_curp(admin_client: Client) -> None:
    """Of somebody who is there they are not asked; of somebody new, they must agree."""
    persona = Persona.objects.sin_nss().order_by("pk")[0]
    suyos = (persona.nacimiento, persona.sexo, persona.entidad)
    nombres = {"nombres": "Ana", "primer_apellido": "Ejemplo", "segundo_apellido": "Muestra"}
    otros = {"nacimiento": "01/01/1990", "sexo": "X", "entidad": "NE"}
    respuesta = admin_client.post(pagina(Persona, "change", persona.pk), nombres | otros)
    assert respuesta.status_code == 302
    persona.refresh_from_db()
    assert (persona.nombres, persona.nacimiento, persona.sexo, persona.entidad) == ("Ana", *suyos)
    nueva = nombres | otros | {"curp": "EEMA050214MDFJSNA8", "nss": ""}
    respuesta = admin_client.post(pagina(Persona, "add"), nueva)
    assert "El nacimiento, el sexo o la entidad no son los que dice la CURP." in respuesta.content.decode()
    nueva |= {"nacimiento": "14/02/2005", "sexo": "M", "entidad": "DF"}
    assert admin_client.post(pagina(Persona, "add"), nueva).status_code == 302


def test_una_persona_se_agrega_con_su_numero_o_sin_el(admin_client: Client) -> None:
    for nueva in list(personas_sinteticas(3))[1:]:
        campos = {
            "curp": nueva.curp,
            "nss": nueva.nss or "",
            "nombres": nueva.nombres,
            "primer_apellido": nueva.primer_apellido,
            "segundo_apellido": nueva.segundo_apellido,
            "nacimiento": nueva.nacimiento.isoformat(),
            "sexo": nueva.sexo,
            "entidad": nueva.entidad,
        }
        assert admin_client.post(pagina(Persona, "add"), campos).status_code == 302
        assert Persona.objects.get(curp=nueva.curp).nss == nueva.nss


def test_una_serie_dice_que_tan_llena_esta(admin_client: Client, con_filas: None) -> None:
    html = admin_client.get(pagina(Serie, "changelist")).content.decode()
    assert "1,234 de 10,000" in html and "12.3%" in html


def test_el_territorio_no_deja_huecos(admin_client: Client) -> None:
    resto = Territorio.objects.get(entidad="15", municipio=None)
    propio = Territorio.objects.get(municipio__nombre="Naucalpan de Juárez")
    assert admin_client.post(pagina(Territorio, "delete", resto.pk), {"post": "yes"}).status_code == 403
    borrar = {"action": "delete_selected", "_selected_action": [str(resto.pk)], "post": "yes"}
    admin_client.post(pagina(Territorio, "changelist"), borrar)
    assert Territorio.objects.filter(pk=resto.pk).exists()
    # A municipio goes to another subdelegación, or back to the rest of its entidad.
    toluca = Subdelegacion.objects.get(nombre="Toluca")
    datos = {"subdelegacion": toluca.pk, "entidad": "14", "municipio": "", "origen": "demostrativo"}
    assert admin_client.post(pagina(Territorio, "change", propio.pk), datos).status_code == 302
    propio.refresh_from_db()
    assert (propio.subdelegacion, propio.entidad_id, str(propio)) == (toluca, "15", "Naucalpan de Juárez")
    assert admin_client.post(pagina(Territorio, "delete", propio.pk), {"post": "yes"}).status_code == 302
    assert not Territorio.objects.filter(pk=propio.pk).exists()


def test_un_municipio_de_otra_entidad_no_se_acepta(admin_client: Client) -> None:
    monterrey = Municipio.objects.get(nombre="Monterrey")
    oficina = Subdelegacion.objects.get(nombre="Jalisco")
    datos = {"subdelegacion": oficina.pk, "entidad": "14", "municipio": monterrey.pk}
    respuesta = admin_client.post(pagina(Territorio, "add"), datos)
    assert "Monterrey no está en Jalisco." in respuesta.content.decode()
    assert not Territorio.objects.filter(municipio=monterrey).exists()


def test_ninguna_lista_desplegable_de_personas_ni_de_municipios(admin_client: Client) -> None:
    for modelo in (Persona, Prefijo, Territorio, Subdelegacion):
        html = admin_client.get(pagina(modelo, "add")).content.decode()
        assert html.count("<option") < 60, modelo


def test_reintentar_los_que_esperan(admin_client: Client, tramite: Tramite) -> None:
    Tramite.objects.filter(pk=tramite.pk).update(intentos=8)
    tramite.refresh_from_db()
    tramite.esperar("documento")
    assert not Tramite.objects.por_atender().exists()
    datos = {"action": "reintentar", "_selected_action": [str(tramite.pk)]}
    assert admin_client.post(pagina(Tramite, "changelist"), datos).status_code == 302
    assert Tramite.objects.por_atender().get() == tramite


@pytest.mark.motores("lists that count no further than they show")
def test_las_listas_no_cuentan_hasta_el_final(
    admin_client: Client, con_filas: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PaginadorAcotado, "TOPE", 30)
    # Less than the bound, as in production: a list that fits in one page is drawn whole.
    for modelo in (Persona, Colonia):
        monkeypatch.setattr(admin.site._registry[modelo], "list_per_page", 20)
        monkeypatch.setattr(admin.site._registry[modelo], "list_max_show_all", 20)
    respuesta = admin_client.get(pagina(Persona, "changelist"))
    assert respuesta.context["cl"].result_count == 30 < Persona.objects.count()
    with CaptureQueriesContext(connection) as consultas:
        admin_client.get(pagina(Colonia, "changelist"))
    cuentas = [c["sql"] for c in consultas if "COUNT(" in c["sql"].upper()]
    assert cuentas and all("LIMIT" in sql for sql in cuentas)


@pytest.mark.parametrize("modelo", [User, Group], ids=lambda modelo: modelo.__name__)
def test_guardar_no_quita_permisos(admin_client: Client, modelo: Modelo) -> None:
    """Of a model that is only a part of another's page, and of an app that is not ours: both stay."""
    cuales = [("registropatronal", "change"), ("suceso", "view"), ("session", "view"), ("group", "view")]
    suyos = [Permission.objects.get(codename=f"{verbo}_{nombre}") for nombre, verbo in cuales]
    un_usuario = modelo is User
    fila: Any = User.objects.create_user("con-permisos") if un_usuario else Group.objects.create(name="Grupo")
    tiene = fila.user_permissions if un_usuario else fila.permissions
    tiene.set(suyos)
    ruta = pagina(modelo, "change", fila.pk)
    form = admin_client.get(ruta).context["adminform"].form
    nombre = "user_permissions" if un_usuario else "permissions"
    dichos = dict(form.fields[nombre].choices)
    assert {dichos[uno.pk] for uno in suyos} >= {"Registro patronal: modificar", "Suceso: ver", "Grupo: ver"}
    assert not form.fields[nombre].queryset.filter(codename="delete_session").exists()
    escrito = {campo: form[campo].value() for campo in form.fields if form[campo].value() is not None}
    escrito |= {"date_joined_0": "2026-08-24", "date_joined_1": "10:00"}
    assert admin_client.post(ruta, escrito).status_code == 302
    assert set(tiene.all()) == set(suyos)
