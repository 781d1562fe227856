"""One student, enrolled by hand."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from vigencia.escuelas.alcance import exigir
from vigencia.escuelas.consola.pantalla import ALUMNOS, anotar, pagina
from vigencia.escuelas.forms import AltaForm
from vigencia.models import Inscripcion

_UN_ANIO = timedelta(days=366)


def inscribir(request: HttpRequest) -> HttpResponse:
    propia = exigir(request.user, "add_inscripcion")
    datos = request.POST if request.method == "POST" else None
    form = AltaForm(datos, propia=propia, usuario=request.user)
    if form.is_valid():
        try:
            with transaction.atomic():
                hecha = form.guardar()
                anotar(request, hecha, [{"added": {}}], ADDITION)
        except ValidationError as error:
            # Somebody else wrote between the form's checks and ours.
            form.add_error(None, error)
        else:
            _decir(request, hecha)
            otra = "_addanother" in request.POST
            return redirect(f"admin:vigencia_inscripcion_{'add' if otra else 'changelist'}")
    return pagina(request, "alta.html", "Inscribir a un alumno", ALUMNOS, form=form)


def _decir(request: HttpRequest, hecha: Inscripcion) -> None:
    hoy = timezone.localdate()
    suyas = Inscripcion.objects.vigentes(hoy).filter(persona=hecha.persona)
    if suyas.exclude(escuela=hecha.escuela).exists():
        # Which one may not be said.
        texto = "Otra institución también lo tiene inscrito. No afecta su servicio."
        messages.warning(request, texto)
    messages.success(
        request, f"Inscripción guardada: {hecha.persona}, del {hecha.alta:%d/%m/%Y} al {hecha.fin:%d/%m/%Y}."
    )
    if abs(hecha.alta - hoy) > _UN_ANIO or hecha.fin < hoy:
        messages.warning(request, "Revisa sus fechas: el alta queda lejos de hoy o el fin ya pasó.")
