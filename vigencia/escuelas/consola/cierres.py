"""The end of a cycle for a whole school: whom it touches, said first; and a day to think better of it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from nss_portal.personal.base import PaginadorAcotado
from vigencia.escuelas.alcance import exigir, ve_todas
from vigencia.escuelas.consola.alcance import DeMiEscuela
from vigencia.escuelas.forms import CierreForm
from vigencia.escuelas.inscripciones import alcance_de_cierre, cerrar_ciclo, deshacer_cierre, fuera_de_cierre
from vigencia.models import Cierre

_POR_PAGINA = 100


@admin.register(Cierre)
class CierreAdmin(DeMiEscuela):
    seccion = "Fin de ciclo"
    change_list_template = "admin/vigencia/cierres.html"
    list_display = ["ciclo", "desde", "cuantas", "hecho", "usuario", "se_deshizo"]
    list_select_related = ["usuario", "escuela"]
    ordering = ["-creado"]
    sortable_by = ()

    @admin.display(description="baja")
    def desde(self, cierre: Cierre) -> str:
        return f"{cierre.baja:%d/%m/%Y}"

    @admin.display(description="hecho")
    def hecho(self, cierre: Cierre) -> str:
        return f"{localtime(cierre.creado):%d/%m/%Y %H:%M}"

    @admin.display(description="deshecho")
    def se_deshizo(self, cierre: Cierre) -> str:
        return f"{localtime(cierre.deshecho):%d/%m/%Y %H:%M}" if cierre.deshecho else "No"

    def get_list_display(self, request: HttpRequest) -> Any:
        return [*self.list_display, *(["escuela"] if ve_todas(request.user) else [])]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": "Fin de ciclo", **(extra_context or {})})

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        deshacer = self.admin_site.admin_view(require_POST(self.deshacer))
        return [path("<int:pk>/deshacer/", deshacer, name="vigencia_cierre_deshacer"), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Cycle and day → whom it touches → confirmed by POST. What comes before may be reloaded."""
        propia = exigir(request.user, "add_cierre")
        datos = request.POST if request.method == "POST" else request.GET if "ciclo" in request.GET else None
        form = CierreForm(datos, propia=propia)
        contexto: dict[str, Any] = {"form": form}
        if form.is_valid():
            escuela, ciclo, dia = form.de, form.cleaned_data["ciclo"], form.cleaned_data["baja"]
            if request.method == "POST":
                return self._cerrar(request, escuela, ciclo, dia)
            filas = alcance_de_cierre(escuela, ciclo, dia).select_related("persona").order_by("pk")
            pagina = Paginator(filas, _POR_PAGINA).get_page(request.GET.get("p"))
            consulta = urlencode({"ciclo": ciclo, "baja": dia.isoformat(), "escuela": escuela.pk})
            contexto |= {
                "filas": pagina,
                "ciclo": ciclo,
                "baja": dia,
                "de": escuela,
                "fuera": fuera_de_cierre(escuela, ciclo, dia),
                "consulta": f"{consulta}&",
            }
        return self.pagina(request, "cierre_nuevo.html", "Terminar un ciclo", **contexto)

    def _cerrar(self, request: HttpRequest, escuela: Any, ciclo: str, dia: Any) -> HttpResponse:
        try:
            cierre = cerrar_ciclo(escuela, ciclo, dia, request.user)
        except ValidationError as error:
            self.message_user(request, error.messages[0], messages.WARNING)
            return redirect("admin:vigencia_cierre_add")
        self.log_addition(request, cierre, "Fin de ciclo.")
        return redirect("admin:vigencia_cierre_change", cierre.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        exigir(request.user, "view_cierre")
        cierre = self.get_object(request, object_id)
        if cierre is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined,no-any-return]
        pagina = PaginadorAcotado(self._tocadas(cierre), _POR_PAGINA).get_page(request.GET.get("p"))
        return self.pagina(
            request,
            "cierre.html",
            f"Fin del ciclo {cierre.ciclo}",
            cierre=cierre,
            filas=pagina,
            hasta=cierre.creado + Cierre.PLAZO,
            puede=request.user.has_perm("vigencia.add_cierre"),
        )

    def _tocadas(self, cierre: Cierre) -> QuerySet[Any]:
        return cierre.inscripciones.select_related("persona").order_by("pk")

    def deshacer(self, request: HttpRequest, pk: int) -> HttpResponse:
        exigir(request.user, "add_cierre")
        cierre = get_object_or_404(self.get_queryset(request), pk=pk)
        if deshacer_cierre(cierre):
            self.log_change(request, cierre, "Se deshizo.")
            self.message_user(request, "Listo: tus alumnos siguen inscritos como antes.", messages.SUCCESS)
        else:
            self.message_user(request, "Ya no se puede deshacer.", messages.WARNING)
        return redirect("admin:vigencia_cierre_change", cierre.pk)
