"""One of many processes that assign numbers at once. Reads JSON from standard input, prints JSON.

Input: {"barrera": folder, "quien": n, "curps": […], "subdelegacion": name or null, "hoy": "AAAA-MM-DD"};
with "muere": true it kills itself once it has a number and before it is committed.
Output: {"nss": {curp: nss}, "fallas": […]}.
"""

import json
import os
import signal
import sys
import time
from datetime import date
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "nss_portal.settings"
django.setup()

from django.db import transaction  # noqa: E402

from afiliacion.asignacion import asignar_nss  # noqa: E402
from afiliacion.models import Subdelegacion  # noqa: E402
from nss_portal.models import Persona  # noqa: E402

pedido = json.load(sys.stdin)
todas = list(Subdelegacion.objects.exclude(entidad=None).order_by("pk"))
if pedido["subdelegacion"]:
    todas = [s for s in todas if s.nombre == pedido["subdelegacion"]]
personas = [Persona.objects.get(curp=curp) for curp in pedido["curps"]]
barrera = Path(pedido["barrera"])
(barrera / f"listo-{pedido['quien']}").touch()
while not (barrera / "ya").exists():
    time.sleep(0.001)
nss, fallas = {}, []
if pedido.get("muere"):
    with transaction.atomic():
        asignar_nss(personas[0], todas[0], date.fromisoformat(pedido["hoy"]))
        os.kill(os.getpid(), signal.SIGKILL)
for numero, persona in enumerate(personas):
    try:
        nss[persona.curp] = asignar_nss(
            persona, todas[numero % len(todas)], date.fromisoformat(pedido["hoy"])
        )
    except Exception as error:
        fallas.append(f"{type(error).__name__}: {error}")
json.dump({"nss": nss, "fallas": fallas}, sys.stdout)
