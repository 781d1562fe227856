"""One of many processes that register people at once. Reads JSON from standard input, prints JSON.

Input: {"barrera": folder, "quien": n, "hoy": "AAAA-MM-DD", "pasos": [[curp, clues, turno], …],
"mover": [[clues, turno, de, a], …]}. Output: {"altas": {curp: id}, "llenas": n, "fallas": […]}.
"""

import json
import os
import sys
import time
from datetime import date
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "nss_portal.settings"
django.setup()

from clinicas import alta  # noqa: E402
from clinicas.models import Clinica, Consultorio  # noqa: E402
from nss_portal.models import Persona  # noqa: E402

pedido = json.load(sys.stdin)
hoy = date.fromisoformat(pedido["hoy"])
clinicas = Clinica.objects.in_bulk()
personas = Persona.objects.in_bulk([curp for curp, _, _ in pedido["pasos"]], field_name="curp")
barrera = Path(pedido["barrera"])
(barrera / f"listo-{pedido['quien']}").touch()
while not (barrera / "ya").exists():
    time.sleep(0.001)
altas, llenas, fallas = {}, 0, []
for curp, clues, turno in pedido["pasos"]:
    try:
        altas[curp] = alta.registrar(personas[curp], clinicas[clues], turno, hoy=hoy).pk
    except alta.SinLugar:
        llenas += 1
    except Exception as error:
        fallas.append(f"{type(error).__name__}: {error}")
for clues, turno, de, a in pedido["mover"]:
    consultorios = Consultorio.objects.filter(clinica=clues, turno=turno)
    try:
        alta.reubicar(consultorios.get(numero=de), consultorios.get(numero=a), hoy)
    except Exception as error:
        fallas.append(f"{type(error).__name__}: {error}")
json.dump({"altas": altas, "llenas": llenas, "fallas": fallas}, sys.stdout)
