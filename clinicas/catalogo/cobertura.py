"""Which clinic serves a postal code, loaded from a CSV: judged first and written all or none."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched

from django.db import IntegrityError

from clinicas.models import CLUES_REGEX, Clinica, Cobertura
from nss_portal.archivos.carga import Avisar, CargaInvalida, Fuente, abrir, esperar_turno
from nss_portal.archivos.hoja import Malas, con_forma, filas_csv
from nss_portal.archivos.plan import APLICAR, EJEMPLOS, Modo, Retiros, revisar, transaccion
from nss_portal.territorio.models import CodigoPostal

_Par = tuple[str, str]
TABLA = [
    con_forma(
        "codigo_postal",
        "[0-9]{5}",
        "«{dato}» no es un código postal: son 5 números (las hojas de cálculo quitan los ceros "
        "del principio).",
        str.strip,
    ),
    con_forma(
        "clues",
        CLUES_REGEX,
        "«{dato}» no es una CLUES del IMSS: son 2 letras, IMS y 6 números.",
        lambda escrita: escrita.strip().upper(),
    ),
]
COLUMNAS = [columna.nombre for columna in TABLA]
# Ten clinics a code, of every code of the country. It comes into memory: some 30 MB at most.
LINEAS = 320_000


@dataclass
class Informe:
    # Pairs, and codes, of the file.
    total: int = 0
    codigos: int = 0
    nuevas: int = 0
    retiradas: int = 0
    retiros: Retiros | None = None


def cargar(ruta: str, avisar: Avisar = lambda *paso: None, modo: Modo = APLICAR) -> Informe:
    """As `cargar_fuente`, from a file's path. Raises CargaInvalida."""
    with abrir(ruta) as fuente:
        return cargar_fuente(fuente, avisar, modo)


def cargar_fuente(fuente: Fuente, avisar: Avisar = lambda *paso: None, modo: Modo = APLICAR) -> Informe:
    """Make each postal code of the CSV served by the clinics that the file says, and by no other.

    Codes that the file does not name stay as they are, so it may be loaded in parts. All or nothing: one bad
    line and nothing is written. Safe to call twice. Raises CargaInvalida; RetirosSinAceptar is one.
    """
    malas = Malas()
    pares = _leer(fuente, malas, avisar)
    avisar("Revisando")
    try:
        with transaccion(modo):
            esperar_turno("cargar_cobertura")
            _revisar(pares, malas)
            malas.rechazar()
            avisar("Guardando")
            return _guardar(set(pares), modo)
    except IntegrityError:
        raise CargaInvalida(
            "Mientras se guardaba, alguien cambió la cobertura o las clínicas: no se cargó nada; vuelve a "
            "intentarlo."
        ) from None


def _leer(fuente: Fuente, malas: Malas, avisar: Avisar) -> dict[_Par, int]:
    """The pairs and the line of each; what is wrong with the others goes to `malas`."""
    pares: dict[_Par, int] = {}
    for numero, (codigo, clues) in filas_csv(fuente, TABLA, malas, avisar):
        if len(pares) + malas.total >= LINEAS:
            raise CargaInvalida(f"El archivo pasa de {LINEAS:,} líneas.")
        if (antes := pares.setdefault((codigo, clues), numero)) != numero:
            malas.agregar(numero, f"ya está en la línea {antes}.")
    if not pares and not malas.total:
        raise CargaInvalida("El archivo no trae ningún código postal.")
    return pares


def _revisar(pares: dict[_Par, int], malas: Malas) -> None:
    """What only the tables know: codes and clinics that there are not, or are no more."""
    codigos = set(CodigoPostal.objects.values_list("pk", flat=True))
    estados = dict(Clinica.objects.values_list("pk", "estado"))
    for (codigo, clues), numero in pares.items():
        if codigo not in codigos:
            malas.agregar(numero, f"no hay código postal {codigo} en el catálogo.")
        elif clues not in estados:
            malas.agregar(numero, f"no hay clínica con la CLUES {clues}.")
        elif estados[clues] == Clinica.Estado.RETIRADA:
            malas.agregar(numero, f"la clínica {clues} ya no está en el catálogo.")


def _guardar(pares: set[tuple[str, str]], modo: Modo) -> Informe:
    codigos = {codigo for codigo, _ in pares}
    guardadas = dict(_guardadas(codigos))
    sobran = {par: pk for par, pk in guardadas.items() if par not in pares}
    ejemplos = [f"{codigo} con {clues}" for codigo, clues in sorted(sobran)[:EJEMPLOS]]
    retiros = Retiros("coberturas", len(sobran), Cobertura.objects.count(), ejemplos)
    revisar(retiros, modo)
    nuevas = sorted(pares - guardadas.keys())
    for lote in batched(sobran.values(), 500):
        Cobertura.objects.filter(pk__in=lote).delete()
    Cobertura.objects.bulk_create(
        [Cobertura(codigo_postal_id=codigo, clinica_id=clues) for codigo, clues in nuevas], batch_size=500
    )
    return Informe(len(pares), len(codigos), len(nuevas), len(sobran), retiros)


def _guardadas(codigos: set[str]) -> Iterator[tuple[tuple[str, str], int]]:
    """What the portal has of these codes."""
    filas = Cobertura.objects.order_by().values_list("codigo_postal", "clinica", "pk")
    for codigo, clues, pk in filas.iterator():
        if codigo in codigos:
            yield (codigo, clues), pk


def describir(informe: Informe) -> str:
    """The report in words, for the command and for the admin."""
    if not informe.nuevas and not informe.retiradas:
        return f"Sin cambios: los {informe.codigos:,} códigos postales del archivo ya estaban así."
    return (
        f"Códigos postales: {informe.codigos:,} en el archivo; {informe.nuevas:,} coberturas nuevas, "
        f"{informe.retiradas:,} quitadas, {informe.total - informe.nuevas:,} sin cambio."
    )
