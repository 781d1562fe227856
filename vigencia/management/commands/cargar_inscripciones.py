"""`manage.py cargar_inscripciones`: a school's file of students, from the shell."""

import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from nss_portal.archivos.carga import Barra
from nss_portal.personas.identidad import enmascarar_curp
from vigencia.escuelas import periodo
from vigencia.escuelas.archivo import dispmag, formatos, lotes
from vigencia.models import Escuela, Lote, Nivel, Renglon

# Bad rows that are told; the others are counted.
MUESTRA = 20


class Command(BaseCommand):
    help = (
        f"Inscribe a los alumnos de un archivo: CSV o XLSX con las columnas {','.join(formatos.COLUMNAS)}, o "
        "el de movimientos de 168 columnas. Se puede repetir. Con renglones malos no guarda nada, salvo que "
        "se pida --aun-con-errores; los que llevan advertencia quedan fuera, salvo que se pida --con-avisos."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archivo", metavar="FILE", help="El CSV, el XLSX o el de 168 columnas.")
        parser.add_argument("--escuela", required=True, metavar="CCT", help="La escuela que los inscribe.")
        parser.add_argument(
            "--ciclo",
            default="",
            help="El ciclo de los renglones que no lo dicen: 2026-2027 (en el de 168 columnas, el de hoy).",
        )
        parser.add_argument("--fin", type=date.fromisoformat, metavar="AAAA-MM-DD", help="Su último día.")
        parser.add_argument("--nivel", default="", choices=["", *Nivel.values], help="Su nivel.")
        parser.add_argument("--plan", action="store_true", help="Revisa y dice qué haría, sin guardar.")
        parser.add_argument(
            "--aun-con-errores", action="store_true", help="Guarda los renglones buenos aunque haya malos."
        )
        parser.add_argument(
            "--con-avisos",
            action="store_true",
            help="Guarda también los renglones con advertencia. Sin esto quedan fuera.",
        )

    def handle(self, *args: Any, archivo: str, escuela: str, plan: bool, **options: Any) -> None:
        de = Escuela.objects.filter(pk=escuela.upper()).first()
        if de is None:
            raise CommandError(f"No hay una escuela con la CCT {escuela}.")
        try:
            ciclo = periodo.leer_ciclo(options["ciclo"]) if options["ciclo"] else ""
        except ValueError as error:
            raise CommandError(str(error)) from None
        if dispmag.parece(_cabeza(archivo)) and not (ciclo and options["fin"]):
            # Its lines have no room for either.
            este, su_fin = periodo.ciclo_de(timezone.localdate())
            ciclo, options["fin"] = ciclo or este, options["fin"] or su_fin
            self.stdout.write(
                f"Ciclo {ciclo}, hasta el {options['fin']:%d/%m/%Y} (--ciclo y --fin dicen otro)."
            )
        try:
            lote = lotes.recibir(de, None, archivo, ciclo, options["fin"], options["nivel"])
        except formatos.ArchivoIlegible as error:
            raise CommandError(str(error)) from error
        barra = Barra(self.stderr)
        try:
            self._trabajar(lote, barra)
            barra("")
            self._decidir(lote, plan, options["aun_con_errores"], options["con_avisos"])
            self._trabajar(lote, barra)
        finally:
            barra("")
            # Interrupted, or refused: nothing of it waits for anybody.
            lotes.cancelar(lote)
            lotes.avanzar(lote.pk)
            if plan:
                lote.delete()
        if options["verbosity"] and not plan:
            self.stdout.write(f"Guardado: {lote.altas:,} altas y {lote.bajas:,} bajas.")
            if fuera := lote.conteos()[Renglon.Veredicto.FUERA]:
                self.stdout.write(
                    f"Con advertencia, quedaron fuera {fuera:,} renglones. Si están bien, repite con "
                    "--con-avisos."
                )

    def _trabajar(self, lote: Lote, barra: Barra) -> None:
        """Turn after turn, here; a worker that runs may take some."""
        while lote.estado in Lote.DE_TRABAJO:
            hechos, total = lote.avance()
            barra(lote.get_estado_display(), hechos / total if lote.estado == Lote.Estado.REVISANDO else None)
            if not lotes.avanzar(lote.pk):
                time.sleep(0.1)
            lote.refresh_from_db()

    def _decidir(self, lote: Lote, plan: bool, aun_con_errores: bool, con_avisos: bool) -> None:
        """Tell what was found, and confirm it if it may be."""
        if lote.estado == Lote.Estado.ILEGIBLE:
            raise CommandError(lote.motivo)
        if lote.estado != Lote.Estado.POR_CONFIRMAR:
            raise CommandError("Alguien canceló el archivo mientras se revisaba.")
        self.stdout.write(describir(lote))
        self._contar(lote, Renglon.Veredicto.ADVERTENCIA, "advertencia, ")
        cuantos = self._contar(lote, Renglon.Veredicto.ERROR, "")
        if plan:
            return
        if cuantos and not aun_con_errores:
            raise CommandError(
                "Hay renglones con errores y no se guardó nada. Corrígelos, o repite con --aun-con-errores "
                "para guardar los demás."
            )
        lotes.confirmar(lote, Renglon.Aviso.values if con_avisos else ())

    def _contar(self, lote: Lote, veredicto: Renglon.Veredicto, que: str) -> int:
        """Tell the first rows with that verdict; how many there are."""
        for renglon in lote.renglones.filter(veredicto=veredicto)[:MUESTRA]:
            motivos = " ".join(renglon.motivos.split("\n"))
            self.stdout.write(f"{_quien(renglon)}: {que}{motivos}")
        cuantos = lote.conteos()[veredicto]
        if cuantos > MUESTRA:
            self.stdout.write(f"… y {cuantos - MUESTRA:,} más.")
        return cuantos


def _cabeza(archivo: str) -> bytes:
    """How a file begins; nothing of one that can not be read, which is told when it is received."""
    try:
        with open(archivo, "rb") as abierto:
            return abierto.read(4096)
    except OSError:
        return b""


def describir(lote: Lote) -> str:
    """What the review found, in words."""
    if lote.todo_igual:
        cuantos = "el renglón" if lote.total == 1 else f"los {lote.total:,} renglones"
        return f"Sin cambios: {cuantos} del archivo ya estaba{'' if lote.total == 1 else 'n'} así."
    conteos = lote.conteos()
    return (
        f"{lote.total:,} renglones leídos: {conteos['alta']:,} altas, {conteos['baja']:,} bajas, "
        f"{conteos['advertencia']:,} con advertencia, {conteos['sin-cambio']:,} sin cambio, "
        f"{conteos['error']:,} con errores."
    )


def _quien(renglon: Renglon) -> str:
    curp = renglon.datos.get("curp", "")
    return f"Línea {renglon.linea}" + (f" (CURP {enmascarar_curp(curp.strip())})" if curp else "")
