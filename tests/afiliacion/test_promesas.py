"""What a series promises outside the database before it gives; and what is said when it cannot."""

import logging
from datetime import date
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from afiliacion import promesas
from afiliacion.asignacion import asignar_nss
from afiliacion.models import Serie, Subdelegacion
from nss_portal.demo.ficticias import CASOS
from nss_portal.models import Aviso, Persona, Tramite
from tests.afiliacion.test_asignacion import HOY, gastar, nacida
from tests.apoyo import Estricto, domicilio, reanudar, solicitar

SIN_NSS = next(caso.curp for caso in CASOS if caso.caso == "sin-nss")
pytestmark = pytest.mark.usefixtures("catalogo")


@pytest.fixture
def centro() -> Subdelegacion:
    return Subdelegacion.objects.get(nombre="Centro", entidad="09")


@pytest.fixture
def personas() -> list[Persona]:
    return [nacida(date(2005, 2, 14), letra) for letra in "BCDFGH"]


def archivo(serie: str = "282605") -> Path:
    return promesas._carpeta() / serie


def test_promete_cien_y_apunta_lo_dado(
    personas: list[Persona],
    centro: Subdelegacion,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for persona in personas[:2]:
        with django_capture_on_commit_callbacks(execute=True):
            asignar_nss(persona, centro, HOY)
    assert archivo().read_text() == "00100\n00000\n00001\n00002\n"
    Serie.objects.update(ultimo=9998)
    with django_capture_on_commit_callbacks(execute=True):
        asignar_nss(personas[2], centro, HOY)
    assert archivo().read_text() == "10000\n09999\n10000\n"


def test_un_acto_que_se_deshace_no_detiene_la_serie(personas: list[Persona], centro: Subdelegacion) -> None:
    for _ in range(2):
        with transaction.atomic():
            assert asignar_nss(personas[0], centro, HOY)[6:10] == "0000"
            transaction.set_rollback(True)
    assert asignar_nss(personas[0], centro, HOY)[6:10] == "0000"


def test_una_serie_sin_promesa_toma_lo_que_dice_la_base_y_lo_dice(
    personas: list[Persona], centro: Subdelegacion, caplog: pytest.LogCaptureFixture
) -> None:
    gastar("28", ultimo=41)
    with caplog.at_level(logging.WARNING):
        asignar_nss(personas[0], centro, HOY)
    assert "la serie 282605 no tenía promesa" in caplog.text
    assert archivo().read_text() == "00142\n00042\n"


@pytest.mark.parametrize("escrito", ["", "\0\0\0", "00100\n"])
def test_una_promesa_ilegible_no_se_da_por_buena(
    personas: list[Persona], centro: Subdelegacion, escrito: str
) -> None:
    archivo().parent.mkdir(parents=True)
    archivo().write_text(escrito)
    with pytest.raises(promesas.SerieDetenida, match="No se puede leer o escribir"):
        asignar_nss(personas[0], centro, HOY)


def solicitado(cliente: Estricto) -> Tramite:
    url = solicitar(cliente, SIN_NSS)
    reanudar()
    cliente.post(f"{url}domicilio/", domicilio())
    reanudar()
    return Tramite.objects.get()


def test_sin_donde_prometer_no_hay_numero_y_se_dice(
    cliente: Estricto, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "lleno").touch()  # no folder can be made in it, whoever asks
    settings.PROMESAS_DIR = tmp_path / "lleno"
    tramite = solicitado(cliente)
    assert (tramite.estado, tramite.espera) == ("asignando", "atencion")
    assert not Serie.objects.exists()
    assert tramite.persona is None or tramite.persona.nss is None
    [aviso] = Aviso.objects.filter(clave__startswith="serie:")
    assert "no da números" in aviso.asunto
    assert "carpeta de promesas" in aviso.texto
    settings.PROMESAS_DIR = tmp_path / "otra"
    Tramite.objects.update(libre_desde="2026-01-01T00:00Z")
    reanudar()
    tramite.refresh_from_db()
    assert tramite.resultado == "asignado"


def test_una_serie_atrasada_detiene_el_tramite_y_se_dice(cliente: Estricto) -> None:
    suya = archivo(f"28{timezone.localdate():%y}{SIN_NSS[4:6]}")
    suya.parent.mkdir(parents=True)
    suya.write_text("00100\n00000\n00007\n")
    tramite = solicitado(cliente)
    assert (tramite.estado, tramite.espera) == ("asignando", "atencion")
    [aviso] = Aviso.objects.filter(clave__startswith="serie:")
    assert "ha dado 0 números" in aviso.texto
    assert "ha dado 7 y que pudo dar hasta 100" in aviso.texto
    assert "a 99." in aviso.texto
