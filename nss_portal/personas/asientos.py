"""The log, with nobody's numbers in it; and the bitácora: who of the staff saw or did what, and why."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nss_portal.personas.models import Persona

log = logging.getLogger(__name__)

# A CURP or an NSS anywhere in a line; a folio (22 digits) is public and stays.
_CURP = re.compile(r"(?<![A-Z0-9])[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9](?![A-Z0-9])", re.IGNORECASE)
_NSS = re.compile(r"(?<![0-9])[0-9]{11}(?![0-9])")
_CORREO = re.compile(r"[^\s<>@\"'(]+@[^\s<>@\"')]+")


def sin_datos(texto: str) -> str:
    """`texto` with every CURP, NSS and e-mail address replaced: exceptions of the database quote values."""
    return _CORREO.sub("<correo>", _NSS.sub("<nss>", _CURP.sub("<curp>", texto)))


class FormatoSinDatos(logging.Formatter):
    """Masks after formatting, so that arguments and tracebacks are masked too."""

    def format(self, record: logging.LogRecord) -> str:
        return sin_datos(super().format(record))


def anotar(usuario: Any, que: str, persona: Persona | None, motivo: str, **detalle: Any) -> None:
    """Write down that `usuario` did `que` (an Asiento.Que) about `persona`, and why.

    In the transaction of what was done: done and written, or neither.
    """
    from nss_portal.personas.bitacora import Asiento  # the settings name this module before there are models

    Asiento.objects.create(
        usuario_id=usuario.pk, que=que, persona=persona, motivo=motivo[:200], detalle=detalle
    )


def anotar_consulta(usuario: Any, modelo: str, consulta: str) -> None:
    """Write down that `usuario` asked a list by what it does not offer: which model, which lookup, no value.

    Kept whatever becomes of the request: it is no part of anybody's transaction.
    """
    from nss_portal.personas.bitacora import Asiento

    # Somebody who tries things may write anything there too.
    como = sin_datos(re.sub(r"\W", "?", consulta)[:100])
    log.warning("consulta rechazada: usuario %s, %s, %s", usuario.pk, modelo, como)
    anotar(
        usuario, Asiento.Que.CONSULTAR, None, "Filtro que la lista no ofrece", modelo=modelo, consulta=como
    )
