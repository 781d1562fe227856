"""A school's file, from its upload to its confirmation: turns of a worker, moved by what the row says.

Every turn holds the file by a lease and a number that only the latest holder has, does a little, and writes
what it did and who goes on in one transaction. A kill at any moment repeats at most one turn.
"""

import json
import logging
import os
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from nss_portal.archivos.carga import insertar
from nss_portal.correo import avisos
from nss_portal.servicio.plazos import plazo
from nss_portal.servicio.sin_datos import sin_datos
from vigencia.escuelas.archivo import dispmag, formatos, inscribir, revision
from vigencia.escuelas.archivo.formatos import ArchivoIlegible
from vigencia.models import Escuela, Lote, Renglon
from vigencia.models.lote import ARRIENDO, PAUSA_MAXIMA

log = logging.getLogger(__name__)

# Rows a turn: some tenths of a second, so that nobody who asks for a number waits behind a school.
POR_TURNO = 2_000
INTENTOS_SIN_AVISAR = 5
# A file that takes its readers down, or that none of them can open, is not tried for ever. Eight minutes.
INTENTOS_DE_LEER = 8
# Seconds to open a file, and again for the rows of each piece: well within the lease. Both take tenths.
PLAZO = 8.0
# How long the rows are kept: they repeat the numbers of every student.
MEMORIA = timedelta(days=30)
_INCOMPLETO = "El archivo no terminó de subirse: súbelo otra vez."
_SIN_PODER = "No pudimos leer el archivo en varios intentos: copia los alumnos en la plantilla y súbela."
_LENTO = "El archivo tarda demasiado en abrirse: copia los alumnos en la plantilla y súbela."
# How a file of some of the rows is called.
_CUALES = {
    Renglon.Veredicto.ERROR: "con-errores",
    Renglon.Veredicto.ADVERTENCIA: "con-advertencia",
    Renglon.Veredicto.FUERA: "quedaron-fuera",
}
CON_MOTIVO = tuple(_CUALES)
Estado = Lote.Estado
_ABIERTOS = [Estado.RECIBIDO, Estado.REVISANDO, Estado.POR_CONFIRMAR]


# What was uploaded, or where it is.
type Subido = File[bytes] | str | Path


class _Perdido(Exception):
    """Another worker has the file, or somebody cancelled it: what this turn did is undone."""


# --- What people do ---------------------------------------------------------------------------------


def recibir(
    escuela: Escuela,
    usuario: Any,
    archivo: Subido,
    ciclo: str = "",
    fin: date | None = None,
    nivel: str = "",
) -> Lote:
    """Keep an uploaded file, for a worker to review; `ciclo`, `fin` and `nivel` hold where a line says none.

    Raises ArchivoIlegible for what is empty or too big: nothing is kept. The row comes before the bytes, so
    that no file is ever stored which nothing knows of.
    """
    if isinstance(archivo, str | Path):
        try:
            with open(archivo, "rb") as abierto:
                return recibir(escuela, usuario, File(abierto), ciclo, fin, nivel)
        except OSError:
            raise ArchivoIlegible(f"No se puede abrir {archivo}.") from None
    if not archivo.size:
        raise ArchivoIlegible("El archivo está vacío.")
    if archivo.size > formatos.TAMANO_MAXIMO:
        raise ArchivoIlegible(formatos.PASA)
    lote = Lote(escuela=escuela, usuario=usuario, ciclo=ciclo, fin=fin, nivel=nivel, tamano=archivo.size)
    # Somebody may have named it after a student.
    lote.nombre = sin_datos(os.path.basename(archivo.name or "archivo"))[:100]
    lote.archivo.name = f"lotes/{lote.pk}"
    lote.libre_desde = Now() + ARRIENDO * 4
    lote.save(force_insert=True)
    try:
        archivo.seek(0)
        lote.archivo.storage.save(lote.archivo.name, archivo)
    except OSError:
        lote.delete()
        raise
    Lote.objects.filter(pk=lote.pk).update(libre_desde=Now())
    return lote


def confirmar(lote: Lote, con_avisos: Collection[str] = ()) -> bool:
    """Have the good rows written; False when the file was not waiting for that.

    Of those with warnings, only the rows all of whose kinds are in `con_avisos`. Returns at once: a worker
    writes. Of two that confirm, or that confirm and cancel, one wins, and with it its own choice.
    """
    cambios = {"libre_desde": Now(), "intentos": 0, "con_avisos": sorted(con_avisos)}
    return _mover(lote, [Estado.POR_CONFIRMAR], Estado.CONFIRMANDO, **cambios)


def cancelar(lote: Lote) -> bool:
    """Leave it without effect; False when it already had one, or none. A worker deletes what is stored."""
    return _mover(lote, _ABIERTOS, Estado.CANCELADO, cerrado=timezone.now(), libre_desde=Now())


def _mover(lote: Lote, desde: Sequence[Estado], a: Estado, **cambios: Any) -> bool:
    """Compare-and-set; whoever was working on it has lost it."""
    suyo = Lote.objects.filter(pk=lote.pk, estado__in=desde)
    movido = bool(suyo.update(estado=a, turno=F("turno") + 1, **cambios))
    if movido:
        lote.refresh_from_db()
    return movido


def con_motivos(
    lote: Lote, veredicto: Renglon.Veredicto = Renglon.Veredicto.ERROR
) -> tuple[str, Iterator[bytes]]:
    """The rows with errors as the same kind of file, with the reason at the end of each: name and bytes.

    Or those with a warning, to look at them first; or those that were left out for it.
    """
    malos = lote.renglones.filter(veredicto=veredicto).values_list("datos", "motivos")
    filas = malos.order_by("linea").iterator(chunk_size=POR_TURNO)
    nombre = f"{_CUALES[veredicto]}-{timezone.localdate(lote.creado).isoformat()}"
    if lote.formato == Lote.Formato.DISPMAG:
        return f"{nombre}.txt", (
            f"{datos[dispmag.LINEA]}\t{_en_una_linea(motivos)}\r\n".encode("cp1252", "replace")
            for datos, motivos in filas
        )
    columnas = [*lote.columnas, "motivo"]
    tabla = (
        [*(datos.get(columna, "") for columna in lote.columnas), _en_una_linea(motivos)]
        for datos, motivos in filas
    )
    if lote.formato == Lote.Formato.XLSX:
        return f"{nombre}.xlsx", _trozos(formatos.tabla_xlsx(columnas, tabla))
    return f"{nombre}.csv", formatos.tabla_csv(columnas, tabla)


def _en_una_linea(motivos: str) -> str:
    return motivos.replace("\n", " ")


def _trozos(archivo: Any) -> Iterator[bytes]:
    with archivo:
        while trozo := archivo.read(1 << 16):
            yield trozo


# --- What workers do --------------------------------------------------------------------------------


def avanzar(pk: uuid.UUID) -> bool:
    """One turn of a file; False when there was nothing to do, or another has it. Safe to call any time."""
    lote = Lote.objects.tomar(pk)
    if lote is None:
        return False
    try:
        if lote.estado == Estado.RECIBIDO:
            _leer(lote)
        elif lote.archivo:
            _borrar_archivo(lote)
        elif lote.estado == Estado.REVISANDO:
            _revisar(lote)
        elif lote.estado == Estado.CONFIRMANDO:
            _guardar(lote)
    except _Perdido:
        pass
    except Exception as error:
        log.exception("archivo %s en %s: %s", lote.pk, lote.estado, type(error).__name__)
        _esperar(lote)
    return True


def vencidos(ahora: datetime) -> dict[str, QuerySet[Any]]:
    """What `purgar` forgets: the rows of old files, and whole files that nobody ever confirmed."""
    antes = ahora - MEMORIA
    return {
        "archivos de alumnos sin confirmar": Lote.objects.filter(
            estado=Estado.POR_CONFIRMAR, archivo="", creado__lt=antes
        ),
        "renglones de archivos de alumnos": Renglon.objects.filter(lote__cerrado__lt=antes),
    }


def _anotar(lote: Lote, **cambios: Any) -> None:
    """Write down what the turn did, as the one that still has the file (_Perdido)."""
    mio = Lote.objects.filter(pk=lote.pk, turno=lote.turno, estado=lote.estado)
    if not mio.update(**cambios):
        raise _Perdido


def _soltar(lote: Lote, **cambios: Any) -> None:
    """The end of a turn: free for the next worker."""
    _anotar(lote, **cambios, libre_desde=Now(), intentos=0)


def _esperar(lote: Lote) -> None:
    """Not now: come back after a pause that doubles, and tell staff of what does not mend by itself."""
    pausa = min(timedelta(seconds=2 ** min(lote.intentos, 12)), PAUSA_MAXIMA)
    Lote.objects.filter(pk=lote.pk, turno=lote.turno).update(libre_desde=Now() + pausa)
    if lote.intentos >= INTENTOS_SIN_AVISAR:
        avisos.avisar(
            f"lote:{lote.pk}",
            "Un archivo de alumnos no avanza",
            f"Se sigue intentando; está como «{lote.get_estado_display()}» en {settings.URL_PUBLICA}/admin/.",
        )


def _leer(lote: Lote) -> None:
    """The file into rows, a thousand at a time; then it waits for its review, and its bytes for the bin."""
    try:
        if lote.intentos > INTENTOS_DE_LEER:
            raise ArchivoIlegible(_SIN_PODER)
        almacen, guardado = lote.archivo.storage, str(lote.archivo.name)
        if not almacen.exists(guardado) or almacen.size(guardado) != lote.tamano:
            raise ArchivoIlegible(_INCOMPLETO)
        with transaction.atomic():
            # What a killed turn left; this one begins again.
            lote.renglones.all().delete()
            _anotar(lote, total=0, libre_desde=Now() + ARRIENDO)
        with lote.archivo.open("rb") as archivo:
            with _a_tiempo():
                formato, columnas, filas = formatos.leer(archivo)
            total = _copiar(lote, filas)
    except ArchivoIlegible as error:
        with transaction.atomic():
            lote.renglones.all().delete()
            _soltar(lote, estado=Estado.ILEGIBLE, motivo=str(error), cerrado=timezone.now(), total=0)
        return
    with transaction.atomic():
        _soltar(lote, estado=Estado.REVISANDO, formato=formato, columnas=columnas, total=total)


def _copiar(lote: Lote, filas: formatos.Renglones) -> int:
    total = 0
    while trozo := _trozo(filas):
        total += len(trozo)
        with transaction.atomic():
            _anotar(lote, total=total, libre_desde=Now() + ARRIENDO)
            insertar(
                Renglon._meta.db_table,
                ["lote_id", "linea", "datos"],
                [(lote.pk.hex, linea, json.dumps(datos, ensure_ascii=False)) for linea, datos in trozo],
            )
    return total


def _trozo(filas: formatos.Renglones) -> list[tuple[int, dict[str, str]]]:
    with _a_tiempo():
        return list(islice(filas, POR_TURNO))


@contextmanager
def _a_tiempo() -> Iterator[None]:
    try:
        with plazo(PLAZO):
            yield
    except TimeoutError:
        raise ArchivoIlegible(_LENTO) from None


def _borrar_archivo(lote: Lote) -> None:
    """The bytes first, then what says that there are any: a kill between the two finds nothing to delete."""
    lote.archivo.storage.delete(str(lote.archivo.name))
    lote.archivo = ""
    with transaction.atomic():
        _soltar(lote, archivo="")


def _revisar(lote: Lote) -> None:
    hoy = timezone.localdate()
    pendientes = lote.renglones.filter(veredicto="").order_by("linea")[:POR_TURNO]
    leidos = revision.leer(lote, pendientes.values_list("pk", "linea", "datos"), hoy)
    with transaction.atomic():
        # First, so that of two workers the second one waits, and then finds that it has lost.
        _anotar(lote, revisados=F("revisados") + len(leidos))
        if leidos:
            revision.revisar(lote, leidos, hoy)
        if len(leidos) == POR_TURNO:
            _soltar(lote)
        else:
            _soltar(lote, estado=Estado.POR_CONFIRMAR, resumen=lote.contar())


def _guardar(lote: Lote) -> None:
    """All of it in one transaction, a second or two for twenty thousand."""
    with transaction.atomic():
        _anotar(lote, intentos=0)
        altas, bajas = inscribir.guardar(lote)
        _soltar(
            lote,
            estado=Estado.CONFIRMADO,
            cerrado=timezone.now(),
            altas=altas,
            bajas=bajas,
            resumen=lote.contar(),
        )
