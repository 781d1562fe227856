"""Whether who asks is the CURP's owner: the full name, under IDENTIDAD=nombre, once a mailbox has spoken."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from nss_portal import limites
from nss_portal.models import NombreDicho, Persona, Tramite
from nss_portal.models.territorio import plegar

NOMBRE = "nombre"
PARTES = ("nombres", "primer_apellido", "segundo_apellido")
# Wrong names a day for one CURP: from one mailbox; from all those that do not speak for the person.
POR_BUZON, DE_EXTRANOS = 5, 20
UN_DIA = timedelta(days=1)


def por_nombre(tramite: Tramite | None = None) -> bool:
    """Whether the name is asked; of a trámite of the counter never, where the person stands in front."""
    de_ventanilla = tramite is not None and tramite.canal == Tramite.Canal.VENTANILLA
    return settings.IDENTIDAD == NOMBRE and not de_ventanilla


def declarar(tramite: Tramite, datos: dict[str, Any]) -> None:
    """Keep the name that was typed until it is compared. Part of the transaction that begins the trámite."""
    if por_nombre():
        NombreDicho.objects.create(tramite=tramite, **{parte: datos[parte] for parte in PARTES})


def coincide(dicho: NombreDicho, persona: Persona) -> bool:
    """Whether a typed name is the person's: accents, Ñ, case, hyphens, dots and spaces are forgiven."""
    return all(_comparable(getattr(dicho, parte)) == _comparable(getattr(persona, parte)) for parte in PARTES)


def _comparable(nombre: str) -> str:
    return "".join(re.findall(r"[^\W\d_]+", plegar(nombre)))


def comprobar(tramite: Tramite, persona: Persona | None, buzon_suyo: str) -> bool:
    """Whether the typed name is the registry's; at most so many wrong ones a day. Part of a transaction.

    `persona` is None for a CURP that nobody holds; `buzon_suyo`, the mailbox that speaks for the person, is
    "" when none does. An unknown CURP, a wrong name and a mailbox of somebody else fail alike and spend a
    try; past the last one nothing is compared. The mailbox that speaks for the person spends only its own.
    """
    quien = limites.buzon(tramite.correo)
    # As it was bound: two ways of writing it count as one, and may be two people's.
    es_el_suyo = bool(buzon_suyo) and buzon_suyo.casefold() == tramite.correo.casefold()
    # Of a CURP that was replaced, the tries are the person's all the same.
    curp = persona.curp if persona else tramite.curp
    cupos = [(f"nombre:{curp}:{quien}", POR_BUZON)]
    if not es_el_suyo:
        cupos.append((f"nombre:{curp}", DE_EXTRANOS))
    # Each try is spent before it is looked at, and given back when it was right: many at once are still five.
    gastados = []
    for clave, cupo in cupos:
        if not limites.permitir(clave, cupo, UN_DIA):
            break
        gastados.append((clave, cupo))
    dicho = NombreDicho.objects.filter(tramite=tramite).first()
    bien = (
        len(gastados) == len(cupos)
        and dicho is not None
        and persona is not None
        and (es_el_suyo or not buzon_suyo)
        and coincide(dicho, persona)
    )
    if bien:
        for clave, cupo in gastados:
            limites.devolver(clave, cupo)
        # From here on the name is the person's.
        NombreDicho.objects.filter(tramite=tramite).delete()
        Tramite.objects.filter(pk=tramite.pk).update(comprobado=timezone.now())
    return bien


def heredar(de: Tramite, a: Tramite) -> None:
    """A trámite that another one of the same person begins, with nothing typed, is as proved as that one."""
    Tramite.objects.filter(pk=a.pk).update(comprobado=de.comprobado)


def dicho_antes(tramite: Tramite) -> dict[str, str]:
    """The name for the form that comes after: as it was typed, when that was wrong; else as it was proved."""
    if not por_nombre():
        return {}
    de = NombreDicho.objects.filter(tramite=tramite).first() or (tramite.comprobado and tramite.persona)
    return {parte: getattr(de, parte) for parte in PARTES} if de else {}


def vencidos(ahora: datetime) -> dict[str, models.QuerySet[Any]]:
    """What `purgar` forgets: a name that was wrong, once its browser has ended."""
    return {"nombres sin comprobar": NombreDicho.objects.filter(tramite__creado__lt=ahora - 2 * UN_DIA)}
