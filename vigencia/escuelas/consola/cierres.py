"""The end of a cycle for a whole school: whom it touches, said first; and a day to think better of it."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from nss_portal.personal.base import PaginadorAcotado
from vigencia.escuelas.alcance import exigir
from vigencia.escuelas.consola.pantalla import CIERRES, anotar, pagina, propia
from vigencia.escuelas.forms import CierreForm
from vigencia.escuelas.inscripciones import alcance_de_cierre, cerrar_ciclo, deshacer_cierre, fuera_de_cierre
from vigencia.models import Cierre, Escuela

_POR_PAGINA = 100


def terminar(request: HttpRequest) -> HttpResponse:
    """Cycle and day → whom it touches → confirmed by POST. What comes before may be reloaded."""
    de_quien = exigir(request.user, "add_cierre")
    datos = request.POST if request.method == "POST" else request.GET if "ciclo" in request.GET else None
    form = CierreForm(datos, propia=de_quien)
    contexto: dict[str, Any] = {"form": form}
    if form.is_valid():
        escuela, ciclo, dia = form.de, form.cleaned_data["ciclo"], form.cleaned_data["baja"]
        if request.method == "POST":
            return _cerrar(request, escuela, ciclo, dia)
        filas = alcance_de_cierre(escuela, ciclo, dia).select_related("persona").order_by("pk")
        consulta = urlencode({"ciclo": ciclo, "baja": dia.isoformat(), "escuela": escuela.pk})
        contexto |= {
            "filas": Paginator(filas, _POR_PAGINA).get_page(request.GET.get("p")),
            "ciclo": ciclo,
            "baja": dia,
            "de": escuela,
            "fuera": fuera_de_cierre(escuela, ciclo, dia),
            "consulta": f"{consulta}&",
        }
    return pagina(request, "cierre_nuevo.html", "Terminar un ciclo", CIERRES, **contexto)


def _cerrar(request: HttpRequest, escuela: Escuela, ciclo: str, dia: date) -> HttpResponse:
    try:
        cierre = cerrar_ciclo(escuela, ciclo, dia, request.user)
    except ValidationError as error:
        messages.warning(request, error.messages[0])
        return redirect("admin:vigencia_cierre_add")
    anotar(request, cierre, "Fin de ciclo.", ADDITION)
    return redirect("admin:vigencia_cierre_change", cierre.pk)


def ver(request: HttpRequest, object_id: str) -> HttpResponse:
    cierre = propia(request, "view_cierre", Cierre.objects.all(), object_id)
    tocadas = cierre.inscripciones.select_related("persona").order_by("pk")
    return pagina(
        request,
        "cierre.html",
        str(cierre),
        CIERRES,
        cierre=cierre,
        filas=PaginadorAcotado(tocadas, _POR_PAGINA).get_page(request.GET.get("p")),
        hasta=cierre.creado + Cierre.PLAZO,
        puede=request.user.has_perm("vigencia.add_cierre"),
    )


@require_POST
def deshacer(request: HttpRequest, pk: int) -> HttpResponse:
    cierre = propia(request, "add_cierre", Cierre.objects.all(), pk)
    if deshacer_cierre(cierre):
        anotar(request, cierre, "Se deshizo.")
        messages.success(request, "Listo: tus alumnos siguen inscritos como antes.")
    else:
        messages.warning(request, "Ya no se puede deshacer.")
    return redirect("admin:vigencia_cierre_change", cierre.pk)
