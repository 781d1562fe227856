"""`manage.py purgar`: forget what nobody needs any more."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from captcha.models import CaptchaStore
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand
from django.utils import timezone

from nss_portal.api.models import Idempotencia
from nss_portal.documentos.models import Verificacion
from nss_portal.servicio.models import CaptchaResuelto, Cupo
from nss_portal.tramites import codigos, titular
from vigencia.escuelas.archivo import lotes

UN_DIA = timedelta(days=1)


class Command(BaseCommand):
    """Only what serves to run the service; trámites, documents and mails have a legal life and stay."""

    help = "Borra sesiones, captchas, cupos y renglones de archivos que ya vencieron."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="dice qué borraría, sin borrar")

    def handle(self, *, dry_run: bool, verbosity: int, **opciones: Any) -> None:
        ahora = timezone.now()
        vencidos = {
            "sesiones": Session.objects.filter(expire_date__lt=ahora),
            "captchas": CaptchaStore.objects.filter(expiration__lt=ahora),
            "captchas resueltos": CaptchaResuelto.objects.filter(resuelto__lt=ahora - UN_DIA),
            "cupos": Cupo.objects.filter(visto__lt=ahora - UN_DIA),
            "verificaciones": Verificacion.objects.vencidas(ahora),
            "respuestas que se repiten": Idempotencia.objects.filter(
                creada__lt=ahora - Idempotencia.VIGENCIA
            ),
        }
        for parte in (codigos, titular, lotes):
            vencidos |= parte.vencidos(ahora)
        for nombre, filas in vencidos.items():
            cuantas = filas.count() if dry_run else filas.delete()[0]
            if verbosity:
                self.stdout.write(f"{nombre}: {cuantas}")
