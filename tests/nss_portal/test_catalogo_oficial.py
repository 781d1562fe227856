"""The official postal file: what a line says, and that loading it keeps what people's addresses refer to."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from nss_portal.catalogo import Fila
from nss_portal.identidad import ENTIDADES
from nss_portal.sepomex import CABECERA, Renglon

AVISO = "Aviso legal: esto es una prueba, con la forma del catálogo de códigos postales y otros números."
CLAVES = {nombre: clave for nombre, clave in ENTIDADES.values() if clave}


def escribir_linea(renglon: Renglon) -> str:
    """As the official file has it: two of three lines, those of the country, have no city."""
    r = renglon
    urbana = r.tipo in {"Colonia", "Fraccionamiento"}
    ciudad, zona = (r.municipio, "Urbano|07") if urbana else ("", "Rural|")
    oficina = f"{r.codigo[:4]}1"
    return (
        f"{r.codigo}|{r.colonia}|{r.tipo}|{r.municipio}|{r.entidad}|{ciudad}|{oficina}|{r.c_estado}|{oficina}||"
        f"09|{r.c_mnpio}|{r.consecutivo}|{zona}"
    )


def escribir(ruta: Path, renglones: Iterable[Renglon]) -> str:
    lineas = [AVISO, CABECERA, *map(escribir_linea, renglones), ""]
    ruta.write_bytes("\r\n".join(lineas).encode("cp1252"))
    return str(ruta)


def con_claves(filas: Iterable[Fila]) -> list[Renglon]:
    """The rows of the package with keys of our own."""
    municipios: dict[tuple[str, str], str] = {}
    cuantos: defaultdict[str, int] = defaultdict(int)
    renglones = []
    for fila in filas:
        estado = CLAVES[fila.entidad]
        if (estado, fila.municipio) not in municipios:
            cuantos[estado] += 1
            municipios[estado, fila.municipio] = f"{cuantos[estado]:03d}"
        municipio = municipios[estado, fila.municipio]
        cuantos[estado + municipio] += 1
        renglones.append(Renglon(*fila, estado, municipio, f"{cuantos[estado + municipio]:04d}"))
    return renglones
