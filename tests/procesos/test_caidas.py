"""kill -9 in the middle: what was accepted ends, once."""

import email
import email.policy
import os
import signal
import time

import pytest

from tests.procesos.portal import Navegador, Portal


def sin_nss(portal: Portal, salto: int = 0) -> str:
    [(curp,)] = portal.base.consultar(
        "SELECT curp FROM nss_portal_persona WHERE nss IS NULL ORDER BY curp LIMIT 1 OFFSET %s", salto
    )
    return str(curp)


def matar_trabajador(portal: Portal) -> None:
    for pid in portal.procesos("trabajador"):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("demora", [0.0, 0.05, 0.1, 0.2, 0.4, 0.8])
def test_kill_9_del_trabajador(en_marcha: Portal, demora: float) -> None:
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
    while not en_marcha.mensajes() and time.monotonic() - desde < 30:
        time.sleep(0.05)
    consultar = en_marcha.base.consultar
    [(nss,)] = consultar("SELECT nss FROM nss_portal_persona WHERE curp = %s", curp)
    assert nss
    assert consultar("SELECT COUNT(*) FROM nss_portal_tramite") == [(1,)]
    assert consultar("SELECT COUNT(*) FROM nss_portal_documento WHERE emitido IS NOT NULL") == [(2,)]
    assert consultar("SELECT COUNT(*) FROM nss_portal_envio") == [(1,)]
    # The number that was drawn is the number that was given: nothing was lost on the way.
    [(ultimo,)] = consultar("SELECT ultimo FROM afiliacion_serie WHERE prefijo = %s", nss[:2])
    assert int(nss[6:10]) == ultimo == 0
    [mensaje] = en_marcha.mensajes()
    leido = email.message_from_bytes(mensaje, policy=email.policy.default)
    [(envio,)] = consultar("SELECT id FROM nss_portal_envio")
    assert leido["Message-ID"].strip("<>").split("@")[0].replace("-", "") == str(envio).replace("-", "")
    assert len(list(leido.iter_attachments())) == 2


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
