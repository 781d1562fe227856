"""Who works at which counter: central staff only."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from afiliacion.models import Empleado
from afiliacion.ventanilla import grupos
from nss_portal.personal.base import Registro

if TYPE_CHECKING:
    _EmpleadoForm = forms.ModelForm[Empleado]
else:
    _EmpleadoForm = forms.ModelForm


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
