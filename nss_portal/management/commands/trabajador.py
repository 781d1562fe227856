"""`manage.py trabajador`: one worker process."""

import logging
import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections, connections

from nss_portal import colas
from nss_portal.documentos import imprenta
from nss_portal.servicio.models import Latido
from nss_portal.servicio.plazos import o_se_va_el_proceso

log = logging.getLogger("nss_portal.trabajador")

COLAS = {"default": colas.TRABAJO, "correo": colas.CORREO}
CADA = 2.0  # seconds between two beats
TURNO = 1.0  # seconds for a line, and a row at least, before the next one has its turn
UN_DIA = 24 * 3600.0
# A turn that takes this long will not come back: a database that vanished without closing, for one.
PLAZO_DE_LA_VUELTA = 600.0
PLAZO_DE_LA_PURGA = 3600.0
PAUSA = 0.2  # seconds between two looks when nothing waits


class Command(BaseCommand):
    """Attends its lines until SIGTERM or SIGINT; then ends what it is at and leaves with 0. No error of the
    database ends the loop.
    """

    help = "Atiende los trámites que esperan; lo inicia y lo cuida «manage.py iniciar»."
    requires_system_checks = []
    seguir = True
    proxima = 0.0  # when to beat again (monotonic)
    purga = 0.0  # when to forget again what has expired (monotonic)
    cola = "default"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cola", choices=[*COLAS], default="default")

    def handle(self, **opciones: Any) -> None:
        self.cola = opciones["cola"]
        for senal in (signal.SIGTERM, signal.SIGINT):
            signal.signal(senal, self.terminar)
        for falta in imprenta.revisar():
            log.warning("%s", falta)
        fallos = 0
        while self.seguir:
            try:
                with o_se_va_el_proceso(PLAZO_DE_LA_VUELTA):
                    ocupado = self.vuelta()
                fallos = 0
            except Exception as error:
                # A lock, a database that restarts, a defect of ours: tell it and go on. The
                # connection may be half-way through a transaction, so it is not kept.
                fallos += 1
                detalle = error if isinstance(error, Error) else repr(error)
                log.warning("el trabajador sigue después de: %s", str(detalle).strip().replace("\n", " "))
                connections.close_all()
                ocupado = False
                self.dormir(min(0.5 * fallos, 5.0))
            if not ocupado:
                self.dormir(PAUSA)

    def terminar(self, *_: object) -> None:
        self.seguir = False

    def dormir(self, segundos: float) -> None:
        """Sleep in small bites: a signal does not cut a sleep short."""
        hasta = time.monotonic() + segundos
        while self.seguir and (falta := hasta - time.monotonic()) > 0:
            time.sleep(min(falta, PAUSA))

    def vuelta(self) -> bool:
        """Beat when it is time, then look at every line of this worker; whether there was anything to do."""
        if time.monotonic() >= self.proxima:
            close_old_connections()
            Latido.latir(self.cola)
            self.proxima = time.monotonic() + CADA
        if self.cola == "correo" and time.monotonic() >= self.purga:
            with o_se_va_el_proceso(PLAZO_DE_LA_PURGA):
                call_command("purgar", verbosity=0)
            self.purga = time.monotonic() + UN_DIA
        hechos = 0
        for linea in COLAS[self.cola]:
            if self.seguir:
                hechos += linea.avanzar(TURNO)
        return hechos > 0
