"""A school's list of twenty thousand, validated and committed: ours beside django-import-export's default.

`python -m bench.inscripciones [--renglones N] [--rondas N]`. Both read the same CSV, refuse the same faults,
and write to the same table under the same constraints. Each run has a process and a copy of the database of
its own; the two take turns, and medians are compared.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

RAIZ = Path(__file__).resolve().parent.parent
CARGADORES = ("nuestro", "import-export")
# One row in so many has a fault, so that refusing is measured too.
FALLA_CADA = 100


def preparar(carpeta: Path, renglones: int) -> None:
    """A database with the school and its people, and the list to measure."""
    from django.core.management import call_command

    from tests.vigencia.alumnos import alumnos, escuela, fila, lista

    call_command("migrate", verbosity=0)
    call_command("loaddata", "entidades", verbosity=0)
    escuela()
    filas = [fila(persona) for persona in alumnos(renglones)]
    for numero in range(0, renglones, FALLA_CADA):
        filas[numero]["nss"] = filas[(numero + 1) % renglones]["nss"]
    (carpeta / "lista.csv").write_bytes(lista(filas))


def nuestro(ruta: str) -> int:
    from vigencia.escuelas.archivo import lotes
    from vigencia.models import Escuela, Lote

    lote = lotes.recibir(Escuela.objects.get(), None, ruta)
    while lotes.avanzar(lote.pk):
        pass
    lote.refresh_from_db()
    assert lote.estado == Lote.Estado.POR_CONFIRMAR and lotes.confirmar(lote)
    lotes.avanzar(lote.pk)
    lote.refresh_from_db()
    return lote.altas


def import_export(ruta: str) -> int:
    """ModelResource as its manual has it: rows looked up by their key, each one cleaned and saved."""
    import tablib
    from django.core.exceptions import ValidationError
    from django.utils import timezone
    from import_export import fields, resources, widgets

    from nss_portal.models import Persona
    from nss_portal.personas.identidad import nacimiento_curp, raiz_curp, validar_curp, validar_nss
    from vigencia.models import Escuela, Inscripcion

    escuela = Escuela.objects.get()
    registro = escuela.registros.get()
    hoy = timezone.localdate()

    class Recurso(resources.ModelResource):
        persona = fields.Field("persona", "curp", widgets.ForeignKeyWidget(Persona, "curp"))

        class Meta:
            model = Inscripcion
            import_id_fields = ["persona", "ciclo", "alta"]
            fields = ["persona", "matricula", "nivel", "ciclo", "alta", "fin"]
            clean_model_instances = True
            use_transactions = True
            skip_unchanged = True

        def before_import(self, dataset: Any, **kwargs: Any) -> None:
            self.vistas: set[tuple[str, str]] = set()
            self.advertencias = 0

        def before_import_row(self, row: dict[str, str], **kwargs: Any) -> None:
            curp = row["curp"] = validar_curp(row["curp"])
            nss = validar_nss(row["nss"])
            persona = Persona.objects.filter(curp=curp).first()
            if persona is None or persona.nss != nss:
                raise ValidationError("El NSS no es el de esa CURP.")
            if (curp, row["ciclo"]) in self.vistas:
                raise ValidationError("Repetida.")
            self.vistas.add((curp, row["ciclo"]))
            if row["nivel"] not in escuela.niveles:
                raise ValidationError("Tu escuela no lo imparte.")
            nombres = (row["nombres"], row["primer_apellido"], row["segundo_apellido"])
            raiz = raiz_curp(*nombres, nacimiento_curp(curp), curp[10], curp[11:13])
            ajena = Inscripcion.objects.vigentes(hoy).filter(persona=persona).exclude(escuela=escuela)
            self.advertencias += raiz != curp[:16] or ajena.exists()

        def after_init_instance(
            self, instance: Inscripcion, new: bool, row: dict[str, str], **kwargs: Any
        ) -> None:
            instance.escuela, instance.registro = escuela, registro

    # It commits what is good and reports the rest, as ours does.
    datos = tablib.Dataset().load(Path(ruta).read_text(), format="csv")
    Recurso().import_data(datos, dry_run=False, raise_errors=False)
    return escuela.inscripciones.count()


def medir(cual: str, ruta: str) -> None:
    """One run, in this process: seconds, queries, the growth of its memory."""
    from django.conf import settings
    from django.db import connection

    cargar: Callable[[str], int] = {"nuestro": nuestro, "import-export": import_export}[cual]
    assert not settings.DEBUG
    consultas = 0

    def contar(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal consultas
        consultas += 1
        return execute(sql, params, many, context)

    connection.ensure_connection()
    antes = _memoria("VmRSS")
    inicio = time.perf_counter()
    with connection.execute_wrapper(contar):
        altas = cargar(ruta)
    segundos = time.perf_counter() - inicio
    pico = _memoria("VmHWM") - antes
    json.dump({"segundos": segundos, "consultas": consultas, "kB": pico, "altas": altas}, sys.stdout)


def _memoria(cual: str) -> int:
    [kilos] = re.findall(rf"{cual}:\s*(\d+)", Path("/proc/self/status").read_text())
    return int(kilos)


def correr(carpeta: Path, cual: str) -> dict[str, float]:
    """One run, in a process and on a copy of its own."""
    propia = carpeta / "corrida"
    shutil.copytree(carpeta / "base", propia)
    try:
        salida = subprocess.run(
            [
                sys.executable,
                "-m",
                "bench.inscripciones",
                "--medir",
                cual,
                str(carpeta / "base" / "lista.csv"),
            ],
            env=entorno(propia),
            cwd=RAIZ,
            stdout=subprocess.PIPE,
            check=True,
        )
        medido: dict[str, float] = json.loads(salida.stdout)
        return medido
    finally:
        shutil.rmtree(propia)


def entorno(carpeta: Path) -> dict[str, str]:
    propio = {
        "VAR_DIR": str(carpeta),
        "DJANGO_SETTINGS_MODULE": "nss_portal.settings",
        "SECRET_KEY": "solo-para-medir",
        "ALLOWED_HOSTS": "localhost",
    }
    fuera = {"DATABASE_URL", "DEBUG", "DEMO"}
    return {nombre: valor for nombre, valor in os.environ.items() if nombre not in fuera} | propio


def comparar(renglones: int, rondas: int) -> None:
    medidos: dict[str, list[dict[str, float]]] = {cual: [] for cual in CARGADORES}
    with tempfile.TemporaryDirectory() as nombre:
        carpeta = Path(nombre)
        (carpeta / "base").mkdir()
        orden = [sys.executable, "-m", "bench.inscripciones", "--preparar", str(renglones)]
        subprocess.run(orden, env=entorno(carpeta / "base"), cwd=RAIZ, check=True)
        for ronda in range(rondas):
            for cual in CARGADORES:
                medido = correr(carpeta, cual)
                medidos[cual].append(medido)
                print(f"ronda {ronda + 1}: {cual}: {medido['segundos']:.1f} s", file=sys.stderr)
    informar(renglones, rondas, medidos)


def informar(renglones: int, rondas: int, medidos: dict[str, list[dict[str, float]]]) -> None:
    print(f"\n{renglones:,} renglones de un CSV, revisados y guardados (SQLite, mediana de {rondas})")
    print(f"{'':15}{'segundos':>10}{'renglones/s':>13}{'consultas/mil':>15}{'memoria MB':>12}{'altas':>9}")
    medianas = {}
    for cual, corridas in medidos.items():
        mediana = {dato: statistics.median(corrida[dato] for corrida in corridas) for dato in corridas[0]}
        medianas[cual] = mediana
        print(
            f"{cual:15}{mediana['segundos']:>10.2f}{renglones / mediana['segundos']:>13,.0f}"
            f"{mediana['consultas'] * 1000 / renglones:>15,.1f}{mediana['kB'] / 1024:>12,.0f}"
            f"{mediana['altas']:>9,.0f}"
        )
    assert medianas["nuestro"]["altas"] == medianas["import-export"]["altas"], "they did not do the same"
    razon = medianas["import-export"]["segundos"] / medianas["nuestro"]["segundos"]
    print(f"\nRazón: {razon:.1f} veces más rápido.")


def main() -> None:
    partes = argparse.ArgumentParser(description=__doc__)
    partes.add_argument("--renglones", type=int, default=20_000)
    partes.add_argument("--rondas", type=int, default=3)
    partes.add_argument("--preparar", type=int, help=argparse.SUPPRESS)
    partes.add_argument("--medir", nargs=2, help=argparse.SUPPRESS)
    opciones = partes.parse_args()
    if opciones.preparar or opciones.medir:
        import django

        django.setup()
        if opciones.preparar:
            preparar(Path(os.environ["VAR_DIR"]), opciones.preparar)
        else:
            medir(*opciones.medir)
    else:
        comparar(opciones.renglones, opciones.rondas)


if __name__ == "__main__":
    main()
