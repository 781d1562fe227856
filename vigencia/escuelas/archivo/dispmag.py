"""The social security institute's file of movements: one a line, 168 columns, cp1252. Pure.

An `08` is an alta and a `02` a baja; a `07` changes a wage, and students have none. An alta says neither
level, nor cycle, nor when it ends; a baja says no CURP.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from typing import IO, Any

from nss_portal.archivos.carga import Fuente

LARGO = 168
ALTA, SALARIO, BAJA = "08", "07", "02"
COLUMNAS = [
    "movimiento",
    "registro",
    "nss",
    "curp",
    "matricula",
    "primer_apellido",
    "segundo_apellido",
    "nombres",
    "alta",
    "baja",
    "causa",
]
# The line as it came. After a TAB, which no line has, comes the reason when it goes back to the school.
LINEA = "linea"

# (field, width), and by what an unnamed one is filled. Check digits go with their number.
_HASTA_NOMBRES = [
    ("registro", 11),
    ("nss", 11),
    ("primer_apellido", 27),
    ("segundo_apellido", 27),
    ("nombres", 27),
]
_CAMPOS: dict[str, list[tuple[str, int]]] = {
    # wage, filler, kind of worker, kind of wage, working week | UMF, filler, movement, guide | filler
    ALTA: [
        *_HASTA_NOMBRES,
        ("000000      000", 15),
        ("fecha", 8),
        ("000  0800000", 12),
        ("matricula", 10),
        (" ", 1),
        ("curp", 18),
        ("9", 1),
    ],
    # filler | filler, movement, guide | filler
    BAJA: [
        *_HASTA_NOMBRES,
        (" " * 15, 15),
        ("fecha", 8),
        ("     0200000", 12),
        ("matricula", 10),
        ("causa", 1),
        (" " * 18, 18),
        ("9", 1),
    ],
}
_NOMBRADOS = {*COLUMNAS, "fecha"}
_CORTES = {
    tipo: [
        (nombre, hasta - ancho, hasta)
        for (nombre, ancho), hasta in zip(campos, accumulate(a for _, a in campos), strict=True)
        if nombre in _NOMBRADOS
    ]
    for tipo, campos in _CAMPOS.items()
}
_TIPO = slice(131, 133)
_CABEZA = re.compile(rb"[A-Za-z0-9][0-9]{21}")
MUESTRA = 1000


@dataclass
class Cambio:
    """What the file could not hold as it was."""

    linea: int
    campo: str
    antes: str
    despues: str


@dataclass
class Informe:
    """What the file says otherwise than the rows; whole once the file has been written."""

    lineas: int = 0
    en_mayusculas: int = 0  # lines with a name that was not in capitals
    sin_nss: int = 0  # rows that have no line: there is no movement without a number
    total: int = 0
    cambios: list[Cambio] = field(default_factory=list)  # the first ones; `total` counts all


def parece(cabeza: bytes) -> bool:
    """Whether the beginning of a file is that of movements: lines that begin with two long numbers."""
    return any(_CABEZA.match(linea) for linea in cabeza.splitlines()[:20])


def trae_altas(archivo: Any) -> bool:
    """Whether a file is one of these and has an alta, which needs what its line cannot say."""
    cabeza = archivo.read(4096)
    archivo.seek(0)
    if not parece(cabeza):
        return False
    altas = (linea for linea in archivo if _decodificar(linea.rstrip(b"\r\n"))[_TIPO] == ALTA)
    trae = next(altas, None) is not None
    archivo.seek(0)
    return trae


def leer(archivo: IO[bytes], tamano: int) -> Iterator[tuple[int, dict[str, str]]]:
    """Every line, numbered; what is wrong with one is in its `defecto`. Raises CargaInvalida."""
    for numero, linea in Fuente(archivo, tamano).lineas(lambda *paso: None):
        # Some programs close the file with a line of asterisks and totals.
        if not linea.startswith(b"*"):
            yield numero, leer_linea(linea)


def leer_linea(cruda: bytes) -> dict[str, str]:
    """What one line says, dates as dd/mm/aaaa; it does not validate."""
    texto = _decodificar(cruda.partition(b"\t")[0].replace(b"\x00", b"\x01"))  # no database keeps a NUL
    datos = {LINEA: texto}
    tipo = texto[_TIPO]
    if len(texto) != LARGO:
        return datos | {"defecto": f"La línea tiene {len(texto):,} columnas y deben ser {LARGO}."}
    if tipo == SALARIO:
        return datos | {"defecto": "El movimiento 07 cambia un salario, y los estudiantes no lo tienen."}
    if tipo not in _CORTES:
        return datos | {"defecto": "El tipo de movimiento (columnas 132 y 133) debe ser 08 o 02."}
    if texto[-1] != "9":
        return datos | {"defecto": "La columna 168 debe ser 9."}
    datos |= {nombre: texto[desde:hasta].strip() for nombre, desde, hasta in _CORTES[tipo]}
    fecha = datos.pop("fecha")
    datos["movimiento"] = "alta" if tipo == ALTA else "baja"
    datos[datos["movimiento"]] = f"{fecha[:2]}/{fecha[2:4]}/{fecha[4:]}" if fecha else ""
    return datos


def _decodificar(cruda: bytes) -> str:
    if len(cruda) != LARGO:
        try:
            # An editor saved it as UTF-8: what was one column is two bytes.
            return cruda.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
        except UnicodeDecodeError:
            pass
    return cruda.decode("cp1252", "replace")


def escribir(filas: Iterable[Any]) -> tuple[Iterator[bytes], Informe]:
    """The last movement of each enrolment, a line each, and what is said otherwise in the file.

    The second is whole only when the first has been read to its end.
    """
    informe = Informe()
    return _lineas(filas, informe), informe


def _lineas(filas: Iterable[Any], informe: Informe) -> Iterator[bytes]:
    for fila in filas:
        if not fila.persona.nss:
            informe.sin_nss += 1
            continue
        informe.lineas += 1
        yield _linea(fila, informe)


def _linea(fila: Any, informe: Informe) -> bytes:
    persona, tipo = fila.persona, BAJA if fila.baja else ALTA
    fecha: date = fila.baja or fila.alta
    datos = {
        "registro": fila.registro_id,
        "nss": persona.nss,
        "curp": persona.curp,
        "matricula": fila.matricula,
        "primer_apellido": persona.primer_apellido,
        "segundo_apellido": persona.segundo_apellido,
        "nombres": persona.nombres,
        # Not strftime: what it does with old years is the platform's.
        "fecha": f"{fecha.day:02d}{fecha.month:02d}{fecha.year:04d}",
        "causa": fila.causa,
    }
    if any(valor != valor.upper() for valor in datos.values()):
        informe.en_mayusculas += 1
    partes = [
        _caber(nombre, datos[nombre], ancho, informe) if nombre in _NOMBRADOS else nombre
        for nombre, ancho in _CAMPOS[tipo]
    ]
    return "".join(partes).encode("cp1252") + b"\r\n"


def _caber(campo: str, valor: str, ancho: int, informe: Informe) -> str:
    """The value in capitals, in signs of the code page and in its columns; told when that is not the same."""
    antes = valor.upper()
    despues = "".join(map(_signo, antes))[:ancho]
    if despues != antes:
        informe.total += 1
        if len(informe.cambios) < MUESTRA:
            informe.cambios.append(Cambio(informe.lineas, campo, valor, despues.rstrip()))
    return despues.ljust(ancho)


def _signo(signo: str) -> str:
    """The sign itself when the code page has it, its plain letter when that one is there, or «?»."""
    for candidato in (signo, unicodedata.normalize("NFD", signo)[0], "?"):
        try:
            candidato.encode("cp1252")
        except UnicodeEncodeError:
            continue
        return candidato if candidato.isprintable() else " "
    return "?"
