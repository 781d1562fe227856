"""The bitácora: who of the staff saw or did what, and why."""

import logging
import re
from typing import Any

from nss_portal.personas.bitacora import Asiento
from nss_portal.personas.models import Persona
from nss_portal.servicio.sin_datos import sin_datos

log = logging.getLogger(__name__)


def anotar(usuario: Any, que: str, persona: Persona | None, motivo: str, **detalle: Any) -> None:
    """Write down that `usuario` did `que` (an Asiento.Que) about `persona`, and why.

    In the transaction of what was done: done and written, or neither.
    """
    Asiento.objects.create(
        usuario_id=usuario.pk, que=que, persona=persona, motivo=motivo[:200], detalle=detalle
    )


def anotar_consulta(usuario: Any, modelo: str, consulta: str) -> None:
    """Write down that `usuario` asked a list by what it does not offer: which model, which lookup, no value.

    Kept whatever becomes of the request: it is no part of anybody's transaction.
    """
    # Somebody who tries things may write anything there too.
    como = sin_datos(re.sub(r"\W", "?", consulta)[:100])
    log.warning("consulta rechazada: usuario %s, %s, %s", usuario.pk, modelo, como)
    anotar(
        usuario, Asiento.Que.CONSULTAR, None, "Filtro que la lista no ofrece", modelo=modelo, consulta=como
    )
