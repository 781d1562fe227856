"""The base of every admin page on a school's rows: nobody sees another school's."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from nss_portal.personal.base import Registro
from vigencia.escuelas.alcance import escuela_de, recortar, ve_todas


class DeMiEscuela(Registro):
    """Rows with an `escuela`: lists, forms, actions, history and addresses all read `get_queryset`."""

    # What its pages are called, in the way about and above them.
    seccion = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return recortar(super().get_queryset(request), request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        alguna = escuela_de(request.user) or ve_todas(request.user)
        return bool(alguna) and super().has_module_permission(request)

    def pagina(
        self, request: HttpRequest, plantilla: str, titulo: str, *, status: int = 200, **contexto: Any
    ) -> HttpResponse:
        """A page of ours in the admin's frame."""
        base = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": titulo,
            "seccion": self.seccion,
            "lista": f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist",
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/vigencia/{plantilla}", base | contexto, status=status)
