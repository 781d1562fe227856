"""What is told from what: a database that is away, and a defect of ours."""

import logging
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import Error, connection, connections, transaction
from django.db.utils import ConnectionHandler
from django.test import Client

from nss_portal.models import Latido
from nss_portal.web import sin_base

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"timeout": 0.1}}


def error_de(hacer: Callable[[], object]) -> Error:
    with pytest.raises(Error) as atrapado:
        hacer()
    return atrapado.value


def conexion(**ajustes: Any) -> Any:
    return ConnectionHandler({"default": ajustes})["default"]


@pytest.fixture
def archivo(tmp_path: Path) -> Iterator[Any]:
    """A SQLite file with a table."""
    una = conexion(**SQLITE, NAME=tmp_path / "base.sqlite3")
    una.cursor().execute("CREATE TABLE cosa (id INTEGER PRIMARY KEY CHECK (id > 0))")
    yield una
    una.close()


@pytest.mark.django_db
def test_sqlite(archivo: Any, tmp_path: Path) -> None:
    ejecutar = archivo.cursor().execute
    for defecto in ("SELECT * FROM no_hay", "SELEC", "INSERT INTO cosa VALUES (-1)", "SELECT ? FROM cosa"):
        assert not sin_base.falta(error_de(lambda sql=defecto: ejecutar(sql))), defecto

    with sqlite3.connect(tmp_path / "base.sqlite3", autocommit=True) as otra:
        otra.execute("BEGIN EXCLUSIVE")
        assert sin_base.falta(error_de(lambda: ejecutar("INSERT INTO cosa VALUES (1)")))
        otra.execute("ROLLBACK")
    otra.close()

    [(paginas,)] = ejecutar("PRAGMA page_count").fetchall()
    ejecutar(f"PRAGMA max_page_count = {paginas}")  # as on a full disk
    muchas = "INSERT INTO cosa WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 9999)"
    assert sin_base.falta(error_de(lambda: ejecutar(f"{muchas} SELECT x FROM n")))

    ejecutar("PRAGMA query_only = 1")
    assert sin_base.falta(error_de(lambda: ejecutar("INSERT INTO cosa VALUES (1)")))
    carpeta = conexion(**SQLITE, NAME=tmp_path)
    assert sin_base.falta(error_de(carpeta.cursor))


@pytest.fixture
def pg(db: None) -> Iterator[Any]:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    una = connection.copy()
    yield una
    una.close()


def test_postgresql(pg: Any) -> None:
    ejecutar = pg.cursor().execute
    cancelar = "SELECT pg_cancel_backend(pg_backend_pid())"
    for defecto in ("SELECT * FROM no_hay", "SELEC", "SELECT 1 / 0", cancelar):
        assert not sin_base.falta(error_de(lambda sql=defecto: ejecutar(sql))), defecto
    ejecutar("SET default_transaction_read_only = on")
    assert sin_base.falta(error_de(lambda: ejecutar("CREATE TABLE cosa (id int)")))
    # The connection is lost in the middle; what is asked of it afterwards is no other thing.
    assert sin_base.falta(error_de(lambda: ejecutar("SELECT pg_terminate_backend(pg_backend_pid())")))
    assert sin_base.falta(error_de(lambda: ejecutar("SELECT 1")))
    with socket.socket() as mudo:
        mudo.bind(("127.0.0.1", 0))
        nadie = conexion(**connection.settings_dict | {"PORT": mudo.getsockname()[1]})
        assert sin_base.falta(error_de(nadie.cursor))


def test_lo_que_no_es_de_la_base() -> None:
    assert not any(map(sin_base.falta, (None, ValueError(), ObjectDoesNotExist(), ConnectionError())))


@pytest.fixture
def registro() -> Iterator[list[logging.LogRecord]]:
    """What reaches the log."""
    vistos: list[logging.LogRecord] = []
    manejador = logging.Handler()
    manejador.emit = vistos.append  # type: ignore[method-assign]
    for nombre in ("django", "nss_portal"):
        logging.getLogger(nombre).addHandler(manejador)
    yield vistos
    for nombre in ("django", "nss_portal"):
        logging.getLogger(nombre).removeHandler(manejador)


@pytest.mark.usefixtures("django_db_setup")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="a file has no connection that breaks")
def test_se_pierde_a_media_visita(registro: list[logging.LogRecord], django_db_blocker: Any) -> None:
    """Half of a visit was done when the connection breaks: 503, and one line in the log for all of them.

    Outside a transaction of the test's, which would break with it; nothing is written, and the database is
    left as it was.
    """
    with django_db_blocker.unblock():
        _perder_la_conexion(registro)
        connections.close_all()


def _perder_la_conexion(registro: list[logging.LogRecord]) -> None:
    patch.object(sin_base, "_anotado", -sin_base.CADA).start()
    cliente = Client(raise_request_exception=False)

    def romper() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    for _ in range(3):
        with patch("nss_portal.demo.ficticias.ejemplos", side_effect=romper):
            respuesta = cliente.get("/")
        assert respuesta.status_code == 503 and respuesta["Retry-After"]
        connections.close_all()
    assert [linea.name for linea in registro] == ["nss_portal.web.sin_base"]
    assert cliente.get("/").status_code == 200


@pytest.mark.django_db
def test_un_defecto_nuestro_sigue_siendo_500(registro: list[logging.LogRecord]) -> None:
    """A table that is missing is not a database that is away: whoever operates it must see the traceback."""

    def sin_tabla() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_hay")

    cliente = Client(raise_request_exception=False)
    with patch("nss_portal.demo.ficticias.ejemplos", side_effect=sin_tabla):
        respuesta = cliente.get("/")
    assert respuesta.status_code == 500 and "Algo falló" in respuesta.content.decode()
    assert [linea.name for linea in registro] == ["django.request"] and registro[0].exc_info
    with patch.object(Latido, "vivo", side_effect=ValueError):
        assert cliente.get("/salud/").status_code == 500


@pytest.mark.django_db
def test_una_sesion_que_no_se_guarda(registro: list[logging.LogRecord], archivo: Any, tmp_path: Path) -> None:
    """Django tells it as a bad request; whoever visits must not be told that it is their fault."""
    with sqlite3.connect(tmp_path / "base.sqlite3", autocommit=True) as otra:
        otra.execute("BEGIN EXCLUSIVE")
        ocupada = error_de(lambda: archivo.cursor().execute("INSERT INTO cosa VALUES (1)"))
    otra.close()
    cliente = Client(raise_request_exception=False)
    sesion = cliente.session
    sesion["navegador"] = "uno"
    sesion.save()
    assert cliente.post("/sesion/").status_code == 302
    with patch("django.contrib.sessions.models.Session.save", side_effect=ocupada):
        assert cliente.post("/sesion/").status_code == 503
