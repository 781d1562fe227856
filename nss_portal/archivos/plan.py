"""How a load ends: told and undone (`--plan`), refused because of what it would retire, or written.

A file that was cut, that is of one state only, or in which a key is mistyped reads like a good one: what it
does not name is retired. So the loaders ask before their transaction ends; the answer is the plan's number.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from nss_portal.archivos.carga import Avisar, Barra, CargaInvalida

# One retired of so many in force needs nobody's word: 2 %.
_UNO_DE = 50
EJEMPLOS = 3


@dataclass(frozen=True)
class Modo:
    """What whoever loads has asked for."""

    plan: bool = False
    # How many retirements they have said that they accept.
    aceptados: int | None = None


APLICAR = Modo()


@dataclass(frozen=True)
class Retiros:
    """What a load takes out of a catalogue."""

    # In the plural: «colonias».
    que: str
    cuantos: int
    # In force before the load.
    vigentes: int
    ejemplos: Sequence[str] = ()
    # Why it is serious however few they are: «2 están en domicilios de personas».
    porque: Sequence[str] = ()

    @property
    def piden_numero(self) -> bool:
        return self.cuantos * _UNO_DE > self.vigentes or (self.cuantos > 0 and bool(self.porque))

    @property
    def frase(self) -> str:
        """How many of how many, why it matters, and three examples."""
        uno = self.cuantos == 1
        parte = self.cuantos / self.vigentes
        cuanto = "menos del 0.1 %" if parte < 0.001 else f"{100 * parte:.1f} %"
        verbo = "retiraría" if uno else "retirarían"
        dicho = f"Se {verbo} {self.cuantos:,} de {self.vigentes:,} {self.que} ({cuanto})"
        dicho += "".join(f"; {motivo}" for motivo in self.porque)
        todos = "Es" if uno else "Son" if self.cuantos <= len(self.ejemplos) else "Por ejemplo"
        return f"{dicho}. {todos}: {', '.join(self.ejemplos)}."


class RetirosSinAceptar(CargaInvalida):
    """The load would retire so much, or what somebody holds, that it needs the number of the plan."""

    def __init__(self, retiros: Retiros, modo: Modo) -> None:
        self.retiros = retiros
        otro = "" if modo.aceptados is None else f" Aceptaste {modo.aceptados:,} y no es ese número."
        super().__init__(
            f"{retiros.frase}{otro} No se cambió nada. Revisa que el archivo esté completo; si de verdad es "
            f"lo que quieres, repite la orden con --aceptar-retiros {retiros.cuantos}."
        )


def revisar(retiros: Retiros, modo: Modo) -> None:
    """To be called before the transaction ends. Raises RetirosSinAceptar."""
    if retiros.piden_numero and not modo.plan and modo.aceptados != retiros.cuantos:
        raise RetirosSinAceptar(retiros, modo)


@contextmanager
def transaccion(modo: Modo) -> Iterator[None]:
    """All or nothing; of a plan, nothing."""
    with transaction.atomic():
        yield
        if modo.plan:
            transaction.set_rollback(True)


class Informe(Protocol):
    """What a load did, or would do. `retiros` is None where it never retires."""

    @property
    def retiros(self) -> Retiros | None: ...


def agregar_opciones(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--plan", action="store_true", help="Dice qué cambiaría y qué se retiraría, sin cambiar nada."
    )
    parser.add_argument(
        "--aceptar-retiros",
        type=int,
        metavar="N",
        help="Cuántos retiros aceptas, si la orden pide el número: el mismo que dice el plan.",
    )


def correr[I: Informe](
    orden: BaseCommand,
    opciones: Mapping[str, Any],
    cargar: Callable[[Avisar, Modo], I],
    describir: Callable[[I], str],
) -> I:
    """Load, with a bar for whoever looks on, and say what was done; under --plan, what would be."""
    modo = Modo(opciones["plan"], opciones["aceptar_retiros"])
    barra = Barra(orden.stderr)
    try:
        informe = cargar(barra, modo)
    except CargaInvalida as error:
        raise CommandError(str(error)) from error
    finally:
        barra("")
    if modo.plan:
        orden.stdout.write(f"Plan: no se cambió nada. Al aplicarlo se diría:\n{describir(informe)}")
        orden.stdout.write(_como_aplicarlo(informe.retiros))
    elif opciones["verbosity"]:
        orden.stdout.write(describir(informe))
    return informe


def _como_aplicarlo(retiros: Retiros | None) -> str:
    if not retiros or not retiros.cuantos:
        return "No se retiraría nada. Para aplicarlo, repite la orden sin --plan."
    if not retiros.piden_numero:
        return f"{retiros.frase} Para aplicarlo, repite la orden sin --plan."
    return (
        f"{retiros.frase} Para aplicarlo, si es lo que quieres, repite la orden sin --plan y con "
        f"--aceptar-retiros {retiros.cuantos}."
    )
