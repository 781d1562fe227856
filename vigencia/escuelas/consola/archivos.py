"""The files of students: upload, progress, review row by row, confirm or cancel, result."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.core.paginator import Page, Paginator
from django.db.models import Case, When
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from vigencia.escuelas import panel
from vigencia.escuelas.alcance import exigir
from vigencia.escuelas.archivo import formatos, lotes
from vigencia.escuelas.archivo.formatos import ArchivoIlegible
from vigencia.escuelas.consola.pantalla import ARCHIVOS, anotar, pagina, propia
from vigencia.escuelas.forms import SubirForm
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


# --- Upload -----------------------------------------------------------------------------------------


@csrf_exempt
def subir(request: HttpRequest) -> HttpResponse:
    # Before anything reads the body (the check of its csrf token does): a huge one is not even received.
    if int(request.META.get("CONTENT_LENGTH") or 0) > formatos.TAMANO_MAXIMO * 2:
        form = SubirForm({}, propia=exigir(request.user, "add_lote"))
        form.errors.clear()
        form.add_error("archivo", formatos.PASA)
        return _por_subir(request, form)
    return csrf_protect(_subir)(request)


def _subir(request: HttpRequest) -> HttpResponse:
    de_quien = exigir(request.user, "add_lote")
    enviado = (request.POST, request.FILES) if request.method == "POST" else ()
    form = SubirForm(*enviado, propia=de_quien)
    if form.is_valid():
        datos = form.cleaned_data
        por_omision = (datos["ciclo"], datos["fin"], datos["nivel"])
        try:
            lote = lotes.recibir(form.de, request.user, datos["archivo"], *por_omision)
        except ArchivoIlegible as error:
            form.add_error("archivo", str(error))
        else:
            anotar(request, lote, "Archivo subido.", ADDITION)
            return redirect("admin:vigencia_lote_change", lote.pk)
    return _por_subir(request, form)


def _por_subir(request: HttpRequest, form: SubirForm) -> HttpResponse:
    return pagina(request, "subir.html", "Subir alumnos", ARCHIVOS, form=form)


def plantilla(request: HttpRequest, formato: str) -> HttpResponse:
    exigir(request.user, "add_lote")
    if formato not in ("csv", "xlsx"):
        raise Http404
    cabeceras = {"Content-Disposition": f'attachment; filename="plantilla-alumnos.{formato}"'}
    return HttpResponse(formatos.plantilla(formato), content_type=formatos.TIPOS[formato], headers=cabeceras)


# --- From there on ----------------------------------------------------------------------------------


def _lote(request: HttpRequest, clave: Any, permiso: str) -> Lote:
    return propia(request, permiso, Lote.objects.select_related("escuela"), clave)


def ver(request: HttpRequest, object_id: str) -> HttpResponse:
    """The page of one file: what it shows is what state it is in."""
    lote = _lote(request, object_id, "view_lote")
    conteos = lote.conteos()
    contexto: dict[str, Any] = {
        "lote": lote,
        "trabajando": lote.estado in Lote.DE_TRABAJO,
        "puede": request.user.has_perm("vigencia.add_lote"),
        "conteos": [(Veredicto(v), n) for v, n in conteos.items() if n or v != Veredicto.FUERA],
        "errores": conteos[Veredicto.ERROR],
        "advertencias": conteos[Veredicto.ADVERTENCIA],
        "fuera": conteos[Veredicto.FUERA],
        "no_guardados": conteos[Veredicto.ERROR] + conteos[Veredicto.FUERA],
    }
    if lote.estado not in (Lote.Estado.RECIBIDO, Lote.Estado.REVISANDO, Lote.Estado.ILEGIBLE):
        contexto |= _renglones(request, lote, conteos)
    if lote.estado == Lote.Estado.POR_CONFIRMAR:
        contexto |= {"por_guardar": _por_guardar(conteos), "avisos": lote.avisos()}
    return pagina(request, "lote.html", str(lote), ARCHIVOS, **contexto)


def estado(request: HttpRequest, pk: UUID) -> HttpResponse:
    """For the page that waits."""
    lote = _lote(request, pk, "view_lote")
    hechos, total = lote.avance()
    cuerpo = {"estado": lote.estado, "texto": lote.get_estado_display(), "hechos": hechos, "total": total}
    return JsonResponse(cuerpo)


@require_POST
def confirmar(request: HttpRequest, pk: UUID) -> HttpResponse:
    lote = _lote(request, pk, "add_lote")
    elegidos = [aviso for aviso in Renglon.Aviso if aviso in request.POST.getlist("con_avisos")]
    if lote.estado == Lote.Estado.POR_CONFIRMAR and not (elegidos or _por_guardar(lote.conteos())["total"]):
        messages.error(request, _NADA_MARCADO)
    elif lotes.confirmar(lote, elegidos):
        incluye = "; ".join(aviso.label for aviso in elegidos)
        que = f"Confirmado, también con advertencia: {incluye}." if elegidos else "Confirmado."
        anotar(request, lote, que)
    elif set(lote.con_avisos) != set(elegidos):
        # A second click says the same, and needs no answer; somebody else's choice does.
        messages.warning(request, _DE_OTRA_PERSONA)
    return redirect("admin:vigencia_lote_change", lote.pk)


@require_POST
def cancelar(request: HttpRequest, pk: UUID) -> HttpResponse:
    lote = _lote(request, pk, "add_lote")
    if lotes.cancelar(lote):
        anotar(request, lote, "Cancelado.")
        messages.success(request, "Archivo cancelado: no cambió nada.")
    return redirect("admin:vigencia_lote_change", lote.pk)


def errores(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The rows that something is said of, as the same kind of file with one more column."""
    pedidos = request.GET.get("v")
    cuales = next((v for v in lotes.CON_MOTIVO if v == pedidos), Veredicto.ERROR)
    lote = _lote(request, pk, "add_lote")  # whole numbers: not for who only looks
    nombre, contenido = lotes.con_motivos(lote, cuales)
    anotar(request, lote, f"Descargó los renglones: {cuales.label.lower()}.")
    respuesta = StreamingHttpResponse(contenido, content_type="application/octet-stream")
    respuesta.headers["Content-Disposition"] = f'attachment; filename="{nombre}"'
    return respuesta


def sin_nss(request: HttpRequest) -> HttpResponse:
    """Who could not be enrolled for lack of a number, and still has none: to print and hand out."""
    escuela = exigir(request.user, "view_lote")
    if escuela is None:  # it is a school's sheet
        raise Http404
    personas = panel.sin_nss(escuela)
    return pagina(request, "sin_nss.html", "Alumnos sin NSS", ARCHIVOS, personas=personas, de=escuela)


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
