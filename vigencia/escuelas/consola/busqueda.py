"""A student found among the school's: by a whole number, by the matrícula, by name."""

import re
from functools import lru_cache

from django.db.models import Q, QuerySet

from nss_portal.personas.identidad import normalizar_curp
from nss_portal.personas.models import CurpAnterior
from vigencia.models import Inscripcion

_CABEN = 50
# What is typed without accents finds what has them, on both databases and whatever their collation.
_LETRAS = ["aAáÁàÀäÄ", "eEéÉèÈëË", "iIíÍìÌïÏ", "oOóÓòÒöÖ", "uUúÚùÙüÜ", "nNñÑ"]


def buscar(filas: QuerySet[Inscripcion], escrito: str, por_nombre: bool) -> list[int]:
    """The keys of the first fifty: by the number, whole, or the matrícula; else by how that one begins.

    `por_nombre`: also by name, accents or not. Of every school's students at once it would read them all.
    """
    texto = " ".join(escrito.replace("\0", "").split())[:150]
    if not texto:
        return []
    numero = normalizar_curp(texto)
    exactas = Q(persona__curp__in=CurpAnterior.todas(numero)) | Q(persona__nss=numero) | Q(matricula=texto)
    if claves := _claves(filas.filter(exactas)):
        return claves
    parecidas = Q(matricula__istartswith=texto)
    palabras = re.findall(r"[^\W\d_]+", texto)[:6]
    return _claves(filas.filter(parecidas | _se_llama(palabras) if palabras and por_nombre else parecidas))


def _claves(filas: QuerySet[Inscripcion]) -> list[int]:
    return list(filas.values_list("pk", flat=True)[:_CABEN])


def _se_llama(palabras: list[str]) -> Q:
    """Every word begins a word of the name."""
    condicion = Q()
    for patron in map(_patron, palabras):
        condicion &= (
            Q(persona__nombres__regex=patron)
            | Q(persona__primer_apellido__regex=patron)
            | Q(persona__segundo_apellido__regex=patron)
        )
    return condicion


@lru_cache(maxsize=256)
def _patron(palabra: str) -> str:
    letras = (
        next((grupo for grupo in _LETRAS if letra in grupo), letra.lower() + letra.upper())
        for letra in palabra
    )
    return "(^|[ -])" + "".join(f"[{letra}]" for letra in letras)
