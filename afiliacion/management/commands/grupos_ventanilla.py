"""`manage.py grupos_ventanilla`: the counter's two groups, with the permissions that its users have."""

from typing import Any

from django.core.management.base import BaseCommand

from afiliacion.ventanilla import grupos


class Command(BaseCommand):
    help = "Crea los grupos de ventanilla, o los deja con los permisos que deben tener. Se puede repetir."

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        for grupo in grupos.asegurar():
            if verbosity:
                self.stdout.write(f"Grupo «{grupo.name}»: {grupo.permissions.count()} permisos.")
