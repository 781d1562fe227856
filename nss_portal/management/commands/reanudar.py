"""`manage.py reanudar`: pick up what a dead worker left, send the mail that did not go out."""

from typing import Any

from django.core.management.base import BaseCommand

from nss_portal import colas


class Command(BaseCommand):
    help = "Retoma los trámites que nadie atiende y los correos que no salieron. Se puede repetir sin riesgo."

    def handle(self, **opciones: Any) -> None:
        total = 0
        while retomados := colas.reanudar():
            total += retomados
        self.stdout.write(f"Retomados: {total}." if total else "No había nada pendiente.")
