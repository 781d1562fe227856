"""The country's postal codes: read from the installed package, written where the tables differ from it."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from typing import Any, NamedTuple

from django.core.management import call_command
from django.db import connection, models

from nss_portal.archivos.carga import CargaInvalida, ejecutar_cada, insertar
from nss_portal.archivos.plan import APLICAR, EJEMPLOS, Modo, Retiros, revisar, transaccion
from nss_portal.territorio.models import CodigoPostal, Colonia, Entidad, Municipio, plegar


class CatalogoInvalido(CargaInvalida):
    """The source says something that cannot be; nothing was written."""


class Fila(NamedTuple):
    """One line of a source, with its spaces in order."""

    codigo: str
    colonia: str
    tipo: str
    municipio: str
    entidad: str


@dataclass
class Cuenta:
    total: int = 0
    agregadas: int = 0
    cambiadas: int = 0
    retiradas: int = 0
    # Those that only got their official key: nobody sees a change.
    claves: int = 0


@dataclass
class Informe:
    municipios: Cuenta = field(default_factory=Cuenta)
    codigos: Cuenta = field(default_factory=Cuenta)
    colonias: Cuenta = field(default_factory=Cuenta)
    # Names of those that had colonias and of which the source says nothing.
    entidades_ausentes: list[str] = field(default_factory=list)
    retiros: Retiros | None = None

    @property
    def sin_cambios(self) -> bool:
        cuentas = (self.municipios, self.codigos, self.colonias)
        return not any(c.agregadas or c.cambiadas or c.retiradas or c.claves for c in cuentas)


def del_paquete() -> list[Fila]:
    """What the package `postalcodes-mexico` carries (March 2018), its full doubles merged."""
    recurso = files("postalcodes_mexico") / "data" / "postalcodes.sqlite3"
    # immutable: it may lie in a folder where SQLite cannot write its locks.
    with (
        as_file(recurso) as ruta,
        closing(sqlite3.connect(f"{ruta.resolve().as_uri()}?immutable=1", uri=True)) as base,
    ):
        filas = base.execute("SELECT DISTINCT cp, place, place_type, municipality, state FROM places")
        # Some names come with two spaces together.
        return [Fila(*(" ".join(dato.split()) for dato in fila)) for fila in filas]


def cargar(
    filas: Iterable[Fila], avisar: Callable[[str], None] = lambda paso: None, modo: Modo = APLICAR
) -> Informe:
    """Make the tables say what `filas` say; the report counts what that changed.

    One transaction: all or nothing. Safe to call twice: the second time there is nothing to do. Rows are
    updated in place and never deleted, because people's addresses refer to them: a colonia that is in the
    catalogue no more is retired. Raises CatalogoInvalido and RetirosSinAceptar.
    """
    avisar("Leyendo")
    municipios, codigos, colonias = _ordenar(filas)
    informe = Informe()
    with transaccion(modo):
        esperar_turno()
        claves = _claves_de({entidad for entidad, _ in municipios})
        avisar("Comparando municipios")
        pks = _cargar_municipios([(claves[entidad], nombre) for entidad, nombre in municipios], informe)
        avisar("Comparando códigos postales")
        _cargar_codigos(
            {codigo: pks[claves[entidad], nombre] for codigo, (entidad, nombre) in codigos.items()}, informe
        )
        avisar("Comparando colonias")
        _cargar_colonias(colonias, informe, modo)
    return informe


# (entidad, municipio), by name.
_Lugar = tuple[str, str]
# What a colonia is known by: postal code, folded name, kind.
_Clave = tuple[str, str, str]


def _ordenar(filas: Iterable[Fila]) -> tuple[list[_Lugar], dict[str, _Lugar], dict[_Clave, str]]:
    """Municipios, the municipio of each code, and the name of each colonia."""
    codigos: dict[str, _Lugar] = {}
    colonias: dict[_Clave, str] = {}
    for fila in filas:
        lugar = (fila.entidad, fila.municipio)
        if codigos.setdefault(fila.codigo, lugar) != lugar:
            raise CatalogoInvalido(
                f"El código postal {fila.codigo} está en dos municipios: "
                f"{codigos[fila.codigo][1]} y {fila.municipio}."
            )
        clave = (fila.codigo, plegar(fila.colonia), fila.tipo)
        # Two spellings of one colonia («Lumija», «Lumijá»): the one with more accents and capitals stays.
        colonias[clave] = max(colonias.get(clave, ""), fila.colonia, key=esmero)
    if not colonias:
        # Everything would be retired.
        raise CatalogoInvalido("El catálogo está vacío: no se cambió nada.")
    return list(dict.fromkeys(codigos.values())), codigos, colonias


def esmero(nombre: str) -> tuple[int, int, str]:
    """Of two spellings of one name, the greater one is the better written."""
    return sum(not c.isascii() for c in nombre), sum(c.isupper() for c in nombre), nombre


def esperar_turno() -> None:
    """Of two loaders at once, the second one waits here and then finds nothing to do."""
    # SQLite's transaction already is the only one that writes. Addresses that refer to a colonia can still
    # be written meanwhile: this mode only shuts other loaders out.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE nss_portal_colonia IN SHARE ROW EXCLUSIVE MODE")


def entidades() -> dict[str, str]:
    """Key -> name of every entidad; the fixture is loaded first where there is none."""
    if not Entidad.objects.exists():
        call_command("loaddata", "entidades", verbosity=0)
    return dict(Entidad.objects.values_list("clave", "nombre"))


def _claves_de(nombres: set[str]) -> dict[str, str]:
    """Name -> key of every entidad; `nombres` must be among them."""
    claves = {nombre: clave for clave, nombre in entidades().items()}
    if desconocidas := sorted(nombres - claves.keys()):
        raise CatalogoInvalido(f"El catálogo nombra entidades que no existen: {', '.join(desconocidas)}.")
    return claves


def _cargar_municipios(lugares: list[_Lugar], informe: Informe) -> dict[_Lugar, int]:
    """The id of each municipio, (key of its entidad, name)."""
    hay = set(Municipio.objects.values_list("entidad_id", "nombre"))
    nuevos = [lugar for lugar in lugares if lugar not in hay]
    _insertar(Municipio, ("entidad_id", "nombre"), nuevos)
    informe.municipios = Cuenta(total=len(lugares), agregadas=len(nuevos))
    return {
        (entidad, nombre): pk
        for pk, entidad, nombre in Municipio.objects.values_list("pk", "entidad_id", "nombre")
    }


def _cargar_codigos(municipio_de: dict[str, int], informe: Informe) -> None:
    hay = dict(CodigoPostal.objects.values_list("codigo", "municipio_id"))
    nuevos = [(codigo, pk) for codigo, pk in municipio_de.items() if codigo not in hay]
    otros = [(pk, codigo) for codigo, pk in municipio_de.items() if hay.get(codigo, pk) != pk]
    _insertar(CodigoPostal, ("codigo", "municipio_id"), nuevos)
    ejecutar_cada("UPDATE nss_portal_codigopostal SET municipio_id = %s WHERE codigo = %s", otros)
    informe.codigos = Cuenta(total=len(municipio_de), agregadas=len(nuevos), cambiadas=len(otros))


def _cargar_colonias(colonias: dict[_Clave, str], informe: Informe, modo: Modo) -> None:
    cambios: Counter[str] = Counter()
    actualizar: list[tuple[str, bool, int]] = []
    retirar: list[tuple[int, str]] = []
    vigentes = 0
    faltan = colonias.copy()
    # One tuple a row, not one object: there are 145,000.
    hay = Colonia.objects.values_list("pk", "codigo_postal_id", "nombre_plegado", "tipo", "nombre", "vigente")
    for pk, codigo, plegado, tipo, nombre, vigente in hay.iterator():
        debe = faltan.pop((codigo, plegado, tipo), None)
        vigentes += vigente
        if debe is None:
            if vigente:
                actualizar.append((nombre, False, pk))
                retirar.append((pk, f"{codigo} {nombre}"))
        elif (nombre, vigente) != (debe, True):
            actualizar.append((debe, True, pk))
            cambios["cambiadas"] += 1
    cambios["retiradas"] = len(retirar)
    informe.retiros = _retiros(retirar, vigentes)
    revisar(informe.retiros, modo)
    ejecutar_cada("UPDATE nss_portal_colonia SET nombre = %s, vigente = %s WHERE id = %s", actualizar)
    _insertar(
        Colonia,
        ("codigo_postal_id", "nombre_plegado", "tipo", "nombre", "vigente"),
        [(*clave, nombre, True) for clave, nombre in faltan.items()],
    )
    informe.colonias = Cuenta(total=len(colonias), agregadas=len(faltan), **cambios)


def _retiros(retirar: list[tuple[int, str]], vigentes: int) -> Retiros:
    de_alguien: set[int | None] = set()
    if retirar:
        de_alguien = set(
            Colonia.objects.filter(domicilio__isnull=False).values_list("pk", flat=True).distinct()
        )
    suyas = [como for pk, como in retirar if pk in de_alguien]
    ejemplos = (suyas + [como for pk, como in retirar if pk not in de_alguien])[:EJEMPLOS]
    return Retiros("colonias", len(retirar), vigentes, ejemplos, en_domicilios(len(suyas)))


def en_domicilios(cuantas: int) -> list[str]:
    """Why retiring them asks for a number: people's addresses refer to them."""
    if not cuantas:
        return []
    return [
        "una está en domicilios de personas"
        if cuantas == 1
        else f"{cuantas:,} están en domicilios de personas"
    ]


def _insertar(modelo: type[models.Model], campos: Sequence[str], filas: Sequence[tuple[Any, ...]]) -> None:
    if filas:
        insertar(modelo._meta.db_table, campos, filas)
