"""The fictional people that the demonstration offers, one for each case worth trying."""

from dataclasses import dataclass

from nss_portal.models import Persona


@dataclass(frozen=True)
class Caso:
    caso: str
    descripcion: str
    curp: str
    cp: str = ""


@dataclass(frozen=True)
class Ejemplo:
    caso: str
    descripcion: str
    curp: str
    nombre: str
    nss: str
    cp: str


CASOS: list[Caso] = []


def ejemplos() -> list[Ejemplo]:
    """The sample people as they are now. Who has been given a number is offered no more as «sin NSS»."""
    personas = Persona.objects.in_bulk([caso.curp for caso in CASOS])
    libres = iter(Persona.objects.sin_nss().exclude(pk__in=personas).order_by("pk")[: len(CASOS)])
    lista = []
    for caso in CASOS:
        persona = personas.get(caso.curp)
        if caso.caso == "sin-nss" and persona and persona.nss:
            persona = next(libres, persona)
        lista.append(
            Ejemplo(
                caso=caso.caso,
                descripcion=caso.descripcion,
                curp=persona.curp if persona else caso.curp,
                nombre=persona.nombre_completo if persona else "",
                nss=(persona.nss or "") if persona else "",
                cp=caso.cp,
            )
        )
    return lista
