"""`manage.py cargar_personas`: the registry of people, from a CSV."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from nss_portal.archivos import plan
from nss_portal.archivos.carga import Avisar
from nss_portal.personas import padron


class Command(BaseCommand):
    help = (
        f"Carga personas de un CSV en UTF-8 con las columnas {','.join(padron.COLUMNAS)} (el NSS puede ir "
        "vacío). Se puede repetir: agrega a quien falta, corrige nombres y da su NSS a quien no lo tiene; "
        "nunca lo cambia. Con una línea mala no guarda nada; con nombres que no dan las letras de su CURP, "
        "tampoco, salvo que digas cuántos aceptas."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archivo", metavar="FILE", help="El CSV.")
        parser.add_argument(
            "--aceptar-nombres",
            type=int,
            default=0,
            metavar="N",
            help="Cuántas líneas aceptas con nombres que no dan las letras de su CURP, si se pide el número.",
        )
        plan.agregar_opciones(parser)

    def handle(self, *args: Any, archivo: str, aceptar_nombres: int, **options: Any) -> None:
        def cargar(avisar: Avisar, modo: plan.Modo) -> padron.Informe:
            return padron.cargar(archivo, avisar, modo, aceptar_nombres)

        plan.correr(self, options, cargar, describir)


def describir(informe: padron.Informe) -> str:
    """The report in words."""
    n = informe.contradicen
    raras = f" Con nombres que no dan las letras de su CURP, {n:,}: --aceptar-nombres {n}." if n else ""
    if informe.iguales == informe.total:
        if informe.total == 1:
            return f"Sin cambios: la persona del archivo ya estaba así.{raras}"
        return f"Sin cambios: las {informe.total:,} personas del archivo ya estaban así.{raras}"
    return (
        f"Personas: {informe.total:,} en el archivo; {informe.nuevas:,} nuevas, "
        f"{informe.cambiadas:,} cambiadas, {informe.iguales:,} sin cambio.{raras}"
    )
