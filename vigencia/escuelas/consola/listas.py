"""What Django's own lists show of a school's rows, and the form that corrects an enrolment.

Whatever takes several steps is a view of the modules beside this one.
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timezone import localtime

from nss_portal.personal.base import BusquedaPrivada, Registro
from nss_portal.personas.identidad import enmascarar_curp, enmascarar_nss
from vigencia.escuelas import inscripciones
from vigencia.escuelas.alcance import escuela_de, recortar, ve_todas
from vigencia.escuelas.consola import bajas, busqueda
from vigencia.escuelas.forms import CorreccionForm
from vigencia.escuelas.inscripciones import Situacion
from vigencia.models import Cierre, Inscripcion, Lote

POR_TERMINAR = "por-terminar"


class PorSituacion(admin.SimpleListFilter):
    title = "situación"
    parameter_name = "situacion"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((s.value, str(s.label)) for s in Situacion), (POR_TERMINAR, "Terminan en 30 días")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        hoy, cual = timezone.localdate(), self.value() or ""
        if cual == POR_TERMINAR:
            return queryset.filter(inscripciones.por_terminar(hoy))
        if cual in Situacion.values:
            return queryset.filter(inscripciones.en_situacion(cual, hoy))
        return queryset


class PorCiclo(admin.SimpleListFilter):
    """The school's own cycles. Central staff have no list of them: it would read every enrolment there is."""

    title = "ciclo"
    parameter_name = "ciclo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(ciclo, ciclo) for ciclo in inscripciones.ciclos(escuela_de(request.user))[:20]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(ciclo=self.value()) if self.value() else queryset


class DeMiEscuela(Registro):
    """Rows with an `escuela`: nobody sees another school's. Lists, forms, actions and history all read
    `get_queryset`. What was said is history: an enrolment ends by a baja.
    """

    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return recortar(super().get_queryset(request), request.user)

    def get_list_display(self, request: HttpRequest) -> Any:
        return [*self.list_display, *(["escuela"] if ve_todas(request.user) else [])]

    def has_module_permission(self, request: HttpRequest) -> bool:
        alguna = escuela_de(request.user) or ve_todas(request.user)
        return bool(alguna) and super().has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class SoloLista(DeMiEscuela):
    """Nothing of its rows is edited."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Lote)
class LoteAdmin(SoloLista):
    titulo = "Archivos"
    change_list_template = "admin/vigencia/lotes.html"
    list_display = ["nombre", "subido", "usuario", "renglones", "estado_en_palabras"]
    list_select_related = ["usuario", "escuela"]
    ordering = ["-creado"]

    @admin.display(description="subido")
    def subido(self, lote: Lote) -> str:
        return f"{localtime(lote.creado):%d/%m/%Y %H:%M}"

    @admin.display(description="renglones")
    def renglones(self, lote: Lote) -> str:
        return f"{lote.total:,}"

    @admin.display(description="estado")
    def estado_en_palabras(self, lote: Lote) -> str:
        return format_html('<span class="estado {}">{}</span>', lote.estado, lote.get_estado_display())


@admin.register(Cierre)
class CierreAdmin(SoloLista):
    titulo = "Fin de ciclo"
    change_list_template = "admin/vigencia/cierres.html"
    list_display = ["ciclo", "desde", "cuantas", "hecho", "usuario", "se_deshizo"]
    list_select_related = ["usuario", "escuela"]
    ordering = ["-creado"]

    @admin.display(description="baja")
    def desde(self, cierre: Cierre) -> str:
        return f"{cierre.baja:%d/%m/%Y}"

    @admin.display(description="hecho")
    def hecho(self, cierre: Cierre) -> str:
        return f"{localtime(cierre.creado):%d/%m/%Y %H:%M}"

    @admin.display(description="deshecho")
    def se_deshizo(self, cierre: Cierre) -> str:
        return f"{localtime(cierre.deshecho):%d/%m/%Y %H:%M}" if cierre.deshecho else "No"


@admin.register(Inscripcion)
class InscripcionAdmin(BusquedaPrivada, DeMiEscuela):
    titulo = "Alumnos"
    change_list_template = "admin/vigencia/alumnos.html"
    change_form_template = "admin/vigencia/alumno.html"
    form = CorreccionForm
    list_display = ["nombre", "numeros", "matricula", "nivel", "ciclo", "desde", "hasta", "estado"]
    list_select_related = ["persona", "escuela"]
    list_filter = [PorSituacion, PorCiclo, "nivel"]
    # Staff come here from a school's page.
    consultas = ("id__in", "escuela")
    # The key follows the order of entry, and has an index.
    ordering = ["-pk"]
    show_facets = admin.ShowFacets.NEVER
    buscar_por = ("persona__curp", "persona__nss", "matricula")
    ayuda_busqueda = "CURP o NSS completos, matrícula, o nombre y apellidos:"
    actions = ["dar_de_baja"]

    # -- What is shown ------------------------------------------------------------------------------------

    @admin.display(description="nombre")
    def nombre(self, inscripcion: Inscripcion) -> str:
        return inscripcion.persona.nombre_completo

    @admin.display(description="CURP y NSS")
    def numeros(self, inscripcion: Inscripcion) -> str:
        """Enough to tell one from another; whole only in the row's own page."""
        persona = inscripcion.persona
        return format_html("{}<br>{}", enmascarar_curp(persona.curp), enmascarar_nss(persona.nss or ""))

    @admin.display(description="alta")
    def desde(self, inscripcion: Inscripcion) -> str:
        return f"{inscripcion.alta:%d/%m/%Y}"

    @admin.display(description="fin")
    def hasta(self, inscripcion: Inscripcion) -> str:
        return f"{inscripcion.fin:%d/%m/%Y}"

    @admin.display(description="CURP")
    def curp(self, inscripcion: Inscripcion) -> str:
        return inscripcion.persona.curp

    @admin.display(description="NSS")
    def nss(self, inscripcion: Inscripcion) -> str | None:
        return inscripcion.persona.nss

    @admin.display(description="estado")
    def estado(self, inscripcion: Inscripcion) -> str:
        cual = inscripciones.situacion(inscripcion, timezone.localdate())
        texto = str(cual.label)
        if cual == Situacion.VIGENTE and inscripcion.baja:
            texto += f", con baja el {inscripcion.baja:%d/%m/%Y}"
        return format_html('<span class="estado {}">{}</span>', cual.value, texto)

    def buscar(self, request: HttpRequest) -> HttpResponse:
        """To the student that was found, to the list of the few, or to a list of nobody with a word."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        con_nombre = escuela_de(request.user) is not None
        claves = busqueda.buscar(self.get_queryset(request), request.POST["buscar"], con_nombre)
        if len(claves) == 1:
            return redirect("admin:vigencia_inscripcion_change", claves[0])
        if not claves:
            self.message_user(
                request, "No encontramos a nadie con eso. Revisa cómo está escrito.", messages.WARNING
            )
        # The whole list under those words would look like what was found.
        halladas = ",".join(map(str, claves or [0]))
        return redirect(f"{reverse('admin:vigencia_inscripcion_changelist')}?id__in={halladas}")

    # -- Corrected, or ended ------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        escuela = ["escuela"] if ve_todas(request.user) else []
        baja = ["baja", "causa"] if obj.baja else []
        suya = ["estado", *escuela, "registro", "nivel", "ciclo", "alta", "fin", *baja, "movida"]
        return [
            ("Quién es", {"fields": ["nombre", "curp", "nss", "matricula"]}),
            ("Su inscripción", {"fields": suya}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        se_corrigen = ["matricula"] if obj.baja else CorreccionForm.Meta.fields
        campos = [campo for _, grupo in self.get_fieldsets(request, obj) for campo in grupo["fields"]]
        return [campo for campo in campos if campo not in se_corrigen]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.movida = timezone.now()
        # No more than was corrected: somebody may be ending it meanwhile.
        obj.save(update_fields=[*form.changed_data, "movida"])

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        self.message_user(request, f"Cambios guardados: {obj.persona}.", messages.SUCCESS)
        return redirect("admin:vigencia_inscripcion_changelist")

    def has_dar_de_baja_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    @admin.action(description="Dar de baja a los marcados", permissions=["dar_de_baja"])
    def dar_de_baja(self, request: HttpRequest, queryset: QuerySet[Inscripcion]) -> HttpResponse | None:
        return bajas.de_varios(request, queryset)
