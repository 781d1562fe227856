"""The schools and who answers for each: central staff only."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from nss_portal.personal.base import EnLinea, Registro, SoloLectura
from vigencia.escuelas import grupos
from vigencia.models import Comprobacion, Escuela, RegistroPatronal, Responsable

if TYPE_CHECKING:
    _ResponsableForm = forms.ModelForm[Responsable]
else:
    _ResponsableForm = forms.ModelForm


class ResponsableForm(_ResponsableForm):
    def clean_usuario(self) -> Any:
        """A user who may do more would see more than the school: that takes another user."""
        usuario = self.cleaned_data["usuario"]
        otros = usuario.groups.exclude(name=grupos.ESCUELAS).exists() or usuario.user_permissions.exists()
        if usuario.is_superuser or otros:
            raise ValidationError(
                "Este usuario tiene otros permisos y vería más que su escuela. Crea otro usuario para ella.",
                code="permisos",
            )
        return usuario


class RegistroEnLinea(EnLinea):
    """The numbers are added and never changed: enrolments have been reported with them."""

    model = RegistroPatronal
    fields = ["registro", "nivel"]
    can_delete = False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ResponsableEnLinea(EnLinea):
    model = Responsable
    form = ResponsableForm
    fields = ["usuario"]
    autocomplete_fields = ["usuario"]


@admin.register(Escuela)
class EscuelaAdmin(Registro):
    list_display = ["cct", "nombre", "entidad", "modalidad", "imparte"]
    list_display_links = ["cct", "nombre"]
    list_select_related = ["entidad"]
    list_filter = ["modalidad", "entidad"]
    ordering = ["nombre", "cct"]
    search_fields = ["cct__startswith", "nombre"]
    search_help_text = "Escribe la CCT o parte del nombre."
    fields = [
        *("cct", "nombre", "medio_superior", "superior", "posgrado"),
        *("modalidad", "entidad", "municipio"),
    ]
    autocomplete_fields = ["municipio"]
    inlines = [RegistroEnLinea, ResponsableEnLinea]

    @admin.display(description="niveles")
    def imparte(self, escuela: Escuela) -> str:
        return ", ".join(nivel.label for nivel in escuela.niveles)

    def get_readonly_fields(self, request: HttpRequest, obj: Escuela | None = None) -> list[str]:
        return ["cct"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Responsable)
class ResponsableAdmin(Registro):
    form = ResponsableForm
    list_display = ["usuario", "escuela"]
    list_select_related = ["usuario", "escuela"]
    ordering = ["escuela__nombre", "usuario__username"]
    search_fields = ["usuario__username", "escuela__cct__exact", "escuela__nombre"]
    search_help_text = "Escribe el usuario, la CCT o parte del nombre de la escuela."
    autocomplete_fields = ["usuario", "escuela"]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Responsable]) -> None:
        for responsable in queryset.select_related("usuario"):
            responsable.delete()


@admin.register(Comprobacion)
class ComprobacionAdmin(SoloLectura):
    """How much each school asks, and how often it misses: who guesses numbers is seen here."""

    list_display = ["escuela", "usuario", "cuando", "cuantas", "fallidas", "sin_nss"]
    list_select_related = ["escuela", "usuario"]
    ordering = ["-pk"]
    search_fields = ["escuela__cct__exact"]
    search_help_text = "Escribe la CCT completa."
    fields = ["escuela", "usuario", "cuando", "cuantas", "fallidas", "sin_nss"]
