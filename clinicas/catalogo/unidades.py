"""What a row of the health ministry's catalogue says of a unit, as it will be a clinic."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import models

from clinicas.catalogo.territorio import Territorio
from clinicas.models import Clinica
from nss_portal.archivos.carga import LineaMala, limpiar
from nss_portal.territorio.models import plegar

Datos = Mapping[str, Any]


class Unidad(NamedTuple):
    """The fields of Clinica that the catalogue decides, and how many consultorios it says there are."""

    clues: str
    tipo: str
    numero: int | None
    nombre: str
    domicilio: str
    codigo_postal: str
    entidad_id: str
    municipio_id: int | None
    telefono: str
    latitud: float | None
    longitud: float | None
    consultorios: int | None


# Family medicine in the typology: UMF with or without beds, their auxiliaries (UAMF), and hospitals of zone,
# subzone or region that have it (HGZMF, «HGZ/UMF», «con medicina familiar»). Not rural ones (UMR), which
# belong to another regime; nor those of ambulatory surgery alone (UMAA), nor offices, nor mobile ones.
_FAMILIAR = re.compile(
    r"medicina familiar|\b(?:umfh?|uamf)\b|\bhg(?:sz?|z|r)[ /.-]*(?:c(?:on)?[ /.]*)?(?:umf|mf)\b"
)
_AJENA = re.compile(r"movil|administrativ|almacen|guarderia")
# What the ministry writes when it does not know.
_SIN_DATO = {"", "no especificado", "no aplica", "sin dato", "s/d", "nan", "none", "0"}
_SIGLAS = set(
    "UMF UMAA HGZ HGS HGSZ HGR HGZMF HGSMF MF IMSS UAMF II III IV VI VII VIII IX XI XII S/N".split()
)
_CABEN: dict[str, int] = {
    campo.name: campo.max_length
    for campo in Clinica._meta.concrete_fields
    if isinstance(campo, models.CharField) and campo.max_length
}
# The most that we believe of one clinic, in a turno.
CONSULTORIOS_MAXIMO = 60
_MENORES = set("de del la las los el y e en con a al".split())
# After the unit's number its own name begins: «UMF 3 La Joya».
_ARTICULOS = {"la", "las", "los", "el"}
_SIN_NUMERO = {"sin numero", "s/n", "sn", "s.n."}


def opera(datos: Datos) -> bool:
    return plegar(_texto(datos.get("estatus"))) == "en operacion"


def da_medicina_familiar(datos: Datos) -> bool:
    """By its typology; only where there is none, by its name."""
    establecimiento = plegar(_texto(datos.get("tipo_establecimiento")))
    if establecimiento and not establecimiento.startswith(("de consulta externa", "de hospitalizacion")):
        return False
    que = plegar(_texto(datos["tipologia"])) or plegar(_texto(datos["nombre"]))
    return bool(_FAMILIAR.search(que)) and not _AJENA.search(que)


def leer(clues: str, datos: Datos, territorio: Territorio) -> Unidad:
    """Raises LineaMala. What a clinic can do without (code, coordinates…) may be missing or wrong."""
    nombre = titular(_texto(datos["nombre"]) or _texto(datos.get("comercial")))
    if not nombre:
        raise LineaMala("falta NOMBRE DE LA UNIDAD.")
    entidad = territorio.entidad(_texto(datos["entidad"]))
    if entidad is None:
        raise LineaMala(f"no hay entidad que se llame «{_texto(datos['entidad'])[:40]}».")
    codigo = _cifras(datos["codigo_postal"], 5)
    clave = _cifras(datos.get("clave_municipio"), 3)
    municipio = territorio.municipio(entidad, clave, _texto(datos["municipio"]), codigo)
    latitud, longitud = _coordenadas(datos)
    return Unidad(
        clues=clues,
        tipo=_tipo(datos, nombre),
        numero=_numero(nombre),
        nombre=_que_quepa(nombre, "nombre"),
        domicilio=_que_quepa(_domicilio(datos), "domicilio"),
        codigo_postal=codigo,
        entidad_id=entidad,
        municipio_id=municipio,
        telefono=_texto(datos["telefono"])[: _CABEN["telefono"]],
        latitud=latitud,
        longitud=longitud,
        consultorios=_cuantos(datos.get("consultorios")),
    )


def titular(texto: str) -> str:
    """What is shouted, said: «UMF NO. 7 SAN PEDRO» -> «UMF No. 7 San Pedro». What is not, as it is."""
    if texto != texto.upper():
        return texto
    palabras = []
    for lugar, palabra in enumerate(texto.split()):
        if any(parte in _SIGLAS for parte in re.split(r"[/.,-]", palabra)):
            palabras.append(palabra)
        elif (
            lugar
            and palabra.lower() in _MENORES
            and not (palabra.lower() in _ARTICULOS and palabras[-1].isdigit())
        ):
            palabras.append(palabra.lower())
        else:
            palabras.append(palabra.capitalize())
    return " ".join(palabras)


def _texto(dato: Any) -> str:
    """A cell as text, in order; empty when it says that it says nothing. Raises LineaMala."""
    if isinstance(dato, float) and dato.is_integer():
        dato = int(dato)
    texto = limpiar("" if dato is None else str(dato))
    return "" if plegar(texto) in _SIN_DATO else texto


def _que_quepa(texto: str, campo: str) -> str:
    if len(texto) > _CABEN[campo]:
        raise LineaMala(f"el {campo} pasa de {_CABEN[campo]} caracteres.")
    return texto


def _cifras(dato: Any, cuantas: int) -> str:
    """Digits as text, with the zeros that a spreadsheet eats. Empty if they are not that."""
    texto = _texto(dato)
    return texto.zfill(cuantas) if texto.isascii() and texto.isdigit() and len(texto) <= cuantas else ""


def _tipo(datos: Datos, nombre: str) -> str:
    que = f"{plegar(_texto(datos['tipologia']))} {plegar(nombre)}"
    if re.search(r"subzona|\bhgsz?", que):
        return Clinica.Tipo.HGS
    if re.search(r"general de zona|\bhgz", que):
        return Clinica.Tipo.HGZ
    if re.search(r"regional|\bhgr", que):
        return Clinica.Tipo.HGR
    return Clinica.Tipo.UMF


def _numero(nombre: str) -> int | None:
    """The unit's number: the first of its name, after «No.» if that is written."""
    cifras = re.search(r"\bno\.? *(\d{1,4})\b", nombre, re.IGNORECASE) or re.search(r"\b(\d{1,4})\b", nombre)
    return int(cifras[1]) if cifras else None


def _domicilio(datos: Datos) -> str:
    """«Avenida de los Ejemplos 100, colonia Centro»; what is not known is left out."""
    calle = titular(f"{_texto(datos.get('tipo_vialidad'))} {_texto(datos['vialidad'])}".strip())
    numero = _texto(datos.get("numero"))
    if plegar(numero) in _SIN_NUMERO:
        numero = "s/n"
    colonia = f"{_texto(datos.get('tipo_asentamiento'))} {_texto(datos['asentamiento'])}".strip()
    return ", ".join(filter(None, [f"{calle} {numero}".strip(), titular(colonia)]))


def _coordenadas(datos: Datos) -> tuple[float | None, float | None]:
    """Both, in Mexico, or none: the catalogue has zeros and places at sea."""
    try:
        latitud, longitud = (
            float(str(datos[eje]).replace(",", ".")) if datos[eje] not in (None, "") else 0.0
            for eje in ("latitud", "longitud")
        )
    except ValueError:
        return None, None
    if 14 <= latitud <= 33 and -119 <= longitud <= -86:
        return latitud, longitud
    return None, None


def _cuantos(dato: Any) -> int | None:
    """How many consultorios, when it is a number that a clinic may have."""
    texto = _cifras(dato, 4)
    return int(texto) if texto and 1 <= int(texto) <= CONSULTORIOS_MAXIMO else None
