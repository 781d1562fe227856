"""A time limit for work that can hang: a renderer, a mail server that says nothing."""

import signal
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
