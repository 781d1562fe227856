"""`manage.py cargar_escuelas`: the schools' catalogue, from a CSV."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from nss_portal.archivos import plan
from vigencia.escuelas import catalogo


class Command(BaseCommand):
    help = (
        f"Carga escuelas públicas de un CSV en UTF-8 con las columnas {','.join(catalogo.COLUMNAS)}. Niveles "
        "y registros patronales se separan con |; la modalidad es presencial, en-linea o ambas. Se puede "
        "repetir: agrega la escuela que falta y actualiza en su lugar la que ya está; no borra escuelas. Con "
        "una línea mala no guarda nada."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archivo", metavar="FILE", help="El CSV.")
        plan.agregar_opciones(parser)

    def handle(self, *args: Any, archivo: str, **options: Any) -> None:
        informe = plan.correr(self, options, lambda *como: catalogo.cargar(archivo, *como), describir)
        for aviso in _avisos(informe):
            self.stderr.write(f"Aviso: {aviso}")


def describir(informe: catalogo.Informe) -> str:
    """The report in words."""
    if informe.iguales == informe.total == 1:
        return "Sin cambios: la escuela del archivo ya estaba así."
    if informe.iguales == informe.total:
        return f"Sin cambios: las {informe.total:,} escuelas del archivo ya estaban así."
    return (
        f"Escuelas: {informe.total:,} en el archivo; {_cuantas(informe.nuevas, 'nueva')}, "
        f"{_cuantas(informe.cambiadas, 'cambiada')}, {informe.iguales:,} sin cambio.\n"
        f"Registros patronales: {_cuantas(informe.registros_nuevos, 'agregado')}, "
        f"{_cuantas(informe.registros_retirados, 'retirado')}."
    )


def _cuantas(cuantas: int, cuales: str) -> str:
    return f"{cuantas:,} {cuales}" + "s" * (cuantas != 1)


def _avisos(informe: catalogo.Informe) -> Iterator[str]:
    """What whoever loads should know, and is no reason to refuse the file."""
    if usados := informe.registros_con_inscripciones:
        yield (
            f"{_primeros(usados)}: ya no vienen en el archivo y se quedan, porque hay inscripciones hechas "
            "con esos registros patronales."
        )
    if informe.sin_municipio:
        yield (
            f"escuelas sin municipio: {informe.sin_municipio:,}. O su línea no trae c_mnpio o los municipios "
            "no tienen todavía su clave: la da el archivo oficial de códigos postales (manage.py "
            "cargar_codigos_postales FILE). Cárgalo y repite."
        )
    if ajenas := informe.de_otra_entidad:
        yield f"{_primeros(ajenas)}: su CCT empieza con la clave de otra entidad; quedaron en la de c_estado."


def _primeros(claves: list[str]) -> str:
    otros = f" y {len(claves) - 5:,} más" if len(claves) > 5 else ""
    return ", ".join(claves[:5]) + otros
