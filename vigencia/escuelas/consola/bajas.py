"""Bajas: of one student, of several, and taken back."""

from datetime import date
from itertools import batched
from typing import cast

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from vigencia.escuelas import inscripciones
from vigencia.escuelas.consola.pantalla import ALUMNOS, anotar, pagina, propia
from vigencia.escuelas.forms import BajaForm
from vigencia.models import Inscripcion

_SE_VEN = 50
_CON_PERSONA = Inscripcion.objects.select_related("persona")


def de_uno(request: HttpRequest, pk: int) -> HttpResponse:
    """End one student's enrolment: its day and its cause. Of one that has ended, whether to take it back."""
    fila = propia(request, "change_inscripcion", _CON_PERSONA.all(), pk)
    form = BajaForm(request.POST if request.method == "POST" else None, inscripcion=fila)
    if request.method == "POST" and (fila.baja or form.is_valid()):
        suya = Inscripcion.objects.filter(pk=fila.pk)
        if fila.baja is None and _dar(request, suya, form.cleaned_data["fecha"], form.cleaned_data["causa"]):
            messages.success(request, f"Baja registrada: {fila.persona}.")
        return redirect("admin:vigencia_inscripcion_change", fila.pk)
    titulo = f"{'Deshacer la baja de' if fila.baja else 'Dar de baja a'} {fila.persona}"
    hoy = timezone.localdate()
    muy_tarde = inscripciones.muy_tarde(fila, hoy)
    return pagina(request, "baja.html", titulo, ALUMNOS, form=form, fila=fila, muy_tarde=muy_tarde, hoy=hoy)


@require_POST
def deshacer(request: HttpRequest, pk: int) -> HttpResponse:
    fila = propia(request, "change_inscripcion", _CON_PERSONA.all(), pk)
    try:
        if _deshacer(request, fila):
            messages.success(request, f"Sigue inscrito como antes: {fila.persona}.")
    except ValidationError as error:
        messages.warning(request, error.messages[0])
    return redirect("admin:vigencia_inscripcion_change", fila.pk)


def de_varios(request: HttpRequest, marcadas: QuerySet[Inscripcion]) -> HttpResponse | None:
    """Several at once, after asking for the day and the cause and showing who they are; None once done."""
    abiertas = marcadas.filter(baja=None)
    if not abiertas.exists():
        messages.warning(request, "Todos los que marcaste ya tienen su baja.")
        return None
    form = BajaForm(request.POST if "confirmar" in request.POST else None)
    if form.is_valid():
        fecha, causa = form.cleaned_data["fecha"], form.cleaned_data["causa"]
        if cuantas := _dar(request, abiertas, fecha, causa):
            texto = "Una baja registrada" if cuantas == 1 else f"{cuantas:,} bajas registradas"
            messages.success(request, f"{texto}, desde el {fecha:%d/%m/%Y}.")
        else:
            texto = "Ninguno de los que marcaste estaba inscrito ese día: no cambió nada."
            messages.warning(request, texto)
        return None
    return pagina(
        request,
        "baja_de_varios.html",
        "Dar de baja a varios alumnos",
        ALUMNOS,
        form=form,
        filas=Paginator(abiertas, _SE_VEN).get_page(1),
        marcados=request.POST.getlist(ACTION_CHECKBOX_NAME)[:_SE_VEN],
        todos=request.POST.get("select_across", "0"),
    )


@transaction.atomic
def _dar(request: HttpRequest, abiertas: QuerySet[Inscripcion], fecha: date, causa: str) -> int:
    """How many; and, in the history of each, who did it."""
    claves = inscripciones.dar_de_baja(abiertas, fecha, causa)
    for trozo in batched(claves, 1000):
        filas = _CON_PERSONA.filter(pk__in=trozo)
        LogEntry.objects.log_actions(cast(int, request.user.pk), filas, CHANGE, "Baja.")
    return len(claves)


@transaction.atomic
def _deshacer(request: HttpRequest, fila: Inscripcion) -> bool:
    """Whether there was one; and, in its history, what was taken back: the row itself forgets it."""
    if era := inscripciones.deshacer_baja(fila):
        causa = era.get_causa_display().lower().removeprefix("baja ")
        anotar(request, era, f"Se deshizo la baja del {era.baja:%d/%m/%Y} ({causa}).")
    return era is not None
