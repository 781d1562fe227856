"""A table that a file brings: its columns, what each may say, and every row, read or told why it is bad."""

import csv
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nss_portal.archivos.carga import Avisar, CargaInvalida, Fuente, LineaMala, limpiar
from nss_portal.archivos.libro import Libro

_BOM = b"\xef\xbb\xbf"
# Bad lines that are told; the others are counted.
MUESTRA = 20


class Columna(NamedTuple):
    """One column: its name in the file's first row, and what makes a datum of its text (or LineaMala).

    `como` are the names that a workbook may give it, a pattern over the name without accents or capitals.
    """

    nombre: str
    leer: Callable[[str], Any] = limpiar
    como: str = ""
    titulo: str = ""
    opcional: bool = False


def llano(texto: str, union: str = " ") -> str:
    """As names are compared: «Primer Apellido» is `primer_apellido` with «_» between its words."""
    sueltas = unicodedata.normalize("NFD", texto.strip().lower())
    return re.sub(r"[\s_-]+", union, "".join(c for c in sueltas if not unicodedata.combining(c)))


def texto(nombre: str, caben: int, que: str = "", opcional: bool = False) -> Columna:
    """A text of so many characters at most; `que` is how its absence is told."""

    def leer(escrito: str) -> str:
        dato = limpiar(escrito)
        if not dato and not opcional:
            raise LineaMala(f"falta {que or nombre}.")
        if len(dato) > caben:
            raise LineaMala(f"{nombre} pasa de {caben} caracteres.")
        return dato

    return Columna(nombre, leer)


def con_forma(nombre: str, forma: str, motivo: str, normal: Callable[[str], str] = limpiar) -> Columna:
    """What has the form of that regular expression; `motivo` tells what has not, as «{dato}»."""
    es = re.compile(forma).fullmatch

    def leer(escrito: str) -> str:
        dato = normal(escrito)
        if not es(dato):
            raise LineaMala(motivo.format(dato=dato[:20]))
        return dato

    return Columna(nombre, leer)


@dataclass
class Malas:
    """The bad lines of a load: how many, and what is wrong with the first ones. A line counts once a pass."""

    cada: str = "línea"
    total: int = 0
    primeras: list[tuple[int, str]] = field(default_factory=list)

    def agregar(self, linea: int, motivo: str, quien: str = "") -> None:
        self.total += 1
        # In the file's order, twice at most: as it is read, and when the whole is looked at.
        if len(self.primeras) < 2 * MUESTRA:
            suya = f" ({quien})" if quien else ""
            self.primeras.append((linea, f"{self.cada.capitalize()} {linea}{suya}: {motivo}"))

    def rechazar(self) -> None:
        """Raises CargaInvalida if there is any."""
        if self.total:
            que, una, unas, las = _PALABRAS[self.cada]
            cuantas = una if self.total == 1 else f"{self.total:,} {unas}"
            self.decir(f"{que} tiene {cuantas} con errores y no se cargó nada.", las)

    def decir(self, cabeza: str, las: str = "Las primeras", pie: str = "") -> None:
        """Raises CargaInvalida with that sentence and the first lines."""
        textos = [suyo for _, suyo in sorted(self.primeras)[:MUESTRA]]
        if self.total > len(textos):
            cabeza += f" {las} {len(textos)}:"
        raise CargaInvalida("\n".join(filter(None, [cabeza, *textos, pie])))


_PALABRAS = {
    "línea": ("El archivo", "una línea", "líneas", "Las primeras"),
    "renglón": ("El libro", "un renglón", "renglones", "Los primeros"),
}


def leer_fila(columnas: Sequence[Columna], campos: Sequence[str]) -> list[Any]:
    """The data of one row. Raises LineaMala with all that is wrong in it."""
    try:
        return [columna.leer(campo) for columna, campo in zip(columnas, campos, strict=True)]
    except LineaMala:
        raise LineaMala(" ".join(_motivos(columnas, campos))) from None


def _motivos(columnas: Sequence[Columna], campos: Sequence[str]) -> Iterator[str]:
    for columna, campo in zip(columnas, campos, strict=True):
        try:
            columna.leer(campo)
        except LineaMala as motivo:
            yield str(motivo)


def filas_csv(
    fuente: Fuente,
    columnas: Sequence[Columna],
    malas: Malas,
    avisar: Avisar,
    quien: Callable[[list[str]], str] = lambda campos: "",
) -> Iterator[tuple[int, list[Any]]]:
    """The good rows of a CSV in UTF-8, with their lines. What is wrong with the others goes to `malas`, and
    `quien` says of whom by their texts.
    """
    lineas = fuente.lineas(avisar)
    orden = _orden([columna.nombre for columna in columnas], *next(lineas, (1, b"")))
    for numero, linea in lineas:
        campos: list[str] = []
        try:
            campos = campos_de(linea, orden)
            fila = leer_fila(columnas, campos)
        except LineaMala as motivo:
            malas.agregar(numero, str(motivo), quien(campos))
        else:
            yield numero, fila


def _orden(nombres: Sequence[str], numero: int, linea: bytes) -> list[int]:
    """Where each column is, by the first line: a spreadsheet may have moved them."""
    try:
        cabecera = [columna.strip().lower() for columna in _separar(linea.removeprefix(_BOM))]
        if len(cabecera) == len(nombres):
            return [cabecera.index(nombre) for nombre in nombres]
    except ValueError:  # LineaMala is one
        pass
    raise CargaInvalida(f"La línea {numero} debe nombrar las columnas: {','.join(nombres)} (CSV en UTF-8).")


def campos_de(linea: bytes, orden: Sequence[int]) -> list[str]:
    """The fields of a line of a CSV, in the order of its columns. Raises LineaMala."""
    campos = _separar(linea)
    if len(campos) != len(orden):
        raise LineaMala(f"tiene {len(campos)} columnas y deben ser {len(orden)}.")
    return [campos[i] for i in orden]


def _separar(linea: bytes) -> list[str]:
    """Each line is read on its own: a quote left open spoils no other."""
    try:
        return next(csv.reader([linea.decode("utf-8")], strict=True))
    except UnicodeDecodeError:
        raise LineaMala("no es texto en UTF-8.") from None
    except csv.Error:
        raise LineaMala("no es CSV: revisa sus comillas.") from None


def filas_libro(
    libro: Libro, columnas: Sequence[Columna], hasta: int, avisar: Avisar, que_es: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of the sheet that has the first of the columns: number from 1, cells by name of column.

    Raises CargaInvalida when a column that is needed is not there, or none of them is.
    """
    hoja, titulos, donde = _buscar(libro, columnas, que_es)
    for numero, fila in libro.filas(hoja, max(donde.values()) + 1, hasta, avisar):
        if numero > titulos:
            yield numero, {n: fila[lugar] if lugar < len(fila) else None for n, lugar in donde.items()}


def _buscar(libro: Libro, columnas: Sequence[Columna], que_es: str) -> tuple[int, int, dict[str, int]]:
    """The sheet, the row with the titles, and where each column is."""
    for hoja, numero, fila in libro.cabeceras():
        titulos = ["" if celda is None else llano(str(celda)) for celda in fila]
        if not _lugares(columnas[0], titulos):
            continue
        donde = {c.nombre: lugares[0] for c in columnas if (lugares := _lugares(c, titulos))}
        faltan = [c.titulo for c in columnas if not c.opcional and c.nombre not in donde]
        if faltan:
            que = "la columna" if len(faltan) == 1 else "las columnas"
            raise CargaInvalida(f"Al libro le falta {que} {', '.join(faltan)}: no se cargó nada.")
        return hoja, numero, donde
    raise CargaInvalida(
        f"No es {que_es}: ninguna hoja trae, en sus primeros renglones, una columna {columnas[0].titulo}."
    )


def _lugares(columna: Columna, titulos: Sequence[str]) -> list[int]:
    return [lugar for lugar, titulo in enumerate(titulos) if re.fullmatch(columna.como, titulo)]
