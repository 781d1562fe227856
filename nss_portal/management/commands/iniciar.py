"""`manage.py iniciar`: the web server and the workers, in one process tree that dies together."""

import errno
import http.client
import os
import resource
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, Error, connections

from nss_portal.servicio.procesos import Supervisor, morir_con_el_padre

# granian as its command does it, with one thing more. A worker process is a fork: until it has its own
# handler, SIGTERM would run its parent's, which sets a flag in a copy that nobody reads, and be lost.
GRANIAN = """
import os, signal
os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
from granian.cli import entrypoint
entrypoint()
"""


CONEXIONES = 2048  # open at once in each web process


class Command(BaseCommand):
    help = "Inicia el portal: servidor web y trabajadores; si alguno muere, lo levanta."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--puerto", type=int, default=8000)
        parser.add_argument("--direccion", default="127.0.0.1", help="dónde escuchar (%(default)s)")
        parser.add_argument("--procesos-web", type=int, default=2, metavar="N")
        parser.add_argument("--trabajadores", type=int, default=1, metavar="N")
        parser.add_argument(
            "--plazo",
            type=int,
            choices=range(1, 61),
            default=15,
            metavar="SEGUNDOS",
            help="lo que se espera a quien envía o lee despacio (%(default)s; de 1 a 60)",
        )
        parte = parser.add_mutually_exclusive_group()
        parte.add_argument("--solo-web", action="store_true", help="sin trabajadores")
        parte.add_argument("--solo-trabajador", type=int, metavar="N", help="solo N trabajadores, sin web")
        parser.add_argument(
            "--con-el-padre",
            type=int,
            nargs="?",
            const=os.getppid(),
            metavar="PROCESO",
            help="termina cuando muera el proceso que lo inició",
        )

    def handle(self, **opciones: Any) -> None:
        if opciones["con_el_padre"]:
            morir_con_el_padre(padre=opciones["con_el_padre"])
        os.umask(0o077)  # database, documents and mails are nobody else's business
        os.environ["PORTAL_SUPERVISADO"] = "1"
        direccion, puerto = opciones["direccion"], opciones["puerto"]
        hijos: list[tuple[str, list[str]]] = []
        con_web = not opciones["solo_trabajador"]
        if con_web:
            reserva = reservar(direccion, puerto)  # noqa: F841 (held until the end)
            os.environ["PORTAL_PLAZO"] = str(opciones["plazo"])
            permitir_conexiones()
            hijos += [("web", argv_web(direccion, puerto, opciones["plazo"]))] * opciones["procesos_web"]
        if not opciones["solo_web"]:
            argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), "trabajador"]
            hijos += [("trabajador", argv)] * (opciones["solo_trabajador"] or opciones["trabajadores"])
            hijos.append(("correo", [*argv, "--cola", "correo"]))
        revisar_preparacion(con_web)
        supervisor = Supervisor(hijos)
        if con_web:
            threading.Thread(target=self.anunciar, args=(direccion, puerto), daemon=True).start()
        supervisor.correr()

    def anunciar(self, direccion: str, puerto: int) -> None:
        """Once the web answers, say where it is and, in demonstration, whom to try it with."""
        while not responde(direccion, puerto):
            time.sleep(0.05)
        anfitrion = f"[{direccion}]" if ":" in direccion else direccion
        lineas = [f"Portal listo: http://{anfitrion}:{puerto}/"]
        if settings.DEMO:
            lineas += [*ejemplos(), *usuarios(f"http://{anfitrion}:{puerto}")]
        self.stdout.write("\n".join([*lineas, "Ctrl-C para terminar."]))
        self.stdout.flush()


def revisar_preparacion(con_web: bool) -> None:
    """Leave with one sentence when there are no tables or no collected files: every page would fail."""
    try:
        preparada = "nss_portal_persona" in connections["default"].introspection.table_names()
    except DatabaseError as error:
        raise SystemExit(f"No puedo usar la base de datos: {str(error).strip().splitlines()[0]}") from None
    finally:
        connections.close_all()
    if not preparada:
        raise SystemExit("La base de datos está vacía. Prepárala con: manage.py migrate")
    if con_web and not (settings.STATIC_ROOT / "staticfiles.json").exists():
        raise SystemExit("Faltan los archivos estáticos. Reúnelos con: manage.py collectstatic")


def reservar(direccion: str, puerto: int) -> socket.socket:
    """Make sure that the port is ours, or leave with one sentence.

    The web processes share the port (SO_REUSEPORT), so nothing would stop a second portal from joining
    them unnoticed. The probe finds whoever listens; the name, whoever is about to (the kernel frees it
    when this process dies).
    """
    familia = socket.AF_INET6 if ":" in direccion else socket.AF_INET
    nombre = socket.socket(socket.AF_UNIX)
    try:
        with socket.socket(familia) as sonda:
            sonda.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sonda.bind((direccion, puerto))
        nombre.bind(f"\0nss-portal:{direccion}:{puerto}")
    except OverflowError:
        raise SystemExit(f"El puerto {puerto} no existe: elige uno entre 1 y 65535.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            otro = puerto + 1 if puerto < 65535 else 8000
            raise SystemExit(f"El puerto {puerto} está ocupado; prueba: make run PUERTO={otro}") from None
        if error.errno == errno.EACCES:
            raise SystemExit(
                f"No tienes permiso para abrir el puerto {puerto}; prueba: make run PUERTO=8000"
            ) from None
        raise SystemExit(f"No se puede abrir {direccion}, puerto {puerto}: {error.strerror}.") from None
    return nombre


def permitir_conexiones() -> None:
    """Raise our limit of open files, which the web processes inherit, as far as we may."""
    blando, duro = resource.getrlimit(resource.RLIMIT_NOFILE)
    quiero = CONEXIONES * 4  # a connection, its body, its answer
    tope = quiero if duro == resource.RLIM_INFINITY else min(duro, quiero)
    if blando != resource.RLIM_INFINITY and blando < tope:
        resource.setrlimit(resource.RLIMIT_NOFILE, (tope, duro))


def argv_web(direccion: str, puerto: int, plazo: int) -> list[str]:
    """One granian with one worker process: the supervisor, not granian, brings each back by itself.

    (granian's own respawn takes all of its workers down when one dies twice within seconds.)
    """
    opciones = {
        "interface": "asginl",
        "host": direccion,
        "port": puerto,
        "working-dir": settings.BASE_DIR,
        "http": "1",
        "workers": 1,
        # Open connections, idle and slow ones too: each costs a descriptor and, at worst, two small buffers.
        "backpressure": CONEXIONES,
        "http1-buffer-size": 64 * 1024,
        "http1-header-read-timeout": plazo * 1000,  # also closes idle connections
        "workers-kill-timeout": 5,
        "log-level": "warning",
    }
    # -P: the folder it is started from must not shadow the project's modules.
    programa = [sys.executable, "-P", "-c", GRANIAN, "nss_portal.asgi:application"]
    return [*programa, "--no-ws", "--no-access-log", *(f"--{k}={v}" for k, v in opciones.items())]


def responde(direccion: str, puerto: int) -> bool:
    conexion = http.client.HTTPConnection(direccion, puerto, timeout=5)
    anfitrion = (settings.ALLOWED_HOSTS or ["localhost"])[0]
    try:
        conexion.request("GET", "/salud/vivo/", headers={"Host": anfitrion})
        return conexion.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        conexion.close()


def ejemplos() -> list[str]:
    """Sample people, one a line. The parent keeps no database connection once they are read."""
    from nss_portal.demo import ficticias

    try:
        personas = [f"  {uno.curp}  {uno.descripcion}" for uno in ficticias.ejemplos()]
    except Error:  # no database yet: the portal is up all the same, and /salud/ says what is missing
        personas = []
    finally:
        connections.close_all()
    return ["CURP de ejemplo (ficticias):", *personas] if personas else []


def usuarios(direccion: str) -> list[str]:
    """The demonstration's users of the admin, from the file that `datos_demo` leaves."""
    archivo = settings.VAR_DIR / "usuarios-demo.txt"
    if not archivo.exists():
        return []
    filas = [linea.split("\t") for linea in archivo.read_text().splitlines() if linea.count("\t") == 2]
    ancho = max((len(campo) for fila in filas for campo in fila[:2]), default=0)
    return [
        f"Administración, {direccion}/admin/ (usuario, contraseña, para qué):",
        *(f"  {usuario:{ancho}}  {clave:{ancho}}  {para}" for usuario, clave, para in filas),
    ]
