"""The base of every page of the admin: its lists answer only their own filters, no address has a number."""

from itertools import chain
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.filters import FieldListFilter, SimpleListFilter
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.forms import BaseInlineFormSet, Media, Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst

from nss_portal.personas import asientos
from nss_portal.personas.identidad import normalizar_curp
from nss_portal.personas.models import CurpAnterior

# Generic for the type checker only: at run time these classes take no [].
if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
    _BaseInlineFormSet = BaseInlineFormSet[Any, Any, Any]
    _Paginator = Paginator[Any]
else:
    _ModelAdmin, _TabularInline = admin.ModelAdmin, admin.TabularInline
    _BaseInlineFormSet, _Paginator = BaseInlineFormSet, Paginator


class PaginadorAcotado(_Paginator):
    """Counts no further than anybody would leaf through: counting a million rows reads a million rows."""

    TOPE = 10_000

    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return self.object_list[: self.TOPE].count()


class Registro(_ModelAdmin):
    """A table that may be long: its rows are never counted to the end, and no link leads out of the admin."""

    paginator = PaginadorAcotado
    show_full_result_count = False
    view_on_site = False
    list_per_page = 50
    # What its list is called, where that is not the name of its rows.
    titulo = ""
    # The lookups that an address may ask besides those of the list's own filters.
    consultas: tuple[str, ...] = ()
    _ofrecidas: set[str | None] | None = None  # those and these, once they have been asked for

    @property
    def media(self) -> Media:
        nombrar: Any = Script("js/admin.js", defer=True)
        return super().media + Media(
            js=[nombrar] if self.autocomplete_fields or self.filter_horizontal else []
        )

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """What the list itself links to. Whatever else was asked would be answered with yes or no, letter by
        letter if need be, also of what staff only see masked: it is refused and written down.
        """
        if self._ofrecidas is None:
            de_filtros = (self._de_un_filtro(filtro, request) for filtro in self.get_list_filter(request))
            self._ofrecidas = {*self.consultas, *chain.from_iterable(de_filtros)}
        if lookup in self._ofrecidas and "\0" not in value:
            return True
        asientos.anotar_consulta(request.user, self.opts.label_lower, lookup)
        return False

    def _de_un_filtro(self, filtro: Any, request: HttpRequest) -> list[str | None]:
        """The names that the links of a filter carry."""
        if isinstance(filtro, type) and issubclass(filtro, SimpleListFilter):
            return [filtro.parameter_name]
        ruta, hacer = filtro if isinstance(filtro, tuple) else (filtro, FieldListFilter.create)
        campo = get_fields_from_path(self.model, ruta)[-1]
        return hacer(campo, request, {}, self.model, self, field_path=ruta).expected_parameters()  # type: ignore[no-any-return]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        # «Clínicas», where Django says «Select clínica to change».
        titulo = {"title": self.titulo or capfirst(self.opts.verbose_name_plural)}
        try:
            return super().changelist_view(request, titulo | (extra_context or {}))
        except OverflowError as error:  # a key longer than any: SQLite cannot even be asked
            raise BadRequest from error


class BusquedaPrivada(Registro):
    """Searched by what identifies a person, whole and by POST: no address carries a CURP or an NSS."""

    change_list_template = "admin/busqueda_privada.html"
    consultas: tuple[str, ...] = ("id__in",)  # those that were found
    buscar_por: tuple[str, ...] = ()
    ayuda_busqueda = ""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        if "buscar" in request.POST:
            return self.buscar(request)
        contexto = {"ayuda_busqueda": self.ayuda_busqueda, **(extra_context or {})}
        return super().changelist_view(request, contexto)

    def buscar(self, request: HttpRequest) -> HttpResponse:
        """To the one that was found, to the list of the few, or back with a word."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        # Forgiven its spaces, hyphens and lower case, as everywhere.
        texto = normalizar_curp(request.POST["buscar"])
        # By a CURP that was replaced they are found too.
        numeros = CurpAnterior.todas(texto)
        condicion = Q(*((f"{campo}__in", numeros) for campo in self.buscar_por), _connector=Q.OR)
        filas = self.get_queryset(request).filter(condicion) if texto.isalnum() else self.model.objects.none()
        claves = [str(clave) for clave in filas.values_list("pk", flat=True)[:50]]
        nombre = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if len(claves) == 1:
            return redirect(f"{nombre}_change", claves[0])
        if claves:
            return redirect(f"{reverse(f'{nombre}_changelist')}?id__in={','.join(claves)}")
        self.message_user(request, "No encontramos nada con eso. Escríbelo completo.", messages.WARNING)
        return redirect(f"{nombre}_changelist")


class SoloLectura(Registro):
    """Written by the portal or by its commands, never by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class _Renglones(_BaseInlineFormSet):
    def add_fields(self, form: Any, index: int | None) -> None:
        """A field in a table has no label beside it: it is named as its column."""
        super().add_fields(form, index)
        for campo in form.fields.values():
            if not campo.widget.is_hidden:
                # Of a picker with its links around it, the picker.
                getattr(campo.widget, "widget", campo.widget).attrs["aria-label"] = campo.label


class EnLinea(_TabularInline):
    formset = _Renglones
    extra = 0


class EnLineaSoloLectura(EnLinea):
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields or []

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
