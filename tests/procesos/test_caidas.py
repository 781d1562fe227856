"""kill -9 in the middle: what was accepted ends, once."""

import email
import email.policy
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.procesos.portal import Base, Navegador, Portal, portal, puerto_libre


def sin_nss(portal: Portal, salto: int = 0) -> str:
    [(curp,)] = portal.base.consultar(
        "SELECT curp FROM nss_portal_persona WHERE nss IS NULL ORDER BY curp LIMIT 1 OFFSET %s", salto
    )
    return str(curp)


def matar_trabajador(portal: Portal) -> None:
    for pid in portal.procesos("trabajador"):
        os.kill(pid, signal.SIGKILL)


class Recibidos:
    """A real SMTP server that keeps what it accepts: a second copy would be seen."""

    def __init__(self) -> None:
        self.mensajes: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mensaje = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mensajes.append(mensaje)  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def recibidos() -> Iterator[tuple[Recibidos, int]]:
    servidor, puerto = Recibidos(), puerto_libre()
    control = Controller(servidor, hostname="127.0.0.1", port=puerto)
    control.start()
    yield servidor, puerto
    control.stop()


@pytest.mark.parametrize("demora", [0.0, 0.1, 0.2, 0.5])
def test_kill_9_del_trabajador(
    carpeta: Path, plantilla: Base, recibidos: tuple[Recibidos, int], demora: float
) -> None:
    servidor, puerto = recibidos
    with portal(carpeta, plantilla, EMAIL_URL=f"smtp://127.0.0.1:{puerto}") as en_marcha:
        matar_dos_veces(en_marcha, servidor, demora)


def matar_dos_veces(en_marcha: Portal, servidor: Recibidos, demora: float) -> None:
    navegador = Navegador(en_marcha)
    curp = sin_nss(en_marcha)
    camino = navegador.solicitar(curp)
    time.sleep(demora)
    matar_trabajador(en_marcha)
    navegador.esperar(camino, "domicilio")
    assert navegador.dar_domicilio(camino).estado == 302
    time.sleep(demora)
    matar_trabajador(en_marcha)
    desde = time.monotonic()
    navegador.esperar(camino, "resultado", plazo=30)
    while not servidor.mensajes and time.monotonic() - desde < 40:
        time.sleep(0.05)
    time.sleep(1)  # a copy, if there were one, would follow
    consultar = en_marcha.base.consultar
    [(nss,)] = consultar("SELECT nss FROM nss_portal_persona WHERE curp = %s", curp)
    assert nss
    assert consultar("SELECT COUNT(*) FROM nss_portal_tramite") == [(1,)]
    assert consultar("SELECT COUNT(*) FROM nss_portal_documento WHERE emitido IS NOT NULL") == [(2,)]
    assert consultar("SELECT COUNT(*) FROM nss_portal_envio") == [(1,)]
    # The number that was drawn is the number that was given: nothing was lost on the way.
    [(ultimo,)] = consultar("SELECT ultimo FROM afiliacion_serie WHERE prefijo = %s", nss[:2])
    assert int(nss[6:10]) == ultimo == 0
    [(envio,)] = consultar("SELECT id FROM nss_portal_envio")
    # At most one copy, and only of the mail that a kill caught between sending and stamping.
    assert 1 <= len(servidor.mensajes) <= 2
    for mensaje in servidor.mensajes:
        assert mensaje["Message-ID"].strip("<>").split("@")[0].replace("-", "") == str(envio).replace("-", "")
        assert len(list(mensaje.iter_attachments())) == 2


def test_nada_personal_en_bitacora_ni_nombres(en_marcha: Portal) -> None:
    navegador = Navegador(en_marcha)
    curp = sin_nss(en_marcha, 1)
    camino = navegador.solicitar(curp, "nombre.apellido@correo.example")
    navegador.esperar(camino, "domicilio")
    navegador.dar_domicilio(camino, "64000", "La Finca")
    navegador.esperar(camino, "resultado")
    matar_trabajador(en_marcha)
    Navegador(en_marcha).pedir(camino)
    [(nss,)] = en_marcha.base.consultar("SELECT nss FROM nss_portal_persona WHERE curp = %s", curp)
    nombres = " ".join(str(ruta) for ruta in en_marcha.carpeta.rglob("*"))
    for dato in (curp, nss, "nombre.apellido"):
        assert dato not in camino
        assert dato not in nombres
        # The start-up announces the demonstration's people; what came after names nobody.
        assert dato not in en_marcha.bitacora().split("Ctrl-C para terminar.")[-1]


def test_un_servidor_de_correo_mudo_no_detiene_a_nadie(carpeta: Path, plantilla: Base) -> None:
    """It accepts the connection and says nothing: numbers are given as fast as ever."""
    with socket.socket() as mudo:
        mudo.bind(("127.0.0.1", 0))
        mudo.listen(50)
        with portal(carpeta, plantilla, EMAIL_URL=f"smtp://127.0.0.1:{mudo.getsockname()[1]}") as en_marcha:
            for salto in range(3):
                navegador = Navegador(en_marcha)
                camino = navegador.solicitar(con_nss(en_marcha, salto))
                navegador.esperar(camino, "resultado", plazo=8)
                pagina = navegador.pedir(camino)
                assert "ha sido enviado a tu correo" not in pagina.texto


def con_nss(portal: Portal, salto: int = 0) -> str:
    [(curp,)] = portal.base.consultar(
        "SELECT curp FROM nss_portal_persona WHERE nss IS NOT NULL ORDER BY curp LIMIT 1 OFFSET %s", salto
    )
    return str(curp)


def test_un_captcha_comienza_un_solo_tramite(en_marcha: Portal) -> None:
    """The same solved letters, sent with different forms at the same instant: one passes."""
    navegador = Navegador(en_marcha)
    pagina = navegador.pedir("/nss/")
    clave = pagina.campo("captcha_0")
    datos = {
        "csrfmiddlewaretoken": pagina.campo("csrfmiddlewaretoken"),
        "curp": con_nss(en_marcha),
        "correo": "persona@correo.example",
        "correo_confirmacion": "persona@correo.example",
        "captcha_0": clave,
        "captcha_1": en_marcha.letras(clave),
    }
    barrera = threading.Barrier(6)

    def enviar(solicitud: str) -> int:
        barrera.wait()
        return navegador.pedir("/nss/", datos | {"solicitud": solicitud}).estado

    with ThreadPoolExecutor(6) as hilos:
        estados = sorted(hilos.map(enviar, [str(uuid.uuid4()) for _ in range(6)]))
    assert estados == [302, *[422] * 5]
    assert en_marcha.base.consultar("SELECT COUNT(*) FROM nss_portal_tramite") == [(1,)]


def test_doce_clics_a_la_vez_son_un_tramite(en_marcha: Portal) -> None:
    navegador = Navegador(en_marcha)
    pagina = navegador.pedir("/nss/")
    clave = pagina.campo("captcha_0")
    datos = {
        "csrfmiddlewaretoken": pagina.campo("csrfmiddlewaretoken"),
        "solicitud": pagina.campo("solicitud"),
        "curp": con_nss(en_marcha),
        "correo": "persona@correo.example",
        "correo_confirmacion": "persona@correo.example",
        "captcha_0": clave,
        "captcha_1": en_marcha.letras(clave),
    }
    with ThreadPoolExecutor(12) as hilos:
        respuestas = list(hilos.map(lambda _: navegador.pedir("/nss/", datos), range(12)))
    assert {r.estado for r in respuestas} == {302}
    assert len({r.cabeceras["Location"] for r in respuestas}) == 1
