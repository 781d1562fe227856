"""The base of every admin page of the counter: nobody sees another office's."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from afiliacion.ventanilla.alcance import empleado_de, recortar, ve_todas
from nss_portal.personal.base import SoloLectura


class DeMiVentanilla(SoloLectura):
    """Rows that lead to a subdelegación: lists, pages, history and addresses all read `get_queryset`."""

    oficina = "subdelegacion"
    # What its pages are called, in the way about and above them.
    seccion = ""
    change_list_template = "admin/afiliacion/lista.html"
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return recortar(super().get_queryset(request), request.user, self.oficina)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": self.seccion, **(extra_context or {})})

    def has_module_permission(self, request: HttpRequest) -> bool:
        alguna = empleado_de(request.user) or ve_todas(request.user)
        return bool(alguna) and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        alguna = empleado_de(request.user) or ve_todas(request.user)
        return bool(alguna) and super().has_view_permission(request, obj)

    def pagina(
        self, request: HttpRequest, plantilla: str, titulo: str, *, status: int = 200, **contexto: Any
    ) -> HttpResponse:
        """A page of ours in the admin's frame. Nothing of it stays in the browser of a shared desk."""
        base = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": titulo,
            "seccion": self.seccion,
            "lista": f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist",
        }
        request.current_app = self.admin_site.name
        respuesta = TemplateResponse(request, f"admin/afiliacion/{plantilla}", base | contexto, status=status)
        respuesta["Cache-Control"] = "no-store"
        return respuesta
