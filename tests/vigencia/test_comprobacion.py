"""Checks of CURP and NSS: counted a school and a day, logged without anybody's number, no oracle."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from nss_portal.models import Persona
from tests.vigencia.alumnos import alumno, alumnos, escuela, sin_numero
from vigencia.escuelas import comprobacion
from vigencia.escuelas.comprobacion import Falta, comprobar
from vigencia.models import Comprobacion, Escuela

pytestmark = pytest.mark.usefixtures("catalogo")


@pytest.fixture
def una() -> Escuela:
    return escuela()


def pares(personas: list[Persona]) -> list[tuple[str, str]]:
    return [(persona.curp, persona.nss or "") for persona in personas]


def test_cada_respuesta(una: Escuela) -> None:
    ana, luz, sol = alumnos(3)
    sin_numero(sol)
    nadie = alumno(9)
    usuario = User.objects.create_user("responsable")
    preguntas = [*pares([ana]), (luz.curp, ana.nss or ""), *pares([sol, nadie])]
    assert comprobar(una, usuario, preguntas) == [
        ana,
        Falta.NO_CORRESPONDE,
        Falta.SIN_NSS,
        Falta.DESCONOCIDA,
    ]
    fila = Comprobacion.objects.get()
    assert (fila.escuela, fila.usuario) == (una, usuario)
    assert (fila.cuantas, fila.fallidas, fila.sin_nss) == (4, 2, 1)


def test_el_registro_no_guarda_numeros(una: Escuela) -> None:
    ana = alumnos(1)[0]
    comprobar(una, None, pares([ana, alumno(5)]))
    for fila in Comprobacion.objects.values():
        assert not any(str(numero) in str(fila) for numero in (ana.curp, ana.nss, alumno(5).curp))


def test_sin_preguntas_no_hay_registro(una: Escuela) -> None:
    assert comprobar(una, None, []) == []
    assert not Comprobacion.objects.exists()


def test_el_tope_de_fallidas_calla_tambien_lo_correcto(una: Escuela, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comprobacion, "TOPE_DE_FALLIDAS", 2)
    ana, luz = alumnos(2)
    mal = (ana.curp, luz.nss or "")
    primeras = comprobar(una, None, [mal, *pares([ana]), mal, *pares([luz]), mal])
    assert primeras == [Falta.NO_CORRESPONDE, ana, Falta.NO_CORRESPONDE, Falta.TOPE, Falta.TOPE]
    assert comprobar(una, None, pares([ana])) == [Falta.TOPE]
    assert Comprobacion.objects.get().cuantas == 3  # what was not answered was not asked
    otra = escuela("31DXX9002B", "Otra")
    assert comprobar(otra, None, pares([ana])) == [ana]


def test_los_que_no_tienen_nss_no_son_intentos_fallidos(
    una: Escuela, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first-year students of a school: most have no number, and the list of them is what it is for."""
    monkeypatch.setattr(comprobacion, "TOPE_DE_FALLIDAS", 2)
    monkeypatch.setattr(comprobacion, "TOPE_SIN_NSS", 4)
    ana, *nuevos = alumnos(6)
    preguntas = pares(nuevos)
    sin_numero(*nuevos)
    assert comprobar(una, None, [*preguntas[:3], *pares([ana])]) == [Falta.SIN_NSS] * 3 + [ana]
    assert comprobar(una, None, preguntas[3:]) == [Falta.SIN_NSS, Falta.TOPE]
    assert comprobar(una, None, pares([ana])) == [Falta.TOPE]
    assert comprobacion.TOPE_SIN_NSS < 25_000 <= 50_000


def test_el_tope_es_del_dia_de_la_ciudad_de_mexico(una: Escuela, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comprobacion, "TOPE_DIARIO", 2)
    ana, luz, sol = alumnos(3)
    assert comprobar(una, None, pares([ana])) == [ana]
    assert comprobar(una, None, pares([luz, sol])) == [luz, Falta.TOPE]
    medianoche = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    Comprobacion.objects.update(cuando=medianoche)
    assert comprobar(una, None, pares([sol])) == [Falta.TOPE]
    Comprobacion.objects.update(cuando=medianoche - timedelta(seconds=1))
    assert comprobar(una, None, pares([sol])) == [sol]


@pytest.mark.parametrize("cuantas", [1, 500])
def test_las_mismas_consultas(
    una: Escuela, cuantas: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    personas = alumnos(cuantas)
    with django_assert_num_queries(6):  # savepoint, the school, the day, the people, the log, release
        assert comprobar(una, None, pares(personas)) == personas
