"""Users, groups and what they may do, where Django would say it in English."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q
from django.utils.html import format_html
from django.utils.text import capfirst

if TYPE_CHECKING:
    _CampoPermisos = forms.ModelMultipleChoiceField[Permission]
    _ContrasenaForm = AdminPasswordChangeForm[User]
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _CampoPermisos, _ContrasenaForm = forms.ModelMultipleChoiceField, AdminPasswordChangeForm
    _ModelAdmin = object

_VERBOS = {"add": "agregar", "change": "modificar", "delete": "eliminar", "view": "ver"}


def dicho(permiso: Permission) -> str:
    """Its own name is in a row, and `migrate` writes it in English."""
    verbo = _VERBOS.get(permiso.codename.partition("_")[0], permiso.name)
    return f"{capfirst(permiso.content_type.name)}: {verbo}"


def lo_que_se_borra(grupos: Iterable[Group]) -> tuple[list[Any], dict[str, int]]:
    """Each group with who is in it and what it lets them do, as the admin lists it before deleting; and how
    many of each. Django would list the rows that join them, in English.
    """
    lista: list[Any] = []
    cuantos = {"grupos": 0, "pertenencias a un grupo": 0, "permisos del grupo": 0}
    for grupo in grupos:
        gente = [f"Pertenencia a un grupo: {usuario}" for usuario in grupo.user_set.all()]
        permisos = [
            f"Permiso del grupo: {dicho(permiso)}"
            for permiso in grupo.permissions.select_related("content_type")
        ]
        lista += [f"Grupo: {grupo}", [*gente, *permisos]]
        cuantos["grupos"] += 1
        cuantos["pertenencias a un grupo"] += len(gente)
        cuantos["permisos del grupo"] += len(permisos)
    return lista, {que: cuantos[que] for que in cuantos if cuantos[que]}


def _propias() -> list[str]:
    return [app.label for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR]


class CampoPermisos(_CampoPermisos):
    def label_from_instance(self, obj: Permission) -> str:
        return dicho(obj)


class ConPermisos(_ModelAdmin):
    delete_confirmation_max_display = 20

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        if db_field.related_model is Permission:
            kwargs["form_class"] = CampoPermisos
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Of the permissions, those of the project's own apps and on users; and whatever this one already
        has, because what is not offered would be taken away on saving.
        """
        form = super().get_form(request, obj, change=change, **kwargs)
        ofrecidos = Q(content_type__app_label__in=["auth", *_propias()])
        for nombre, campo in form.base_fields.items():
            if isinstance(campo, CampoPermisos):
                suyos = Q(pk__in=getattr(obj, nombre).values("pk")) if obj else Q()
                permisos = Permission.objects.filter(ofrecidos | suyos)
                campo.queryset = permisos.select_related("content_type")
        return form


class ContrasenaForm(_ContrasenaForm):
    usable_password_help_text = format_html(
        '{}<ul id="id_unusable_warning" class="messagelist"><li class="warning">{}</li></ul>',
        "Sin contraseña no se puede entrar.",
        "Si se la quitas, la que tiene se pierde.",
    )
