"""A clerk attends a person: the page that follows them from their CURP to their papers."""

import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path

from afiliacion.forms import DomicilioForm
from afiliacion.models import Atencion, Cambio
from afiliacion.ventanilla import actos, cambios, hoja
from afiliacion.ventanilla.alcance import empleado_de, exigir
from afiliacion.ventanilla.consola.pagina import DeMiVentanilla
from afiliacion.ventanilla.forms import FORMAS, AtenderForm, CodigoPostalForm, CotejoForm
from nss_portal.personal.base import BusquedaPrivada
from nss_portal.personas.bitacora import Asiento
from nss_portal.personas.identidad import enmascarar_curp, enmascarar_nombre
from nss_portal.personas.renapo import NoDisponible
from nss_portal.servicio import limites, topes
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.tramites.paso import NoSePudo, Oferta

NO_RESPONDE = (
    "El registro de población no responde en este momento. La CURP puede estar bien: espera un minuto y "
    "vuelve a intentarlo."
)
MAL = HTTPStatus.UNPROCESSABLE_ENTITY


def _oferta() -> Oferta:
    from nss_portal.oferta import OFERTA

    return OFERTA


@admin.register(Atencion)
class AtencionAdmin(DeMiVentanilla, BusquedaPrivada):
    seccion = "Atenciones"
    list_display = ["cuando", "quien", "motivo", "atendio", "estado"]
    list_display_links = ["cuando"]
    list_select_related = ["persona", "atendio", "subdelegacion"]
    list_filter = ["motivo"]
    ordering = ["-creada"]
    show_facets = admin.ShowFacets.NEVER
    buscar_por = ("persona__curp", "persona__nss")
    ayuda_busqueda = "CURP o NSS, completos:"

    @admin.display(description="empezó")
    def cuando(self, atencion: Atencion) -> str:
        return str(atencion)

    @admin.display(description="persona")
    def quien(self, atencion: Atencion) -> str:
        """Enough to tell one from another; whole only in the page, where looking is written down."""
        persona = atencion.persona
        return f"{enmascarar_nombre(persona.nombre_completo)} · {enmascarar_curp(persona.curp)}"

    @admin.display(description="estado")
    def estado(self, atencion: Atencion) -> str:
        return "Terminada" if atencion.terminada else "En curso"

    def get_list_display(self, request: HttpRequest) -> Any:
        return [*self.list_display, *([] if empleado_de(request.user) else ["subdelegacion"])]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return empleado_de(request.user) is not None and request.user.has_perm("afiliacion.add_atencion")

    def get_urls(self) -> list[Any]:
        def ruta(resto: str, vista: Callable[..., Any], nombre: str) -> Any:
            return path(
                f"<uuid:pk>/{resto}", self.admin_site.admin_view(vista), name=f"afiliacion_atencion_{nombre}"
            )

        return [
            ruta("cotejo/", self.cotejo, "cotejo"),
            ruta("tramite/", self.tramite, "tramite"),
            ruta("domicilio/", self.domicilio, "domicilio"),
            ruta("clinica/", self.clinica, "clinica"),
            ruta("estado/", self.como_va, "estado"),
            ruta("documentos/<uuid:cual>/", self.documento, "documento"),
            ruta("cambio/<slug:tipo>/", self.cambio, "cambio"),
            ruta("terminar/", self.terminar, "terminar"),
            *super().get_urls(),
        ]

    # -- To begin -----------------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """CURP and reason, by POST: no address carries a CURP."""
        empleado = exigir(request.user, "add_atencion")
        form = AtenderForm(request.POST if request.method == "POST" else None)
        estado = HTTPStatus.OK
        if form.is_bound:
            estado = MAL
            if not limites.permitir(f"atender:{request.user.pk}", topes.ATENDER):
                form.add_error(None, "Hoy ya buscaste a demasiadas personas. Avisa a quien supervisa.")
            elif form.is_valid():
                try:
                    atencion = actos.atender(empleado, **form.cleaned_data)
                except NoDisponible:
                    form.add_error(None, NO_RESPONDE)
                    estado = HTTPStatus.SERVICE_UNAVAILABLE
                else:
                    if atencion:
                        return redirect("admin:afiliacion_atencion_change", atencion.pk)
                    form.add_error(
                        "curp",
                        "El registro de población no conoce esta CURP. Compárala con la impresa; si está "
                        "igual, la persona debe aclararlo en el Registro Civil.",
                    )
        return self.pagina(request, "atender.html", "Atender a una persona", status=estado, form=form)

    # -- The page -----------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        atencion = self.get_object(request, object_id)
        if atencion is None or not self.has_view_permission(request, atencion):
            raise Http404
        if request.method not in ("GET", "HEAD"):  # each act has an address of its own
            raise PermissionDenied
        return self._hoja(request, atencion)

    def _suya(self, request: HttpRequest, pk: uuid.UUID) -> Atencion:
        """One of this user's office, to do something in it; to everybody else, as if it did not exist."""
        exigir(request.user, "add_atencion")
        atencion = self.get_queryset(request).filter(pk=pk).first()
        if atencion is None:
            raise Http404
        return atencion  # type: ignore[no-any-return]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("persona", "atendio", "subdelegacion")

    def _hoja(
        self, request: HttpRequest, atencion: Atencion, status: int = HTTPStatus.OK, **formas: Any
    ) -> HttpResponse:
        actos.anotar(request.user, Asiento.Que.VER, atencion)
        puede = empleado_de(request.user) is not None and atencion.terminada is None
        contexto = {"puede": puede, **hoja.contexto(atencion, _oferta(), formas)}
        return self.pagina(request, "atencion.html", "Atención", status=status, **contexto)

    def como_va(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        atencion = self.get_queryset(request).filter(pk=pk).first()
        if atencion is None or not self.has_view_permission(request, atencion):
            raise Http404
        return JsonResponse({"huella": hoja.huella(atencion)}, headers={"Cache-Control": "no-store"})

    # -- What is done in it: by POST, and back to the page -------------------------------------------------

    def cotejo(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        atencion = self._suya(request, pk)
        if request.method == "POST" and not atencion.terminada:
            form = CotejoForm(request.POST, cotejos=hoja.cotejos(atencion))
            if not form.is_valid():
                return self._hoja(request, atencion, MAL, cotejo=form)
            actos.cotejar(atencion, request.user, form.papeles)
            self.message_user(request, "Quedó anotado lo que trae.", messages.SUCCESS)
        return self._volver(atencion)

    def tramite(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        atencion = self._suya(request, pk)
        tipo = request.POST.get("tipo", "")
        if request.method != "POST" or tipo not in Tramite.Tipo.values:
            return self._volver(atencion)
        extra: dict[str, Any] = {}
        if tipo == Tramite.Tipo.CLINICA:
            form = CodigoPostalForm(request.POST, prefix="clinica")
            if not form.is_valid():
                return self._hoja(request, atencion, MAL, codigo_postal=form)
            extra = form.cleaned_data
        try:
            try:
                actos.iniciar(atencion, _oferta()[tipo], request.user, extra)
            except IntegrityError:  # the other click was first
                actos.iniciar(atencion, _oferta()[tipo], request.user, extra)
        except actos.Incompleta as falta:
            self.message_user(request, str(falta), messages.WARNING)
        return self._volver(atencion)

    def domicilio(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        atencion = self._suya(request, pk)
        suyo = atencion.tramites.filter(estado=Estado.DOMICILIO).first()
        if request.method != "POST" or suyo is None:
            return self._volver(atencion)
        form = DomicilioForm(request.POST)
        if "buscar_cp" in request.POST:
            form.solo_codigo_postal()
            return self._hoja(request, atencion, domicilio=form)
        if not form.is_valid():
            return self._hoja(request, atencion, MAL, domicilio=form)
        with transaction.atomic():
            if suyo.mover(Estado.ASIGNANDO):
                form.guardar(suyo)
        return self._volver(atencion)

    def clinica(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        atencion = self._suya(request, pk)
        suyo = atencion.tramites.filter(estado__in=[Estado.ELECCION, Estado.REVISION]).first()
        if request.method != "POST" or suyo is None:
            return self._volver(atencion)
        eleccion = _oferta()[suyo.tipo].eleccion
        assert eleccion
        form = eleccion.form(suyo, request.POST)
        if not form.is_valid():
            return self._hoja(request, atencion, MAL, eleccion=form)
        try:
            eleccion.confirmar(suyo, form.cleaned_data)
        except NoSePudo as error:
            self.message_user(request, f"{error} Elige otra: no se registró nada.", messages.WARNING)
        return self._volver(atencion)

    def documento(self, request: HttpRequest, pk: uuid.UUID, cual: uuid.UUID) -> HttpResponse | FileResponse:
        """The bytes as they were issued, to print."""
        atencion = self.get_queryset(request).filter(pk=pk).first()
        if atencion is None or not self.has_view_permission(request, atencion):
            raise Http404
        documento = actos.documento(atencion, cual, request.user)
        if documento is None or not documento.emitido:
            raise Http404
        return FileResponse(
            documento.archivo.open("rb"),
            filename=documento.nombre_de_archivo,
            content_type="application/pdf",
            headers={"Cache-Control": "no-store"},
        )

    def cambio(self, request: HttpRequest, pk: uuid.UUID, tipo: str) -> HttpResponse:
        """Ask for what takes four eyes."""
        atencion = self._suya(request, pk)
        if tipo not in hoja.cambios_posibles(atencion):
            return self._volver(atencion)
        if not request.user.has_perm("afiliacion.add_cambio"):
            raise PermissionDenied
        form = FORMAS[tipo](request.POST if request.method == "POST" else None, persona=atencion.persona)
        if form.is_bound and form.is_valid():
            try:
                cambios.pedir(atencion, request.user, tipo, form.despues, form.cleaned_data["porque"])
            except cambios.Imposible as falta:
                form.add_error(None, str(falta))
            else:
                self.message_user(
                    request, "Lo pedimos: falta que lo autorice quien supervisa.", messages.SUCCESS
                )
                return self._volver(atencion)
        actos.anotar(request.user, Asiento.Que.VER, atencion)
        rotulo = str(Cambio.Tipo(tipo).label)
        estado = MAL if form.is_bound else HTTPStatus.OK
        return self.pagina(
            request, "pedir.html", rotulo, status=estado, form=form, tipo=tipo, atencion=atencion
        )

    def terminar(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        atencion = self._suya(request, pk)
        if request.method != "POST" or atencion.terminada:
            return self._volver(atencion)
        if not actos.terminar(atencion):
            self.message_user(
                request, "Todavía se está haciendo un trámite: espera a que acabe.", messages.WARNING
            )
            return self._volver(atencion)
        self.message_user(request, "Atención terminada. Puedes atender a otra persona.", messages.SUCCESS)
        return redirect("admin:index")

    def _volver(self, atencion: Atencion) -> HttpResponse:
        return redirect("admin:afiliacion_atencion_change", atencion.pk)
