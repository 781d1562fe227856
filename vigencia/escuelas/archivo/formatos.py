"""The files of students that schools send and take: CSV, Excel, 168 columns. Pure: no database.

What is in a file tells its format; its name does not. A reader gives each row as texts under the names of
COLUMNAS, and what makes a row unreadable under DEFECTO. It raises ArchivoIlegible, and nothing else.
"""

import csv
import os
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from io import StringIO, TextIOWrapper
from itertools import chain
from typing import IO, Any

from nss_portal.archivos.carga import CargaInvalida, Fuente
from nss_portal.archivos.hoja import llano
from nss_portal.archivos.libro import abrir_libro
from vigencia.escuelas.archivo import dispmag

COLUMNAS = "curp nss matricula nivel ciclo alta fin nombres primer_apellido segundo_apellido".split()
# For a file that also ends enrolments, or for a school with several records for one level.
DE_BAJA = ["movimiento", "baja", "causa"]
CONOCIDAS = {*COLUMNAS, *DE_BAJA, "registro"}
IMPRESCINDIBLES = ["curp", "nss"]
DEFECTO = "defecto"
# How each kind goes out. The last has a code page of its own: no browser may take it for text and rewrite it.
TIPOS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "168": "application/octet-stream",
}

TAMANO_MAXIMO = 10 * 1024 * 1024
PASA = "El archivo pasa de 10 MB: divídelo en dos o más."
RENGLONES_MAXIMOS = 25_000
# Of a workbook, uncompressed: twice what 25,000 rows take. And how far down a sheet its stray cells are
# looked for.
_LIBRO_MAXIMO, _FONDO = 60 * 1024 * 1024, 200_000
_ANCHO = 60  # columns that are looked at
_CABE = 200  # characters of a cell that are kept: nothing that belongs in one is longer
# PostgreSQL keeps no NUL in a JSON; another control character is as wrong, and told as such.
_NULO, _MAL = "\x00", "\x01"
_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"

# How people call a column, and words that say nothing of which one it is.
_OTROS_NOMBRES = {
    "apellido_paterno": "primer_apellido",
    "apellido_materno": "segundo_apellido",
    "paterno": "primer_apellido",
    "materno": "segundo_apellido",
    "inicio": "alta",
    "termino": "fin",
    "cuenta": "matricula",
    "seguro_social": "nss",
    "seguridad_social": "nss",
}
_DE_RELLENO = {"fecha", "de", "del", "la", "el", "numero", "no", "num", "escolar", "alumno", "estudiante"}

Renglones = Iterator[tuple[int, dict[str, str]]]


class ArchivoIlegible(CargaInvalida):
    """Why a file cannot be read, in one sentence for whoever sent it."""


def leer(archivo: IO[bytes]) -> tuple[str, list[str], Renglones]:
    """The format (a Lote.Formato), the columns that it has in its own order, and its rows with their lines.

    The rows are read as they are asked for, and only then may turn out to be unreadable (ArchivoIlegible).
    """
    tamano = archivo.seek(0, os.SEEK_END)
    if not tamano:
        raise ArchivoIlegible("El archivo está vacío.")
    if tamano > TAMANO_MAXIMO:
        raise ArchivoIlegible(PASA)
    archivo.seek(0)
    cabeza = archivo.read(4096)
    archivo.seek(0)
    if cabeza.startswith(_OLE):
        raise ArchivoIlegible(
            "Es un libro de Excel antiguo (.xls) o con contraseña: guárdalo como .xlsx, sin contraseña."
        )
    if cabeza.startswith(_PDF):
        raise ArchivoIlegible("Es un PDF: sube la lista como CSV o como libro de Excel (.xlsx).")
    if cabeza.startswith(_ZIP):
        return _con_tope("xlsx", _leer_xlsx(Fuente(archivo, tamano)))
    if dispmag.parece(cabeza):
        return "dispmag", list(dispmag.COLUMNAS), _contar(_protegidos(dispmag.leer(archivo, tamano)))
    return _con_tope("csv", _leer_csv(archivo, cabeza))


def _con_tope(formato: str, filas: Iterator[tuple[int, list[str]]]) -> tuple[str, list[str], Renglones]:
    """The first row names the columns; the others are counted."""
    filas = _protegidos(filas)
    _, primera = next(filas, (1, []))
    donde = _columnas(primera)
    return formato, list(donde), _contar((n, _nombrar(fila, donde, len(primera))) for n, fila in filas)


def _protegidos[T](filas: Iterator[T]) -> Iterator[T]:
    """The same rows; whatever a parser stumbles over in a file that is not what it says is one sentence."""
    try:
        yield from filas
    except (ArchivoIlegible, TimeoutError):
        raise
    except CargaInvalida as error:
        raise ArchivoIlegible(str(error)) from None
    except Exception:
        # Not `from error`: it may quote the file.
        raise ArchivoIlegible("El archivo está dañado: vuelve a guardarlo y súbelo otra vez.") from None


def _contar(renglones: Renglones) -> Renglones:
    cuantos = 0
    for cuantos, renglon in enumerate(renglones, start=1):
        if cuantos > RENGLONES_MAXIMOS:
            raise ArchivoIlegible(f"El archivo pasa de {RENGLONES_MAXIMOS:,} renglones: divídelo.")
        yield renglon
    if not cuantos:
        raise ArchivoIlegible(
            "El archivo no trae alumnos: debajo de los nombres de las columnas no hay nada."
        )


# --- Columns ----------------------------------------------------------------------------------------


def _columnas(cabecera: Sequence[str]) -> dict[str, int]:
    """Where each known column is, in the file's order."""
    donde: dict[str, int] = {}
    for lugar, nombre in enumerate(llano(nombre, "_") for nombre in cabecera):
        nombre = {"registro_patronal": "registro"}.get(nombre, nombre)
        if nombre in donde:
            raise ArchivoIlegible(f"La columna {nombre} está dos veces.")
        if nombre in CONOCIDAS:
            donde[nombre] = lugar
    _revisar_nombres(cabecera, donde)
    if not donde.keys() >= set(IMPRESCINDIBLES):
        raise ArchivoIlegible(
            f"La primera línea debe nombrar las columnas: {', '.join(COLUMNAS)}. Descarga la plantilla y "
            "copia ahí tu lista."
        )
    return donde


def _revisar_nombres(cabecera: Sequence[str], donde: Mapping[str, int]) -> None:
    """A column that is one of ours under another name is told at once; of the others a list may have many."""
    faltan = CONOCIDAS - donde.keys()
    parecidas = {
        nombre.strip()[:40]: querida
        for nombre in cabecera
        if (querida := _parecida(llano(nombre, "_"), faltan))
    }
    if parecidas:
        raise ArchivoIlegible(
            f"No reconozco estas columnas: {', '.join(parecidas)}. ¿Quisiste decir "
            f"{', '.join(dict.fromkeys(parecidas.values()))}? Cambia su nombre en la primera línea y sube el "
            "archivo otra vez."
        )


def _parecida(nombre: str, faltan: Collection[str]) -> str:
    """Which of the missing columns it may be; empty when none."""
    if nombre in CONOCIDAS or nombre == "motivo":  # the last one is ours, in what goes back to be corrected
        return ""
    palabras = [palabra for palabra in nombre.split("_") if palabra not in _DE_RELLENO]
    sencillo = _OTROS_NOMBRES.get("_".join(palabras), "_".join(palabras))
    return next(iter(get_close_matches(sencillo, faltan, 1, 0.8)), "")


def _nombrar(fila: Sequence[str], donde: dict[str, int], cuantas: int) -> dict[str, str]:
    datos = {
        n: restaurar(fila[i])[:_CABE].replace(_NULO, _MAL) if i < len(fila) else "" for n, i in donde.items()
    }
    if any(fila[cuantas:]):
        # With a comma loose in a name, what follows is in the wrong column.
        datos[DEFECTO] = f"Tiene {len(fila)} columnas y deben ser {cuantas}: revisa sus comas y comillas."
    return datos


# --- CSV --------------------------------------------------------------------------------------------


def _leer_csv(archivo: IO[bytes], cabeza: bytes) -> Iterator[tuple[int, list[str]]]:
    texto = TextIOWrapper(archivo, _codificacion(archivo, cabeza), errors="replace", newline="")
    try:
        primera = texto.readline(10_000)
        saltadas = 0
        if re.match(r"(?i)sep=.[\r\n]", primera):  # Excel's own note on the separator
            primera, saltadas = texto.readline(10_000), 1
        separador = max(",;\t", key=primera.count)
        filas = csv.reader(chain([primera], texto), delimiter=separador, strict=True)
        while True:
            linea = filas.line_num + 1
            try:
                fila = next(filas)
            except StopIteration:
                return
            except csv.Error:
                raise ArchivoIlegible(f"Línea {linea + saltadas}: no es CSV; revisa sus comillas.") from None
            # Editors of old close a text with 0x1A.
            if any(celda.strip(" \t\x1a") for celda in fila):
                yield linea + saltadas, fila
    finally:
        if not archivo.closed:
            texto.detach()  # it would close what is not its own


def _codificacion(archivo: IO[bytes], cabeza: bytes) -> str:
    """UTF-8 if the whole file is; otherwise what Windows writes in Mexico."""
    if cabeza.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        comprobado = TextIOWrapper(archivo, "utf-8", newline="")
        while comprobado.read(1 << 16):
            pass
        return "utf-8-sig"
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        comprobado.detach()
        archivo.seek(0)


# --- Excel ------------------------------------------------------------------------------------------


def _leer_xlsx(fuente: Fuente) -> Iterator[tuple[int, list[str]]]:
    with abrir_libro(fuente, _LIBRO_MAXIMO) as libro:
        for linea, celdas in libro.filas(0, _ANCHO, _FONDO):
            fila = list(map(_texto, celdas))
            while fila and not fila[-1]:
                fila.pop()
            if fila:
                yield linea, fila


def _texto(celda: object) -> str:
    """What a cell shows, but dates as AAAA-MM-DD."""
    if celda is None:
        return ""
    if isinstance(celda, datetime):
        return celda.date().isoformat()
    if isinstance(celda, float) and celda.is_integer():
        return str(int(celda))
    return str(celda).strip()


# --- Writing ----------------------------------------------------------------------------------------

_PELIGROSA = re.compile(r"'*[=+\-@\t\r\n]")


def neutraliza(texto: str) -> str:
    """The text with an apostrophe before it when a spreadsheet would take it for a formula."""
    return f"'{texto}" if _PELIGROSA.match(texto) else texto


def restaurar(texto: str) -> str:
    """What `neutraliza` was given."""
    return texto[1:] if texto.startswith("'") and _PELIGROSA.match(texto) else texto


def _celdas(fila: Any) -> list[Any]:
    """An enrolment in the order of COLUMNAS and DE_BAJA."""
    persona = fila.persona
    return [
        persona.curp,
        persona.nss or "",
        fila.matricula,
        fila.nivel,
        fila.ciclo,
        fila.alta,
        fila.fin,
        persona.nombres,
        persona.primer_apellido,
        persona.segundo_apellido,
        "baja" if fila.baja else "alta",
        fila.baja or "",
        fila.causa,
    ]


def escribir_csv(filas: Iterable[Any], con_bajas: bool = False) -> Iterator[bytes]:
    """Enrolments as the CSV that `leer` reads; `con_bajas` adds the columns that say who has left."""
    columnas = COLUMNAS + DE_BAJA * con_bajas
    return tabla_csv(columnas, (_celdas(fila)[: len(columnas)] for fila in filas))


def escribir_xlsx(filas: Iterable[Any], con_bajas: bool = False) -> IO[bytes]:
    """The same as an Excel book: a temporary file, at its beginning."""
    columnas = COLUMNAS + DE_BAJA * con_bajas
    return tabla_xlsx(columnas, (_celdas(fila)[: len(columnas)] for fila in filas))


def tabla_csv(columnas: Sequence[str], filas: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A little at a time. UTF-8 with the mark by which Excel knows it."""
    renglon = StringIO()
    escritor = csv.writer(renglon)
    yield b"\xef\xbb\xbf"
    for fila in chain([columnas], filas):
        escritor.writerow([neutraliza(str(celda)) for celda in fila])
        yield renglon.getvalue().encode()
        renglon.seek(0)
        renglon.truncate()


def tabla_xlsx(
    columnas: Sequence[str], filas: Iterable[Sequence[Any]], notas: Sequence[Any] = ()
) -> IO[bytes]:
    """One sheet, and another with notes where there are any."""
    import openpyxl  # 9 MB that a process pays only when it writes one

    libro = openpyxl.Workbook(write_only=True)
    hoja = libro.create_sheet("Alumnos")
    for letra in "ABCDEFGHIJKLMN":
        hoja.column_dimensions[letra].width = 22
    for fila in chain([columnas], filas):
        hoja.append([celda if isinstance(celda, date) else _limpia(celda) for celda in fila])
    if notas:
        ayuda = libro.create_sheet("Cómo llenarla")
        ayuda.column_dimensions["A"].width, ayuda.column_dimensions["B"].width = 22, 90
        for nota in notas:
            ayuda.append(nota)
    archivo = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asked for it closes it
    libro.save(archivo)
    archivo.seek(0)
    return archivo


# What XML cannot say, and no workbook either.
_IMPOSIBLES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def _limpia(celda: object) -> str:
    return neutraliza(_IMPOSIBLES.sub("", str(celda)))


_NOTAS = [
    ("Columna", "Qué lleva"),
    ("curp", "Los 18 caracteres. Es obligatoria."),
    ("nss", "Los 11 números, con su cero si empieza con cero. Vacío: te decimos quién no tiene todavía."),
    ("matricula", "La que usa tu escuela; hasta 20 caracteres."),
    ("nivel", "medio-superior, superior o posgrado. Vacío: el que elijas al subir el archivo."),
    ("ciclo", "2026-2027 o 2026-1. Vacío: el que elijas al subir el archivo."),
    ("alta", "Primer día con servicio médico, AAAA-MM-DD. Es obligatoria."),
    ("fin", "Último día con servicio médico, AAAA-MM-DD. Vacío: el que elijas al subir el archivo."),
    ("nombres y apellidos", "Para avisarte si la CURP no parece de esa persona. Pueden ir vacíos."),
    ("movimiento", "Sólo si también das bajas: alta o baja. Vacío: alta."),
    ("baja", "Sólo en una baja: desde qué día ya no tiene servicio por tu escuela, AAAA-MM-DD."),
    ("causa", "Sólo en una baja: 1 término de estudios, 2 voluntaria, 3 defunción, 9 otra."),
]


def plantilla(formato: str = "csv") -> bytes:
    """An empty file to fill in, CSV or XLSX."""
    if formato == "csv":
        return b"".join(tabla_csv(COLUMNAS, []))
    with tabla_xlsx(COLUMNAS, [], _NOTAS) as archivo:
        return archivo.read()
