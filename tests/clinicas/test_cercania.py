"""Which clinic for a postal code: known coverage, then municipio, then entidad, then the country."""

import time

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinicas import alta, cercania
from clinicas.cercania import Motivo, Opcion, Razon
from clinicas.models import Clinica, Cobertura, Consultorio, Turno
from nss_portal.models import CodigoPostal
from tests.clinicas.apoyo import HOY, clinica, persona

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sin_clinicas")]


@pytest.fixture
def demostracion(sin_clinicas: None) -> None:
    call_command("loaddata", "clinicas", verbosity=0)


def de(codigo: str) -> list[Opcion]:
    codigo_postal = CodigoPostal.objects.buscar(codigo)
    assert codigo_postal
    return cercania.opciones(codigo_postal)


def claves(opciones: list[Opcion]) -> list[str]:
    return [o.clinica.clues for o in opciones]


def municipio_de(codigo: str) -> int:
    return CodigoPostal.objects.get(pk=codigo).municipio_id


# --- One by one -----------------------------------------------------------------------------------


def test_primero_la_que_atiende_el_codigo() -> None:
    lejana = clinica("YNIMS980009", entidad_id="31", codigo_postal="97000")
    clinica("NLIMS980001", municipio_id=municipio_de("64000"))
    Cobertura.objects.create(codigo_postal_id="64000", clinica=lejana)
    [opcion] = de("64000")
    assert (opcion.clinica, opcion.motivo, opcion.kilometros) == (lejana, Motivo.COBERTURA, None)
    assert [(c.turno, c.numero) for c in opcion.turnos] == [("matutino", 1), ("vespertino", 1)]
    assert opcion.saltadas == ()


def test_despues_las_del_municipio_y_luego_las_de_la_entidad() -> None:
    de_aqui = [
        clinica(f"NLIMS98000{n}", municipio_id=municipio_de("64000"), codigo_postal=cp)
        for n, cp in ((1, "64900"), (2, "64010"), (3, "64000"))
    ]
    vecina = clinica("NLIMS980004", municipio_id=municipio_de("67100"), codigo_postal="67100")
    clinica("COIMS980005", entidad_id="05", codigo_postal="25000")
    opciones = de("64000")
    # By the number of the code.
    assert claves(opciones) == [c.clues for c in reversed(de_aqui)]
    assert {o.motivo for o in opciones} == {Motivo.MUNICIPIO}
    Clinica.objects.filter(pk__in=[c.pk for c in de_aqui]).update(estado=Clinica.Estado.CERRADA)
    [opcion] = de("64000")
    assert (opcion.clinica, opcion.motivo) == (vecina, Motivo.ENTIDAD)
    assert [(s.clinica, s.razon) for s in opcion.saltadas] == [(c, Razon.CERRADA) for c in reversed(de_aqui)]


def test_la_llena_se_salta_y_se_dice_por_que() -> None:
    propias = {"municipio_id": municipio_de("64000")}
    llena = clinica("NLIMS980001", matutino=[1], vespertino=[], **propias)
    otra = clinica("NLIMS980002", codigo_postal="64900", matutino=[0], vespertino=[2, 1], **propias)
    assert claves(de("64000")) == [llena.clues, otra.clues]
    alta.registrar(persona(1), llena, Turno.MATUTINO, hoy=HOY)
    [opcion] = de("64000")
    assert opcion.clinica == otra
    assert [(s.clinica, s.razon) for s in opcion.saltadas] == [(llena, Razon.LLENA)]
    # Only the turno that has room, and who would take the person.
    assert [(c.turno, c.numero) for c in opcion.turnos] == [("vespertino", 1)]
    alta.registrar(persona(2), otra, Turno.VESPERTINO, hoy=HOY)
    assert [(c.turno, c.numero) for c in de("64000")[0].turnos] == [("vespertino", 2)]


def test_si_la_que_atiende_no_puede_se_sigue_buscando() -> None:
    propias = {"municipio_id": municipio_de("64000")}
    que_cubren = {
        clinica("NLIMS980001", matutino=[0], vespertino=[], **propias): Razon.LLENA,
        clinica("NLIMS980002", estado=Clinica.Estado.CERRADA, **propias): Razon.CERRADA,
        clinica("NLIMS980003", estado=Clinica.Estado.RETIRADA, **propias): Razon.RETIRADA,
    }
    for una in que_cubren:
        Cobertura.objects.create(codigo_postal_id="64000", clinica=una)
    # Retired, and not known to serve this code: nobody needs to hear of it.
    clinica("NLIMS980004", estado=Clinica.Estado.RETIRADA, **propias)
    cercana = clinica("NLIMS980005", codigo_postal="64100", **propias)
    [opcion] = de("64000")
    assert (opcion.clinica, opcion.motivo) == (cercana, Motivo.MUNICIPIO)
    assert {s.clinica: s.razon for s in opcion.saltadas} == que_cubren


def test_sin_ninguna_en_la_entidad_la_mas_cercana_del_pais() -> None:
    lejana = clinica("YNIMS980001", entidad_id="31", codigo_postal="97000")
    cercana = clinica("TSIMS980002", entidad_id="28", codigo_postal="87000")
    opciones = de("64000")
    assert claves(opciones) == [lejana.clues, cercana.clues][::-1]
    assert {o.motivo for o in opciones} == {Motivo.PAIS}
    Clinica.objects.update(estado=Clinica.Estado.CERRADA)
    assert de("64000") == []


def test_kilometros_solo_con_las_dos_puntas() -> None:
    propias = {"municipio_id": municipio_de("64000")}
    aqui = clinica("NLIMS980001", latitud=25.67, longitud=-100.31, **propias)
    lejos = clinica("NLIMS980002", codigo_postal="64010", latitud=25.77, longitud=-100.31, **propias)
    cerca = clinica("NLIMS980003", codigo_postal="64900", latitud=25.68, longitud=-100.31, **propias)
    sin = clinica("NLIMS980004", codigo_postal="64005", **propias)
    opciones = de("64000")
    # In the very code first; then by kilometres; then who has none, however near its number.
    assert claves(opciones) == [c.clues for c in (aqui, cerca, lejos, sin)]
    assert [o.kilometros and round(o.kilometros, 1) for o in opciones] == [None, 1.1, 11.1, None]
    # From a code without a clinic there is no point to measure from: by number.
    assert [o.kilometros for o in de("64006")] == [None] * 4
    assert claves(de("64006"))[0] == sin.clues


def test_distancia() -> None:
    ciudad_de_mexico, merida = (19.4326, -99.1332), (20.9674, -89.5926)
    assert cercania.distancia(ciudad_de_mexico, merida) == pytest.approx(1013, abs=5)
    assert cercania.distancia(merida, merida) == 0


def test_no_mas_de_cinco_y_las_llenas_no_quitan_lugar() -> None:
    for n in range(20):
        clinica(f"NLIMS9800{n:02d}", codigo_postal=f"640{n:02d}", matutino=[int(n >= 13)], vespertino=[])
    opciones = de("64000")
    assert claves(opciones) == [f"NLIMS9800{n}" for n in range(13, 18)]
    assert len(opciones[0].saltadas) == 13


def test_la_llena_se_dice_aunque_haya_una_mas_cercana_con_lugar() -> None:
    propias = {"municipio_id": municipio_de("64000")}
    cercana = clinica("NLIMS980001", **propias)
    llena = clinica("NLIMS980002", codigo_postal="64900", matutino=[0], vespertino=[], **propias)
    [opcion] = de("64000")
    assert (opcion.clinica, [s.clinica for s in opcion.saltadas]) == (cercana, [llena])


# --- The demonstration's -----------------------------------------------------------------------------


@pytest.mark.usefixtures("demostracion")
def test_en_la_demostracion_hay_de_todo() -> None:
    varias, una, un_turno = de("06600"), de("64000"), de("97000")
    assert len(varias) == 3 and {o.motivo for o in varias} == {Motivo.COBERTURA}
    assert len(una) == 1 and len(una[0].turnos) == 2
    assert len(un_turno) == 1 and len(un_turno[0].turnos) == 1
    assert {o.motivo for o in de("22000")} == {Motivo.MUNICIPIO}
    assert {o.motivo for o in de("29908")} == {Motivo.ENTIDAD}
    # Who covers it is full; who covers it is closed.
    assert [s.razon for s in de("44100")[0].saltadas][:1] == [Razon.LLENA]
    assert [s.razon for s in de("72000")[0].saltadas] == [Razon.CERRADA]
    por_entidad = Clinica.objects.en_operacion().values_list("entidad", flat=True)
    assert all(list(por_entidad).count(f"{n:02d}") >= 2 for n in range(1, 33))
    assert set(Clinica.objects.values_list("origen", flat=True)) == {"demostrativo"}
    for demostrativa in Clinica.objects.all():
        demostrativa.full_clean()


@pytest.mark.usefixtures("demostracion")
def test_cargarla_dos_veces_no_cambia_nada() -> None:
    def todo() -> list[object]:
        return [list(m.objects.order_by("pk").values()) for m in (Clinica, Consultorio, Cobertura)]

    una = Clinica.objects.en_operacion().filter(consultorios__capacidad__gt=0)[0]
    lugar = alta.registrar(persona(1), una, Turno.MATUTINO, hoy=HOY)
    antes = todo()
    call_command("loaddata", "clinicas", verbosity=0)
    assert todo() == antes
    assert alta.activa(persona(1)) == lugar
    assert Consultorio.objects.con_poblacion().get(pk=lugar.consultorio_id).poblacion == 1


@pytest.mark.usefixtures("demostracion")
def test_todos_los_codigos_del_pais_llevan_a_una_clinica() -> None:
    empieza = time.perf_counter()
    codigos, motivos = 0, set()
    for codigo, opciones in cercania.opciones_de_todos():
        codigos += 1
        assert opciones, codigo
        for opcion in opciones:
            assert opcion.turnos and opcion.clinica.estado == Clinica.Estado.OPERA
        motivos.add(opciones[0].motivo)
    tardo = time.perf_counter() - empieza
    assert codigos == CodigoPostal.objects.count() > 30_000
    assert motivos == {Motivo.COBERTURA, Motivo.MUNICIPIO, Motivo.ENTIDAD}
    assert tardo < 30, f"{tardo:.1f} s"


@pytest.mark.usefixtures("demostracion")
def test_el_barrido_dice_lo_mismo_que_la_consulta() -> None:
    todos = CodigoPostal.objects.count()
    for n, (codigo, opciones) in enumerate(cercania.opciones_de_todos()):
        if n % (todos // 150) == 0:
            assert de(codigo) == opciones, codigo


@pytest.mark.usefixtures("demostracion")
def test_las_preguntas_no_crecen_con_las_clinicas() -> None:
    def preguntas(codigo: str) -> int:
        codigo_postal = CodigoPostal.objects.buscar(codigo)
        assert codigo_postal
        with CaptureQueriesContext(connection) as consultas:
            cercania.opciones(codigo_postal)
        return len(consultas)

    casos = ["06600", "22000", "29908", "44100"]
    antes = [preguntas(codigo) for codigo in casos]
    assert max(antes) <= 5
    for n in range(60):
        for entidad, cp in (("09", "06600"), ("02", "22000"), ("07", "29900"), ("14", "44100")):
            clinica(
                f"ZZIMS9{entidad}{n:03d}",
                entidad_id=entidad,
                codigo_postal=cp,
                municipio_id=municipio_de(cp) if entidad != "07" else None,
            )
    assert [preguntas(codigo) for codigo in casos] == antes
