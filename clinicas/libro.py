"""A workbook (xlsx), read row by row: how big it may be, and one sentence for whatever is wrong."""

import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from nss_portal.carga import Avisar, CargaInvalida, Fuente, abrir

# The real catalogue of 63,000 rows unfolds to some 250 MB. A few kB that unfold to more are no workbook.
_CABE = 1024**3
# Whatever is not a sheet comes whole into memory: the table of texts, most of all.
_CABE_EN_MEMORIA = 64 * 1024**2
_COMPRESION = 100
_PEQUENO = 10 * 1024**2
# A row says its own number: with a large one, the reader would give empty rows for hours.
FILAS = 300_000
# What the columns are called is in the first row of its sheet, or a few below a title.
_TITULOS = 10
_COLUMNAS = 500

Fila = tuple[Any, ...]

# What openpyxl lets through when a part is not what it should be: it has no error of its own for it. XML that
# is none is a SyntaxError; what defusedxml forbids, a ValueError.
_DANOS = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
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

    def filas(self, hoja: int, ancho: int, avisar: Avisar) -> Iterator[tuple[int, Fila]]:
        """Every row that has something, numbered from 1, with its first `ancho` cells."""
        for numero, fila in self._leer(hoja, ancho, FILAS + 1):
            if numero > FILAS:
                raise CargaInvalida(f"La hoja pasa de {FILAS:,} renglones.")
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
            except _DANOS:
                raise CargaInvalida(_DANADO) from None
            yield numero, fila


@contextmanager
def abrir_libro(ruta: str) -> Iterator[Libro]:
    """Raises CargaInvalida."""
    with abrir(ruta) as fuente:
        _revisar_tamano(fuente)
        try:
            with warnings.catch_warnings():
                # Styles and validations that openpyxl does not know: only the cells matter here.
                warnings.simplefilter("ignore")
                libro = load_workbook(fuente.archivo, read_only=True, data_only=True, keep_links=False)
        except _DANOS:
            raise CargaInvalida(_DANADO) from None
        try:
            yield Libro(fuente, libro.worksheets)
        finally:
            libro.close()


def _revisar_tamano(fuente: Fuente) -> None:
    """Refuse before anything is unfolded. What the zip says of a size is also where its reader stops."""
    try:
        with zipfile.ZipFile(fuente.archivo) as paquete:
            partes = paquete.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        raise CargaInvalida("El archivo no es un libro de Excel (.xlsx).") from None
    if any(parte.flag_bits & 1 for parte in partes):
        raise CargaInvalida("El libro tiene contraseña: guárdalo sin ella.")
    hojas = [p for p in partes if p.filename.startswith("xl/worksheets/")]
    otras = [p for p in partes if p not in hojas]
    if (
        sum(p.file_size for p in partes) > _CABE
        or sum(p.file_size for p in otras) > _CABE_EN_MEMORIA
        or any(p.file_size > _PEQUENO and p.file_size > _COMPRESION * p.compress_size for p in partes)
    ):
        raise CargaInvalida("El libro es demasiado grande al descomprimirse: no se abrió.")
