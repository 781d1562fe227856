"""The schools' catalogue, loaded from a CSV: judged whole first, then written all or none."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import batched
from typing import Any, NamedTuple

from django.db import IntegrityError

from nss_portal.archivos.carga import Avisar, CargaInvalida, LineaMala, abrir, esperar_turno, limpiar
from nss_portal.archivos.hoja import Columna, Malas, filas_csv, llano, texto
from nss_portal.archivos.plan import APLICAR, EJEMPLOS, Modo, Retiros, revisar, transaccion
from nss_portal.personas.identidad import ENTIDADES
from nss_portal.territorio import catalogo
from nss_portal.territorio.models import Municipio
from vigencia.models import Escuela, Inscripcion, Nivel, RegistroPatronal
from vigencia.models.escuela import CCT_REGEX, REGISTRO_REGEX

# Past this a statement's list of keys is longer than SQLite takes in one go.
_LOTE = 1_000
_ENTIDADES = {clave for _, clave in ENTIDADES.values() if clave}
_SEPARADORES = re.compile(r"[\s-]+")
# What is kept of a line, but for its registros.
_CAMPOS = ["nombre", "medio_superior", "superior", "posgrado", "modalidad", "entidad_id", "municipio_id"]


@dataclass
class Informe:
    total: int = 0
    nuevas: int = 0
    cambiadas: int = 0
    registros_nuevos: int = 0
    registros_retirados: int = 0
    # Not in the file any more, and enrolments were reported by them.
    registros_con_inscripciones: list[str] = field(default_factory=list)
    # Their municipio could not be told: its entidad's have no keys yet, or the line has none.
    sin_municipio: int = 0
    # Their CCT begins with another entidad's key: seen, and taken as it comes.
    de_otra_entidad: list[str] = field(default_factory=list)
    retiros: Retiros | None = None

    @property
    def iguales(self) -> int:
        return self.total - self.nuevas - self.cambiadas


class Fila(NamedTuple):
    """A line of the file, read: the keys padded, the lists taken apart."""

    linea: int
    cct: str
    nombre: str
    niveles: tuple[Nivel, ...]
    modalidad: str
    registros: tuple[str, ...]
    entidad: str
    # Of five digits; empty when the line names none.
    municipio: str

    @property
    def campos(self) -> tuple[object, ...]:
        """Its data, in the order of _CAMPOS, but for the municipio: its key is not its id."""
        niveles = (nivel in self.niveles for nivel in (Nivel.MEDIO_SUPERIOR, Nivel.SUPERIOR, Nivel.POSGRADO))
        return (self.nombre, *niveles, self.modalidad, self.entidad)


def cargar(ruta: str, avisar: Avisar = lambda *paso: None, modo: Modo = APLICAR) -> Informe:
    """Make the schools of the CSV be as it says; those that it does not name stay as they are.

    All or nothing: one bad line and nothing is written. Safe to call twice. A registro patronal that the
    file does not name any more goes, unless students were enrolled by it. A municipio that is known is not
    forgotten because the file's key means nothing yet. Raises CargaInvalida;
    RetirosSinAceptar is one.
    """
    malas = Malas()
    with abrir(ruta) as fuente:
        filas = [_armar(linea, datos) for linea, datos in filas_csv(fuente, TABLA, malas, avisar)]
    if not filas and not malas.total:
        raise CargaInvalida("El archivo no trae escuelas.")
    avisar("Revisando")
    try:
        with transaccion(modo):
            esperar_turno("cargar_escuelas")
            catalogo.entidades()  # there may be none yet
            municipios = {clave: pk for clave, pk in Municipio.objects.values_list("clave", "pk") if clave}
            duenas = dict(RegistroPatronal.objects.values_list("registro", "escuela_id"))
            _revisar(filas, municipios, duenas, malas)
            malas.rechazar()
            avisar("Guardando")
            return _guardar(filas, municipios, duenas, modo)
    except IntegrityError:
        raise CargaInvalida(
            "Mientras se guardaba, alguien cambió estas escuelas o inscribió por un registro patronal que ya "
            "no viene: no se cargó nada; vuelve a intentarlo."
        ) from None


def _armar(linea: int, datos: list[Any]) -> Fila:
    cct, nombre, niveles, modalidad, registros, entidad, municipio = datos
    suyo = municipio and f"{entidad}{municipio}"
    return Fila(linea, cct, nombre, niveles, modalidad, registros, entidad, suyo)


def _cct(escrita: str) -> str:
    cct = _SEPARADORES.sub("", limpiar(escrita)).upper()
    if re.fullmatch(CCT_REGEX, cct):
        return cct
    if not cct:
        raise LineaMala("falta cct.")
    if re.fullmatch(CCT_REGEX, cct[:2] + "D" + cct[3:]) and cct[2] == "P":
        raise LineaMala(
            f"la escuela {cct} es particular (su CCT lleva P en la tercera posición) y este seguro es de las "
            "escuelas públicas."
        )
    raise LineaMala(f"la CCT «{cct[:20]}» no son 2 números, 3 letras, 4 números y 1 letra.")


def _niveles(escritos: str) -> tuple[Nivel, ...]:
    niveles = set()
    for escrito in _lista(escritos):
        # As people write them too: «Medio superior».
        clave = llano(escrito, "-")
        if clave not in Nivel.values:
            raise LineaMala(f"el nivel «{escrito[:30]}» no existe: son {', '.join(Nivel.values)}.")
        niveles.add(Nivel(clave))
    if not niveles:
        raise LineaMala("falta niveles.")
    return tuple(nivel for nivel in Nivel if nivel in niveles)


def _modalidad(escrita: str) -> str:
    escrita = limpiar(escrita)
    clave = llano(escrita, "-")
    if clave not in Escuela.Modalidad.values:
        todas = ", ".join(Escuela.Modalidad.values)
        raise LineaMala(
            f"la modalidad «{escrita[:30]}» no existe: son {todas}." if clave else "falta modalidad."
        )
    return clave


def _registros(escritos: str) -> tuple[str, ...]:
    registros = [_SEPARADORES.sub("", escrito).upper() for escrito in _lista(escritos)]
    for registro in registros:
        if not re.fullmatch(REGISTRO_REGEX, registro):
            raise LineaMala(
                f"el registro patronal «{registro[:20]}» no son una letra o número, 7 números, 32 (la "
                "modalidad de estudiantes) y un número más."
            )
        if registros.count(registro) > 1:
            raise LineaMala(f"el registro patronal {registro} está dos veces.")
    if not registros:
        raise LineaMala("falta registros_patronales.")
    return tuple(registros)


def _lista(escrita: str) -> list[str]:
    return [dato for dato in map(str.strip, limpiar(escrita).split("|")) if dato]


def _clave(columna: str, escrita: str, cifras: int) -> str:
    """Spreadsheets take the leading zeros away."""
    if not (escrita.isascii() and escrita.isdigit() and len(escrita) <= cifras):
        raise LineaMala(f"{columna} debe ser la clave oficial, de {cifras} números.")
    return escrita.zfill(cifras)


def _entidad(escrita: str) -> str:
    entidad = _clave("c_estado", limpiar(escrita), 2)
    if entidad not in _ENTIDADES:
        raise LineaMala(f"la entidad {entidad} no existe: c_estado va de 01 a 32.")
    return entidad


def _municipio(escrito: str) -> str:
    municipio = limpiar(escrito)
    return municipio and _clave("c_mnpio", municipio, 3)


TABLA = [
    Columna("cct", _cct),
    texto("nombre", 150),
    Columna("niveles", _niveles),
    Columna("modalidad", _modalidad),
    Columna("registros_patronales", _registros),
    Columna("c_estado", _entidad),
    Columna("c_mnpio", _municipio),
]
COLUMNAS = [columna.nombre for columna in TABLA]


def _revisar(filas: list[Fila], municipios: dict[str, int], duenas: dict[str, str], malas: Malas) -> None:
    """What an earlier line has already, or the tables know otherwise: the first thing of each line.

    Where an entidad's municipios have their keys, a key that none has is a bad line.
    """
    con_claves = {clave[:2] for clave in municipios}
    vistas: dict[str, int] = {}
    for fila in filas:
        motivos = []
        if (antes := vistas.setdefault(fila.cct, fila.linea)) != fila.linea:
            motivos.append(f"la escuela {fila.cct} ya está en la línea {antes}.")
        for registro in fila.registros:
            if (antes := vistas.setdefault(registro, fila.linea)) != fila.linea:
                motivos.append(f"el registro patronal {registro} ya está en la línea {antes}.")
        if fila.municipio and fila.municipio not in municipios and fila.entidad in con_claves:
            entidad, municipio = fila.municipio[:2], fila.municipio[2:]
            motivos.append(f"el municipio {municipio} de la entidad {entidad} no existe.")
        for registro in fila.registros:
            if duenas.get(registro, fila.cct) != fila.cct:
                motivos.append(f"el registro patronal {registro} es de otra escuela.")
        if motivos:
            malas.agregar(fila.linea, motivos[0])


def _guardar(filas: list[Fila], municipios: dict[str, int], duenas: dict[str, str], modo: Modo) -> Informe:
    informe = Informe(len(filas))
    hay = {escuela.cct: escuela for escuela in Escuela.objects.all()}
    guardar = []
    for fila in filas:
        escuela = hay.get(fila.cct) or Escuela(cct=fila.cct)
        municipio = municipios.get(fila.municipio)
        if municipio is None and escuela.entidad_id == fila.entidad:
            municipio = escuela.municipio_id
        datos = dict(zip(_CAMPOS, (*fila.campos, municipio), strict=True))
        if any(getattr(escuela, campo) != dato for campo, dato in datos.items()):
            guardar.append(escuela)
        for campo, dato in datos.items():
            setattr(escuela, campo, dato)
        informe.sin_municipio += municipio is None
        if not fila.cct.startswith(fila.entidad):
            informe.de_otra_entidad.append(fila.cct)
    Escuela.objects.bulk_create(
        guardar,
        batch_size=_LOTE,
        update_conflicts=True,
        unique_fields=["cct"],
        update_fields=[campo.removesuffix("_id") for campo in _CAMPOS],
    )
    tocadas = {escuela.cct for escuela in guardar} | _guardar_registros(filas, duenas, informe, modo)
    informe.nuevas = len(tocadas - hay.keys())
    informe.cambiadas = len(tocadas) - informe.nuevas
    return informe


def _guardar_registros(filas: list[Fila], duenas: dict[str, str], informe: Informe, modo: Modo) -> set[str]:
    """The schools whose registros this changed."""
    nuevos = [
        RegistroPatronal(registro=registro, escuela_id=fila.cct)
        for fila in filas
        for registro in fila.registros
        if registro not in duenas
    ]
    RegistroPatronal.objects.bulk_create(nuevos, batch_size=_LOTE)
    del_archivo = {fila.cct: fila.registros for fila in filas}
    sobran = [r for r, cct in duenas.items() if cct in del_archivo and r not in del_archivo[cct]]
    usados = _con_inscripciones(sobran)
    retirados = [registro for registro in sobran if registro not in usados]
    informe.retiros = Retiros("registros patronales", len(retirados), len(duenas), retirados[:EJEMPLOS])
    revisar(informe.retiros, modo)
    for lote in batched(retirados, _LOTE):
        RegistroPatronal.objects.filter(pk__in=lote).delete()
    informe.registros_nuevos, informe.registros_retirados = len(nuevos), len(retirados)
    informe.registros_con_inscripciones = sorted(usados)
    return {r.escuela_id for r in nuevos} | {duenas[r] for r in retirados}


def _con_inscripciones(registros: Iterable[str]) -> set[str]:
    usados: set[str] = set()
    for lote in batched(registros, _LOTE):
        filas = Inscripcion.objects.filter(registro__in=lote).order_by()
        usados |= set(filas.values_list("registro_id", flat=True).distinct())
    return usados
