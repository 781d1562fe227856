"""What staff see of the clinics, and the two things done in bulk: coverage, and moving a consultorio."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from clinicas import alta as act
from clinicas.catalogo import cobertura
from clinicas.catalogo.forms import ARCHIVO_MAXIMO, PASA, CargarCoberturaForm, ConsultorioForm, MoverForm
from clinicas.models import Alta, Clinica, Cobertura, Consultorio
from nss_portal.archivos.carga import CargaInvalida, Fuente
from nss_portal.archivos.plan import Modo, RetirosSinAceptar
from nss_portal.personal.base import BusquedaPrivada, EnLinea, Registro, SoloLectura


def barra(poblacion: int, capacidad: int) -> str:
    """How full, drawn by the browser and said in words."""
    if not capacidad:
        return "no recibe a nadie" if not poblacion else f"{poblacion:,}; no recibe a nadie más"
    return format_html(
        '<meter min="0" max="{}" high="{}" value="{}"></meter> {} de {} ({})',
        capacidad,
        capacidad * 9 // 10,
        min(poblacion, capacidad),
        f"{poblacion:,}",
        f"{capacidad:,}",
        f"{poblacion / capacidad:.0%}",
    )


class ConsultorioEnLinea(EnLinea):
    model = Consultorio
    form = ConsultorioForm
    fields = ["turno", "numero", "capacidad", "poblacion", "mover"]
    readonly_fields = ["poblacion", "mover"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consultorio]:
        return Consultorio.objects.con_poblacion()

    @admin.display(description="población")
    def poblacion(self, consultorio: Consultorio) -> str:
        return barra(consultorio.poblacion, consultorio.capacidad) if consultorio.pk else ""

    @admin.display(description="su gente")
    def mover(self, consultorio: Consultorio) -> str:
        return _enlace_mover(consultorio) if consultorio.pk else ""


def _enlace_mover(consultorio: Consultorio) -> str:
    if not consultorio.poblacion:
        return ""
    return format_html(
        '<a href="{}">Mover</a>', reverse("admin:clinicas_consultorio_mover", args=[consultorio.pk])
    )


@admin.register(Clinica)
class ClinicaAdmin(Registro):
    list_display = ["nombre", "clues", "municipio", "entidad", "estado", "poblacion"]
    list_select_related = ["municipio", "entidad"]
    list_filter = ["estado", "tipo", "origen", "entidad"]
    search_fields = ["nombre", "clues__exact", "codigo_postal__exact", "municipio__nombre"]
    search_help_text = "Nombre, CLUES, código postal o municipio."
    raw_id_fields = ["municipio"]
    inlines = [ConsultorioEnLinea]
    fieldsets = [
        (
            "Catálogo",
            {
                "description": "Cada carga del catálogo CLUES vuelve a escribir estos datos.",
                "fields": [
                    *(
                        "clues",
                        "tipo",
                        "numero",
                        "nombre",
                        "domicilio",
                        "codigo_postal",
                        "entidad",
                        "municipio",
                    ),
                    *("telefono", "latitud", "longitud", "origen"),
                ],
            },
        ),
        (
            "Atención",
            {
                "description": "Ninguna carga cambia estos datos; solo retira la clínica que ya no está.",
                "fields": ["estado", "delegacion", "horario", "ventanilla"],
            },
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Clinica | None = None) -> list[str]:
        return ["clues", "origen"] if obj else ["origen"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # With what the page showed beside what it brings back, it is known what was changed in it.
        return super().formfield_for_dbfield(db_field, request, show_hidden_initial=True, **kwargs)

    def save_model(self, request: HttpRequest, obj: Clinica, form: Any, change: bool) -> None:
        # Only that: the catalogue may have been loaded while the form was open.
        obj.save(update_fields=form.changed_data if change else None)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        del_consultorio = Consultorio.objects.filter(clinica=OuterRef("pk")).order_by().values("clinica")
        de_la_gente = Alta.objects.activas().filter(consultorio__clinica=OuterRef("pk")).order_by()
        lugares = del_consultorio.annotate(suma=Sum("capacidad")).values("suma")
        gente = de_la_gente.values("consultorio__clinica").annotate(cuantas=Count("pk")).values("cuantas")
        clinicas: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(lugares=Coalesce(Subquery(lugares), 0), gente=Coalesce(Subquery(gente), 0))
        )
        return clinicas

    @admin.display(description="población")
    def poblacion(self, clinica: Any) -> str:
        return barra(clinica.gente, clinica.lugares)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # It is closed or retired; people's history refers to it.
        return False


@admin.register(Consultorio)
class ConsultorioAdmin(Registro):
    """Looked at here, with its people's door; written in its clinic's page."""

    list_display = ["clinica", "entidad", "turno", "numero", "poblacion", "mover"]
    list_select_related = ["clinica__entidad"]
    list_filter = ["turno", "clinica__estado", "clinica__entidad"]
    ordering = ["clinica", "turno", "numero"]
    search_fields = ["clinica__nombre", "clinica__clues__exact"]
    search_help_text = "Nombre o CLUES de la clínica."
    fields = ["clinica", "turno", "numero", "capacidad", "poblacion", "mover"]
    readonly_fields = ["poblacion", "mover"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return Consultorio.objects.con_poblacion().select_related("clinica__entidad")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description="entidad")
    def entidad(self, consultorio: Consultorio) -> str:
        return consultorio.clinica.entidad.nombre

    @admin.display(description="población")
    def poblacion(self, consultorio: Consultorio) -> str:
        return barra(consultorio.poblacion, consultorio.capacidad)

    @admin.display(description="su gente")
    def mover(self, consultorio: Consultorio) -> str:
        return _enlace_mover(consultorio)

    def get_urls(self) -> list[URLPattern]:
        vista = self.admin_site.admin_view(self.mover_gente)
        return [path("<int:pk>/mover/", vista, name="clinicas_consultorio_mover"), *super().get_urls()]

    def mover_gente(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm("clinicas.change_consultorio"):
            raise PermissionDenied
        origen = self.get_queryset(request).filter(pk=pk).first()
        if origen is None:
            raise Http404
        form = MoverForm(request.POST or None, origen=origen)
        if request.method == "POST" and form.is_valid():
            try:
                cuantas = act.reubicar(origen, form.destino)
            except act.SinLugar as error:
                form.add_error(None, f"No se movió a nadie: {error}")
            else:
                self.log_change(request, origen, f"Movió a {cuantas} personas a {form.destino.pk}.")
                a_donde = f"{form.destino.clinica}, {str(form.destino).lower()}"
                self.message_user(request, f"Personas movidas a {a_donde}: {cuantas:,}.", messages.SUCCESS)
                return redirect("admin:clinicas_clinica_change", origen.clinica_id)
        hermanos = Consultorio.objects.con_poblacion().filter(clinica=origen.clinica_id).exclude(pk=pk)
        contexto = {
            **self.admin_site.each_context(request),
            "title": "Mover a la gente de un consultorio",
            "opts": self.opts,
            "origen": origen,
            "form": form,
            "hermanos": [(c, barra(c.poblacion, c.capacidad)) for c in hermanos],
        }
        return TemplateResponse(request, "admin/clinicas/mover.html", contexto)


@admin.register(Cobertura)
class CoberturaAdmin(Registro):
    change_list_template = "admin/clinicas/coberturas.html"
    list_display = ["codigo_postal", "municipio", "clinica", "clues"]
    list_select_related = ["codigo_postal__municipio", "clinica"]
    list_filter = ["clinica__entidad"]
    ordering = ["codigo_postal", "clinica"]
    search_fields = ["codigo_postal__codigo__exact", "clinica__clues__exact"]
    search_help_text = "Código postal o CLUES, completos."
    raw_id_fields = ["codigo_postal", "clinica"]

    @admin.display(description="municipio")
    def municipio(self, fila: Cobertura) -> str:
        return fila.codigo_postal.municipio.nombre

    @admin.display(description="CLUES", ordering="clinica")
    def clues(self, fila: Cobertura) -> str:
        return fila.clinica_id

    def get_urls(self) -> list[URLPattern]:
        vista = self.admin_site.admin_view(self.cargar)
        return [path("cargar/", vista, name="clinicas_cobertura_cargar"), *super().get_urls()]

    @method_decorator(csrf_exempt)
    def cargar(self, request: HttpRequest) -> HttpResponse:
        """The same as `manage.py cargar_cobertura`, from the browser."""
        if not (self.has_add_permission(request) and self.has_delete_permission(request)):
            raise PermissionDenied
        # Before anything reads the body (the check of its csrf token does): a huge one is not even received.
        if int(request.META.get("CONTENT_LENGTH") or 0) > ARCHIVO_MAXIMO * 2:
            form = CargarCoberturaForm({})
            form.errors.clear()
            form.add_error("archivo", PASA)
            return self._por_cargar(request, form)
        return csrf_protect(self._cargar)(request)

    def _cargar(self, request: HttpRequest) -> HttpResponse:
        form = CargarCoberturaForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            archivo = form.cleaned_data["archivo"]
            try:
                informe = cobertura.cargar_fuente(
                    Fuente(archivo.file, archivo.size),
                    modo=Modo(aceptados=form.cleaned_data["aceptar_retiros"]),
                )
            except RetirosSinAceptar as error:
                retiros = error.retiros
                form.add_error(
                    "aceptar_retiros",
                    f"{retiros.frase} No se cambió nada. Revisa el archivo; si es lo que quieres, elígelo "
                    f"otra vez y escribe aquí {retiros.cuantos}.",
                )
            except CargaInvalida as error:
                form.add_error("archivo", str(error).split("\n"))
            else:
                self.message_user(request, cobertura.describir(informe), messages.SUCCESS)
                return redirect("admin:clinicas_cobertura_changelist")
        return self._por_cargar(request, form)

    def _por_cargar(self, request: HttpRequest, form: CargarCoberturaForm) -> HttpResponse:
        contexto = {
            **self.admin_site.each_context(request),
            "title": "Cargar cobertura",
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/clinicas/cargar.html", contexto)


class DeAhora(admin.SimpleListFilter):
    title = "situación"
    parameter_name = "situacion"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("activa", "Activa"),
            ("suspendida", "Suspendida (nadie la tiene inscrita)"),
            ("fin", "Terminó"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "activa":
                return queryset.filter(hasta=None)
            case "suspendida":
                suspendidas = Alta.objects.suspendidas(timezone.localdate())
                return queryset.filter(pk__in=suspendidas.values("pk"))
            case "fin":
                return queryset.filter(hasta__isnull=False)
        return queryset


@admin.register(Alta)
class AltaAdmin(BusquedaPrivada, SoloLectura):
    list_display = ["persona", "clinica", "consultorio", "desde", "hasta", "causa"]
    list_select_related = ["persona", "consultorio__clinica"]
    list_filter = [DeAhora, "causa"]
    ordering = ["-pk"]
    buscar_por = ("persona__curp", "persona__nss")
    ayuda_busqueda = "CURP o NSS, completos:"
    fields = ["persona", "clinica", "consultorio", "desde", "hasta", "causa", "suspendida", "tramite"]

    @admin.display(description="clínica")
    def clinica(self, alta: Alta) -> str:
        return str(alta.consultorio.clinica)

    @admin.display(description="suspendida", boolean=True)
    def suspendida(self, alta: Alta) -> bool:
        return act.suspendida(alta)
