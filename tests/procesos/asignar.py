"""Processes that assign numbers at once. Reads a JSON list from standard input, prints another.

Of each: {"curps": […], "subdelegacion": name or null, "hoy": "AAAA-MM-DD"}; with "muere": true it kills
itself once it has a number and before it is committed. It says {"nss": {curp: nss}, "fallas": […]}.
"""

import os
import signal
from collections.abc import Callable
from datetime import date
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "nss_portal.settings"
django.setup()

from django.db import transaction  # noqa: E402

from afiliacion.asignacion import asignar_nss  # noqa: E402
from afiliacion.models import Subdelegacion  # noqa: E402
from nss_portal.models import Persona  # noqa: E402
from tests.procesos.hijos import repartir  # noqa: E402


def hacer(pedido: dict[str, Any], listo: Callable[[], object]) -> dict[str, Any]:
    todas = list(Subdelegacion.objects.exclude(entidad=None).order_by("pk"))
    if pedido["subdelegacion"]:
        todas = [s for s in todas if s.nombre == pedido["subdelegacion"]]
    personas = [Persona.objects.get(curp=curp) for curp in pedido["curps"]]
    hoy = date.fromisoformat(pedido["hoy"])
    listo()
    nss: dict[str, str] = {}
    fallas = []
    if pedido.get("muere"):
        with transaction.atomic():
            asignar_nss(personas[0], todas[0], hoy)
            os.kill(os.getpid(), signal.SIGKILL)
    for numero, persona in enumerate(personas):
        try:
            nss[persona.curp] = asignar_nss(persona, todas[numero % len(todas)], hoy)
        except Exception as error:
            fallas.append(f"{type(error).__name__}: {error}")
    return {"nss": nss, "fallas": fallas}


repartir(hacer)
