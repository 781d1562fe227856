"""Schools, who is enrolled in them, and the files they send."""

from vigencia.models.consulta import Consulta
from vigencia.models.escuela import Escuela, Nivel, RegistroPatronal, Responsable
from vigencia.models.inscripcion import Cierre, Inscripcion
from vigencia.models.lote import Lote

__all__ = ["Cierre", "Consulta", "Escuela", "Inscripcion", "Lote", "Nivel", "RegistroPatronal", "Responsable"]
