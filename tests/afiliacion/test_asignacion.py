"""Drawing a number: the order of the prefixes, the last number, the year of Mexico City."""

from datetime import UTC, date, datetime

import pytest
from django.core.mail import EmailMessage
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from afiliacion.asignacion import SerieAgotada, asignar_nss
from afiliacion.models import Prefijo, Serie, Subdelegacion
from nss_portal.models import Aviso, Documento, Persona, Tramite
from nss_portal.personas.identidad import componer_nss, digito_curp, validar_nss
from tests.apoyo import Estricto, domicilio, reanudar, solicitar

pytestmark = pytest.mark.usefixtures("catalogo")
HOY = date(2026, 11, 19)


@pytest.fixture
def centro() -> Subdelegacion:
    return Subdelegacion.objects.get(nombre="Centro", entidad="09")


def nacida(dia: date, letra: str) -> Persona:
    """A fictional person without NSS: people of one year of birth share a series."""
    curp17 = f"EXEM{dia:%y%m%d}MDFX{letra}XA"
    return Persona.objects.create(
        curp=curp17 + digito_curp(curp17),
        nombres="Muestra",
        primer_apellido="Ejemplo",
        nacimiento=dia,
        sexo="M",
        entidad="DF",
    )


@pytest.fixture
def personas() -> list[Persona]:
    return [nacida(date(2005, 2, 14), letra) for letra in "BCDFGH"]


def gastar(*prefijos: str, ultimo: int = 9999) -> None:
    for prefijo in prefijos:
        Serie.objects.create(
            prefijo=prefijo, anio_registro="26", anio_nacimiento="05", ultimo=ultimo, abierta=HOY
        )


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
    assert asignar_nss(nacida(date(2006, 1, 1), "B"), centro, HOY)[:6] == "282606"


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
    monkeypatch.setattr(timezone, "now", lambda: datetime(2027, 1, 1, 5, 30, tzinfo=UTC))
    assert asignar_nss(personas[0], centro)[2:4] == "26"
    monkeypatch.setattr(timezone, "now", lambda: datetime(2027, 1, 1, 6, 0, tzinfo=UTC))
    assert asignar_nss(personas[1], centro)[2:4] == "27"


def test_se_avisa_al_80_al_95_y_al_final_una_vez(personas: list[Persona], centro: Subdelegacion) -> None:
    def avisos() -> list[str]:
        return list(Aviso.objects.order_by("pk").values_list("clave", flat=True))

    gastar("28", ultimo=7998)
    asignar_nss(personas[0], centro, HOY)
    asignar_nss(personas[0], centro, HOY)
    assert avisos() == ["serie:282605:80"]
    Serie.objects.update(ultimo=9498)
    asignar_nss(personas[1], centro, HOY)
    asignar_nss(personas[2], centro, HOY)
    assert avisos() == ["serie:282605:80", "serie:282605:95"]
    Serie.objects.update(ultimo=9998)
    asignar_nss(personas[3], centro, HOY)
    assert avisos()[2:] == ["serie:282605:100"]
    asignar_nss(personas[4], centro, HOY)
    assert len(avisos()) == 3


@pytest.mark.parametrize(
    ("ultimo", "abierta", "fin"),
    [
        (99, date(2026, 11, 19), None),  # a hundred in its first day: a hundred days more, next year
        (999, date(2026, 11, 19), date(2026, 11, 28)),  # a thousand in its first day: nine days more
        (8999, date(2026, 1, 1), date(2026, 12, 25)),
        (9999, date(2026, 1, 1), date(2026, 11, 19)),
    ],
)
def test_pronostico_del_dia_en_que_se_acaba(ultimo: int, abierta: date, fin: date | None) -> None:
    serie = Serie(prefijo="28", anio_registro="26", anio_nacimiento="05", ultimo=ultimo, abierta=abierta)
    assert serie.se_acaba(HOY) == fin


def test_sin_numeros_el_tramite_espera_y_sigue_cuando_hay(
    cliente: Estricto, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.AVISOS_CORREO = ["personal@imss.example"]
    persona = Persona.objects.sin_nss().order_by("curp")[0]
    nacimiento = f"{persona.nacimiento.year % 100:02d}"
    registro = f"{timezone.localdate().year % 100:02d}"
    for prefijo in Subdelegacion.objects.get(entidad="31").prefijos_en_orden():
        Serie.objects.create(
            prefijo=prefijo, anio_registro=registro, anio_nacimiento=nacimiento, ultimo=9999, abierta=HOY
        )
    url = solicitar(cliente, persona.curp)
    reanudar()
    cliente.post(f"{url}domicilio/", domicilio("97000", "Los Cocos"))
    reanudar()
    pagina = cliente.get(url).pagina
    assert (pagina.pantallas, pagina.marcas["data-espera"]) == (["procesando"], ["serie-agotada"])
    assert not Persona.objects.get(pk=persona.pk).nss
    assert [m.to for m in mailoutbox] == [["personal@imss.example"]]
    reanudar()
    assert len(mailoutbox) == 1, "told once"
    # A new prefix for the office: the trámite ends by itself.
    Prefijo.objects.create(
        prefijo="99", subdelegacion=Subdelegacion.objects.get(entidad="31"), origen="publico"
    )
    Tramite.objects.update(libre_desde=Now())
    reanudar()
    assert cliente.get(url).pagina.pantallas == ["resultado"]
    assert str(Persona.objects.get(pk=persona.pk).nss)[:2] == "99"


def test_dos_navegadores_para_una_curp(cliente: Estricto, otro_cliente: Estricto) -> None:
    curp = Persona.objects.sin_nss().order_by("curp")[0].curp
    urls = [(c, solicitar(c, curp)) for c in (cliente, otro_cliente)]
    reanudar()
    for navegador, url in urls:
        assert navegador.get(url).pagina.pantallas == ["domicilio"]
        navegador.post(f"{url}domicilio/", domicilio())
    while reanudar():
        pass
    nss = Persona.objects.get(curp=curp).nss
    for navegador, url in urls:
        pagina = navegador.get(url)
        assert pagina.pagina.pantallas == ["resultado"]
    assert {d.datos["nss"] for d in Documento.objects.all()} == {nss}
    assert Documento.objects.values("datos__folio").distinct().count() == 2
    assert Serie.objects.get().ultimo == 0
