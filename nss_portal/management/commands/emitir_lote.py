"""`manage.py emitir_lote`: a whole school's cards or reports, in a zip or in one file to print."""

import logging
import os
import zipfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import batched
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from nss_portal.archivos.carga import Barra
from nss_portal.documentos import firma, imprenta, impresion, sello
from nss_portal.documentos.models import Documento
from nss_portal.oferta import OFERTA
from nss_portal.personas.identidad import enmascarar_curp
from nss_portal.personas.models import Persona
from nss_portal.personas.renapo import NoDisponible
from nss_portal.servicio.cuadrilla import repartir
from nss_portal.tramites import expedicion
from nss_portal.tramites.expedicion import Hecho
from vigencia.models import Escuela, Inscripcion

log = logging.getLogger(__name__)

SIN_NSS = "No tiene NSS."
FALLO = "Algo falló y no se pudo emitir."
SIN_REGISTRO = "El registro de población no responde."
# Mended by doing it again, and by nothing else.
PASAJEROS = {FALLO, SIN_REGISTRO}


class Alumno(NamedTuple):
    persona: int
    matricula: str
    curp: str
    nss: str | None

    def __str__(self) -> str:
        matricula = f"Matrícula {self.matricula}" if self.matricula else "Sin matrícula"
        return f"{matricula} (CURP {enmascarar_curp(self.curp)})"


class Command(BaseCommand):
    help = (
        "Emite la tarjeta de NSS o el reporte de vigencia de cada alumno de una escuela y los junta en un "
        "zip o en un PDF para imprimir. Cada documento queda sellado, firmado y guardado, y se puede "
        "verificar; no se manda por correo. Se puede repetir: lo que ya se emitió hoy y dice lo mismo se usa "
        "otra vez."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--escuela", required=True, metavar="CCT", help="La escuela.")
        parser.add_argument(
            "--documento", required=True, choices=[*expedicion.TRAMITES], help="Qué se emite."
        )
        parser.add_argument(
            "--ciclo",
            default="",
            help="Solo los inscritos en ese ciclo (2026-2027) que no tienen baja, aunque no haya empezado; "
            "sin él, quienes hoy tienen derecho.",
        )
        parser.add_argument(
            "--procesos",
            type=int,
            # While one waits for the disk, another draws.
            default=len(os.sched_getaffinity(0)) + 1,
            help="Cuántos trabajan a la vez; si no se dice, uno más que los procesadores.",
        )
        parser.add_argument(
            "--salida", required=True, type=Path, metavar="FILE", help="Un .zip, o un .pdf para imprimir."
        )

    def handle(self, *args: Any, escuela: str, documento: str, salida: Path, **opciones: Any) -> None:
        juntar = {".zip": _en_un_zip, ".pdf": _en_un_pdf}.get(salida.suffix.lower())
        if juntar is None or opciones["procesos"] < 1:
            raise CommandError("--salida es un .zip o un .pdf, y --procesos, uno o más.")
        if salida.is_dir() or not os.access(salida.parent, os.W_OK | os.X_OK):
            raise CommandError(f"No se puede escribir {salida}: revisa la carpeta y sus permisos.")
        tipo = Documento.Tipo(documento)
        alumnos = _alumnos(escuela.upper(), opciones["ciclo"])
        _preparar()
        barra = Barra(self.stderr)
        try:
            hechos = _emitir(alumnos, tipo, opciones["procesos"], barra)
            emitidos = [uno.documento for a in alumnos if (uno := hechos[a.persona]).documento]
            barra("Juntando")
            with _nuevo(salida) as archivo:
                juntar(archivo, _guardados(emitidos))
        finally:
            barra("")
        if opciones["verbosity"]:
            for linea in _informe(alumnos, hechos, salida):
                self.stdout.write(linea)
        if pasajeros := sum(uno.motivo in PASAJEROS for uno in hechos.values()):
            raise CommandError(f"Quedaron {pasajeros:,} sin emitir por algo pasajero: repite la misma orden.")


# Whose documents ---------------------------------------------------------------------------------


def _alumnos(cct: str, ciclo: str) -> list[Alumno]:
    """Each once, by surname. Raises CommandError when there is nobody."""
    if not Escuela.objects.filter(pk=cct).exists():
        raise CommandError(f"No hay una escuela con la CCT {cct}.")
    suyas = Inscripcion.objects.filter(escuela=cct)
    suyas = suyas.filter(ciclo=ciclo, baja=None) if ciclo else suyas.vigentes(timezone.localdate())
    orden = [f"persona__{campo}" for campo in ("primer_apellido", "segundo_apellido", "nombres", "curp")]
    campos = ("persona", "matricula", "persona__curp", "persona__nss")
    cada_uno = {fila[0]: Alumno(*fila) for fila in suyas.order_by(*orden, "pk").values_list(*campos)}
    if not cada_uno:
        quienes = f"está inscrito en el ciclo {ciclo}" if ciclo else "tiene derecho hoy"
        raise CommandError(f"Nadie de esa escuela {quienes}: no hay nada que emitir.")
    return list(cada_uno.values())


# Issued, on several processes --------------------------------------------------------------------


def _preparar() -> None:
    """Load what all processes will share, and say now what would stop each of them."""
    if faltas := imprenta.revisar():
        raise CommandError(" ".join(faltas))
    try:
        firma.preparar()
    except sello.ClaveInservible as error:
        raise CommandError(str(error)) from error
    imprenta.preparar()


def _emitir(alumnos: list[Alumno], tipo: Documento.Tipo, procesos: int, barra: Barra) -> dict[int, Hecho]:
    """What became of each one, by person."""
    hechos = {alumno.persona: Hecho(None, motivo=SIN_NSS) for alumno in alumnos if not alumno.nss}
    personas = [alumno.persona for alumno in alumnos if alumno.nss]
    for persona, hecho in repartir(partial(_uno, tipo=tipo), personas, procesos):
        hechos[persona] = hecho or Hecho(None, motivo=FALLO)
        barra(f"Emitiendo: {len(hechos):,} de {len(alumnos):,}", len(hechos) / len(alumnos))
    return hechos


def _uno(persona: int, tipo: Documento.Tipo) -> Hecho:
    try:
        return expedicion.expedir(Persona.objects.get(pk=persona), tipo, OFERTA[expedicion.TRAMITES[tipo]])
    except NoDisponible:
        return Hecho(None, motivo=SIN_REGISTRO)
    except Exception as error:  # whatever it is, the others must have theirs
        log.error("no se emitió un documento: %s", type(error).__name__)
        return Hecho(None, motivo=FALLO)


# And put together --------------------------------------------------------------------------------


@contextmanager
def _nuevo(ruta: Path) -> Iterator[BinaryIO]:
    """A file, only its owner's, that takes its place when it is whole. Raises CommandError."""
    provisional = ruta.with_name(f".{ruta.name}.{os.getpid()}")
    try:
        with open(provisional, "wb", opener=lambda nombre, modos: os.open(nombre, modos, 0o600)) as archivo:
            yield archivo
        provisional.replace(ruta)
    except OSError as error:
        raise CommandError(
            f"No se pudo escribir {ruta}: {error.strerror}. Lo emitido quedó guardado: repite la misma orden."
        ) from error
    finally:
        provisional.unlink(missing_ok=True)


def _guardados(claves: list[Any]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each, as they were issued; a few at a time."""
    for lote in batched(claves, 200):
        filas = Documento.objects.in_bulk(list(lote))
        for clave in lote:
            with filas[clave].archivo.open("rb") as guardado:
                yield filas[clave].nombre_de_archivo, guardado.read()


def _en_un_zip(archivo: BinaryIO, guardados: Iterator[tuple[str, bytes]]) -> None:
    # Each PDF is compressed already.
    with zipfile.ZipFile(archivo, "w", zipfile.ZIP_STORED) as paquete:
        for nombre, contenido in guardados:
            paquete.writestr(nombre, contenido)


def _en_un_pdf(archivo: BinaryIO, guardados: Iterator[tuple[str, bytes]]) -> None:
    impresion.juntar((contenido for _, contenido in guardados), archivo)


def _informe(alumnos: list[Alumno], hechos: dict[int, Hecho], salida: Path) -> Iterator[str]:
    emitidos = [hecho for hecho in hechos.values() if hecho.documento]
    nuevos = sum(hecho.nuevo for hecho in emitidos)
    yield (
        f"{len(emitidos):,} documentos en {salida}: {nuevos:,} emitidos ahora, {len(emitidos) - nuevos:,} "
        "que ya se habían emitido hoy."
    )
    if salida.suffix.lower() == ".pdf":
        yield (
            "El PDF es para imprimir y no lleva firma: lo que vale es cada documento, que quedó guardado y "
            "se verifica con el QR de su hoja."
        )
    motivos = dict.fromkeys(hecho.motivo for hecho in hechos.values() if not hecho.documento)
    for motivo in motivos:
        suyos = [alumno for alumno in alumnos if hechos[alumno.persona].motivo == motivo]
        yield f"Sin documento, {len(suyos):,}. {motivo}"
        yield from (f"  {alumno}" for alumno in suyos)
