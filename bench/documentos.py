"""Documents a second: ours, the ordinary way, and five peers on the same letter and card.

`python -m bench.documentos [--rondas N] [--hojas N] [--memoria N] [--alumnos N]`. Each lives in a process of
its own, warm, and they take turns at small batches in one run; medians count. Time is that of the processor,
of a process and its children (Chromium is several), so that a busy machine changes it little; what is about
two cores at once is told by the clock. Nothing here fails because of a time.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RAIZ = Path(__file__).resolve().parent.parent
IMPRENTAS = ("ingenua", "nuestra", "sin firma", "sin etiquetas", "Chromium", "ReportLab", "Typst", "fpdf2")
ROTULOS = {
    "ingenua": "WeasyPrint + pyHanko, ingenuo",
    "nuestra": "el nuestro",
    "sin firma": "el nuestro, sin firmar",
    "sin etiquetas": "el nuestro, sin firma ni PDF/A",
}
TIPOS = ("nss", "tarjeta")
METAS = {"nss": 0.35, "tarjeta": 0.20}
NOMBRES = (
    "Citlali Ejemplo Ríos",
    "Íñigo Ñandú",
    "María Guadalupe de los Ángeles Ejemplo Montemayor",
    "Ana Paz",
)
TICS = os.sysconf("SC_CLK_TCK")


# In the process of one of them ---------------------------------------------------------------------


def atender(cual: str) -> None:
    """Draw what each line asks for, and answer with a line."""
    import django

    django.setup()
    from bench import imprentas
    from tests.nss_portal.papel import DATOS

    hacer = imprentas.preparar(cual)
    hechos = 0
    for linea in sys.stdin:
        tipo, cuantos = json.loads(linea)
        antes, octetos = _cpu(os.getpid()), b""
        for _ in range(cuantos):
            hechos += 1
            de_cada_quien = {
                "nombre": NOMBRES[hechos % 4],
                "folio": f"{1795106467155 + hechos:013d}179492756",
            }
            octetos = hacer(tipo, DATOS[tipo] | de_cada_quien)
        medido = {"cpu": (_cpu(os.getpid()) - antes) / max(cuantos, 1), "bytes": len(octetos)}
        medido |= {"rss": _memoria(os.getpid()), "ahora": _ahora()}
        print(json.dumps(medido | (imprentas.es(octetos) if octetos else {})), flush=True)


def _familia(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    for tarea in Path(f"/proc/{pid}/task").glob("*"):
        for hijo in _leer(pid, f"task/{tarea.name}/children").split():
            yield from _familia(int(hijo))


def _leer(pid: int, que: str) -> str:
    """A file of /proc; nothing, of a process that has just ended."""
    try:
        return Path(f"/proc/{pid}/{que}").read_text()
    except OSError:
        return ""


def _cpu(pid: int) -> float:
    """Seconds of processor of this process and its family, those that ended included."""
    segundos = time.process_time() + sum(os.times()[2:4])
    for otro in _familia(pid):
        if otro != pid:
            campos = _leer(otro, "stat").rpartition(") ")[2].split()
            segundos += sum(map(int, campos[11:15])) / TICS
    return segundos


def _memoria(pid: int) -> float:
    """MiB: the peak of a process that is alone; of a family, what each has, shared pages counted once."""
    familia = list(_familia(pid))
    archivo, campo = ("status", "VmHWM") if len(familia) == 1 else ("smaps_rollup", "Pss")
    return sum(_kilos(otro, archivo, campo) for otro in familia) / 1024


def _ahora() -> float:
    return _kilos(os.getpid(), "status", "VmRSS") / 1024


def _kilos(pid: int, archivo: str, campo: str) -> int:
    return sum(map(int, re.findall(rf"^{campo}:\s*(\d+)", _leer(pid, archivo), re.MULTILINE)))


# In the process that compares --------------------------------------------------------------------


class Taller:
    """One of them at work, waiting for what to draw."""

    def __init__(self, cual: str, carpeta: Path) -> None:
        self.proceso = subprocess.Popen(
            [sys.executable, "-m", "bench.documentos", "--atender", cual],
            env=entorno(carpeta),
            cwd=RAIZ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def pedir(self, tipo: str, cuantos: int) -> None:
        assert self.proceso.stdin
        self.proceso.stdin.write(json.dumps([tipo, cuantos]) + "\n")
        self.proceso.stdin.flush()

    def recibir(self) -> dict[str, Any]:
        assert self.proceso.stdout
        medido: dict[str, Any] = json.loads(self.proceso.stdout.readline())
        return medido

    def hacer(self, tipo: str, cuantos: int) -> dict[str, Any]:
        self.pedir(tipo, cuantos)
        return self.recibir()

    def cerrar(self) -> None:
        assert self.proceso.stdin
        self.proceso.stdin.close()
        try:
            self.proceso.wait(5)
        except subprocess.TimeoutExpired:
            self.proceso.kill()
            self.proceso.wait()


@contextmanager
def talleres(carpeta: Path, *cuales: str) -> Iterator[list[Taller]]:
    abiertos = [Taller(cual, carpeta) for cual in cuales]
    try:
        yield abiertos
    finally:
        for taller in abiertos:
            taller.cerrar()


def entorno(carpeta: Path) -> dict[str, str]:
    propio = {
        "VAR_DIR": str(carpeta),
        "DJANGO_SETTINGS_MODULE": "nss_portal.settings",
        "SECRET_KEY": "solo-para-medir",
        "ALLOWED_HOSTS": "localhost",
        "DEMO": "1",
    }
    fuera = {"DATABASE_URL", "DEBUG", "SELLO_CLAVE", "SELLO_CERTIFICADO"}
    return {nombre: valor for nombre, valor in os.environ.items() if nombre not in fuera} | propio


def comparar(carpeta: Path, rondas: int, hojas: int) -> None:
    """All of them, taking turns, and what PDF/A and PDF/UA cost ours."""
    medidos: dict[tuple[str, str], list[dict[str, Any]]] = {}
    with talleres(carpeta, *IMPRENTAS) as abiertos:
        for cual, taller in zip(IMPRENTAS, abiertos, strict=True):
            for tipo in TIPOS:
                taller.hacer(tipo, 2)
            print(f"listo: {ROTULOS.get(cual, cual)}", file=sys.stderr)
        for ronda in range(rondas):
            for tipo in TIPOS:
                for cual, taller in zip(IMPRENTAS, abiertos, strict=True):
                    medidos.setdefault((tipo, cual), []).append(taller.hacer(tipo, hojas))
            print(f"ronda {ronda + 1} de {rondas}", file=sys.stderr)
    for tipo in TIPOS:
        _tabla(tipo, {cual: medidos[tipo, cual] for cual in IMPRENTAS})
        razon = _razon(medidos[tipo, "sin firma"], medidos[tipo, "sin etiquetas"])
        print(f"PDF/A-3a y PDF/UA-1 sobre lo mismo sin etiquetas: {razon:.2f} (meta: ≤ 1.25)\n")


def _tabla(tipo: str, medidos: dict[str, list[dict[str, Any]]]) -> None:
    print("Carta" if tipo == "nss" else "Tarjeta")
    print(f"{'':32}{'ms':>8}{'docs/s':>9}{'razón':>8}{'MiB':>7}{'bytes':>9}  etiquetado  firmado")
    for cual, rondas in medidos.items():
        milis = 1000 * statistics.median(r["cpu"] for r in rondas)
        ultima, razon = rondas[-1], _razon(rondas, medidos["ingenua"])
        meta = f"  meta: ≤ {METAS[tipo]:.2f}" if cual == "nuestra" else ""
        print(
            f"{ROTULOS.get(cual, cual):32}{milis:8.1f}{1000 / milis:9.1f}{razon:8.2f}{ultima['rss']:7.0f}"
            f"{ultima['bytes']:9,}  {'sí' if ultima['etiquetado'] else 'no':10}  "
            f"{'sí' if ultima['firmado'] else 'no':7}{meta}"
        )


def _razon(unos: list[dict[str, Any]], otros: list[dict[str, Any]]) -> float:
    """Median of the ratios of each round: what slowed a round slowed both."""
    return statistics.median(uno["cpu"] / otro["cpu"] for uno, otro in zip(unos, otros, strict=True))


def a_la_vez(carpeta: Path, rondas: int, hojas: int) -> None:
    """Two of ours at once over one, by the clock; they take turns."""
    veces = []
    with talleres(carpeta, "nuestra", "nuestra") as abiertos:
        for taller in abiertos:
            taller.hacer("tarjeta", 3)
        for _ in range(rondas):
            tiempos = []
            for cuales in (abiertos[:1], abiertos):
                desde = time.perf_counter()
                for taller in cuales:
                    taller.pedir("tarjeta", hojas)
                for taller in cuales:
                    taller.recibir()
                tiempos.append((time.perf_counter() - desde) / len(cuales))
            veces.append(tiempos[0] / tiempos[1])
    print(f"Dos procesos sobre uno: {statistics.median(veces):.2f} veces (meta: ≥ 1.8)")


def memoria(carpeta: Path, hasta: int) -> None:
    """What a process of ours grows by, from its hundredth document on; letters and cards, signed."""
    with talleres(carpeta, "nuestra") as [taller]:
        for tipo in TIPOS:
            cien = taller.hacer(tipo, 50)
        hechos = 100
        while hechos < hasta:
            fin = taller.hacer(TIPOS[hechos // 100 % 2], min(100, hasta - hechos))
            hechos += 100
            print(f"memoria: {hechos} documentos, {fin['ahora']:.1f} MiB", file=sys.stderr)
    crece = fin["ahora"] - cien["ahora"]
    print(
        f"Memoria del documento 100 al {hasta:,}: {crece:+.1f} MiB, {fin['ahora']:.0f} al final (meta: ≤ 5)"
    )


# A whole school ------------------------------------------------------------------------------------


def preparar_escuela(alumnos: int) -> None:
    """A database with a school whose students are all covered."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from tests.vigencia import alumnos as fabrica
    from vigencia.models import Inscripcion

    call_command("migrate", verbosity=0)
    call_command("loaddata", "entidades", verbosity=0)
    escuela, hoy = fabrica.escuela(), timezone.localdate()
    registro = escuela.registros.get()
    periodo = {"alta": hoy, "fin": hoy, "ciclo": "2026-2027", "nivel": "superior"}
    Inscripcion.objects.bulk_create(
        [
            Inscripcion(persona=persona, escuela=escuela, registro=registro, **periodo)
            for persona in fabrica.alumnos(alumnos)
        ]
    )


def emitir(procesos: int) -> None:
    """The product's own command, once what it loads is loaded."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from nss_portal.documentos import firma, imprenta
    from vigencia.models import Escuela

    imprenta.preparar()
    firma.preparar()
    quien = {"escuela": Escuela.objects.get().pk, "documento": "tarjeta"}
    desde = time.perf_counter()
    call_command("emitir_lote", procesos=procesos, salida=settings.VAR_DIR / "t.zip", verbosity=0, **quien)
    print(time.perf_counter() - desde)


def lote(carpeta: Path, alumnos: int) -> None:
    """A school's cards on one process, on two and on three, each on a copy of the same database."""
    base, copia = carpeta / "base", carpeta / "copia"
    base.mkdir()
    programa = [sys.executable, "-m", "bench.documentos"]
    subprocess.run([*programa, "--preparar", str(alumnos)], env=entorno(base), cwd=RAIZ, check=True)
    tasas = {}
    for procesos in (1, 2, 3):
        shutil.copytree(base, copia)
        orden = [*programa, "--emitir", str(procesos)]
        hecho = subprocess.run(orden, env=entorno(copia), cwd=RAIZ, stdout=subprocess.PIPE, check=True)
        tasas[procesos] = alumnos / float(hecho.stdout)
        shutil.rmtree(copia)
    print(f"emitir_lote, {alumnos:,} tarjetas: {tasas[1]:.1f} por segundo con un proceso")
    for procesos in (2, 3):
        razon = tasas[procesos] / tasas[1]
        print(f"  {tasas[procesos]:.1f} con {procesos}: {razon:.2f} veces (meta, en dos núcleos: ≥ 1.8)")


def main() -> None:
    opciones = argparse.ArgumentParser()
    opciones.add_argument("--rondas", type=int, default=3)
    opciones.add_argument("--hojas", type=int, default=8, help="documents of a batch")
    opciones.add_argument(
        "--memoria", type=int, default=2000, help="documents of the run that watches memory"
    )
    opciones.add_argument("--alumnos", type=int, default=160, help="of the school that is issued at once")
    opciones.add_argument("--atender", help=argparse.SUPPRESS)
    opciones.add_argument("--preparar", type=int, help=argparse.SUPPRESS)
    opciones.add_argument("--emitir", type=int, help=argparse.SUPPRESS)
    dadas = opciones.parse_args()
    if dadas.atender:
        return atender(dadas.atender)
    if dadas.preparar:
        return preparar_escuela(dadas.preparar)
    if dadas.emitir:
        return emitir(dadas.emitir)
    with tempfile.TemporaryDirectory() as nombre:
        carpeta = Path(nombre)
        inicio = os.getloadavg()[0]
        comparar(carpeta, dadas.rondas, dadas.hojas)
        a_la_vez(carpeta, dadas.rondas, 3 * dadas.hojas)
        if dadas.memoria > 100:
            memoria(carpeta, dadas.memoria)
        if dadas.alumnos:
            lote(carpeta, dadas.alumnos)
        print(f"Carga de la máquina: {inicio:.1f} al empezar, {os.getloadavg()[0]:.1f} al terminar.")


if __name__ == "__main__":
    main()
