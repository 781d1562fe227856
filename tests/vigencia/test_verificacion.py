"""Who is covered on which day, and why not: a table of dates."""

from datetime import UTC, date, datetime
from unittest.mock import patch

import pytest
from django.utils import timezone

from nss_portal.models import Persona
from tests.apoyo import escuela_de_prueba, inscribir, persona_con_nss
from vigencia.models import Inscripcion
from vigencia.verificacion import Causa, situacion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]

ALTA, FIN = date(2026, 8, 17), date(2027, 7, 31)


@pytest.fixture
def persona() -> Persona:
    return persona_con_nss()


@pytest.mark.parametrize(
    ("hoy", "causa"),
    [
        (date(2026, 8, 16), Causa.AUN_NO_INICIA),
        (ALTA, None),
        (date(2027, 2, 28), None),
        (FIN, None),
        (date(2027, 8, 1), Causa.CICLO_TERMINADO),
    ],
)
def test_del_primer_dia_al_ultimo(persona: Persona, hoy: date, causa: Causa | None) -> None:
    inscripcion = inscribir(persona, ALTA, FIN)
    actual = situacion(persona, hoy)
    assert (actual.causa, actual.inscripcion) == (causa, inscripcion)
    assert Inscripcion.objects.vigentes(hoy).filter(persona=persona).exists() == actual.vigente


@pytest.mark.parametrize(
    ("hoy", "causa"),
    [(date(2026, 10, 4), None), (date(2026, 10, 5), Causa.BAJA), (date(2027, 9, 1), Causa.BAJA)],
)
def test_la_baja_cuenta_desde_su_dia(persona: Persona, hoy: date, causa: Causa | None) -> None:
    inscribir(persona, ALTA, FIN, baja=date(2026, 10, 5), causa="2")
    assert situacion(persona, hoy).causa == causa


def test_alta_y_baja_el_mismo_dia_no_cubren_ningun_dia(persona: Persona) -> None:
    inscribir(persona, ALTA, FIN, baja=ALTA, causa="9")
    assert situacion(persona, ALTA).causa == Causa.BAJA
    # Taken back before it began: it is not something to wait for either.
    assert situacion(persona, date(2026, 8, 1)).causa == Causa.BAJA


def test_nunca_inscrito(persona: Persona) -> None:
    actual = situacion(persona, ALTA)
    assert (actual.causa, actual.inscripcion) == (Causa.NUNCA_INSCRITO, None)


def test_dos_escuelas_vale_la_que_dura_mas_y_una_baja_no_quita_la_otra(persona: Persona) -> None:
    otra = escuela_de_prueba("19DCT0999B", "Instituto de la Segunda Prueba")
    corta = inscribir(persona, ALTA, date(2026, 12, 15), ciclo="2026-2")
    larga = inscribir(persona, ALTA, FIN, otra)
    assert situacion(persona, ALTA).inscripcion == larga
    Inscripcion.objects.filter(pk=larga.pk).update(baja=date(2026, 9, 1), causa="1")
    actual = situacion(persona, date(2026, 9, 1))
    assert actual.vigente and actual.inscripcion == corta


def test_hueco_entre_ciclos(persona: Persona) -> None:
    primera = inscribir(persona, date(2025, 8, 18), date(2026, 7, 31))
    segunda = inscribir(persona, ALTA, FIN)
    assert situacion(persona, date(2026, 7, 31)).inscripcion == primera
    en_el_hueco = situacion(persona, date(2026, 8, 5))
    assert (en_el_hueco.causa, en_el_hueco.inscripcion) == (Causa.AUN_NO_INICIA, segunda)
    assert situacion(persona, ALTA).inscripcion == segunda


def test_29_de_febrero(persona: Persona) -> None:
    inscribir(persona, date(2028, 1, 10), date(2028, 2, 29), ciclo="2028-1")
    assert situacion(persona, date(2028, 2, 29)).vigente
    assert situacion(persona, date(2028, 3, 1)).causa == Causa.CICLO_TERMINADO


@pytest.mark.parametrize(
    ("ahora", "vigente"),
    # Midnight in Mexico City is six in the morning UTC: there the cycle's last day is not over at seven p. m.
    [(datetime(2027, 8, 1, 5, 59, tzinfo=UTC), True), (datetime(2027, 8, 1, 6, 0, tzinfo=UTC), False)],
)
def test_el_dia_es_el_de_la_ciudad_de_mexico(persona: Persona, ahora: datetime, vigente: bool) -> None:
    inscribir(persona, ALTA, FIN)
    with patch.object(timezone, "now", return_value=ahora):
        assert situacion(persona, timezone.localdate()).vigente is vigente


def test_no_pregunta_mas_con_una_larga_historia(persona: Persona, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    for anio in range(2000, 2026):
        inscribir(persona, date(anio, 8, 1), date(anio + 1, 7, 1))
    with django_assert_max_num_queries(2):
        assert situacion(persona, date(2026, 7, 2)).causa == Causa.CICLO_TERMINADO
