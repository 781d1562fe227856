"""Whether the portal can do what it promises, part by part."""

import os
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import mailers
from django.core.mail.backends.smtp import EmailBackend
from django.db import Error, connection, transaction

from nss_portal.servicio.models import Latido

# Without one of these nothing is promised that can be kept; without the others it is kept later.
IMPRESCINDIBLES = ("base", "trabajador", "almacen", "disco")
ESPERA = 2.0  # seconds that a probe may take
VIGENCIA = 10  # seconds that what it found is believed: a monitor asks every few
DISCO_LIBRE = 64 * 1024 * 1024  # bytes: less is as good as full


def revisar() -> dict[str, bool]:
    """Each part -> usable now: base, trabajador, correo, almacen, disco, registro."""
    ajenas = _a_la_vez({"correo": _correo, "almacen": _almacen, "disco": _disco, "registro": _registro})
    try:
        trabajador, cartero = Latido.vivo("default"), Latido.vivo("correo")
    except Error:
        base = trabajador = cartero = False
    else:
        try:
            base = bool(cache.get("salud-base")) or _escribe()
        except Error as error:
            # A catalogue is being loaded: who writes waits for its turn, longer than a monitor does.
            base = connection.vendor == "sqlite" and "locked" in str(error)
    # The names and the order of the first edition; then what was added.
    return {
        "base": base,
        "trabajador": trabajador,
        "correo": cartero and ajenas["correo"],
        "almacen": ajenas["almacen"],
        "disco": ajenas["disco"],
        "registro": ajenas["registro"],
    }


def _escribe() -> bool:
    """Whether the database takes a row now: the portal's own, or the Error that says why not."""
    cursor = connection.cursor()
    if connection.vendor == "sqlite":
        [(paciencia,)] = cursor.execute("PRAGMA busy_timeout").fetchall()
        cursor.execute(f"PRAGMA busy_timeout = {int(ESPERA * 1000)}")
        try:
            Latido.latir("salud")
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {paciencia}")
    else:
        with transaction.atomic():
            cursor.execute(f"SET LOCAL statement_timeout = {int(ESPERA * 1000)}")
            Latido.latir("salud")
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    cache.set("salud-base", True, VIGENCIA)
    return True


# A probe that never ends (a dead network disk) holds one thread, not one for each time it is asked for.
_probando: dict[str, threading.Thread] = {}


def _a_la_vez(pruebas: dict[str, Callable[[], bool]]) -> dict[str, bool]:
    """What each probe finds, or found a moment ago; one that is late found nothing good."""
    claves = {parte: f"salud-{parte}" for parte in pruebas}
    for parte, prueba in pruebas.items():
        anterior = _probando.get(parte)
        if cache.get(claves[parte]) is None and not (anterior and anterior.is_alive()):
            _probando[parte] = threading.Thread(target=_probar, args=(claves[parte], prueba), daemon=True)
            _probando[parte].start()
    hasta = time.monotonic() + ESPERA
    hallado = {}
    for parte, clave in claves.items():
        if parte in _probando:
            _probando[parte].join(max(0.0, hasta - time.monotonic()))
        hallado[parte] = bool(cache.get_or_set(clave, False, VIGENCIA))
    return hallado


def _probar(clave: str, prueba: Callable[[], bool]) -> None:
    try:
        bien = prueba()
    except Exception:  # whatever it is, the part is not usable: each storage has errors of its own
        bien = False
    cache.set(clave, bien, VIGENCIA)


def _almacen() -> bool:
    """Whether a document can be kept, and read again."""
    contenido = b"salud"
    nombre = default_storage.save(f"salud-{uuid.uuid4()}", ContentFile(contenido))
    try:
        with default_storage.open(nombre) as archivo:
            return bool(archivo.read() == contenido)
    finally:
        default_storage.delete(nombre)


def _disco() -> bool:
    return shutil.disk_usage(settings.VAR_DIR).free >= DISCO_LIBRE


def _registro() -> bool:
    """Whether the population registry is there to be asked; the local table always is."""
    if not settings.RENAPO_URL:
        return True
    partes = urlsplit(settings.RENAPO_URL)
    return _contesta(partes.hostname or "", partes.port or (443 if partes.scheme == "https" else 80))


def _correo() -> bool:
    """Whether what is sent leaves: a folder that nobody reads is no mail outside the demonstration."""
    mailer = mailers.default
    if not settings.EMAIL_URL and (local := getattr(mailer, "carpeta", None)):
        if not (settings.DEMO or settings.DEBUG):
            return False
        return os.access(local if local.exists() else local.parent, os.W_OK)
    return _contesta(mailer.host, mailer.port) if isinstance(mailer, EmailBackend) else True


def _contesta(anfitrion: str, puerto: int) -> bool:
    with socket.create_connection((anfitrion, puerto), timeout=ESPERA):
        return True
