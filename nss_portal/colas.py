"""What workers take turns on, in order: what somebody waits for comes first."""

import math
from functools import partial

from afiliacion.ventanilla import cambios
from nss_portal.correo import avisos, cartero
from nss_portal.oferta import OFERTA, sigue_siendo_cierto
from nss_portal.servicio.turnos import Cola, vuelta
from nss_portal.tramites import codigos, maquina
from nss_portal.tramites.models import Codigo, Tramite
from vigencia.escuelas.archivo import lotes
from vigencia.models import Lote

TRAMITES = Cola(
    "trámites",
    lambda: Tramite.objects.por_atender().order_by("libre_desde"),
    partial(maquina.atender, oferta=OFERTA),
)
CODIGOS = Cola("códigos de la App", lambda: Codigo.objects.por_mandar().order_by("creado"), codigos.mandar)
ARCHIVOS = Cola(
    "archivos de alumnos", lambda: Lote.objects.por_avanzar().order_by("libre_desde"), lotes.avanzar
)
SUSTITUCIONES = Cola("documentos por sustituir", cambios.por_poner_al_dia, cambios.poner_al_dia)
CORREOS = Cola(
    "correos", cartero.por_enviar, partial(cartero.enviar_pendiente, sigue_siendo_cierto=sigue_siendo_cierto)
)
AVISOS = Cola("avisos al personal", avisos.por_enviar, avisos.enviar)

TRABAJO = (TRAMITES, CODIGOS, ARCHIVOS, SUSTITUCIONES)
# Apart: a mute mail server must not keep anybody waiting for a number.
CORREO = (CORREOS, AVISOS)


def reanudar(segundos: float = math.inf) -> int:
    """What waits and nobody holds, for about `segundos` a line; how many rows. Safe to run any time."""
    return vuelta((*TRABAJO, *CORREO), segundos)
