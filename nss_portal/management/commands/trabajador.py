"""`manage.py trabajador`: one worker process."""

import logging
import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections, connections
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from nss_portal.correo import avisos, cartero
from nss_portal.documentos import imprenta
from nss_portal.servicio.models import Latido
from nss_portal.servicio.plazos import o_se_va_el_proceso
from nss_portal.tramites import maquina

log = logging.getLogger("nss_portal.trabajador")

ALMACEN = "default"
CADA = 2.0  # seconds between two looks at what nobody holds
TURNO = 5.0  # seconds that one such look may take: the beat must not wait for a slow server outside
UN_DIA = 24 * 3600.0
# A turn that takes this long will not come back: a database that vanished without closing, for one.
PLAZO_DE_LA_VUELTA = 600.0
PLAZO_DE_LA_PURGA = 3600.0
PAUSA = 0.15  # seconds between two looks at an empty queue


class Command(BaseCommand):
    """Attends the queue until SIGTERM or SIGINT; then ends its task and leaves with 0.

    The package's own `db_worker` leaves on a long lock and never comes back to a job whose worker was
    killed. Here no error of the database ends the loop, and `reanudar` comes back to everything.
    """

    help = "Atiende los trámites que esperan; lo inicia y lo cuida «manage.py iniciar»."
    requires_system_checks = []
    seguir = True
    proxima = 0.0  # when to look again at what nobody holds (monotonic)
    purga = 0.0  # when to forget again what has expired (monotonic)
    cola = "default"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cola", choices=["default", "correo"], default="default")

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
                # A lock, a database that restarts, a defect in one task's wrapping: tell it and go on. The
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

    def retomar(self) -> None:
        """What nobody holds, each worker its own: mail must not keep anybody waiting for a number."""
        if self.cola == "default":
            maquina.reanudar(TURNO)
            return
        cartero.reanudar(TURNO)
        avisos.enviar_pendientes()
        if time.monotonic() >= self.purga:
            with o_se_va_el_proceso(PLAZO_DE_LA_PURGA):
                call_command("purgar", verbosity=0)
            self.purga = time.monotonic() + UN_DIA

    def vuelta(self) -> bool:
        """Beat and resume when it is time; then one task. Says whether there was one."""
        if time.monotonic() >= self.proxima:
            close_old_connections()
            Latido.latir(self.cola)
            self.retomar()
            self.proxima = time.monotonic() + CADA
        # A plain read: the package's claim takes SQLite's write lock even when the queue is empty.
        listas = DBTaskResult.objects.ready().filter(queue_name=self.cola, backend_name=ALMACEN)
        if not (self.seguir and listas.exists()):
            return False
        # One task at a time, so that the beat never waits for a long queue. `run` installs no signal handler.
        Worker(
            queue_names=[self.cola],
            excluded_queue_names=[],
            backend_name=ALMACEN,
            worker_id=get_random_string(32),
            batch=True,
            max_tasks=1,
            interval=0,
            startup_delay=False,
        ).run()
        return True
