"""`manage.py ventanilla_demo`: where the demonstration's clerks work."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from afiliacion.models import Empleado, Subdelegacion
from afiliacion.ventanilla import grupos
from nss_portal.demo.ficticias import exigir_demostracion

# Each user of `datos_demo`: the prefix of their office, and whether they supervise it.
PUESTOS = {
    "ventanilla": ("28", False),
    "supervision": ("28", True),
    "ventanilla-b": ("43", False),
}


class Command(BaseCommand):
    help = "Da su lugar a los usuarios de ventanilla de la demostración. Se puede repetir."

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        exigir_demostracion()
        for nombre, (prefijo, supervisor) in PUESTOS.items():
            usuario = User.objects.filter(username=nombre).first()
            if usuario is None:
                raise CommandError("Faltan los usuarios de muestra: créalos con manage.py datos_demo.")
            # Staff may have moved them since.
            empleado, _ = Empleado.objects.get_or_create(
                usuario=usuario,
                defaults={
                    "subdelegacion": Subdelegacion.objects.get(prefijos=prefijo),
                    "supervisor": supervisor,
                },
            )
            grupos.nombrar(empleado)
            if verbosity:
                self.stdout.write(f"{nombre}: {empleado.subdelegacion}.")
