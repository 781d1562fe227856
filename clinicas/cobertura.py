"""Which clinic serves a postal code, loaded from a CSV: judged first and written all or none."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import IntegrityError, connection, transaction

from clinicas.models import CLUES_REGEX, Clinica, Cobertura
from nss_portal.carga import Avisar, CargaInvalida, Fuente, LineaMala, abrir, consultar
from nss_portal.models import CodigoPostal

COLUMNAS = ["codigo_postal", "clues"]
# Bad lines that are told; the others are counted.
MUESTRA = 20
# Ten clinics a code, of every code of the country. It comes into memory: some 30 MB at most.
LINEAS = 320_000
_BOM = b"\xef\xbb\xbf"


@dataclass
class Informe:
    # Pairs, and codes, of the file.
    total: int = 0
    codigos: int = 0
    nuevas: int = 0
    retiradas: int = 0


@dataclass
class _Lectura:
    pares: dict[tuple[str, str], int] = field(default_factory=dict)
    malas: list[tuple[int, str]] = field(default_factory=list)

    def rechazar(self) -> None:
        """Raises CargaInvalida if there is any bad line."""
        if not self.malas:
            return
        cuantas = "una línea" if len(self.malas) == 1 else f"{len(self.malas):,} líneas"
        cabeza = f"El archivo tiene {cuantas} con errores y no se cargó nada."
        if len(self.malas) > MUESTRA:
            cabeza += f" Las primeras {MUESTRA}:"
        textos = [f"Línea {numero}: {motivo}" for numero, motivo in sorted(self.malas)[:MUESTRA]]
        raise CargaInvalida("\n".join([cabeza, *textos]))


def cargar(ruta: str, avisar: Avisar = lambda *paso: None) -> Informe:
    """As `cargar_fuente`, from a file's path. Raises CargaInvalida."""
    with abrir(ruta) as fuente:
        return cargar_fuente(fuente, avisar)


def cargar_fuente(fuente: Fuente, avisar: Avisar = lambda *paso: None) -> Informe:
    """Make each postal code of the CSV served by the clinics that the file says, and by no other.

    Codes that the file does not name stay as they are, so it may be loaded in parts. All or nothing: one bad
    line and nothing is written. Safe to call twice. Raises CargaInvalida.
    """
    lectura = _leer(fuente, avisar)
    avisar("Revisando")
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                # Of two loaders at once, the second one waits. SQLite's transaction already is the only one.
                consultar("SELECT pg_advisory_xact_lock(hashtext('cargar_cobertura'))")
            _revisar(lectura)
            lectura.rechazar()
            avisar("Guardando")
            return _guardar(set(lectura.pares))
    except IntegrityError:
        raise CargaInvalida(
            "Mientras se guardaba, alguien cambió la cobertura o las clínicas: no se cargó nada; vuelve a "
            "intentarlo."
        ) from None


def _leer(fuente: Fuente, avisar: Avisar) -> _Lectura:
    lectura = _Lectura()
    lineas = fuente.lineas(avisar)
    orden = _orden(*next(lineas, (1, b"")))
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


def _orden(numero: int, linea: bytes) -> list[int]:
    """Where each column is: a spreadsheet may have moved them."""
    try:
        cabecera = [columna.strip().lower() for columna in _separar(linea.removeprefix(_BOM))]
        if len(cabecera) == len(COLUMNAS):
            return [cabecera.index(columna) for columna in COLUMNAS]
    except ValueError:  # LineaMala is one
        pass
    raise CargaInvalida(f"La línea {numero} debe nombrar las columnas: {','.join(COLUMNAS)} (CSV en UTF-8).")


def _separar(linea: bytes) -> list[str]:
    try:
        return next(csv.reader([linea.decode("utf-8")], strict=True))
    except UnicodeDecodeError:
        raise LineaMala("no es texto en UTF-8.") from None
    except csv.Error:
        raise LineaMala("no es CSV: revisa sus comillas.") from None


def _par(linea: bytes, orden: list[int]) -> tuple[str, str]:
    campos = _separar(linea)
    if len(campos) != len(COLUMNAS):
        raise LineaMala(f"tiene {len(campos)} columnas y deben ser {len(COLUMNAS)}.")
    codigo, clues = campos[orden[0]].strip(), campos[orden[1]].strip().upper()
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


def _guardar(pares: set[tuple[str, str]]) -> Informe:
    codigos = {codigo for codigo, _ in pares}
    guardadas = dict(_guardadas(codigos))
    sobran = [pk for par, pk in guardadas.items() if par not in pares]
    nuevas = sorted(pares - guardadas.keys())
    for desde in range(0, len(sobran), 500):
        Cobertura.objects.filter(pk__in=sobran[desde : desde + 500]).delete()
    Cobertura.objects.bulk_create(
        [Cobertura(codigo_postal_id=codigo, clinica_id=clues) for codigo, clues in nuevas], batch_size=500
    )
    return Informe(total=len(pares), codigos=len(codigos), nuevas=len(nuevas), retiradas=len(sobran))


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
