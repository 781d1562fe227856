"""How often something may be done: a token bucket in the database, behind hashed keys."""

import hashlib
import ipaddress
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from nss_portal.servicio.models import Cupo
from nss_portal.servicio.topes import Tope


def direccion(request: HttpRequest) -> str:
    """Whose request it is: the connection's address, or what a proxy of ours says of it."""
    propia = str(request.META.get("REMOTE_ADDR", ""))
    if propia in settings.PROXIES_CONFIABLES:
        # Only the last address was written by the proxy; whatever came before was sent by the visitor.
        return request.headers.get("X-Forwarded-For", propia).rsplit(",", 1)[-1].strip()
    return propia


def origen(request: HttpRequest) -> str:
    """A fingerprint of the network that asks: an IPv4 address, or the /64 of an IPv6, which is one home's."""
    texto = direccion(request)
    try:
        ip = ipaddress.ip_address(texto)
    except ValueError:
        ip = None
    if isinstance(ip, ipaddress.IPv6Address):
        texto = str(ipaddress.ip_network((ip, 64), strict=False))
    return salted_hmac("nss_portal.origen", texto, algorithm="sha256").hexdigest()[:16]


# Their mailboxes are the same with dots and without.
SIN_PUNTOS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def buzon(correo: str) -> str:
    """A mailbox by one name, to count what it asks for; mail goes to the address as it was typed.

    Case and «+tag» are put aside everywhere, which may take two mailboxes for one; dots where they are known
    to mean nothing. Applied twice, it changes nothing more.
    """
    local, _, dominio = correo.strip().casefold().rpartition("@")
    local = local.partition("+")[0] or local
    if dominio in SIN_PUNTOS:
        local, dominio = local.replace(".", "") or local, SIN_PUNTOS[dominio]
    return f"{local}@{dominio}"


def devolver(clave: str, tope: Tope) -> None:
    """Give back what `permitir` took, when it was not what the limit is for."""
    huella = hashlib.sha256(clave.encode()).hexdigest()
    Cupo.objects.filter(clave=huella).update(disponible=Least(F("disponible") + 1.0, float(tope.cupo)))


def permitir(clave: str, tope: Tope) -> bool:
    """Whether `clave` may act once more.

    The key is hashed: it may name a person or an address, the table must not.
    """
    huella, (cupo, ventana) = hashlib.sha256(clave.encode()).hexdigest(), tope
    with transaction.atomic():
        ahora = timezone.now()
        fila, nueva = Cupo.objects.select_for_update().get_or_create(
            clave=huella, defaults={"disponible": cupo - 1, "visto": ahora}
        )
        if nueva:
            return True
        if fila.visto > ahora + ventana:  # a clock was far ahead for a moment: do not wait for that day
            fila.visto = ahora
        # A clock that jumped back gives nothing, and takes nothing.
        lapso = max(ahora - fila.visto, timedelta(0)) / ventana
        disponible = min(float(cupo), fila.disponible + cupo * lapso)
        permitido = disponible >= 1
        # Never back: a host whose clock is behind must not fill the bucket of the one ahead.
        fila.disponible, fila.visto = disponible - permitido, max(fila.visto, ahora)
        fila.save(update_fields=["disponible", "visto"])
        return permitido
