"""The files of students: upload, progress, review row by row, confirm or cancel, result."""

from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Page, Paginator
from django.db.models import Case, Model, When
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from vigencia.escuelas.alcance import exigir, ve_todas
from vigencia.escuelas.archivo import formatos, lotes
from vigencia.escuelas.archivo.formatos import ArchivoIlegible
from vigencia.escuelas.consola.alcance import DeMiEscuela
from vigencia.escuelas.forms import SubirForm
from vigencia.escuelas.panel import sin_nss
from vigencia.models import Lote, Renglon

Veredicto = Renglon.Veredicto
_POR_PAGINA = 100
_NADA_MARCADO = "No hay nada que guardar: marca qué filas con advertencia se incluyen, o cancela el archivo."
_DE_OTRA_PERSONA = "Otra persona confirmó o canceló antes este archivo: no se guardó lo que marcaste."
_PRIMERO = Case(
    When(veredicto=Veredicto.ERROR, then=0),
    When(veredicto=Veredicto.FUERA, then=1),
    When(veredicto=Veredicto.ADVERTENCIA, then=2),
    default=3,
)
_PLANTILLAS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@admin.register(Lote)
class LoteAdmin(DeMiEscuela):
    seccion = "Archivos"
    change_list_template = "admin/vigencia/lotes.html"
    list_display = ["nombre", "subido", "usuario", "renglones", "estado_en_palabras"]
    list_select_related = ["usuario", "escuela"]
    ordering = ["-creado"]
    sortable_by = ()

    @admin.display(description="subido")
    def subido(self, lote: Lote) -> str:
        return f"{localtime(lote.creado):%d/%m/%Y %H:%M}"

    @admin.display(description="renglones")
    def renglones(self, lote: Lote) -> str:
        return f"{lote.total:,}"

    @admin.display(description="estado")
    def estado_en_palabras(self, lote: Lote) -> str:
        return format_html('<span class="estado {}">{}</span>', lote.estado, lote.get_estado_display())

    def get_list_display(self, request: HttpRequest) -> Any:
        return [*self.list_display, *(["escuela"] if ve_todas(request.user) else [])]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": "Archivos", **(extra_context or {})})

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        vista, nombre = self.admin_site.admin_view, "vigencia_lote"
        return [
            path("plantilla/<str:formato>/", vista(self.plantilla), name=f"{nombre}_plantilla"),
            path("sin-nss/", vista(self.sin_nss), name=f"{nombre}_sin_nss"),
            path("<uuid:pk>/estado/", vista(self.estado), name=f"{nombre}_estado"),
            path("<uuid:pk>/confirmar/", vista(require_POST(self.confirmar)), name=f"{nombre}_confirmar"),
            path("<uuid:pk>/cancelar/", vista(require_POST(self.cancelar)), name=f"{nombre}_cancelar"),
            path("<uuid:pk>/errores/", vista(self.errores), name=f"{nombre}_errores"),
            *super().get_urls(),
        ]

    def _lote(self, request: HttpRequest, pk: Any, permiso: str = "view_lote") -> Lote:
        exigir(request.user, permiso)
        lote: Lote = get_object_or_404(self.get_queryset(request).select_related("escuela"), pk=pk)
        return lote

    # -- Upload -------------------------------------------------------------------------------------------

    @method_decorator(csrf_exempt)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        # Before anything reads the body (the check of its csrf token does): a huge one is not even received.
        if int(request.META.get("CONTENT_LENGTH") or 0) > formatos.TAMANO_MAXIMO * 2:
            form = SubirForm({}, propia=exigir(request.user, "add_lote"))
            form.errors.clear()
            form.add_error("archivo", formatos.PASA)
            return self._por_subir(request, form)
        return csrf_protect(self._subir)(request)

    def _subir(self, request: HttpRequest) -> HttpResponse:
        propia = exigir(request.user, "add_lote")
        enviado = (request.POST, request.FILES) if request.method == "POST" else ()
        form = SubirForm(*enviado, propia=propia)
        if form.is_valid():
            datos = form.cleaned_data
            por_omision = (datos["ciclo"], datos["fin"], datos["nivel"])
            try:
                lote = lotes.recibir(form.de, request.user, datos["archivo"], *por_omision)
            except ArchivoIlegible as error:
                form.add_error("archivo", str(error))
            else:
                self.log_addition(request, lote, "Archivo subido.")
                return redirect("admin:vigencia_lote_change", lote.pk)
        return self._por_subir(request, form)

    def _por_subir(self, request: HttpRequest, form: SubirForm) -> HttpResponse:
        return self.pagina(request, "subir.html", "Subir alumnos", form=form)

    def plantilla(self, request: HttpRequest, formato: str) -> HttpResponse:
        exigir(request.user, "add_lote")
        if formato not in _PLANTILLAS:
            raise Http404
        cabeceras = {"Content-Disposition": f'attachment; filename="plantilla-alumnos.{formato}"'}
        return HttpResponse(formatos.plantilla(formato), content_type=_PLANTILLAS[formato], headers=cabeceras)

    # -- From there on ------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page of one file: what it shows is what state it is in."""
        exigir(request.user, "view_lote")
        lote = self.get_object(request, object_id)
        if lote is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined,no-any-return]
        conteos = lote.conteos()
        contexto: dict[str, Any] = {
            "lote": lote,
            "trabajando": lote.estado in Lote.DE_TRABAJO,
            "puede": request.user.has_perm("vigencia.add_lote"),
            "conteos": [(Veredicto(v), n) for v, n in conteos.items() if n or v != Veredicto.FUERA],
            "errores": conteos[Veredicto.ERROR],
            "advertencias": conteos[Veredicto.ADVERTENCIA],
            "fuera": conteos[Veredicto.FUERA],
        }
        contexto["no_guardados"] = contexto["errores"] + contexto["fuera"]
        if lote.estado not in (Lote.Estado.RECIBIDO, Lote.Estado.REVISANDO, Lote.Estado.ILEGIBLE):
            contexto |= _renglones(request, lote, conteos)
        if lote.estado == Lote.Estado.POR_CONFIRMAR:
            contexto |= {"por_guardar": _por_guardar(conteos), "avisos": lote.avisos()}
        return self.pagina(request, "lote.html", str(lote), **contexto)

    def estado(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """For the page that waits."""
        lote = self._lote(request, pk)
        hechos, total = lote.avance()
        cuerpo = {"estado": lote.estado, "texto": lote.get_estado_display(), "hechos": hechos, "total": total}
        return JsonResponse(cuerpo)

    def confirmar(self, request: HttpRequest, pk: Any) -> HttpResponse:
        lote = self._lote(request, pk, "add_lote")
        elegidos = [aviso for aviso in Renglon.Aviso if aviso in request.POST.getlist("con_avisos")]
        if lote.estado == Lote.Estado.POR_CONFIRMAR and not (
            elegidos or _por_guardar(lote.conteos())["total"]
        ):
            self.message_user(request, _NADA_MARCADO, messages.ERROR)
        elif lotes.confirmar(lote, elegidos):
            incluye = "; ".join(aviso.label for aviso in elegidos)
            que = f"Confirmado, también con advertencia: {incluye}." if elegidos else "Confirmado."
            self.log_change(request, lote, que)
        elif set(lote.con_avisos) != set(elegidos):
            # A second click says the same, and needs no answer; somebody else's choice does.
            self.message_user(request, _DE_OTRA_PERSONA, messages.WARNING)
        return redirect("admin:vigencia_lote_change", lote.pk)

    def cancelar(self, request: HttpRequest, pk: Any) -> HttpResponse:
        lote = self._lote(request, pk, "add_lote")
        if lotes.cancelar(lote):
            self.log_change(request, lote, "Cancelado.")
            self.message_user(request, "Archivo cancelado: no cambió nada.", messages.SUCCESS)
        return redirect("admin:vigencia_lote_change", lote.pk)

    def errores(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        """The rows that something is said of, as the same kind of file with one more column."""
        pedidos = request.GET.get("v")
        cuales = next((v for v in lotes.CON_MOTIVO if v == pedidos), Veredicto.ERROR)
        lote = self._lote(request, pk, "add_lote")  # whole numbers: not for who only looks
        nombre, contenido = lotes.con_motivos(lote, cuales)
        self.log_change(request, lote, f"Descargó los renglones: {cuales.label.lower()}.")
        respuesta = StreamingHttpResponse(contenido, content_type="application/octet-stream")
        respuesta.headers["Content-Disposition"] = f'attachment; filename="{nombre}"'
        return respuesta

    def sin_nss(self, request: HttpRequest) -> HttpResponse:
        """Who could not be enrolled for lack of a number, and still has none: to print and hand out."""
        escuela = exigir(request.user, "view_lote")
        if escuela is None:  # it is a school's sheet
            raise Http404
        return self.pagina(request, "sin_nss.html", "Alumnos sin NSS", personas=sin_nss(escuela), de=escuela)


def _renglones(request: HttpRequest, lote: Lote, conteos: dict[str, int]) -> dict[str, Any]:
    """A page of rows, of one verdict or of all: what needs somebody's eyes first. Their count is known."""
    veredicto = request.GET.get("v", "")
    filas = lote.renglones.order_by("linea")
    if veredicto in conteos:
        filas = filas.filter(veredicto=veredicto)
    else:
        veredicto = ""
        filas = filas.order_by(_PRIMERO, "linea")
    paginador = Paginator(filas, _POR_PAGINA)
    # They are forgotten after a month; the counts stay.
    hay = lote.renglones.exists()
    paginador.count = (conteos[veredicto] if veredicto else sum(conteos.values())) if hay else 0
    pagina: Page[Renglon] = paginador.get_page(request.GET.get("p"))
    consulta = f"v={veredicto}&" if veredicto else ""
    return {"filas": pagina, "veredicto": veredicto, "consulta": consulta, "olvidados": not hay}


def _por_guardar(conteos: dict[str, int]) -> dict[str, int]:
    """How many altas and bajas the confirmation writes if nothing else is asked for."""
    altas, bajas = conteos[Veredicto.ALTA], conteos[Veredicto.BAJA]
    return {"altas": altas, "bajas": bajas, "total": altas + bajas}
