"""A prepared database, made once for each state of the code and copied by whoever needs one.

Migrations, the country's postal codes and the demonstration take some ten seconds; a copy takes one. SQLite's
copies are files under var/pruebas/; PostgreSQL's are databases of the server that DATABASE_URL names.
"""

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psycopg

RAIZ = Path(__file__).resolve().parent.parent
CARPETA = RAIZ / "var" / "pruebas"
SERVIDOR = os.environ.get("DATABASE_URL", "")
EN_POSTGRES = SERVIDOR.startswith("postgres")
_PREFIJO = "plantilla"


@cache
def huella() -> str:
    """What the prepared database depends on: all of the product's code and data, its libraries, the day.

    Whoever tries changes of the code that are not to last names the one to go on using.
    """
    if dada := os.environ.get("PLANTILLA"):
        return dada
    fuentes = [RAIZ / "requirements.txt", *(RAIZ / "fixtures").iterdir(), Path(__file__)]
    for app in ("nss_portal", "afiliacion", "vigencia", "clinicas"):
        fuentes += sorted((RAIZ / app).rglob("*.py"))
    suma = hashlib.sha256(f"{date.today()} {sys.version}".encode())
    for ruta in fuentes:
        suma.update(ruta.read_bytes())
    return suma.hexdigest()[:16]


@contextmanager
def _turno() -> Iterator[None]:
    """One process prepares; the others wait and find it done."""
    CARPETA.mkdir(parents=True, exist_ok=True)
    with (CARPETA / ".turno").open("w") as candado:
        fcntl.flock(candado, fcntl.LOCK_EX)
        yield


def con_nombre(nombre: str) -> str:
    return urlsplit(SERVIDOR)._replace(path=f"/{nombre}").geturl()


def ordenar(sql: str) -> None:
    """Say it to the server itself, outside any transaction."""
    with psycopg.connect(SERVIDOR, autocommit=True) as conexion:
        conexion.execute(sql)  # type: ignore[call-overload]


def preparada(personas: int = 0) -> str:
    """The URL of a database with the demonstration and that many more people, made now if there is none.

    It is to be copied, not used. Beside it, `usuarios(personas)` has the passwords of its users.
    """
    nombre = f"{_PREFIJO}_{huella()}_{personas}"
    with _turno():
        if EN_POSTGRES:
            with psycopg.connect(SERVIDOR) as conexion:
                if conexion.execute("SELECT 1 FROM pg_database WHERE datname = %s", [nombre]).fetchone():
                    return con_nombre(nombre)
            ordenar(f'DROP DATABASE IF EXISTS "{nombre}_a_medias"')
            ordenar(f'CREATE DATABASE "{nombre}_a_medias"')
            _llenar(con_nombre(f"{nombre}_a_medias"), personas)
            ordenar(f'ALTER DATABASE "{nombre}_a_medias" RENAME TO "{nombre}"')
            return con_nombre(nombre)
        archivo = CARPETA / f"{nombre}.sqlite3"
        if not archivo.exists():
            for vieja in CARPETA.glob(f"{_PREFIJO}_*"):
                if huella() not in vieja.name:
                    vieja.unlink()
            a_medias = archivo.with_suffix(".a-medias")
            a_medias.unlink(missing_ok=True)
            _llenar(f"sqlite:///{a_medias}", personas)
            with closing(sqlite3.connect(a_medias)) as conexion:  # one file, without its log beside it
                conexion.execute("PRAGMA journal_mode=DELETE")
            a_medias.rename(archivo)
        return f"sqlite:///{archivo}"


def usuarios(personas: int) -> Path:
    return CARPETA / f"usuarios_{huella()}_{personas}_{'postgres' if EN_POSTGRES else 'sqlite'}.txt"


def _llenar(url: str, personas: int) -> None:
    with TemporaryDirectory() as var:
        _manage("migrate", DATABASE_URL=url, VAR_DIR=var)
        _manage("datos_demo", "--personas", str(personas), DATABASE_URL=url, VAR_DIR=var)
        for viejos in CARPETA.glob("usuarios_*"):
            if huella() not in viejos.name:
                viejos.unlink()
        shutil.move(f"{var}/usuarios-demo.txt", usuarios(personas))


def _manage(*orden: str, **variables: str) -> None:
    """With the product's own settings: what the tests make cheaper, such as passwords, is not."""
    entorno = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "TMPDIR"}}
    entorno |= {"DEMO": "1", "SECRET_KEY": "solo-para-las-pruebas", "ALLOWED_HOSTS": "127.0.0.1", **variables}
    orden = (sys.executable, "manage.py", *orden, "--verbosity=0")
    hecho = subprocess.run(orden, cwd=RAIZ, env=entorno, capture_output=True, text=True)
    assert hecho.returncode == 0, hecho.stdout + hecho.stderr


def copiar_en_memoria(nombre: str) -> sqlite3.Connection:
    """Copy the prepared SQLite into one in memory; it is there while the connection is open."""
    origen = preparada().removeprefix("sqlite:///")
    destino = sqlite3.connect(nombre, uri=True)
    with closing(sqlite3.connect(origen)) as conexion:
        conexion.backup(destino)
    return destino


def estaticos(destino: Path) -> None:
    """The collected static files, as production serves them, in a folder that is not there yet."""
    suma = hashlib.sha256()
    for ruta in sorted(ruta for ruta in (RAIZ / "static").rglob("*") if ruta.is_file()):
        suma.update(ruta.read_bytes())
    reunidos = CARPETA / f"static_{huella()}_{suma.hexdigest()[:16]}"
    with _turno():
        if not reunidos.exists():
            for viejos in CARPETA.glob("static_*"):
                shutil.rmtree(viejos)
            a_medias = CARPETA / "a-medias"
            shutil.rmtree(a_medias, ignore_errors=True)
            _manage("collectstatic", "--no-input", VAR_DIR=str(a_medias))
            (a_medias / "static").rename(reunidos)
    shutil.copytree(reunidos, destino)
