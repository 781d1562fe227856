"""`manage.py crear_clave_api`: keys for institutions' own systems."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from nss_portal.api.models import ClaveApi
from vigencia.models import Escuela


class Command(BaseCommand):
    help = "Crea la clave con que el sistema de una escuela usa la API; también las lista y las revoca."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--escuela", metavar="CCT", help="de qué escuela; la clave no alcanza para otra")
        parser.add_argument("--nombre", help="qué sistema la usará, para reconocerla después")
        parser.add_argument("--lista", action="store_true", help="las que hay y cuándo se usaron")
        parser.add_argument("--revocar", type=int, metavar="NÚMERO", help="deja de servir de inmediato")

    def handle(self, **opciones: Any) -> None:
        if opciones["lista"]:
            self._listar()
        elif opciones["revocar"] is not None:
            self._revocar(opciones["revocar"])
        else:
            self._crear(opciones["escuela"] or "", opciones["nombre"] or "")

    def _crear(self, cct: str, nombre: str) -> None:
        if not cct or not nombre.strip():
            raise CommandError("Falta decir para quién: --escuela CCT --nombre «sistema».")
        escuela = Escuela.objects.filter(pk=cct.strip().upper()).first()
        if escuela is None:
            raise CommandError(f"No hay ninguna escuela con la CCT {cct}.")
        clave, fila = ClaveApi.crear(escuela.pk, nombre.strip()[:80])
        self.stderr.write(f"Clave {fila.pk} para {escuela}. Cópiala ahora: no se vuelve a mostrar.")
        self.stdout.write(clave)

    def _listar(self) -> None:
        for clave in ClaveApi.objects.all():
            uso = f"usada {timezone.localtime(clave.usada):%d/%m/%Y %H:%M}" if clave.usada else "sin usar"
            estado = "revocada" if clave.revocada else uso
            self.stdout.write(f"{clave.pk}\t{clave.escuela}\t{clave.nombre}\t{estado}")

    def _revocar(self, numero: int) -> None:
        if not ClaveApi.objects.filter(pk=numero, revocada=None).update(revocada=timezone.now()):
            raise CommandError(f"No hay una clave {numero} que revocar.")
        self.stdout.write(f"La clave {numero} ya no sirve.")
