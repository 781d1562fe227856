"""`manage.py grupos`: the group «Escuelas», with the permissions that a school's users have."""

from typing import Any

from django.core.management.base import BaseCommand

from vigencia.escuelas import grupos


class Command(BaseCommand):
    help = "Crea el grupo «Escuelas», o lo deja con los permisos que debe tener. Se puede repetir."

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        grupo = grupos.asegurar()
        if verbosity:
            self.stdout.write(f"Grupo «{grupo.name}»: {grupo.permissions.count()} permisos.")
