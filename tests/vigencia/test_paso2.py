"""Step 2 through its addresses: every outcome, with its own words and its own next step."""

import io
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pypdf
import pytest
from django.core import mail
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from nss_portal.models import Documento, Envio, Persona, Tramite
from nss_portal.personas import renapo
from nss_portal.personas.identidad import componer_nss
from tests.apoyo import CORREO, Estricto, formulario, inscribir, persona_con_nss, reanudar, solicitar
from vigencia.escuelas import noticias
from vigencia.models import Inscripcion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]
HOY = timezone.localdate()
UN_MES = timedelta(days=30)


@pytest.fixture
def persona() -> Persona:
    return persona_con_nss()


def verificar(cliente: Estricto, persona: Persona, **cambios: str) -> Any:
    """The page after the worker has done its part."""
    url = solicitar(cliente, persona.curp, paso="vigencia", **({"nss": persona.nss or ""} | cambios))
    assert re.fullmatch(r"/vigencia/[0-9a-f-]{36}/", url)
    assert cliente.get(url).pagina.pantallas == ["procesando"]
    while reanudar():
        pass
    return cliente.get(url)


def html_de(mensaje: Any) -> str:
    return str(mensaje.alternatives[0].content)


def vigente(persona: Persona) -> Inscripcion:
    return inscribir(persona, HOY - UN_MES, HOY + 6 * UN_MES)


def test_vigente_de_principio_a_fin(
    cliente: Estricto, persona: Persona, trabajar: Callable[[], None]
) -> None:
    inscripcion = vigente(persona)
    url = solicitar(cliente, persona.curp, paso="vigencia", nss=f" {persona.nss[:5]}-{persona.nss[5:]} ")
    espera = cliente.get(url)
    assert (
        espera.pagina.pantallas == ["procesando"]
        and "Su petición se está procesando" in espera.content.decode()
    )
    avance = cliente.get(f"{url}estado/").json()
    assert avance["pantalla"] == "procesando" and avance["avance"][0]["hecho"] is True
    trabajar()
    pagina = cliente.get(url)
    html = pagina.content.decode()
    assert pagina.pagina.pantallas == ["resultado"]
    assert pagina.pagina.marcas["data-vigente"] == ["si"] and "data-causa" not in pagina.pagina.marcas
    assert pagina.pagina.marcas["data-documento"] == ["vigencia"]
    assert inscripcion.escuela.nombre in html and inscripcion.registro_id in html and persona.nss in html
    assert "Registrarme en mi clínica" in html
    documento = Documento.objects.get(tramite__curp=persona.curp)
    pdf = b"".join(cliente.get(f"/documentos/{documento.pk}/").streaming_content)
    texto = "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    assert persona.nss in texto.replace(" ", "") and documento.tramite.folio in texto
    [mensaje] = mail.outbox
    assert "SÍ tienes derecho" in html_de(mensaje) and "SÍ" in mensaje.body
    assert len(mensaje.attachments) == 1 and documento.tramite.folio in mensaje.body
    fin = cliente.post(f"{url}finalizar/", follow=True)
    assert fin.pagina.pantallas == ["finalizado"] and "Tu petición ha sido procesada" in fin.content.decode()
    # Step 3 knows what was typed here.
    siguiente = cliente.get("/clinica/").pagina.campos
    assert (siguiente["curp"], siguiente["correo"]) == (persona.curp, CORREO)


@pytest.mark.parametrize(
    ("alta", "fin", "baja", "causa", "dice"),
    [
        (-100, 100, -10, "baja", "dio aviso de tu baja"),
        (-300, -10, None, "ciclo-terminado", "terminó el"),
        (10, 100, None, "aun-no-inicia", "todavía no empieza"),
        (None, None, None, "nunca-inscrito", "Ninguna escuela te ha inscrito"),
    ],
)
def test_no_vigente_dice_por_que_y_que_hacer(
    cliente: Estricto,
    persona: Persona,
    alta: int | None,
    fin: int | None,
    baja: int | None,
    causa: str,
    dice: str,
) -> None:
    if alta is not None and fin is not None:
        cambios = {"baja": HOY + timedelta(days=baja), "causa": "1"} if baja else {}
        inscribir(persona, HOY + timedelta(days=alta), HOY + timedelta(days=fin), ciclo="2026-1", **cambios)
    pagina = verificar(cliente, persona)
    html = pagina.content.decode()
    assert pagina.pagina.pantallas == ["resultado"]
    assert pagina.pagina.marcas["data-vigente"] == ["no"] and pagina.pagina.marcas["data-causa"] == [causa]
    assert dice in html and "Qué hacer" in html
    # A person without rights gets the report all the same.
    assert Documento.objects.get(tramite__curp=persona.curp).sha256
    tramite = Tramite.objects.get(curp=persona.curp)
    hoja = cliente.get(f"/vigencia/{tramite.pk}/hoja/")
    assert hoja.status_code == 200 and persona.curp in hoja.content.decode()


def test_la_hoja_no_se_abre_en_otro_navegador(
    cliente: Estricto, otro_cliente: Estricto, persona: Persona
) -> None:
    verificar(cliente, persona)
    tramite = Tramite.objects.get(curp=persona.curp)
    for url in ("", "estado/", "hoja/", "finalizar/"):
        assert otro_cliente.get(f"/vigencia/{tramite.pk}/{url}").status_code == 404
    # Nor a step's trámite by another step's address.
    assert cliente.get(f"/nss/{tramite.pk}/").status_code == 404


def test_sin_nss_lleva_al_paso_1_con_lo_escrito(cliente: Estricto) -> None:
    persona = Persona.objects.sin_nss().order_by("curp")[0]
    pagina = verificar(cliente, persona, nss=persona_con_nss().nss or "")
    assert pagina.pagina.pantallas == ["rechazo"]
    assert pagina.pagina.marcas["data-motivo"] == ["curp-sin-nss"]
    campos = cliente.get("/nss/").pagina.campos
    assert (campos["curp"], campos["correo"], campos["correo_confirmacion"]) == (persona.curp, CORREO, CORREO)


def test_nss_de_otra_persona_nunca_se_corrige(cliente: Estricto, persona: Persona) -> None:
    vigente(persona)
    otra = persona_con_nss(1)
    pagina = verificar(cliente, persona, nss=otra.nss or "")
    html = pagina.content.decode()
    assert pagina.pagina.marcas["data-motivo"] == ["nss-no-corresponde"]
    assert persona.nss not in html and "ubdelegación" in html
    assert not Documento.objects.filter(tramite__curp=persona.curp).exists()
    assert not Envio.objects.filter(tramite__curp=persona.curp).exists()
    # What was typed is there to be corrected; the right one is not.
    assert cliente.get("/vigencia/").pagina.campos["nss"] == otra.nss


def test_curp_de_nadie(cliente: Estricto) -> None:
    nadie = Persona(curp="EEQG030303HASJNLA9", nss=componer_nss("28", 26, 3, 1))
    pagina = verificar(cliente, nadie)
    assert pagina.pagina.marcas["data-motivo"] == ["curp-no-encontrada"]


@pytest.mark.parametrize(
    ("nss", "error"),
    [("", "11"), ("1234567890", "11"), ("1234567890A", "número"), ("12345678901", "último"), ("\0" * 11, "")],
)
def test_nss_mal_escrito(cliente: Estricto, persona: Persona, nss: str, error: str) -> None:
    datos = formulario(cliente, persona.curp, paso="vigencia", nss=nss)
    respuesta = cliente.post("/vigencia/", datos)
    assert respuesta.status_code == 422 and "error_nss" in respuesta.pagina.ids
    assert error in respuesta.content.decode()
    assert respuesta.pagina.campos["curp"] == persona.curp
    assert not Tramite.objects.filter(curp=persona.curp).exists()


def test_doble_clic_un_solo_tramite(cliente: Estricto, persona: Persona) -> None:
    datos = formulario(cliente, persona.curp, paso="vigencia", nss=persona.nss or "")
    urls = {cliente.post("/vigencia/", datos).url for _ in range(3)}
    assert len(urls) == 1 and Tramite.objects.filter(curp=persona.curp).count() == 1


def test_registro_caido_espera_y_sigue_solo(
    cliente: Estricto, persona: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    vigente(persona)
    url = solicitar(cliente, persona.curp, paso="vigencia", nss=persona.nss or "")
    with monkeypatch.context() as caido:

        def no_responde(curp: str) -> None:
            raise renapo.NoDisponible("down")

        caido.setattr(renapo, "identificar", no_responde)
        reanudar()
    assert cliente.get(url).pagina.marcas["data-espera"] == ["registro-no-disponible"]
    Tramite.objects.update(libre_desde=timezone.now() - timedelta(minutes=1))
    while reanudar():
        pass
    assert cliente.get(url).pagina.marcas["data-vigente"] == ["si"]


def test_la_pagina_muestra_lo_que_se_certifico(cliente: Estricto, persona: Persona) -> None:
    inscripcion = vigente(persona)
    pagina = verificar(cliente, persona)
    Inscripcion.objects.filter(pk=inscripcion.pk).update(baja=HOY, causa="2")
    tramite = Tramite.objects.get(curp=persona.curp)
    assert cliente.get(pagina.request["PATH_INFO"]).pagina.marcas["data-vigente"] == ["si"]
    assert tramite.documentos.get().datos["vigente"] is True
    # Asked again, it is another report.
    assert verificar(cliente, persona).pagina.marcas["data-vigente"] == ["no"]


def test_las_preguntas_no_crecen_con_la_historia(cliente: Estricto, persona: Persona) -> None:
    def preguntas() -> int:
        url = solicitar(cliente, persona.curp, paso="vigencia", nss=persona.nss or "")
        with CaptureQueriesContext(connection) as consultas:
            while reanudar():
                pass
            cliente.get(url)
        return len(consultas)

    vigente(persona)
    preguntas()
    pocas = preguntas()
    for anio in range(2000, 2024):
        inscribir(persona, date(anio, 8, 1), date(anio + 1, 7, 1))
    assert preguntas() == pocas


def test_se_avisa_a_quien_dio_su_correo(cliente: Estricto, persona: Persona) -> None:
    verificar(cliente, persona)
    otra = persona_con_nss(1)
    ids = [vigente(persona).pk, vigente(otra).pk]
    assert noticias.anunciar_altas(Inscripcion.objects.filter(pk__in=ids)) == 1
    while reanudar():
        pass
    mensaje = mail.outbox[-1]
    texto = html_de(mensaje) + mensaje.body
    assert "Tu escuela ya te inscribió" in texto and not mensaje.attachments
    assert persona.curp not in texto and (persona.nss or "") not in texto
    # A notice is not the trámite's result: its page does not take it for that.
    tramite = Tramite.objects.get(curp=persona.curp)
    assert tramite.envios.filter(aviso="").count() == 1
    assert cliente.get(tramite.get_absolute_url()).status_code == 200


def test_una_baja_avisa_despues_y_se_puede_retirar(cliente: Estricto, persona: Persona) -> None:
    verificar(cliente, persona)
    inscripcion = inscribir(persona, HOY - UN_MES, HOY + UN_MES, baja=HOY, causa="1")
    suyas = Inscripcion.objects.filter(pk=inscripcion.pk)
    assert noticias.anunciar_bajas(suyas, timedelta(hours=24)) == 1
    while reanudar():
        pass
    assert Envio.objects.get(aviso="baja").enviado is None
    assert noticias.retirar_bajas(suyas) == 1
    assert noticias.anunciar_bajas(suyas) == 1
    while reanudar():
        pass
    assert Envio.objects.get(aviso="baja").enviado


def test_lo_que_alguien_espera_sale_antes_que_los_avisos(cliente: Estricto, persona: Persona) -> None:
    verificar(cliente, persona)
    noticias.anunciar_altas(Inscripcion.objects.filter(pk=vigente(persona).pk))
    Envio.objects.filter(aviso="inscripcion").update(libre_desde=timezone.now() - UN_MES)
    documento = Documento.objects.get(tramite__curp=persona.curp)
    cliente.post(f"/documentos/{documento.pk}/enviar/")
    with override_settings(CORREOS_POR_MINUTO=1):
        reanudar()
    assert Envio.objects.get(documento=documento).enviado
    assert Envio.objects.get(aviso="inscripcion").enviado is None


def test_camino_en_el_inicio(cliente: Estricto, persona: Persona) -> None:
    verificar(cliente, persona)
    html = cliente.get("/").content.decode()
    assert "Vas en el paso 2" in html and "no tenías una inscripción vigente de tu escuela" in html
    vigente(persona)
    verificar(cliente, persona)
    assert "Vas en el paso 3" in cliente.get("/").content.decode()


def test_la_sesion_avisa_antes_de_terminar_y_se_alarga(cliente: Estricto, persona: Persona) -> None:
    pagina = verificar(cliente, persona)
    [termina] = pagina.pagina.marcas["data-termina"]
    falta = datetime.fromisoformat(str(termina)) - timezone.now()
    assert timedelta(hours=20) < falta <= timedelta(hours=24)
    sesion = cliente.session
    sesion["desde"] -= 23 * 3600
    sesion.save()
    url = pagina.request["PATH_INFO"]
    [termina] = cliente.get(url).pagina.marcas["data-termina"]
    assert datetime.fromisoformat(str(termina)) - timezone.now() < timedelta(hours=1)
    respuesta = cliente.post("/sesion/", follow=True)
    assert "24 horas más" in respuesta.content.decode()
    [termina] = cliente.get(url).pagina.marcas["data-termina"]
    assert datetime.fromisoformat(str(termina)) - timezone.now() > timedelta(hours=23)
    assert Estricto().post("/sesion/").status_code == 404
