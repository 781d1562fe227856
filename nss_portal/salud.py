"""Whether the portal can do what it promises, part by part."""

import os
import socket

from django.conf import settings
from django.core.cache import cache
from django.core.mail import mailers
from django.core.mail.backends.smtp import EmailBackend
from django.db import DatabaseError

from nss_portal.correo import BuzonLocal
from nss_portal.models import Latido


def revisar() -> dict[str, bool]:
    """`{"base", "trabajador", "correo"}` -> usable now."""
    try:
        trabajador, cartero = Latido.vivo("default"), Latido.vivo("correo")
    except DatabaseError:
        return {"base": False, "trabajador": False, "correo": False}
    # A monitor asks every few seconds: the mail server is not to be knocked at each time.
    correo = cartero and bool(cache.get_or_set("salud-correo", _correo, timeout=10))
    return {"base": True, "trabajador": trabajador, "correo": correo}


def _correo() -> bool:
    """Whether what is sent leaves: a folder that nobody reads is no mail outside the demonstration."""
    mailer = mailers.default
    if isinstance(mailer, BuzonLocal):
        if not (settings.DEMO or settings.DEBUG):
            return False
        carpeta = mailer.carpeta if mailer.carpeta.exists() else mailer.carpeta.parent
        return os.access(carpeta, os.W_OK)
    if isinstance(mailer, EmailBackend):
        try:
            socket.create_connection((mailer.host, mailer.port), timeout=2).close()
        except OSError:
            return False
    return True
