"""The lists of the counter, each user's own office's; who works there; and the bitácora.

The pages of an attention and of a change are `afiliacion.ventanilla.consola`'s.
"""

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from afiliacion.models import Atencion, Cambio, Empleado
from afiliacion.ventanilla import grupos
from afiliacion.ventanilla.alcance import empleado_de, recortar, ve_todas
from nss_portal.personal.base import BusquedaPrivada, Registro, SoloLectura
from nss_portal.personas.bitacora import Asiento
from nss_portal.personas.identidad import enmascarar_curp, enmascarar_nombre
from nss_portal.personas.models import Persona

if TYPE_CHECKING:
    _EmpleadoForm = forms.ModelForm[Empleado]
else:
    _EmpleadoForm = forms.ModelForm


class DeMiVentanilla(SoloLectura):
    """Rows that lead to a subdelegación: lists, pages, history and addresses all read `get_queryset`."""

    oficina = "subdelegacion"
    change_list_template = "admin/afiliacion/lista.html"
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return recortar(super().get_queryset(request), request.user, self.oficina)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Whoever sees one office only is not told which."""
        sobra = "subdelegacion" if empleado_de(request.user) else ""
        return [columna for columna in self.list_display if columna != sobra]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        alguna = empleado_de(request.user) or ve_todas(request.user)
        return bool(alguna) and super().has_view_permission(request, obj)


def _a_medias(persona: Persona) -> str:
    """Enough to tell one from another; whole only in a page, where looking is written down."""
    return f"{enmascarar_nombre(persona.nombre_completo)} · {enmascarar_curp(persona.curp)}"


@admin.display(description="persona")
def quien(fila: Atencion | Cambio) -> str:
    return _a_medias(fila.persona)


@admin.register(Atencion)
class AtencionAdmin(DeMiVentanilla, BusquedaPrivada):
    list_display = ["cuando", quien, "motivo", "atendio", "estado", "subdelegacion"]
    list_select_related = ["persona", "atendio", "subdelegacion"]
    list_filter = ["motivo"]
    ordering = ["-creada"]
    buscar_por = ("persona__curp", "persona__nss")
    ayuda_busqueda = "CURP o NSS, completos:"

    @admin.display(description="empezó")
    def cuando(self, atencion: Atencion) -> str:
        return str(atencion)

    @admin.display(description="estado")
    def estado(self, atencion: Atencion) -> str:
        return "Terminada" if atencion.terminada else "En curso"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return empleado_de(request.user) is not None and request.user.has_perm("afiliacion.add_atencion")


@admin.register(Cambio)
class CambioAdmin(DeMiVentanilla):
    list_display = ["pedido", quien, "tipo", "pide", "estado", "autoriza", "subdelegacion"]
    list_select_related = ["persona", "pide", "autoriza", "subdelegacion"]
    list_filter = ["estado", "tipo"]
    ordering = ["-pedido"]


@admin.register(Asiento)
class AsientoAdmin(DeMiVentanilla, BusquedaPrivada):
    """Central staff read it all, a supervisor their own office's. Nobody writes in it here."""

    titulo = "Bitácora"
    oficina = "usuario__empleado__subdelegacion"
    list_display = ["cuando", "usuario", "que", "sobre_quien", "motivo"]
    list_select_related = ["usuario", "persona"]
    list_filter = ["que"]
    ordering = ["-pk"]
    buscar_por = ("persona__curp", "persona__nss")
    ayuda_busqueda = "CURP o NSS de la persona, completos:"
    fields = ["cuando", "usuario", "que", "sobre_quien", "motivo", "lo_demas"]

    @admin.display(description="sobre quién")
    def sobre_quien(self, asiento: Asiento) -> str | None:
        return _a_medias(asiento.persona) if asiento.persona else None

    @admin.display(description="detalle")
    def lo_demas(self, asiento: Asiento) -> str:
        return format_html("<pre>{}</pre>", json.dumps(asiento.detalle, ensure_ascii=False, indent=2))


class EmpleadoForm(_EmpleadoForm):
    def clean_usuario(self) -> Any:
        """A user who may do more would see more than the office: that takes another user."""
        usuario = self.cleaned_data["usuario"]
        suyos = [grupos.VENTANILLA, grupos.SUPERVISION]
        otros = usuario.groups.exclude(name__in=suyos).exists() or usuario.user_permissions.exists()
        if usuario.is_superuser or otros:
            raise ValidationError(
                "Este usuario tiene otros permisos y vería más que su oficina. Crea otro para la ventanilla.",
                code="permisos",
            )
        return usuario


@admin.register(Empleado)
class EmpleadoAdmin(Registro):
    """Naming somebody puts them in their group; taking them away takes them out of it."""

    form = EmpleadoForm
    list_display = ["usuario", "subdelegacion", "supervisor"]
    list_select_related = ["usuario", "subdelegacion"]
    list_filter = ["supervisor"]
    ordering = ["subdelegacion__nombre", "usuario__username"]
    search_fields = ["usuario__username", "subdelegacion__nombre"]
    search_help_text = "Escribe el usuario o parte del nombre de la subdelegación."
    autocomplete_fields = ["usuario", "subdelegacion"]

    def save_model(self, request: HttpRequest, obj: Empleado, form: Any, change: bool) -> None:
        if change and "usuario" in form.changed_data:
            grupos.relevar(Empleado.objects.get(pk=obj.pk))
        super().save_model(request, obj, form, change)
        grupos.nombrar(obj)

    def delete_model(self, request: HttpRequest, obj: Empleado) -> None:
        grupos.relevar(obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Empleado]) -> None:
        for empleado in queryset.select_related("usuario"):
            grupos.relevar(empleado)
        super().delete_queryset(request, queryset)
