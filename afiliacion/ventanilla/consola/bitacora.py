"""The bitácora: central staff read it all, a supervisor their own office's. Nobody writes in it here."""

import json

from django.contrib import admin
from django.utils.html import format_html

from afiliacion.ventanilla.consola.pagina import DeMiVentanilla
from nss_portal.personal.base import BusquedaPrivada
from nss_portal.personas.bitacora import Asiento
from nss_portal.personas.identidad import enmascarar_curp, enmascarar_nombre


@admin.register(Asiento)
class AsientoAdmin(DeMiVentanilla, BusquedaPrivada):
    seccion = "Bitácora"
    oficina = "usuario__empleado__subdelegacion"
    list_display = ["cuando", "usuario", "que", "sobre_quien", "motivo"]
    list_select_related = ["usuario", "persona"]
    list_filter = ["que"]
    ordering = ["-pk"]
    show_facets = admin.ShowFacets.NEVER
    buscar_por = ("persona__curp", "persona__nss")
    ayuda_busqueda = "CURP o NSS de la persona, completos:"
    fields = ["cuando", "usuario", "que", "sobre_quien", "motivo", "lo_demas"]

    @admin.display(description="sobre quién")
    def sobre_quien(self, asiento: Asiento) -> str | None:
        persona = asiento.persona
        if persona is None:
            return None
        return f"{enmascarar_nombre(persona.nombre_completo)} · {enmascarar_curp(persona.curp)}"

    @admin.display(description="detalle")
    def lo_demas(self, asiento: Asiento) -> str:
        return format_html("<pre>{}</pre>", json.dumps(asiento.detalle, ensure_ascii=False, indent=2))
