"""Which office serves where, its prefixes, and how many numbers are left."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from afiliacion.models import Prefijo, Serie, Subdelegacion, Territorio
from nss_portal.documentos.moldes import fecha_larga
from nss_portal.personal.base import EnLineaSoloLectura, Registro, SoloLectura


class PrefijoEnLinea(EnLineaSoloLectura):
    model = Prefijo
    fields = ["prefijo", "origen"]
    show_change_link = True


@admin.register(Subdelegacion)
class SubdelegacionAdmin(Registro):
    list_display = ["nombre", "entidad"]
    list_select_related = ["entidad"]
    list_filter = ["entidad"]
    search_fields = ["nombre", "entidad__nombre"]
    inlines = [PrefijoEnLinea]


@admin.register(Prefijo)
class PrefijoAdmin(Registro):
    list_display = ["prefijo", "subdelegacion", "origen"]
    list_select_related = ["subdelegacion"]
    list_filter = ["origen"]
    ordering = ["prefijo"]
    search_fields = ["prefijo__exact", "subdelegacion__nombre"]
    raw_id_fields = ["subdelegacion"]

    def get_readonly_fields(self, request: HttpRequest, obj: Prefijo | None = None) -> list[str]:
        return ["prefijo"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Numbers that begin with it have been given.
        return False


if TYPE_CHECKING:
    _TerritorioModelForm = forms.ModelForm[Territorio]
else:
    _TerritorioModelForm = forms.ModelForm


class TerritorioForm(_TerritorioModelForm):
    def clean(self) -> dict[str, Any]:
        datos = self.cleaned_data
        entidad, municipio = datos.get("entidad"), datos.get("municipio")
        if entidad and municipio and municipio.entidad_id != entidad.pk:
            self.add_error("municipio", f"{municipio} no está en {entidad}.")
        return datos


@admin.register(Territorio)
class TerritorioAdmin(Registro):
    form = TerritorioForm
    list_display = ["entidad", "municipio", "subdelegacion"]
    list_select_related = ["entidad", "municipio", "subdelegacion"]
    list_filter = ["entidad"]
    ordering = ["entidad", "municipio__nombre"]
    search_fields = ["entidad__nombre", "municipio__nombre", "subdelegacion__nombre"]
    raw_id_fields = ["municipio", "subdelegacion"]

    def get_readonly_fields(self, request: HttpRequest, obj: Territorio | None = None) -> list[str]:
        return ["entidad", "municipio"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Territorio | None = None) -> bool:
        # Without the row for the rest of its entidad a postal code would lead to no subdelegación. Asked
        # about many at once (obj is None), no: there is no saying which.
        return bool(obj and obj.municipio_id) and super().has_delete_permission(request, obj)


@admin.register(Serie)
class SerieAdmin(SoloLectura):
    list_display = ["prefijo", "anio_registro", "anio_nacimiento", "dados", "lleno", "se_acaba"]
    ordering = ["-ultimo", "prefijo", "anio_registro", "anio_nacimiento"]
    search_fields = ["prefijo__exact"]
    search_help_text = "Escribe el prefijo."
    fields = ["prefijo", "anio_registro", "anio_nacimiento", "abierta", "dados", "lleno", "se_acaba"]

    @admin.display(description="se acaba, a este paso")
    def se_acaba(self, serie: Serie) -> str:
        dia = serie.se_acaba(timezone.localdate())
        return fecha_larga(dia) if dia else "no este año"

    @admin.display(description="números dados", ordering="ultimo")
    def dados(self, serie: Serie) -> str:
        return f"{serie.dados:,} de {Serie.ULTIMO + 1:,}"

    @admin.display(description="lleno", ordering="ultimo")
    def lleno(self, serie: Serie) -> str:
        return f"{serie.dados / (Serie.ULTIMO + 1):.1%}"
