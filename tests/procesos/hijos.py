"""Many processes that begin at the same moment, born of one: Django is loaded once, and copied by each."""

import json
import multiprocessing
import os
import sys
from collections.abc import Callable
from typing import Any

type Hacer = Callable[[dict[str, Any], Callable[[], object]], dict[str, Any]]


def repartir(hacer: Hacer) -> None:
    """Read a JSON list of requests and print the list of what each said, in order.

    `hacer` gets its request and what it must call when it is ready, which returns when all of them are. One
    request alone is done by this very process.
    """
    pedidos = json.load(sys.stdin)
    if len(pedidos) == 1:
        json.dump([hacer(pedidos[0], lambda: None)], sys.stdout)
        return
    de_fork = multiprocessing.get_context("fork")
    barrera, salidas = de_fork.Barrier(len(pedidos)), []
    for pedido in pedidos:
        aqui, alla = de_fork.Pipe(duplex=False)
        if not os.fork():
            alla.send(hacer(pedido, lambda: barrera.wait(200)))
            os._exit(0)
        alla.close()
        salidas.append(aqui)
    # Whoever died said nothing: that is an EOFError here.
    json.dump([salida.recv() for salida in salidas], sys.stdout)
