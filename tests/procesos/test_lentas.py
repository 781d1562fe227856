"""Whoever sends or reads slowly holds a connection and nothing else; what came whole is served as ever."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nss_portal.web.forms import PESA_DE_MAS
from tests.procesos.portal import Base, Navegador, Portal, portal
from tests.procesos.test_caidas import con_nss

PLAZO = 3
CABECERAS = b"Host: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
FORMA = b"POST %s HTTP/1.1\r\n" + CABECERAS + b"Content-Length: 5000\r\n\r\ncurp="
# How each kind begins, and what it goes on sending, a byte at a time.
LENTAS = [
    (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Nada: ", b"x"),
    (FORMA % b"/nss/", b"x"),
    (FORMA % b"/api/v1/tramites/", b"x"),
    (b"POST /vigencia/ HTTP/1.1\r\n" + CABECERAS + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    # It asks for more than the buffers on the way hold, and reads none of it.
    (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 400, b""),
]


class Lentas:
    """`cuantas` slow connections, of all kinds, that drip as long as they are let."""

    def __init__(self, puerto: int, cuantas: int) -> None:
        self.puerto, self.cuantas, self.fin = puerto, cuantas, threading.Event()
        self.abiertas: list[tuple[socket.socket, bytes]] = []

    def abrir(self) -> None:
        for numero in range(self.cuantas):
            comienzo, gota = LENTAS[numero % len(LENTAS)]
            enchufe = socket.socket()
            enchufe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            enchufe.connect(("127.0.0.1", self.puerto))
            enchufe.setblocking(False)
            enchufe.send(comienzo)
            self.abiertas.append((enchufe, gota))

    def gotear(self) -> None:
        while not self.fin.wait(0.5):
            for enchufe, gota in self.abiertas:
                with contextlib.suppress(OSError):  # closed by the other side, which is what is hoped for
                    enchufe.send(gota)

    def cerrar(self) -> None:
        self.fin.set()
        for enchufe, _ in self.abiertas:
            enchufe.close()

    def vivas(self) -> int:
        """Connections that the portal still has open."""
        aqui = f":{self.puerto:04X}"
        filas = [linea.split() for linea in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sum(fila[1].endswith(aqui) and fila[3] == "01" for fila in filas)


@pytest.fixture
def con_prisa(carpeta: Path, plantilla: Base) -> Iterator[Portal]:
    with portal(carpeta, plantilla, "--plazo", str(PLAZO)) as corriendo:
        yield corriendo


def test_doscientas_lentas_no_detienen_a_nadie(con_prisa: Portal) -> None:
    lentas = Lentas(con_prisa.puerto, 200)
    goteo = threading.Thread(target=lentas.gotear)
    try:
        lentas.abrir()
        goteo.start()
        navegador = Navegador(con_prisa)
        for _ in range(3):
            assert json.loads(navegador.pedir("/salud/vivo/").texto) == {"estado": "ok"}
            assert navegador.pedir("/").estado == 200
        camino = navegador.solicitar(con_nss(con_prisa))
        assert navegador.esperar(camino, "resultado") == "resultado"
        limite = time.monotonic() + 60
        while lentas.vivas() and time.monotonic() < limite:
            time.sleep(0.2)
        assert lentas.vivas() == 0
        assert "Traceback" not in con_prisa.bitacora()
    finally:
        lentas.cerrar()
        goteo.join()


def preguntar(portal: Portal, peticion: bytes) -> bytes:
    """All that the portal says to these very bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", portal.puerto), timeout=30) as enchufe:
        enchufe.sendall(peticion)
        return b"".join(iter(lambda: enchufe.recv(65536), b""))


def test_lo_que_dice_el_protocolo(con_prisa: Portal) -> None:
    """Bodies in pieces, announced, asked for first, cut short, too long; heads; several on a connection."""
    forma = b"folio=x&codigo=y"
    post = b"POST /verificar/ HTTP/1.1\r\n" + CABECERAS
    galleta = b"Cookie: csrftoken=" + b"a" * 32 + b"\r\nConnection: close\r\n"
    forma += b"&csrfmiddlewaretoken=" + b"a" * 32
    largo = b"Content-Length: %d\r\n"
    entera = preguntar(con_prisa, post + galleta + largo % len(forma) + b"\r\n" + forma)
    assert entera.startswith(b"HTTP/1.1 422 ")  # a form that was read and refused
    a_trozos = b"".join(b"1\r\n%c\r\n" % letra for letra in forma) + b"0\r\n\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    assert preguntar(con_prisa, post + galleta + chunked + a_trozos).startswith(b"HTTP/1.1 422 ")

    # Asked for first: nothing is sent before the server says that it will read.
    with socket.create_connection(("127.0.0.1", con_prisa.puerto), timeout=30) as enchufe:
        enchufe.sendall(post + galleta + largo % len(forma) + b"Expect: 100-continue\r\n\r\n")
        assert enchufe.recv(100).startswith(b"HTTP/1.1 100 Continue")
        enchufe.sendall(forma)
        assert enchufe.recv(100).startswith(b"HTTP/1.1 422 ")

    # Cut short: the visitor stops half-way and says so; Django is not given the half.
    with socket.create_connection(("127.0.0.1", con_prisa.puerto), timeout=30) as enchufe:
        enchufe.sendall(post + galleta + largo % (len(forma) + 9) + b"\r\n" + forma)
        enchufe.shutdown(socket.SHUT_WR)
        assert enchufe.recv(100).startswith(b"HTTP/1.1 400 ")
    # It stops half-way and says nothing.
    assert preguntar(con_prisa, post + largo % 99 + b"\r\n" + forma).startswith(b"HTTP/1.1 408 ")

    cabeza = preguntar(con_prisa, b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert cabeza.startswith(b"HTTP/1.1 200 ") and cabeza.endswith(b"\r\n\r\n")
    vivo = b"GET /salud/vivo/ HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n"
    assert preguntar(con_prisa, vivo % b"" + vivo % b"Connection: close\r\n").count(b'{"estado": "ok"}') == 2
    assert "Traceback" not in con_prisa.bitacora()


@pytest.mark.parametrize("anunciado", [True, False])
@pytest.mark.parametrize(
    ("camino", "megas", "estado", "dice"),
    [
        ("/nss/", 30, b"413", "Lo que enviaste es demasiado grande"),
        ("/verificar/", 30, b"422", PESA_DE_MAS),  # says so in its own page, unread
        ("/verificar/", 3, b"422", PESA_DE_MAS),  # received, spooled and read
    ],
)
def test_lo_que_pesa(
    con_prisa: Portal, camino: str, megas: int, estado: bytes, dice: str, anunciado: bool
) -> None:
    partes = (
        b'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n' + b"a" * 32 + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="archivo"; filename="a.pdf"\r\n\r\n'
    )
    cuerpo = partes + b"x" * (megas * 2**20) + b"\r\n--x--\r\n"
    largo = b"Content-Length: %d" % len(cuerpo) if anunciado else b"Transfer-Encoding: chunked"
    with socket.create_connection(("127.0.0.1", con_prisa.puerto), timeout=30) as enchufe:
        enchufe.sendall(
            f"POST {camino} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Cookie: csrftoken={'a' * 32}\r\n".encode()
            + largo
            + b"\r\n\r\n"
        )
        with contextlib.suppress(ConnectionError):  # refused before all of it was sent
            enchufe.sendall(cuerpo if anunciado else b"%x\r\n%b\r\n0\r\n\r\n" % (len(cuerpo), cuerpo))
        respuesta = b""
        with contextlib.suppress(ConnectionError):
            while trozo := enchufe.recv(65536):
                respuesta += trozo
                if b"</html>" in trozo:
                    break
    assert respuesta.split(b" ", 2)[1] == estado and dice in respuesta.decode()
