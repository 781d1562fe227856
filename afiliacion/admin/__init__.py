"""Step 1 in the admin: the numbering, for central staff; and the counter of each Subdelegación."""

from afiliacion.admin.numeracion import PrefijoAdmin, SerieAdmin, SubdelegacionAdmin, TerritorioAdmin
from afiliacion.ventanilla.consola.atenciones import AtencionAdmin
from afiliacion.ventanilla.consola.bitacora import AsientoAdmin
from afiliacion.ventanilla.consola.cambios import CambioAdmin
from afiliacion.ventanilla.consola.empleados import EmpleadoAdmin

__all__ = [
    "AsientoAdmin",
    "AtencionAdmin",
    "CambioAdmin",
    "EmpleadoAdmin",
    "PrefijoAdmin",
    "SerieAdmin",
    "SubdelegacionAdmin",
    "TerritorioAdmin",
]
