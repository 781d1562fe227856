"""`manage.py inscripciones_demo`: the demonstration's enrolments, as they should be today."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from nss_portal.demo import escuelas
from nss_portal.demo.ficticias import exigir_demostracion


class Command(BaseCommand):
    help = (
        "Deja las inscripciones de demostración como deben estar hoy: las personas de muestra según su caso "
        "y alumnos ficticios en tres escuelas. El mismo día se puede repetir y no cambia nada; otro día las "
        "pone al corriente."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--por-escuela",
            type=int,
            default=30,
            metavar="N",
            help="Hasta cuántas de las personas ficticias con NSS inscribir en cada escuela (%(default)s).",
        )

    def handle(self, *args: Any, por_escuela: int, verbosity: int, **options: Any) -> None:
        exigir_demostracion()
        if por_escuela < 0:
            raise CommandError("--por-escuela lleva un número de 0 en adelante.")
        try:
            informe = escuelas.inscribir(por_escuela)
        except escuelas.FaltanPersonas:
            raise CommandError("Faltan las personas de muestra: cárgalas con manage.py datos_demo.") from None
        if verbosity:
            self.stdout.write(
                f"Personas de muestra: {informe.casos} puestas al corriente.\n"
                f"Inscripciones de los demás: {informe.nuevas:,} nuevas, {informe.renovadas:,} con otro fin."
            )
