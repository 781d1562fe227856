"""`manage.py cargar_codigos_postales`: the country's postal codes, from a file or the installed package."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from nss_portal.archivos import plan
from nss_portal.archivos.carga import Avisar
from nss_portal.territorio import catalogo, oficial


class Command(BaseCommand):
    help = (
        "Carga los códigos postales del país (entidades, municipios y colonias): con un archivo, del oficial "
        "de Correos de México; sin él, del paquete instalado. Se puede repetir: actualiza en su lugar y no "
        "borra nada; lo que el archivo no trae se retira, y si es mucho o es de alguien, pide el número."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "archivo",
            nargs="?",
            metavar="FILE",
            help="El archivo oficial, CPdescarga.txt, o el zip que lo trae.",
        )
        plan.agregar_opciones(parser)

    def handle(self, *args: Any, archivo: str | None = None, **options: Any) -> None:
        if not archivo and oficial.cargado():
            # The package is of 2018: it would take back what an official file said since.
            self.stdout.write(
                "Ya está cargado el archivo oficial, que es más reciente que el paquete: no se cambió nada; "
                "para actualizarlo, indica el archivo."
            )
            return

        def cargar(avisar: Avisar, modo: plan.Modo) -> catalogo.Informe:
            if archivo:
                return oficial.cargar(archivo, avisar, modo)
            return catalogo.cargar(catalogo.del_paquete(), avisar, modo)

        plan.correr(self, options, cargar, describir)


def describir(informe: catalogo.Informe) -> str:
    """The report in words: nothing changed, or how much of what."""
    if informe.sin_cambios:
        return (
            f"Sin cambios: el catálogo ya estaba al día ({informe.codigos.total:,} códigos postales, "
            f"{informe.colonias.total:,} colonias)."
        )
    return "\n".join(
        [
            _renglon("Municipios", informe.municipios, "agregados, cambiados, retirados"),
            _renglon("Códigos postales", informe.codigos, "agregados, cambiados, retirados"),
            _renglon("Colonias", informe.colonias, "agregadas, cambiadas, retiradas"),
        ]
    )


def _renglon(que: str, cuenta: catalogo.Cuenta, participios: str) -> str:
    cuantos = (cuenta.agregadas, cuenta.cambiadas, cuenta.retiradas)
    partes = [f"{n:,} {hecho}" for n, hecho in zip(cuantos, participios.split(", "), strict=True)]
    if cuenta.claves:
        partes.append(f"{cuenta.claves:,} recibieron su clave oficial")
    return f"{que}: {cuenta.total:,} en el catálogo; {', '.join(partes)}."
