"""A place in a consultorio: fair, once, within its capacity, and with its history."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from clinicas import alta
from clinicas.models import Alta, Clinica, Consultorio, Turno
from nss_portal.models import Tramite
from tests.clinicas.apoyo import HOY, clinica, inscribir, persona, poblaciones

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sin_clinicas")]
MATUTINO, VESPERTINO = Turno.MATUTINO, Turno.VESPERTINO


def tramite(curp: str) -> Tramite:
    return Tramite.objects.create(
        tipo=Tramite.Tipo.CLINICA,
        solicitud=uuid.uuid4(),
        navegador=uuid.uuid4().hex,
        curp=curp,
        correo="persona@correo.example",
    )


def test_el_menos_poblado_y_de_iguales_el_primero() -> None:
    una = clinica(matutino=[9, 9, 9])
    altas = [alta.registrar(persona(n), una, MATUTINO, hoy=HOY) for n in range(7)]
    assert [a.consultorio.numero for a in altas] == [1, 2, 3, 1, 2, 3, 1]
    assert poblaciones(una) == [3, 2, 2] and poblaciones(una, VESPERTINO) == [0]


def test_dos_veces_es_la_misma() -> None:
    una = clinica()
    primera = alta.registrar(persona(1), una, MATUTINO, hoy=HOY)
    assert alta.registrar(persona(1), una, MATUTINO, hoy=HOY + timedelta(days=1)) == primera
    assert Alta.objects.get() == primera == alta.activa(persona(1))
    assert (primera.desde, primera.hasta, primera.causa) == (HOY, None, "")
    assert alta.activa(persona(2)) is None


def test_un_tramite_registra_una_vez_aunque_dos_pestanas_elijan_distinto() -> None:
    una, otra = clinica(), clinica("NLIMS980002")
    de_uno = tramite(persona(1).curp)
    primera = alta.registrar(persona(1), una, MATUTINO, de_uno, HOY)
    assert alta.registrar(persona(1), otra, VESPERTINO, de_uno, HOY) == primera
    # Even when another trámite has changed the clinic since.
    de_otro = tramite(persona(1).curp)
    segunda = alta.registrar(persona(1), otra, VESPERTINO, de_otro, HOY)
    assert alta.registrar(persona(1), una, MATUTINO, de_uno, HOY) == primera
    assert alta.activa(persona(1)) == segunda


@pytest.mark.parametrize("de_turno", [True, False])
def test_cambio_con_historia(de_turno: bool) -> None:
    una = clinica()
    otra = una if de_turno else clinica("NLIMS980002")
    antes = alta.registrar(persona(1), una, MATUTINO, hoy=HOY)
    hoy = HOY + timedelta(days=30)
    ahora = alta.registrar(persona(1), otra, VESPERTINO, hoy=hoy)
    antes.refresh_from_db()
    assert (antes.hasta, antes.causa) == (hoy, Alta.Causa.CAMBIO)
    assert alta.activa(persona(1)) == ahora
    assert (poblaciones(una), poblaciones(otra, VESPERTINO)) == ([0, 0], [1])
    # And back, on the same day.
    alta.registrar(persona(1), una, MATUTINO, hoy=hoy)
    assert poblaciones(una) == [1, 0] and persona(1).altas.count() == 3


def test_sin_lugar_no_cambia_nada() -> None:
    una, otra = clinica(matutino=[1, 1]), clinica("NLIMS980002", vespertino=[])
    for n in (1, 2):
        alta.registrar(persona(n), una, MATUTINO, hoy=HOY)
    alta.registrar(persona(3), otra, MATUTINO, hoy=HOY)
    with pytest.raises(alta.SinLugar, match="UMF 1 ya no tiene lugar en ese turno") as error:
        alta.registrar(persona(3), una, MATUTINO, hoy=HOY)
    assert error.value.motivo == alta.SinLugar.Motivo.LLENA
    with pytest.raises(alta.SinLugar, match="no tiene ese turno"):
        alta.registrar(persona(4), otra, VESPERTINO, hoy=HOY)
    Clinica.objects.filter(pk=otra.pk).update(estado=Clinica.Estado.CERRADA)
    with pytest.raises(alta.SinLugar, match="no registra a nadie por ahora"):
        alta.registrar(persona(4), otra, MATUTINO, hoy=HOY)
    # Who is there stays there.
    assert alta.registrar(persona(3), otra, MATUTINO, hoy=HOY) == alta.activa(persona(3))
    assert poblaciones(una) == [1, 1] and Alta.objects.count() == 3


def test_con_menos_capacidad_que_gente_no_recibe_a_nadie() -> None:
    una = clinica(matutino=[2])
    alta.registrar(persona(1), una, MATUTINO, hoy=HOY)
    Consultorio.objects.filter(clinica=una).update(capacidad=0)
    with pytest.raises(alta.SinLugar):
        alta.registrar(persona(2), una, MATUTINO, hoy=HOY)
    assert poblaciones(una) == [1]


def test_suspendida_y_de_vuelta() -> None:
    """A baja of the school does not touch the alta, and its place is kept."""
    una = clinica()
    lugar = alta.registrar(persona(1), una, MATUTINO, hoy=HOY)
    alta.registrar(persona(2), una, MATUTINO, hoy=HOY)
    inscribir(persona(2))
    assert alta.suspendida(lugar, HOY)
    inscribir(persona(1), alta=HOY - timedelta(days=9), baja=HOY + timedelta(days=10))
    assert not alta.suspendida(lugar, HOY)
    despues = HOY + timedelta(days=10)
    assert alta.suspendida(lugar, despues)
    assert list(Alta.objects.suspendidas(despues)) == [lugar]
    assert alta.activa(persona(1)) == lugar and poblaciones(una) == [1, 1]
    inscribir(persona(1), alta=HOY + timedelta(days=20))
    assert not alta.suspendida(lugar, HOY + timedelta(days=20))
    assert not Alta.objects.suspendidas(HOY + timedelta(days=20)).exists()


def test_mover_un_consultorio() -> None:
    una, otra = clinica(matutino=[5, 5], vespertino=[1]), clinica("NLIMS980002", matutino=[4])
    for n in range(6):
        alta.registrar(persona(n), una, MATUTINO, hoy=HOY)
    primero, segundo = una.consultorios.filter(turno=MATUTINO)
    destino = otra.consultorios.get(turno=MATUTINO)
    hoy = HOY + timedelta(days=1)
    with pytest.raises(alta.SinLugar, match="ya no tiene lugar"):
        alta.reubicar(primero, una.consultorios.get(turno=VESPERTINO), hoy)
    assert alta.reubicar(primero, primero, hoy) == 0
    assert poblaciones(una) == [3, 3]
    assert alta.reubicar(primero, destino, hoy) == 3
    assert alta.reubicar(primero, destino, hoy) == 0
    assert (poblaciones(una), poblaciones(otra)) == ([0, 3], [3])
    movida = persona(0).altas.get(hasta=None)
    assert (movida.consultorio, movida.desde, movida.tramite) == (destino, hoy, None)
    assert persona(0).altas.get(causa=Alta.Causa.REUBICACION).consultorio == primero
    # Three more do not fit in what is left.
    with pytest.raises(alta.SinLugar):
        alta.reubicar(segundo, destino, hoy)
    Clinica.objects.filter(pk=otra.pk).update(estado=Clinica.Estado.RETIRADA)
    with pytest.raises(alta.SinLugar, match="no registra a nadie"):
        alta.reubicar(segundo, destino, hoy)
    assert (poblaciones(una), poblaciones(otra)) == ([0, 3], [3])


def test_la_base_no_deja_dos_activas() -> None:
    una = clinica()
    lugar = alta.registrar(persona(1), una, MATUTINO, hoy=HOY)
    malas = [
        {"desde": HOY},
        {"desde": HOY, "hasta": HOY},
        {"desde": HOY, "hasta": HOY - timedelta(days=1), "causa": "cambio"},
    ]
    for campos in malas:
        with pytest.raises(IntegrityError), transaction.atomic():
            Alta.objects.create(persona=persona(1), consultorio=lugar.consultorio, **campos)


def test_las_preguntas_no_crecen_con_la_gente(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    una = clinica(matutino=[50] * 8)
    gente = [persona(n) for n in range(31)]
    with CaptureQueriesContext(connection) as pocas:
        alta.registrar(gente[0], una, MATUTINO, hoy=HOY)
    for uno in gente[1:30]:
        alta.registrar(uno, una, MATUTINO, hoy=HOY)
    with django_assert_num_queries(len(pocas)):
        alta.registrar(gente[30], una, MATUTINO, hoy=HOY)
    assert len(pocas) <= 10


def test_el_dia_es_el_de_la_ciudad_de_mexico() -> None:
    assert isinstance(alta.registrar(persona(1), clinica(), MATUTINO).desde, date)
