"""The health ministry's catalogue (CLUES, xlsx): units of IMSS that give family medicine -> clinics."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from clinicas.catalogo.territorio import Territorio
from clinicas.catalogo.unidades import Unidad, da_medicina_familiar, leer, opera
from clinicas.models import CLUES_REGEX, Clinica, Consultorio, Turno
from nss_portal.archivos.carga import Avisar, CargaInvalida, LineaMala, abrir, esperar_turno
from nss_portal.archivos.hoja import Columna, Malas, filas_libro
from nss_portal.archivos.libro import Libro, abrir_libro
from nss_portal.archivos.plan import APLICAR, EJEMPLOS, Modo, Retiros, revisar, transaccion

# The catalogue does not say how many people a consultorio takes. This is our convention, for both turnos of a
# unit that is new; staff write the real figures afterwards, and no load changes them.
CAPACIDAD = 2_400
# When the catalogue does not say how many a unit has.
CONSULTORIOS = 5
# The real one has 63,000 rows, which unfold to some 250 MB.
FILAS, CABE = 300_000, 1024**3

# Columns by what they are called, accents and capitals ignored; the ministry has changed some names.
_COLUMNAS = [
    Columna("clues", como=r"clues", titulo="CLUES"),
    Columna("entidad", como=r"(nombre de la )?entidad", titulo="ENTIDAD"),
    Columna("municipio", como=r"(nombre del )?municipio", titulo="MUNICIPIO"),
    Columna("tipologia", como=r"(nombre de )?(la )?tipologia", titulo="NOMBRE DE TIPOLOGIA"),
    Columna("nombre", como=r"nombre de la unidad", titulo="NOMBRE DE LA UNIDAD"),
    Columna("vialidad", como=r"(nombre de la )?vialidad", titulo="VIALIDAD"),
    Columna("asentamiento", como=r"(nombre del )?asentamiento", titulo="ASENTAMIENTO"),
    Columna("codigo_postal", como=r"codigo postal|c\.?p\.?", titulo="CODIGO POSTAL"),
    Columna("estatus", como=r"(nombre )?(del )?estatus de operacion|estatus", titulo="ESTATUS DE OPERACION"),
    Columna("telefono", como=r"telefono.*|numero telefonico", titulo="TELEFONO"),
    Columna("latitud", como=r"latitud.*", titulo="LATITUD"),
    Columna("longitud", como=r"longitud.*", titulo="LONGITUD"),
    Columna("tipo_establecimiento", como=r"(nombre )?(del )?tipo (de )?establecimiento", opcional=True),
    Columna("comercial", como=r"nombre comercial", opcional=True),
    Columna("tipo_vialidad", como=r"(nombre )?(del )?tipo de vialidad", opcional=True),
    Columna("numero", como=r"numero exterior", opcional=True),
    Columna("tipo_asentamiento", como=r"(nombre )?(del )?tipo de asentamiento", opcional=True),
    Columna("clave_municipio", como=r"clave del municipio", opcional=True),
    Columna(
        "consultorios",
        como=r"consultorios de med(icina)? gral|consultorios de medicina general",
        opcional=True,
    ),
]


@dataclass
class Retirada:
    clinica: Clinica
    # Who stays registered there until staff move them.
    personas: int


@dataclass
class Informe:
    """What the load did."""

    renglones: int = 0
    # Of those, the clinics.
    total: int = 0
    nuevas: int = 0
    cambiadas: int = 0
    # Clinics of the portal that the catalogue has no more: now, or since an earlier load, with people.
    retiradas: list[Retirada] = field(default_factory=list)
    # Those that the postal catalogue can not place.
    sin_codigo: int = 0
    sin_municipio: int = 0
    retiros: Retiros | None = None

    @property
    def iguales(self) -> int:
        return self.total - self.nuevas - self.cambiadas


def cargar(ruta: str, avisar: Avisar = lambda *paso: None, modo: Modo = APLICAR) -> Informe:
    """Make the clinics what the workbook says; the report counts what that changed.

    Only units of IMSS (the ordinary regime) that operate and give family medicine. One transaction: all or
    nothing. Safe to call twice. Clinics are updated in place, by CLUES; those that the workbook has no more
    are retired, and keep their consultorios and their people. What staff say (hours, window, delegación,
    capacities, «closed for now») is not touched. Raises CargaInvalida; RetirosSinAceptar is one.
    """
    informe = Informe()
    with abrir(ruta) as fuente, abrir_libro(fuente, CABE) as libro:
        unidades = _leer(libro, informe, avisar)
    if not unidades:
        # Every clinic would be retired.
        raise CargaInvalida(
            "El libro no trae ninguna unidad del IMSS en operación con medicina familiar: no se cargó nada."
        )
    avisar("Guardando")
    with transaccion(modo):
        esperar_turno("cargar_clinicas")
        _guardar(unidades, informe)
        assert informe.retiros
        revisar(informe.retiros, modo)
    return informe


def _leer(libro: Libro, informe: Informe, avisar: Avisar) -> dict[str, Unidad]:
    """The clinics of the workbook. Its other rows are looked at one by one and let go."""
    territorio = Territorio()
    unidades: dict[str, Unidad] = {}
    vistas: dict[str, int] = {}
    malas = Malas("renglón")
    for numero, datos in filas_libro(libro, _COLUMNAS, FILAS, avisar, "el catálogo CLUES"):
        informe.renglones += 1
        clues = str(datos["clues"] or "").strip().upper()
        if clues and (antes := vistas.setdefault(clues, numero)) != numero:
            malas.agregar(numero, f"la CLUES {clues[:20]} ya está en el renglón {antes}.")
        elif re.fullmatch(CLUES_REGEX, clues) and opera(datos) and da_medicina_familiar(datos):
            try:
                unidades[clues] = leer(clues, datos, territorio)
            except LineaMala as motivo:
                malas.agregar(numero, str(motivo), f"CLUES {clues}")
    malas.rechazar()
    return unidades


def _guardar(unidades: dict[str, Unidad], informe: Informe) -> None:
    campos = [f for f in Unidad._fields if f not in ("clues", "consultorios")]
    # Locked: what staff say of one meanwhile is not written over.
    guardadas = Clinica.objects.select_for_update(no_key=True).in_bulk()
    vigentes = sum(c.estado != _RETIRADA for c in guardadas.values())
    nuevas, cambiadas = [], []
    for clues, unidad in unidades.items():
        clinica = guardadas.get(clues) or Clinica(clues=clues)
        antes = (*(getattr(clinica, campo) for campo in campos), clinica.estado, clinica.origen)
        for campo in campos:
            setattr(clinica, campo, getattr(unidad, campo))
        clinica.origen = Clinica.Origen.CLUES
        if clinica.estado == Clinica.Estado.RETIRADA:
            clinica.estado = Clinica.Estado.OPERA
        if clues not in guardadas:
            nuevas.append(clinica)
        elif antes != (*(getattr(clinica, campo) for campo in campos), clinica.estado, clinica.origen):
            cambiadas.append(clinica)
    Clinica.objects.bulk_create(nuevas, batch_size=200)
    Clinica.objects.bulk_update(cambiadas, [*campos, "estado", "origen"], batch_size=100)
    Consultorio.objects.bulk_create(
        (c for clinica in nuevas for c in _consultorios(clinica, unidades[clinica.clues].consultorios)),
        batch_size=500,
    )
    retirar = [c for clues, c in guardadas.items() if clues not in unidades and c.estado != _RETIRADA]
    for clinica in retirar:
        clinica.estado = Clinica.Estado.RETIRADA
    Clinica.objects.bulk_update(retirar, ["estado"], batch_size=100)
    informe.total, informe.nuevas, informe.cambiadas = len(unidades), len(nuevas), len(cambiadas)
    informe.sin_codigo = sum(not u.codigo_postal for u in unidades.values())
    informe.sin_municipio = sum(u.municipio_id is None for u in unidades.values())
    informe.retiradas = list(_con_gente(retirar))
    informe.retiros = _retiros({c.pk for c in retirar}, vigentes, informe.retiradas)


_RETIRADA = Clinica.Estado.RETIRADA


def _retiros(claves: set[str], vigentes: int, retiradas: list[Retirada]) -> Retiros:
    """Of those that are retired now; the ones with people first."""
    ahora = sorted((r for r in retiradas if r.clinica.pk in claves), key=lambda r: -r.personas)
    con_gente = [r for r in ahora if r.personas]
    porque = []
    if con_gente:
        tienen = "una tiene" if len(con_gente) == 1 else f"{len(con_gente):,} tienen"
        porque = [f"{tienen} gente registrada ({sum(r.personas for r in con_gente):,} en total)"]
    ejemplos = [f"{r.clinica.pk} {r.clinica.nombre}" for r in ahora[:EJEMPLOS]]
    return Retiros("clínicas", len(ahora), vigentes, ejemplos, porque)


def _consultorios(clinica: Clinica, cuantos: int | None) -> Iterator[Consultorio]:
    """The consultorios of a new clinic, the same in both turnos."""
    for turno in Turno:
        for numero in range(1, (cuantos or CONSULTORIOS) + 1):
            yield Consultorio(clinica=clinica, turno=turno, numero=numero, capacidad=CAPACIDAD)


def _con_gente(recientes: list[Clinica]) -> Iterator[Retirada]:
    """Those just retired, and those of before that still have somebody."""
    ahora = {clinica.pk for clinica in recientes}
    gente = Count("consultorios__altas", filter=Q(consultorios__altas__hasta=None))
    retiradas: QuerySet[Any] = Clinica.objects.filter(estado=_RETIRADA).annotate(personas=gente)
    for clinica in retiradas.order_by("pk"):
        if clinica.personas or clinica.pk in ahora:
            yield Retirada(clinica, clinica.personas)
