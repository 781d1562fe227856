"""The admin of schools: what a clerk does for one school, and what central staff see of them all."""

from vigencia.admin.alumnos import InscripcionAdmin
from vigencia.admin.cierres import CierreAdmin
from vigencia.admin.escuelas import ComprobacionAdmin, EscuelaAdmin, ResponsableAdmin
from vigencia.admin.lotes import LoteAdmin

__all__ = [
    "CierreAdmin",
    "ComprobacionAdmin",
    "EscuelaAdmin",
    "InscripcionAdmin",
    "LoteAdmin",
    "ResponsableAdmin",
]
