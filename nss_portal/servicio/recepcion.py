"""Between the server and Django: whoever is slow holds a connection, and nothing else.

A worker thread gets a request when all of it is here, and is free before its answer leaves. So a few threads
a process are enough for any number of visitors on bad lines, or with bad intentions. Why it is here and what
it costs: docs/decisiones/0011-peticiones-lentas.md.
"""

import asyncio
import os
import socket
import stat
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any
from urllib.parse import unquote_to_bytes

from django.core.exceptions import RequestDataTooBig

type Mensaje = dict[str, Any]
type Recibir = Callable[[], Awaitable[Mensaje]]
type Enviar = Callable[[Mensaje], Awaitable[None]]

# A deadline moves on with the bytes that have passed: on a line this slow a school's roster still gets
# through, and who sends or reads a byte every few seconds does not gain time; nor does who sends much at once
# and then is silent.
RITMO = 16 * 1024  # bytes a second
EN_MEMORIA = 64 * 1024  # bytes of a body, and what is sent at once; a longer body is on disk
RESPUESTA_EN_MEMORIA = 256 * 1024  # pages and documents fit: they are served with the disk full
CUERPO_MAXIMO = 20 * 1024 * 1024  # a longer one goes to Django unread, and is refused there
CUERPOS_MAXIMO = 512 * 1024 * 1024  # on disk, of all those that a process holds at once


class Rechazo(Exception):
    """A request that does not reach Django, and the status that answers it."""

    def __init__(self, estado: HTTPStatus) -> None:
        self.estado = estado


class Cuerpo:
    """A request's body as it comes in: the beginning in memory, the rest on disk."""

    aqui = 0  # bytes on disk of all bodies that this process holds now

    def __init__(self, carpeta: Path) -> None:
        self.archivo = _temporal(EN_MEMORIA, carpeta)
        self.largo = self.en_disco = 0

    def agregar(self, trozo: bytes) -> None:
        self.largo += len(trozo)
        # A short one stays in memory: forms pass, however many long bodies there are.
        mas = max(self.largo - EN_MEMORIA, 0) - self.en_disco
        self.en_disco += mas
        Cuerpo.aqui += mas
        try:
            if mas and Cuerpo.aqui > CUERPOS_MAXIMO:
                raise OSError("too many bodies at once")
            self.archivo.write(trozo)
        except OSError:  # a full disk, too
            raise Rechazo(HTTPStatus.SERVICE_UNAVAILABLE) from None

    def __enter__(self) -> "Cuerpo":
        return self

    def __exit__(self, *_: object) -> None:
        Cuerpo.aqui -= self.en_disco
        self.archivo.close()


class SinLeer:
    """In the place of a body that is too long to be received: whoever reads it refuses the request."""

    def read(self, *_: int) -> bytes:
        raise RequestDataTooBig("the body is longer than CUERPO_MAXIMO")

    readline = read


class Recepcion:
    """An ASGI application around a WSGI one.

    `plazo`: the seconds that a visitor has to send a body or to read an answer. Long ones go to `carpeta`.
    """

    def __init__(self, wsgi: Any, *, hilos: int, plazo: float, carpeta: Path) -> None:
        self.wsgi, self.plazo, self.carpeta = wsgi, plazo, carpeta
        self.hilos = ThreadPoolExecutor(hilos, thread_name_prefix="peticion")

    async def __call__(self, scope: Mensaje, receive: Recibir, send: Enviar) -> None:
        environ = environ_de(scope)
        with Cuerpo(self.carpeta) as cuerpo:
            try:
                if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
                    await self._recibir(environ, receive, cuerpo)
            except Rechazo as rechazo:
                return await _rechazar(rechazo.estado, send)
            environ.setdefault("wsgi.input", cuerpo.archivo)
            bucle = asyncio.get_running_loop()
            inicio, salida = await bucle.run_in_executor(self.hilos, self._atender, environ)
        with salida:
            await self._enviar(inicio, salida, send)

    async def _recibir(self, environ: dict[str, Any], receive: Recibir, cuerpo: Cuerpo) -> None:
        """Read all of the body, in time, and tell Django its true length."""
        # The server has refused lengths that contradict each other; the same one may be there twice.
        dicho = environ.get("CONTENT_LENGTH", "").rpartition(",")[2].strip()
        largo, hay_mas = int(dicho) if dicho.isdecimal() else 0, True
        try:
            async with asyncio.timeout(self.plazo) as limite:
                vence = limite.when() or 0.0
                while hay_mas and max(largo, cuerpo.largo) <= CUERPO_MAXIMO:
                    mensaje = await receive()
                    if mensaje["type"] == "http.disconnect":  # gone, or it broke off what it announced
                        raise Rechazo(HTTPStatus.BAD_REQUEST)
                    cuerpo.agregar(mensaje.get("body", b""))
                    limite.reschedule(self._hasta(vence + cuerpo.largo / RITMO))
                    hay_mas = mensaje.get("more_body", False)
        except TimeoutError:
            raise Rechazo(HTTPStatus.REQUEST_TIMEOUT) from None
        if hay_mas:
            environ["wsgi.input"] = SinLeer()
        environ["CONTENT_LENGTH"] = str(max(largo, cuerpo.largo))
        cuerpo.archivo.seek(0)

    def _hasta(self, ganado: float) -> float:
        """What was gained with bytes, and from now on no more silence than the deadline."""
        return min(ganado, asyncio.get_running_loop().time() + self.plazo)

    def _atender(self, environ: dict[str, Any]) -> tuple[Mensaje, Any]:
        """In a worker thread: ask Django, and keep the whole of what it answers."""
        inicio: Mensaje = {"type": "http.response.start"}

        def start_response(estado: str, cabeceras: list[tuple[str, str]], _: object = None) -> None:
            inicio["status"] = int(estado.split(" ", 1)[0])
            inicio["headers"] = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in cabeceras]

        respuesta = self.wsgi(environ, start_response)
        salida = _temporal(RESPUESTA_EN_MEMORIA, self.carpeta)
        try:
            salida.writelines(respuesta)
            salida.seek(0)
        except BaseException:
            salida.close()
            raise
        finally:
            respuesta.close()
        return inicio, salida

    async def _enviar(self, inicio: Mensaje, salida: Any, send: Enviar) -> None:
        await send(inicio)
        trozo, enviado = salida.read(EN_MEMORIA), 0
        try:
            async with asyncio.timeout(self.plazo) as limite:
                vence = limite.when() or 0.0
                while siguiente := salida.read(EN_MEMORIA):
                    await send({"type": "http.response.body", "body": trozo, "more_body": True})
                    enviado, trozo = enviado + len(trozo), siguiente
                    limite.reschedule(self._hasta(vence + enviado / RITMO))
                await send({"type": "http.response.body", "body": trozo, "more_body": False})
        except TimeoutError:
            pass  # an answer that ends before its length closes the connection


def _temporal(en_memoria: int, carpeta: Path) -> "SpooledTemporaryFile[bytes]":
    return SpooledTemporaryFile(en_memoria, dir=str(carpeta))


async def _rechazar(estado: HTTPStatus, send: Enviar) -> None:
    cabeceras = [(b"content-length", b"0"), (b"connection", b"close")]
    if estado == HTTPStatus.SERVICE_UNAVAILABLE:
        cabeceras.append((b"retry-after", b"30"))
    await send({"type": "http.response.start", "status": estado, "headers": cabeceras})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def environ_de(scope: Mensaje) -> dict[str, Any]:
    """What PEP 3333 wants to know of a request, without its body."""
    servidor, puerto = scope["server"]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": servidor,
        "SERVER_PORT": str(puerto),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for nombre_en_bytes, valor_en_bytes in scope["headers"]:
        nombre, valor = nombre_en_bytes.decode("latin-1"), valor_en_bytes.decode("latin-1")
        if "_" in nombre:  # it would pass for the one that is written with hyphens
            continue
        clave = nombre.upper().replace("-", "_")
        if clave not in {"CONTENT_LENGTH", "CONTENT_TYPE"}:
            clave = f"HTTP_{clave}"
        if clave in environ:
            valor = environ[clave] + ("; " if clave == "HTTP_COOKIE" else ",") + valor
        environ[clave] = valor
    return environ


def cortar_a_quien_no_lee(plazo: float) -> None:
    """Have the kernel end a connection when its reader takes nothing for `plazo` seconds.

    What fits the server's buffers is out of our hands once it is given to it. Connections inherit the option
    from the socket that listens, and the server opens that one after it has loaded us: a thread waits for it.
    """

    def esperar() -> None:
        for _ in range(3000):
            if oyentes := _oyentes():
                break
            time.sleep(0.01)
        for oyente in oyentes:
            oyente.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(plazo * 1000))
            oyente.detach()

    threading.Thread(target=esperar, daemon=True).start()


def _oyentes() -> list[socket.socket]:
    """This process's listening sockets, still the server's: `detach` them."""
    encontrados = []
    for nombre in os.listdir("/proc/self/fd"):
        try:
            if not stat.S_ISSOCK(os.stat(int(nombre)).st_mode):
                continue
            enchufe = socket.socket(fileno=int(nombre))
        except OSError:  # closed meanwhile; one is the directory's own
            continue
        de_red = enchufe.family in {socket.AF_INET, socket.AF_INET6}
        if de_red and enchufe.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            encontrados.append(enchufe)
        else:
            enchufe.detach()
    return encontrados
