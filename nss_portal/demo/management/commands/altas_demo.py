"""`manage.py altas_demo`: the sample person who has a clinic already."""

from typing import Any

from django.core.management.base import BaseCommand

from clinicas import alta, cercania
from nss_portal.demo.ficticias import CASOS, exigir_demostracion
from nss_portal.personas.models import Persona
from nss_portal.territorio.models import CodigoPostal


class Command(BaseCommand):
    help = "Registra en una clínica a la persona de muestra que ya la tiene. Se puede repetir."

    def handle(self, *args: Any, **options: Any) -> None:
        exigir_demostracion()
        [caso] = [caso for caso in CASOS if caso.caso == "con-clinica"]
        persona = Persona.objects.filter(curp=caso.curp).first()
        codigo = CodigoPostal.objects.buscar(caso.cp)
        if not (persona and codigo) or alta.activa(persona):
            return
        [opcion, *_] = cercania.opciones(codigo)
        alta.registrar(persona, opcion.clinica, opcion.turnos[0].turno)
