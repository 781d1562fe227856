"""Which clinic serves a postal code, loaded from a CSV: judged first and written all or none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import batched

from django.db import IntegrityError

from clinicas.models import CLUES_REGEX, Clinica, Cobertura
from nss_portal.archivos.carga import (
    Avisar,
    CargaInvalida,
    Fuente,
    LineaMala,
    abrir,
    campos_de,
    esperar_turno,
    orden_de,
    rechazar,
)
from nss_portal.archivos.plan import APLICAR, EJEMPLOS, Modo, Retiros, revisar, transaccion
from nss_portal.territorio.models import CodigoPostal

COLUMNAS = ["codigo_postal", "clues"]
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


@dataclass
class _Lectura:
    pares: dict[tuple[str, str], int] = field(default_factory=dict)
    malas: list[tuple[int, str]] = field(default_factory=list)

    def rechazar(self) -> None:
        """Raises CargaInvalida if there is any bad line."""
        rechazar(len(self.malas), ((n, f"Línea {n}: {motivo}") for n, motivo in self.malas))


def cargar(ruta: str, avisar: Avisar = lambda *paso: None, modo: Modo = APLICAR) -> Informe:
    """As `cargar_fuente`, from a file's path. Raises CargaInvalida."""
    with abrir(ruta) as fuente:
        return cargar_fuente(fuente, avisar, modo)


def cargar_fuente(fuente: Fuente, avisar: Avisar = lambda *paso: None, modo: Modo = APLICAR) -> Informe:
    """Make each postal code of the CSV served by the clinics that the file says, and by no other.

    Codes that the file does not name stay as they are, so it may be loaded in parts. All or nothing: one bad
    line and nothing is written. Safe to call twice. Raises CargaInvalida; RetirosSinAceptar is one.
    """
    lectura = _leer(fuente, avisar)
    avisar("Revisando")
    try:
        with transaccion(modo):
            esperar_turno("cargar_cobertura")
            _revisar(lectura)
            lectura.rechazar()
            avisar("Guardando")
            return _guardar(set(lectura.pares), modo)
    except IntegrityError:
        raise CargaInvalida(
            "Mientras se guardaba, alguien cambió la cobertura o las clínicas: no se cargó nada; vuelve a "
            "intentarlo."
        ) from None


def _leer(fuente: Fuente, avisar: Avisar) -> _Lectura:
    lectura = _Lectura()
    lineas = fuente.lineas(avisar)
    orden = orden_de(COLUMNAS, *next(lineas, (1, b"")))
    for numero, linea in lineas:
        if len(lectura.pares) + len(lectura.malas) >= LINEAS:
            raise CargaInvalida(f"El archivo pasa de {LINEAS:,} líneas.")
        try:
            par = _par(linea, orden)
            if (antes := lectura.pares.setdefault(par, numero)) != numero:
                raise LineaMala(f"ya está en la línea {antes}.")
        except LineaMala as motivo:
            lectura.malas.append((numero, str(motivo)))
    if not lectura.pares and not lectura.malas:
        raise CargaInvalida("El archivo no trae ningún código postal.")
    return lectura


def _par(linea: bytes, orden: list[int]) -> tuple[str, str]:
    codigo, clues = map(str.strip, campos_de(linea, orden))
    clues = clues.upper()
    if not re.fullmatch("[0-9]{5}", codigo):
        raise LineaMala(
            f"«{codigo[:20]}» no es un código postal: son 5 números (las hojas de cálculo quitan los ceros "
            "del principio)."
        )
    if not re.fullmatch(CLUES_REGEX, clues):
        raise LineaMala(f"«{clues[:20]}» no es una CLUES del IMSS: son 2 letras, IMS y 6 números.")
    return codigo, clues


def _revisar(lectura: _Lectura) -> None:
    """What only the tables know: codes and clinics that there are not, or are no more."""
    codigos = set(CodigoPostal.objects.values_list("pk", flat=True))
    estados = dict(Clinica.objects.values_list("pk", "estado"))
    for (codigo, clues), numero in lectura.pares.items():
        if codigo not in codigos:
            lectura.malas.append((numero, f"no hay código postal {codigo} en el catálogo."))
        elif clues not in estados:
            lectura.malas.append((numero, f"no hay clínica con la CLUES {clues}."))
        elif estados[clues] == Clinica.Estado.RETIRADA:
            lectura.malas.append((numero, f"la clínica {clues} ya no está en el catálogo."))


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
