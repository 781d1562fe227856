"""Fictional students and a school that enrols them, for the tests of its files."""

import csv
from datetime import date, timedelta
from io import StringIO
from typing import Any

from nss_portal.models import Entidad, Persona
from nss_portal.personas.identidad import componer_nss, digito_curp, raiz_curp
from vigencia.escuelas.archivo.formatos import COLUMNAS
from vigencia.models import Escuela, RegistroPatronal

ALTA, FIN, CICLO = date(2026, 8, 24), date(2027, 7, 31), "2026-2027"
_PRIMER_DIA = date(2000, 1, 1)


def alumno(numero: int) -> Persona:
    """One for each number; not saved."""
    vuelta, dia = divmod(numero, 3000)
    nacimiento = _PRIMER_DIA + timedelta(days=dia)
    curp17 = raiz_curp("Xóchitl", "Muñoz", "Ejemplo", nacimiento, "M", "NE") + chr(65 + vuelta)
    return Persona(
        curp=curp17 + digito_curp(curp17),
        nss=componer_nss("97", 20, numero // 10_000, numero % 10_000),
        nombres="Xóchitl",
        primer_apellido="Muñoz",
        segundo_apellido="Ejemplo",
        nacimiento=nacimiento,
        sexo="M",
        entidad="NE",
    )


def alumnos(cuantos: int, desde: int = 0) -> list[Persona]:
    personas = [alumno(desde + n) for n in range(cuantos)]
    Persona.objects.bulk_create(personas, batch_size=2000)
    return list(Persona.objects.filter(curp__in=[p.curp for p in personas]).order_by("nss"))


def sin_numero(*personas: Persona) -> None:
    """As if none had been given to them yet: to take one back is what the database refuses."""
    for persona in personas:
        Persona.objects.get(pk=persona.pk).delete()
        Persona(
            **{c.attname: getattr(persona, c.attname) for c in persona._meta.fields} | {"nss": None}
        ).save(force_insert=True)


def escuela(cct: str = "31DXX9001A", nombre: str = "Escuela de Prueba", **cambios: Any) -> Escuela:
    entidad = Entidad.objects.get(pk="31")
    creada = Escuela.objects.create(cct=cct, nombre=nombre, entidad=entidad, superior=True, **cambios)
    RegistroPatronal.objects.create(escuela=creada, registro=f"Z{cct[:2]}{cct[5:9]}0321")
    return creada


def fila(persona: Persona, **cambios: str) -> dict[str, str]:
    """A row of a roster."""
    return {
        "curp": persona.curp,
        "nss": persona.nss or "",
        "matricula": f"M{persona.nss}",
        "nivel": "superior",
        "ciclo": CICLO,
        "alta": ALTA.isoformat(),
        "fin": FIN.isoformat(),
        "nombres": persona.nombres,
        "primer_apellido": persona.primer_apellido,
        "segundo_apellido": persona.segundo_apellido,
    } | cambios


def lista(filas: list[dict[str, str]], columnas: list[str] = COLUMNAS, separador: str = ",") -> bytes:
    texto = StringIO()
    escritor = csv.DictWriter(texto, columnas, delimiter=separador, extrasaction="ignore", restval="")
    escritor.writeheader()
    escritor.writerows(filas)
    return texto.getvalue().encode()
