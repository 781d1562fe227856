"""A portal of real processes: its own database, folder and port; and a browser without a screen."""

import contextlib
import http.cookiejar
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

RAIZ = Path(__file__).resolve().parent.parent.parent


def puerto_libre() -> int:
    with socket.socket() as enchufe:
        enchufe.bind(("127.0.0.1", 0))
        return int(enchufe.getsockname()[1])


class Base:
    """A database of its own, copied from a prepared one: SQLite, or what DATABASE_URL names."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def sqlite(self) -> bool:
        return self.url.startswith("sqlite:")

    @property
    def archivo(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))

    def consultar(self, sql: str, *valores: Any) -> list[tuple[Any, ...]]:
        """Rows of a query written with %s; changes are committed."""
        if self.sqlite:
            with contextlib.closing(sqlite3.connect(self.archivo, timeout=20)) as conexion, conexion:
                # The CHECKs call it; in the product, Django registers its own.
                conexion.create_function("REGEXP", 2, lambda patron, texto: bool(re.search(patron, texto)))
                return conexion.execute(sql.replace("%s", "?"), valores).fetchall()
        with psycopg.connect(self.url, autocommit=True) as conexion:
            cursor = conexion.execute(sql, valores or None)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def copiar(self, carpeta: Path) -> "Base":
        if self.sqlite:
            destino = carpeta / "portal.sqlite3"
            shutil.copyfile(self.archivo, destino)
            return Base(f"sqlite:///{destino}")
        nombre = f"portal_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(_servidor(), autocommit=True) as conexion:
            conexion.execute(f'CREATE DATABASE "{nombre}" TEMPLATE "{self._nombre}"')
        return Base(_con_nombre(nombre))

    def borrar(self) -> None:
        if not self.sqlite:
            with psycopg.connect(_servidor(), autocommit=True) as conexion:
                conexion.execute(f'DROP DATABASE IF EXISTS "{self._nombre}" WITH (FORCE)')

    @property
    def _nombre(self) -> str:
        return urllib.parse.urlsplit(self.url).path.strip("/")


def _servidor() -> str:
    return os.environ["DATABASE_URL"]


def _con_nombre(nombre: str) -> str:
    return urllib.parse.urlsplit(_servidor())._replace(path=f"/{nombre}").geturl()


def base_vacia(carpeta: Path) -> Base:
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return Base(f"sqlite:///{carpeta / 'plantilla.sqlite3'}")
    nombre = f"plantilla_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(_servidor(), autocommit=True) as conexion:
        conexion.execute(f'CREATE DATABASE "{nombre}"')
    return Base(_con_nombre(nombre))


def entorno(carpeta: Path, base: Base, **cambios: str) -> dict[str, str]:
    """The environment of a portal: only what it needs of ours."""
    propio = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return propio | {
        "VAR_DIR": str(carpeta),
        "DATABASE_URL": base.url,
        "SECRET_KEY": "solo-para-las-pruebas",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DEMO": "1",
        **cambios,
    }


def manage(*argumentos: str, env: dict[str, str]) -> str:
    hecho = subprocess.run(
        [sys.executable, "manage.py", *argumentos],
        cwd=RAIZ,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert hecho.returncode == 0, hecho.stdout + hecho.stderr
    return hecho.stdout


class _SinRedirigir(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Respuesta:
    def __init__(self, estado: int, cabeceras: Any, cuerpo: bytes) -> None:
        self.estado, self.cabeceras, self.cuerpo = estado, cabeceras, cuerpo

    @property
    def texto(self) -> str:
        return self.cuerpo.decode()

    @property
    def pantalla(self) -> str:
        return re.search(r'<main[^>]*data-pantalla="([^"]+)"', self.texto)[1]  # type: ignore[index]

    def campo(self, nombre: str) -> str:
        entrada = re.search(rf'<input[^>]*name="{nombre}"[^>]*>', self.texto)
        assert entrada, f"no field {nombre}"
        return re.search(r'value="([^"]*)"', entrada[0])[1]  # type: ignore[index]


class Navegador:
    """A browser without JavaScript: cookies, forms, no redirections followed."""

    def __init__(self, portal: "Portal") -> None:
        self.portal = portal
        self.galletas = http.cookiejar.CookieJar()
        self.abridor = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.galletas),
            _SinRedirigir(),
            urllib.request.ProxyHandler({}),
        )

    def pedir(self, camino: str, datos: dict[str, str] | None = None) -> Respuesta:
        cuerpo = urllib.parse.urlencode(datos).encode() if datos is not None else None
        solicitud = urllib.request.Request(self.portal.url + camino, cuerpo)
        try:
            with self.abridor.open(solicitud, timeout=30) as r:
                return Respuesta(r.status, r.headers, r.read())
        except urllib.error.HTTPError as error:
            return Respuesta(error.code, error.headers, error.read())

    def enviar(self, camino: str, pagina: Respuesta, **datos: str) -> Respuesta:
        return self.pedir(camino, {"csrfmiddlewaretoken": pagina.campo("csrfmiddlewaretoken"), **datos})

    def solicitar(self, curp: str, correo: str = "persona@correo.example", **mas: str) -> str:
        """Fill in and send the form of step 1, and what it asks besides; the path of the trámite."""
        pagina = self.pedir("/nss/")
        clave = pagina.campo("captcha_0")
        respuesta = self.enviar(
            "/nss/",
            pagina,
            solicitud=pagina.campo("solicitud"),
            curp=curp,
            correo=correo,
            correo_confirmacion=correo,
            captcha_0=clave,
            captcha_1=self.portal.letras(clave),
            **mas,
        )
        assert respuesta.estado == 302, respuesta.texto
        return str(respuesta.cabeceras["Location"])

    def estado(self, camino: str) -> dict[str, Any]:
        return dict(json.loads(self.pedir(f"{camino}estado/").texto))

    def esperar(self, camino: str, *pantallas: str, plazo: float = 30) -> str:
        """Poll as the page does until it shows one of `pantallas`."""
        limite = time.monotonic() + plazo
        while time.monotonic() < limite:
            with contextlib.suppress(OSError, ValueError):
                if (pantalla := self.estado(camino)["pantalla"]) in pantallas:
                    return str(pantalla)
            time.sleep(0.05)
        raise AssertionError(f"{camino} did not reach {pantallas} in {plazo} s: {self.portal.bitacora()}")

    def dar_domicilio(self, camino: str, cp: str = "06600", colonia: str = "Juárez") -> Respuesta:
        datos = {"codigo_postal": cp, "colonia": colonia, "calle": "Calle de los Ejemplos"}
        pagina = self.pedir(camino)
        return self.enviar(f"{camino}domicilio/", pagina, numero_exterior="12", numero_interior="", **datos)


class Portal:
    """`manage.py iniciar` in a folder of its own."""

    def __init__(
        self, carpeta: Path, base: Base, *opciones: str, salud: str = "/salud/", **cambios: str
    ) -> None:
        self.carpeta, self.base, self.opciones, self.salud = carpeta, base, opciones, salud
        self.puerto = puerto_libre()
        self.url = f"http://127.0.0.1:{self.puerto}"
        self.env = entorno(carpeta, base, URL_PUBLICA=self.url, **cambios)
        self.salida = carpeta / "salida.txt"
        self.proceso: subprocess.Popen[bytes] | None = None

    def arrancar(self) -> None:
        argv = [sys.executable, "manage.py", "iniciar", "--puerto", str(self.puerto), *self.opciones]
        with self.salida.open("ab") as salida:
            self.proceso = subprocess.Popen(argv, cwd=RAIZ, env=self.env, stdout=salida, stderr=salida)
        limite = time.monotonic() + 30
        while time.monotonic() < limite and self.proceso.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url + self.salud, timeout=5) as r:
                if r.status == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"the portal did not start: {self.bitacora()}")

    def parar(self) -> None:
        if self.proceso:
            self.proceso.terminate()
            self.proceso.wait(20)
            self.proceso = None

    def bitacora(self) -> str:
        return self.salida.read_text() if self.salida.exists() else ""

    def procesos(self, que: str) -> list[int]:
        """Pids of this portal's processes whose command line has `que`."""
        encontrados = []
        for proc in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                pid = int(proc.name)
                orden = (proc / "cmdline").read_bytes().split(b"\0")
                suyo = f"VAR_DIR={self.carpeta}".encode() in (proc / "environ").read_bytes().split(b"\0")
                if suyo and que.encode() in orden:
                    encontrados.append(pid)
        return encontrados

    def letras(self, clave: str) -> str:
        """What a person reads in the image."""
        sql = "SELECT response FROM captcha_captchastore WHERE hashkey = %s"
        [(respuesta,)] = self.base.consultar(sql, clave)
        return str(respuesta)

    def mensajes(self) -> list[bytes]:
        return [ruta.read_bytes() for ruta in sorted((self.carpeta / "correo").glob("*.eml"))]


@contextlib.contextmanager
def portal(carpeta: Path, plantilla: Base, *opciones: str, **cambios: str) -> Iterator[Portal]:
    base = plantilla.copiar(carpeta)
    corriendo = Portal(carpeta, base, *opciones, **cambios)
    try:
        corriendo.arrancar()
        yield corriendo
    finally:
        corriendo.parar()
        base.borrar()


def a_la_vez(carpeta: Path, base: Base, programa: str, pedidos: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One process of `tests/procesos/<programa>` a request, all let go at the same moment; what each says."""
    hecho = subprocess.run(
        [sys.executable, RAIZ / "tests/procesos" / programa],
        env=entorno(carpeta, base, PYTHONPATH=str(RAIZ)),
        input=json.dumps([{"hoy": "2026-11-19"} | pedido for pedido in pedidos]),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert hecho.returncode == 0, (hecho.returncode, hecho.stderr)
    return list(json.loads(hecho.stdout))
