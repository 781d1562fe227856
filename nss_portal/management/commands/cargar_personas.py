"""`manage.py cargar_personas`: the registry of people, from a CSV."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from nss_portal import padron, plan


class Command(BaseCommand):
    help = (
        f"Carga personas de un CSV en UTF-8 con las columnas {','.join(padron.COLUMNAS)} (el NSS puede ir "
        "vacío). Se puede repetir: agrega a quien falta, corrige nombres y da su NSS a quien no lo tiene; "
        "nunca lo cambia. Con una línea mala no guarda nada."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archivo", metavar="FILE", help="El CSV.")
        plan.agregar_opciones(parser)

    def handle(self, *args: Any, archivo: str, **options: Any) -> None:
        plan.correr(self, options, lambda *como: padron.cargar(archivo, *como), describir)


def describir(informe: padron.Informe) -> str:
    """The report in words."""
    if informe.iguales == informe.total:
        if informe.total == 1:
            return "Sin cambios: la persona del archivo ya estaba así."
        return f"Sin cambios: las {informe.total:,} personas del archivo ya estaban así."
    return (
        f"Personas: {informe.total:,} en el archivo; {informe.nuevas:,} nuevas, "
        f"{informe.cambiadas:,} cambiadas, {informe.iguales:,} sin cambio."
    )
