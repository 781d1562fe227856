"""Whose mailbox may see what: bound once it has spoken, asked when another one is given."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from nss_portal import confirmacion
from nss_portal.models import Confirmacion, Documento, Envio, Estado, Persona, Tramite, Vinculo
from tests.apoyo import (
    CORREO,
    Estricto,
    domicilio,
    formulario,
    inscribir,
    persona_con_nss,
    reanudar,
    solicitar,
)
from tests.nss_portal.test_servicio import arrancar
from vigencia import noticias
from vigencia.models import Inscripcion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]
OTRO = "otra@correo.example"
DE_OTRO = {"correo": OTRO, "correo_confirmacion": OTRO}
NADIE = "EEQG030303HASJNLA9"


@pytest.fixture
def persona() -> Persona:
    return persona_con_nss()


@pytest.fixture
def siempre(settings: Any) -> None:
    settings.CONFIRMAR_CORREO = "siempre"


@pytest.fixture
def vinculada(persona: Persona) -> Persona:
    Vinculo.objects.create(persona=persona, correo=CORREO)
    return persona


def atender() -> None:
    while reanudar():
        pass


def pedir(cliente: Estricto, curp: str, **cambios: str) -> Any:
    url = solicitar(cliente, curp, **cambios)
    atender()
    return cliente.get(url)


def enlace(mensaje: Any) -> str:
    return re.search(r"http://testserver(/confirmar/\S+)", mensaje.body)[1]  # type: ignore[index]


def ultimo(correo: str) -> Any:
    return [m for m in mail.outbox if m.to == [correo]][-1]


def test_sin_correo_confirmado_el_flujo_de_la_guia(cliente: Estricto, persona: Persona) -> None:
    pagina = pedir(cliente, persona.curp)
    assert pagina.pagina.pantallas == ["resultado"]
    assert "Confirma que este es tu correo" in str(ultimo(CORREO).alternatives[0].content)
    # A mail scanner opens the link: nothing happens.
    url = enlace(ultimo(CORREO))
    assert Client().get(url).status_code == 200 and not Vinculo.objects.exists()
    # The mailbox speaks, from any device, without having the trámite's browser.
    respuesta = Estricto().post(url, {"respuesta": "si"})
    assert respuesta.pagina.marcas["data-confirmar"] == ["listo"]
    assert (
        persona.curp not in respuesta.content.decode()
        and (persona.nss or "") not in respuesta.content.decode()
    )
    assert Vinculo.objects.get(persona=persona).correo == CORREO
    # Said once: the next mail does not ask again.
    pedir(cliente, persona.curp)
    assert "Confirma que este" not in ultimo(CORREO).body


def test_decir_que_no_no_vincula(cliente: Estricto, persona: Persona) -> None:
    pedir(cliente, persona.curp)
    Estricto().post(enlace(ultimo(CORREO)), {"respuesta": "no"})
    assert not Vinculo.objects.exists()


def test_un_correo_sin_confirmar_no_estorba_a_otro(
    cliente: Estricto, otro_cliente: Estricto, persona: Persona
) -> None:
    pedir(cliente, persona.curp)
    assert pedir(otro_cliente, persona.curp, **DE_OTRO).pagina.pantallas == ["resultado"]
    Estricto().post(enlace(ultimo(OTRO)), {"respuesta": "si"})
    # The first one comes late: there is a mailbox already.
    Estricto().post(enlace(ultimo(CORREO)), {"respuesta": "si"})
    assert Vinculo.objects.get(persona=persona).correo == OTRO


def test_con_otro_correo_no_se_muestra_ni_se_envia_nada(otro_cliente: Estricto, vinculada: Persona) -> None:
    pagina = pedir(otro_cliente, vinculada.curp, **DE_OTRO)
    html = pagina.content.decode()
    assert pagina.pagina.pantallas == ["confirmacion"]
    assert vinculada.nss not in html and vinculada.nombres not in html
    assert confirmacion.Confirmacion.objects.get().correo_enmascarado in html and CORREO not in html
    assert not Documento.objects.exists() and not [m for m in mail.outbox if m.to == [OTRO]]
    mensaje = ultimo(CORREO)
    assert "¿Pediste un trámite con otro correo?" in mensaje.body and not mensaje.attachments
    assert OTRO not in mensaje.body and vinculada.curp not in mensaje.body
    estado = otro_cliente.get(f"{pagina.request['PATH_INFO']}estado/").json()
    assert estado["pantalla"] == "confirmacion"


@pytest.mark.parametrize("respuesta", ["seguir", "cambiar"])
def test_el_correo_confirmado_lo_permite(otro_cliente: Estricto, vinculada: Persona, respuesta: str) -> None:
    url = pedir(otro_cliente, vinculada.curp, **DE_OTRO).request["PATH_INFO"]
    ajeno = Estricto()
    hecho = ajeno.post(enlace(ultimo(CORREO)), {"respuesta": respuesta})
    assert hecho.pagina.marcas["data-confirmar"] == ["listo"]
    assert vinculada.nss not in hecho.content.decode()
    atender()
    # That browser goes on; the one that opened the link sees nothing of it.
    assert otro_cliente.get(url).pagina.pantallas == ["resultado"]
    assert ajeno.get(url).status_code == 404
    destino = CORREO if respuesta == "seguir" else OTRO
    assert Vinculo.objects.get(persona=vinculada).correo == destino
    assert len(ultimo(destino).attachments) == 2
    assert not [m for m in mail.outbox if m.to != [destino] and m.attachments]


def test_no_fui_yo_lo_deja_esperando(otro_cliente: Estricto, vinculada: Persona) -> None:
    url = pedir(otro_cliente, vinculada.curp, **DE_OTRO).request["PATH_INFO"]
    Estricto().post(enlace(ultimo(CORREO)), {"respuesta": "no"})
    atender()
    assert otro_cliente.get(url).pagina.pantallas == ["confirmacion"]


def test_el_enlace_dos_veces_tarde_o_falso(otro_cliente: Estricto, vinculada: Persona) -> None:
    pedir(otro_cliente, vinculada.curp, **DE_OTRO)
    url = enlace(ultimo(CORREO))
    Confirmacion.objects.update(creada=timezone.now() - timedelta(hours=25))
    tarde = Estricto().post(url, {"respuesta": "seguir"})
    assert tarde.status_code == 410 and tarde.pagina.marcas["data-confirmar"] == ["vencido"]
    assert Tramite.objects.get(curp=vinculada.curp).estado == Estado.CONFIRMACION
    # Asked for again from its page, it is good for another day; the same link, since the row is the same.
    tramite = Tramite.objects.get(curp=vinculada.curp)
    otro_cliente.post(f"/confirmar/otra-vez/{tramite.pk}/")
    atender()
    assert Estricto().post(url, {"respuesta": "seguir"}).status_code == 200
    usado = Estricto().post(url, {"respuesta": "cambiar"})
    assert usado.status_code == 410 and usado.pagina.marcas["data-confirmar"] == ["usado"]
    assert Vinculo.objects.get().correo == CORREO
    assert Estricto().get(f"{url[:-8]}xxxxxxx/").pagina.marcas["data-confirmar"] == ["desconocido"]


@pytest.mark.parametrize("respuesta", ["", "si", "todo", "\0"])
def test_una_respuesta_que_no_es_de_la_pregunta(
    otro_cliente: Estricto, vinculada: Persona, respuesta: str
) -> None:
    pedir(otro_cliente, vinculada.curp, **DE_OTRO)
    assert Estricto().post(enlace(ultimo(CORREO)), {"respuesta": respuesta}).status_code == 422
    assert Confirmacion.objects.get().contestada is None


def test_pedirlo_otra_vez_tiene_limite_y_es_de_su_navegador(
    cliente: Estricto, otro_cliente: Estricto, vinculada: Persona
) -> None:
    tramite = Tramite.objects.get(
        pk=pedir(otro_cliente, vinculada.curp, **DE_OTRO).request["PATH_INFO"].split("/")[2]
    )
    assert cliente.post(f"/confirmar/otra-vez/{tramite.pk}/").status_code == 404
    for _ in range(6):
        otro_cliente.post(f"/confirmar/otra-vez/{tramite.pk}/")
    assert Envio.objects.filter(tramite=tramite).count() == 4


def test_familiares_comparten_un_correo(cliente: Estricto, vinculada: Persona) -> None:
    hermana = persona_con_nss(1)
    pedir(cliente, hermana.curp)
    Estricto().post(enlace(ultimo(CORREO)), {"respuesta": "si"})
    assert Vinculo.objects.filter(correo=CORREO).count() == 2


@pytest.mark.usefixtures("siempre")
def test_siempre_conocida_y_desconocida_se_ven_igual(
    cliente: Estricto, otro_cliente: Estricto, persona: Persona
) -> None:
    conocida, desconocida = pedir(cliente, persona.curp), pedir(otro_cliente, NADIE)
    paginas = []
    for pagina, curp in ((conocida, persona.curp), (desconocida, NADIE)):
        assert pagina.pagina.pantallas == ["confirmacion"]
        html = pagina.content.decode()
        tramite = Tramite.objects.get(curp=curp)
        for dato in (curp, str(tramite.pk), tramite.folio):
            html = html.replace(dato, "")
        paginas.append(re.sub(r'value="\w{64}"', "", html))
    assert paginas[0] == paginas[1]
    cuerpos = [re.sub(r"\d{22}|/confirmar/\S+", "", m.body) for m in mail.outbox]
    assert cuerpos[0] == cuerpos[1]
    for mensaje in list(mail.outbox):
        Estricto().post(enlace(mensaje), {"respuesta": "si"})
    atender()
    assert cliente.get(conocida.request["PATH_INFO"]).pagina.pantallas == ["resultado"]
    assert otro_cliente.get(desconocida.request["PATH_INFO"]).pagina.pantallas == ["rechazo"]
    assert Vinculo.objects.get().persona == persona


@pytest.mark.usefixtures("siempre")
def test_siempre_un_nss_asignado_se_muestra(cliente: Estricto, cola: Callable[[], None]) -> None:
    persona = Persona.objects.sin_nss().order_by("curp")[0]
    url = solicitar(cliente, persona.curp)
    cola()
    cliente.post(f"{url}domicilio/", domicilio())
    cola()
    pagina = cliente.get(url)
    assert pagina.pagina.pantallas == ["resultado"]
    assert pagina.pagina.marcas["data-resultado"] == ["asignado"]
    # Again, it is located: now the mailbox must speak.
    assert pedir(cliente, persona.curp).pagina.pantallas == ["confirmacion"]


@pytest.mark.usefixtures("siempre")
def test_siempre_una_vez_por_navegador_y_correo(cliente: Estricto, persona: Persona) -> None:
    inscribir(persona, timezone.localdate(), timezone.localdate() + timedelta(days=9))
    url = pedir(cliente, persona.curp, paso="vigencia", nss=persona.nss or "").request["PATH_INFO"]
    assert cliente.get(url).pagina.pantallas == ["confirmacion"]
    Estricto().post(enlace(ultimo(CORREO)), {"respuesta": "si"})
    atender()
    assert cliente.get(url).pagina.marcas["data-vigente"] == ["si"]
    pagina = pedir(cliente, persona.curp, paso="clinica", codigo_postal="44100")
    assert pagina.pagina.pantallas[0] in ("eleccion", "revision")
    assert pedir(Estricto(), persona.curp).pagina.pantallas == ["confirmacion"]


@pytest.mark.usefixtures("siempre")
def test_siempre_los_avisos_solo_a_correos_confirmados(cliente: Estricto, persona: Persona) -> None:
    hoy = timezone.localdate()
    Tramite.objects.create(
        tipo="nss",
        solicitud="11111111-1111-1111-1111-111111111111",
        navegador="x",
        curp=persona.curp,
        correo=OTRO,
        persona=persona,
        estado=Estado.RESUELTO,
        resultado="asignado",
    )
    suyas = Inscripcion.objects.filter(pk=inscribir(persona, hoy, hoy).pk)
    assert noticias.anunciar_altas(suyas) == 0
    Vinculo.objects.create(persona=persona, correo=CORREO)
    assert noticias.anunciar_altas(suyas) == 1
    assert Envio.objects.get(aviso="inscripcion").destino == CORREO


def test_el_cambio_de_clinica_que_pide_otro_no_cambia_nada(
    otro_cliente: Estricto, vinculada: Persona
) -> None:
    hoy = timezone.localdate()
    inscribir(vinculada, hoy, hoy + timedelta(days=9))
    pagina = pedir(otro_cliente, vinculada.curp, paso="clinica", codigo_postal="44100", **DE_OTRO)
    assert pagina.pagina.pantallas == ["confirmacion"] and not vinculada.altas.exists()


@pytest.mark.parametrize(
    ("modo", "demo", "arranca"),
    [
        ("nunca", "1", True),
        ("nunca", "", False),
        ("siempre", "", True),
        ("a-veces", "1", False),
        ("", "", True),
    ],
)
def test_el_ajuste_falla_cerrado(modo: str, demo: str, arranca: bool) -> None:
    hecho = arrancar(CONFIRMAR_CORREO=modo, DEMO=demo, SECRET_KEY="x", ALLOWED_HOSTS="x")
    assert (hecho.returncode == 0) is arranca, hecho.stderr
    if not arranca:
        assert "CONFIRMAR_CORREO" in hecho.stderr and "Traceback" not in hecho.stderr


def test_formulario_intacto(cliente: Estricto, persona: Persona) -> None:
    """The form asks for no more than before."""
    assert set(formulario(cliente, persona.curp)) == {
        *("solicitud", "curp", "correo", "correo_confirmacion", "captcha_0", "captcha_1"),
    }
