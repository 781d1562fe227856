"""Whether who asks is the CURP's owner: the full name, under IDENTIDAD=nombre, once a mailbox has spoken."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from nss_portal.personas.models import Persona
from nss_portal.servicio import limites, topes
from nss_portal.territorio.models import plegar
from nss_portal.tramites.models import NombreDicho, Tramite

NOMBRE = "nombre"
PARTES = ("nombres", "primer_apellido", "segundo_apellido")
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
    A trámite without a name, begun where it was not asked, fails and spends nothing.
    """
    dicho = NombreDicho.objects.filter(tramite=tramite).first()
    if dicho is None:
        return False
    # As it was bound: two ways of writing it count as one, and may be two people's.
    es_el_suyo = bool(buzon_suyo) and buzon_suyo.casefold() == tramite.correo.casefold()
    # Of a CURP that was replaced, the tries are the person's all the same.
    clave = f"nombre:{timezone.localdate()}:{persona.curp if persona else tramite.curp}"
    gastados = _gastar([(f"{clave}:{limites.buzon(tramite.correo)}", topes.NOMBRES_POR_BUZON)])
    if gastados and not es_el_suyo:
        de_otros = _gastar(
            [(clave, topes.NOMBRES_DE_EXTRANOS), (f"{clave}:{tramite.origen}", topes.NOMBRES_DE_UNA_RED)]
        )
        if not de_otros:
            _devolver(gastados)
        gastados = de_otros and gastados + de_otros
    bien = (
        bool(gastados) and persona is not None and (es_el_suyo or not buzon_suyo) and coincide(dicho, persona)
    )
    if bien:
        _devolver(gastados)
        # From here on the name is the person's.
        dicho.delete()
        Tramite.objects.filter(pk=tramite.pk).update(comprobado=timezone.now())
    return bien


type Cupos = list[tuple[str, topes.Tope]]


def _gastar(cupos: Cupos) -> Cupos:
    """One try of the first of these limits that has any left today; [] when none has.

    Each try is spent before it is looked at, and given back when it was right: many at once are still five.
    """
    for clave, tope in cupos:
        if limites.permitir(clave, tope):
            return [(clave, tope)]
    return []


def _devolver(cupos: Cupos) -> None:
    for clave, tope in cupos:
        limites.devolver(clave, tope)


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
