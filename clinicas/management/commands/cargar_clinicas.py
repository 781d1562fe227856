"""`manage.py cargar_clinicas`: the clinics, from the health ministry's catalogue."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from clinicas.catalogo import clues
from nss_portal.archivos import plan


class Command(BaseCommand):
    help = (
        "Carga las clínicas del catálogo CLUES de la Secretaría de Salud (.xlsx): solo las unidades del IMSS "
        "en operación con medicina familiar. Se puede repetir: actualiza en su lugar; las que ya no están "
        "se retiran y conservan a su gente. Con un renglón malo no guarda nada."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "archivo", metavar="FILE", help="El libro, como ESTABLECIMIENTO_SALUD_202611.xlsx."
        )
        plan.agregar_opciones(parser)

    def handle(self, *args: Any, archivo: str, **options: Any) -> None:
        plan.correr(self, options, lambda *como: clues.cargar(archivo, *como), describir)


def describir(informe: clues.Informe) -> str:
    """The report in words."""
    lineas = [
        f"Renglones leídos: {informe.renglones:,}. Clínicas: {informe.total:,} en el catálogo; "
        f"{informe.nuevas:,} nuevas, {informe.cambiadas:,} cambiadas, {informe.iguales:,} sin cambio."
    ]
    if informe.nuevas:
        lineas.append(
            "El catálogo no dice cuánta gente cabe ni qué turnos hay: cada clínica nueva quedó con los dos y "
            f"cada consultorio con {clues.CAPACIDAD:,} lugares. Tampoco dice horario ni ventanilla: mientras "
            "nadie los escriba, se pide preguntar en la clínica. Corrígelo en el admin."
        )
    if informe.sin_codigo or informe.sin_municipio:
        lineas.append(
            f"Sin código postal que sirva: {informe.sin_codigo:,}; sin municipio reconocido: "
            f"{informe.sin_municipio:,}."
        )
    if informe.retiradas:
        lineas.append(
            "Ya no están en el catálogo (su gente sigue registrada hasta que la muevas en el admin):"
        )
        lineas += [
            f"  {r.clinica.clues} {r.clinica.nombre}: {r.personas:,} personas." for r in informe.retiradas
        ]
    return "\n".join(lineas)
