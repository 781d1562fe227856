"""The counter: who is attended and by whom, what takes four eyes, what the other office never sees."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from afiliacion.models import Atencion, Cambio, Empleado, Subdelegacion
from afiliacion.ventanilla import cambios, grupos
from nss_portal import colas
from nss_portal.archivos.carga import CargaInvalida
from nss_portal.demo import ficticias
from nss_portal.documentos import verificacion
from nss_portal.models import Documento, Envio, Estado, Persona, Tramite, Vinculo
from nss_portal.personas import padron, renapo
from nss_portal.personas.bitacora import Asiento
from nss_portal.personas.identidad import digito_curp
from nss_portal.personas.models import CurpAnterior
from tests.apoyo import Estricto, domicilio, inscribir, persona_con_nss, solicitar
from tests.nss_portal.api import Telefono
from tests.vigencia.alumnos import alumno

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]
Cola = Callable[[], None]
HOY = timezone.localdate()


def empleado(nombre: str, prefijo: str = "28", supervisor: bool = False) -> Client:
    """Somebody of the counter of that prefix's office, signed in."""
    usuario = User.objects.create_user(nombre)
    oficina = Subdelegacion.objects.get(prefijos=prefijo)
    grupos.nombrar(Empleado.objects.create(usuario=usuario, subdelegacion=oficina, supervisor=supervisor))
    cliente = Client()
    cliente.force_login(User.objects.get(pk=usuario.pk))
    cliente.usuario = usuario  # type: ignore[attr-defined]
    return cliente


@pytest.fixture
def clerk() -> Client:
    return empleado("ana-de-ventanilla")


@pytest.fixture
def jefa() -> Client:
    return empleado("jefa-de-ventanilla", supervisor=True)


@pytest.fixture
def ajena() -> Client:
    return empleado("eva-de-otra", prefijo="43")


@pytest.fixture
def sin_nss() -> Persona:
    return Persona.objects.sin_nss().order_by("curp")[0]


def de(atencion: Atencion, cual: str = "change", *args: Any) -> str:
    return reverse(f"admin:afiliacion_atencion_{cual}", args=[atencion.pk, *args])


def pedir(cambio: Cambio) -> str:
    return reverse("admin:afiliacion_cambio_change", args=[cambio.pk])


def atender(cliente: Client, curp: str, motivo: str = "nss") -> Atencion:
    respuesta = cliente.post(reverse("admin:afiliacion_atencion_add"), {"curp": curp, "motivo": motivo})
    assert respuesta.status_code == 302, respuesta.content.decode()
    assert curp not in respuesta.url
    return Atencion.objects.get(pk=respuesta.url.split("/")[-3])


def papeles(*vistos: str, **cambios: str) -> dict[str, str]:
    """The checklist, with those papers seen."""
    numeros = {"identificacion": "0123456789", "acta": "Libro 3, acta 45", "correo": "en@correo.example"}
    datos = {f"{papel}_visto": "on" for papel in vistos}
    datos |= {f"{papel}_numero": numeros.get(papel, "1") for papel in vistos}
    return datos | cambios


def identificar(cliente: Client, curp: str, *mas: str, motivo: str = "nss") -> Atencion:
    atencion = atender(cliente, curp, motivo)
    respuesta = cliente.post(de(atencion, "cotejo"), papeles("curp", "identificacion", *mas))
    assert respuesta.status_code == 302, respuesta.content.decode()
    return atencion


def tramitar(cliente: Client, trabajar: Cola, atencion: Atencion, tipo: str = "nss", **datos: str) -> Tramite:
    cliente.post(de(atencion, "tramite"), {"tipo": tipo, **datos})
    trabajar()
    return atencion.tramites.filter(tipo=tipo).latest("creado")


def localizar(cliente: Client, trabajar: Cola, persona: Persona, *mas: str) -> Atencion:
    atencion = identificar(cliente, persona.curp, *mas)
    assert tramitar(cliente, trabajar, atencion).estado == Estado.RESUELTO
    return atencion


def texto(cliente: Client, atencion: Atencion) -> str:
    respuesta = cliente.get(de(atencion))
    assert respuesta.status_code == 200
    html: str = respuesta.content.decode()
    assert "{{" not in html and "{%" not in html
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), "an id is there twice"
    return html


# A person without e-mail, from the CURP to the paper


def test_sin_correo_hasta_la_tarjeta(
    clerk: Client, trabajar: Cola, sin_nss: Persona, cliente: Estricto
) -> None:
    atencion = identificar(clerk, sin_nss.curp, "domicilio", "acta")
    tramite = tramitar(clerk, trabajar, atencion)
    assert (tramite.canal, tramite.correo, tramite.estado) == ("ventanilla", "", Estado.DOMICILIO)
    assert "Asignarle su NSS" in texto(clerk, atencion)
    clerk.post(de(atencion, "domicilio"), domicilio())
    trabajar()
    tramite.refresh_from_db()
    sin_nss.refresh_from_db()
    assert (tramite.estado, tramite.resultado) == (Estado.RESUELTO, "asignado")
    assert sin_nss.nss and sin_nss.nss in texto(clerk, atencion)
    assert not Envio.objects.filter(tramite=tramite).exists()
    for documento in tramite.documentos.all():
        respuesta = clerk.get(de(atencion, "documento", documento.pk))
        assert respuesta["Content-Type"] == "application/pdf" and "no-store" in respuesta["Cache-Control"]
        assert respuesta.getvalue().startswith(b"%PDF")
    assert clerk.post(de(atencion, "terminar")).url == reverse("admin:index")
    tramite.refresh_from_db()
    assert tramite.estado == Estado.FINALIZADO and "Esta atención terminó" in texto(clerk, atencion)
    # Their next visit, on the Web, finds the same number.
    url = solicitar(cliente, sin_nss.curp)
    trabajar()
    assert sin_nss.nss in re.sub(r"\D", "", cliente.get(url).content.decode())


def test_quien_se_va_sin_dar_su_domicilio(clerk: Client, trabajar: Cola, sin_nss: Persona) -> None:
    """What waits for the person holds nobody; what is being done does."""
    atencion = identificar(clerk, sin_nss.curp)
    clerk.post(de(atencion, "tramite"), {"tipo": "nss"})
    clerk.post(de(atencion, "terminar"))
    atencion.refresh_from_db()
    assert atencion.terminada is None
    trabajar()
    assert atencion.tramites.get().estado == Estado.DOMICILIO
    clerk.post(de(atencion, "terminar"))
    atencion.refresh_from_db()
    assert atencion.terminada and "Esta atención terminó" in texto(clerk, atencion)


def test_un_tramite_sin_correo_solo_en_ventanilla(sin_nss: Persona) -> None:
    datos = {"tipo": "nss", "curp": sin_nss.curp}
    Tramite.objects.create(**datos, solicitud=uuid.uuid4(), canal=Tramite.Canal.VENTANILLA)
    for canal in (Tramite.Canal.WEB, Tramite.Canal.APP):
        with pytest.raises(IntegrityError, match="sin_correo_solo_en_ventanilla"), transaction.atomic():
            Tramite.objects.create(**datos, solicitud=uuid.uuid4(), canal=canal)


@pytest.mark.parametrize("modo", ["si-cambia", "siempre"])
def test_en_ventanilla_no_se_espera_a_ningun_correo(
    clerk: Client, trabajar: Cola, settings: Any, modo: str
) -> None:
    """Somebody saw who it is; the papers go to the mailbox that was confirmed, whichever was given."""
    settings.CONFIRMAR_CORREO = modo
    persona = persona_con_nss()
    Vinculo.objects.create(persona=persona, correo="confirmado@correo.example")
    atencion = localizar(clerk, trabajar, persona, "correo")
    [envio] = Envio.objects.filter(tramite__in=atencion.tramites.all())
    assert envio.destino == "confirmado@correo.example"


def test_un_doble_clic_es_un_tramite(clerk: Client, trabajar: Cola) -> None:
    atencion = identificar(clerk, persona_con_nss().curp)
    for _ in range(2):
        clerk.post(de(atencion, "tramite"), {"tipo": "nss"})
    assert atencion.tramites.count() == 1


def test_los_tres_pasos_en_una_atencion(clerk: Client, trabajar: Cola) -> None:
    persona = persona_con_nss()
    inscribir(persona, HOY - timedelta(days=9), HOY + timedelta(days=90))
    atencion = localizar(clerk, trabajar, persona)
    vigencia = tramitar(clerk, trabajar, atencion, "vigencia")
    assert (vigencia.estado, vigencia.resultado) == (Estado.RESUELTO, "vigente")
    clinica = tramitar(clerk, trabajar, atencion, "clinica", **{"clinica-codigo_postal": "06600"})
    assert clinica.estado in (Estado.ELECCION, Estado.REVISION)
    html = texto(clerk, atencion)
    [clues, *_] = re.findall(r'name="clinica" value="(\w+)"', html)
    [turno, *_] = re.findall(r'name="turno" value="(\w+)"', html)
    assert clerk.post(de(atencion, "clinica"), {"clinica": "NADA", "turno": turno}).status_code == 422
    clerk.post(de(atencion, "clinica"), {"clinica": clues, "turno": turno})
    trabajar()
    clinica.refresh_from_db()
    assert (clinica.estado, clinica.resultado) == (Estado.RESUELTO, "registrado")
    assert texto(clerk, atencion).count('data-accion="imprimir"') == 5


def test_lo_que_no_se_puede_se_dice(clerk: Client, trabajar: Cola, sin_nss: Persona) -> None:
    atencion = identificar(clerk, sin_nss.curp)
    html = clerk.post(de(atencion, "tramite"), {"tipo": "vigencia"}, follow=True).content.decode()
    assert "Todavía no tiene NSS" in html and not atencion.tramites.exists()
    con = identificar(clerk, persona_con_nss().curp)
    respuesta = clerk.post(de(con, "tramite"), {"tipo": "clinica", "clinica-codigo_postal": "1"})
    assert respuesta.status_code == 422 and "El código postal son 5 números." in respuesta.content.decode()
    tramitar(clerk, trabajar, con, "clinica", **{"clinica-codigo_postal": "06600"})
    assert "su escuela debe inscribir su NSS" in texto(clerk, con)


def test_el_domicilio_se_corrige_donde_se_escribe(clerk: Client, trabajar: Cola, sin_nss: Persona) -> None:
    atencion = identificar(clerk, sin_nss.curp)
    tramitar(clerk, trabajar, atencion)
    respuesta = clerk.post(de(atencion, "domicilio"), domicilio(cp="00001"))
    assert (
        respuesta.status_code == 422 and "No encontramos el código postal 00001" in respuesta.content.decode()
    )
    buscar = {"codigo_postal": "06600", "buscar_cp": "1"}
    html = clerk.post(de(atencion, "domicilio"), buscar).content.decode()
    assert "Cuauhtémoc, Ciudad de México" in html and "<option" in html
    assert clerk.get(de(atencion, "domicilio")).url == de(atencion)


# The checklist


def test_sin_identificacion_no_se_hace_nada(clerk: Client, trabajar: Cola) -> None:
    persona = persona_con_nss()
    atencion = atender(clerk, persona.curp)
    assert str(persona.nss) not in texto(clerk, atencion)
    clerk.post(de(atencion, "cotejo"), papeles("curp", "acta"))
    clerk.post(de(atencion, "tramite"), {"tipo": "nss"})
    html = texto(clerk, atencion)
    assert not atencion.tramites.exists() and "Sin una identificación oficial vigente" in html
    assert str(persona.nss) not in html and "Identificación oficial</b> <span>no lo trajo" in html


def test_el_cotejo_dice_que_esta_mal(clerk: Client) -> None:
    atencion = atender(clerk, persona_con_nss().curp)
    ayer = (HOY - timedelta(days=1)).isoformat()
    for datos, dicho in (
        (papeles("identificacion", identificacion_vigencia=ayer), "no sirve"),
        (papeles("identificacion", identificacion_numero=""), "Escribe: número de la identificación."),
        (papeles("curp", acta_numero="3"), "Marca que viste «Acta de nacimiento»"),
        (papeles("correo", correo_numero="no es"), "Revisa tu correo"),
        (papeles("acta", acta_vigencia="ayer"), "Escribe la fecha como día, mes y año."),
    ):
        respuesta = clerk.post(de(atencion, "cotejo"), datos)
        assert respuesta.status_code == 422 and dicho in respuesta.content.decode(), dicho
    assert not atencion.cotejos.exists()


def test_quien_reviso_cada_papel(clerk: Client, jefa: Client) -> None:
    atencion = identificar(clerk, persona_con_nss().curp)
    jefa.post(de(atencion, "cotejo"), papeles("curp", "identificacion", "acta"))
    revisaron = {c.papel: c.reviso.username for c in atencion.cotejos.select_related("reviso")}
    assert revisaron["identificacion"] == "ana-de-ventanilla" and revisaron["acta"] == "jefa-de-ventanilla"
    with pytest.raises(IntegrityError, match="cotejo_solo_de_lo_visto"), transaction.atomic():
        atencion.cotejos.filter(papel="correo").update(numero="sin@correo.example")


# To begin


def test_empezar_con_una_curp_mala(clerk: Client) -> None:
    alta = reverse("admin:afiliacion_atencion_add")
    nadie = alumno(7)
    for datos, dicho in (
        ({"curp": "", "motivo": "nss"}, "CURP"),
        ({"curp": nadie.curp, "motivo": "nss"}, "no conoce esta CURP"),
        ({"curp": nadie.curp}, "Elige a qué viene"),
        ({"curp": nadie.curp[:17], "motivo": "nss"}, "debe tener 18 caracteres"),
    ):
        respuesta = clerk.post(alta, datos)
        assert respuesta.status_code == 422 and dicho in respuesta.content.decode()
    assert not Atencion.objects.exists()


def test_una_curp_que_el_portal_manda_a_la_ventanilla(clerk: Client) -> None:
    """Its first letters are a refused word, and the registry knows it: it is somebody's."""
    curp17 = "MAME" + alumno(8).curp[4:17]
    persona = alumno(8)
    persona.curp = curp17 + digito_curp(curp17)
    persona.save()
    assert atender(clerk, persona.curp).persona == persona


def test_el_registro_que_no_responde_no_es_un_no(clerk: Client, settings: Any) -> None:
    settings.RENAPO_URL = "http://127.0.0.1:1/"
    datos = {"curp": persona_con_nss().curp, "motivo": "nss"}
    respuesta = clerk.post(reverse("admin:afiliacion_atencion_add"), datos)
    assert respuesta.status_code == 503
    html = respuesta.content.decode()
    assert "no responde en este momento" in html and datos["curp"] in html


# Whose it is


def test_la_otra_oficina_no_ve_nada(clerk: Client, ajena: Client, trabajar: Cola) -> None:
    persona = persona_con_nss()
    atencion = localizar(clerk, trabajar, persona, "acta")
    clerk.post(de(atencion, "cambio", "datos"), correccion(persona))
    cambio = atencion.cambios.get()
    documento = Documento.objects.filter(tramite__in=atencion.tramites.all())[0]
    propia = identificar(ajena, persona_con_nss(1).curp)
    for url in (
        de(atencion),
        de(atencion, "estado"),
        de(atencion, "documento", documento.pk),
        de(propia, "documento", documento.pk),
        de(atencion, "cambio", "correo"),
        pedir(cambio),
    ):
        assert ajena.get(url).status_code == 404, url
        respuesta = clerk.get(url)
        assert respuesta.status_code == (404 if url == de(propia, "documento", documento.pk) else 200)
        assert not respuesta.streaming or respuesta.getvalue()
    for cual in ("cotejo", "tramite", "domicilio", "clinica", "terminar"):
        assert ajena.post(de(atencion, cual), papeles("acta")).status_code == 404
    assert ajena.post(pedir(cambio), {"autorizar": "1"}).status_code == 404
    assert ajena.get(de(atencion, "history")).status_code in (302, 404)
    nombre = reverse("admin:afiliacion_atencion_changelist")
    assert ajena.get(nombre).context["cl"].result_count == 1
    assert ajena.get(reverse("admin:afiliacion_cambio_changelist")).context["cl"].result_count == 0
    for consulta in ({"id__in": str(atencion.pk)}, {"motivo__exact": "nss"}, {"persona__curp": persona.curp}):
        respuesta = ajena.get(nombre, consulta, follow=True)
        assert persona.primer_apellido not in respuesta.content.decode()
    assert "Escríbelo completo" in ajena.post(nombre, {"buscar": persona.curp}, follow=True).content.decode()
    assert str(atencion.pk) in clerk.post(nombre, {"buscar": persona.curp}).url


def test_una_pagina_tiene_una_sola_direccion(clerk: Client, trabajar: Cola) -> None:
    """Django reads a key in capitals or without hyphens too: its own page would be seen and not be noted."""
    persona = persona_con_nss()
    atencion = localizar(clerk, trabajar, persona, "acta")
    clerk.post(de(atencion, "cambio", "datos"), correccion(persona))
    for fila, cual in ((atencion, "atencion"), (atencion.cambios.get(), "cambio")):
        antes = Asiento.objects.count()
        for clave in (str(fila.pk).upper(), fila.pk.hex, str(fila.pk).replace("-", "_2D"), f"{fila.pk} "):
            for resto in ("change/", ""):
                respuesta = clerk.get(f"/admin/afiliacion/{cual}/{clave}/{resto}", follow=True)
                assert respuesta.status_code == 404, clave
        assert Asiento.objects.count() == antes


def test_lo_que_hay_que_corregir_esta_en_el_titulo(clerk: Client) -> None:
    alta = reverse("admin:afiliacion_atencion_add")
    assert "<title>Error: Atender" in clerk.post(alta, {"curp": "X"}).content.decode()
    assert "<title>Atender" in clerk.get(alta).content.decode()


def test_de_lo_demas_del_portal_no_ve_nada(clerk: Client) -> None:
    for modelo in ("nss_portal_persona", "nss_portal_tramite", "nss_portal_asiento", "afiliacion_empleado"):
        assert clerk.get(reverse(f"admin:{modelo}_changelist")).status_code == 403, modelo
    assert clerk.get(reverse("admin:index")).status_code == 200


def test_quien_supervisa_ve_lo_de_su_gente(
    clerk: Client, jefa: Client, ajena: Client, trabajar: Cola
) -> None:
    suya, otra = localizar(clerk, trabajar, persona_con_nss()), identificar(ajena, persona_con_nss(1).curp)
    assert jefa.get(de(suya)).status_code == 200 and jefa.get(de(otra)).status_code == 404
    bitacora = jefa.get(reverse("admin:nss_portal_asiento_changelist"))
    assert bitacora.status_code == 200
    assert "ana-de-ventanilla" in bitacora.content.decode() and "eva-de-otra" not in bitacora.content.decode()


def test_el_personal_central_ve_todo_y_no_hace_nada(
    admin_client: Client, clerk: Client, ajena: Client
) -> None:
    for cliente, cual in ((clerk, 0), (ajena, 1)):
        atencion = identificar(cliente, persona_con_nss(cual).curp)
        assert admin_client.get(de(atencion)).status_code == 200
        assert admin_client.post(de(atencion, "tramite"), {"tipo": "nss"}).status_code == 403
        assert not atencion.tramites.exists()
    lista = admin_client.get(reverse("admin:afiliacion_atencion_changelist"))
    assert lista.context["cl"].result_count == 2
    assert admin_client.get(reverse("admin:afiliacion_atencion_add")).status_code == 403


def test_quien_deja_la_ventanilla_no_ve_ninguna(clerk: Client, admin_client: Client) -> None:
    atencion = identificar(clerk, persona_con_nss().curp)
    Empleado.objects.filter(usuario=clerk.usuario).delete()  # type: ignore[attr-defined]
    assert clerk.get(de(atencion)).status_code in (403, 404)  # although the group was left on
    assert clerk.get(reverse("admin:afiliacion_atencion_changelist")).status_code == 403
    nuevo = User.objects.create_user("nueva")
    oficina = Subdelegacion.objects.get(prefijos="28")
    datos = {"usuario": nuevo.pk, "subdelegacion": oficina.pk, "supervisor": "on"}
    assert admin_client.post(reverse("admin:afiliacion_empleado_add"), datos).status_code == 302
    assert nuevo.groups.count() == 2
    borrar = reverse("admin:afiliacion_empleado_delete", args=[nuevo.empleado.pk])  # type: ignore[attr-defined]
    assert admin_client.post(borrar, {"post": "yes"}).status_code == 302
    assert not nuevo.groups.exists()


def test_las_listas_no_preguntan_mas_cuando_crecen(clerk: Client, jefa: Client) -> None:
    def preguntas(cliente: Client, nombre: str) -> int:
        with CaptureQueriesContext(connection) as consultas:
            assert cliente.get(reverse(nombre)).status_code == 200
        return len(consultas)

    paginas = [
        (clerk, "admin:index"),
        (clerk, "admin:afiliacion_atencion_changelist"),
        (jefa, "admin:nss_portal_asiento_changelist"),
    ]
    identificar(clerk, persona_con_nss().curp)
    for pagina in paginas:
        preguntas(*pagina)
    pocas = [preguntas(*pagina) for pagina in paginas]
    for cual in range(1, 6):
        identificar(clerk, persona_con_nss(cual).curp)
    for pagina in paginas:
        preguntas(*pagina)  # what the last act said is shown once
    assert [preguntas(*pagina) for pagina in paginas] == pocas


# The bitácora


def test_cada_vista_queda_con_su_motivo(clerk: Client, jefa: Client, trabajar: Cola) -> None:
    persona = persona_con_nss()
    atencion = localizar(clerk, trabajar, persona)
    documento = atencion.tramites.get().documentos.all()[0]
    clerk.get(de(atencion))
    assert clerk.get(de(atencion, "documento", documento.pk)).getvalue()
    suyos = list(Asiento.objects.filter(persona=persona).order_by("pk"))
    assert [a.que for a in suyos] == ["atender", "cotejar", "tramitar", "ver", "documento"]
    assert {(a.usuario.username, a.motivo) for a in suyos} == {
        ("ana-de-ventanilla", "Obtener o localizar su NSS")
    }
    jefa.get(de(atencion))
    ultimo = Asiento.objects.filter(persona=persona).latest("pk")
    assert ultimo.motivo == "Revisar la atención de ana-de-ventanilla: Obtener o localizar su NSS"
    with pytest.raises(IntegrityError, match="asiento_con_motivo"), transaction.atomic():
        Asiento.objects.create(usuario=ultimo.usuario, que="ver", persona=persona, motivo="")


def test_la_bitacora_no_se_edita(admin_client: Client, clerk: Client) -> None:
    identificar(clerk, persona_con_nss().curp)
    asiento = Asiento.objects.latest("pk")
    cambiar = reverse("admin:nss_portal_asiento_change", args=[asiento.pk])
    assert admin_client.get(cambiar).status_code == 200
    assert admin_client.post(cambiar, {"motivo": "otro"}).status_code == 403
    assert admin_client.get(reverse("admin:nss_portal_asiento_add")).status_code == 403
    borrar = reverse("admin:nss_portal_asiento_delete", args=[asiento.pk])
    assert admin_client.post(borrar, {"post": "yes"}).status_code == 403


def test_mirar_a_una_persona_en_el_admin_queda_escrito(admin_client: Client) -> None:
    persona = persona_con_nss()
    admin_client.get(reverse("admin:nss_portal_persona_change", args=[persona.pk]))
    assert Asiento.objects.get(persona=persona).motivo == "Consulta del personal central"


# Four eyes


def correccion(persona: Persona, nombres: str = "María Corregida") -> dict[str, str]:
    return {
        "nombres": nombres,
        "primer_apellido": persona.primer_apellido,
        "segundo_apellido": persona.segundo_apellido,
        "porque": "Jalisco, Guadalajara, libro 3, acta 45",
    }


def pedido(cliente: Client, atencion: Atencion, tipo: str, **datos: str) -> Cambio:
    respuesta = cliente.post(de(atencion, "cambio", tipo), datos)
    assert respuesta.status_code == 302, respuesta.content.decode()
    return atencion.cambios.get(tipo=tipo, estado="pedido")


def autorizar(cliente: Client, trabajar: Cola, cambio: Cambio) -> str:
    respuesta = cliente.post(pedir(cambio), {"autorizar": "1"}, follow=True)
    trabajar()
    colas.SUSTITUCIONES.avanzar()
    cambio.refresh_from_db()
    html: str = respuesta.content.decode()
    return html


def veredictos(persona: Persona) -> dict[tuple[str, str], str]:
    """What a check answers of each document of the person, by its kind and the name that it bears."""
    suyos = Documento.objects.filter(tramite__persona=persona)
    return {(d.tipo, d.datos["nombre"]): verificacion.revisar(d).value for d in suyos}


def test_una_correccion_sustituye_los_documentos(clerk: Client, jefa: Client, trabajar: Cola) -> None:
    persona = persona_con_nss()
    inscribir(persona, HOY - timedelta(days=9), HOY + timedelta(days=90))
    viejo = persona.nombre_completo
    atencion = localizar(clerk, trabajar, persona, "acta")
    tramitar(clerk, trabajar, atencion, "vigencia")
    cambio = pedido(clerk, atencion, "datos", **correccion(persona))
    persona.refresh_from_db()
    assert persona.nombre_completo == viejo  # asking changes nothing
    assert set(veredictos(persona).values()) == {"valido"}
    assert clerk.post(pedir(cambio), {"autorizar": "1"}).status_code == 403  # nor does a clerk alone
    assert "Falta que lo autorices" in jefa.get(pedir(cambio)).content.decode()
    assert "Autorizado" in autorizar(jefa, trabajar, cambio)
    persona.refresh_from_db()
    nuevo = persona.nombre_completo
    assert nuevo.startswith("María Corregida") and cambio.al_dia
    assert veredictos(persona) == {
        **{(tipo, viejo): "sustituido" for tipo in ("nss", "tarjeta", "vigencia")},
        **{(tipo, nuevo): "valido" for tipo in ("nss", "tarjeta", "vigencia")},
    }
    html = texto(clerk, atencion)
    assert html.count('data-accion="imprimir"') == 3 and html.count("ya no es el vigente: hay uno") == 3
    nuevos = Documento.objects.filter(tramite__cambios=cambio)
    assert clerk.get(de(atencion, "documento", nuevos[0].pk)).getvalue()
    dicho = Asiento.objects.get(persona=persona, que="autorizar")
    assert dicho.usuario.username == "jefa-de-ventanilla"
    assert dicho.detalle["antes"]["nombres"] != dicho.detalle["despues"]["nombres"] == "María Corregida"


def test_lo_que_nada_sustituye_se_cancela(clerk: Client, jefa: Client, trabajar: Cola) -> None:
    """The clinic's papers of whoever is not covered any more: the old name is not the person's."""
    persona = persona_con_nss()
    inscripcion = inscribir(persona, HOY - timedelta(days=9), HOY + timedelta(days=90))
    atencion = localizar(clerk, trabajar, persona, "acta")
    tramitar(clerk, trabajar, atencion, "clinica", **{"clinica-codigo_postal": "06600"})
    html = texto(clerk, atencion)
    eleccion = {c: re.findall(rf'name="{c}" value="(\w+)"', html)[0] for c in ("clinica", "turno")}
    clerk.post(de(atencion, "clinica"), eleccion)
    trabajar()
    inscripcion.delete()
    viejo = persona.nombre_completo
    autorizar(jefa, trabajar, pedido(clerk, atencion, "datos", **correccion(persona)))
    dichos = veredictos(persona)
    assert dichos["nss", viejo] == "sustituido"
    assert dichos["comprobante-clinica", viejo] == dichos["tarjeta-adscripcion", viejo] == "cancelado"


def test_cuatro_ojos(clerk: Client, jefa: Client, trabajar: Cola) -> None:
    persona = persona_con_nss()
    atencion = localizar(jefa, trabajar, persona, "acta")
    cambio = pedido(jefa, atencion, "datos", **correccion(persona))
    assert jefa.post(pedir(cambio), {"autorizar": "1"}).status_code == 403  # not even who supervises, alone
    assert (
        empleado("otra-jefa", "43", supervisor=True).post(pedir(cambio), {"autorizar": "1"}).status_code
        == 404
    )
    with pytest.raises(IntegrityError, match="cambio_de_cuatro_ojos"), transaction.atomic():
        Cambio.objects.filter(pk=cambio.pk).update(
            estado="autorizado", autoriza=cambio.pide, decidido=timezone.now()
        )
    with pytest.raises(IntegrityError, match="cambio_decidido_por_alguien"), transaction.atomic():
        Cambio.objects.filter(pk=cambio.pk).update(estado="autorizado")
    segunda = empleado("segunda-jefa", supervisor=True)
    autorizar(segunda, trabajar, cambio)
    assert cambio.estado == "autorizado"
    tarde = segunda.post(pedir(cambio), {"negar": "1", "respuesta": "No"}, follow=True).content.decode()
    assert "ya lo había decidido" in tarde


def test_no_autorizar_dice_por_que(clerk: Client, jefa: Client, trabajar: Cola) -> None:
    persona = persona_con_nss()
    atencion = localizar(clerk, trabajar, persona, "acta")
    cambio = pedido(clerk, atencion, "datos", **correccion(persona))
    assert jefa.post(pedir(cambio), {"negar": "1"}).status_code == 422
    jefa.post(pedir(cambio), {"negar": "1", "respuesta": "El acta no se lee."})
    assert "El acta no se lee." in texto(clerk, atencion)
    assert set(veredictos(persona).values()) == {"valido"}


def test_lo_que_no_se_puede_pedir(clerk: Client, trabajar: Cola) -> None:
    persona = persona_con_nss()
    atencion = localizar(clerk, trabajar, persona)
    sin_acta = clerk.post(de(atencion, "cambio", "datos"), correccion(persona))
    assert sin_acta.status_code == 422 and "anota que la viste" in sin_acta.content.decode()
    clerk.post(de(atencion, "cotejo"), papeles("identificacion", "acta"))
    igual = clerk.post(de(atencion, "cambio", "datos"), correccion(persona, persona.nombres))
    assert "no hay nada que cambiar" in igual.content.decode()
    pedido(clerk, atencion, "datos", **correccion(persona))
    with pytest.raises(cambios.Imposible, match="Ya hay un cambio igual"):
        usuario = clerk.usuario  # type: ignore[attr-defined]
        cambios.pedir(atencion, usuario, "datos", {"nombres": "Otra"}, "Otra vez")
    for tipo in ("datos", "desbloqueo", "nada"):  # waiting already, not blocked, unknown
        assert clerk.get(de(atencion, "cambio", tipo)).status_code == 302


def test_lo_que_cambio_mientras_tanto_se_pide_otra_vez(clerk: Client, jefa: Client, trabajar: Cola) -> None:
    persona = persona_con_nss()
    atencion = localizar(clerk, trabajar, persona, "acta")
    cambio = pedido(clerk, atencion, "datos", **correccion(persona))
    Persona.objects.filter(pk=persona.pk).update(nombres="Otro Nombre")
    assert "se pida otra vez" in autorizar(jefa, trabajar, cambio)
    assert cambio.estado == "pedido"


def test_un_correo_nuevo_avisa_al_anterior(clerk: Client, jefa: Client, trabajar: Cola) -> None:
    persona = persona_con_nss()
    Vinculo.objects.create(persona=persona, correo="perdido@correo.example")
    atencion = localizar(clerk, trabajar, persona)
    datos = {"correo": "nuevo@correo.example", "confirmacion": "otro@correo.example", "porque": "Lo perdió"}
    assert clerk.post(de(atencion, "cambio", "correo"), datos).status_code == 422
    cambio = pedido(clerk, atencion, "correo", **datos | {"confirmacion": "nuevo@correo.example"})
    assert persona.vinculo.correo == "perdido@correo.example"
    autorizar(jefa, trabajar, cambio)
    persona.vinculo.refresh_from_db()
    assert persona.vinculo.correo == "nuevo@correo.example"
    [aviso] = Envio.objects.filter(aviso="correo-cambiado")
    assert aviso.destino == "perdido@correo.example" and aviso.enviado
    assert "nuevo@correo.example" not in str(aviso.datos)


def test_un_correo_nuevo_cierra_lo_que_el_anterior_abrio_en_la_app(
    clerk: Client, jefa: Client, trabajar: Cola
) -> None:
    persona, telefono, nuevo = persona_con_nss(), Telefono(), "nuevo@correo.example"
    hecho = telefono.completo("nss", persona.curp, "perdido@correo.example")
    atencion = localizar(clerk, trabajar, persona)
    datos = {"correo": nuevo, "confirmacion": nuevo, "porque": "Lo perdió"}
    cambio = pedido(clerk, atencion, "correo", **datos)
    assert telefono.ver(f"/tramites/{hecho['id']}/tarjeta/")["nss"] == persona.nss
    autorizar(jefa, trabajar, cambio)
    for camino in (f"/tramites/{hecho['id']}/tarjeta/", f"/documentos/{hecho['documentos'][0]['id']}/"):
        assert telefono.pedir("GET", camino).status_code == 401
    otra_vez = Telefono()
    assert otra_vez.completo("nss", persona.curp, nuevo)["nss"] == persona.nss
    assert {m.to[0] for m in mail.outbox if "código" in m.subject} == {"perdido@correo.example", nuevo}


def curp_nueva(persona: Persona) -> str:
    """Another CURP for the same person: the registry changed the homoclave."""
    base = persona.curp[:16] + ("Z" if persona.curp[16].isalpha() else "9")
    return base + digito_curp(base)


def registrar_nueva(persona: Persona) -> str:
    """The registry knows them by another CURP now."""
    curp = curp_nueva(persona)
    campos = {c: getattr(persona, c) for c in ("nombres", "primer_apellido", "segundo_apellido")}
    campos |= {c: getattr(persona, c) for c in ("nacimiento", "sexo", "entidad")}
    Persona.objects.create(curp=curp, **campos)
    return curp


def test_una_curp_reemplazada_lleva_a_la_misma_persona(
    clerk: Client, jefa: Client, trabajar: Cola, cliente: Estricto, tmp_path: Any
) -> None:
    persona = persona_con_nss()
    vieja, nss = persona.curp, str(persona.nss)
    atencion = localizar(clerk, trabajar, persona)
    desconocida = pedido(clerk, atencion, "curp", curp=curp_nueva(persona), porque="Constancia")
    assert "todavía no conoce la CURP nueva" in autorizar(jefa, trabajar, desconocida)
    nueva = registrar_nueva(persona)
    autorizar(jefa, trabajar, desconocida)
    persona.refresh_from_db()
    assert (persona.curp, persona.nss) == (nueva, nss) and Persona.objects.filter(nss=nss).count() == 1
    for curp in (vieja, nueva):
        assert renapo.identificar(curp) == persona
        assert atender(clerk, curp, "imprimir").persona == persona
        url = solicitar(cliente, curp)
        trabajar()
        assert nss in re.sub(r"\D", "", cliente.get(url).content.decode())
    html = texto(clerk, atencion)
    assert vieja in html and nueva in html
    dichos = {d.datos["curp"]: verificacion.revisar(d).value for d in desconocida_docs(persona, vieja)}
    assert dichos == {vieja: "sustituido", nueva: "valido"}
    # A file that still says the old one does not make a second person.
    (tmp_path / "p.csv").write_text(
        f"curp,nombres,primer_apellido,segundo_apellido,nss\n{vieja},Ana,Ejemplo,,\n", encoding="utf-8"
    )
    with pytest.raises(CargaInvalida, match="fue reemplazada"):
        padron.cargar(str(tmp_path / "p.csv"))
    lista = reverse("admin:afiliacion_atencion_changelist")
    assert clerk.post(lista, {"buscar": vieja}).url == clerk.post(lista, {"buscar": nueva}).url


def desconocida_docs(persona: Persona, vieja: str) -> list[Documento]:
    """The letters of the attention: the old one and the one that took its place."""
    viejos = Documento.objects.filter(tramite__persona=persona, tipo="nss", datos__curp=vieja)
    return [*viejos, *(v.sustituido_por for v in viejos if v.sustituido_por)]


def test_una_curp_con_otro_nss_no_se_junta(clerk: Client, jefa: Client, trabajar: Cola) -> None:
    persona, otra = persona_con_nss(), persona_con_nss(1)
    atencion = localizar(clerk, trabajar, persona)
    cambio = pedido(clerk, atencion, "curp", curp=otra.curp, porque="Constancia")
    assert "ya tiene otro NSS" in autorizar(jefa, trabajar, cambio)
    assert cambio.estado == "pedido" and not CurpAnterior.objects.exists()


def test_una_curp_bloqueada_no_sigue_en_ningun_paso(
    clerk: Client, jefa: Client, trabajar: Cola, cliente: Estricto
) -> None:
    persona = persona_con_nss()
    inscribir(persona, HOY - timedelta(days=9), HOY + timedelta(days=90))
    atencion = identificar(clerk, persona.curp, motivo="arco")
    autorizar(jefa, trabajar, pedido(clerk, atencion, "bloqueo", porque="Solicitud ARCO 1/2026"))
    extra = {"nss": {}, "vigencia": {"nss": str(persona.nss)}, "clinica": {"codigo_postal": "06600"}}
    for paso, mas in extra.items():
        url = solicitar(cliente, persona.curp, paso, **mas)
        trabajar()
        pagina = cliente.get(url).pagina
        assert pagina.marcas["data-motivo"] == ["bloqueada"], paso
        assert str(persona.nss) not in cliente.get(url).content.decode()
        assert (
            tramitar(clerk, trabajar, atencion, paso, **{"clinica-codigo_postal": "06600"}).motivo
            == "bloqueada"
        )
    assert "Su CURP está bloqueada" in texto(clerk, atencion)
    autorizar(jefa, trabajar, pedido(clerk, atencion, "desbloqueo", porque="Solicitud ARCO 2/2026"))
    url = solicitar(cliente, persona.curp)
    trabajar()
    assert "data-motivo" not in cliente.get(url).pagina.marcas


def test_un_sin_nss_bloqueado_no_recibe_numero(
    clerk: Client, jefa: Client, trabajar: Cola, sin_nss: Persona
) -> None:
    atencion = identificar(clerk, sin_nss.curp)
    tramite = tramitar(clerk, trabajar, atencion)
    autorizar(jefa, trabajar, pedido(clerk, atencion, "bloqueo", porque="Solicitud ARCO 1/2026"))
    clerk.post(de(atencion, "domicilio"), domicilio())
    trabajar()
    tramite.refresh_from_db()
    sin_nss.refresh_from_db()
    assert (tramite.motivo, sin_nss.nss) == ("bloqueada", None)


def test_lo_corregido_no_lo_deshace_una_carga(tmp_path: Any) -> None:
    persona = persona_con_nss()
    Persona.objects.filter(pk=persona.pk).update(nombres="Con Acta", corregida=timezone.now())
    (tmp_path / "p.csv").write_text(
        f"curp,nombres,primer_apellido,segundo_apellido,nss\n{persona.curp},Otro,Nombre,,\n", encoding="utf-8"
    )
    assert padron.cargar(str(tmp_path / "p.csv"), aceptar_nombres=1).cambiadas == 0
    persona.refresh_from_db()
    assert persona.nombres == "Con Acta"


def test_la_demostracion_vuelve_a_hallar_a_los_suyos() -> None:
    persona = Persona.objects.de_curp(ficticias.CASOS[0].curp)
    assert persona
    nueva, vieja = curp_nueva(persona), persona.curp
    Persona.objects.filter(pk=persona.pk).update(curp=nueva)
    CurpAnterior.objects.create(curp=vieja, persona=persona)
    call_command("datos_demo", verbosity=0)
    persona.refresh_from_db()
    assert persona.curp == vieja and Persona.objects.de_curp(nueva) == persona


def test_los_usuarios_de_la_demostracion() -> None:
    puestos = {e.usuario.username: (e.subdelegacion.nombre, e.supervisor) for e in Empleado.objects.all()}
    assert puestos == {
        "ventanilla": ("Centro", False),
        "supervision": ("Centro", True),
        "ventanilla-b": ("Nuevo León", False),
    }
