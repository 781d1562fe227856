"""What staff see of people, trámites and territory: looked at and searched, hardly ever changed."""

from itertools import batched
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.templatetags import admin_list
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.timezone import localtime

from nss_portal.correo.models import Envio, EnvioQuerySet
from nss_portal.documentos.models import Documento, Verificacion
from nss_portal.personal.base import BusquedaPrivada, EnLineaSoloLectura, Registro, SoloLectura
from nss_portal.personal.entrada import EntradaAcotada
from nss_portal.personal.usuarios import ConPermisos, ContrasenaForm, lo_que_se_borra
from nss_portal.personas import asientos
from nss_portal.personas.bitacora import Asiento
from nss_portal.personas.identidad import enmascarar_curp, enmascarar_nss
from nss_portal.personas.models import Persona
from nss_portal.servicio.models import Aviso
from nss_portal.territorio.models import CodigoPostal, Colonia, Entidad, Municipio, plegar
from nss_portal.tramites.models import Suceso, Tramite
from nss_portal.tramites.models.tramite import DE_TRABAJO

# Generic for the type checker only: at run time it takes no [].
if TYPE_CHECKING:
    _UserAdmin = UserAdmin[User]
else:
    _UserAdmin = UserAdmin

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


@admin.register(User)
class UsuarioAdmin(ConPermisos, Registro, _UserAdmin):
    change_password_form = ContrasenaForm
    list_display = ["username", "first_name", "last_name", "is_active", "is_staff"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # What they did is told by rows that would go with them. They stop being active instead.
        return False


@admin.register(Group)
class GrupoAdmin(ConPermisos, Registro, GroupAdmin):
    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        *_, sin_permiso, protegidos = super().get_deleted_objects(objs, request)
        return *lo_que_se_borra(objs), sin_permiso, protegidos


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
            asientos.anotar(request.user, Asiento.Que.VER, persona, "Consulta del personal central")
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
            LogEntry.objects.log_actions(cast(int, request.user.pk), filas, CHANGE, "Se vuelve a intentar.")
        dicho = f"Correos que vuelven a salir: {len(claves)}."
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
