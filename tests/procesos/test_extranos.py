"""A portal as production runs it, and a stranger with a list of CURPs and mailboxes of their own."""

import email
import email.policy
import re
import time
from pathlib import Path

from tests.procesos.portal import RAIZ, Base, Navegador, Portal, portal

CUANTAS = 8
DE_OTRA = {"nombres": "Irma", "primer_apellido": "Intrusa", "segundo_apellido": "Ajena"}


def confirmar(sitio: Portal, correo: str) -> None:
    """Open the newest link that the mailbox was sent, on another device, and press its button."""
    limite, suyos = time.monotonic() + 20, []
    while not suyos and time.monotonic() < limite:
        mensajes = [email.message_from_bytes(m, policy=email.policy.default) for m in sitio.mensajes()]
        suyos = [m for m in mensajes if m["To"] == correo]
        time.sleep(0.1)
    texto = suyos[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    camino = re.search(rf"{sitio.url}(/confirmar/\S+)", texto)[1]  # type: ignore[index]
    otro = Navegador(sitio)
    assert otro.enviar(camino, otro.pedir(camino), respuesta="si").estado == 200


def test_con_la_curp_y_un_correo_propio_no_se_obtiene_nada(carpeta: Path, plantilla: Base) -> None:
    llave = str(RAIZ / "var" / "sello" / "emisor.pem")
    with portal(carpeta, plantilla, DEMO="", SELLO_CLAVE=llave, SELLO_CERTIFICADO=llave) as sitio:
        de_una = "SELECT curp, nombres, primer_apellido, segundo_apellido FROM nss_portal_persona p "
        de_una += "WHERE nss IS {} NULL AND NOT EXISTS (SELECT 1 FROM nss_portal_vinculo v "
        de_una += "WHERE v.persona_id = p.id) ORDER BY curp LIMIT {}"
        con, sin = (sitio.base.consultar(de_una.format(no, CUANTAS // 2)) for no in ("NOT", ""))
        antes = sitio.base.consultar("SELECT count(*), count(nss) FROM nss_portal_persona")
        dicho = ""
        for n, (curp, *_) in enumerate([*con, *sin]):
            intrusa, correo = Navegador(sitio), f"intrusa{n}@correo.example"
            camino = intrusa.solicitar(curp, correo, **DE_OTRA)
            intrusa.esperar(camino, "confirmacion")
            confirmar(sitio, correo)
            intrusa.esperar(camino, "rechazo")
            pagina = intrusa.pedir(camino).texto
            assert 'data-motivo="identidad-no-comprobada"' in pagina
            dicho += pagina
        dicho += "".join(m.decode() for m in sitio.mensajes())
        assert not any(" ".join(nombre) in dicho for _, *nombre in [*con, *sin])
        assert sitio.base.consultar("SELECT count(*), count(nss) FROM nss_portal_persona") == antes
        for tabla in ("nss_portal_vinculo", "nss_portal_documento"):
            assert sitio.base.consultar(f"SELECT count(*) FROM {tabla} WHERE {_DE_AHORA[tabla]}") == [(0,)]

        # And who types their own name is attended.
        curp, nombres, primero, segundo = con[0]
        duena = Navegador(sitio)
        suyo = {"nombres": nombres, "primer_apellido": primero, "segundo_apellido": segundo}
        camino = duena.solicitar(curp, "duena@correo.example", **suyo)
        duena.esperar(camino, "confirmacion")
        confirmar(sitio, "duena@correo.example")
        duena.esperar(camino, "resultado")


_DE_AHORA = {
    "nss_portal_vinculo": "correo LIKE 'intrusa%'",
    "nss_portal_documento": "tramite_id IN (SELECT id FROM nss_portal_tramite WHERE correo LIKE 'intrusa%')",
}
