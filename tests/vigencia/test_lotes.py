"""A school's file from its upload to its confirmation, however often it is cut short."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from nss_portal import colas
from nss_portal.models import Aviso, Envio, Estado, Persona, Tramite
from nss_portal.servicio.almacen import Duradero
from tests.apoyo import reanudar
from tests.vigencia.alumnos import ALTA, CICLO, FIN, alumno, alumnos, escuela, fila, lista, sin_numero
from vigencia.escuelas import comprobacion, inscripciones, periodo
from vigencia.escuelas.archivo import dispmag, formatos, inscribir, lotes
from vigencia.escuelas.archivo.formatos import COLUMNAS, DE_BAJA, ArchivoIlegible
from vigencia.models import Escuela, Inscripcion, Lote, RegistroPatronal, Renglon

pytestmark = pytest.mark.usefixtures("catalogo")
HOY = date(2026, 9, 1)
CON_BAJAS = [*COLUMNAS, *DE_BAJA]


@pytest.fixture(autouse=True)
def hoy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *a, **k: HOY)


@pytest.fixture
def una() -> Escuela:
    return escuela()


@pytest.fixture
def otra() -> Escuela:
    return escuela("31DXX9002B", "La escuela de junto")


def subir(una: Escuela, contenido: bytes, **omision: Any) -> Lote:
    return lotes.recibir(una, None, ContentFile(contenido, name="lista.csv"), **omision)


def revisar(una: Escuela, contenido: bytes, **omision: Any) -> Lote:
    """Uploaded and reviewed, without the queue."""
    lote = subir(una, contenido, **omision)
    while lotes.avanzar(lote.pk):
        pass
    lote.refresh_from_db()
    return lote


def guardar(lote: Lote) -> Lote:
    assert lotes.confirmar(lote)
    while lotes.avanzar(lote.pk):
        pass
    lote.refresh_from_db()
    assert lote.estado == Lote.Estado.CONFIRMADO
    return lote


def inscrita(una: Escuela, persona: Persona, **cambios: Any) -> Inscripcion:
    valores = {"ciclo": CICLO, "nivel": "superior", "matricula": f"M{persona.nss}", "alta": ALTA, "fin": FIN}
    return Inscripcion.objects.create(
        escuela=una, persona=persona, registro=una.registros.first(), **valores | cambios
    )


def veredictos(lote: Lote) -> list[str]:
    return list(lote.renglones.order_by("linea").values_list("veredicto", flat=True))


def unico(una: Escuela, renglon: dict[str, str], columnas: list[str] = CON_BAJAS) -> tuple[str, str]:
    """The verdict and reasons of a file of one row."""
    return revisar(una, lista([renglon], columnas)).renglones.values_list("veredicto", "motivos").get()


def guardados() -> list[str]:
    try:
        return default_storage.listdir("lotes")[1]
    except FileNotFoundError:
        return []


@pytest.fixture(autouse=True)
def sin_restos() -> Iterator[None]:
    """Whatever happened, no uploaded file stays."""
    antes = guardados()
    yield
    assert guardados() == antes


# --- The whole way ----------------------------------------------------------------------------------


def test_de_la_subida_a_la_confirmacion(una: Escuela, trabajar: Callable[[], None]) -> None:
    personas = alumnos(3)
    lote = subir(una, lista([fila(p) for p in personas]))
    assert (lote.estado, lote.avance()) == (Lote.Estado.RECIBIDO, (0, 0))
    trabajar()
    lote.refresh_from_db()
    assert (lote.estado, lote.avance(), lote.formato) == (Lote.Estado.POR_CONFIRMAR, (3, 3), "csv")
    conteos = dict.fromkeys(Renglon.Veredicto.values, 0) | {"alta": 3}
    assert lote.conteos() == conteos and not lote.todo_igual
    assert not una.inscripciones.exists()
    assert lotes.confirmar(lote) and lote.estado == Lote.Estado.CONFIRMANDO
    assert not lotes.confirmar(lote) and not lotes.cancelar(lote)
    trabajar()
    lote.refresh_from_db()
    assert (lote.estado, lote.altas, lote.bajas) == (Lote.Estado.CONFIRMADO, 3, 0)
    for inscripcion in una.inscripciones.select_related("persona"):
        assert inscripcion.lote == lote and inscripcion.persona in personas
        assert inscripcion.matricula == f"M{inscripcion.persona.nss}"
        assert inscripcion.registro == una.registros.get()
        inscripcion.full_clean()
    assert una.inscripciones.vigentes(HOY).count() == 3


@pytest.mark.parametrize("formato", ["csv", "xlsx", "dispmag"])
def test_subir_lo_mismo_otra_vez_no_cambia_nada(una: Escuela, formato: str) -> None:
    """In each format: what the portal gives back is what it already has."""
    guardar(revisar(una, lista([fila(p, matricula=f"a{p.nss}") for p in alumnos(3)])))
    inscripciones.dar_de_baja(una.inscripciones.filter(persona__nss=alumno(1).nss), HOY, "2")
    antes = list(Inscripcion.objects.order_by("pk").values())
    filas = una.inscripciones.select_related("persona", "registro").order_by("pk")
    if formato == "csv":
        contenido = b"".join(formatos.escribir_csv(filas, con_bajas=True))
    elif formato == "xlsx":
        with formatos.escribir_xlsx(filas, con_bajas=True) as archivo:
            contenido = archivo.read()
    else:
        contenido = b"".join(dispmag.escribir(filas)[0])
    lote = revisar(una, contenido, ciclo=CICLO, fin=FIN, nivel="superior")
    assert lote.formato == formato
    assert veredictos(lote) == ["sin-cambio"] * 3 and lote.todo_igual
    guardar(lote)
    assert (lote.altas, lote.bajas) == (0, 0)
    assert list(Inscripcion.objects.order_by("pk").values()) == antes
    assert not Envio.objects.exists()


def test_el_de_168_columnas_inscribe_y_da_de_baja(una: Escuela) -> None:
    ana, luz = alumnos(2)
    registro = una.registros.get()
    altas = [Inscripcion(persona=p, registro=registro, matricula="7", alta=ALTA, fin=FIN) for p in (ana, luz)]
    contenido = b"".join(dispmag.escribir(altas)[0])
    lote = guardar(revisar(una, contenido, ciclo=CICLO, fin=FIN))
    assert (lote.altas, lote.formato) == (2, "dispmag")
    assert set(una.inscripciones.values_list("ciclo", "fin", "nivel", "matricula")) == {
        (CICLO, FIN, "superior", "7")
    }
    altas[0].baja, altas[0].causa = HOY, "1"
    lote = guardar(revisar(una, b"".join(dispmag.escribir(altas[:1])[0])))
    assert (lote.altas, lote.bajas) == (0, 1)
    assert una.inscripciones.get(persona=ana).baja == HOY
    assert list(una.inscripciones.vigentes(HOY).values_list("persona", flat=True)) == [luz.pk]


def test_altas_y_bajas_en_el_mismo_archivo(una: Escuela) -> None:
    """The old cycle ends and the new one begins; a baja without a cycle ends whatever is open that day."""
    ana, luz = alumnos(2)
    inscrita(una, ana, ciclo="2026-1", alta=date(2026, 1, 12), fin=date(2026, 12, 31))
    inscrita(una, luz)
    inscrita(una, luz, ciclo="2026-2")
    filas = [
        fila(ana, movimiento="baja", baja="2026-08-24", causa="Término de estudios", ciclo="2026-1"),
        fila(ana),
        {"curp": luz.curp, "movimiento": "Baja", "baja": "01/09/2026", "causa": "3"},
    ]
    lote = guardar(revisar(una, lista(filas, CON_BAJAS)))
    assert (lote.altas, lote.bajas) == (1, 3)
    assert list(una.inscripciones.vigentes(HOY).values_list("persona", "ciclo")) == [(ana.pk, CICLO)]
    assert set(una.inscripciones.filter(persona=luz).values_list("baja", "causa")) == {(HOY, "3")}


def test_el_archivo_se_borra_y_su_nombre_no_delata(una: Escuela) -> None:
    persona = alumnos(1)[0]
    archivo = ContentFile(lista([fila(persona)]), name=f"/casa/lista {persona.curp}.csv")
    lote = lotes.recibir(una, None, archivo)
    assert lote.nombre == "lista <curp>.csv"
    assert guardados() == [str(lote.pk)]
    while lotes.avanzar(lote.pk):
        pass
    lote.refresh_from_db()
    assert not lote.archivo and guardados() == []


# --- Verdicts ---------------------------------------------------------------------------------------


def test_doce_fallas(una: Escuela, otra: Escuela) -> None:
    """Exactly those, each with its words, and nothing said of who they are."""
    personas = alumnos(40)
    filas = [fila(p) for p in personas]
    sin_numero(personas[3])
    inscrita(otra, personas[9])
    ajeno = filas[20]["nss"]
    cambios: dict[int, dict[str, str]] = {
        0: {"curp": filas[0]["curp"][:-1]},
        1: {"nss": filas[1]["nss"][:-1] + "X"},
        2: {"nss": ajeno},
        4: {"curp": filas[5]["curp"], "nss": filas[5]["nss"]},
        6: {"alta": "2026-02-30"},
        7: {"nivel": "secundaria"},
        8: {"nivel": "posgrado"},
        10: {"fin": "2026-08-01"},
        11: {"ciclo": "2026"},
        12: {"nombres": "Beatriz"},
        13: {"curp": alumno(90).curp},
    }
    for numero, cambio in cambios.items():
        filas[numero] |= cambio
    lote = revisar(una, lista(filas))
    distintos = lote.renglones.exclude(veredicto="alta").order_by("linea")
    assert [(r.linea - 2, r.veredicto, r.motivos) for r in distintos] == [
        (0, "error", "La CURP debe tener 18 caracteres."),
        (1, "error", "NSS: En la posición 11 va un número, no «X»."),
        (2, "error", "El NSS no es el de esa CURP: compáralos con los documentos del alumno."),
        (3, "error", "Todavía no tiene NSS: debe obtenerlo en el paso 1 de este portal."),
        (5, "error", "Esta persona ya está en la línea 6, en el mismo ciclo."),
        (6, "error", "La fecha de alta «2026-02-30» no existe."),
        (7, "error", "El nivel «secundaria» no es ninguno: medio-superior, superior o posgrado."),
        (8, "error", "Tu escuela no imparte posgrado."),
        (9, "advertencia", "Otra institución tiene una inscripción vigente de esta persona."),
        (10, "error", "El fin (01/08/2026) es anterior al alta (24/08/2026)."),
        (11, "error", "El ciclo se escribe 2026-2027 o 2026-1, no «2026»."),
        (12, "advertencia", "El nombre no da esa CURP: revisa que las dos sean de la misma persona."),
        (13, "error", "La CURP está bien escrita, pero no es de nadie en el registro: revísala."),
    ]
    esperados = {"alta": 27, "baja": 0, "sin-cambio": 0, "advertencia": 2, "fuera": 0, "error": 11}
    assert lote.conteos() == esperados
    assert guardar(lote).altas == 27
    assert lote.conteos() == esperados | {"advertencia": 0, "fuera": 2}


@pytest.mark.parametrize(
    ("antes", "renglon", "veredicto", "dice"),
    [
        ({}, {}, "sin-cambio", ""),
        ({}, {"matricula": "", "nombres": "Otra"}, "sin-cambio", ""),
        ({}, {"fin": "2027-06-30"}, "error", "con otros datos (fin 31/07/2027)"),
        ({}, {"alta": "2026-08-25", "matricula": "X"}, "error", "(alta 24/08/2026, matrícula)"),
        ({"baja": HOY, "causa": "1"}, {}, "error", "el alta es de la misma fecha"),
        ({"baja": HOY, "causa": "1"}, {"alta": "2026-08-31"}, "error", "desde el 01/09/2026"),
        ({"baja": HOY, "causa": "1"}, {"alta": "2026-09-01"}, "alta", ""),
        ({"baja": ALTA, "causa": "1"}, {"alta": "2026-08-20"}, "alta", ""),
        ({"ciclo": "2025-2026"}, {}, "alta", ""),
        ({}, {"movimiento": "baja", "baja": "2026-09-01", "causa": "2"}, "baja", ""),
        ({}, {"movimiento": "baja", "baja": "2026-08-24", "causa": "9", "nss": ""}, "baja", ""),
        (
            {},
            {"movimiento": "baja", "baja": "2026-08-23", "causa": "2"},
            "error",
            "del 24/08/2026 al 31/07/2027",
        ),
        (
            {},
            {"movimiento": "baja", "baja": "2026-09-01", "causa": "2", "ciclo": "2026-3"},
            "error",
            "en el ciclo 2026-3",
        ),
        ({}, {"movimiento": "baja", "baja": "2026-09-01", "causa": "7"}, "error", "La causa «7» no es"),
        (
            {"baja": HOY, "causa": "2"},
            {"movimiento": "baja", "baja": "2026-09-01", "causa": "2"},
            "sin-cambio",
            "",
        ),
        (
            {"baja": HOY, "causa": "2"},
            {"movimiento": "baja", "baja": "2026-09-02", "causa": "2"},
            "error",
            "Ya tuvo su baja el 01/09/2026",
        ),
        (None, {"fin": "2026-08-31"}, "advertencia", "El fin ya pasó"),
        (None, {"alta": "2025-08-01"}, "advertencia", "de hace más de un año"),
        (None, {"alta": "2027-09-02", "fin": "2028-07-31"}, "alta", ""),
        (None, {"alta": "2027-09-03", "fin": "2028-07-31"}, "error", "a más de un año de hoy"),
        (None, {"alta": "2036-08-24", "fin": "2037-07-31", "ciclo": "2036-2037"}, "error", "(24/08/2036)"),
        (None, {"alta": "2036-08-24", "fin": ""}, "error", "a más de un año de hoy"),
        (None, {"alta": "1999-12-31", "fin": "2000-12-31"}, "error", "anterior al nacimiento"),
        (None, {"ciclo": "2023-2024"}, "advertencia", "no es del ciclo 2023-2024"),
        (None, {"registro": "A0000000320"}, "error", "El registro patronal no es de tu escuela."),
        (None, {"nivel": ""}, "alta", ""),
        (
            None,
            {"movimiento": "baja", "baja": "2026-09-01", "causa": "2"},
            "error",
            "No está entre los alumnos",
        ),
    ],
)
def test_segun_lo_que_ya_hay(
    una: Escuela, antes: dict[str, Any] | None, renglon: dict[str, str], veredicto: str, dice: str
) -> None:
    persona = alumnos(1)[0]
    if antes is not None:
        inscrita(una, persona, **antes)
    obtenido, motivos = unico(una, fila(persona, **renglon), [*CON_BAJAS, "registro"])
    assert (obtenido, dice in motivos) == (veredicto, True), motivos


def test_una_baja_de_otra_escuela_no_dice_nada(una: Escuela, otra: Escuela) -> None:
    """The same words for a student of the school next door and for nobody: an upload is no oracle."""
    persona = alumnos(1)[0]
    inscrita(otra, persona)
    baja = {"movimiento": "baja", "baja": "2026-09-01", "causa": "2"}
    ajena = unico(una, fila(persona, **baja))
    assert (
        ajena == unico(una, fila(alumno(50), **baja)) == ("error", "No está entre los alumnos de tu escuela.")
    )
    assert unico(una, {"nss": persona.nss or ""} | baja) == ajena


def test_el_registro_de_otra_escuela(una: Escuela, otra: Escuela) -> None:
    persona = alumnos(1)[0]
    ajena = Inscripcion(persona=persona, registro=otra.registros.get(), alta=ALTA, fin=FIN)
    lote = revisar(una, b"".join(dispmag.escribir([ajena])[0]), ciclo=CICLO, fin=FIN)
    renglon = lote.renglones.get()
    assert (renglon.veredicto, renglon.motivos) == ("error", "El registro patronal no es de tu escuela.")
    assert otra.nombre not in renglon.motivos


def test_cada_nivel_por_su_registro(una: Escuela) -> None:
    Escuela.objects.filter(pk=una.pk).update(posgrado=True)
    RegistroPatronal.objects.create(escuela=una, registro="Y3100099321", nivel="posgrado")
    ana, luz, sol, eva = alumnos(4)
    filas = [fila(ana), fila(luz, nivel="Posgrado"), fila(sol, nivel=""), fila(eva, registro="Y3100099321")]
    columnas = [*COLUMNAS, "registro"]
    lote = revisar(una, lista(filas, columnas))
    assert list(lote.renglones.values_list("veredicto", "motivos")) == [
        ("alta", ""),
        ("alta", ""),
        ("error", "Falta el nivel."),
        ("error", "Ese registro patronal es de posgrado."),
    ]
    guardar(lote)
    assert set(una.inscripciones.values_list("persona", "registro")) == {
        (ana.pk, "Z3190010321"),
        (luz.pk, "Y3100099321"),
    }
    RegistroPatronal.objects.create(escuela=una, registro="X3100099321")
    # Of several general ones, the first; the file may say another.
    for dicho, registro in (({}, "X3100099321"), ({"registro": "Z3190010321"}, "Z3190010321")):
        lote = revisar(una, lista([fila(sol, **dicho)], columnas))
        assert lote.renglones.values_list("veredicto", "registro").get() == ("alta", registro)
    una.registros.filter(nivel="").update(nivel="posgrado")
    assert "Tu escuela no tiene registro patronal para superior" in unico(una, fila(eva))[1]


def test_el_tope_del_dia(una: Escuela, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comprobacion, "TOPE_DIARIO", 2)
    lote = revisar(una, lista([fila(p) for p in alumnos(3)]))
    assert veredictos(lote) == ["alta", "alta", "error"]
    assert "tope de comprobaciones de hoy" in lote.renglones.last().motivos  # type: ignore[union-attr]


@pytest.mark.parametrize("formato", ["csv", "xlsx", "dispmag"])
def test_los_errores_vuelven_como_el_mismo_archivo(una: Escuela, formato: str) -> None:
    ana, luz = alumnos(2)
    columnas = ["nss", "curp", "alta", "matricula"]
    malo = fila(luz, curp=luz.curp[:-1], alta="=nunca")
    if formato == "csv":
        contenido = lista([fila(ana), malo], columnas, ";")
    elif formato == "xlsx":
        with formatos.tabla_xlsx(columnas, [[f[c] for c in columnas] for f in (fila(ana), malo)]) as libro:
            contenido = libro.read()
    else:
        altas = [Inscripcion(persona=p, registro=una.registros.get(), alta=ALTA, fin=FIN) for p in (ana, luz)]
        contenido = b"".join(dispmag.escribir(altas)[0]).replace(luz.curp.encode(), b"X" * 18)
    lote = revisar(una, contenido, ciclo=CICLO, fin=FIN, nivel="superior")
    assert veredictos(lote) == ["alta", "error"]
    nombre, trozos = lotes.con_motivos(lote)
    devuelto = b"".join(trozos)
    assert nombre == "con-errores-2026-09-01." + {"dispmag": "txt"}.get(formato, formato)
    formato_devuelto, leidas, filas = formatos.leer(BytesIO(devuelto))
    assert formato_devuelto == formato and (formato == "dispmag" or leidas == columnas)
    [(_, datos)] = filas
    assert datos == lote.renglones.get(veredicto="error").datos
    if formato == "dispmag":
        assert devuelto.count(b"\t") == 1 and b"CURP: En la posici\xf3n 2 va" not in devuelto.split(b"\t")[0]
    if formato == "csv":
        cabeza, linea, _ = devuelto.decode("utf-8-sig").split("\r\n")
        assert cabeza == "nss,curp,alta,matricula,motivo"
        assert "La CURP debe tener 18 caracteres. La fecha de alta" in linea and ",'=nunca," in linea


# --- Cut short, twice, at once ----------------------------------------------------------------------


def como_quedo(lote: Lote) -> list[Any]:
    campos = ["linea", "datos", "veredicto", "motivos", "persona", "registro", "alta", "fin", "ciclo"]
    return list(lote.renglones.order_by("linea").values_list(*campos))


def test_interrumpido_en_cualquier_turno_acaba_igual(una: Escuela, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at the end of a turn's work, before it is written down, once in each turn there is."""
    monkeypatch.setattr(lotes, "POR_TURNO", 2)
    contenido = lista([fila(p) for p in alumnos(5)] + [fila(alumno(70))])
    derecho = revisar(una, contenido)
    hechas = una.comprobaciones.count()
    verdadero, vueltas = lotes._anotar, 0

    class Muerte(BaseException):
        pass

    for muere_en in range(1, 30):
        veces = 0

        def anotar(lote: Lote, muere_en: int = muere_en, **cambios: Any) -> None:
            nonlocal veces
            veces += 1
            verdadero(lote, **cambios)
            if veces == muere_en:
                raise Muerte

        monkeypatch.setattr(lotes, "_anotar", anotar)
        lote = subir(una, contenido)
        try:
            while lotes.avanzar(lote.pk):
                pass
        except Muerte:
            vueltas += 1
            assert not lotes.avanzar(lote.pk), "somebody seems to have it still"
            Lote.objects.filter(pk=lote.pk).update(libre_desde=Now())  # until the lease is over
        while colas.ARCHIVOS.avanzar():
            pass
        lote.refresh_from_db()
        assert lote.estado == Lote.Estado.POR_CONFIRMAR
        assert como_quedo(lote) == como_quedo(derecho) and lote.conteos() == derecho.conteos()
        assert una.comprobaciones.count() == hechas * (muere_en + 1), "a repeated turn counts once"
        lotes.cancelar(lote)
        if veces < muere_en:
            break
    assert vueltas >= 8


def test_una_muerte_al_confirmar_no_deja_nada_a_medias(una: Escuela, monkeypatch: pytest.MonkeyPatch) -> None:
    lote = revisar(una, lista([fila(p) for p in alumnos(3)]))
    lotes.confirmar(lote)
    verdadero = inscribir.guardar

    def morir(lote: Lote) -> tuple[int, int]:
        verdadero(lote)
        raise KeyboardInterrupt

    monkeypatch.setattr(inscribir, "guardar", morir)
    with pytest.raises(KeyboardInterrupt):
        lotes.avanzar(lote.pk)
    assert not una.inscripciones.exists()
    monkeypatch.setattr(inscribir, "guardar", verdadero)
    assert colas.ARCHIVOS.avanzar() == 0, "its lease is not over"
    Lote.objects.update(libre_desde=Now())
    while colas.ARCHIVOS.avanzar():
        pass
    assert una.inscripciones.count() == 3


def test_lo_que_falla_espera_y_se_avisa(
    una: Escuela, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    persona = alumnos(1)[0]
    lote = subir(una, lista([fila(persona)]))
    monkeypatch.setattr(formatos, "leer", lambda archivo: 1 / 0)
    for _ in range(lotes.INTENTOS_SIN_AVISAR):
        Lote.objects.update(libre_desde=Now())
        assert lotes.avanzar(lote.pk)
    assert colas.ARCHIVOS.avanzar() == 0
    assert Aviso.objects.get().asunto == "Un archivo de alumnos no avanza"
    monkeypatch.undo()
    Lote.objects.update(libre_desde=Now())
    while colas.ARCHIVOS.avanzar():
        pass
    lote.refresh_from_db()
    assert lote.estado == Lote.Estado.POR_CONFIRMAR


def test_un_archivo_que_tumba_a_quien_lo_lee_se_deja(una: Escuela, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed each time in the middle of it, as by the kernel for the memory: a few times, not for ever."""
    lote = subir(una, lista([fila(alumnos(1)[0])]))

    def morir(archivo: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(formatos, "leer", morir)
    for _ in range(lotes.INTENTOS_DE_LEER):
        Lote.objects.update(libre_desde=Now())
        with pytest.raises(KeyboardInterrupt):
            lotes.avanzar(lote.pk)
    Lote.objects.update(libre_desde=Now())
    while colas.ARCHIVOS.avanzar():
        pass
    lote.refresh_from_db()
    assert lote.estado == Lote.Estado.ILEGIBLE and "en varios intentos" in lote.motivo and not lote.archivo


@pytest.mark.parametrize("donde", ["al abrirlo", "en un renglón"])
def test_un_archivo_que_no_se_acaba_de_leer(
    una: Escuela, monkeypatch: pytest.MonkeyPatch, donde: str
) -> None:
    monkeypatch.setattr(lotes, "PLAZO", 0.05)
    verdadero = formatos.abrir_libro

    class Lento:
        def filas(self, *args: Any) -> Iterator[tuple[int, tuple[str, ...]]]:
            yield 1, ("curp", "nss")
            while True:
                pass

    @contextmanager
    def abrir(*args: Any) -> Iterator[Any]:
        with verdadero(*args):
            while donde == "al abrirlo":
                pass
            yield Lento()

    monkeypatch.setattr(formatos, "abrir_libro", abrir)
    with formatos.tabla_xlsx(["curp", "nss"], [["A", "B"]]) as libro:
        lote = revisar(una, libro.read())
    assert lote.estado == Lote.Estado.ILEGIBLE and "tarda demasiado en abrirse" in lote.motivo


def test_quien_perdio_su_turno_no_escribe(una: Escuela) -> None:
    lote = subir(una, lista([fila(p) for p in alumnos(2)]))
    lento = Lote.objects.tomar(lote.pk)
    assert lento and Lote.objects.tomar(lote.pk) is None
    Lote.objects.update(libre_desde=Now())
    assert lotes.avanzar(lote.pk)  # another one reads it meanwhile
    with pytest.raises(lotes._Perdido):
        lotes._leer(lento)
    assert Renglon.objects.count() == 2
    assert lotes.cancelar(lote)
    while lotes.avanzar(lote.pk):
        pass


def aparte(tmp_path: Path, que: str) -> str:
    """In a process of its own, with a database of its own that threads can share."""
    nombre = str(tmp_path / "base.sqlite3") if connection.vendor == "sqlite" else f"aparte_{os.getpid()}"
    return subprocess.run(
        [sys.executable, "-m", "tests.vigencia.aparte", que, nombre],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=180,
    ).stdout


def test_tres_trabajadores_a_la_vez(tmp_path: Path) -> None:
    """Ten files, three of them the same list, and three workers that take whatever they can."""
    assert aparte(tmp_path, "competir").split() == ["confirmado"] * 10 + ["160", "160"]


def test_dos_escuelas_confirman_a_los_mismos_a_la_vez(tmp_path: Path) -> None:
    """Whoever is second finds them enrolled elsewhere, which nobody could see in the review."""
    assert aparte(tmp_path, "escuelas").split() == ["0", "20", "0", "20"]


def test_la_memoria_no_crece_con_el_archivo(tmp_path: Path) -> None:
    antes, despues = map(int, aparte(tmp_path, "memoria").split())
    assert despues - antes < 25_000  # kB, from two thousand rows to twenty thousand


def con_buzon(persona: Persona) -> None:
    """A trámite that came to its end: whoever asked for it gave a mailbox."""
    Tramite.objects.create(
        tipo="nss",
        solicitud=uuid.uuid4(),
        navegador="x",
        curp=persona.curp,
        correo="persona@correo.example",
        persona=persona,
        estado=Estado.RESUELTO,
        resultado="localizado",
    )


def test_dos_que_suben_la_misma_lista(una: Escuela) -> None:
    """Both are reviewed before either is confirmed: nobody twice, nobody two mails."""
    ana, luz, sol = alumnos(3)
    con_buzon(ana)
    con_buzon(luz)
    inscrita(una, sol)
    contenido = lista(
        [fila(ana), fila(luz), fila(sol, movimiento="baja", baja="2026-09-01", causa="1")], CON_BAJAS
    )
    uno, dos = revisar(una, contenido), revisar(una, contenido)
    assert veredictos(uno) == veredictos(dos) == ["alta", "alta", "baja"]
    assert lotes.confirmar(uno) and lotes.confirmar(dos)
    while colas.ARCHIVOS.avanzar():
        pass
    for lote in (uno, dos):
        lote.refresh_from_db()
    assert sorted([(uno.altas, uno.bajas), (dos.altas, dos.bajas)]) == [(0, 0), (2, 1)]
    perdedor = uno if not uno.altas else dos
    assert veredictos(perdedor) == ["sin-cambio"] * 3 and perdedor.todo_igual
    assert una.inscripciones.count() == 3
    assert sorted(Envio.objects.values_list("aviso", flat=True)) == ["inscripcion", "inscripcion"]


def test_lo_que_cambio_desde_la_revision(una: Escuela) -> None:
    """By hand meanwhile: enrolled, given a baja, a record that went to another school."""
    ana, luz, sol, eva = alumnos(4)
    inscrita(una, sol)
    baja = {"movimiento": "baja", "baja": "2026-09-05", "causa": "1"}
    lote = revisar(una, lista([fila(ana), fila(luz), fila(sol, **baja), fila(eva)], CON_BAJAS))
    assert veredictos(lote) == ["alta", "alta", "baja", "alta"]
    inscrita(una, ana, alta=date(2026, 8, 25))
    inscrita(una, luz, baja=HOY, causa="1")
    inscripciones.dar_de_baja(una.inscripciones.filter(persona=sol), HOY, "2")
    guardar(lote)
    assert (lote.altas, lote.bajas) == (1, 0)
    assert veredictos(lote) == ["sin-cambio", "sin-cambio", "sin-cambio", "alta"]
    assert lote.conteos()["sin-cambio"] == 3
    assert una.inscripciones.get(persona=sol).baja == HOY


def test_avisa_a_quien_tiene_buzon(una: Escuela) -> None:
    ana, luz, sol = alumnos(3)
    for persona in (ana, luz, sol):
        con_buzon(persona)
    inscrita(una, luz)
    filas = [
        fila(ana),
        fila(luz, movimiento="baja", baja="2026-09-01", causa="1"),
        fila(sol, alta="2026-01-12", fin="2026-06-30", ciclo="2026-1"),
    ]
    guardar(revisar(una, lista(filas, CON_BAJAS)))
    avisos = Envio.objects.values_list("aviso", "tramite__persona").order_by("aviso")
    assert list(avisos) == [("baja", luz.pk), ("inscripcion", ana.pk)], "what is over is not announced"


# --- What is not a list, and what is left of one -----------------------------------------------------


def test_ilegible_y_cancelado_no_dejan_archivo(una: Escuela, trabajar: Callable[[], None]) -> None:
    malo = subir(una, b"esto no es una lista\n")
    muchos = subir(una, b"curp,nss\n" + b"A,B\n" * 25_001)
    cancelado = subir(una, lista([fila(alumno(1))]))
    assert lotes.cancelar(cancelado) and not lotes.cancelar(cancelado) and not lotes.confirmar(cancelado)
    trabajar()
    for lote in (malo, muchos, cancelado):
        lote.refresh_from_db()
        assert not lote.archivo and lote.cerrado and not lote.renglones.exists()
    assert malo.estado == muchos.estado == Lote.Estado.ILEGIBLE
    assert malo.motivo.startswith("La primera línea debe nombrar las columnas")
    assert muchos.motivo.startswith("El archivo pasa de 25,000 renglones")
    assert cancelado.estado == Lote.Estado.CANCELADO and guardados() == []


def test_una_subida_cortada(una: Escuela, monkeypatch: pytest.MonkeyPatch) -> None:
    contenido = lista([fila(alumno(1))])
    lote = subir(una, contenido)
    with default_storage.open(f"lotes/{lote.pk}", "wb") as archivo:
        archivo.write(contenido[:50])
    while lotes.avanzar(lote.pk):
        pass
    lote.refresh_from_db()
    assert lote.estado == Lote.Estado.ILEGIBLE and "no terminó de subirse" in lote.motivo

    def sin_espacio(*args: Any, **kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Duradero, "save", sin_espacio)
    with pytest.raises(OSError):
        subir(una, contenido)
    assert Lote.objects.count() == 1


@pytest.mark.parametrize("contenido", [b"", b"x" * (formatos.TAMANO_MAXIMO + 1)])
def test_ni_vacio_ni_enorme(una: Escuela, contenido: bytes) -> None:
    with pytest.raises(ArchivoIlegible):
        subir(una, contenido)
    assert not Lote.objects.exists()


def test_se_olvidan_a_los_treinta_dias(una: Escuela) -> None:
    viejo, nuevo, abandonado = (revisar(una, lista([fila(p)])) for p in alumnos(3))
    guardar(viejo)
    guardar(nuevo)
    hace = timezone.now() - timedelta(days=31)
    Lote.objects.filter(pk=viejo.pk).update(cerrado=hace, creado=hace)
    Lote.objects.filter(pk=abandonado.pk).update(creado=hace)
    call_command("purgar", stdout=StringIO())
    assert list(Lote.objects.order_by("pk")) == sorted([viejo, nuevo], key=lambda lote: lote.pk)
    assert list(Renglon.objects.values_list("lote", flat=True)) == [nuevo.pk]
    viejo.refresh_from_db()
    assert viejo.conteos()["alta"] == 1, "the counts outlive the rows"
    assert una.inscripciones.count() == 2


def test_consultas_constantes_por_millar(una: Escuela) -> None:
    """A turn asks the same of ten rows and of a thousand; so does the confirmation."""
    contadas = []
    for cuantas, desde in ((10, 0), (1000, 100)):
        lote = subir(una, lista([fila(p) for p in alumnos(cuantas, desde)]))
        turnos = []
        while lote.estado != Lote.Estado.POR_CONFIRMAR:
            with CaptureQueriesContext(connection) as consultas:
                lotes.avanzar(lote.pk)
            turnos.append(len(consultas))
            lote.refresh_from_db()
        lotes.confirmar(lote)
        with CaptureQueriesContext(connection) as consultas:
            lotes.avanzar(lote.pk)
        contadas.append([*turnos, len(consultas)])
    assert contadas[0] == contadas[1]
    assert max(contadas[0]) < 30


# --- From the shell ---------------------------------------------------------------------------------


def orden(ruta: Path, *args: str) -> str:
    salida = StringIO()
    call_command("cargar_inscripciones", str(ruta), "--escuela", "31DXX9001A", *args, stdout=salida)
    return salida.getvalue()


def test_la_orden(una: Escuela, tmp_path: Path) -> None:
    ruta = tmp_path / "lista.csv"
    filas = [fila(p, ciclo="", fin="", nivel="") for p in alumnos(25)]
    ruta.write_bytes(lista(filas))
    omision = ["--ciclo", CICLO, "--fin", FIN.isoformat()]
    dicho = "25 renglones leídos: 25 altas, 0 bajas, 0 con advertencia, 0 sin cambio, 0 con errores.\n"
    assert orden(ruta, *omision, "--plan") == dicho
    assert not Lote.objects.exists() and not una.inscripciones.exists()
    assert orden(ruta, *omision) == f"{dicho}Guardado: 25 altas y 0 bajas.\n"
    assert orden(ruta, *omision).startswith("Sin cambios: los 25 renglones del archivo ya estaban así.")
    for mala in filas[:22]:
        mala["curp"] = mala["curp"][:-1]
    ruta.write_bytes(lista([*filas, fila(alumnos(1, desde=60)[0])]))
    salida = StringIO()
    with pytest.raises(CommandError, match="no se guardó nada"):
        call_command("cargar_inscripciones", str(ruta), "--escuela", "31dxx9001a", *omision, stdout=salida)
    lineas = salida.getvalue().split("\n")
    assert len(lineas) == 23 and lineas[1].startswith("Línea 2 (CURP ") and lineas[21] == "… y 2 más."
    assert "La CURP debe tener 18 caracteres." in lineas[1] and filas[0]["curp"] not in lineas[1]
    assert una.inscripciones.count() == 25
    assert "1 altas" in orden(ruta, *omision, "--aun-con-errores")
    assert una.inscripciones.count() == 26


def test_la_orden_deja_fuera_lo_dudoso(una: Escuela, otra: Escuela, tmp_path: Path) -> None:
    ruta = tmp_path / "lista.csv"
    ana, luz = alumnos(2)
    inscrita(otra, luz)
    ruta.write_bytes(lista([fila(ana), fila(luz)]))
    dicho = orden(ruta)
    assert "advertencia, Otra institución tiene una inscripción vigente" in dicho
    assert dicho.endswith(
        "Guardado: 1 altas y 0 bajas.\n"
        "Con advertencia, quedaron fuera 1 renglones. Si están bien, repite con --con-avisos.\n"
    )
    assert una.inscripciones.get().persona == ana
    assert orden(ruta, "--con-avisos").endswith("Guardado: 1 altas y 0 bajas.\n")
    assert una.inscripciones.count() == 2


def test_la_orden_de_168_columnas_sin_mas(
    una: Escuela, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its lines have no room for is the school year of today, and it is said."""
    monkeypatch.setattr(timezone, "localdate", lambda: date(2027, 2, 1))
    persona, registro = alumnos(1)[0], una.registros.get()
    ruta = tmp_path / "movimientos.txt"
    fila_ = Inscripcion(persona=persona, registro=registro, matricula="7", alta=ALTA, fin=FIN)
    ruta.write_bytes(b"".join(dispmag.escribir([fila_])[0]))
    dicho = orden(ruta)
    assert dicho.startswith("Ciclo 2026-2027, hasta el 31/07/2027 (--ciclo y --fin dicen otro).\n1 renglones")
    assert dicho.endswith("Guardado: 1 altas y 0 bajas.\n")
    assert una.inscripciones.values_list("persona", "ciclo", "alta", "fin").get() == (
        persona.pk,
        "2026-2027",
        ALTA,
        date(2027, 7, 31),
    )
    assert "Ciclo 2026-2027, hasta el 30/06/2027" in orden(ruta, "--fin", "2027-06-30", "--plan")


@pytest.mark.parametrize(
    ("dia", "ciclo", "fin"),
    [
        (date(2026, 7, 31), "2025-2026", date(2026, 7, 31)),
        (date(2026, 8, 1), "2026-2027", date(2027, 7, 31)),
    ],
)
def test_el_ciclo_de_un_dia(dia: date, ciclo: str, fin: date) -> None:
    assert periodo.ciclo_de(dia) == (ciclo, fin)


def test_la_orden_dice_lo_que_no_puede(una: Escuela, tmp_path: Path) -> None:
    ruta = tmp_path / "lista.csv"
    with pytest.raises(CommandError, match="No se puede abrir"):
        orden(ruta)
    ruta.write_bytes(b"nada\n")
    with pytest.raises(CommandError, match="La primera línea debe nombrar"):
        orden(ruta)
    with pytest.raises(CommandError, match="El ciclo se escribe"):
        orden(ruta, "--ciclo", "26")
    with pytest.raises(CommandError, match="No hay una escuela con la CCT 00"):
        call_command("cargar_inscripciones", str(ruta), "--escuela", "00")


def test_reanudar_desde_la_orden(una: Escuela) -> None:
    lote = subir(una, lista([fila(p) for p in alumnos(2)]))
    call_command("reanudar", stdout=StringIO())
    lote.refresh_from_db()
    assert lote.estado == Lote.Estado.POR_CONFIRMAR
    assert reanudar() == 0
