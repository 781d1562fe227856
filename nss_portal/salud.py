"""Whether the portal can do what it promises, part by part."""

import os
import socket

from django.core.cache import cache
from django.core.mail import mailers
from django.core.mail.backends.smtp import EmailBackend
from django.db import DatabaseError, connection

from nss_portal.correo import BuzonLocal
from nss_portal.models import Latido


def revisar() -> dict[str, bool]:
    """`{"base", "trabajador", "correo"}` -> usable now."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        base, trabajador = True, Latido.vivo("trabajador")
    except DatabaseError:
        base = trabajador = False
    # A monitor asks every few seconds: the mail server is not to be knocked at each time.
    correo = cache.get_or_set("salud-correo", _correo, timeout=10)
    return {"base": base, "trabajador": trabajador, "correo": bool(correo)}


def _correo() -> bool:
    mailer = mailers.default
    if isinstance(mailer, BuzonLocal):
        carpeta = mailer.carpeta if mailer.carpeta.exists() else mailer.carpeta.parent
        return os.access(carpeta, os.W_OK)
    if isinstance(mailer, EmailBackend):
        try:
            socket.create_connection((mailer.host, mailer.port), timeout=2).close()
        except OSError:
            return False
    return True
