"""The demonstration's enrolments: true on any day, renewed on another one, and nobody else's touched."""

from collections import Counter
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from nss_portal.demo import escuelas as demo
from nss_portal.demo.ficticias import CASOS as TODOS_LOS_CASOS
from nss_portal.models import Persona
from vigencia.escuelas.inscripciones import Situacion, situacion
from vigencia.models import Escuela, Inscripcion, Nivel, RegistroPatronal, Responsable

CURPS = {caso.caso: caso.curp for caso in TODOS_LOS_CASOS}
# Two years, a leap one among them.
DIAS = [date(2027, 1, 1) + timedelta(days=n) for n in range(800)]


def test_los_planes_valen_cualquier_dia() -> None:
    for hoy in DIAS:
        casos = demo.plan_de_casos(hoy)
        assert list(casos) == demo.CASOS
        vigente, baja, terminado = casos["vigente"], casos["baja"], casos["ciclo-terminado"]
        assert vigente and casos["con-clinica"] and baja and terminado and casos["nunca-inscrito"] is None
        # Whoever keeps the portal running for two weeks does not see them change.
        for plan in (vigente, casos["con-clinica"]):
            assert plan.alta < hoy < plan.fin - timedelta(days=14) and not plan.baja
        assert terminado.fin < hoy
        assert baja.baja and baja.alta < baja.baja <= baja.fin
        assert timedelta(weeks=3) < hoy - baja.baja < timedelta(weeks=5)
        for escuela in demo.ESCUELAS:
            for numero in range(60):
                planes = demo.planes(escuela, numero, hoy)
                assert len({plan.ciclo for plan in planes}) == len(planes)
                for plan in planes:
                    assert plan.alta <= hoy and plan.alta <= plan.fin and len(plan.matricula) <= 10
                    assert not plan.baja or plan.alta <= plan.baja <= min(hoy, plan.fin)


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]


def suyas(caso: str) -> list[Inscripcion]:
    return list(Inscripcion.objects.filter(persona__curp=CURPS[caso]))


def todas() -> list[tuple[Any, ...]]:
    return list(Inscripcion.objects.order_by("pk").values_list())


def cumplen(hoy: date) -> None:
    """Each sample case is what it says on the day `hoy`."""
    esperan = {
        "vigente": Situacion.VIGENTE,
        "con-clinica": Situacion.VIGENTE,
        "baja": Situacion.BAJA,
        "ciclo-terminado": Situacion.TERMINADA,
    }
    for caso, cual in esperan.items():
        [inscripcion] = suyas(caso)
        inscripcion.full_clean()
        assert situacion(inscripcion, hoy) == cual
        assert inscripcion.registro.escuela == inscripcion.escuela
        assert Nivel(inscripcion.nivel) in inscripcion.escuela.niveles
        movimiento = inscripcion.baja or inscripcion.alta
        assert timezone.localdate(inscripcion.movida) == movimiento <= hoy
    assert suyas("nunca-inscrito") == []
    vigentes = Inscripcion.objects.vigentes(hoy).filter(persona__curp__in=CURPS.values())
    assert {fila.persona.curp for fila in vigentes} == {CURPS["vigente"], CURPS["con-clinica"]}


def test_hoy_y_otra_vez_hoy() -> None:
    cumplen(timezone.localdate())
    antes, salida = todas(), StringIO()
    call_command("inscripciones_demo", stdout=salida)
    assert todas() == antes
    assert salida.getvalue() == (
        "Personas de muestra: 0 puestas al corriente.\n"
        "Inscripciones de los demás: 0 nuevas, 0 con otro fin.\n"
    )


def test_se_renuevan_otro_dia() -> None:
    call_command("datos_demo", personas=90, verbosity=0)
    hoy = timezone.localdate()
    for dias in (1, 40, 100, 101, 200, 300, 400, 750):
        otro = hoy + timedelta(days=dias)
        demo.inscribir(30, otro)
        cumplen(otro)
        antes = todas()
        assert demo.inscribir(30, otro) == demo.Informe()
        assert todas() == antes
        for escuela in demo.ESCUELAS:
            situaciones = Counter(
                situacion(fila, otro) for fila in Inscripcion.objects.filter(escuela=escuela)
            )
            assert situaciones.keys() == {Situacion.VIGENTE, Situacion.BAJA, Situacion.TERMINADA}
            pronto = Inscripcion.objects.vigentes(otro).filter(
                escuela=escuela, fin__lte=otro + timedelta(days=30)
            )
            assert pronto.exists()


def test_lo_que_se_probo_con_las_de_muestra_vuelve_a_su_lugar() -> None:
    hoy = timezone.localdate()
    [vigente] = suyas("vigente")
    Inscripcion.objects.filter(pk=vigente.pk).update(baja=hoy, causa=Inscripcion.Causa.OTRA)
    ajena = Escuela.objects.exclude(pk__in=demo.ESCUELAS).filter(superior=True).order_by("pk")[0]
    for caso in ("nunca-inscrito", "ciclo-terminado"):
        Inscripcion.objects.create(
            persona=Persona.objects.get(curp=CURPS[caso]),
            escuela=ajena,
            registro=ajena.registros.all()[0],
            ciclo="2026-1",
            nivel=Nivel.SUPERIOR,
            alta=hoy,
            fin=hoy + timedelta(days=9),
        )
    assert demo.inscribir(30) == demo.Informe(casos=3)
    cumplen(hoy)
    # The same row, so that links to it go on working.
    assert suyas("vigente") == [vigente]


def test_los_demas_son_siempre_los_mismos_y_de_todas_las_clases() -> None:
    antes = set(Inscripcion.objects.values_list("pk", flat=True))
    call_command("datos_demo", personas=90, verbosity=0)
    nuevas = Inscripcion.objects.exclude(pk__in=antes)
    assert Counter(nuevas.order_by().values_list("escuela").distinct().values_list("escuela", flat=True)) == (
        Counter(demo.ESCUELAS)
    )
    personas = {fila.persona for fila in nuevas.select_related("persona")}
    assert len(personas) == 30 and all(persona.nss for persona in personas)
    assert {persona.curp for persona in personas} == {curp for curp, *_ in demo.gente(10)}
    assert not {persona.curp for persona in personas} & set(CURPS.values())
    for fila in nuevas:
        fila.full_clean()
    assert len({fila.ciclo for fila in nuevas}) == 2


def test_lo_que_una_escuela_hizo_con_los_demas_se_queda() -> None:
    call_command("datos_demo", personas=90, verbosity=0)
    hoy = timezone.localdate()
    abiertas = Inscripcion.objects.vigentes(hoy).filter(escuela=demo.BACHILLERATO)
    abiertas.update(baja=hoy, causa=Inscripcion.Causa.TERMINO)
    antes = todas()
    assert demo.inscribir(30) == demo.Informe()
    assert todas() == antes


def test_cuantas_por_escuela() -> None:
    call_command("datos_demo", personas=180, verbosity=0)
    ultimas = {curp for curp, _, numero in demo.gente(20) if numero >= 12}
    Inscripcion.objects.filter(persona__curp__in=ultimas).delete()
    call_command("inscripciones_demo", por_escuela=12, verbosity=0)
    assert not Inscripcion.objects.filter(persona__curp__in=ultimas).exists()
    with CaptureQueriesContext(connection) as pocas:
        demo.inscribir(1)
    with CaptureQueriesContext(connection) as muchas:
        assert demo.inscribir(20).nuevas > 24
    # What grows is one statement: the insertion.
    assert len(muchas) <= len(pocas) + 3
    assert Inscripcion.objects.filter(persona__curp__in=ultimas).exists()


def test_carga_las_escuelas_si_faltan() -> None:
    antes = todas()
    Inscripcion.objects.all().delete()
    Responsable.objects.all().delete()
    RegistroPatronal.objects.all().delete()
    Escuela.objects.all().delete()
    call_command("inscripciones_demo", verbosity=0)
    cumplen(timezone.localdate())
    assert len(todas()) == len(antes)


def test_quien_responde_por_otra_escuela_se_queda_en_ella() -> None:
    responsable = Responsable.objects.get(usuario__username="escuela-a")
    assert responsable.escuela_id == demo.UNIVERSIDAD
    otra = Escuela.objects.get(pk=demo.BACHILLERATO)
    Responsable.objects.filter(pk=responsable.pk).update(escuela=otra)
    demo.inscribir(0)
    responsable.refresh_from_db()
    assert responsable.escuela == otra
    # And who is not there any more is not made here.
    User.objects.filter(username="escuela-b").delete()
    demo.inscribir(0)
    assert not User.objects.filter(username="escuela-b").exists()


class TestSeNiega:
    def test_sin_demostracion(self, settings: Settings) -> None:
        settings.DEMO = False
        Inscripcion.objects.all().delete()
        with pytest.raises(CommandError, match="solo corre en demostración, con DEMO=1"):
            call_command("inscripciones_demo")
        assert not Inscripcion.objects.exists()

    def test_con_un_numero_negativo(self) -> None:
        with pytest.raises(CommandError, match="de 0 en adelante"):
            call_command("inscripciones_demo", por_escuela=-1)

    def test_sin_las_personas(self) -> None:
        Persona.objects.filter(curp=CURPS["nunca-inscrito"]).delete()
        antes = todas()
        with pytest.raises(CommandError, match=r"cárgalas con manage\.py datos_demo"):
            call_command("inscripciones_demo")
        assert todas() == antes
