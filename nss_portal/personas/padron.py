"""The registry of people, loaded from a CSV: as many as a million, judged first and written all or none."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from nss_portal.archivos.carga import (
    Avisar,
    CargaInvalida,
    Fuente,
    LineaMala,
    abrir,
    consultar,
    ejecutar,
    esperar_turno,
    etapa,
    indexar,
    insertar,
)
from nss_portal.archivos.hoja import MUESTRA, Columna, Malas, filas_csv, texto
from nss_portal.archivos.plan import APLICAR, Modo, transaccion
from nss_portal.personas.ajena import decir_curp, decir_nss
from nss_portal.personas.identidad import (
    contradice_a_su_curp,
    enmascarar_curp,
    entidad_curp,
    nacimiento_curp,
    normalizar_curp,
    sexo_curp,
    validar_curp,
    validar_nss,
)

COLUMNAS = ["curp", "nombres", "primer_apellido", "segundo_apellido", "nss"]
_CABEN = 50


@dataclass
class Informe:
    total: int = 0
    nuevas: int = 0
    cambiadas: int = 0
    # Nobody is: who is not in the file stays.
    retiros: None = None
    # Their names give other letters than their CURP; whoever loads said how many, so they are known.
    contradicen: int = 0

    @property
    def iguales(self) -> int:
        return self.total - self.nuevas - self.cambiadas


def _preguntar(raras: Malas, aceptados: int) -> None:
    """Names that give other letters than their CURP: CargaInvalida, unless as many were accepted.

    A column that slipped, or two people's lines mixed, look like this. So do a few CURPs that the registry
    gave against its own Instructivo: those are accepted, by their number.
    """
    if raras.total in (0, aceptados):
        return
    una = raras.total == 1
    cuantas = "una línea cuyos nombres" if una else f"{raras.total:,} líneas cuyos nombres"
    cabeza = f"El archivo tiene {cuantas} no dan las letras de su CURP y no se cargó nada."
    if aceptados:
        cabeza += f" Aceptaste {aceptados:,} y no es ese número."
    pie = f"Revisa si son los suyos; si lo son, repite la orden con --aceptar-nombres {raras.total}."
    raras.decir(cabeza, pie=pie)


# A line of the file, as it will be a row: number, CURP, names, birth, sex, entidad, NSS.
_Fila = tuple[int, str, str, str, str, str, str, str, str | None]


def cargar(
    ruta: str, avisar: Avisar = lambda *paso: None, modo: Modo = APLICAR, aceptar_nombres: int = 0
) -> Informe:
    """Add the people of the CSV and correct the names of those who are there; the report counts both.

    All or nothing: one bad line and nothing is written. Safe to call twice. A number is never taken back or
    changed: it is given to who has none, and one that differs from the person's is a bad line. The file goes
    line by line to a staging table and is judged there, so it never is whole in memory and the portal is
    held only for the end. Names that contradict the CURP are refused unless `aceptar_nombres` is how many.
    Raises CargaInvalida.
    """
    malas, raras = Malas(), Malas()
    with abrir(ruta) as fuente, etapa(_ETAPA, _COLUMNAS):
        insertar(_ETAPA, _CAMPOS, _filas(fuente, malas, raras, timezone.localdate(), avisar))
        avisar("Revisando")
        indexar(_ETAPA, "curp", "nss")
        try:
            with transaccion(modo):
                esperar_turno("cargar_personas")
                _revisar(malas)
                if not modo.plan:
                    _preguntar(raras, aceptar_nombres)
                avisar("Guardando")
                informe = _guardar()
                informe.contradicen = raras.total
                # On PostgreSQL the portal goes on giving numbers meanwhile.
                _revisar(malas)
        except IntegrityError:
            # Not `from error`: it quotes the numbers.
            raise CargaInvalida(
                "Mientras se guardaba, el portal dio de alta a alguna de estas personas o le asignó número: "
                "no se cargó nada; vuelve a intentarlo."
            ) from None
    return informe


_ETAPA = "carga_personas"
_COLUMNAS = (
    "linea integer PRIMARY KEY, curp text, nombres text, primer_apellido text, segundo_apellido text, "
    "nacimiento date, sexo text, entidad text, nss text"
)
_CAMPOS = [columna.split()[0] for columna in _COLUMNAS.split(", ")]


def _filas(fuente: Fuente, malas: Malas, raras: Malas, hoy: date, avisar: Avisar) -> Iterator[_Fila]:
    """The good lines; what is wrong with the others goes to `malas`, and what looks odd to `raras`."""
    for numero, fila in filas_csv(fuente, tabla(hoy), malas, avisar, _de_quien):
        curp, *nombres, nss = fila
        if contradice_a_su_curp(curp, *nombres):
            raras.agregar(numero, "sus nombres no dan esas letras.", _de_quien(fila))
        nacimiento = nacimiento_curp(curp).isoformat()
        yield (numero, curp, *nombres, nacimiento, sexo_curp(curp), entidad_curp(curp), nss)


@lru_cache(maxsize=2)
def tabla(hoy: date) -> list[Columna]:
    lectores = {"curp": lambda escrita: _curp(escrita, hoy), "nss": _nss}
    return [
        Columna(nombre, lectores[nombre])
        if nombre in lectores
        else texto(nombre, _CABEN, opcional=nombre == "segundo_apellido")
        for nombre in COLUMNAS
    ]


def _de_quien(campos: list[str]) -> str:
    return f"CURP {enmascarar_curp(normalizar_curp(campos[0] if campos else ''))}"


def _curp(escrita: str, hoy: date) -> str:
    try:
        return validar_curp(escrita, hoy)
    except ValidationError as error:
        raise LineaMala(_en_la_linea(decir_curp(error))) from None


def _nss(escrito: str) -> str | None:
    try:
        return validar_nss(escrito) if escrito.strip() else None
    except ValidationError as error:
        raise LineaMala(_en_la_linea(decir_nss(error))) from None


def _en_la_linea(frase: str) -> str:
    """As it follows «Línea 7 (CURP …): »."""
    return frase if frase.startswith(("CURP", "NSS")) else f"{frase[0].lower()}{frase[1:]}"


def _repetidas(columna: str, que: str) -> str:
    """The lines whose `columna` is in an earlier one."""
    return f"""
        SELECT e.linea, e.curp, '{que} ya está en la línea ' || p.linea || '.' AS motivo
        FROM {_ETAPA} e JOIN (
            SELECT {columna}, MIN(linea) AS linea FROM {_ETAPA}
            WHERE {columna} IS NOT NULL GROUP BY {columna} HAVING COUNT(*) > 1
        ) p ON p.{columna} = e.{columna} AND p.linea < e.linea
    """


# A line counts once, whatever is wrong with it.
_MALAS = f"""
    SELECT linea, curp, MIN(motivo), COUNT(*) OVER () FROM (
        {_repetidas("curp", "esta CURP")}
        UNION ALL {_repetidas("nss", "su NSS")}
        UNION ALL
        SELECT e.linea, e.curp, 'su NSS es de otra persona.'
        FROM {_ETAPA} e JOIN nss_portal_persona p ON p.nss = e.nss AND p.curp <> e.curp
        UNION ALL
        SELECT e.linea, e.curp, 'esta CURP fue reemplazada: la persona ya está con la nueva.'
        FROM {_ETAPA} e JOIN nss_portal_curpanterior a ON a.curp = e.curp
        UNION ALL
        SELECT e.linea, e.curp, 'ya tiene otro NSS, y un NSS es para siempre.'
        FROM {_ETAPA} e JOIN nss_portal_persona p ON p.curp = e.curp AND p.nss <> e.nss
    ) malas GROUP BY linea, curp ORDER BY linea LIMIT {MUESTRA}
"""


def _revisar(malas: Malas) -> None:
    """What only the whole file shows, beside what the people in the table have. Raises CargaInvalida."""
    filas = consultar(_MALAS)
    for linea, curp, motivo, _ in filas:
        malas.agregar(linea, motivo, _de_quien([curp]))
    if filas:
        malas.total += filas[0][-1] - len(filas)
    malas.rechazar()


def _guardar() -> Informe:
    [(total,)] = consultar(f"SELECT COUNT(*) FROM {_ETAPA}")
    if not total:
        raise CargaInvalida("El archivo no trae personas.")
    # A name that was corrected at the counter, with the birth certificate, stays.
    nombres = ", ".join(
        f"{campo} = CASE WHEN p.corregida IS NULL THEN e.{campo} ELSE p.{campo} END"
        for campo in ("nombres", "primer_apellido", "segundo_apellido")
    )
    cambiadas = ejecutar(f"""
        UPDATE nss_portal_persona AS p SET {nombres}, nss = COALESCE(p.nss, e.nss)
        FROM {_ETAPA} e WHERE e.curp = p.curp AND ((p.nss IS NULL AND e.nss IS NOT NULL) OR (
            p.corregida IS NULL AND (p.nombres <> e.nombres OR p.primer_apellido <> e.primer_apellido
            OR p.segundo_apellido <> e.segundo_apellido)
        ))
    """)
    datos = ", ".join(_CAMPOS[1:])
    nuevas = ejecutar(f"""
        INSERT INTO nss_portal_persona ({datos}) SELECT {datos} FROM {_ETAPA} e
        WHERE NOT EXISTS (SELECT 1 FROM nss_portal_persona p WHERE p.curp = e.curp) ORDER BY linea
    """)
    return Informe(total, nuevas, cambiadas)
