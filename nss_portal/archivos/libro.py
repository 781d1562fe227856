"""A workbook (xlsx), read row by row: how big it may be, and one sentence for whatever is wrong."""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nss_portal.archivos.carga import Avisar, CargaInvalida, Fuente

# Whatever is not a sheet comes whole into memory: the table of texts, most of all.
_CABE_EN_MEMORIA = 64 * 1024**2
# Of the rest it makes objects: a megabyte of formats takes three seconds and a hundred megabytes. A book of
# twenty thousand rows has some kB of them.
_CABE_EN_OBJETOS = 1024**2
_EN_OBJETOS = re.compile(r"(xl/(theme/)?|docProps/)[^/]+\.xml|\[Content_Types\]\.xml|.*\.rels")
_TEXTOS = "xl/sharedStrings.xml"
_PARTES = 500  # a book has some twenty
_COMPRESION = 100
_PEQUENO = 10 * 1024**2
# What the columns are called is in the first row of its sheet, or a few below a title.
_TITULOS = 10
_COLUMNAS = 500

Fila = tuple[Any, ...]

# What openpyxl lets through when a part is not what it should be: it has no error of its own for it. XML that
# is none is a SyntaxError; what defusedxml forbids, a ValueError.
_DANOS = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    EOFError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    OSError,
    NotImplementedError,
    OverflowError,
)
_NO_ES = "El archivo no es un libro de Excel (.xlsx): ábrelo en una hoja de cálculo y guárdalo así."
_DANADO = "El libro está incompleto o dañado: ábrelo en una hoja de cálculo y guárdalo otra vez como .xlsx."


class Libro:
    """An open workbook."""

    def __init__(self, fuente: Fuente, hojas: Sequence[Any]) -> None:
        self._fuente = fuente
        self._hojas = hojas

    def cabeceras(self) -> Iterator[tuple[int, int, Fila]]:
        """The rows that may name the columns: sheet (from 0), row (from 1), cells."""
        for hoja in range(len(self._hojas)):
            for numero, fila in self._leer(hoja, _COLUMNAS, _TITULOS):
                yield hoja, numero, fila

    def filas(
        self, hoja: int, ancho: int, hasta: int, avisar: Avisar = lambda *paso: None
    ) -> Iterator[tuple[int, Fila]]:
        """Every row that has something, numbered from 1, with its first `ancho` cells.

        A row says its own number: with a large one, the reader would give empty rows for hours; so `hasta`.
        """
        for numero, fila in self._leer(hoja, ancho, hasta + 1):
            if numero > hasta:
                raise CargaInvalida(f"La hoja tiene algo más abajo de la fila {hasta:,}: bórralo.")
            if numero % 1000 == 0:
                # How far into the file: the sheet is nearly all of it.
                avisar("Leyendo", self._fuente.archivo.tell() / self._fuente.tamano)
            if any(celda not in (None, "") for celda in fila):
                yield numero, fila

    def _leer(self, hoja: int, ancho: int, hasta: int) -> Iterator[tuple[int, Fila]]:
        # What a sheet says of its own size is often not true.
        self._hojas[hoja].reset_dimensions()
        filas = self._hojas[hoja].iter_rows(max_col=ancho, values_only=True)
        for numero in range(1, hasta + 1):
            try:
                fila = next(filas)
            except StopIteration:
                return
            except TimeoutError:
                raise
            except _DANOS:
                raise CargaInvalida(_DANADO) from None
            yield numero, fila


@contextmanager
def abrir_libro(fuente: Fuente, cabe: int) -> Iterator[Libro]:
    """Open one that unfolds to `cabe` bytes at most. Raises CargaInvalida."""
    _revisar(fuente, cabe)
    fuente.archivo.seek(0)
    from openpyxl import load_workbook  # 9 MB that a process pays only when it reads one

    try:
        with warnings.catch_warnings():
            # Styles and validations that openpyxl does not know: only the cells matter here.
            warnings.simplefilter("ignore")
            libro = load_workbook(fuente.archivo, read_only=True, data_only=True, keep_links=False)
    except TimeoutError:
        raise
    except _DANOS:
        raise CargaInvalida(_DANADO) from None
    try:
        yield Libro(fuente, libro.worksheets)
    finally:
        libro.close()


def _revisar(fuente: Fuente, cabe: int) -> None:
    """Refuse before anything is unfolded. What the zip says of a size is also where its reader stops."""
    try:
        paquete = zipfile.ZipFile(fuente.archivo)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        raise CargaInvalida(_NO_ES) from None
    with paquete:
        partes = paquete.infolist()
        if "xl/workbook.xml" not in paquete.namelist():
            raise CargaInvalida(_NO_ES)
        if any(parte.flag_bits & 1 for parte in partes):
            raise CargaInvalida("El libro tiene contraseña: guárdalo sin ella.")
        _revisar_tamano(partes, cabe)
        for parte in partes:
            # No spreadsheet has one, and entities are made of them.
            if b"<!DOCTYPE" in _cabeza(paquete, parte):
                raise CargaInvalida(_DANADO)


def _cabeza(paquete: zipfile.ZipFile, parte: zipfile.ZipInfo) -> bytes:
    try:
        with paquete.open(parte) as contenido:
            return contenido.read(4096)
    except _DANOS:
        raise CargaInvalida(_DANADO) from None


def _revisar_tamano(partes: Sequence[zipfile.ZipInfo], cabe: int) -> None:
    otras = [p for p in partes if not p.filename.startswith("xl/worksheets/")]
    if (
        len(partes) > _PARTES
        or sum(p.file_size for p in partes) > cabe
        or sum(p.file_size for p in otras) > _CABE_EN_MEMORIA
        or any(p.file_size > _PEQUENO and p.file_size > _COMPRESION * p.compress_size for p in partes)
    ):
        raise CargaInvalida(
            "El libro es demasiado grande al descomprimirse: deja sólo la hoja con los datos."
        )
    en_objetos = [p for p in otras if p.filename != _TEXTOS and _EN_OBJETOS.fullmatch(p.filename)]
    if sum(p.file_size for p in en_objetos) > _CABE_EN_OBJETOS:
        raise CargaInvalida(
            "El libro trae demasiados formatos para leerlo: copia los datos, sin formato, en uno nuevo."
        )
