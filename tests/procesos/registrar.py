"""Processes that register people at once. Reads a JSON list from standard input, prints another.

Of each: {"hoy": "AAAA-MM-DD", "pasos": [[curp, clues, turno], …], "mover": [[clues, turno, de, a], …],
"papeles": [[curp, clues, turno], …]}, of which each asks as the web does for the papers of a change or,
without a clues, for those of where the person is. It says {"altas": {curp: id}, "llenas": n, "fallas": […]}.
"""

import os
import time
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "nss_portal.settings"
django.setup()

from clinicas import alta, registro  # noqa: E402
from clinicas.models import Clinica, Consultorio, Peticion  # noqa: E402
from nss_portal.models import Estado, Persona, Tramite  # noqa: E402
from nss_portal.tramites import maquina  # noqa: E402
from tests.procesos.hijos import repartir  # noqa: E402

# Between knowing where somebody is and writing it down, time for others to move them.
_congelar = maquina.congelar


def congelar_despacio(*que: Any) -> None:
    time.sleep(0.02)
    _congelar(*que)


maquina.congelar = congelar_despacio


def pedir_papeles(clinicas: dict[str, Clinica], curp: str, clues: str, turno: str) -> None:
    tramite = maquina.iniciar(Tramite.Tipo.CLINICA, uuid.uuid4(), "", curp, "", Tramite.Canal.VENTANILLA)
    Peticion.objects.create(tramite=tramite, codigo_postal_id="64000", cambio=bool(clues))
    registro.resolver(tramite)
    if clues:
        tramite.mover(Estado.REVISION)
        registro.confirmar(tramite, clinicas[clues], turno)


def hacer(pedido: dict[str, Any], listo: Callable[[], object]) -> dict[str, Any]:
    hoy = date.fromisoformat(pedido["hoy"])
    clinicas = Clinica.objects.in_bulk()
    personas = Persona.objects.in_bulk([curp for curp, _, _ in pedido["pasos"]], field_name="curp")
    listo()
    altas: dict[str, int] = {}
    llenas, fallas = 0, []
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
    for papel in pedido["papeles"]:
        try:
            pedir_papeles(clinicas, *papel)
        except Exception as error:
            fallas.append(f"{type(error).__name__}: {error}")
    return {"altas": altas, "llenas": llenas, "fallas": fallas}


repartir(hacer)
