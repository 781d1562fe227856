"""`manage.py cargar_cobertura`: which clinic serves each postal code, from a CSV."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from clinicas.catalogo import cobertura
from nss_portal.archivos import plan


class Command(BaseCommand):
    help = (
        f"Carga qué clínica atiende cada código postal, de un CSV en UTF-8 con las columnas "
        f"{','.join(cobertura.COLUMNAS)}. Los códigos que trae quedan con las clínicas que dice y con "
        "ninguna otra; los demás no cambian. Se puede repetir. Con una línea mala no guarda nada."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archivo", metavar="FILE", help="El CSV.")
        plan.agregar_opciones(parser)

    def handle(self, *args: Any, archivo: str, **options: Any) -> None:
        plan.correr(self, options, lambda *como: cobertura.cargar(archivo, *como), cobertura.describir)
