"""The admin of schools: what a clerk does for one school, and what central staff see of them all."""

from django.contrib import admin
from django_tasks_db.models import DBTaskResult

from vigencia.escuelas.consola.escuelas import ComprobacionAdmin, EscuelaAdmin, ResponsableAdmin
from vigencia.escuelas.consola.listas import CierreAdmin, InscripcionAdmin, LoteAdmin

# The queue's own page, in English and with the rows' ids: nobody of the staff has anything to do there.
if admin.site.is_registered(DBTaskResult):
    admin.site.unregister(DBTaskResult)

__all__ = [
    "CierreAdmin",
    "ComprobacionAdmin",
    "EscuelaAdmin",
    "InscripcionAdmin",
    "LoteAdmin",
    "ResponsableAdmin",
]
