"""Rights by dates, and what a school says of its students: each act safe to call twice."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from nss_portal import colas
from nss_portal.models import Envio, Estado, Persona, Tramite
from tests.vigencia.alumnos import ALTA, CICLO, FIN, alumnos, escuela, fila, lista
from vigencia.escuelas import inscripciones
from vigencia.escuelas.archivo import lotes
from vigencia.escuelas.inscripciones import Situacion, elegir_registro
from vigencia.models import Cierre, Escuela, Inscripcion, Lote, RegistroPatronal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]

TERMINO = Inscripcion.Causa.TERMINO
DIA = timedelta(days=1)


@pytest.fixture
def mia() -> Escuela:
    return escuela()


def inscribir(
    de: Escuela, persona: Persona, alta: date = ALTA, fin: date = FIN, ciclo: str = CICLO
) -> Inscripcion:
    [registro] = de.registros.all()
    return inscripciones.inscribir(de, persona, registro, ciclo, "superior", "M1", alta, fin)


def cubre(persona: Persona, hoy: date) -> bool:
    return Inscripcion.objects.vigentes(hoy).filter(persona=persona).exists()


def dar_de_baja(inscripcion: Inscripcion, fecha: date) -> int:
    return len(inscripciones.dar_de_baja(Inscripcion.objects.filter(pk=inscripcion.pk), fecha, TERMINO))


def con_buzon(*personas: Persona) -> None:
    """Each of them ended a trámite once, so the portal knows where to write."""
    for persona in personas:
        Tramite.objects.create(
            tipo=Tramite.Tipo.NSS,
            solicitud=uuid.uuid4(),
            navegador=uuid.uuid4().hex,
            curp=persona.curp,
            correo="persona@correo.example",
            persona=persona,
            estado=Estado.FINALIZADO,
            resultado=Tramite.Resultado.LOCALIZADO,
        )


def avisos() -> list[str]:
    return sorted(Envio.objects.exclude(aviso="").values_list("aviso", flat=True))


# --- Rights by dates --------------------------------------------------------------------------------------


def casos() -> Iterator[tuple[str, date | None, date, Situacion]]:
    """(what, baja, day, what it is on that day)"""
    yield "the day before", None, ALTA - DIA, Situacion.POR_INICIAR
    yield "first day", None, ALTA, Situacion.VIGENTE
    yield "last day", None, FIN, Situacion.VIGENTE
    yield "the day after", None, FIN + DIA, Situacion.TERMINADA
    yield "before its baja", date(2026, 12, 1), date(2026, 11, 30), Situacion.VIGENTE
    yield "on its baja", date(2026, 12, 1), date(2026, 12, 1), Situacion.BAJA
    yield "after its baja", date(2026, 12, 1), FIN, Situacion.BAJA
    yield "baja long after the end", date(2026, 12, 1), FIN + 400 * DIA, Situacion.BAJA
    yield "same-day alta and baja", ALTA, ALTA, Situacion.BAJA
    yield "before a same-day alta and baja", ALTA, ALTA - DIA, Situacion.POR_INICIAR
    yield "baja on the last day, the eve", FIN, FIN - DIA, Situacion.VIGENTE
    yield "baja on the last day", FIN, FIN, Situacion.BAJA


@pytest.mark.parametrize(("que", "baja", "hoy", "es"), list(casos()))
def test_cada_dia_dice_lo_mismo_la_regla_y_la_palabra(
    mia: Escuela, que: str, baja: date | None, hoy: date, es: Situacion
) -> None:
    [persona] = alumnos(1)
    fila = inscribir(mia, persona)
    if baja:
        assert dar_de_baja(fila, baja) == 1
        fila.refresh_from_db()
    assert inscripciones.situacion(fila, hoy) == es, que
    assert cubre(persona, hoy) == (es == Situacion.VIGENTE), que
    de_la_tabla = [
        s for s in Situacion if mia.inscripciones.filter(inscripciones.en_situacion(s, hoy)).exists()
    ]
    assert de_la_tabla == [es], que


def test_dos_escuelas(mia: Escuela) -> None:
    """A baja at one leaves the other's service alone."""
    otra = escuela("31DXX9002B", "Otra Escuela")
    [persona] = alumnos(1)
    primera = inscribir(mia, persona)
    inscribir(otra, persona, date(2026, 9, 1), date(2026, 12, 20))
    dar_de_baja(primera, date(2026, 10, 1))
    assert cubre(persona, date(2026, 10, 1)) and cubre(persona, date(2026, 12, 20))
    assert not cubre(persona, date(2026, 12, 21))


def test_hueco_entre_ciclos(mia: Escuela) -> None:
    [persona] = alumnos(1)
    inscribir(mia, persona, date(2026, 1, 12), date(2026, 6, 30), "2026-1")
    inscribir(mia, persona, date(2026, 8, 10), date(2026, 12, 18), "2026-2")
    dias = [date(2026, 6, 30), date(2026, 7, 1), date(2026, 8, 9), date(2026, 8, 10)]
    assert [cubre(persona, dia) for dia in dias] == [True, False, False, True]


def test_anio_bisiesto(mia: Escuela) -> None:
    [persona] = alumnos(1)
    fila = inscribir(mia, persona, date(2028, 2, 1), date(2028, 2, 29), "2028-1")
    assert cubre(persona, date(2028, 2, 29)) and not cubre(persona, date(2028, 3, 1))
    assert dar_de_baja(fila, date(2028, 2, 29)) == 1
    assert cubre(persona, date(2028, 2, 28)) and not cubre(persona, date(2028, 2, 29))


@pytest.mark.parametrize(
    ("momento", "cubierta"),
    [
        (datetime(2026, 8, 24, 5, 59, tzinfo=UTC), False),  # 23:59 of the 23rd in Mexico City
        (datetime(2026, 8, 24, 6, 0, tzinfo=UTC), True),
        (datetime(2027, 8, 1, 5, 59, tzinfo=UTC), True),  # 23:59 of the 31st of July
        (datetime(2027, 8, 1, 6, 0, tzinfo=UTC), False),
    ],
)
def test_el_dia_es_el_de_la_ciudad_de_mexico(
    mia: Escuela, monkeypatch: pytest.MonkeyPatch, momento: datetime, cubierta: bool
) -> None:
    [persona] = alumnos(1)
    inscribir(mia, persona)
    monkeypatch.setattr(timezone, "now", lambda: momento)
    assert cubre(persona, timezone.localdate()) == cubierta


# --- Altas ------------------------------------------------------------------------------------------------


def test_inscribir_dos_veces_es_una(mia: Escuela) -> None:
    [persona] = alumnos(1)
    con_buzon(persona)
    assert inscribir(mia, persona) == inscribir(mia, persona) == inscribir(mia, persona, ALTA + DIA)
    assert mia.inscripciones.count() == 1 and avisos() == ["inscripcion"]


def test_volver_despues_de_una_baja(mia: Escuela) -> None:
    [persona] = alumnos(1)
    dar_de_baja(inscribir(mia, persona), date(2026, 10, 1))
    with pytest.raises(ValidationError, match="Tuvo una baja"):
        inscribir(mia, persona)
    inscribir(mia, persona, date(2026, 11, 3))
    dias = [date(2026, 9, 30), date(2026, 10, 1), date(2026, 11, 2), date(2026, 11, 3)]
    assert [cubre(persona, dia) for dia in dias] == [True, False, False, True]


@pytest.mark.parametrize(
    ("alta", "fin", "se_puede"),
    [
        (date(2026, 9, 1), FIN, False),  # within what the other covered
        (ALTA, FIN, False),  # from its same day
        (ALTA - DIA, FIN, False),  # around it
        (date(2026, 11, 30), FIN, False),
        (date(2026, 12, 1), FIN, True),  # on its baja
        (ALTA - 9 * DIA, ALTA - DIA, True),  # before it
        (ALTA - 9 * DIA, ALTA, False),
    ],
)
def test_lo_que_ya_cubrio_otra_inscripcion_por_los_tres_caminos(
    mia: Escuela, alta: date, fin: date, se_puede: bool
) -> None:
    """By hand, by a file that is reviewed afterwards, and by one that had been reviewed before."""
    [persona] = alumnos(1)
    lote = _revisado(mia, persona, alta, fin)
    dar_de_baja(inscribir(mia, persona), date(2026, 12, 1))
    assert lotes.confirmar(lote, lote.avisos())  # of one, the end is past
    while colas.ARCHIVOS.avanzar():
        pass
    assert mia.inscripciones.filter(lote=lote).exists() == se_puede
    mia.inscripciones.filter(lote=lote).delete()
    despues = _revisado(mia, persona, alta, fin)
    assert (despues.renglones.get().veredicto == "error") != se_puede
    if se_puede:
        assert inscribir(mia, persona, alta, fin).alta == alta
    else:
        with pytest.raises(ValidationError, match="Tuvo una baja en este ciclo"):
            inscribir(mia, persona, alta, fin)
        assert mia.inscripciones.count() == 1


def _revisado(de: Escuela, persona: Persona, alta: date, fin: date) -> Lote:
    renglon = fila(persona, alta=alta.isoformat(), fin=fin.isoformat())
    lote = lotes.recibir(de, None, ContentFile(lista([renglon]), name="lista.csv"))
    while colas.ARCHIVOS.avanzar():
        pass
    return lote


def test_un_ciclo_que_ya_termino_no_se_anuncia(mia: Escuela) -> None:
    [persona] = alumnos(1)
    con_buzon(persona)
    inscribir(mia, persona, date(2024, 8, 24), date(2025, 7, 31), "2024-2025")
    assert mia.inscripciones.count() == 1 and avisos() == []


def test_el_registro_que_corresponde(mia: Escuela) -> None:
    general = mia.registros.get()
    assert elegir_registro([general], "superior") == general
    propio = RegistroPatronal(registro="Z3190030329", escuela=mia, nivel="posgrado")
    assert elegir_registro([general, propio], "posgrado") == propio
    assert elegir_registro([general, propio], "superior") == general
    otro = RegistroPatronal(registro="Z3190040327", escuela=mia)
    # A roster has no column for it: the first, in whatever order they come.
    for orden in ([general, otro], [otro, general], [otro, propio, general]):
        assert elegir_registro(orden, "superior") == general
    assert elegir_registro([propio], "superior") is None and elegir_registro([], "superior") is None


# --- Bajas ------------------------------------------------------------------------------------------------


def test_una_baja_dos_veces_conserva_la_primera(mia: Escuela) -> None:
    [persona] = alumnos(1)
    con_buzon(persona)
    fila = inscribir(mia, persona)
    assert dar_de_baja(fila, date(2026, 10, 1)) == 1
    assert dar_de_baja(fila, date(2026, 11, 1)) == 0
    fila.refresh_from_db()
    assert (fila.baja, fila.causa) == (date(2026, 10, 1), TERMINO)
    assert avisos() == ["baja", "inscripcion"]


@pytest.mark.parametrize("fecha", [ALTA - DIA, FIN + DIA])
def test_una_baja_fuera_de_la_inscripcion_no_hace_nada(mia: Escuela, fecha: date) -> None:
    [persona] = alumnos(1)
    fila = inscribir(mia, persona)
    assert dar_de_baja(fila, fecha) == 0
    fila.refresh_from_db()
    assert fila.baja is None


def test_bajas_por_miles(mia: Escuela, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inscripciones, "_TROZO", 10)
    personas = alumnos(25)
    con_buzon(personas[0], personas[24])
    for persona in personas:
        inscribir(mia, persona)
    assert len(inscripciones.dar_de_baja(mia.inscripciones.all(), date(2026, 12, 1), TERMINO)) == 25
    assert avisos() == ["baja", "baja", "inscripcion", "inscripcion"]


# --- The end of a cycle -----------------------------------------------------------------------------------

CIERRE = date(2027, 6, 30)


def test_fin_de_ciclo_y_vuelta_atras(mia: Escuela) -> None:
    otra = escuela("31DXX9002B", "Otra Escuela")
    una, dos, tres, ajena = alumnos(4)
    con_buzon(una)
    filas = [inscribir(mia, una), inscribir(mia, dos)]
    dar_de_baja(inscribir(mia, tres), date(2026, 10, 1))
    de_otro_ciclo = inscribir(mia, tres, date(2027, 1, 11), CIERRE, "2027-1")
    de_la_otra = inscribir(otra, ajena)
    assert set(inscripciones.alcance_de_cierre(mia, CICLO, CIERRE)) == set(filas)
    cierre = inscripciones.cerrar_ciclo(mia, CICLO, CIERRE, None)
    assert cierre.cuantas == 2 and cierre.se_puede_deshacer
    assert inscripciones.cerrar_ciclo(mia, CICLO, CIERRE, None) == cierre
    assert cubre(una, CIERRE - DIA) and not cubre(una, CIERRE)
    for intacta in (de_otro_ciclo, de_la_otra):
        intacta.refresh_from_db()
        assert intacta.baja is None
    # The mail is written and waits for as long as one may think better of it.
    [aviso] = Envio.objects.filter(aviso="baja", tramite__persona=una)
    assert aviso.libre_desde > timezone.now() + Cierre.PLAZO - timedelta(minutes=5)
    assert inscripciones.deshacer_cierre(cierre) and not inscripciones.deshacer_cierre(cierre)
    assert cubre(una, CIERRE) and cubre(dos, CIERRE) and not cierre.se_puede_deshacer
    assert not Envio.objects.filter(aviso="baja", tramite__persona=una).exists()
    # Undone, it can be done again, as another.
    assert inscripciones.cerrar_ciclo(mia, CICLO, CIERRE, None) != cierre


# --- What has stopped being true before its mail goes out ---------------------------------------------------


def salir() -> list[str]:
    """Subjects of what goes out, once its pause is over."""
    mail.outbox.clear()
    Envio.objects.update(libre_desde=Now())
    while colas.CORREOS.avanzar():
        pass
    assert not Envio.objects.pendientes().exists()
    return [mensaje.subject for mensaje in mail.outbox]


INSCRITO = "Tu escuela te inscribió al Seguro de Salud para Estudiantes"
DE_BAJA = "Tu escuela dio aviso de tu baja"


@pytest.mark.parametrize("vuelve", [True, False])
def test_la_baja_de_un_ciclo_no_le_llega_a_quien_ya_esta_en_el_siguiente(mia: Escuela, vuelve: bool) -> None:
    """The usual order: a school closes a cycle, and on the same day enrols in the next."""
    [persona] = alumnos(1)
    con_buzon(persona)
    hoy = timezone.localdate()
    inscribir(mia, persona, hoy - 90 * DIA, hoy + 5 * DIA, "2026-1")
    assert salir() == [INSCRITO]
    inscripciones.cerrar_ciclo(mia, "2026-1", hoy, None)
    if vuelve:
        inscribir(mia, persona, hoy, hoy + 150 * DIA, "2026-2")
    assert salir() == ([INSCRITO] if vuelve else [DE_BAJA])


def test_una_baja_en_el_ultimo_dia_se_avisa_al_siguiente(
    mia: Escuela, monkeypatch: pytest.MonkeyPatch
) -> None:
    [persona] = alumnos(1)
    con_buzon(persona)
    hoy = timezone.localdate()
    inscribir(mia, persona, hoy - 90 * DIA, hoy, "2026-1")
    salir()
    inscripciones.cerrar_ciclo(mia, "2026-1", hoy, None)
    monkeypatch.setattr(timezone, "localdate", lambda *a, **k: hoy + DIA)
    assert salir() == [DE_BAJA]


def test_no_se_anuncia_lo_que_ya_se_deshizo(mia: Escuela) -> None:
    una, dos = alumnos(2)
    con_buzon(una, dos)
    hoy = timezone.localdate()
    # Enrolled and taken out before the first mail left: only the second is true.
    dar_de_baja(inscribir(mia, una, hoy, hoy + 90 * DIA), hoy)
    # A baja that somebody took back by hand.
    dar_de_baja(inscribir(mia, dos, hoy, hoy + 90 * DIA), hoy)
    mia.inscripciones.filter(persona=dos).update(baja=None, causa="")
    assert sorted(salir()) == sorted([DE_BAJA, INSCRITO])


# --- One at a time ------------------------------------------------------------------------------------------


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's transaction already is the only one")
def test_quien_escribe_de_una_escuela_la_toma_primero_y_sin_estorbar(mia: Escuela) -> None:
    """Always the school's row before its students': in one order, two never wait for each other for ever.

    NO KEY: who only refers to the school, as a trámite's enrolment does, does not wait for the mails.
    """
    una, dos = alumnos(2)
    fila_una, cierre = inscribir(mia, una), None

    def cerrar() -> None:
        nonlocal cierre
        cierre = inscripciones.cerrar_ciclo(mia, CICLO, CIERRE, None)

    actos: list[Callable[[], object]] = [
        lambda: inscribir(mia, dos),
        lambda: dar_de_baja(fila_una, date(2026, 10, 1)),
        cerrar,
        lambda: inscripciones.deshacer_cierre(cierre),  # type: ignore[arg-type]
    ]
    for acto in actos:
        with CaptureQueriesContext(connection) as consultas:
            acto()
        sentencias = [c["sql"] for c in consultas if "SAVEPOINT" not in c["sql"]]
        candados = [n for n, sql in enumerate(sentencias) if "FOR NO KEY UPDATE" in sql]
        escrituras = [n for n, sql in enumerate(sentencias) if sql.startswith(("UPDATE", "INSERT"))]
        assert candados and '"vigencia_escuela"' in sentencias[candados[0]].split("WHERE")[0]
        assert candados[0] < min(escrituras)
        assert not [sql for sql in sentencias if "FOR UPDATE" in sql and "vigencia_escuela" in sql]


def test_pasado_el_plazo_ya_no_se_deshace(mia: Escuela) -> None:
    [persona] = alumnos(1)
    inscribir(mia, persona)
    cierre = inscripciones.cerrar_ciclo(mia, CICLO, CIERRE, None)
    Cierre.objects.update(creado=timezone.now() - Cierre.PLAZO)
    cierre.refresh_from_db()
    assert not cierre.se_puede_deshacer and not inscripciones.deshacer_cierre(cierre)
    assert not cubre(persona, CIERRE)


def test_deshacer_respeta_a_quien_volvio_a_inscribirse(mia: Escuela) -> None:
    una, dos = alumnos(2)
    inscribir(mia, una)
    inscribir(mia, dos)
    cierre = inscripciones.cerrar_ciclo(mia, CICLO, CIERRE, None)
    otra_vez = inscribir(mia, una, CIERRE + DIA)
    assert inscripciones.deshacer_cierre(cierre)
    assert cubre(dos, FIN)
    assert list(mia.inscripciones.filter(persona=una, baja=None)) == [otra_vez]


def test_un_ciclo_sin_nadie(mia: Escuela) -> None:
    with pytest.raises(ValidationError, match="no hay nadie"):
        inscripciones.cerrar_ciclo(mia, CICLO, CIERRE, None)
    assert not mia.cierres.exists()
