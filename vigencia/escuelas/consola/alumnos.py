"""The students of a school: the list, one by hand, bajas, and the list as a file."""

import re
from datetime import date, timedelta
from functools import lru_cache
from itertools import batched
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from nss_portal.personal.base import BusquedaPrivada
from nss_portal.personas.identidad import enmascarar_curp, enmascarar_nss, normalizar_curp
from nss_portal.personas.models import CurpAnterior
from vigencia.escuelas import inscripciones
from vigencia.escuelas.alcance import escuela_de, exigir, ve_todas
from vigencia.escuelas.consola import exportar
from vigencia.escuelas.consola.alcance import DeMiEscuela
from vigencia.escuelas.forms import AltaForm, BajaForm, CorreccionForm
from vigencia.escuelas.inscripciones import Situacion
from vigencia.models import Inscripcion

POR_TERMINAR = "por-terminar"
UN_ANIO = timedelta(days=366)


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
        escuela = escuela_de(request.user)
        if escuela is None:
            return []
        ciclos = escuela.inscripciones.order_by("-ciclo").values_list("ciclo", flat=True).distinct()
        return [(ciclo, ciclo) for ciclo in ciclos[:20]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(ciclo=self.value()) if self.value() else queryset


@admin.register(Inscripcion)
class InscripcionAdmin(BusquedaPrivada, DeMiEscuela):
    seccion = "Alumnos"
    change_list_template = "admin/vigencia/alumnos.html"
    add_form_template = "admin/vigencia/alta.html"
    change_form_template = "admin/vigencia/alumno.html"
    list_display = ["nombre", "numeros", "matricula", "nivel", "ciclo", "desde", "hasta", "estado"]
    list_select_related = ["persona"]
    list_filter = [PorSituacion, PorCiclo, "nivel"]
    # Staff come here from a school's page.
    consultas = ("id__in", "escuela")
    # The key follows the order of entry, and has an index.
    ordering = ["-pk"]
    sortable_by = ()
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

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        contexto = {
            "title": "Alumnos",
            "ve_todas": ve_todas(request.user),
            "puede_exportar": exportar.puede_exportar(request.user),
            **(extra_context or {}),
        }
        return super().changelist_view(request, contexto)

    def get_list_display(self, request: HttpRequest) -> Any:
        return [*self.list_display, *(["escuela"] if ve_todas(request.user) else [])]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("persona", "escuela")

    def buscar(self, request: HttpRequest) -> HttpResponse:
        """By the number, whole, or how a matrícula begins; within one school also by name, accents or not."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        texto = " ".join(request.POST["buscar"].replace("\0", "").split())[:150]
        filas = self.get_queryset(request)
        numero = normalizar_curp(texto)
        condicion = (
            Q(persona__curp__in=CurpAnterior.todas(numero)) | Q(persona__nss=numero) | Q(matricula=texto)
        )
        claves = list(filas.filter(condicion).values_list("pk", flat=True)[:50]) if texto else []
        palabras = re.findall(r"[^\W\d_]+", texto)[:6]
        if not claves and texto:
            parecidas = Q(matricula__istartswith=texto)
            if palabras and escuela_de(request.user):
                parecidas |= _se_llama(palabras)
            claves = list(filas.filter(parecidas).values_list("pk", flat=True)[:50])
        nombre = "admin:vigencia_inscripcion"
        if len(claves) == 1:
            return redirect(f"{nombre}_change", claves[0])
        if claves:
            return redirect(f"{reverse(f'{nombre}_changelist')}?id__in={','.join(map(str, claves))}")
        self.message_user(
            request, "No encontramos a nadie con eso. Revisa cómo está escrito.", messages.WARNING
        )
        # The whole list under those words would look like what was found.
        return redirect(f"{reverse(f'{nombre}_changelist')}?id__in=0")

    # -- One student --------------------------------------------------------------------------------------

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change=change, form=CorreccionForm, **kwargs)
        escuela = exigir(request.user, "add_inscripcion")
        return type("AltaForm", (AltaForm,), {"propia": escuela, "usuario": request.user})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            campos = list(self.get_form(request)(None).fields)
            quien = [campo for campo in ("escuela", "curp", "nss", "matricula") if campo in campos]
            return [
                ("Quién es", {"fields": quien}),
                ("Su inscripción", {"fields": [campo for campo in campos if campo not in quien]}),
            ]
        baja = ["baja", "causa"] if obj.baja else []
        escuela = ["escuela"] if ve_todas(request.user) else []
        return [
            ("Quién es", {"fields": ["nombre", "curp", "nss", "matricula"]}),
            (
                "Su inscripción",
                {
                    "fields": [
                        "estado",
                        *escuela,
                        "registro",
                        "nivel",
                        "ciclo",
                        "alta",
                        "fin",
                        *baja,
                        "movida",
                    ]
                },
            ),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return []
        fijos = ["nombre", "curp", "nss", "estado", "escuela", "registro", "ciclo", "alta", "baja", "causa"]
        return [*fijos, "movida", *(["nivel", "fin"] if obj.baja else [])]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.movida = timezone.now()
            obj.save(update_fields=[*form.changed_data, "movida"])
            return
        datos = {campo: getattr(obj, campo) for campo in ("ciclo", "nivel", "matricula", "alta", "fin")}
        hecha = inscripciones.inscribir(obj.escuela, obj.persona, obj.registro, **datos)
        obj.pk = hecha.pk
        obj.refresh_from_db()
        if self._esta_en_otra(obj):
            self.message_user(
                request,
                "Otra institución también lo tiene inscrito. No afecta su servicio.",
                messages.WARNING,
            )

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> Any:
        self.message_user(
            request,
            f"Inscripción guardada: {obj.persona}, del {obj.alta:%d/%m/%Y} al {obj.fin:%d/%m/%Y}.",
            messages.SUCCESS,
        )
        if abs(obj.alta - timezone.localdate()) > UN_ANIO or obj.fin < timezone.localdate():
            self.message_user(
                request, "Revisa sus fechas: el alta queda lejos de hoy o el fin ya pasó.", messages.WARNING
            )
        otra = "_addanother" in request.POST
        return redirect(f"admin:vigencia_inscripcion_{'add' if otra else 'changelist'}")

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        self.message_user(request, f"Cambios guardados: {obj.persona}.", messages.SUCCESS)
        return redirect("admin:vigencia_inscripcion_changelist")

    def _esta_en_otra(self, inscripcion: Inscripcion) -> bool:
        """Whether another school has them enrolled now: all that may be said of it."""
        suyas = Inscripcion.objects.vigentes(timezone.localdate()).filter(persona=inscripcion.persona)
        return suyas.exclude(escuela=inscripcion.escuela).exists()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        fila = self.get_object(request, object_id)
        titulo = {"title": fila.persona.nombre_completo, "subtitle": None} if fila else {}
        contexto = {
            **titulo,
            "puede_baja": self.has_change_permission(request),
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, contexto)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        contexto = {"title": "Inscribir a un alumno", **(extra_context or {})}
        try:
            return super().add_view(request, form_url, contexto)
        except ValidationError:
            # Somebody else wrote between the form's checks and ours: now the form itself finds it.
            return super().add_view(request, form_url, contexto)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # What was said is history: an enrolment ends by a baja.
        return False

    # -- Bajas --------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        vista = self.admin_site.admin_view
        return [
            path("descargar/", vista(self.descargar), name="vigencia_inscripcion_descargar"),
            path("<int:pk>/baja/", vista(self.baja), name="vigencia_inscripcion_baja"),
            path(
                "<int:pk>/baja/deshacer/",
                vista(require_POST(self.deshacer_baja)),
                name="vigencia_inscripcion_deshacer_baja",
            ),
            *super().get_urls(),
        ]

    def descargar(self, request: HttpRequest) -> HttpResponseBase:
        return exportar.descargar(self, request)

    def baja(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End one student's enrolment: its day and its cause."""
        exigir(request.user, "change_inscripcion")
        fila = get_object_or_404(self.get_queryset(request), pk=pk)
        form = BajaForm(request.POST if request.method == "POST" else None, inscripcion=fila)
        if fila.baja is None and form.is_valid():
            suya = Inscripcion.objects.filter(pk=fila.pk)
            if self._dar_de_baja(request, suya, form.cleaned_data["fecha"], form.cleaned_data["causa"]):
                self.message_user(request, f"Baja registrada: {fila.persona}.", messages.SUCCESS)
        if request.method == "POST" and (fila.baja or form.is_valid()):
            return redirect("admin:vigencia_inscripcion_change", fila.pk)
        titulo = f"{'Deshacer la baja de' if fila.baja else 'Dar de baja a'} {fila.persona}"
        hoy = timezone.localdate()
        muy_tarde = inscripciones.muy_tarde(fila, hoy)
        return self.pagina(request, "baja.html", titulo, form=form, fila=fila, muy_tarde=muy_tarde, hoy=hoy)

    def deshacer_baja(self, request: HttpRequest, pk: int) -> HttpResponse:
        exigir(request.user, "change_inscripcion")
        fila = get_object_or_404(self.get_queryset(request), pk=pk)
        try:
            if self._deshacer_baja(request, fila):
                self.message_user(request, f"Sigue inscrito como antes: {fila.persona}.", messages.SUCCESS)
        except ValidationError as error:
            self.message_user(request, error.messages[0], messages.WARNING)
        return redirect("admin:vigencia_inscripcion_change", fila.pk)

    @transaction.atomic
    def _deshacer_baja(self, request: HttpRequest, fila: Inscripcion) -> bool:
        """Whether there was one; and, in its history, what was taken back: the row itself forgets it."""
        if era := inscripciones.deshacer_baja(fila):
            causa = era.get_causa_display().lower().removeprefix("baja ")
            self.log_change(request, era, f"Se deshizo la baja del {era.baja:%d/%m/%Y} ({causa}).")
        return era is not None

    def has_dar_de_baja_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    @admin.action(description="Dar de baja a los marcados", permissions=["dar_de_baja"])
    def dar_de_baja(self, request: HttpRequest, queryset: QuerySet[Inscripcion]) -> HttpResponse | None:
        """Several at once, after asking for the day and the cause and showing who they are."""
        abiertas = queryset.filter(baja=None)
        if not abiertas.exists():
            self.message_user(request, "Todos los que marcaste ya tienen su baja.", messages.WARNING)
            return None
        form = BajaForm(request.POST if "confirmar" in request.POST else None)
        if form.is_valid():
            fecha, causa = form.cleaned_data["fecha"], form.cleaned_data["causa"]
            self._contar_bajas(request, self._dar_de_baja(request, abiertas, fecha, causa), fecha)
            return None
        pagina = Paginator(abiertas, self.list_per_page).get_page(1)
        return self.pagina(
            request,
            "baja_de_varios.html",
            "Dar de baja a varios alumnos",
            form=form,
            filas=pagina,
            marcados=request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)[: self.list_per_page],
            todos=request.POST.get("select_across", "0"),
        )

    @transaction.atomic
    def _dar_de_baja(
        self, request: HttpRequest, abiertas: QuerySet[Inscripcion], fecha: date, causa: str
    ) -> int:
        """How many; and, in the history of each, who did it."""
        claves = inscripciones.dar_de_baja(abiertas, fecha, causa)
        for trozo in batched(claves, 1000):
            filas = Inscripcion.objects.filter(pk__in=trozo).select_related("persona")
            LogEntry.objects.log_actions(cast(int, request.user.pk), filas, CHANGE, "Baja.")
        return len(claves)

    def _contar_bajas(self, request: HttpRequest, cuantas: int, fecha: date) -> None:
        if cuantas:
            texto = "Una baja registrada" if cuantas == 1 else f"{cuantas:,} bajas registradas"
            self.message_user(request, f"{texto}, desde el {fecha:%d/%m/%Y}.", messages.SUCCESS)
        else:
            texto = "Ninguno de los que marcaste estaba inscrito ese día: no cambió nada."
            self.message_user(request, texto, messages.WARNING)


# What is typed without accents finds what has them, on both databases and whatever their collation.
_LETRAS = ["aAáÁàÀäÄ", "eEéÉèÈëË", "iIíÍìÌïÏ", "oOóÓòÒöÖ", "uUúÚùÙüÜ", "nNñÑ"]


@lru_cache(maxsize=256)
def _patron(palabra: str) -> str:
    partes = []
    for letra in palabra:
        grupo = next((grupo for grupo in _LETRAS if letra in grupo), letra.lower() + letra.upper())
        partes.append(f"[{grupo}]")
    return "(^|[ -])" + "".join(partes)


def _se_llama(palabras: list[str]) -> Q:
    """Every word begins a word of the name."""
    condicion = Q()
    for palabra in palabras:
        patron = _patron(palabra)
        condicion &= (
            Q(persona__nombres__regex=patron)
            | Q(persona__primer_apellido__regex=patron)
            | Q(persona__segundo_apellido__regex=patron)
        )
    return condicion
