"""Processes that live and die together (Linux; standard library only).

`Supervisor` keeps its children alive. Run as a program (`python procesos.py PARENT CMD…`) this file
becomes CMD, tied to the life of PARENT: that is how the supervisor starts each child.
"""

import ctypes
import itertools
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

log = logging.getLogger("nss_portal.procesos")

FIN = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
PACIENCIA = 10.0  # seconds that all children together have to end by themselves
ESPERA_MINIMA, ESPERA_MAXIMA = 0.2, 5.0  # seconds before a dead child is started again
ESTABLE = 10.0  # a child that lived this long starts over with the shortest wait
_PR_SET_PDEATHSIG = 1


def morir_con_el_padre(senal: int = signal.SIGTERM, padre: int | None = None) -> None:
    """The kernel sends `senal` to this process when its parent dies, even by kill -9. Call it early.

    `padre` is the process that must still be the parent, when the caller knows it.
    """
    if padre is None:
        from multiprocessing import parent_process

        origen = parent_process()
        padre = (origen and origen.pid) or os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, senal, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != padre:  # it died before the call: no signal will come
        raise SystemExit(128 + senal)


@dataclass
class Hijo:
    """A child, and when to start it (again)."""

    nombre: str
    argv: Sequence[str]
    proceso: subprocess.Popen[bytes] | None = None
    nacido: float = 0.0
    turno: float = 0.0
    espera: float = ESPERA_MINIMA

    def arrancar(self) -> None:
        # -I -S: the launcher needs nothing but this file, and takes some 15 ms. Its own session keeps the
        # terminal's Ctrl-C away from the child: the supervisor decides who ends first.
        lanzador = [sys.executable, "-I", "-S", __file__, str(os.getpid())]
        self.proceso = subprocess.Popen(
            [*lanzador, *self.argv], stdin=subprocess.DEVNULL, start_new_session=True
        )
        self.nacido = time.monotonic()

    def vivo(self) -> bool:
        return self.proceso is not None and self.proceso.poll() is None

    def barrer(self) -> None:
        """End whatever is left of the child's process group."""
        if self.proceso:
            try:
                os.killpg(self.proceso.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.proceso.wait()


class Supervisor:
    """Keeps children alive until SIGTERM, SIGINT or SIGHUP; then ends them in the order given.

    Children with the same name end together. Call `correr` from the main thread: the kernel ties a
    child to the thread that started it.
    """

    def __init__(self, hijos: Iterable[tuple[str, Sequence[str]]]) -> None:
        self.hijos = [Hijo(nombre, argv) for nombre, argv in hijos]
        # Blocked and then waited for: no handler, so nothing can interrupt a start or a stop half-way.
        # From here on, so that threads started before `correr` inherit it and are not killed by them.
        signal.pthread_sigmask(signal.SIG_BLOCK, FIN | {signal.SIGCHLD})

    def correr(self) -> None:
        try:
            while not self._recibe_fin(self._revisar()):
                pass
        finally:
            self._terminar()

    def _revisar(self) -> float:
        """Start what has to be started; return for how long there is nothing to do."""
        ahora = time.monotonic()
        pausa = 60.0
        for hijo in self.hijos:
            if hijo.proceso and not hijo.vivo():
                hijo.barrer()
                if ahora - hijo.nacido > ESTABLE:
                    hijo.espera = ESPERA_MINIMA
                log.warning(
                    "%s (proceso %s) terminó con código %s; arranca de nuevo en %.1f s.",
                    *(hijo.nombre, hijo.proceso.pid, hijo.proceso.returncode, hijo.espera),
                )
                hijo.proceso, hijo.turno = None, ahora + hijo.espera
                hijo.espera = min(hijo.espera * 2, ESPERA_MAXIMA)
            if not hijo.proceso:
                if hijo.turno <= ahora:
                    hijo.arrancar()
                else:
                    pausa = min(pausa, hijo.turno - ahora)
        return pausa

    def _recibe_fin(self, pausa: float) -> bool:
        """Sleep until a signal; say whether it asks to end (otherwise a child died, or time is up)."""
        recibida = signal.sigtimedwait(FIN | {signal.SIGCHLD}, max(pausa, 0.0))
        return recibida is not None and recibida.si_signo in FIN

    def _terminar(self) -> None:
        """End the children, one name after the other; a second signal, or no more patience: by force."""
        limite = time.monotonic() + PACIENCIA
        for _, grupo in itertools.groupby(self.hijos, key=lambda hijo: hijo.nombre):
            vivos = [hijo for hijo in grupo if hijo.vivo()]
            for hijo in vivos:
                hijo.proceso.terminate()  # type: ignore[union-attr]
            while any(hijo.vivo() for hijo in vivos) and time.monotonic() < limite:
                if self._recibe_fin(limite - time.monotonic()):
                    limite = 0.0
        for hijo in self.hijos:
            hijo.barrer()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the supervisor's blocked signals are not the child's
    morir_con_el_padre(padre=int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
