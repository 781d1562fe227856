"""The official postal file, CPdescarga.txt or a zip with it: what a line says, and why one cannot be used."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple, cast

from nss_portal.archivos.carga import CargaInvalida, Fuente, LineaMala, abrir
from nss_portal.archivos.hoja import Columna, con_forma, leer_fila, texto
from nss_portal.personas.identidad import ENTIDADES
from nss_portal.territorio.models import plegar

CABECERA = (
    "d_codigo|d_asenta|d_tipo_asenta|D_mnpio|d_estado|d_ciudad|d_CP|c_estado|c_oficina|c_CP|"
    "c_tipo_asenta|c_mnpio|id_asenta_cpcons|d_zona|c_cve_ciudad"
)


def _cifras(nombre: str, cuantas: str, forma: str) -> Columna:
    # Spreadsheets eat the zeros that many keys begin with.
    return con_forma(nombre, forma, f"{nombre} debe tener {cuantas} y dice «{{dato}}».")


# In the order of the file, which is that of Renglon too. The city, the offices and the zone, which many lines
# leave empty, are not looked at.
_COLUMNAS = [
    _cifras("d_codigo", "cinco cifras", "[0-9]{5}"),
    texto("d_asenta", 100, "el nombre de la colonia (d_asenta)"),
    texto("d_tipo_asenta", 40, "el tipo de la colonia (d_tipo_asenta)"),
    texto("D_mnpio", 80, "el nombre del municipio (D_mnpio)"),
    texto("d_estado", 60, "el nombre de la entidad (d_estado)"),
    _cifras("c_estado", "dos cifras", "[0-9]{2}"),
    _cifras("c_mnpio", "tres cifras", "[0-9]{3}"),
    # Four today; there is room for more.
    _cifras("id_asenta_cpcons", "cuatro cifras", "[0-9]{4,7}"),
]
_ANCHO = CABECERA.count("|") + 1
_LUGARES = [CABECERA.split("|").index(columna.nombre) for columna in _COLUMNAS]
_NOMBRES = {clave: plegar(nombre) for nombre, clave in ENTIDADES.values() if clave}


class Renglon(NamedTuple):
    """What the portal keeps of a line, in the order of its columns."""

    codigo: str
    colonia: str
    tipo: str
    municipio: str
    entidad: str
    c_estado: str
    c_mnpio: str
    consecutivo: str


def leer(linea: bytes) -> Renglon:
    """The data of a line, without its end. Raises LineaMala."""
    try:
        campos = linea.decode("cp1252").split("|")
    except UnicodeDecodeError:
        raise LineaMala("lleva bytes que no son texto en Windows-1252 (cp1252).") from None
    if len(campos) != _ANCHO:
        raise LineaMala(f"tiene {len(campos)} columnas y deben ser {_ANCHO}.")
    renglon = Renglon(*leer_fila(_COLUMNAS, [campos[lugar] for lugar in _LUGARES]))
    nombre = _NOMBRES.get(renglon.c_estado)
    if nombre is None:
        raise LineaMala(f"no hay entidad con la clave {renglon.c_estado} (c_estado).")
    if nombre != plegar(renglon.entidad):
        raise LineaMala(f"la entidad {renglon.c_estado} no se llama «{renglon.entidad}».")
    return renglon


@contextmanager
def abrir_texto(ruta: str) -> Iterator[Fuente]:
    """The text itself or, in a zip, the only one that it holds. Raises CargaInvalida."""
    with abrir(ruta) as fuente:
        es_zip = fuente.archivo.read(2) == b"PK"
        fuente.archivo.seek(0)
        if not es_zip:
            yield fuente
            return
        try:
            with zipfile.ZipFile(fuente.archivo) as paquete:
                miembro = _texto_de(paquete)
                # A zip's own reader goes byte by byte when a line has a limit.
                with paquete.open(miembro) as texto, io.BufferedReader(cast(io.RawIOBase, texto)) as archivo:
                    yield Fuente(archivo, miembro.file_size)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
            # Also found while its lines are read: its sum is at the end.
            raise CargaInvalida("El zip está incompleto o dañado: descárgalo otra vez.") from None


def _texto_de(paquete: zipfile.ZipFile) -> zipfile.ZipInfo:
    textos = [
        miembro
        for miembro in paquete.infolist()
        # macOS adds a shadow of each file.
        if miembro.filename.lower().endswith(".txt") and not miembro.filename.startswith("__MACOSX/")
    ]
    if not textos:
        raise CargaInvalida("El zip no trae ningún archivo .txt.")
    if len(textos) > 1:
        raise CargaInvalida(f"El zip trae {len(textos)} archivos .txt: deja solo el oficial.")
    if textos[0].flag_bits & 1:
        raise CargaInvalida("El zip tiene contraseña: ábrelo e indica el archivo .txt.")
    if not textos[0].file_size:
        raise CargaInvalida(f"El archivo {textos[0].filename} del zip está vacío.")
    return textos[0]


def saltar_cabecera(lineas: Iterator[tuple[int, bytes]]) -> None:
    """Past the legal notice and the names of the columns."""
    for _, linea in islice(lineas, 2):
        if _es_utf8(linea):
            raise CargaInvalida(
                "El texto está en UTF-8 y el oficial viene en Windows-1252: carga el original, sin convertir."
            )
        if linea.decode("cp1252", "replace").strip().casefold() == CABECERA.casefold():
            return
    raise CargaInvalida(
        "No es el archivo oficial de códigos postales: su segunda línea debe ser «d_codigo|d_asenta|…»."
    )


def _es_utf8(linea: bytes) -> bool:
    try:
        linea.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not linea.isascii()
