"""A list of things to do, on several processes: `repartir`.

They are divided from this one once it is warm, so that they share what it has loaded. One that dies (a
renderer that hangs, a kill -9) costs one more try of what it had in hand.
"""

import logging
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from django.db import connections

from nss_portal.servicio.procesos import morir_con_el_padre

log = logging.getLogger(__name__)


@dataclass
class _Obrero[T, R]:
    hacer: Callable[[T], R]
    proceso: BaseProcess
    conexion: Connection
    tarea: T

    @classmethod
    def contratar(cls, hacer: Callable[[T], R], tarea: T) -> "_Obrero[T, R]":
        # A connection to the database is of one process.
        connections.close_all()
        contexto = get_context("fork")
        nuestra, suya = contexto.Pipe()
        proceso = contexto.Process(target=_trabajar, args=(suya, hacer), daemon=True)
        proceso.start()
        suya.close()  # so that its death is the end of ours
        nuestra.send(tarea)
        return cls(hacer, proceso, nuestra, tarea)

    def encargar(self, tarea: T) -> None:
        self.tarea = tarea
        with suppress(OSError):  # it has just died: whoever listens to it is told next
            self.conexion.send(tarea)

    def despedir(self) -> None:
        self.conexion.close()
        self.proceso.kill()
        self.proceso.join()


def _trabajar[T, R](conexion: Connection, hacer: Callable[[T], R]) -> None:
    morir_con_el_padre(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for whoever gave the work
    while True:
        conexion.send(hacer(conexion.recv()))


def repartir[T, R](
    hacer: Callable[[T], R], tareas: Iterable[T], procesos: int
) -> Iterator[tuple[T, R | None]]:
    """Each thing with what `hacer` made of it, as they end; None when two processes died of it.

    With one process it is done in this one. `hacer` must not raise.
    """
    if procesos == 1:
        for tarea in tareas:
            yield tarea, hacer(tarea)
        return
    pendientes = deque((tarea, 1) for tarea in tareas)
    vueltas: dict[Connection, int] = {}
    obreros: dict[Connection, _Obrero[T, R]] = {}
    try:
        while pendientes or obreros:
            while pendientes and len(obreros) < procesos:
                tarea, vuelta = pendientes.popleft()
                obrero = _Obrero.contratar(hacer, tarea)
                obreros[obrero.conexion], vueltas[obrero.conexion] = obrero, vuelta
            for conexion in wait(list(obreros)):
                assert isinstance(conexion, Connection)
                obrero = obreros[conexion]
                try:
                    hecho: R = conexion.recv()
                except (EOFError, OSError):
                    obrero.despedir()
                    log.warning("murió un proceso (código %s)", obrero.proceso.exitcode)
                    del obreros[conexion]
                    if vueltas.pop(conexion) == 1:
                        pendientes.appendleft((obrero.tarea, 2))
                    else:
                        yield obrero.tarea, None
                    continue
                tarea = obrero.tarea
                if pendientes:
                    siguiente, vueltas[conexion] = pendientes.popleft()
                    obrero.encargar(siguiente)
                else:
                    obreros.pop(conexion).despedir()
                yield tarea, hecho
    finally:
        for obrero in obreros.values():
            obrero.despedir()
