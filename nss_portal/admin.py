"""What staff see of people, trámites and territory: looked at and searched, hardly ever changed."""

from itertools import batched, chain
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.admin.filters import FieldListFilter, SimpleListFilter
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.templatetags import admin_list
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Now
from django.forms import BaseInlineFormSet, Media, Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.timezone import localtime

from nss_portal import bitacora
from nss_portal.entrada import EntradaAcotada
from nss_portal.identidad import enmascarar_curp, enmascarar_nss, normalizar_curp
from nss_portal.models import (
    Asiento,
    Aviso,
    CodigoPostal,
    Colonia,
    CurpAnterior,
    Documento,
    Entidad,
    Envio,
    Municipio,
    Persona,
    Suceso,
    Tramite,
    Verificacion,
)
from nss_portal.models.documento import EnvioQuerySet
from nss_portal.models.territorio import plegar
from nss_portal.models.tramite import DE_TRABAJO
from nss_portal.usuarios import ConPermisos, ContrasenaForm

# Generic for the type checker only: at run time these classes take no [].
if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
    _BaseInlineFormSet = BaseInlineFormSet[Any, Any, Any]
    _UserAdmin = UserAdmin[User]
else:
    _ModelAdmin, _TabularInline = admin.ModelAdmin, admin.TabularInline
    _BaseInlineFormSet, _UserAdmin = BaseInlineFormSet, UserAdmin

# Schools see a title of their own: templates/admin/base_site.html.
admin.site.site_header = "Personal · Seguro de Salud para Estudiantes"
admin.site.site_title = "Personal"
admin.site.index_title = "Consulta y catálogos"
admin.site.login_form = EntradaAcotada
admin.site.unregister([User, Group])


def _si_o_no(valor: bool | None) -> str:
    """In words: of Django's green and red icons, half would say that something healthy is wrong."""
    return {True: "Sí", False: "No", None: "Sin dato"}[valor]


admin_list._boolean_icon = _si_o_no  # type: ignore[attr-defined]


class PaginadorAcotado(Paginator[Any]):
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
        bitacora.anotar_consulta(request.user, self.opts.label_lower, lookup)
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
        titulo = {"title": capfirst(self.opts.verbose_name_plural)}
        try:
            return super().changelist_view(request, titulo | (extra_context or {}))
        except OverflowError as error:  # a key longer than any: SQLite cannot even be asked
            raise BadRequest from error


class BusquedaPrivada(Registro):
    """Searched by what identifies a person, whole and by POST: no address carries a CURP or an NSS."""

    change_list_template = "admin/busqueda_privada.html"
    consultas = ("id__in",)  # those that were found
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


@admin.register(User)
class UsuarioAdmin(ConPermisos, Registro, _UserAdmin):
    change_password_form = ContrasenaForm
    list_display = ["username", "first_name", "last_name", "is_active", "is_staff"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # What they did is told by rows that would go with them. They stop being active instead.
        return False


@admin.register(Group)
class GrupoAdmin(ConPermisos, Registro, GroupAdmin):
    pass


@admin.register(Persona)
class PersonaAdmin(BusquedaPrivada):
    list_display = ["curp_oculta", "nombre", "nss_oculto"]
    buscar_por = ("curp", "nss")
    ayuda_busqueda = "CURP o NSS, completos:"

    @admin.display(description="CURP")
    def curp_oculta(self, persona: Persona) -> str:
        return enmascarar_curp(persona.curp)

    @admin.display(description="nombre")
    def nombre(self, persona: Persona) -> str:
        return persona.nombre_completo

    @admin.display(description="NSS")
    def nss_oculto(self, persona: Persona) -> str | None:
        return enmascarar_nss(persona.nss) if persona.nss else None

    def get_readonly_fields(self, request: HttpRequest, obj: Persona | None = None) -> list[str]:
        # Both are for life, and the CURP says the rest. A number that comes from outside is given when the
        # person is added.
        return ["curp_oculta", "nss_oculto", "nacimiento", "sexo", "entidad"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Persona | None = None) -> Any:
        claves = ["curp_oculta", "nss_oculto"] if obj else ["curp", "nss"]
        return [*claves, "nombres", "primer_apellido", "segundo_apellido", "nacimiento", "sexo", "entidad"]

    def save_model(self, request: HttpRequest, obj: Persona, form: Any, change: bool) -> None:
        # Only what was changed: a number assigned while this form was open must not be written over.
        obj.save(update_fields=form.changed_data if change else None)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Whoever opens a person's page leaves a line in the bitácora."""
        persona = super().get_object(request, object_id, from_field)
        if persona and request.method == "GET" and self.has_view_permission(request, persona):
            bitacora.anotar(request.user, Asiento.Que.VER, persona, "Consulta del personal central")
        return persona

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class SucesoEnLinea(EnLineaSoloLectura):
    model = Suceso
    fields = ["estado", "cuando"]


class DocumentoEnLinea(EnLineaSoloLectura):
    model = Documento
    fields = ["tipo", "creado", "emitido", "sha256"]


@admin.display(description="pedido", ordering="creado")
def pedido_el(envio: Envio) -> str:
    return f"{localtime(envio.creado):%d/%m/%Y %H:%M}"


@admin.display(description="estado")
def como_va(envio: Envio) -> str:
    """In words, with its sign; of what did not go out, why."""
    signo = {Envio.Estado.ENVIADO: "✓", Envio.Estado.ESPERA: "…", Envio.Estado.RECHAZADO: "✗"}[envio.estado]
    dicho = str(envio.estado.label)
    if envio.enviado:
        dicho += f" el {localtime(envio.enviado):%d/%m/%Y %H:%M}"
    elif envio.falla:
        codigos = envio.respuesta.replace(" ", "\N{NO-BREAK SPACE}")
        dicho += f": {envio.get_falla_display().lower()}" + (f" ({codigos})" if codigos else "")
    html = '<span class="envio {}"><span aria-hidden="true">{}</span> {}</span>'
    return format_html(html, envio.estado.value, signo, dicho)


class EnvioEnLinea(EnLineaSoloLectura):
    model = Envio
    fields = ["__str__", "pedido", "estado", "intentos"]
    pedido, estado = staticmethod(pedido_el), staticmethod(como_va)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("documento")


@admin.register(Tramite)
class TramiteAdmin(BusquedaPrivada, SoloLectura):
    list_display = ["folio", "tipo", "estado", "espera", "creado"]
    list_filter = ["estado", "tipo", "espera"]
    # A folio begins with its moment, and has an index.
    ordering = ["-folio"]
    buscar_por = ("folio", "curp")
    ayuda_busqueda = "Folio o CURP, completos:"
    actions = ["reintentar"]
    # Not what only its owner's browser may know: `navegador`, `solicitud`.
    fields = [
        *("folio", "tipo", "curp_oculta", "nombre", "correo", "domicilio", "creado"),
        *("estado", "motivo", "espera", "resultado", "intentos", "libre_desde"),
    ]
    inlines = [SucesoEnLinea, DocumentoEnLinea, EnvioEnLinea]

    @admin.display(description="CURP")
    def curp_oculta(self, tramite: Tramite) -> str:
        return enmascarar_curp(tramite.curp)

    @admin.display(description="persona")
    def nombre(self, tramite: Tramite) -> str | None:
        return tramite.persona.nombre_completo if tramite.persona else None

    def has_reintentar_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("nss_portal.change_tramite")

    @admin.action(description="Reintentar ahora los que esperan", permissions=["reintentar"])
    def reintentar(self, request: HttpRequest, queryset: QuerySet[Tramite]) -> None:
        """Cut their pause short: a worker takes them up at once. Harmless for those that wait for nothing."""
        cuantos = queryset.exclude(espera="").filter(estado__in=DE_TRABAJO).update(libre_desde=Now())
        self.message_user(request, f"Trámites que se reintentan: {cuantos}.")


@admin.register(Aviso)
class AvisoAdmin(SoloLectura):
    list_display = ["asunto", "creado", "enviado"]
    fields = ["asunto", "texto", "creado", "enviado"]


@admin.register(Documento)
class DocumentoAdmin(SoloLectura):
    """That it was issued and its fingerprint; what it certifies and its codes are its owner's."""

    list_display = ["tramite", "tipo", "creado", "emitido"]
    list_select_related = ["tramite"]
    list_filter = ["tipo", ("emitido", admin.EmptyFieldListFilter)]
    ordering = ["-tramite__folio", "tipo"]
    search_fields = ["tramite__folio__exact"]
    search_help_text = "Escribe el folio completo."
    fields = [
        *("tramite", "tipo", "creado", "emitido", "sha256", "certificado", "versiones"),
        *("sustituido_por", "cancelado"),
    ]


@admin.register(Verificacion)
class VerificacionAdmin(SoloLectura):
    """Who asked is only a fingerprint: enough to see that one address asked for many."""

    list_display = ["cuando", "medio", "resultado", "coincide", "documento", "origen"]
    list_select_related = ["documento"]
    list_filter = ["medio", "resultado"]
    fields = ["cuando", "medio", "resultado", "coincide", "documento", "origen"]


class PorEstado(admin.SimpleListFilter):
    title = "estado"
    parameter_name = "estado"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(estado.value), str(estado.label)) for estado in Envio.Estado]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case Envio.Estado.ENVIADO:
                return queryset.exclude(enviado=None)
            case Envio.Estado.ESPERA:
                return queryset.pendientes()  # type: ignore[attr-defined, no-any-return]
            case Envio.Estado.RECHAZADO:
                return queryset.rechazados()  # type: ignore[attr-defined, no-any-return]
        return queryset


@admin.register(Envio)
class EnvioAdmin(SoloLectura):
    list_display = ["tramite", "estado", "__str__", "pedido", "intentos"]
    pedido, estado = staticmethod(pedido_el), staticmethod(como_va)
    list_select_related = ["tramite", "documento"]
    list_filter = [PorEstado, "falla"]
    ordering = ["-tramite__folio", "-creado"]
    search_fields = ["tramite__folio__exact"]
    search_help_text = "Escribe el folio completo."
    actions = ["reintentar"]
    fields = ["tramite", "__str__", "estado", "pedido", "insiste_desde", "intentos", "libre_desde"]

    def has_reintentar_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("nss_portal.change_envio")

    @admin.action(
        description="Reintentar este correo si fue rechazado",
        description_plural="Reintentar los rechazados",
        permissions=["reintentar"],
        location=list(admin.ActionLocation),
    )
    def reintentar(self, request: HttpRequest, queryset: EnvioQuerySet) -> None:
        """What was refused goes out again, one or all of the list; the rest stays as it is."""
        claves = queryset.reintentar()
        for trozo in batched(claves, 500):
            filas = Envio.objects.filter(pk__in=trozo).select_related("documento")
            LogEntry.objects.log_actions(cast(int, request.user.pk), filas, CHANGE, "Se reintenta.")
        dicho = f"Correos que se reintentan: {len(claves)}."
        if not claves:
            dicho += " Ninguno estaba rechazado, o su documento ya salió en otro."
        self.message_user(request, dicho, messages.SUCCESS if claves else messages.WARNING)


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
