"""What one row of a file says: texts into dates, numbers and levels, and what is wrong with them. Pure.

Said of somebody else's numbers, to whoever keeps the list.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from django.core.exceptions import ValidationError

from nss_portal.archivos.carga import LineaMala, limpiar
from nss_portal.archivos.hoja import llano
from nss_portal.personas.ajena import decir_curp, decir_nss
from nss_portal.personas.identidad import (
    nacimiento_curp,
    normalizar_nss,
    raiz_curp,
    validar_curp,
    validar_nss,
)
from vigencia.escuelas import periodo
from vigencia.escuelas.archivo.formatos import DEFECTO
from vigencia.models.escuela import Nivel
from vigencia.models.inscripcion import Inscripcion
from vigencia.models.lote import Renglon

ALTA, BAJA = Renglon.Movimiento.ALTA, Renglon.Movimiento.BAJA
Aviso = Renglon.Aviso
# Said of a row; `revision` and `confirmacion` say the first two of them too.
AVISOS = {
    Aviso.OTRA_INSTITUCION: "Otra institución tiene una inscripción vigente de esta persona.",
    Aviso.FIN_PASADO: "El fin ya pasó: esta inscripción no da servicio.",
    Aviso.ALTA_ANTIGUA: "El alta es de hace más de un año.",
    Aviso.NOMBRE: "El nombre no da esa CURP: revisa que las dos sean de la misma persona.",
}
_MATRICULA_CABE = 20
# Day 0 of the dates that a spreadsheet shows as numbers, and which numbers can be a date of ours.
_DIA_CERO, _SERIALES = date(1899, 12, 30), range(30_000, 80_000)


@dataclass
class Dicho:
    """A row, read. With errors, the rest may be missing."""

    movimiento: str = ALTA
    curp: str = ""
    nss: str = ""
    matricula: str = ""
    nivel: str = ""
    ciclo: str = ""
    alta: date | None = None
    fin: date | None = None
    baja: date | None = None
    causa: str = ""
    registro: str = ""
    nombre: tuple[str, str, str] | None = None
    # An alta without an NSS: whether the person has one is asked when nothing else is wrong.
    sin_nss: bool = False
    # What the row itself says, and not the form by which the file was uploaded.
    propios: frozenset[str] = frozenset()
    errores: list[str] = field(default_factory=list)
    avisos: dict[Aviso, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PorOmision:
    """What holds where a row does not say."""

    ciclo: str = ""
    fin: date | None = None
    nivel: str = ""


def leer(datos: Mapping[str, str], omision: PorOmision, hoy: date) -> Dicho:
    """What a row says, with every error that can be seen in it alone."""
    dicho = Dicho()
    if defecto := datos.get(DEFECTO):
        dicho.errores.append(defecto)
        return dicho
    textos = {campo: texto for campo in datos if (texto := _limpio(campo, datos[campo], dicho))}
    dicho.propios = frozenset(textos)
    dicho.movimiento = _movimiento(textos, dicho)
    dicho.registro = textos.get("registro", "").upper()
    if "curp" in textos or dicho.movimiento == ALTA:
        dicho.curp = _curp(textos.get("curp", ""), hoy, dicho)
    if "nss" in textos or dicho.movimiento == ALTA:
        dicho.nss = _nss(textos.get("nss", ""), dicho)
    dicho.ciclo = _ciclo(textos.get("ciclo", ""), dicho)
    if textos.get("nombres") and textos.get("primer_apellido"):
        dicho.nombre = (textos["nombres"], textos["primer_apellido"], textos.get("segundo_apellido", ""))
    if dicho.movimiento == BAJA:
        _leer_baja(textos, hoy, dicho)
    else:
        _leer_alta(textos, omision, hoy, dicho)
    return dicho


def _leer_alta(textos: dict[str, str], omision: PorOmision, hoy: date, dicho: Dicho) -> None:
    dicho.matricula = textos.get("matricula", "")
    if len(dicho.matricula) > _MATRICULA_CABE:
        dicho.errores.append(f"La matrícula pasa de {_MATRICULA_CABE} caracteres.")
    dicho.nivel = _nivel(textos.get("nivel", ""), dicho) or omision.nivel
    if "ciclo" not in textos:
        dicho.ciclo = omision.ciclo
        if not dicho.ciclo:
            dicho.errores.append("Falta el ciclo escolar.")
    dicho.alta = _fecha("alta", textos.get("alta", ""), dicho)
    dicho.fin = _fecha("fin", textos.get("fin", ""), dicho) if "fin" in textos else omision.fin
    if "fin" not in textos and dicho.fin is None:
        dicho.errores.append("Falta la fecha de fin.")
    nacimiento = nacimiento_curp(dicho.curp) if dicho.curp else None
    if dicho.alta and (imposible := periodo.alta_imposible(dicho.alta, nacimiento, hoy)):
        dicho.errores.append(imposible)
        return
    if not (dicho.alta and dicho.fin):
        return
    if dicho.fin < dicho.alta:
        dicho.errores.append(f"El fin ({dicho.fin:%d/%m/%Y}) es anterior al alta ({dicho.alta:%d/%m/%Y}).")
        return
    if exceso := periodo.fin_excesivo(dicho.alta, dicho.fin):
        dicho.errores.append(exceso)
        return
    if dicho.fin < hoy:
        avisar(dicho, Aviso.FIN_PASADO)
    elif periodo.es_antigua(dicho.alta, hoy):
        avisar(dicho, Aviso.ALTA_ANTIGUA)
    if dicho.ciclo and (ajeno := periodo.ciclo_ajeno(dicho.ciclo, dicho.alta)):
        dicho.avisos[Aviso.OTRO_CICLO] = ajeno


def _leer_baja(textos: dict[str, str], hoy: date, dicho: Dicho) -> None:
    if not (dicho.curp or dicho.nss or dicho.errores):
        dicho.errores.append("Falta de quién es la baja: su CURP o su NSS.")
    dicho.baja = _fecha("baja", textos.get("baja", ""), dicho)
    escrita = textos.get("causa", "")
    dicho.causa = _causa(escrita)
    if not dicho.causa:
        opciones = ", ".join(f"{causa.value} {causa.label.lower()}" for causa in Inscripcion.Causa)
        que = f"La causa «{escrita}» no es ninguna" if escrita else "Falta la causa de la baja"
        dicho.errores.append(f"{que}: {opciones}.")
    elif dicho.causa == Inscripcion.Causa.DEFUNCION and dicho.baja and dicho.baja > hoy:
        dicho.errores.append(periodo.MUERTE_FUTURA)


def avisar(dicho: Dicho, aviso: Aviso) -> None:
    dicho.avisos[aviso] = AVISOS[aviso]


def avisar_del_nombre(dicho: Dicho, curp: str) -> None:
    """Add a warning when the row's names do not give the first 16 characters of that CURP."""
    if dicho.nombre:
        raiz = raiz_curp(*dicho.nombre, nacimiento_curp(curp), curp[10], curp[11:13])
        if raiz != curp[:16]:
            avisar(dicho, Aviso.NOMBRE)


def _limpio(campo: str, texto: str, dicho: Dicho) -> str:
    try:
        return limpiar(texto)
    except LineaMala:
        dicho.errores.append(f"La columna {campo} lleva caracteres que no son texto.")
        return ""


def _movimiento(textos: dict[str, str], dicho: Dicho) -> str:
    escrito = textos.get("movimiento", ALTA).lower()
    if escrito not in Renglon.Movimiento.values:
        dicho.errores.append(f"El movimiento debe ser alta o baja, no «{textos['movimiento']}».")
        return ALTA
    return escrito


def _curp(escrita: str, hoy: date, dicho: Dicho) -> str:
    if not escrita:
        dicho.errores.append("Falta la CURP.")
        return ""
    try:
        return validar_curp(escrita, hoy)
    except ValidationError as error:
        dicho.errores.append(decir_curp(error))
        return ""


def _nss(escrito: str, dicho: Dicho) -> str:
    if not escrito:
        dicho.sin_nss = True
        return ""
    normal = normalizar_nss(escrito)
    if len(normal) == 10 and normal.isdigit():
        normal = f"0{normal}"  # a spreadsheet took it for a quantity
    try:
        return validar_nss(normal)
    except ValidationError as error:
        # A zero of ours explains nothing: what was written is short.
        con_cero = len(normal) != len(normalizar_nss(escrito))
        dicho.errores.append(decir_nss(ValidationError("", "longitud") if con_cero else error))
        return ""


def _ciclo(escrito: str, dicho: Dicho) -> str:
    if not escrito:
        return ""
    try:
        return periodo.leer_ciclo(escrito)
    except ValueError as error:
        dicho.errores.append(f"{str(error).rstrip('.')}, no «{escrito}».")
        return ""


def _nivel(escrito: str, dicho: Dicho) -> str:
    nivel = _llano(escrito)
    if nivel and nivel not in Nivel.values:
        dicho.errores.append(f"El nivel «{escrito}» no es ninguno: medio-superior, superior o posgrado.")
        return ""
    return nivel


@lru_cache(maxsize=256)
def _llano(texto: str) -> str:
    return llano(texto, "-")


_CAUSAS = {causa.value: causa.value for causa in Inscripcion.Causa}
_CAUSAS |= {_llano(causa.label): causa.value for causa in Inscripcion.Causa}


def _causa(escrita: str) -> str:
    return _CAUSAS.get(_llano(escrita), "")


def _fecha(campo: str, escrita: str, dicho: Dicho) -> date | None:
    if not escrita:
        dicho.errores.append(
            "Falta el primer día con servicio (alta)." if campo == "alta" else f"Falta {campo}."
        )
        return None
    try:
        return fecha(escrita)
    except ValueError as error:
        dicho.errores.append(f"La fecha de {campo} «{escrita}» {error}")
        return None


@lru_cache(maxsize=1024)
def fecha(escrita: str) -> date:
    """AAAA-MM-DD, dd/mm/aaaa, or a spreadsheet's number of days; ValueError says why it is none."""
    if partes := re.fullmatch(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:[ T][0-9:.]+)?", escrita):
        anio, mes, dia = map(int, partes.groups())
    elif partes := re.fullmatch(r"([0-9]{1,2})[-/]([0-9]{1,2})[-/]([0-9]{4})(?:[ T][0-9:.]+)?", escrita):
        dia, mes, anio = map(int, partes.groups())
    elif re.fullmatch("[0-9]{5}", escrita) and int(escrita) in _SERIALES:
        return _DIA_CERO + timedelta(days=int(escrita))
    else:
        raise ValueError("no se entiende: escríbela AAAA-MM-DD, por ejemplo 2026-08-24.")
    try:
        leida = date(anio, mes, dia)
    except ValueError:
        raise ValueError("no existe.") from None
    if not periodo.de_estos_anios(leida):
        raise ValueError(periodo.FECHA_LEJANA)
    return leida
