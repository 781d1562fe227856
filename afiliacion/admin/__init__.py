"""Step 1 in the admin: the numbering, for central staff; and the counter of each Subdelegación."""

from afiliacion.admin.atenciones import AtencionAdmin
from afiliacion.admin.bitacora import AsientoAdmin
from afiliacion.admin.cambios import CambioAdmin
from afiliacion.admin.empleados import EmpleadoAdmin
from afiliacion.admin.numeracion import PrefijoAdmin, SerieAdmin, SubdelegacionAdmin, TerritorioAdmin

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
