"""The list of mails: how each stands, and those that were refused sent again, by whoever may and once."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from nss_portal.demo.ficticias import personas_sinteticas
from nss_portal.models import Envio, Tramite
from tests.personal import entrar
from tests.test_admin import pagina, resolver, tramite

__all__ = ["tramite"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]

LISTA = "/admin/nss_portal/envio/"


@pytest.fixture
def rechazado(tramite: Tramite) -> Envio:
    """The mail with everything; the others of its trámite wait."""
    envio = tramite.envios.get(documento=None)
    Envio.objects.filter(pk=envio.pk).update(
        rechazado=True, falla="rechazo", respuesta="550 5.7.1", insiste_desde=timezone.now(), intentos=60
    )
    envio.refresh_from_db()
    return envio


def con_permisos(*cuales: str) -> Client:
    usuario = User.objects.create_user("-".join(cuales), is_staff=True)
    usuario.user_permissions.set(Permission.objects.filter(codename__in=cuales))
    return entrar(usuario)


@pytest.fixture
def encargada() -> Client:
    return con_permisos("view_envio", "change_envio")


def renglones(html: str) -> Iterator[str]:
    return (fila.partition("</tr>")[0] for fila in html.split('<tr><td class="action-checkbox">')[1:])


def marcar(cliente: Client, *envios: Envio, **mas: str) -> str:
    datos = {"action": "reintentar", "_selected_action": [str(envio.pk) for envio in envios]} | mas
    return cliente.post(LISTA, datos, follow=True).content.decode()


def desde_su_pagina(cliente: Client, envio: Envio) -> Any:
    ruta = pagina(Envio, "change", envio.pk)
    html = cliente.get(ruta).content.decode()
    assert "Reintentar este correo" in html
    datos = {
        f"{admin.ActionLocation.CHANGE_FORM.value}-action": "reintentar",
        "_selected_action": [str(envio.pk)],
        "index": "0",
    }
    return cliente.post(ruta, datos, follow=True)


def test_la_lista_dice_la_verdad(encargada: Client, tramite: Tramite, rechazado: Envio) -> None:
    sano, espera = tramite.envios.exclude(pk=rechazado.pk)
    Envio.objects.filter(pk=sano.pk).update(enviado=timezone.now())
    html = encargada.get(LISTA).content.decode()
    assert "icon-no" not in html and "icon-yes" not in html
    dichos = list(renglones(html))
    assert len(dichos) == 3
    [dice_sano] = [fila for fila in dichos if f'value="{sano.pk}"' in fila]
    [dice_espera] = [fila for fila in dichos if f'value="{espera.pk}"' in fila]
    [dice_rechazado] = [fila for fila in dichos if f'value="{rechazado.pk}"' in fila]
    assert "✓</span> Enviado el" in dice_sano and "✗" not in dice_sano
    assert "En espera" in dice_espera and "✗" not in dice_espera
    assert (
        "✗</span> Rechazado: el servidor de correo no lo aceptó (550\N{NO-BREAK SPACE}5.7.1)"
        in dice_rechazado
    )
    for estado, cual in (("enviado", sano), ("espera", espera), ("rechazado", rechazado)):
        suyos = encargada.get(LISTA, {"estado": estado}).context["cl"].queryset
        assert [envio.pk for envio in suyos] == [cual.pk]


def test_ninguna_lista_dibuja_un_si_o_un_no(admin_client: Client, tramite: Tramite) -> None:
    """A column of yes or no is said in words: of a clerk who is no supervisor, nothing is wrong."""
    for ruta in ("afiliacion/empleado/", "nss_portal/colonia/", "auth/user/"):
        html = admin_client.get(f"/admin/{ruta}").content.decode()
        assert "icon-no.svg" not in html and "icon-yes.svg" not in html
        assert ">Sí</td>" in html or ">No</td>" in html, ruta


def test_se_reintenta_uno_desde_su_pagina(encargada: Client, rechazado: Envio) -> None:
    respuesta = desde_su_pagina(encargada, rechazado)
    assert "Correos que vuelven a salir: 1." in respuesta.content.decode()
    rechazado.refresh_from_db()
    assert not rechazado.rechazado and not rechazado.falla and rechazado.insiste_desde is None
    assert Envio.objects.por_enviar().filter(pk=rechazado.pk).exists()
    [asiento] = LogEntry.objects.filter(object_id=str(rechazado.pk))
    assert (
        asiento.change_message == "Se vuelve a intentar."
        and asiento.user.username == "view_envio-change_envio"
    )


def test_se_reintentan_todos_los_de_la_lista(encargada: Client, rechazado: Envio) -> None:
    for persona in list(personas_sinteticas(62))[1:]:
        persona.save()
        otro = resolver(persona).envios.filter(documento=None)
        otro.update(rechazado=True, falla="rechazo")
    assert Envio.objects.rechazados().count() == 62
    datos = {"action": "reintentar", "_selected_action": [str(rechazado.pk)], "select_across": "1"}
    html = encargada.post(f"{LISTA}?estado=rechazado", datos, follow=True).content.decode()
    assert "Correos que vuelven a salir: 62." in html
    assert not Envio.objects.rechazados().exists() and LogEntry.objects.count() == 62


def test_lo_que_no_fue_rechazado_no_se_toca(encargada: Client, tramite: Tramite) -> None:
    enviado, espera, *_ = tramite.envios.all()
    Envio.objects.filter(pk=enviado.pk).update(enviado=timezone.now())
    antes = list(Envio.objects.order_by("pk").values())
    assert "Correos que vuelven a salir: 0." in marcar(encargada, enviado, espera)
    assert list(Envio.objects.order_by("pk").values()) == antes and not LogEntry.objects.exists()


def test_un_documento_que_ya_salio_no_sale_dos_veces(encargada: Client, tramite: Tramite) -> None:
    """Its owner asked for it again after the refusal: that one went out, or is about to."""
    documento = tramite.documentos.all()[0]
    viejo = tramite.envios.get(documento=documento)
    Envio.objects.filter(pk=viejo.pk).update(rechazado=True, falla="buzon")
    nuevo = Envio.objects.create(tramite=tramite, documento=documento)
    for enviado in (None, timezone.now()):
        Envio.objects.filter(pk=nuevo.pk).update(enviado=enviado)
        assert "Correos que vuelven a salir: 0." in marcar(encargada, viejo)
        viejo.refresh_from_db()
        assert viejo.rechazado
    # Both refused: one of them goes out.
    Envio.objects.filter(pk=nuevo.pk).update(enviado=None, rechazado=True)
    assert "Correos que vuelven a salir: 1." in marcar(encargada, viejo, nuevo)
    assert list(documento.envios.pendientes()) == [nuevo]
    # Of an older one that waits, too: never two of a document at once.
    Envio.objects.filter(pk=viejo.pk).update(enviado=None, rechazado=True)
    Envio.objects.filter(pk=nuevo.pk).update(enviado=None, rechazado=True)
    Envio.objects.filter(pk=viejo.pk).update(rechazado=False)
    assert "Correos que vuelven a salir: 0." in marcar(encargada, nuevo)


def test_dos_que_reintentan_a_la_vez_son_uno(
    encargada: Client, rechazado: Envio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the list and writing, another pressed and the mail went out."""
    original = type(Envio.objects.all()).order_by

    def con_carrera(self: Any, *campos: str) -> Any:
        filas = original(self, *campos)
        if campos == ("-creado", "pk"):
            list(filas)
            Envio.objects.filter(pk=rechazado.pk).update(rechazado=False, falla="", enviado=timezone.now())
        return filas

    monkeypatch.setattr(type(Envio.objects.all()), "order_by", con_carrera)
    assert "Correos que vuelven a salir: 0." in marcar(encargada, rechazado)
    rechazado.refresh_from_db()
    assert rechazado.enviado and not Envio.objects.por_enviar().filter(pk=rechazado.pk).exists()


def test_quien_solo_mira_no_reintenta(rechazado: Envio) -> None:
    mira = con_permisos("view_envio")
    ruta = pagina(Envio, "change", rechazado.pk)
    assert "Reintentar" not in mira.get(LISTA).content.decode() + mira.get(ruta).content.decode()
    marcar(mira, rechazado)
    datos = {
        f"{admin.ActionLocation.CHANGE_FORM.value}-action": "reintentar",
        "_selected_action": [str(rechazado.pk)],
        "index": "0",
    }
    assert mira.post(ruta, datos).status_code == 403
    rechazado.refresh_from_db()
    assert rechazado.rechazado


def test_la_pagina_del_tramite_dice_lo_mismo(
    admin_client: Client, tramite: Tramite, rechazado: Envio
) -> None:
    html = admin_client.get(pagina(Tramite, "change", tramite.pk)).content.decode()
    assert (
        "Rechazado: el servidor de correo no lo aceptó (550\N{NO-BREAK SPACE}5.7.1)" in html
        and "icon-no" not in html
    )


def test_la_lista_de_envios_no_pregunta_mas_cuando_crece(encargada: Client, rechazado: Envio) -> None:
    def preguntas() -> int:
        with CaptureQueriesContext(connection) as consultas:
            encargada.get(LISTA)
        return len(consultas)

    preguntas()
    pocas = preguntas()
    for persona in list(personas_sinteticas(9))[1:]:
        persona.save()
        resolver(persona).envios.filter(documento=None).update(rechazado=True, falla="buzon")
    assert preguntas() == pocas
