"""Users, groups and what they may do, where Django would say it in English."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
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


# The rows that join them are listed before anybody deletes, and their names too are in English.
for _union, _nombre, _str in (
    (User.groups.through, "pertenencia a un grupo", lambda fila: str(fila.group)),
    (User.user_permissions.through, "permiso propio", lambda fila: dicho(fila.permission)),
    (Group.permissions.through, "permiso del grupo", lambda fila: dicho(fila.permission)),
):
    _union._meta.verbose_name = _union._meta.verbose_name_plural = _nombre
    _union.__str__ = _str  # type: ignore[method-assign]


class CampoPermisos(_CampoPermisos):
    def label_from_instance(self, obj: Permission) -> str:
        return dicho(obj)


class ConPermisos(_ModelAdmin):
    delete_confirmation_max_display = 20

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        """Of the permissions, those on what has a page here."""
        if db_field.related_model is Permission:
            tipos = ContentType.objects.get_for_models(*self.admin_site._registry).values()
            de_aqui = Permission.objects.filter(content_type__in=[tipo.pk for tipo in tipos])
            kwargs |= {"form_class": CampoPermisos, "queryset": de_aqui.select_related("content_type")}
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class ContrasenaForm(_ContrasenaForm):
    usable_password_help_text = format_html(
        '{}<ul id="id_unusable_warning" class="messagelist"><li class="warning">{}</li></ul>',
        "Sin contraseña no se puede entrar.",
        "Si se la quitas, la que tiene se pierde.",
    )
