"""What staff see of people, trámites and territory: looked at and searched, hardly ever changed."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from nss_portal.identidad import enmascarar_curp, enmascarar_nss, normalizar_curp
from nss_portal.models import (
    CodigoPostal,
    Colonia,
    Documento,
    Entidad,
    Envio,
    Municipio,
    Persona,
    Suceso,
    Tramite,
)
from nss_portal.models.territorio import plegar

# Generic for the type checker only: at run time these classes take no [].
if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
else:
    _ModelAdmin, _TabularInline = admin.ModelAdmin, admin.TabularInline

admin.site.site_header = "Seguro de Salud para Estudiantes · Personal"
admin.site.site_title = "Personal"
admin.site.index_title = "Consulta y catálogos"


class Registro(_ModelAdmin):
    """A table that may be long: its rows are not counted twice, and no link leads out of the admin."""

    show_full_result_count = False
    view_on_site = False
    list_per_page = 50


class SoloLectura(Registro):
    """Written by the portal or by its commands, never by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class EnLineaSoloLectura(_TabularInline):
    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields or []

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Persona)
class PersonaAdmin(Registro):
    list_display = ["curp_oculta", "nombre", "nss_oculto"]
    search_fields = ["curp__exact", "nss__exact"]
    search_help_text = "Escribe la CURP o el NSS completos."

    @admin.display(description="CURP")
    def curp_oculta(self, persona: Persona) -> str:
        return enmascarar_curp(persona.curp)

    @admin.display(description="nombre")
    def nombre(self, persona: Persona) -> str:
        return persona.nombre_completo

    @admin.display(description="NSS")
    def nss_oculto(self, persona: Persona) -> str | None:
        return enmascarar_nss(persona.nss) if persona.nss else None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Forgiven its spaces, hyphens and lower case, as everywhere.
        return super().get_search_results(request, queryset, normalizar_curp(search_term))

    def get_readonly_fields(self, request: HttpRequest, obj: Persona | None = None) -> list[str]:
        # Both are for life. A number that comes from outside is given when the person is added.
        return ["curp", "nss"] if obj else []

    def save_model(self, request: HttpRequest, obj: Persona, form: Any, change: bool) -> None:
        # Only what was changed: a number assigned while this form was open must not be written over.
        obj.save(update_fields=form.changed_data if change else None)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class SucesoEnLinea(EnLineaSoloLectura):
    model = Suceso
    fields = ["estado", "cuando"]


class DocumentoEnLinea(EnLineaSoloLectura):
    model = Documento
    fields = ["tipo", "creado", "emitido", "sha256"]


class EnvioEnLinea(EnLineaSoloLectura):
    model = Envio
    fields = ["documento", "creado", "enviado", "rechazado", "intentos"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("documento")


@admin.register(Tramite)
class TramiteAdmin(SoloLectura):
    list_display = ["folio", "tipo", "estado", "espera", "creado"]
    list_filter = ["estado", "tipo", "espera"]
    # A folio begins with its moment, and has an index.
    ordering = ["-folio"]
    search_fields = ["folio__exact", "curp__exact"]
    search_help_text = "Escribe el folio o la CURP completos."
    # Not what only its owner's browser may know: `navegador`, `solicitud`.
    fields = [
        *("folio", "tipo", "curp_oculta", "nombre", "correo", "creado"),
        *("estado", "motivo", "espera", "resultado", "intentos", "libre_desde"),
    ]
    inlines = [SucesoEnLinea, DocumentoEnLinea, EnvioEnLinea]

    @admin.display(description="CURP")
    def curp_oculta(self, tramite: Tramite) -> str:
        return enmascarar_curp(tramite.curp)

    @admin.display(description="persona")
    def nombre(self, tramite: Tramite) -> str | None:
        return tramite.persona.nombre_completo if tramite.persona else None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, normalizar_curp(search_term))


@admin.register(Documento)
class DocumentoAdmin(SoloLectura):
    """That it was issued and its fingerprint; what it certifies and its codes are its owner's."""

    list_display = ["tramite", "tipo", "creado", "emitido"]
    list_select_related = ["tramite"]
    list_filter = ["tipo", ("emitido", admin.EmptyFieldListFilter)]
    ordering = ["-tramite__folio", "tipo"]
    search_fields = ["tramite__folio__exact"]
    search_help_text = "Escribe el folio completo."
    fields = ["tramite", "tipo", "creado", "emitido", "sha256"]


@admin.register(Envio)
class EnvioAdmin(SoloLectura):
    list_display = ["tramite", "documento", "creado", "enviado", "rechazado", "intentos"]
    list_select_related = ["tramite", "documento"]
    list_filter = ["rechazado", ("enviado", admin.EmptyFieldListFilter)]
    ordering = ["-tramite__folio", "-creado"]
    search_fields = ["tramite__folio__exact"]
    search_help_text = "Escribe el folio completo."
    fields = ["tramite", "documento", "creado", "enviado", "rechazado", "intentos", "libre_desde"]


@admin.register(Entidad)
class EntidadAdmin(SoloLectura):
    list_display = ["clave", "nombre"]
    search_fields = ["clave__exact", "nombre"]


@admin.register(Municipio)
class MunicipioAdmin(SoloLectura):
    list_display = ["nombre", "entidad", "clave"]
    list_select_related = ["entidad"]
    list_filter = ["entidad"]
    ordering = ["entidad", "nombre"]
    search_fields = ["nombre", "clave__exact"]


@admin.register(CodigoPostal)
class CodigoPostalAdmin(SoloLectura):
    list_display = ["codigo", "municipio", "entidad"]
    list_select_related = ["municipio__entidad"]
    list_filter = ["municipio__entidad"]
    ordering = ["codigo"]
    search_fields = ["codigo__startswith", "municipio__nombre"]

    @admin.display(description="entidad")
    def entidad(self, codigo: CodigoPostal) -> str:
        return codigo.municipio.entidad.nombre


@admin.register(Colonia)
class ColoniaAdmin(SoloLectura):
    list_display = ["nombre", "tipo", "codigo_postal", "municipio", "vigente"]
    list_select_related = ["codigo_postal__municipio"]
    list_filter = ["vigente"]
    ordering = ["codigo_postal", "nombre_plegado", "tipo"]
    fields = ["nombre", "tipo", "codigo_postal", "municipio", "vigente"]
    search_fields = ["nombre_plegado__contains", "codigo_postal__codigo__exact"]
    search_help_text = "Escribe un código postal, o parte del nombre con o sin acentos."

    @admin.display(description="municipio")
    def municipio(self, colonia: Colonia) -> str:
        return colonia.codigo_postal.municipio.nombre

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, plegar(search_term))
