"""What the people of a consultorio are told when staff move it."""

import uuid

import pytest
from django.core import mail
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinicas import alta
from clinicas.models import Clinica, Consultorio, Turno
from nss_portal import colas
from nss_portal.models import Documento, Envio, Estado, Persona, Tramite, Vinculo
from tests.clinicas.apoyo import HOY, clinica, persona, poblaciones

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sin_clinicas")]


@pytest.fixture
def una() -> Clinica:
    """Three people in its first consultorio; of the first two a mailbox is known."""
    una = clinica(matutino=[10], vespertino=[10])
    for n in range(3):
        alta.registrar(persona(n), una, Turno.MATUTINO, con_tramite(persona(n)) if n < 2 else None, HOY)
    Vinculo.objects.create(persona=persona(1), correo="confirmado@correo.example")
    return una


def con_tramite(quien: Persona) -> Tramite:
    return Tramite.objects.create(
        tipo=Tramite.Tipo.CLINICA,
        solicitud=uuid.uuid4(),
        navegador=uuid.uuid4().hex,
        curp=quien.curp,
        correo="persona@correo.example",
        persona=quien,
        estado=Estado.RESUELTO,
        resultado=Tramite.Resultado.REGISTRADO,
    )


def mover(cliente: Client, origen: Consultorio, destino: Consultorio) -> None:
    url = reverse("admin:clinicas_consultorio_mover", args=[origen.pk])
    datos = {"clinica": destino.clinica_id, "turno": destino.turno, "numero": destino.numero}
    assert cliente.post(url, datos).status_code == 302


def salir() -> list[tuple[str, str]]:
    """To whom, and what, of the mails that go out."""
    mail.outbox.clear()
    Envio.objects.update(libre_desde=Now())
    while colas.CORREOS.avanzar():
        pass
    assert not Envio.objects.pendientes().exists()
    return sorted((mensaje.to[0], str(mensaje.body)) for mensaje in mail.outbox)


def test_se_les_escribe_a_donde_van(admin_client: Client, una: Clinica) -> None:
    manana, tarde = una.consultorios.order_by("turno")
    mover(admin_client, manana, tarde)
    assert (poblaciones(una), poblaciones(una, Turno.VESPERTINO)) == ([0], [3])
    [confirmado, dado] = salir()
    assert (confirmado[0], dado[0]) == ("confirmado@correo.example", "persona@correo.example")
    texto = " ".join(dado[1].split())
    assert "Tu consultorio cambió." in texto and "Tu clínica" not in texto
    assert "te atienden en UMF 1, consultorio 1, turno vespertino." in texto and "/clinica/" in texto
    [mensaje] = [m for m in mail.outbox if m.to == ["persona@correo.example"]]
    html = str(mensaje.alternatives[0].content)  # type: ignore[attr-defined]
    assert "consultorio 1, turno vespertino" in html and "Descargar mi tarjeta" in html
    for quien in (persona(0), persona(1)):
        assert quien.curp not in texto + html + str(mensaje.subject)


def test_a_otra_clinica_se_dice_donde_queda(admin_client: Client, una: Clinica) -> None:
    otra = clinica("NLIMS980002", matutino=[5])
    mover(admin_client, una.consultorios.get(turno=Turno.MATUTINO), otra.consultorios.get(turno="matutino"))
    texto = " ".join(salir()[0][1].split())
    assert "Tu clínica y tu consultorio cambiaron." in texto
    assert "en UMF 2, consultorio 1, turno matutino. Calle de la Muestra 1, Centro, C. P. 64000" in texto


def test_si_vuelven_antes_de_que_salga_no_se_les_dice_lo_de_antes(admin_client: Client, una: Clinica) -> None:
    manana, tarde = una.consultorios.order_by("turno")
    mover(admin_client, manana, tarde)
    mover(admin_client, tarde, manana)
    assert Envio.objects.filter(aviso="reubicacion").count() == 4
    assert ["turno matutino" in texto for _, texto in salir()] == [True, True]


def test_la_tarjeta_que_se_emite_mientras_los_mueven_nace_sin_valer(
    admin_client: Client, una: Clinica
) -> None:
    tarjeta = Documento.objects.create(
        tramite=persona(0).altas.get().tramite,
        tipo=Documento.Tipo.ADSCRIPCION,
        datos={"folio": "1" * 22},
    )
    manana, tarde = una.consultorios.order_by("turno")
    mover(admin_client, manana, tarde)
    tarjeta.refresh_from_db()
    assert tarjeta.emitido is None and tarjeta.cancelado


def test_la_tarjeta_que_dice_el_consultorio_de_antes_ya_no_vale(admin_client: Client, una: Clinica) -> None:
    tarjetas = {}
    for tipo in (Documento.Tipo.ADSCRIPCION, Documento.Tipo.COMPROBANTE):
        tarjetas[tipo] = Documento.objects.create(
            tramite=persona(0).altas.get().tramite,
            tipo=tipo,
            datos={"folio": "1" * 22},
            emitido=timezone.now(),
            archivo=f"documentos/{tipo}",
            sha256="0" * 64,
        )
    manana, tarde = una.consultorios.order_by("turno")
    mover(admin_client, manana, tarde)
    for tarjeta in tarjetas.values():
        tarjeta.refresh_from_db()
    # That they were registered on that day stays true.
    assert tarjetas[Documento.Tipo.ADSCRIPCION].cancelado
    assert tarjetas[Documento.Tipo.COMPROBANTE].cancelado is None
