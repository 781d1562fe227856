"""What waits for four eyes: a supervisor looks at it, authorises it or does not."""

from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from afiliacion.models import Cambio
from afiliacion.ventanilla import cambios
from afiliacion.ventanilla.alcance import empleado_de, puede_decidir
from afiliacion.ventanilla.consola.atenciones import NO_RESPONDE, _oferta
from afiliacion.ventanilla.consola.pagina import DeMiVentanilla
from afiliacion.ventanilla.forms import NegarForm
from nss_portal.personas import asientos
from nss_portal.personas.bitacora import Asiento
from nss_portal.personas.identidad import enmascarar_curp, enmascarar_nombre
from nss_portal.personas.renapo import NoDisponible


@admin.register(Cambio)
class CambioAdmin(DeMiVentanilla):
    seccion = "Cambios por autorizar"
    list_display = ["cuando", "quien", "tipo", "pide", "estado", "autoriza"]
    list_display_links = ["cuando"]
    list_select_related = ["persona", "pide", "autoriza", "subdelegacion"]
    list_filter = ["estado", "tipo"]
    ordering = ["-pedido"]
    show_facets = admin.ShowFacets.NEVER

    @admin.display(description="pedido")
    def cuando(self, cambio: Cambio) -> Any:
        return cambio.pedido

    @admin.display(description="persona")
    def quien(self, cambio: Cambio) -> str:
        persona = cambio.persona
        return f"{enmascarar_nombre(persona.nombre_completo)} · {enmascarar_curp(persona.curp)}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("persona", "pide", "autoriza", "subdelegacion")

    def get_list_display(self, request: HttpRequest) -> Any:
        return [*self.list_display, *([] if empleado_de(request.user) else ["subdelegacion"])]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        cambio = self.get_object(request, object_id)
        if cambio is None or not self.has_view_permission(request, cambio):
            raise Http404
        if request.method == "POST":
            return self._decidir(request, cambio)
        return self._pagina(request, cambio, NegarForm())

    def _decidir(self, request: HttpRequest, cambio: Cambio) -> HttpResponse:
        if not puede_decidir(request.user, cambio):
            raise PermissionDenied
        if "negar" in request.POST:
            form = NegarForm(request.POST)
            if not form.is_valid():
                return self._pagina(request, cambio, form, HTTPStatus.UNPROCESSABLE_ENTITY)
            hecho = cambios.negar(cambio, request.user, form.cleaned_data["respuesta"])
            dicho = "Quedó sin autorizar, y nada cambió."
        else:
            try:
                hecho = cambios.autorizar(cambio, request.user, _oferta())
            except cambios.Imposible as falta:
                self.message_user(request, str(falta), messages.WARNING)
                return redirect("admin:afiliacion_cambio_change", cambio.pk)
            except NoDisponible:
                self.message_user(request, NO_RESPONDE, messages.WARNING)
                return redirect("admin:afiliacion_cambio_change", cambio.pk)
            dicho = "Autorizado. Quien lo pidió ya lo ve en su atención."
        if hecho:
            self.message_user(request, dicho, messages.SUCCESS)
        else:
            self.message_user(request, "Otra persona ya lo había decidido.", messages.WARNING)
        return redirect("admin:afiliacion_cambio_change", cambio.pk)

    def _pagina(
        self, request: HttpRequest, cambio: Cambio, form: NegarForm, status: int = HTTPStatus.OK
    ) -> HttpResponse:
        asientos.anotar(
            request.user,
            Asiento.Que.VER,
            cambio.persona,
            f"Revisar lo que se pidió: {cambio.get_tipo_display()}",
            cambio=str(cambio.pk),
        )
        contexto = {
            "cambio": cambio,
            "form": form,
            "puede": cambio.estado == Cambio.Estado.PEDIDO and puede_decidir(request.user, cambio),
            "vistos": cambio.atencion.cotejos.filter(visto=True).select_related("reviso"),
        }
        return self.pagina(request, "cambio.html", cambio.get_tipo_display(), status=status, **contexto)
