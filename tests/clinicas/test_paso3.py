"""Step 3 through its addresses: choose, review, confirm; what changes, what does not, what is explained."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from clinicas import alta, registro
from clinicas.models import Alta, Clinica, Cobertura, Consultorio
from nss_portal.models import CodigoPostal, Documento, Envio, Estado, Persona, Tramite
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
from vigencia.models import Inscripcion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]
HOY = timezone.localdate()
CP = "06600"


def clinica(clues: str, *turnos: str, capacidad: int = 5, cp: str = CP) -> Clinica:
    """A clinic that serves the postal code of the tests, with a consultorio in each of these shifts."""
    codigo = CodigoPostal.objects.buscar(cp)
    assert codigo
    nueva = Clinica.objects.create(
        clues=clues,
        nombre=f"UMF de prueba {clues[-3:]}",
        domicilio="Calle de las Pruebas 1, Juárez",
        codigo_postal=cp,
        entidad=codigo.municipio.entidad,
        municipio=codigo.municipio,
    )
    Cobertura.objects.create(codigo_postal=codigo, clinica=nueva)
    for turno in turnos:
        Consultorio.objects.create(clinica=nueva, turno=turno, numero=1, capacidad=capacidad)
    return nueva


@pytest.fixture
def dos() -> tuple[Clinica, Clinica]:
    Cobertura.objects.filter(codigo_postal=CP).delete()
    return (
        clinica("DFIMS980001", "matutino", "vespertino"),
        clinica("DFIMS980002", "matutino", "vespertino"),
    )


@pytest.fixture
def persona() -> Persona:
    persona = persona_con_nss()
    inscribir(persona, HOY - timedelta(days=30), HOY + timedelta(days=200))
    return persona


def atender() -> None:
    while reanudar():
        pass


def pedir(cliente: Estricto, persona: Persona, cp: str = CP, **cambios: str) -> str:
    url = solicitar(cliente, persona.curp, paso="clinica", codigo_postal=cp, **cambios)
    assert re.fullmatch(r"/clinica/[0-9a-f-]{36}/", url)
    assert cliente.get(url).pagina.pantallas == ["procesando"]
    atender()
    return url


def confirmar(cliente: Estricto, url: str, clues: str, turno: str = "matutino") -> Any:
    datos = {"clinica": clues, "turno": turno, "confirmar": "1"}
    respuesta = cliente.post(f"{url}eleccion/", datos, follow=True)
    atender()
    return respuesta


def test_de_principio_a_fin(
    cliente: Estricto, persona: Persona, dos: tuple[Clinica, Clinica], trabajar: Callable[[], None]
) -> None:
    url = solicitar(cliente, persona.curp, paso="clinica", codigo_postal="0 6600")
    trabajar()
    eleccion = cliente.get(url)
    html = eleccion.content.decode()
    assert eleccion.pagina.pantallas == ["eleccion"]
    for una in dos:
        assert una.nombre in html and una.clues in html
    assert "openstreetmap.org" in html and not Alta.objects.filter(persona=persona).exists()
    respuesta = cliente.post(f"{url}eleccion/", {"clinica": dos[1].clues, "turno": "vespertino"}, follow=True)
    assert respuesta.pagina.pantallas == ["revision"]
    assert dos[1].nombre in respuesta.content.decode() and not Alta.objects.filter(persona=persona).exists()
    # A refresh is still the review.
    assert cliente.get(url).pagina.pantallas == ["revision"]
    cambiada = cliente.post(f"{url}eleccion/", {"cambiar": "1"}, follow=True)
    assert cambiada.pagina.pantallas == ["eleccion"]
    datos = {"clinica": dos[1].clues, "turno": "vespertino", "confirmar": "1"}
    assert cliente.post(f"{url}eleccion/", datos, follow=True).pagina.pantallas == ["procesando"]
    trabajar()
    pagina = cliente.get(url)
    html = pagina.content.decode()
    assert pagina.pagina.pantallas == ["resultado"]
    assert pagina.pagina.marcas["data-resultado"] == ["registrado"]
    assert pagina.pagina.marcas["data-documento"] == ["comprobante-clinica", "tarjeta-adscripcion"]
    assert dos[1].nombre in html and "Es importante imprimir los formatos" in html and "presencial" in html
    suya = alta.activa(persona)
    assert suya and (suya.consultorio.clinica, suya.consultorio.turno) == (dos[1], "vespertino")
    [mensaje] = mail.outbox
    assert len(mensaje.attachments) == 2 and dos[1].nombre in mensaje.body
    for documento in Documento.objects.filter(tramite__curp=persona.curp):
        assert b"".join(cliente.get(f"/documentos/{documento.pk}/").streaming_content)[:5] == b"%PDF-"
    fin = cliente.post(f"{url}finalizar/", follow=True)
    assert fin.pagina.pantallas == ["finalizado"] and "Tu petición ha sido procesada" in fin.content.decode()
    assert "Ya hiciste los tres pasos" in cliente.get("/").content.decode()


def test_sin_vigencia_dice_que_falta(cliente: Estricto, persona: Persona) -> None:
    Inscripcion.objects.filter(persona=persona).update(baja=HOY, causa="1")
    pagina = cliente.get(pedir(cliente, persona))
    assert pagina.pagina.pantallas == ["rechazo"]
    assert pagina.pagina.marcas["data-motivo"] == ["sin-vigencia"]
    assert "dio aviso de tu baja" in pagina.content.decode()
    # Step 2 knows the CURP, not the NSS: this browser has not been told it.
    campos = cliente.get("/vigencia/").pagina.campos
    assert campos["curp"] == persona.curp and campos["nss"] == ""


@pytest.mark.parametrize(("quien", "motivo"), [("nadie", "curp-no-encontrada"), ("sin-nss", "curp-sin-nss")])
def test_sin_persona_o_sin_nss(cliente: Estricto, quien: str, motivo: str) -> None:
    curp = "EEQG030303HASJNLA9" if quien == "nadie" else Persona.objects.sin_nss().order_by("curp")[0].curp
    pagina = cliente.get(pedir(cliente, Persona(curp=curp)))
    assert pagina.pagina.marcas["data-motivo"] == [motivo]


def test_sin_eleccion_inutil(cliente: Estricto, persona: Persona) -> None:
    Cobertura.objects.filter(codigo_postal=CP).delete()
    unica = clinica("DFIMS980003", "matutino")
    url = pedir(cliente, persona)
    pagina = cliente.get(url)
    assert pagina.pagina.pantallas == ["revision"] and unica.nombre in pagina.content.decode()
    confirmar(cliente, url, unica.clues)
    assert cliente.get(url).pagina.marcas["data-resultado"] == ["registrado"]


def test_ya_registrado_reimprime_y_cambia(
    cliente: Estricto, persona: Persona, dos: tuple[Clinica, Clinica]
) -> None:
    url = pedir(cliente, persona)
    confirmar(cliente, url, dos[0].clues)
    otra_url = pedir(cliente, persona)
    pagina = cliente.get(otra_url)
    assert pagina.pagina.marcas["data-resultado"] == ["ya-registrado"]
    assert Alta.objects.filter(persona=persona).count() == 1
    assert "te corresponden otras clínicas" not in pagina.content.decode()
    lejos = cliente.get(pedir(cliente, persona, "97000")).content.decode()
    assert "Con el código postal 97000 te corresponden otras clínicas" in lejos
    nueva = {cliente.post(f"{otra_url}cambiar/").url for _ in range(2)}
    assert len(nueva) == 1
    [cambio] = nueva
    atender()
    assert cliente.get(cambio).pagina.pantallas == ["eleccion"]
    # Changing one's mind changes nothing.
    actual = alta.activa(persona)
    assert actual and actual.consultorio.clinica == dos[0]
    confirmar(cliente, cambio, dos[1].clues, "vespertino")
    pagina = cliente.get(cambio)
    assert pagina.pagina.marcas["data-resultado"] == ["cambiado"]
    assert f"antes estabas en {dos[0].nombre}" in pagina.content.decode()
    antes, ahora = Alta.objects.filter(persona=persona).order_by("pk")
    assert antes.hasta == HOY and antes.causa == "cambio" and ahora.hasta is None
    # Same mailbox: nobody else to tell.
    assert not Envio.objects.filter(aviso="cambio-clinica").exists()
    # Whoever checks the card of before is told; that they were registered there stays true.
    papeles = {d.tipo: d for d in Documento.objects.filter(tramite_id=url.split("/")[2])}
    dichos = {
        tipo: Estricto().get(f"/v/{d.token}/").pagina.marcas["data-verificacion"]
        for tipo, d in papeles.items()
    }
    assert dichos == {"tarjeta-adscripcion": ["sustituido"], "comprobante-clinica": ["valido"]}
    assert "Ya no es el vigente" in cliente.get(url).content.decode()
    [nueva] = Documento.objects.filter(tramite_id=cambio.split("/")[2], tipo="tarjeta-adscripcion")
    assert Estricto().get(f"/v/{nueva.token}/").pagina.marcas["data-verificacion"] == ["valido"]
    # The report of step 2 shows the clinic from now on.
    assert registro.adscripcion(persona, True)["clinica"] == dos[1].nombre


def test_un_cambio_con_otro_correo_se_avisa_al_primero(
    cliente: Estricto, otro_cliente: Estricto, persona: Persona, dos: tuple[Clinica, Clinica]
) -> None:
    confirmar(cliente, pedir(cliente, persona), dos[0].clues)
    otra = {"correo": "otra@correo.example", "correo_confirmacion": "otra@correo.example"}
    url = pedir(otro_cliente, persona, **otra)
    cambio = otro_cliente.post(f"{url}cambiar/").url
    atender()
    confirmar(otro_cliente, cambio, dos[1].clues)
    [aviso] = Envio.objects.filter(aviso="cambio-clinica")
    assert aviso.tramite.correo == CORREO and aviso.enviado
    assert dos[0].nombre in mail.outbox[-1].body or dos[0].nombre in mail.outbox[-2].body


def test_dos_pestanas_eligen_distinto_y_gana_una(
    cliente: Estricto, persona: Persona, dos: tuple[Clinica, Clinica]
) -> None:
    url = pedir(cliente, persona)
    confirmar(cliente, url, dos[0].clues)
    tarde = confirmar(cliente, url, dos[1].clues)
    assert tarde.pagina.pantallas[0] in ("procesando", "resultado")
    suya = alta.activa(persona)
    assert suya and suya.consultorio.clinica == dos[0] and Alta.objects.filter(persona=persona).count() == 1
    assert Documento.objects.filter(tramite__curp=persona.curp).count() == 2


def test_confirmar_con_un_objeto_viejo_no_registra_dos_veces(
    cliente: Estricto, persona: Persona, dos: tuple[Clinica, Clinica]
) -> None:
    url = pedir(cliente, persona)
    pk = url.split("/")[2]
    primero, segundo = (Tramite.objects.select_related("persona").get(pk=pk) for _ in range(2))
    assert registro.confirmar(primero, dos[0], "matutino") is True
    assert registro.confirmar(segundo, dos[1], "matutino") is False
    suya = alta.activa(persona)
    assert suya and suya.consultorio.clinica == dos[0]


def test_se_lleno_mientras_elegia(cliente: Estricto, persona: Persona, dos: tuple[Clinica, Clinica]) -> None:
    url = pedir(cliente, persona)
    respuesta = cliente.post(f"{url}eleccion/", {"clinica": dos[0].clues, "turno": "matutino"}, follow=True)
    assert respuesta.pagina.pantallas == ["revision"]
    dos[0].consultorios.update(capacidad=0)
    respuesta = cliente.post(
        f"{url}eleccion/", {"clinica": dos[0].clues, "turno": "matutino", "confirmar": "1"}
    )
    assert respuesta.status_code == 422 and respuesta.pagina.pantallas == ["eleccion"]
    assert "error_clinica" in respuesta.pagina.ids
    assert not Alta.objects.filter(persona=persona).exists()
    assert Tramite.objects.get(pk=url.split("/")[2]).estado == Estado.ELECCION


@pytest.mark.parametrize(
    ("datos", "campo"),
    [
        ({}, "clinica"),
        ({"clinica": "NADIE", "turno": "matutino"}, "clinica"),
        ({"clinica": "\0", "turno": "matutino"}, "clinica"),
        ({"clinica": "DFIMS980001"}, "turno"),
        ({"clinica": "DFIMS980001", "turno": "nocturno"}, "turno"),
        ({"clinica": "DFIMS980001", "turno": "x" * 10_000}, "turno"),
    ],
)
def test_eleccion_mala(
    cliente: Estricto,
    persona: Persona,
    dos: tuple[Clinica, Clinica],
    datos: dict[str, str],
    campo: str,
) -> None:
    url = pedir(cliente, persona)
    respuesta = cliente.post(f"{url}eleccion/", datos | {"confirmar": "1"})
    assert respuesta.status_code == 422 and f"error_{campo}" in respuesta.pagina.ids
    assert "resumen-errores" in respuesta.content.decode()
    assert not Alta.objects.filter(persona=persona).exists()


def test_una_clinica_que_no_se_ofrecio_no_se_puede_elegir(
    cliente: Estricto, persona: Persona, dos: tuple[Clinica, Clinica]
) -> None:
    lejana = clinica("NLIMS980009", "matutino", cp="64000")
    url = pedir(cliente, persona)
    assert cliente.post(f"{url}eleccion/", {"clinica": lejana.clues, "turno": "matutino"}).status_code == 422


@pytest.mark.parametrize("cp", ["", "123", "0660O", "99999", "00000", "\0", "6" * 500])
def test_codigo_postal_malo(cliente: Estricto, persona: Persona, cp: str) -> None:
    respuesta = cliente.post("/clinica/", formulario(cliente, persona.curp, paso="clinica", codigo_postal=cp))
    assert respuesta.status_code == 422 and "error_codigo_postal" in respuesta.pagina.ids
    assert respuesta.pagina.campos["curp"] == persona.curp


def test_en_otro_navegador_nada(
    cliente: Estricto, otro_cliente: Estricto, persona: Persona, dos: tuple[Clinica, Clinica]
) -> None:
    url = pedir(cliente, persona)
    for parte in ("", "estado/", "finalizar/"):
        assert otro_cliente.get(f"{url}{parte}").status_code == 404
    for parte in ("eleccion/", "cambiar/", "finalizar/"):
        datos = {"clinica": dos[0].clues, "turno": "matutino", "confirmar": "1"}
        assert otro_cliente.post(f"{url}{parte}", datos).status_code == 404
    assert not Alta.objects.filter(persona=persona).exists()


def test_baja_entre_la_eleccion_y_la_confirmacion(
    cliente: Estricto, persona: Persona, dos: tuple[Clinica, Clinica]
) -> None:
    url = pedir(cliente, persona)
    Inscripcion.objects.filter(persona=persona).update(baja=HOY, causa="1")
    assert confirmar(cliente, url, dos[0].clues).pagina.pantallas == ["rechazo"]
    assert not Alta.objects.filter(persona=persona).exists()


def test_la_baja_suspende_y_la_nueva_inscripcion_devuelve(
    cliente: Estricto, persona: Persona, dos: tuple[Clinica, Clinica]
) -> None:
    confirmar(cliente, pedir(cliente, persona), dos[0].clues)
    suya = alta.activa(persona)
    assert suya and not alta.suspendida(suya)
    Inscripcion.objects.filter(persona=persona).update(baja=HOY, causa="1")
    assert alta.suspendida(suya) and registro.adscripcion(persona, False)["clinica_suspendida"] is True
    inscribir(persona, HOY, HOY + timedelta(days=10), ciclo="2026-2")
    assert not alta.suspendida(suya)


def test_el_domicilio_del_paso_1_se_ofrece(cliente: Estricto, trabajar: Callable[[], None]) -> None:
    persona = Persona.objects.sin_nss().order_by("curp")[0]
    url = solicitar(cliente, persona.curp)
    trabajar()
    cliente.post(f"{url}domicilio/", domicilio())
    trabajar()
    assert cliente.get("/clinica/").pagina.campos["codigo_postal"] == "06600"
