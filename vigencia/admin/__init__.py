"""The admin of schools: what a clerk does for one school, and what central staff see of them all."""

from vigencia.escuelas.consola.escuelas import ComprobacionAdmin, EscuelaAdmin, ResponsableAdmin
from vigencia.escuelas.consola.listas import CierreAdmin, InscripcionAdmin, LoteAdmin

__all__ = [
    "CierreAdmin",
    "ComprobacionAdmin",
    "EscuelaAdmin",
    "InscripcionAdmin",
    "LoteAdmin",
    "ResponsableAdmin",
]
