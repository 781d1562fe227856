"""Whose mailbox may see what: bound once it has spoken, asked when another one is given."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from clinicas import cercania
from nss_portal.models import CodigoPostal, Confirmacion, Documento, Envio, Estado, Persona, Tramite, Vinculo
from nss_portal.servicio import topes
from nss_portal.templatetags.portal import grupos_nss
from nss_portal.tramites import confirmacion
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
from vigencia.escuelas import noticias
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


def sin_datos_de(persona: Persona, html: str) -> bool:
    """Neither the number, as text or in its groups, nor the name."""
    grupos = "".join(f"<span>{grupo}</span>" for grupo in grupos_nss(persona.nss or ""))
    return not any(dato in html for dato in (persona.nss or "-", grupos, persona.nombres, "data-nss"))


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
    assert persona.curp not in respuesta.content.decode() and sin_datos_de(
        persona, respuesta.content.decode()
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
    assert sin_datos_de(vinculada, html)
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
    assert sin_datos_de(vinculada, hecho.content.decode())
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
    pagina = otro_cliente.get(url)
    assert pagina.pagina.pantallas == ["confirmacion"] and "Este trámite no sigue" in pagina.content.decode()
    antes = Envio.objects.count()
    otro_cliente.post(f"/confirmar/otra-vez/{url.split('/')[2]}/")
    assert Envio.objects.count() == antes


def test_el_enlace_dos_veces_tarde_o_falso(otro_cliente: Estricto, vinculada: Persona) -> None:
    pedir(otro_cliente, vinculada.curp, **DE_OTRO)
    url = enlace(ultimo(CORREO))
    Confirmacion.objects.update(creada=timezone.now() - timedelta(hours=25))
    tarde = Estricto().post(url, {"respuesta": "seguir"})
    assert tarde.status_code == 410 and tarde.pagina.marcas["data-confirmar"] == ["vencido"]
    assert Tramite.objects.get(curp=vinculada.curp).estado == Estado.CONFIRMACION
    # Asked for again from its page, there is a new link, good for another day; the old one is worth nothing.
    tramite = Tramite.objects.get(curp=vinculada.curp)
    otro_cliente.post(f"/confirmar/otra-vez/{tramite.pk}/")
    atender()
    assert Estricto().post(url, {"respuesta": "seguir"}).pagina.marcas["data-confirmar"] == ["desconocido"]
    url = enlace(ultimo(CORREO))
    assert Estricto().post(url, {"respuesta": "seguir"}).status_code == 200
    usado = Estricto().post(url, {"respuesta": "cambiar"})
    assert usado.status_code == 410 and usado.pagina.marcas["data-confirmar"] == ["usado"]
    assert Vinculo.objects.get().correo == CORREO
    assert Estricto().get(f"{url[:-8]}xxxxxxx/").pagina.marcas["data-confirmar"] == ["desconocido"]


def test_pedido_otra_vez_sirve_cualquiera_de_los_dos_mensajes(
    otro_cliente: Estricto, vinculada: Persona
) -> None:
    """The first may be slow, and is the one that is opened: its link holds, once, whichever it is."""
    pedir(otro_cliente, vinculada.curp, **DE_OTRO)
    primero = enlace(ultimo(CORREO))
    tramite = Tramite.objects.get(curp=vinculada.curp)
    otro_cliente.post(f"/confirmar/otra-vez/{tramite.pk}/")
    atender()
    segundo = enlace(ultimo(CORREO))
    # With nothing but what every form of ours carries: the page's own button.
    assert Estricto().post(primero).pagina.marcas["data-confirmar"] == ["listo"]
    assert Confirmacion.objects.get().respuesta == "seguir"
    assert Estricto().post(segundo).pagina.marcas["data-confirmar"] == ["usado"]


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
        # Nor what is of each session: its own token and its own hour.
        paginas.append(re.sub(r'value="\w{64}"|data-termina="[^"]*"|termina a las [\d:]+', "", html))
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
def test_siempre_un_nss_asignado_se_muestra(cliente: Estricto, trabajar: Callable[[], None]) -> None:
    persona = Persona.objects.sin_nss().order_by("curp")[0]
    url = solicitar(cliente, persona.curp)
    trabajar()
    cliente.post(f"{url}domicilio/", domicilio())
    trabajar()
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


def test_lo_que_empezo_antes_no_pasa_por_encima(
    cliente: Estricto, otro_cliente: Estricto, persona: Persona, settings: Any
) -> None:
    """A stranger's question, left unanswered until the owner's mailbox is the one that speaks."""
    settings.CONFIRMAR_CORREO = "siempre"
    url = pedir(otro_cliente, persona.curp, **DE_OTRO).request["PATH_INFO"]
    pedir(cliente, persona.curp)
    Estricto().post(enlace(ultimo(CORREO)), {"respuesta": "si"})
    atender()
    tarde = Estricto().post(enlace(ultimo(OTRO)), {"respuesta": "si"})
    assert tarde.pagina.marcas["data-confirmar"] == ["ajeno"]
    atender()
    assert otro_cliente.get(url).pagina.pantallas == ["confirmacion"]
    assert Vinculo.objects.get().correo == CORREO
    # The owner is the one who is asked now.
    assert "¿Pediste un trámite con otro correo?" in ultimo(CORREO).body


def test_un_correo_que_se_cambio_ya_no_habla(otro_cliente: Estricto, vinculada: Persona) -> None:
    url = pedir(otro_cliente, vinculada.curp, **DE_OTRO).request["PATH_INFO"]
    viejo = enlace(ultimo(CORREO))
    Vinculo.objects.update(correo="nuevo@correo.example")  # what the counter does for a mailbox that was lost
    for respuesta in ("seguir", "cambiar"):
        Estricto().post(viejo, {"respuesta": respuesta})
    atender()
    assert otro_cliente.get(url).pagina.pantallas == ["confirmacion"]
    assert Vinculo.objects.get().correo == "nuevo@correo.example"
    assert ultimo("nuevo@correo.example").subject.startswith("Alguien pidió un trámite")


def test_una_eleccion_de_antes_no_registra_despues(
    cliente: Estricto, otro_cliente: Estricto, persona: Persona
) -> None:
    hoy = timezone.localdate()
    inscribir(persona, hoy, hoy + timedelta(days=9))
    pagina = pedir(otro_cliente, persona.curp, paso="clinica", codigo_postal="44100", **DE_OTRO)
    assert pagina.pagina.pantallas == ["eleccion"]
    Vinculo.objects.create(persona=persona, correo=CORREO)
    url = pagina.request["PATH_INFO"]
    [opcion, *_] = cercania.opciones(CodigoPostal.objects.get(pk="44100"))
    datos = {"clinica": opcion.clinica.pk, "turno": opcion.turnos[0].turno, "confirmar": "1"}
    assert otro_cliente.post(f"{url}eleccion/", datos, follow=True).pagina.pantallas == ["confirmacion"]
    assert otro_cliente.get(url).pagina.pantallas == ["confirmacion"] and not persona.altas.exists()
    atender()
    Estricto().post(enlace(ultimo(CORREO)), {"respuesta": "seguir"})
    atender()
    assert otro_cliente.get(url).pagina.pantallas == ["eleccion"]


@pytest.mark.usefixtures("siempre")
def test_sin_nss_y_con_correo_confirmado_no_se_asigna_a_otro(otro_cliente: Estricto) -> None:
    persona = Persona.objects.sin_nss().order_by("curp")[0]
    Vinculo.objects.create(persona=persona, correo=CORREO)
    assert pedir(otro_cliente, persona.curp, **DE_OTRO).pagina.pantallas == ["confirmacion"]


@pytest.mark.usefixtures("siempre")
def test_dos_domicilios_a_la_vez_y_nadie_se_queda_esperando(
    cliente: Estricto, otro_cliente: Estricto
) -> None:
    persona = Persona.objects.sin_nss().order_by("curp")[0]
    urls = []
    for quien, correo in ((cliente, {}), (otro_cliente, DE_OTRO)):
        urls.append(pedir(quien, persona.curp, **correo).request["PATH_INFO"])
    for quien, url in zip((cliente, otro_cliente), urls, strict=True):
        quien.post(f"{url}domicilio/", domicilio())
        atender()
    assert cliente.get(urls[0]).pagina.marcas["data-resultado"] == ["asignado"]
    pagina = otro_cliente.get(urls[1])
    persona.refresh_from_db()
    assert pagina.pagina.pantallas == ["confirmacion"] and sin_datos_de(persona, pagina.content.decode())
    Estricto().post(enlace(ultimo(OTRO)), {"respuesta": "si"})
    atender()
    assert otro_cliente.get(urls[1]).pagina.marcas["data-resultado"] == ["localizado"]


def test_quien_dio_otro_correo_se_entera_y_nada_suyo_va_al_nuevo(
    cliente: Estricto, otro_cliente: Estricto, persona: Persona
) -> None:
    url = pedir(cliente, persona.curp).request["PATH_INFO"]
    pedir(otro_cliente, persona.curp, **DE_OTRO)
    Estricto().post(enlace(ultimo(OTRO)), {"respuesta": "si"})
    atender()
    assert ultimo(CORREO).subject == "Otro correo quedó confirmado para tu CURP"
    documento = Documento.objects.filter(tramite=url.split("/")[2])[0]
    antes = len(mail.outbox)
    respuesta = cliente.post(f"/documentos/{documento.pk}/enviar/", follow=True)
    atender()
    assert "otro correo confirmado" in respuesta.content.decode() and len(mail.outbox) == antes


def test_un_buzon_no_se_llena(vinculada: Persona) -> None:
    for _ in range(8):
        pedir(Estricto(), vinculada.curp, **DE_OTRO)
    assert len([m for m in mail.outbox if m.to == [CORREO]]) == topes.PREGUNTAR.cupo


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
