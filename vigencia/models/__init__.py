"""Schools, who is enrolled in them, and the files they send."""

from vigencia.models.comprobacion import Comprobacion
from vigencia.models.consulta import Consulta
from vigencia.models.escuela import Escuela, Nivel, RegistroPatronal, Responsable
from vigencia.models.inscripcion import Cierre, Inscripcion
from vigencia.models.lote import Lote, Renglon

__all__ = [
    "Cierre",
    "Comprobacion",
    "Consulta",
    "Escuela",
    "Inscripcion",
    "Lote",
    "Nivel",
    "RegistroPatronal",
    "Renglon",
    "Responsable",
]
