"""Settings that fail closed, health, limits, logs, headers."""

import logging
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import timezone

from nss_portal.bitacora import FormatoSinDatos
from nss_portal.limites import permitir
from nss_portal.models import Cupo, Latido
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


def test_salud(cliente: Estricto) -> None:
    cache.clear()
    assert cliente.get("/salud/vivo/").json() == {"estado": "ok"}
    assert cliente.get("/salud/").status_code == 503  # no worker has been seen
    Latido.latir("trabajador")
    respuesta = cliente.get("/salud/")
    assert (respuesta.status_code, respuesta.json()["estado"]) == (200, "ok")
    Latido.objects.update(visto=timezone.now() - timedelta(minutes=2))
    respuesta = cliente.get("/salud/")
    assert respuesta.status_code == 503 and respuesta.json()["trabajador"] is False


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
    hora = timedelta(hours=1)
    assert [permitir("a@b.mx", 3, hora) for _ in range(4)] == [True, True, True, False]
    assert permitir("otra", 3, hora)
    reloj += timedelta(minutes=20)
    assert [permitir("a@b.mx", 3, hora) for _ in range(2)] == [True, False]
    reloj -= timedelta(days=1)  # a clock that jumps back opens nothing and breaks nothing
    assert not permitir("a@b.mx", 3, hora)
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
