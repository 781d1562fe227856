"""The database goes away while the portal is open, and comes back: «not now», as each address says it."""

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.procesos.portal import Base, Navegador, Portal, Respuesta
from tests.procesos.test_caidas import con_nss


class Tubo:
    """The way to a PostgreSQL server, which can be cut and mended."""

    def __init__(self, base: Base) -> None:
        partes = urllib.parse.urlsplit(base.url)
        self.destino = (partes.hostname, partes.port)
        self.tramos: list[socket.socket] = []
        self.devolver(0)
        quien = partes.netloc.rpartition("@")[0]
        self.url = partes._replace(netloc=f"{quien}@127.0.0.1:{self.puerto}").geturl()

    def devolver(self, puerto: int | None = None) -> None:
        self.oyente = socket.create_server(("127.0.0.1", self.puerto if puerto is None else puerto))
        self.puerto = self.oyente.getsockname()[1]
        threading.Thread(target=self._recibir, args=[self.oyente], daemon=True).start()

    def quitar(self) -> None:
        for enchufe in (self.oyente, *self.tramos):
            with contextlib.suppress(OSError):
                enchufe.shutdown(socket.SHUT_RDWR)
            enchufe.close()
        self.tramos.clear()

    def _recibir(self, oyente: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                aca, _ = oyente.accept()
                alla = socket.create_connection(self.destino)
                self.tramos += [aca, alla]
                for de, a in ((aca, alla), (alla, aca)):
                    threading.Thread(target=self._pasar, args=[de, a], daemon=True).start()

    def _pasar(self, de: socket.socket, a: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while trozo := de.recv(65536):
                a.sendall(trozo)
        with contextlib.suppress(OSError):
            a.shutdown(socket.SHUT_RDWR)


class Archivo:
    """A SQLite file that is taken away, with a folder in its place."""

    def __init__(self, base: Base) -> None:
        self.archivo, self.url = base.archivo, f"{base.url}?timeout=1"
        self.aparte = base.archivo.parent / "aparte"

    def quitar(self) -> None:
        self.aparte.mkdir()
        for archivo in self.archivo.parent.glob("portal.sqlite3*"):
            archivo.rename(self.aparte / archivo.name)
        self.archivo.mkdir()

    def devolver(self) -> None:
        self.archivo.rmdir()
        for archivo in self.aparte.iterdir():
            archivo.rename(self.archivo.parent / archivo.name)


class Escena:
    def __init__(self, portal: Portal, base: Tubo | Archivo) -> None:
        self.portal, self.base = portal, base

    def quitar(self) -> None:
        self.base.quitar()
        if isinstance(self.base, Archivo):  # who had it open must open it again
            for pid in self.portal.procesos("nss_portal.asgi:application"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        limite = time.monotonic() + 30
        while time.monotonic() < limite:
            with contextlib.suppress(OSError):
                if Navegador(self.portal).pedir("/salud/vivo/").estado == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(self.portal.bitacora())


@pytest.fixture
def escena(carpeta: Path, plantilla: Base) -> Iterator[Escena]:
    base = plantilla.copiar(carpeta)
    modo = Archivo(base) if base.sqlite else Tubo(base)
    portal = Portal(carpeta, base, DATABASE_URL=modo.url)
    try:
        portal.arrancar()
        yield Escena(portal, modo)
    finally:
        portal.parar()
        base.borrar()


def personal(portal: Portal, usuarios: Path) -> Navegador:
    """Somebody of the staff, signed in."""
    usuario, clave, _ = usuarios.read_text().splitlines()[0].split("\t")
    navegador = Navegador(portal)
    pagina = navegador.pedir("/admin/login/")
    assert navegador.enviar("/admin/login/", pagina, username=usuario, password=clave).estado == 302
    assert navegador.pedir("/admin/").estado == 200
    return navegador


def no_ahora(respuesta: Respuesta) -> str:
    """That it is a 503 of ours; its type."""
    assert respuesta.estado == 503, respuesta.texto
    assert int(respuesta.cabeceras["Retry-After"]) > 0
    tipo = str(respuesta.cabeceras["Content-Type"]).partition(";")[0]
    if tipo == "text/html":
        assert respuesta.pantalla == "error" and "Ahora no podemos atenderte" in respuesta.texto
        assert "estilo" in respuesta.texto and "{{" not in respuesta.texto
    else:
        assert json.loads(respuesta.texto)
    return tipo


def test_sin_base_es_no_ahora_y_luego_sigue(escena: Escena, carpeta_plantilla: Path) -> None:
    portal = escena.portal
    navegador = Navegador(portal)
    camino = navegador.solicitar(con_nss(portal))
    navegador.esperar(camino, "resultado")
    documento = re.search(r"/documentos/[0-9a-f-]{36}/", navegador.pedir(camino).texto)
    assert documento
    admin = personal(portal, carpeta_plantilla / "usuarios-demo.txt")
    # Somebody has filled the form in when it happens, and sends it.
    otra = Navegador(portal)
    pagina = otra.pedir("/nss/")
    clave = pagina.campo("captcha_0")
    datos = {
        "solicitud": pagina.campo("solicitud"),
        "curp": con_nss(portal, 1),
        "correo": "persona@correo.example",
        "correo_confirmacion": "persona@correo.example",
        "captcha_0": clave,
        "captcha_1": portal.letras(clave),
    }
    escena.quitar()

    html, problema, datos_json = "text/html", "application/problem+json", "application/json"
    for quien, direccion, tipo in (
        (navegador, "/", html),
        (navegador, "/nss/", html),
        (navegador, "/vigencia/", html),
        (navegador, camino, html),
        (navegador, f"{camino}estado/", datos_json),
        (navegador, documento[0], html),
        (navegador, f"{documento[0]}descargar/", html),
        (navegador, "/v/no-hay/", html),
        (navegador, "/datos/", html),
        (navegador, f"/captcha/image/{clave}/", html),
        (navegador, "/codigos-postales/06600/", datos_json),
        (navegador, "/salud/", datos_json),
        (navegador, f"/api/v1/tramites/{camino.split('/')[2]}/", problema),
        (admin, "/admin/", html),
        (admin, "/admin/nss_portal/tramite/", html),
    ):
        assert (direccion, no_ahora(quien.pedir(direccion))) == (direccion, tipo)
    assert no_ahora(otra.enviar("/nss/", pagina, **datos)) == html
    assert no_ahora(Navegador(portal).pedir("/api/v1/tramites/", {})) == problema
    assert json.loads(navegador.pedir("/salud/").texto)["base"] is False
    # What needs no database goes on.
    for direccion in ("/salud/vivo/", "/privacidad/", "/static/estilo.css"):
        assert Navegador(portal).pedir(direccion).estado == 200
    assert "django.request" not in portal.bitacora()
    # A line a minute and process: each web process may have said it once, also those of before.
    assert 0 < portal.bitacora().count("la base de datos no responde") <= 4

    escena.base.devolver()
    assert otra.enviar("/nss/", pagina, **datos).estado == 302  # nothing was spent, nothing is twice
    assert navegador.esperar(camino, "resultado") == "resultado"
    assert admin.pedir("/admin/").estado == 200
    assert portal.base.consultar("SELECT COUNT(*) FROM nss_portal_tramite") == [(2,)]


def test_una_base_ocupada_es_no_ahora(escena: Escena) -> None:
    """SQLite: somebody writes for longer than whoever waits has patience. What only reads goes on."""
    if not escena.portal.base.sqlite:
        pytest.skip("PostgreSQL has no lock of the whole database")
    navegador = Navegador(escena.portal)
    pagina = navegador.pedir("/nss/")
    datos = {
        "solicitud": pagina.campo("solicitud"),
        "curp": con_nss(escena.portal),
        "correo": "persona@correo.example",
        "correo_confirmacion": "persona@correo.example",
        "captcha_0": pagina.campo("captcha_0"),
        "captcha_1": escena.portal.letras(pagina.campo("captcha_0")),
    }
    with contextlib.closing(sqlite3.connect(escena.portal.base.archivo, autocommit=True)) as otra:
        otra.execute("BEGIN EXCLUSIVE")
        assert no_ahora(navegador.enviar("/nss/", pagina, **datos)) == "text/html"
        assert navegador.pedir("/privacidad/").estado == 200
        otra.execute("ROLLBACK")
    assert navegador.enviar("/nss/", pagina, **datos).estado == 302
    assert "django.request" not in escena.portal.bitacora()
