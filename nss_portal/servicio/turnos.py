"""Who works on what waits. The row, with its lease, is the truth: there is no other queue."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

A_LA_VEZ = 200  # keys read at a look


class Basta(Exception):
    """Nothing more of this line would get done now, whatever the row."""


@dataclass(frozen=True)
class Cola:
    """A line of rows that a worker takes turns on."""

    nombre: str
    pendientes: Callable[[], QuerySet[Any]]  # those due now, the first one first
    # One turn with one row, by its key; False when there was nothing to do. It leases the row by itself, so
    # that many workers may look at the same line, and it never raises for what is wrong with one row.
    atender: Callable[[Any], object]

    def avanzar(self, segundos: float = math.inf) -> int:
        """One turn with each row that is due, for about `segundos`, and with one at least; how many."""
        limite = time.monotonic() + segundos
        hechos = 0
        for clave in list(self.pendientes().values_list("pk", flat=True)[:A_LA_VEZ]):
            if hechos and time.monotonic() > limite:
                break
            try:
                hechos += self.atender(clave) is not False
            except Basta:
                break
        return hechos


def vuelta(colas: Iterable[Cola], segundos: float = math.inf) -> int:
    """Look at each line in turn, for about `segundos` each; how many rows were attended."""
    return sum(cola.avanzar(segundos) for cola in colas)
