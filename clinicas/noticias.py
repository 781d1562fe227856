"""What is told to those who are moved to another consultorio."""

from typing import Any

from django.db.models import QuerySet

from clinicas.models import Alta, Consultorio
from nss_portal.correo.models import Envio
from vigencia.escuelas import noticias

REUBICACION = "reubicacion"


def anunciar_reubicacion(altas: QuerySet[Alta], antes: Consultorio) -> int:
    """Write «your consultorio is another one» to each of them whose mailbox is known; how many.

    Call it in the transaction that moves them.
    """

    def decir(alta: Alta) -> dict[str, Any]:
        consultorio = alta.consultorio
        return {
            "alta": alta.pk,
            "desde": alta.desde.isoformat(),
            "clinica": consultorio.clinica.nombre,
            "direccion": consultorio.clinica.direccion,
            "turno": consultorio.turno,
            "consultorio": str(consultorio.numero),
            "otra_clinica": consultorio.clinica_id != antes.clinica_id,
        }

    lugar = "consultorio__clinica"
    filas = altas.select_related(f"{lugar}__municipio", f"{lugar}__entidad")
    return noticias.escribir(REUBICACION, filas, decir)


def sigue_siendo_cierto(envio: Envio) -> bool:
    """Whether they still are where the mail says; asked when it is about to go out."""
    return Alta.objects.activas().filter(pk=envio.datos["alta"]).exists()
