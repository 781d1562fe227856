"""What becomes of each row of a file: judged a thousand at a time, beside what the tables say."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from nss_portal.archivos.carga import ejecutar_cada
from nss_portal.personas.models import Persona
from vigencia.escuelas.archivo import renglones
from vigencia.escuelas.archivo.renglones import ALTA, BAJA, Dicho, PorOmision
from vigencia.escuelas.comprobacion import Falta, comprobar
from vigencia.escuelas.inscripciones import POR_DEFUNCION, elegir_registro, estorbo, fallecidas
from vigencia.models import Inscripcion, Lote, Nivel, RegistroPatronal, Renglon

Veredicto = Renglon.Veredicto

FALTAS = {
    Falta.DESCONOCIDA: "La CURP está bien escrita, pero no es de nadie en el registro: revísala.",
    Falta.SIN_NSS: "Todavía no tiene NSS: debe obtenerlo en el paso 1 de este portal.",
    Falta.NO_CORRESPONDE: "El NSS no es el de esa CURP: compáralos con los documentos del alumno.",
    Falta.NO_ESCRITO: "Falta el NSS.",
    Falta.TOPE: "Tu escuela llegó a su tope de comprobaciones de hoy: sube mañana este renglón.",
}
_NO_INSCRITA = "No está entre los alumnos de tu escuela."


class Suya(NamedTuple):
    """An enrolment of the person at this school."""

    ciclo: str
    nivel: str
    registro: str
    matricula: str
    alta: date
    fin: date
    baja: date | None
    causa: str


class Leido(NamedTuple):
    pk: int
    linea: int
    dicho: Dicho


def leer(lote: Lote, filas: Iterable[tuple[int, int, dict[str, str]]], hoy: date) -> list[Leido]:
    """What the rows (key, line, data) say. No database: it may take its time outside any transaction."""
    omision = PorOmision(lote.ciclo, lote.fin, lote.nivel)
    return [Leido(pk, linea, renglones.leer(datos, omision, hoy)) for pk, linea, datos in filas]


def revisar(lote: Lote, leidos: Sequence[Leido], hoy: date) -> None:
    """Write the verdict of each row. The same few queries for one row as for two thousand.

    Rows come in the file's order, and those before them are already judged. Call it in a transaction: it
    counts the checks of the day.
    """
    personas = _identificar(lote, leidos)
    contexto = _Contexto(lote, {persona.pk for persona in personas.values()}, hoy)
    filas = []
    for leido in leidos:
        veredicto, registro = contexto.juzgar(leido, personas.get(leido.pk))
        filas.append(_fila(leido, veredicto, personas.get(leido.pk), registro))
    ejecutar_cada(_GUARDAR, filas)


def _identificar(lote: Lote, leidos: Sequence[Leido]) -> dict[int, Persona]:
    """Who each row without errors is about, by the row's key; the others get one more error.

    An alta is checked, and counts as such. A baja looks only among the school's own, and says the same of
    whoever is not there, be it somebody or nobody.
    """
    sanos = [leido for leido in leidos if not leido.dicho.errores]
    personas: dict[int, Persona] = {}
    altas = [leido for leido in sanos if leido.dicho.movimiento == ALTA]
    respuestas = comprobar(lote.escuela, lote.usuario, [(a.dicho.curp, a.dicho.nss) for a in altas])
    for leido, respuesta in zip(altas, respuestas, strict=True):
        leido.dicho.sin_nss = False  # answered
        if isinstance(respuesta, Falta):
            leido.dicho.errores.append(FALTAS[respuesta])
        else:
            personas[leido.pk] = respuesta
    bajas = [leido for leido in sanos if leido.dicho.movimiento == BAJA]
    suyos = Persona.objects.filter(inscripciones__escuela=lote.escuela_id).distinct() if bajas else None
    por_curp, por_nss = {}, {}
    if suyos is not None:
        por_curp = suyos.por_curp(b.dicho.curp for b in bajas if b.dicho.curp)
        por_nss = {p.nss: p for p in suyos.filter(nss__in=[b.dicho.nss for b in bajas if not b.dicho.curp])}
    for leido in bajas:
        dicho = leido.dicho
        persona = por_curp.get(dicho.curp) if dicho.curp else por_nss.get(dicho.nss)
        if persona is None:
            dicho.errores.append(_NO_INSCRITA)
        elif dicho.nss and persona.nss != dicho.nss:
            dicho.errores.append(FALTAS[Falta.NO_CORRESPONDE])
        else:
            personas[leido.pk] = persona
    return personas


class _Contexto:
    """What the tables say of the people in hand, read once for all of them."""

    def __init__(self, lote: Lote, personas: set[int], hoy: date) -> None:
        self.hoy = hoy
        self.niveles = set(lote.escuela.niveles)
        self.registros = {registro.pk: registro for registro in lote.escuela.registros.all()}
        self.suyas: dict[int, list[Suya]] = defaultdict(list)
        propias = Inscripcion.objects.filter(escuela=lote.escuela_id, persona__in=personas).order_by("alta")
        for persona, *datos in propias.values_list("persona", *Suya._fields):
            self.suyas[persona].append(Suya(*datos))
        self.fallecidas = fallecidas(personas)
        ajenas = Inscripcion.objects.vigentes(hoy).filter(persona__in=personas)
        self.en_otra = set(ajenas.exclude(escuela=lote.escuela_id).values_list("persona", flat=True))
        anteriores = lote.renglones.filter(persona__in=personas).exclude(veredicto__in=["", Veredicto.ERROR])
        self.lineas: dict[tuple[int, str], int] = {
            (persona, ciclo): linea
            for persona, ciclo, linea in anteriores.values_list("persona", "ciclo", "linea")
        }

    def juzgar(self, leido: Leido, persona: Persona | None) -> tuple[Veredicto, RegistroPatronal | None]:
        dicho, registro, igual = leido.dicho, None, False
        if dicho.movimiento == ALTA and dicho.propios:
            # Whoever it is of, a level or a record that is not the school's is said.
            registro = self._registro(dicho)
        elif dicho.registro and dicho.registro not in self.registros:
            dicho.errores.append("El registro patronal no es de tu escuela.")
        if persona is not None and not dicho.errores:
            igual = (self._alta if dicho.movimiento == ALTA else self._baja)(dicho, persona)
        if persona is not None and not dicho.errores:
            self._una_vez(leido, persona)
        if dicho.errores or persona is None:
            self._sin_numero(dicho)
            return Veredicto.ERROR, None
        if igual:
            return Veredicto.SIN_CAMBIO, registro
        renglones.avisar_del_nombre(dicho, persona.curp)
        if dicho.movimiento == ALTA and persona.pk in self.en_otra:
            renglones.avisar(dicho, Renglon.Aviso.OTRA_INSTITUCION)
        return (Veredicto.ADVERTENCIA if dicho.avisos else Veredicto(dicho.movimiento)), registro

    def _sin_numero(self, dicho: Dicho) -> None:
        """Of a row that was not asked about, because something else is wrong, the missing NSS is said too."""
        if dicho.sin_nss:
            dicho.errores.append(FALTAS[Falta.NO_ESCRITO])

    def _registro(self, dicho: Dicho) -> RegistroPatronal | None:
        """The record by which it is reported, and from it the level when nothing else says it."""
        propio = self.registros.get(dicho.registro)
        if dicho.registro and propio is None:
            dicho.errores.append("El registro patronal no es de tu escuela.")
            return None
        if "nivel" not in dicho.propios and propio and propio.nivel:
            dicho.nivel = propio.nivel
        if not dicho.nivel and len(self.niveles) == 1:
            [dicho.nivel] = self.niveles
        if not dicho.nivel:
            if "nivel" not in dicho.propios:  # otherwise it is already said to be none
                dicho.errores.append("Falta el nivel.")
            return None
        if dicho.nivel not in self.niveles:
            dicho.errores.append(f"Tu escuela no imparte {Nivel(dicho.nivel).label.lower()}.")
            return None
        registro = propio or elegir_registro(self.registros.values(), dicho.nivel)
        if registro is None:
            dicho.errores.append(
                f"Tu escuela no tiene registro patronal para {Nivel(dicho.nivel).label.lower()}: pide que lo "
                "agreguen."
            )
        elif registro.nivel and registro.nivel != dicho.nivel:
            dicho.errores.append(f"Ese registro patronal es de {Nivel(registro.nivel).label.lower()}.")
        return registro

    def _alta(self, dicho: Dicho, persona: Persona) -> bool:
        """Whether it already is so; what is in its way is an error."""
        assert dicho.alta and dicho.fin
        if persona.pk in self.fallecidas:
            dicho.errores.append(POR_DEFUNCION)
            return False
        del_ciclo = [suya for suya in self.suyas[persona.pk] if suya.ciclo == dicho.ciclo]
        abierta = next((suya for suya in del_ciclo if suya.baja is None), None)
        if abierta is not None:
            distinto = _distinto(dicho, abierta)
            if distinto:
                # In its own page an alta is not written over: what was said is history.
                como = (
                    "dale de baja ese mismo día y sube este renglón otra vez"
                    if dicho.alta != abierta.alta
                    else "cámbialos en su inscripción"
                )
                dicho.errores.append(
                    f"Ya está en el ciclo {dicho.ciclo} con otros datos ({', '.join(distinto)}). Si están "
                    f"mal, {como}."
                )
            return not distinto
        if motivo := estorbo(dicho.alta, dicho.fin, del_ciclo):
            dicho.errores.append(motivo)
        return False

    def _baja(self, dicho: Dicho, persona: Persona) -> bool:
        """Whether it already is so; what is in its way is an error."""
        assert dicho.baja
        suyas = [s for s in self.suyas[persona.pk] if dicho.ciclo in ("", s.ciclo)]
        alcanza = [s for s in suyas if s.baja is None and s.alta <= dicho.baja <= s.fin]
        if alcanza:
            if len(alcanza) == 1:
                dicho.ciclo = alcanza[0].ciclo
            return False
        abiertas = [s for s in suyas if s.baja is None]
        ese_dia = [s for s in suyas if s.baja == dicho.baja]
        if any(s.causa == dicho.causa for s in ese_dia):
            dicho.ciclo = ese_dia[-1].ciclo
            return True
        if not suyas:
            dicho.errores.append(f"No está inscrita en el ciclo {dicho.ciclo}.")
        elif abiertas:
            ultima = abiertas[-1]
            dicho.errores.append(
                f"La baja debe ir del {ultima.alta:%d/%m/%Y} al {ultima.fin:%d/%m/%Y}, mientras dura su "
                "inscripción."
            )
        else:
            dicho.errores.append(f"Ya tuvo su baja el {suyas[-1].baja:%d/%m/%Y}.")
        return False

    def _una_vez(self, leido: Leido, persona: Persona) -> None:
        """One row a person and cycle: of two, which one would hold?"""
        antes = self.lineas.setdefault((persona.pk, leido.dicho.ciclo), leido.linea)
        if antes != leido.linea:
            leido.dicho.errores.append(f"Esta persona ya está en la línea {antes}, en el mismo ciclo.")


def _distinto(dicho: Dicho, suya: Suya) -> list[str]:
    """What the row itself says otherwise than the enrolment has it."""
    distinto = []
    if dicho.alta != suya.alta:
        distinto.append(f"alta {suya.alta:%d/%m/%Y}")
    if "fin" in dicho.propios and dicho.fin != suya.fin:
        distinto.append(f"fin {suya.fin:%d/%m/%Y}")
    if "nivel" in dicho.propios and dicho.nivel != suya.nivel:
        distinto.append(f"nivel {Nivel(suya.nivel).label.lower()}")
    if dicho.registro and dicho.registro != suya.registro:
        distinto.append("registro patronal")
    # The file of 168 columns has ten of them for it, and only capitals.
    iguales = {suya.matricula, suya.matricula[:10].upper()} if dicho.registro else {suya.matricula}
    if dicho.matricula and dicho.matricula not in iguales:
        distinto.append("matrícula")
    return distinto


_GUARDAR = """
    UPDATE vigencia_renglon SET veredicto = %s, motivos = %s, avisos = %s, movimiento = %s,
        persona_id = %s, registro_id = %s, ciclo = %s, nivel = %s, matricula = %s,
        alta = %s, fin = %s, baja = %s, causa = %s
    WHERE id = %s
"""


def _fila(
    leido: Leido, veredicto: Veredicto, persona: Persona | None, registro: RegistroPatronal | None
) -> tuple[Any, ...]:
    dicho, mal = leido.dicho, veredicto == Veredicto.ERROR
    motivos = "\n".join(dicho.errores if mal else dicho.avisos.values())
    avisos = "" if mal else " ".join(dicho.avisos)
    if mal:
        vacio = (None, None, "", "", "", None, None, None, "")
        return (veredicto.value, motivos, avisos, str(dicho.movimiento), *vacio, leido.pk)
    return (
        veredicto.value,
        motivos,
        avisos,
        str(dicho.movimiento),
        persona and persona.pk,
        registro and registro.pk,
        dicho.ciclo,
        dicho.nivel,
        dicho.matricula,
        *(dia and dia.isoformat() for dia in (dicho.alta, dicho.fin, dicho.baja)),
        dicho.causa,
        leido.pk,
    )
