"""The fictional people of the demonstration: one for each case worth trying, and as many more as you like."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection

from nss_portal.personas.identidad import ENTIDADES, componer_nss, digito_curp, raiz_curp
from nss_portal.personas.models import Persona
from nss_portal.servicio.models import Instalacion

_CON_NSS = "Ya tiene NSS: lo localizamos."
_SIN_NSS = "Todavía no tiene NSS: se le asigna uno."


@dataclass(frozen=True)
class Caso:
    caso: str
    # What happens with this person. {nss} says whether they have a number already: trying them changes it.
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


# All of them are in fixtures/personas_demo.json, but for the one that the registry must not know.
CASOS = [
    Caso("con-nss", "{nss}", "RAEL980314MJCMJC05"),
    Caso("sin-nss", "{nss}", "MUHD040821HDFSRGA9", "06600"),
    Caso("sexo-x", "Su CURP lleva sexo X. {nss}", "FIMA010530XNLCRLA0", "64000"),
    Caso("con-ene", "Su apellido lleva Ñ y su CURP, una X en su lugar. {nss}", "NUEB951102MVZXJG08"),
    Caso("sin-segundo-apellido", "Tiene un solo apellido. {nss}", "IEXM030117HYNNXTA1", "97000"),
    Caso("extranjero", "Nació en el extranjero: su CURP dice NE. {nss}", "PURS000909MNERSFA0", "22000"),
    Caso("nacido-2000", "Nació un 29 de febrero, en el año 2000. {nss}", "DECV000229MCSMRLA4", "29908"),
    Caso("mayor-60", "Tiene más de 60 años: no hay límite de edad. {nss}", "MUTG611212HMNSRD04"),
    Caso("no-renapo", "CURP bien escrita que no es de nadie: te decimos qué hacer.", "EEQG030303HASJNLA9"),
    Caso(
        "vigente",
        "Para el paso 2: su escuela ya hizo la inscripción y sale SÍ.",
        "EEFC050405MPLJLMA7",
        "72000",
    ),
    Caso("baja", "Para el paso 2: su escuela dio aviso de su baja y sale NO.", "FISB990719HGTCLR08"),
    Caso("ciclo-terminado", "Para el paso 2: su ciclo escolar ya terminó y sale NO.", "PUAR971025MQTRGN03"),
    Caso(
        "nunca-inscrito",
        "Para el paso 2: ninguna escuela ha hecho su inscripción y sale NO.",
        "IERE070611HSRNSMA0",
    ),
    Caso("con-clinica", "Para el paso 3: ya tiene clínica y puede cambiarla.", "DECX020208MTSMSMA4", "87000"),
]


def exigir_demostracion() -> None:
    """Raise CommandError unless the settings and the database both say that this is a demonstration."""
    if not (settings.DEMO or settings.DEBUG):
        raise CommandError(
            "Esto guarda personas ficticias: solo corre en demostración, con DEMO=1 (o DEBUG=1)."
        )
    if not _las_admite():
        raise CommandError(
            "Esta base de datos no nació como demostración: aquí no entran personas ficticias. Para una "
            "demostración usa otra base, vacía, y prepárala con DEMO=1. Para producción: make instalar."
        )


def _las_admite() -> bool:
    """Whether the database was born a demonstration, or is not born yet. One from before there was a mark
    is known by its sample people.
    """
    tablas = connection.introspection.table_names()
    if Instalacion._meta.db_table in tablas:
        return Instalacion.es_demostracion()
    return Persona._meta.db_table not in tablas or Persona.objects.filter(curp=CASOS[0].curp).exists()


def ejemplos() -> list[Ejemplo]:
    """The sample people as they are now. Who has been given a number is offered no more as «sin NSS»."""
    personas = Persona.objects.in_bulk([caso.curp for caso in CASOS], field_name="curp")
    lista = []
    for caso in CASOS:
        persona = personas.get(caso.curp)
        if caso.caso == "sin-nss" and persona and persona.nss:
            persona = Persona.objects.sin_nss().exclude(curp__in=personas).order_by("curp").first() or persona
        nss = (persona.nss or "") if persona else ""
        lista.append(
            Ejemplo(
                caso=caso.caso,
                descripcion=caso.descripcion.format(nss=_CON_NSS if nss else _SIN_NSS),
                curp=persona.curp if persona else caso.curp,
                nombre=persona.nombre_completo if persona else "",
                nss=nss,
                cp=caso.cp,
            )
        )
    return lista


_NOMBRES = {
    "M": """
        Abril Adriana Alejandra Alma Andrea Ángela Araceli Beatriz Brenda Carla Carolina Cecilia Clara Dalia
        Daniela Diana Elisa Esther Estrella Fernanda Gabriela Gloria Inés Irene Isabel Jimena Julia Karla
        Laura Leticia Luz Maite Margarita Mariana Marisol Miriam Nadia Natalia Nayeli Norma Olga Patricia
        Pilar Raquel Rocío Rosa Sandra Silvia Susana Tania Verónica Violeta Yolanda Zoé
    """.split(),
    "H": """
        Abel Adán Adrián Alberto Alejandro Alfonso Álvaro Andrés Antonio Axel Benjamín Carlos César Damián
        Daniel David Eduardo Elías Enrique Erick Ernesto Esteban Felipe Fernando Gabriel Gerardo Gonzalo
        Guillermo Hugo Ignacio Iván Jaime Javier Joaquín Joel Julián Julio Leonel Manuel Marcos Mario Martín
        Miguel Nicolás Omar Pablo Pedro Rafael Raúl Roberto Rodrigo Saúl Sergio Tomás Ulises Vicente
    """.split(),
    "X": "Alexis Ariel Cruz Dominique Edén Jael Noa Sasha Sol Yael".split(),
}
# Every person bears one of these: nobody can be taken for somebody.
_INVENTADOS = "Ejemplo Muestra Ficticio Prueba Inventado Demo Supuesto Imaginario Simulado Ensayo".split()
_APELLIDOS = """
    Aguirre Alonso Álvarez Arellano Ávila Barrera Bautista Becerra Bravo Cabrera Calderón Camacho Cárdenas
    Carrillo Cervantes Contreras Córdova Cortés Delgado Díaz Domínguez Escobar Espinosa Estrada Fernández
    Figueroa Franco Fuentes Gallegos García Gómez González Guerrero Gutiérrez Guzmán Hernández Ibarra Jiménez
    Juárez León Luna Maldonado Marín Márquez Martínez Mejía Méndez Meza Miranda Molina Montes Moreno Muñoz
    Navarro Núñez Ochoa Olvera Orozco Pacheco Palacios Parra Pineda Ponce Quiñones Ramos Reyes Rivera
    Rodríguez Rojas Rosales Ruiz Salas Sánchez Sandoval Santiago Serrano Silva Sosa Soto Suárez Tapia Trejo
    Valencia Vargas Vázquez Velasco Villanueva Yáñez Zamora Zavala
""".split()
# Public prefixes. Where people registered need not be where they were born.
_PREFIJOS = "03 04 09 12 13 15 16 21 22 23 24 28 31 32 33 39 45 51 52 53 55 71 72 81 83 90 94 96".split()
# Two of three are of the age of students; the others show that there is no age limit.
_JOVENES = range(date(1996, 1, 1).toordinal(), date(2011, 7, 1).toordinal())
_MAYORES = range(date(1951, 1, 1).toordinal(), date(1996, 1, 1).toordinal())
_ULTIMO_REGISTRO = 2026


class _Dado:
    """Choices that look like chance and are always the same for one seed."""

    def __init__(self, semilla: str) -> None:
        self._resto = int.from_bytes(hashlib.blake2b(semilla.encode(), digest_size=24).digest())

    def elegir[T](self, opciones: Sequence[T]) -> T:
        self._resto, cual = divmod(self._resto, len(opciones))
        return opciones[cual]


def personas_sinteticas(cuantas: int) -> Iterator[Persona]:
    """The first `cuantas` of an endless list that is always the same; one of three has an NSS. Not saved."""
    vistas = {caso.curp for caso in CASOS}
    dados: Counter[str] = Counter()
    for numero in range(cuantas):
        for vuelta in count():
            dado = _Dado(f"{numero}:{vuelta}")
            persona = _persona(dado)
            if persona.curp not in vistas:
                break
        vistas.add(persona.curp)
        if numero % 3 == 2:
            nacimiento = persona.nacimiento.year
            registro = min(nacimiento + dado.elegir(range(15, 24)), _ULTIMO_REGISTRO)
            serie = f"{dado.elegir(_PREFIJOS)}{registro % 100:02d}{nacimiento % 100:02d}"
            # From the end of each series, below the fixture's: the portal gives them from the beginning.
            persona.nss = componer_nss(serie[:2], registro, nacimiento, 9499 - dados[serie])
            dados[serie] += 1
        yield persona


def _persona(dado: _Dado) -> Persona:
    sexo = dado.elegir("X" + "HM" * 20)
    nombres = dado.elegir(_NOMBRES[sexo])
    if dado.elegir(range(3)) == 0:
        nombres += f" {dado.elegir([n for n in _NOMBRES[sexo] if n != nombres])}"
    apellidos = [dado.elegir(_INVENTADOS), dado.elegir(_APELLIDOS)]
    if dado.elegir(range(2)):
        apellidos.reverse()
    elif dado.elegir(range(30)) == 0:
        apellidos[1] = ""
    nacimiento = date.fromordinal(dado.elegir(dado.elegir((_JOVENES, _JOVENES, _MAYORES))))
    entidad = dado.elegir(list(ENTIDADES))
    homoclave = dado.elegir("0123456789" if nacimiento.year < 2000 else "ABCDEFGHIJ")
    curp17 = raiz_curp(nombres, apellidos[0], apellidos[1], nacimiento, sexo, entidad) + homoclave
    return Persona(
        curp=curp17 + digito_curp(curp17),
        nombres=nombres,
        primer_apellido=apellidos[0],
        segundo_apellido=apellidos[1],
        nacimiento=nacimiento,
        sexo=sexo,
        entidad=entidad,
    )
