"""Step 1's tables: which office numbers whom, and what happens at its counter."""

from afiliacion.models.numeracion import Prefijo, Serie, Subdelegacion, Territorio
from afiliacion.models.ventanilla import Atencion, Cambio, Cotejo, Empleado

__all__ = ["Atencion", "Cambio", "Cotejo", "Empleado", "Prefijo", "Serie", "Subdelegacion", "Territorio"]
