"""Which subdelegación serves where: every postal code of the country leads to one."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core import serializers
from django.core.management import call_command
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from pytest_django import DjangoAssertNumQueries

from afiliacion.models import Prefijo, Serie, Subdelegacion, Territorio
from nss_portal.models import CodigoPostal, Entidad, Municipio, Persona

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]

FIXTURES = ["entidades", "subdelegaciones", "personas_demo"]
RESTO = Territorio.objects.filter(municipio=None)


def volcado() -> str:
    modelos = (Entidad, Subdelegacion, Prefijo, Territorio, Persona, Serie)
    return serializers.serialize("json", [fila for m in modelos for fila in m.objects.order_by("pk")])


def test_cada_entidad_tiene_un_resto() -> None:
    assert RESTO.count() == RESTO.values("entidad").distinct().count() == Entidad.objects.count() == 32


def test_cada_territorio_es_de_su_entidad() -> None:
    assert not Territorio.objects.exclude(municipio=None).exclude(municipio__entidad=F("entidad")).exists()
    assert not Territorio.objects.exclude(subdelegacion__entidad=F("entidad")).exists()
    # Only the two entidades with several subdelegaciones are divided.
    propios = Territorio.objects.exclude(municipio=None).values_list("entidad").annotate(Count("pk"))
    assert dict(propios) == {"09": 16, "15": 59}


def test_cada_codigo_postal_del_pais_lleva_a_una_subdelegacion(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """All at once in one query, and then through the rule itself, which looks at the municipio alone."""
    suyo = Territorio.objects.filter(municipio=OuterRef("municipio"), entidad=OuterRef("municipio__entidad"))
    resto = RESTO.filter(entidad=OuterRef("municipio__entidad"))
    # A second row would make the database complain of a subquery with two rows, on PostgreSQL; so count too.
    cuantos = Count(
        "municipio__entidad__territorio",
        filter=Q(municipio__entidad__territorio__municipio=F("municipio"))
        | Q(municipio__entidad__territorio__municipio=None),
    )
    with django_assert_num_queries(1):
        de_una_vez = {
            codigo: (municipio, subdelegacion, territorios)
            for codigo, municipio, subdelegacion, territorios in CodigoPostal.objects.annotate(
                quien=Coalesce(
                    Subquery(suyo.values("subdelegacion")), Subquery(resto.values("subdelegacion"))
                ),
                territorios=cuantos,
            ).values_list("pk", "municipio", "quien", "territorios")
        }
    assert len(de_una_vez) == 32_236
    assert {territorios for _, _, territorios in de_una_vez.values()} == {1, 2}
    por_municipio: dict[int, int] = {}
    for municipio, subdelegacion, _ in de_una_vez.values():
        assert subdelegacion is not None
        assert por_municipio.setdefault(municipio, subdelegacion) == subdelegacion
    muestra: dict[int, CodigoPostal] = {}
    for codigo in CodigoPostal.objects.select_related("municipio"):
        muestra[codigo.municipio_id] = codigo
    assert len(muestra) == Municipio.objects.count()
    for municipio, codigo in muestra.items():
        assert Subdelegacion.objects.que_atiende(codigo).pk == por_municipio[municipio]


@pytest.mark.parametrize(
    ("codigo", "nombre"),
    [
        ("06600", "Centro"),
        ("07000", "Magdalena de las Salinas"),
        ("02000", "Santa María la Ribera"),
        ("11560", "Polanco"),
        ("05000", "Polanco"),
        ("15000", "Guerrero"),
        ("03100", "Del Valle"),
        ("09000", "Piedad Narvarte"),
        ("01000", "San Ángel"),
        ("08000", "Santa Anita"),
        ("14000", "Churubusco"),
        ("53000", "Naucalpan"),
        ("54000", "Tlalnepantla"),
        ("55000", "Ecatepec"),
        ("57000", "La Paz"),
        ("50000", "Toluca"),
        ("64000", "Nuevo León"),
        ("97000", "Yucatán"),
        ("22000", "Baja California"),
        ("29908", "Chiapas"),
    ],
)
def test_algunos_que_se_conocen(codigo: str, nombre: str) -> None:
    assert str(Subdelegacion.objects.que_atiende(CodigoPostal.objects.get(pk=codigo))) == nombre


def test_cada_subdelegacion_tiene_prefijos_y_la_reserva_no_atiende_a_nadie() -> None:
    assert not Subdelegacion.objects.filter(prefijos=None).exists()
    sin_territorio = Subdelegacion.objects.filter(territorio=None)
    assert [str(oficina) for oficina in sin_territorio] == ["Reserva nacional"]
    assert sin_territorio[0].entidad is None
    assert (Subdelegacion.objects.count(), Prefijo.objects.count()) == (46, 83)
    # Where no public source says whose a prefix is, it says so.
    assert set(Prefijo.objects.filter(subdelegacion__entidad=None).values_list("origen", flat=True)) == {
        "demostrativo"
    }


def test_las_fixtures_van_por_sus_nombres() -> None:
    for nombre in FIXTURES:
        texto = (Path(settings.BASE_DIR) / f"fixtures/{nombre}.json").read_text(encoding="utf-8")
        assert "\\u" not in texto and texto.endswith("]\n")
        assert not any("pk" in objeto for objeto in json.loads(texto))


def test_cargar_las_fixtures_otra_vez_no_cambia_nada() -> None:
    antes = volcado()
    for _ in range(2):
        call_command("loaddata", *FIXTURES, verbosity=0)
        assert volcado() == antes


def test_lo_volcado_por_nombres_se_vuelve_a_cargar(tmp_path: Path) -> None:
    antes = volcado()
    archivo = tmp_path / "territorio.json"
    modelos = ["afiliacion.Subdelegacion", "afiliacion.Territorio"]
    opciones = {"use_natural_foreign_keys": True, "use_natural_primary_keys": True, "verbosity": 0}
    call_command("dumpdata", *modelos, output=str(archivo), **opciones)
    call_command("loaddata", str(archivo), verbosity=0)
    assert volcado() == antes
    for fila in Territorio.objects.select_related("municipio"):
        assert Territorio.objects.get_by_natural_key(*fila.natural_key()) == fila
    for oficina in Subdelegacion.objects.all():
        assert Subdelegacion.objects.get_by_natural_key(*oficina.natural_key()) == oficina
