"""Drawing a number: the order of the prefixes, the last number, the year of Mexico City."""

from datetime import UTC, date, datetime

import pytest

from afiliacion.asignacion import SerieAgotada, asignar_nss
from afiliacion.models import Serie, Subdelegacion
from nss_portal.identidad import componer_nss, validar_nss
from nss_portal.models import Persona

pytestmark = pytest.mark.usefixtures("catalogo")
HOY = date(2026, 11, 19)


@pytest.fixture
def centro() -> Subdelegacion:
    return Subdelegacion.objects.get(nombre="Centro", entidad="09")


@pytest.fixture
def personas() -> list[Persona]:
    lista = list(Persona.objects.sin_nss().order_by("pk")[:6])
    for persona in lista:  # one year of birth: one series a prefix
        persona.nacimiento = date(2005, 2, 14)
    return lista


def gastar(*prefijos: str, ultimo: int = 9999) -> None:
    for prefijo in prefijos:
        Serie.objects.create(prefijo=prefijo, anio_registro="26", anio_nacimiento="05", ultimo=ultimo)


def test_dos_veces_es_el_mismo(personas: list[Persona], centro: Subdelegacion) -> None:
    nss = asignar_nss(personas[0], centro, HOY)
    assert validar_nss(nss) == nss == asignar_nss(personas[0], centro, HOY)
    assert nss[:10] == "2826050000"
    assert Serie.objects.get().ultimo == 0
    assert asignar_nss(personas[1], centro, HOY)[:10] == "2826050001"


def test_orden_de_los_prefijos(personas: list[Persona], centro: Subdelegacion) -> None:
    """The office's own, then its entidad's others in order, then the national reserve; then it waits."""
    propios = ["28", "29"]
    de_la_entidad = ["01", "06", "07", "10", "11", "17", "20", "27", "30", "36", "37", "38", "39", "40", "42"]
    de_la_entidad += ["44", "45", "46"]
    reserva = ["58", "59", "78", "79", "80", "82", "86", "87", "88", "89"]
    assert centro.prefijos_en_orden() == propios + de_la_entidad + reserva
    gastar("28")
    assert asignar_nss(personas[0], centro, HOY)[:2] == "29"
    Serie.objects.update(ultimo=9999)
    assert asignar_nss(personas[1], centro, HOY)[:2] == "01"
    Serie.objects.update(ultimo=9999)
    gastar(*de_la_entidad[1:])
    assert asignar_nss(personas[2], centro, HOY)[:2] == "58"
    Serie.objects.update(ultimo=9999)
    gastar(*reserva[1:])
    with pytest.raises(SerieAgotada):
        asignar_nss(personas[3], centro, HOY)
    assert Persona.objects.get(pk=personas[3].pk).nss is None
    # Another year of birth has its own ten thousand.
    personas[3].nacimiento = date(2006, 1, 1)
    assert asignar_nss(personas[3], centro, HOY)[:6] == "282606"


def test_el_ultimo_numero_se_da_y_no_da_la_vuelta(personas: list[Persona], centro: Subdelegacion) -> None:
    gastar("28", ultimo=9998)
    assert asignar_nss(personas[0], centro, HOY)[:10] == "2826059999"
    assert asignar_nss(personas[1], centro, HOY)[:10] == "2926050000"
    assert set(Serie.objects.values_list("prefijo", "ultimo")) == {("28", 9999), ("29", 0)}


def test_salta_los_que_llegaron_de_fuera(personas: list[Persona], centro: Subdelegacion) -> None:
    Persona.objects.filter(pk=personas[5].pk).update(nss=componer_nss("28", 26, 5, 0))
    assert asignar_nss(personas[0], centro, HOY)[:10] == "2826050001"


def test_subdelegacion_de_una_entidad_con_un_prefijo(personas: list[Persona]) -> None:
    yucatan = Subdelegacion.objects.get(entidad="31")
    gastar("84")
    assert asignar_nss(personas[0], yucatan, HOY)[:2] == "58"


def test_el_anio_es_el_de_la_ciudad_de_mexico(
    personas: list[Persona], centro: Subdelegacion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half past eleven at night of 31 December in Mexico City is already next year in UTC."""
    from django.utils import timezone

    monkeypatch.setattr(timezone, "now", lambda: datetime(2027, 1, 1, 5, 30, tzinfo=UTC))
    assert asignar_nss(personas[0], centro)[2:4] == "26"
    monkeypatch.setattr(timezone, "now", lambda: datetime(2027, 1, 1, 6, 0, tzinfo=UTC))
    assert asignar_nss(personas[1], centro)[2:4] == "27"
