"""What needs a process of its own: workers at once, and how much memory a file takes.

`python -m tests.vigencia.aparte competir|escuelas|memoria BASE`
"""

import re
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.files.base import ContentFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from nss_portal import colas  # noqa: E402
from tests.vigencia.alumnos import alumnos, escuela, fila, lista  # noqa: E402
from vigencia.escuelas.archivo import inscribir, lotes  # noqa: E402
from vigencia.models import Inscripcion, Lote  # noqa: E402


def competir() -> None:
    una = escuela()
    lotes.POR_TURNO = 7
    grupos = [alumnos(20, desde=20 * n) for n in range(8)]
    contenidos = [lista([fila(p) for p in grupo]) for grupo in grupos]
    for contenido in [*contenidos, contenidos[0], contenidos[0]]:
        lotes.recibir(una, None, ContentFile(contenido, name="lista.csv"))

    def trabajar() -> None:
        try:
            while Lote.objects.exclude(estado=Lote.Estado.CONFIRMADO).exists():
                if not colas.ARCHIVOS.avanzar():
                    time.sleep(0.01)
                for lote in Lote.objects.filter(estado=Lote.Estado.POR_CONFIRMAR):
                    lotes.confirmar(lote)
        finally:
            connection.close()

    hilos = [threading.Thread(target=trabajar) for _ in range(3)]
    for hilo in hilos:
        hilo.start()
    for hilo in hilos:
        hilo.join()
    for lote in Lote.objects.all():
        assert lote.avance() == (20, 20) and lote.renglones.exclude(veredicto="").count() == 20
        print(lote.estado)
    print(Inscripcion.objects.count(), sum(Lote.objects.values_list("altas", flat=True)))


def escuelas() -> None:
    """Two schools confirm the same students at once, each reviewed before the other wrote anything."""
    personas = alumnos(20)
    hoy = timezone.localdate()
    suyos = {"alta": hoy.isoformat(), "fin": (hoy + timedelta(days=90)).isoformat(), "ciclo": f"{hoy.year}-1"}
    contenido = lista([fila(p, **suyos) for p in personas])
    esperan = []
    for de in (escuela(), escuela("31DXX9002B", "La de junto")):
        lote = lotes.recibir(de, None, ContentFile(contenido, name="lista.csv"))
        while lotes.avanzar(lote.pk):
            pass
        lote.refresh_from_db()
        assert lote.conteos()["alta"] == 20 and lotes.confirmar(lote)
        esperan.append(lote)
    verdadero, juntos = inscribir._ejecutar, threading.Barrier(2)

    def ejecutar(sql: str, datos: dict[str, Any]) -> int:
        # Whoever may come this far together does.
        with suppress(threading.BrokenBarrierError):
            juntos.wait(3)
        return verdadero(sql, datos)

    inscribir._ejecutar = ejecutar

    def guardar(lote: Lote) -> None:
        try:
            lotes.avanzar(lote.pk)
        finally:
            connection.close()

    hilos = [threading.Thread(target=guardar, args=[lote]) for lote in esperan]
    for hilo in hilos:
        hilo.start()
    for hilo in hilos:
        hilo.join()
    for lote in esperan:
        lote.refresh_from_db()
    print(*sorted(lote.altas for lote in esperan), *sorted(lote.conteos()["fuera"] for lote in esperan))


def memoria(carpeta: str) -> None:
    una = escuela()
    for cuantas, desde in ((2_000, 0), (20_000, 5_000)):
        ruta = Path(carpeta) / "lista.csv"
        with ruta.open("wb") as archivo:
            # A little at a time: what is measured is the reader, not who wrote the file.
            for trozo in range(desde, desde + cuantas, 1_000):
                contenido = lista([fila(p) for p in alumnos(1_000, trozo)])
                archivo.write(contenido if trozo == desde else contenido.partition(b"\n")[2])
        lote = lotes.recibir(una, None, ruta)
        ruta.unlink()
        while lotes.avanzar(lote.pk):
            pass
        lote.refresh_from_db()
        assert lotes.confirmar(lote) and lotes.avanzar(lote.pk)
        lote.refresh_from_db()
        assert lote.altas == cuantas
        [pico] = re.findall(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
        print(pico)


if __name__ == "__main__":
    que, base = sys.argv[1:]
    connection.settings_dict["TEST"]["NAME"] = base
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        call_command("loaddata", "entidades", verbosity=0)
        if que in ("competir", "escuelas"):
            {"competir": competir, "escuelas": escuelas}[que]()
        else:
            with tempfile.TemporaryDirectory() as carpeta:
                memoria(carpeta)
    finally:
        connection.creation.destroy_test_db("", verbosity=0)
