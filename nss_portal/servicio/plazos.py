"""A time limit for work that can hang: a renderer, a mail server that says nothing."""

import faulthandler
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def plazo(segundos: float) -> Iterator[None]:
    """Raise TimeoutError inside the block when it takes longer than `segundos`.

    By SIGALRM, so in the main thread only (workers and commands); elsewhere there is no limit. Never put a
    transaction inside: it could be cut anywhere.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def vencer(*_: object) -> None:
        raise TimeoutError(f"took more than {segundos} s")

    anterior = signal.signal(signal.SIGALRM, vencer)
    # Again every second: a library may take the first for the failure of one address and try the next.
    signal.setitimer(signal.ITIMER_REAL, segundos, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, anterior)


_limites: list[float] = []


@contextmanager
def o_se_va_el_proceso(segundos: float) -> Iterator[None]:
    """Leave at once, wherever the code is (C too), when the block takes too long: another one is started.

    Of nested ones the innermost counts; when it ends, the one around it begins again. Nothing of the data is
    told: only files and lines. In the main thread only, as above.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _limites.append(segundos)
    _vigilar()
    try:
        yield
    finally:
        _limites.pop()
        _vigilar()


def _vigilar() -> None:
    if _limites:
        faulthandler.dump_traceback_later(_limites[-1], exit=True, file=sys.__stderr__ or sys.stderr)
    else:
        faulthandler.cancel_dump_traceback_later()
