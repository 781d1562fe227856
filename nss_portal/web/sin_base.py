"""When the database is away: a page of the portal's own face that says «not now», and one line in the log.

Not every error of a database is that. A missing table or a wrong query is a defect of ours: it stays a 500
with its traceback.
"""

import logging
import sqlite3
import time
from collections.abc import Iterator
from http import HTTPStatus

from django.db import Error, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader

log = logging.getLogger(__name__)

SEGUNDOS = 10  # of Retry-After
CADA = 60.0  # seconds between two lines of the log

# SQLite's primary codes: another holds it too long, no memory, read-only, disk and file errors, no room.
_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOTADB,
}
# PostgreSQL's classes: connection, resources (disk, memory, connections), the system; and the server that is
# stopping, starting or serves only reads.
_CLASES = ("08", "53", "58", "57P", "25006")


def falta(error: BaseException | None) -> bool:
    """Whether the database's absence is what ended in `error`."""
    return any(_es_ausencia(uno) for uno in _cadena(error) if isinstance(uno, Error))


def _cadena(error: BaseException | None) -> Iterator[BaseException]:
    """`error` and what it came from: Django's session tells a failed save as another kind of error."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _es_ausencia(error: Error) -> bool:
    origen = error.__cause__
    if isinstance(origen, sqlite3.Error):
        return getattr(origen, "sqlite_errorcode", 0) & 0xFF in _SQLITE
    codigo = getattr(origen, "sqlstate", None)
    if codigo:
        return str(codigo).startswith(_CLASES)
    # Nobody answered who could give a code: there is no server, or the connection broke.
    if isinstance(error, InterfaceError):
        return "connection" in str(error)
    return isinstance(error, OperationalError)


def respuesta(
    request: HttpRequest, error: BaseException | None, dicha: HttpResponse | None = None
) -> HttpResponse:
    """503 in a shape that whoever asked can read: `dicha`, or what the address says.

    No database, no session; nothing is kept of what failed.
    """
    _anotar(error)
    if hasattr(request, "session"):
        request.session.modified = False  # it would be saved: an error again, or half of what was not done
    dicha = dicha or _por_la_direccion(request.path)
    dicha.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    dicha["Retry-After"], dicha["Cache-Control"] = str(SEGUNDOS), "no-store"
    return dicha


def _por_la_direccion(direccion: str) -> HttpResponse:
    if direccion.startswith(("/salud/", "/codigos-postales/")) or direccion.endswith("/estado/"):
        return JsonResponse({"error": "Ahora no podemos consultarlo. Inténtalo en un momento."})
    return HttpResponse(loader.render_to_string("503.html"))


_anotado = -CADA


def _anotar(error: BaseException | None) -> None:
    """One line a minute and process: while it lasts every request fails alike."""
    global _anotado
    if time.monotonic() - _anotado >= CADA:
        _anotado = time.monotonic()
        cual = next((uno for uno in _cadena(error) if isinstance(uno, Error)), error)
        log.error("la base de datos no responde: %s", str(cual).strip().partition("\n")[0])


class SinAusencias(logging.Filter):
    """For Django's log of requests: a 503 is an answer that we chose, not an incident each time."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) != HTTPStatus.SERVICE_UNAVAILABLE
