"""What each series has promised, outside the database: an old backup does not know what was given since.

A file a series: how many numbers it may have given, made durable before the first of each hundred is; then, a
line each, how many had been given when a transaction ended. A row that says fewer than its file is an old
copy's. Whoever calls holds the series' row locked: nobody else promises meanwhile, on any host that shares
the folder.
docs/decisiones/0012-promesas-de-las-series.md says what this catches, and what it does not.
"""

import logging
import os
import re
from pathlib import Path

from django.conf import settings
from django.db import transaction

from nss_portal.servicio.models import Instalacion
from nss_portal.tramites.maquina import NoPuedeSeguir
from nss_portal.tramites.models import Tramite

log = logging.getLogger(__name__)
BLOQUE = 100
TODOS = 10_000


class SerieDetenida(NoPuedeSeguir):
    """The series gives nothing: its row is behind its promise, or there is no keeping one."""

    def __init__(self, serie: str, porque: str, texto: str) -> None:
        asunto = f"La serie {serie[:2]} {serie[2:4]} {serie[4:]} no da números"
        super().__init__(Tramite.Espera.ATENCION, aviso=(f"serie:{serie}:{porque}", asunto, texto))

    def __str__(self) -> str:
        return f"{self.aviso[1]}. {self.aviso[2]}" if self.aviso else ""


def comprobar(serie: str, dados: int) -> None:
    """Before a series whose row says `dados` gives its next number. Raises SerieDetenida.

    What was given is written down once the transaction of the caller has ended well.
    """
    try:
        archivo = _carpeta() / serie
        promesa = _leer(archivo)
        if promesa is None and dados:
            log.warning("la serie %s no tenía promesa: se toma lo que dice la base, %d números", serie, dados)
        prometidos, segun_promesa = promesa or (0, dados)
        if dados >= max(prometidos, segun_promesa):
            _prometer(archivo, min(dados + BLOQUE, TODOS), dados)
    except (OSError, ValueError) as error:
        raise SerieDetenida(serie, "sin-promesa", _SIN_PROMESA.format(type(error).__name__)) from error
    if dados < segun_promesa:
        texto = _ATRASADA.format(dados, segun_promesa, prometidos, prometidos - 1)
        raise SerieDetenida(serie, f"atrasada:{dados}", texto)
    transaction.on_commit(lambda: _anotar(archivo, dados + 1), robust=True)


_SIN_PROMESA = (
    "No se puede leer o escribir lo que la serie promete, fuera de la base de datos ({}). Sin eso no da "
    "números, para no repetir ninguno después de restaurar un respaldo. Revisa el disco y los permisos de la "
    "carpeta de promesas; los trámites esperan y siguen solos."
)
_ATRASADA = (
    "La base de datos dice que la serie ha dado {:,} números, y su promesa, que está fuera de la base, dice "
    "que ha dado {:,} y que pudo dar hasta {:,}: la base parece un respaldo anterior. No da ninguno, para no "
    "repetir. Restaura un respaldo más nuevo. Si no lo hay, adelanta en la base el último número dado de "
    "esta serie a {}. Los trámites esperan y siguen solos."
)


def _carpeta() -> Path:
    carpeta = Path(settings.PROMESAS_DIR)
    if settings.DEMO:
        # A demonstration is thrown away and born again beside its old promises; no other database is.
        nacida = Instalacion.objects.values_list("nacida", flat=True).get()
        carpeta /= f"demostracion-{nacida:%Y%m%dT%H%M%S%f}"
    return carpeta


def _leer(archivo: Path) -> tuple[int, int] | None:
    """How many it promised, and how many it had given; None when it never promised."""
    try:
        # A line that a power cut left half written is no number.
        numeros = [
            int(linea) for linea in re.findall(r"^\d{5}$", archivo.read_text("ascii", "replace"), re.M)
        ]
    except FileNotFoundError:
        return None
    prometidos, *dados = numeros
    return prometidos, max(dados)


def _prometer(archivo: Path, prometidos: int, dados: int) -> None:
    """Durable, or an OSError: the file whole, under its name, and read again."""
    archivo.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    nueva = archivo.with_name(f".{archivo.name}.nueva")
    with nueva.open("w", encoding="ascii") as escrita:
        escrita.write(f"{prometidos:05d}\n{dados:05d}\n")
        escrita.flush()
        os.fsync(escrita.fileno())
    os.replace(nueva, archivo)
    for carpeta in (archivo.parent, archivo.parent.parent):
        descriptor = os.open(carpeta, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    if _leer(archivo) != (prometidos, dados):
        raise OSError("what was read is not what was promised")


def _anotar(archivo: Path, dados: int) -> None:
    # One write at the end of the file: other processes' lines stay whole. No fsync: the promise covers it.
    with archivo.open("a", encoding="ascii") as abierta:
        abierta.write(f"{dados:05d}\n")
