"""The list of students as a file, and what the 168 columns could not hold."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse

from vigencia.escuelas.alcance import exigir, puede_exportar
from vigencia.escuelas.archivo import dispmag, formatos
from vigencia.escuelas.consola.pantalla import ALUMNOS, anotar, pagina
from vigencia.escuelas.forms import DescargarForm
from vigencia.models import Escuela

_MUESTRA = 200


def descargar(request: HttpRequest) -> HttpResponseBase:
    """Ask for the cycle and the format, then stream; of the 168 columns, first what they would cut."""
    propia = exigir(request.user, "view_inscripcion")
    if not puede_exportar(request.user):
        raise PermissionDenied
    form = DescargarForm(request.GET if "formato" in request.GET else None, propia=propia)
    contexto: dict[str, Any] = {"form": form}
    if form.is_valid():
        ciclo, formato = form.cleaned_data["ciclo"], form.cleaned_data["formato"]
        filas = _filas(form.de, ciclo)
        if formato != "168" or "archivo" in request.GET:
            que = f"Exportó la lista de alumnos: {ciclo or 'todos los ciclos'}, {formato}."
            anotar(request, form.de, que)
            return _archivo(form.de, ciclo, formato)
        if not filas.exists():
            contexto["vacio"] = True
        else:
            contexto |= _reporte(form.de, ciclo)
            direccion = {"ciclo": ciclo, "formato": formato, "archivo": "1"}
            contexto["direccion"] = urlencode(direccion if propia else direccion | {"escuela": form.de.pk})
    return pagina(request, "descargar.html", "Descargar la lista de alumnos", ALUMNOS, **contexto)


def _filas(escuela: Escuela, ciclo: str) -> Any:
    filas = escuela.inscripciones.select_related("persona").order_by("pk")
    return filas.filter(ciclo=ciclo) if ciclo else filas


def _archivo(escuela: Escuela, ciclo: str, formato: str) -> HttpResponseBase:
    filas = _filas(escuela, ciclo)
    tipo = formatos.TIPOS[formato]
    nombre = f"alumnos-{ciclo or 'todos'}.{'txt' if formato == '168' else formato}"
    con_bajas = filas.exclude(baja=None).exists()
    if formato == "xlsx":
        libro = formatos.escribir_xlsx(filas.iterator(chunk_size=1000), con_bajas)
        return FileResponse(libro, as_attachment=True, filename=nombre, content_type=tipo)
    renglones: Iterator[bytes]
    if formato == "csv":
        renglones = formatos.escribir_csv(filas.iterator(chunk_size=1000), con_bajas)
    else:
        renglones, _ = dispmag.escribir(filas.iterator(chunk_size=1000))
    cabeceras = {"Content-Disposition": f'attachment; filename="{nombre}"'}
    return StreamingHttpResponse(_juntos(renglones), content_type=tipo, headers=cabeceras)


def _juntos(renglones: Iterator[bytes], cuantos: int = 500) -> Iterator[bytes]:
    """Some hundred lines at a time: a chunk for each would cost more than the line."""
    while trozo := b"".join(islice(renglones, cuantos)):
        yield trozo


def _reporte(escuela: Escuela, ciclo: str) -> dict[str, Any]:
    """What the file will say otherwise than the rows: it is written once, to nowhere, to know."""
    renglones, informe = dispmag.escribir(_filas(escuela, ciclo).iterator(chunk_size=1000))
    for _ in renglones:
        pass
    return {"informe": informe, "cambios": informe.cambios[:_MUESTRA]}
