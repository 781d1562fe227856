"""Settings that fail closed, health, limits, logs, headers."""

import gc
import logging
import os
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from nss_portal.models import Cupo, Latido
from nss_portal.servicio import salud
from nss_portal.servicio.almacen import Estaticos
from nss_portal.servicio.limites import permitir
from nss_portal.servicio.sin_datos import FormatoSinDatos
from nss_portal.servicio.topes import Tope
from nss_portal.settings import _mailer
from nss_portal.web.captcha import LETRAS
from tests.apoyo import Estricto

RAIZ = Path(__file__).resolve().parent.parent.parent


def arrancar(**variables: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "VAR_DIR"}} | variables
    argv = [sys.executable, "manage.py", "check"]
    return subprocess.run(argv, cwd=RAIZ, env=env, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("variables", "palabra"),
    [
        ({}, "SECRET_KEY"),
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "x"}, "ALLOWED_HOSTS"),
        ({"SECRET_KEY": "x", "ALLOWED_HOSTS": "x", "EMAIL_URL": "http://x"}, "EMAIL_URL"),
    ],
)
def test_sin_lo_necesario_no_arranca(variables: dict[str, str], palabra: str) -> None:
    hecho = arrancar(**variables)
    assert hecho.returncode != 0
    assert palabra in hecho.stderr
    assert "Traceback" not in hecho.stderr and hecho.stderr.count("\n") == 1


def test_con_lo_necesario_arranca() -> None:
    assert arrancar(SECRET_KEY="x", ALLOWED_HOSTS="x").returncode == 0


@pytest.fixture
def con_salud(cliente: Estricto) -> Iterator[Callable[[], Any]]:
    """Asks `/salud/`, which has found nothing yet; the workers were seen a moment ago."""
    for cola in ("default", "correo"):
        Latido.latir(cola)

    def preguntar() -> Any:
        cache.clear()
        return cliente.get("/salud/")

    yield preguntar
    cache.clear()


def test_salud(con_salud: Callable[[], Any]) -> None:
    respuesta = con_salud()
    assert respuesta.status_code == 200
    partes = ("base", "trabajador", "correo", "almacen", "disco", "registro")
    assert respuesta.json() == {"estado": "ok", **dict.fromkeys(partes, True), "degradado": []}
    Latido.objects.filter(proceso="default").update(visto=timezone.now() - timedelta(minutes=2))
    respuesta = con_salud()
    assert respuesta.status_code == 503 and respuesta["Retry-After"]
    assert respuesta.json()["trabajador"] is False and respuesta.json()["estado"] == "falla"


def test_vivo_no_toca_la_base() -> None:
    """No database for this test: the process answers all the same."""
    assert Estricto().get("/salud/vivo/").json() == {"estado": "ok"}


def test_salud_del_correo(con_salud: Callable[[], Any], settings: Settings) -> None:
    """Mail leaves later: it is said, and nobody is sent away for it."""
    for demo, mailer, bien in (
        (False, _mailer(""), False),  # a folder that nobody reads is no mail
        (True, _mailer(""), True),
        (False, _mailer("smtp://127.0.0.1:9"), False),
    ):
        settings.DEMO, settings.MAILERS = demo, {"default": mailer}
        respuesta = con_salud()
        assert (respuesta.status_code, respuesta.json()["estado"]) == (200, "ok")
        assert respuesta.json()["correo"] is bien
        assert respuesta.json()["degradado"] == ([] if bien else ["correo"])
    settings.DEMO, settings.MAILERS = True, {"default": _mailer("")}
    Latido.objects.filter(proceso="correo").delete()  # nobody sends
    assert con_salud().json()["degradado"] == ["correo"]


def test_salud_del_registro(con_salud: Callable[[], Any], settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as registro:
        settings.RENAPO_URL = f"http://127.0.0.1:{registro.getsockname()[1]}/personas"
        assert con_salud().json()["degradado"] == []
    respuesta = con_salud()
    assert (respuesta.status_code, respuesta.json()["degradado"]) == (200, ["registro"])
    assert respuesta.json()["registro"] is False


def test_salud_del_almacen(con_salud: Callable[[], Any], settings: Settings, tmp_path: Path) -> None:
    """It keeps a file, reads it and takes it away; where it can not, there are no documents to promise."""
    carpeta = tmp_path / "documentos"
    donde = {"BACKEND": "nss_portal.servicio.almacen.Duradero", "OPTIONS": {"location": carpeta}}
    settings.STORAGES = settings.STORAGES | {"default": donde}
    assert con_salud().json()["almacen"] is True
    assert list(carpeta.iterdir()) == []
    carpeta.rmdir()
    carpeta.write_text("not a folder")
    respuesta = con_salud()
    assert respuesta.status_code == 503 and respuesta.json()["almacen"] is False


def test_salud_de_un_almacen_que_no_contesta(con_salud: Callable[[], Any]) -> None:
    """A dead network disk holds one thread, however often it is asked, and the answer comes all the same."""
    suelta = threading.Event()
    with patch("nss_portal.servicio.salud._almacen", side_effect=lambda: suelta.wait(30)) as prueba:
        for _ in range(3):
            assert con_salud().json()["almacen"] is False
        assert prueba.call_count == 1
    suelta.set()
    salud._probando["almacen"].join()
    assert con_salud().json()["almacen"] is True


def test_salud_del_disco(con_salud: Callable[[], Any]) -> None:
    with patch("nss_portal.servicio.salud.DISCO_LIBRE", 10**18):
        respuesta = con_salud()
    assert respuesta.status_code == 503 and respuesta.json()["disco"] is False


def test_salud_sin_escritura(con_salud: Callable[[], Any]) -> None:
    """A database that only reads (a full disk, a copy) is not usable."""
    with patch.object(Latido, "latir", side_effect=OperationalError("database or disk is full")):
        respuesta = con_salud()
    assert respuesta.status_code == 503 and respuesta.json()["base"] is False


def test_https_enciende_las_protecciones() -> None:
    orden = (
        "from django.conf import settings as s; assert s.SESSION_COOKIE_SECURE and s.CSRF_COOKIE_SECURE "
        "and s.SECURE_SSL_REDIRECT and s.SECURE_HSTS_SECONDS > 10**7"
    )
    variables = {"SECRET_KEY": "x", "ALLOWED_HOSTS": "x", "URL_PUBLICA": "https://portal.example.mx"}
    env = {"PATH": os.environ["PATH"], "VAR_DIR": os.environ["VAR_DIR"]} | variables
    argv = [sys.executable, "manage.py", "shell", "-c", orden]
    assert subprocess.run(argv, cwd=RAIZ, env=env, capture_output=True).returncode == 0


def test_un_proxy_ajeno_no_dice_que_vino_por_https(settings: Settings, client: Client) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    https = {"X-Forwarded-Proto": "https"}
    assert client.get("/salud/vivo/", headers=https).status_code == 301
    settings.PROXIES_CONFIABLES = ["127.0.0.1"]
    assert client.get("/salud/vivo/", headers=https).status_code == 200


def test_la_entrada_del_personal_tiene_un_tope(cliente: Estricto) -> None:
    datos = {"username": "admin", "password": "no-es"}
    for _ in range(10):
        assert "Demasiados intentos" not in cliente.post("/admin/login/", datos).content.decode()
    assert "Demasiados intentos" in cliente.post("/admin/login/", datos).content.decode()


def test_el_audio_dice_cada_letra(cliente: Estricto) -> None:
    clave = cliente.get("/nss/").pagina.campos["captcha_0"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the package leaves its file to the collector
        respuesta = cliente.get(f"/captcha/audio/{clave}.wav")
        assert respuesta.status_code == 200
        sonido = b"".join(respuesta.streaming_content)
        assert sonido[:4] == b"RIFF"
        del respuesta
        gc.collect()
    # Heard again, it is the same sound, whole or in the parts that a player asks for; nothing is made anew.
    with patch("nss_portal.web.captcha.captcha_audio", side_effect=AssertionError):
        otra_vez = cliente.get(f"/captcha/audio/{clave}.wav")
        assert b"".join(otra_vez.streaming_content) == sonido
        parte = cliente.get(f"/captcha/audio/{clave}.wav", headers={"Range": "bytes=0-99"})
        assert parte.status_code == 206 and b"".join(parte.streaming_content) == sonido[:100]
    assert cliente.get("/captcha/audio/nadie.wav").status_code == 410
    # Each letter by its name, none as another's: «i» for Y would lock people out.
    dichas = {
        letra: subprocess.run(
            ["espeak-ng", "-v", "es-419", "-q", "-x", letra], capture_output=True, text=True, check=True
        ).stdout.strip()
        for letra in LETRAS
    }
    assert len(set(dichas.values())) == len(LETRAS)
    assert "'i" not in dichas.values()


def test_el_audio_tiene_un_tope(cliente: Estricto) -> None:
    clave = cliente.get("/nss/").pagina.campos["captcha_0"]
    with patch("nss_portal.web.captcha.limites.permitir", return_value=False):
        respuesta = cliente.get(f"/captcha/audio/{clave}.wav")
    assert respuesta.status_code == 429 and respuesta["Retry-After"]


def test_cabeceras_de_seguridad(cliente: Estricto) -> None:
    respuesta = cliente.get("/nss/")
    politica = respuesta["Content-Security-Policy"]
    assert "default-src 'none'" in politica and "unsafe" not in politica and "data:" not in politica
    assert "no-store" in respuesta["Cache-Control"]
    assert respuesta["X-Frame-Options"] == "DENY"
    assert respuesta["Referrer-Policy"] == "same-origin"
    assert respuesta.cookies["sesion"]["httponly"]


def test_forma_sin_galleta(catalogo: None) -> None:
    sin_galletas = Estricto(enforce_csrf_checks=True)
    respuesta = sin_galletas.post("/nss/", {"curp": "x"})
    assert respuesta.status_code == 403
    assert respuesta.pagina.pantallas  # our page, in Spanish, with a way on


@pytest.mark.django_db
def test_cupo(monkeypatch: pytest.MonkeyPatch) -> None:
    reloj = datetime(2026, 11, 19, 12, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: reloj)
    tres = Tope(3, timedelta(hours=1))
    assert [permitir("a@b.mx", tres) for _ in range(4)] == [True, True, True, False]
    assert permitir("otra", tres)
    reloj += timedelta(minutes=20)
    assert [permitir("a@b.mx", tres) for _ in range(2)] == [True, False]
    reloj -= timedelta(days=1)  # a clock that jumps back opens nothing and breaks nothing
    assert not permitir("a@b.mx", tres)
    assert not Cupo.objects.filter(clave__contains="a@b").exists()


def test_la_bitacora_no_dice_de_quien(caplog: pytest.LogCaptureFixture) -> None:
    formato = FormatoSinDatos("%(message)s")
    try:
        raise ValueError("Key (curp)=(EXEM050214MDFXJSA1) nss 28260500004")
    except ValueError:
        registro = logging.LogRecord(
            "x",
            logging.ERROR,
            "x",
            1,
            "de %s a %s, folio %s",
            ("exem050214mdfxjsa1", "a.b@c.mx", "1" * 22),
            sys.exc_info(),
        )
    linea = formato.format(registro)
    for dato in ("EXEM050214MDFXJSA1", "exem050214mdfxjsa1", "28260500004", "a.b@c.mx"):
        assert dato not in linea
    assert "1" * 22 in linea  # a folio is public


def test_sin_estaticos_reunidos_la_pagina_de_error_sale(tmp_path: Path) -> None:
    vacio = Estaticos(location=tmp_path, base_url="/static/")
    assert vacio.url("favicon.svg") == "/static/favicon.svg"
