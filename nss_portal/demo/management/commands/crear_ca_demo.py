"""`manage.py crear_ca_demo`: the keys that the demonstration seals and signs its documents with."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from nss_portal.demo import ca
from nss_portal.documentos import sello


class Command(BaseCommand):
    help = (
        "Crea la autoridad de demostración y la clave con que se sellan y firman los documentos. Se puede "
        "repetir: lo que ya está se queda."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rotar",
            action="store_true",
            help="cambia la clave por otra de la misma autoridad; lo ya emitido sigue siendo válido",
        )

    def handle(self, *, rotar: bool, verbosity: int, **opciones: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "Estas claves no valen en producción: solo corre en demostración, con DEMO=1. En producción, "
                "SELLO_CLAVE y SELLO_CERTIFICADO dicen cuáles son."
            )
        if rotar:
            ca.rotar(sello.carpeta())
        ca.emisor(sello.carpeta())
        sello.olvidar()
        if verbosity:
            clave = sello.huella(sello.emisor().certificado)
            self.stdout.write(f"Clave del sello: {clave}. Está en {sello.carpeta()}, solo para su dueño.")
            if rotar:
                self.stdout.write("Reinicia los trabajadores: cada uno la lee una vez.")
