"""How often something may be done: a token bucket in the database, behind hashed keys."""

import hashlib
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from nss_portal.models import Cupo


def direccion(request: HttpRequest) -> str:
    """Whose request it is: the connection's address, or what a proxy of ours says of it."""
    propia = str(request.META.get("REMOTE_ADDR", ""))
    if propia in settings.PROXIES_CONFIABLES:
        # Only the last address was written by the proxy; whatever came before was sent by the visitor.
        return request.headers.get("X-Forwarded-For", propia).rsplit(",", 1)[-1].strip()
    return propia


def permitir(clave: str, cupo: int, ventana: timedelta) -> bool:
    """Whether `clave` may act once more: at most `cupo` times at once, refilled evenly over `ventana`.

    The key is hashed: it may name a person or an address, the table must not.
    """
    huella = hashlib.sha256(clave.encode()).hexdigest()
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
