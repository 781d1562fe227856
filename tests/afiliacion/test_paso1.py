"""Step 1 through its addresses: from the form to «Tu petición ha sido procesada»."""

import io
import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pypdf
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.files.storage import default_storage
from django.utils import timezone

from nss_portal.demo.ficticias import CASOS
from nss_portal.models import CaptchaResuelto, Colonia, Documento, Envio, Estado, Persona, Tramite
from nss_portal.personas.identidad import nacimiento_curp, validar_nss
from tests.apoyo import CORREO, Estricto, domicilio, formulario, solicitar

Trabajar = Callable[[], None]
MARCAS_DEL_MARCO = ("Trámites", "Asignación o localización de NSS", "Bienvenido", "Salir")


@pytest.fixture
def con_nss(catalogo: None) -> Persona:
    return Persona.objects.exclude(nss=None).order_by("curp")[0]


@pytest.fixture
def sin_nss(catalogo: None) -> Persona:
    return Persona.objects.sin_nss().order_by("curp")[0]


def ver(cliente: Estricto, url: str, pantalla: str, estado: int = 200):
    respuesta = cliente.get(url)
    assert respuesta.status_code == estado
    assert respuesta.pagina.pantallas == [pantalla]
    return respuesta


def test_localizado_de_la_forma_al_final(
    cliente: Estricto, trabajar: Trabajar, con_nss: Persona, mailoutbox: list[mail.EmailMessage]
) -> None:
    url = solicitar(cliente, con_nss.curp)
    espera = ver(cliente, url, "procesando")
    assert "Su petición se está procesando...espere un momento." in espera.content.decode()
    trabajar()
    resultado = ver(cliente, url, "resultado")
    html = resultado.content.decode()
    assert re.sub(r"\D", "", re.search(r"data-nss[^>]*>(.*?)</div>", html, re.S)[1]) == con_nss.nss  # type: ignore[index]
    assert resultado.pagina.marcas["data-resultado"] == ["localizado"]
    assert resultado.pagina.marcas["data-documento"] == ["nss", "tarjeta"]
    assert sorted(resultado.pagina.marcas["data-accion"]) == sorted(["enviar", "imprimir", "descargar"] * 2)
    assert "Tu Número de Seguridad Social (NSS) ha sido enviado a tu correo electrónico." in html
    assert "Tu NSS es:" in html and "Asignación de NSS exitosa" not in html
    assert all(marca in html for marca in (*MARCAS_DEL_MARCO, "Iniciar trámite", "Finalizar trámite"))
    tramite = Tramite.objects.get()
    assert html.count(tramite.folio) >= 2 and con_nss.curp in html
    respuesta = cliente.post(f"{url}finalizar/")
    assert respuesta.status_code == 302 and respuesta.url == url
    final = ver(cliente, url, "finalizado")
    assert "Tu petición ha sido procesada" in final.content.decode()
    assert final.pagina.marcas["data-documento"] == ["nss", "tarjeta"]
    assert len(mailoutbox) == 1
    # Pressed again, from a page that stayed open: the same.
    cliente.post(f"{url}finalizar/")
    ver(cliente, url, "finalizado")


@pytest.mark.parametrize("cp", ["06600", "64000", "97000", "22000", "60550"])
def test_sin_nss_con_domicilio_hasta_la_asignacion(
    cliente: Estricto,
    trabajar: Trabajar,
    sin_nss: Persona,
    mailoutbox: list[mail.EmailMessage],
    cp: str,
) -> None:
    url = solicitar(cliente, sin_nss.curp)
    trabajar()
    pagina = ver(cliente, url, "domicilio")
    assert "No se encontró un número asociado a tu CURP, se te asignará uno." in pagina.content.decode()
    colonia = Colonia.objects.filter(codigo_postal=cp).order_by("pk")[0]
    respuesta = cliente.post(f"{url}domicilio/", domicilio(cp, str(colonia.pk)))
    assert respuesta.status_code == 302 and respuesta.url == url
    ver(cliente, url, "procesando")
    trabajar()
    resultado = ver(cliente, url, "resultado")
    assert "Asignación de NSS exitosa." in resultado.content.decode()
    assert resultado.pagina.marcas["data-resultado"] == ["asignado"]
    sin_nss.refresh_from_db()
    assert sin_nss.nss is not None
    assert validar_nss(sin_nss.nss) == sin_nss.nss
    assert sin_nss.nss[4:6] == f"{nacimiento_curp(sin_nss.curp):%y}"
    # What was mailed is what is downloaded, with everything on it.
    [mensaje] = mailoutbox
    assert mensaje.to == [CORREO]
    assert len(mensaje.attachments) == 2
    folio = Tramite.objects.get().folio
    for documento, adjunto in zip(Documento.objects.order_by("tipo"), mensaje.attachments, strict=True):
        descarga = cliente.get(f"/documentos/{documento.pk}/descargar/")
        contenido = b"".join(descarga.streaming_content)
        assert contenido == adjunto.content
        assert descarga["Content-Disposition"].startswith("attachment")
        en_linea = cliente.get(f"/documentos/{documento.pk}/")
        assert b"".join(en_linea.streaming_content) == contenido
        assert en_linea["Content-Disposition"].startswith("inline")
        texto = "".join(pagina.extract_text() for pagina in pypdf.PdfReader(io.BytesIO(contenido)).pages)
        for dato in (sin_nss.nss, sin_nss.curp, folio):
            assert dato in re.sub(r"[ \n]+", "", texto)
        for dato in (sin_nss.curp, sin_nss.nss):
            assert dato not in descarga["Content-Disposition"]


def test_otra_vez_se_localiza_el_mismo(cliente: Estricto, trabajar: Trabajar, sin_nss: Persona) -> None:
    url = solicitar(cliente, sin_nss.curp)
    trabajar()
    cliente.post(f"{url}domicilio/", domicilio())
    trabajar()
    sin_nss.refresh_from_db()
    otra = solicitar(cliente, sin_nss.curp.lower())
    trabajar()
    assert otra != url
    pagina = ver(cliente, otra, "resultado")
    assert pagina.pagina.marcas["data-resultado"] == ["localizado"]
    assert Persona.objects.get(pk=sin_nss.pk).nss == sin_nss.nss
    assert Tramite.objects.values("folio").distinct().count() == 2


def test_doble_clic_atras_y_recargar_son_el_mismo_tramite(cliente: Estricto, con_nss: Persona) -> None:
    datos = formulario(cliente, con_nss.curp)
    primera = cliente.post("/nss/", datos)
    segunda = cliente.post("/nss/", datos)
    # Even changed and with the letters spent: the form has already become a trámite.
    tercera = cliente.post("/nss/", datos | {"curp": "", "captcha_1": "nada"})
    assert primera.url == segunda.url == tercera.url
    assert Tramite.objects.count() == 1


def test_doble_clic_en_el_domicilio(cliente: Estricto, trabajar: Trabajar, sin_nss: Persona) -> None:
    url = solicitar(cliente, sin_nss.curp)
    trabajar()
    assert cliente.post(f"{url}domicilio/", domicilio()).url == url
    assert cliente.post(f"{url}domicilio/", domicilio("64000", "Monterrey Centro")).url == url
    trabajar()
    tramite = Tramite.objects.get()
    assert tramite.domicilio.codigo_postal_id == "06600"
    assert tramite.documentos.count() == 2 and tramite.envios.count() == 1


def test_una_forma_copiada_a_otro_navegador_no_lleva_al_tramite(
    cliente: Estricto, otro_cliente: Estricto, con_nss: Persona
) -> None:
    datos = formulario(cliente, con_nss.curp)
    url = cliente.post("/nss/", datos).url
    ajena = otro_cliente.post("/nss/", formulario(otro_cliente, con_nss.curp, solicitud=datos["solicitud"]))
    assert ajena.status_code == 422
    assert ajena.pagina.campos["solicitud"] != datos["solicitud"]
    assert url not in ajena.content.decode()
    assert Tramite.objects.count() == 1


def test_otro_navegador_no_ve_ni_pagina_ni_documento(
    cliente: Estricto, otro_cliente: Estricto, trabajar: Trabajar, con_nss: Persona
) -> None:
    url = solicitar(cliente, con_nss.curp)
    trabajar()
    documento = Documento.objects.all()[0]
    for direccion in (url, f"/documentos/{documento.pk}/", f"/documentos/{documento.pk}/descargar/"):
        ajena = ver(otro_cliente, direccion, "expirada", 404)
        html = ajena.content.decode()
        assert con_nss.curp not in html and str(con_nss.nss) not in html and CORREO not in html
    estado = otro_cliente.get(f"{url}estado/")
    assert estado.status_code == 404 and estado.json()["pantalla"] == "expirada"
    for direccion in (f"{url}finalizar/", f"{url}domicilio/", f"/documentos/{documento.pk}/enviar/"):
        assert otro_cliente.post(direccion, domicilio()).status_code == 404
    assert Tramite.objects.get().estado == Estado.RESUELTO
    assert Envio.objects.count() == 1
    # Nobody's: the same page.
    ver(cliente, f"/nss/{uuid.uuid4()}/", "expirada", 404)


def test_salir_termina_tambien_para_una_galleta_copiada(
    cliente: Estricto, otro_cliente: Estricto, trabajar: Trabajar, con_nss: Persona
) -> None:
    url = solicitar(cliente, con_nss.curp)
    trabajar()
    otro_cliente.cookies[settings.SESSION_COOKIE_NAME] = cliente.cookies[settings.SESSION_COOKIE_NAME].value
    ver(otro_cliente, url, "resultado")
    assert cliente.post("/salir/").status_code == 302
    ver(cliente, url, "expirada", 404)
    ver(otro_cliente, url, "expirada", 404)


def test_curp_que_no_esta_en_el_registro(cliente: Estricto, trabajar: Trabajar) -> None:
    curp = next(caso.curp for caso in CASOS if caso.caso == "no-renapo")
    url = solicitar(cliente, curp)
    trabajar()
    pagina = ver(cliente, url, "rechazo")
    assert pagina.pagina.marcas["data-motivo"] == ["curp-no-encontrada"]
    assert "data-ejemplo" in pagina.pagina.marcas
    assert not Documento.objects.exists() and not Envio.objects.exists()


def test_estado_en_vivo(cliente: Estricto, trabajar: Trabajar, sin_nss: Persona) -> None:
    url = solicitar(cliente, sin_nss.curp)
    antes = cliente.get(f"{url}estado/").json()
    assert antes["pantalla"] == "procesando" and antes["espera"] == ""
    assert [paso["hecho"] for paso in antes["avance"]][:2] == [True, False]
    trabajar()
    assert cliente.get(f"{url}estado/").json()["pantalla"] == "domicilio"
    cliente.post(f"{url}domicilio/", domicilio())
    trabajar()
    despues = cliente.get(f"{url}estado/").json()
    assert despues["pantalla"] == "resultado"
    assert all(paso["hecho"] for paso in despues["avance"])


def test_reenviar_un_documento(
    cliente: Estricto, trabajar: Trabajar, con_nss: Persona, mailoutbox: list[mail.EmailMessage]
) -> None:
    url = solicitar(cliente, con_nss.curp)
    trabajar()
    tarjeta = Documento.objects.get(tipo="tarjeta")
    for _ in range(2):  # a double click is one mail
        assert cliente.post(f"/documentos/{tarjeta.pk}/enviar/").url == url
    aviso = ver(cliente, url, "resultado").content.decode()
    assert "Tarjeta de Número de Seguridad Social" in aviso and CORREO not in aviso
    trabajar()
    assert len(mailoutbox) == 2
    [adjunto] = mailoutbox[1].attachments
    assert adjunto.filename.startswith("tarjeta-")
    assert "Enviado otra vez" in ver(cliente, url, "resultado").content.decode()


def test_reenviar_tiene_un_tope_que_se_explica(
    cliente: Estricto, trabajar: Trabajar, con_nss: Persona
) -> None:
    url = solicitar(cliente, con_nss.curp)
    trabajar()
    carta = Documento.objects.get(tipo="nss")
    for _ in range(7):
        cliente.post(f"/documentos/{carta.pk}/enviar/")
        trabajar()
    assert carta.envios.count() == 5
    cliente.post(f"/documentos/{carta.pk}/enviar/")
    assert "Espera unos minutos" in ver(cliente, url, "resultado").content.decode()


def test_documento_que_aun_no_esta_listo(cliente: Estricto, con_nss: Persona) -> None:
    url = solicitar(cliente, con_nss.curp)
    tramite = Tramite.objects.get()
    from afiliacion.asignacion import resolver

    resolver(tramite)
    documento = tramite.documentos.all()[0]
    respuesta = cliente.get(f"/documentos/{documento.pk}/")
    assert respuesta.status_code == 503 and respuesta["Retry-After"]
    ver(cliente, url, "procesando")


def test_las_consultas_no_crecen_con_las_filas(
    cliente: Estricto, trabajar: Trabajar, con_nss: Persona, django_assert_max_num_queries
) -> None:
    url = solicitar(cliente, con_nss.curp)
    trabajar()
    tramite = Tramite.objects.get()
    carta = tramite.documentos.get(tipo="nss")

    def contar() -> int:
        with django_assert_max_num_queries(30) as consultas:
            cliente.get(url)
        return len(consultas)

    antes = contar()
    Envio.objects.bulk_create(
        Envio(tramite=tramite, documento=carta, enviado=timezone.now()) for _ in range(20)
    )
    assert contar() == antes


def test_letras_resueltas_no_se_piden_otra_vez(cliente: Estricto, con_nss: Persona) -> None:
    datos = formulario(cliente, con_nss.curp, correo_confirmacion="otra@correo.example")
    respuesta = cliente.post("/nss/", datos)
    assert respuesta.status_code == 422
    assert respuesta.pagina.marcas["data-captcha"] == ["resuelto"]
    assert "captcha_0" not in respuesta.pagina.campos
    resuelto = CaptchaResuelto.objects.get(pk=datos["solicitud"])
    assert resuelto.consumido is None
    sin_letras = {k: v for k, v in datos.items() if not k.startswith("captcha")}
    # Still wrong: they stay solved.
    assert cliente.post("/nss/", sin_letras).pagina.marcas["data-captcha"] == ["resuelto"]
    assert cliente.post("/nss/", sin_letras | {"correo_confirmacion": CORREO}).status_code == 302
    resuelto.refresh_from_db()
    assert resuelto.consumido is not None


def test_letras_resueltas_solo_valen_en_su_navegador_y_en_su_forma(
    cliente: Estricto, otro_cliente: Estricto, con_nss: Persona
) -> None:
    datos = formulario(cliente, con_nss.curp, correo_confirmacion="otra@correo.example")
    cliente.post("/nss/", datos)
    sin_letras = {k: v for k, v in datos.items() if not k.startswith("captcha")} | {
        "correo_confirmacion": CORREO
    }
    otro_cliente.get("/nss/")
    assert otro_cliente.post("/nss/", sin_letras).status_code == 422
    assert cliente.post("/nss/", sin_letras | {"solicitud": str(uuid.uuid4())}).status_code == 422
    assert not Tramite.objects.exists()


def test_un_tramite_tiene_su_dia_entero(cliente: Estricto, con_nss: Persona) -> None:
    """However long ago the form was opened."""
    datos = formulario(cliente, con_nss.curp)
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=2))
    cliente.post("/nss/", datos)
    assert Session.objects.get().expire_date > timezone.now() + timedelta(hours=23)


def test_se_continua_donde_se_iba(cliente: Estricto, otro_cliente: Estricto, con_nss: Persona) -> None:
    url = solicitar(cliente, con_nss.curp)
    for pagina in ("/", "/nss/"):
        assert url in cliente.get(pagina).content.decode()
        assert url not in otro_cliente.get(pagina).content.decode()


def test_corregir_una_curp_rechazada_conserva_lo_escrito(cliente: Estricto, trabajar: Trabajar) -> None:
    curp = next(caso.curp for caso in CASOS if caso.caso == "no-renapo")
    solicitar(cliente, curp)
    trabajar()
    campos = cliente.get("/nss/").pagina.campos
    assert (campos["curp"], campos["correo"], campos["correo_confirmacion"]) == (curp, CORREO, CORREO)


def test_visitar_una_direccion_de_enviar_no_es_un_error(
    cliente: Estricto, trabajar: Trabajar, con_nss: Persona
) -> None:
    url = solicitar(cliente, con_nss.curp)
    trabajar()
    documento = Documento.objects.all()[0]
    for direccion in (f"{url}finalizar/", f"{url}domicilio/", f"/documentos/{documento.pk}/enviar/"):
        assert cliente.get(direccion).url == url
    assert cliente.get("/salir/").status_code == 302
    assert cliente.get(url).pagina.pantallas == ["resultado"], "only a POST ends the session"


def test_un_archivo_que_falta_se_dice_y_no_revienta(
    cliente: Estricto, trabajar: Trabajar, con_nss: Persona
) -> None:
    solicitar(cliente, con_nss.curp)
    trabajar()
    documento = Documento.objects.all()[0]
    default_storage.delete(documento.archivo.name)
    assert cliente.get(f"/documentos/{documento.pk}/").status_code == 503
