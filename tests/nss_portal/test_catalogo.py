"""The postal catalogue: what is in it, and that loading it again is safe."""

import sqlite3
from contextlib import closing
from importlib.resources import as_file, files
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from afiliacion.forms import DomicilioForm
from nss_portal.models import CodigoPostal, Colonia, Entidad, Municipio
from nss_portal.territorio import catalogo as modulo
from nss_portal.territorio.catalogo import CatalogoInvalido, Fila, cargar, del_paquete
from nss_portal.territorio.models import plegar

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]

MODELOS = (Entidad, Municipio, CodigoPostal, Colonia)
# Named by a number; in the code there may also be a colonia whose id is that number.
CON_NUMERO = [
    ("35354", "13"),
    ("36748", "1910"),
    ("44820", "2001"),
    ("62778", "20 30"),
    ("70023", "103"),
    ("88950", "78 80"),
    ("90833", "1901"),
    ("94720", "2000"),
    ("98600", "1910"),
]


@pytest.fixture(scope="module")
def filas() -> list[Fila]:
    return del_paquete()


def todo() -> list[list[tuple[Any, ...]]]:
    """Every row of the catalogue, ids included."""
    return [list(modelo.objects.order_by("pk").values_list()) for modelo in MODELOS]


def test_esta_el_pais_entero() -> None:
    assert [modelo.objects.count() for modelo in MODELOS] == [32, 2_458, 32_236, 145_324]
    assert not Colonia.objects.exclude(vigente=True).exists()
    assert not Municipio.objects.filter(codigos=None).exists()
    assert not CodigoPostal.objects.filter(colonias=None).exists()


def test_los_dobles_son_uno() -> None:
    """145,468 lines; 139 repeat another one whole, and five are another spelling of one."""
    recurso = files("postalcodes_mexico") / "data" / "postalcodes.sqlite3"
    with as_file(recurso) as ruta, closing(sqlite3.connect(ruta)) as base:
        lineas = base.execute("SELECT cp, place, place_type FROM places").fetchall()
    assert len(lineas) == 145_468
    assert len(set(lineas)) == 145_329
    assert len({(codigo, plegar(nombre), tipo) for codigo, nombre, tipo in lineas}) == 145_324
    # The spelling with its accents and capitals stays.
    for codigo, nombre in [("29908", "Lumijá"), ("33188", "Güichaborare"), ("42306", "La Palma")]:
        colonias = Colonia.objects.filter(codigo_postal=codigo, nombre_plegado=plegar(nombre))
        assert set(colonias.values_list("nombre", flat=True)) == {nombre}


def test_el_nombre_plegado_es_el_del_nombre() -> None:
    for nombre, plegado in Colonia.objects.values_list("nombre", "nombre_plegado").iterator():
        assert plegar(nombre) == plegado


@pytest.mark.parametrize(("codigo", "nombre"), CON_NUMERO)
def test_las_colonias_de_puro_numero_se_encuentran(codigo: str, nombre: str) -> None:
    datos = {"codigo_postal": codigo, "colonia": nombre, "calle": "Uno", "numero_exterior": "1"}
    form = DomicilioForm(datos)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["asentamiento"].nombre == nombre


def test_solo_nueve_colonias_son_de_puro_numero() -> None:
    sin_letras = Colonia.objects.exclude(nombre__regex="[A-Za-z]").order_by("codigo_postal")
    assert list(sin_letras.values_list("codigo_postal", "nombre")) == CON_NUMERO


def test_cargar_otra_vez_no_cambia_nada(
    filas: list[Fila], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    antes = todo()
    with django_assert_max_num_queries(12):
        assert cargar(filas).sin_cambios
    assert todo() == antes


def test_lo_dice() -> None:
    salida, errores = StringIO(), StringIO()
    call_command("cargar_codigos_postales", stdout=salida, stderr=errores)
    assert salida.getvalue() == (
        "Sin cambios: el catálogo ya estaba al día (32,236 códigos postales, 145,324 colonias).\n"
    )
    assert errores.getvalue() == ""  # progress is for a terminal only
    Colonia.objects.filter(codigo_postal="06600").update(nombre="Otra")
    salida = StringIO()
    call_command("cargar_codigos_postales", stdout=salida)
    assert "0 agregadas, 1 cambiadas, 0 retiradas" in salida.getvalue()


def test_desde_cero() -> None:
    antes = [[fila[1:] for fila in filas] for filas in todo()]
    with connection.cursor() as cursor:
        for tabla in (
            *("clinicas_alta", "clinicas_cobertura", "clinicas_consultorio", "clinicas_clinica"),
            *(
                "vigencia_inscripcion",
                "vigencia_registropatronal",
                "vigencia_responsable",
                "vigencia_escuela",
            ),
            *("afiliacion_empleado", "afiliacion_territorio", "afiliacion_prefijo"),
            "afiliacion_subdelegacion",
        ):
            cursor.execute(f"DELETE FROM {tabla}")
        for modelo in reversed(MODELOS):
            cursor.execute(f"DELETE FROM {modelo._meta.db_table}")
    assert not Entidad.objects.exists()
    informe = cargar(del_paquete())
    assert not informe.sin_cambios
    cuentas = (informe.municipios, informe.codigos, informe.colonias)
    assert [cuenta.agregadas for cuenta in cuentas] == [2_458, 32_236, 145_324]
    despues = [[fila[1:] for fila in filas] for filas in todo()]
    # Municipios have other ids now, so codes are told apart by what hangs from them: their number.
    assert [sorted(map(str, despues[i])) for i in (0, 1, 3)] == [
        sorted(map(str, antes[i])) for i in (0, 1, 3)
    ]


def test_actualiza_en_su_lugar(filas: list[Fila]) -> None:
    juarez = Colonia.objects.get(codigo_postal="06600")
    Colonia.objects.filter(pk=juarez.pk).update(nombre="JUAREZ")
    otro = Municipio.objects.get(entidad="19", nombre="Monterrey")
    CodigoPostal.objects.filter(pk="06600").update(municipio=otro)
    Colonia.objects.filter(codigo_postal="64000", nombre="La Finca").delete()
    informe = cargar(filas)
    juarez.refresh_from_db()
    assert (juarez.nombre, juarez.vigente) == ("Juárez", True)
    assert CodigoPostal.objects.get(pk="06600").municipio.nombre == "Cuauhtémoc"
    assert Colonia.objects.filter(codigo_postal="64000", nombre="La Finca").count() == 1
    assert (informe.codigos.agregadas, informe.codigos.cambiadas) == (0, 1)
    colonias = informe.colonias
    assert (colonias.agregadas, colonias.cambiadas, colonias.retiradas) == (1, 1, 0)


def test_lo_retirado_se_queda_y_puede_volver(filas: list[Fila]) -> None:
    juarez = Colonia.objects.get(codigo_postal="06600")
    informe = cargar([fila for fila in filas if fila.codigo != "06600"])
    assert informe.colonias.retiradas == 1 and not informe.colonias.cambiadas
    juarez.refresh_from_db()
    assert not juarez.vigente
    assert CodigoPostal.objects.filter(pk="06600").exists()
    # Retired once, it is not retired again.
    assert cargar([fila for fila in filas if fila.codigo != "06600"]).sin_cambios
    informe = cargar(filas)
    assert (informe.colonias.cambiadas, informe.colonias.agregadas) == (1, 0)
    juarez.refresh_from_db()
    assert juarez.vigente


@pytest.mark.parametrize(
    ("mala", "dice"),
    [
        (Fila("06600", "Juárez", "Colonia", "Iztacalco", "Ciudad de México"), "está en dos municipios"),
        (Fila("99999", "Nueva", "Colonia", "Nuevo", "Atlántida"), "entidades que no existen: Atlántida"),
    ],
)
def test_todo_o_nada(filas: list[Fila], mala: Fila, dice: str) -> None:
    antes = todo()
    with pytest.raises(CatalogoInvalido, match=dice):
        cargar([Fila("00001", "Nueva", "Colonia", "Nuevo", "Jalisco"), *filas, mala])
    assert todo() == antes


def test_un_catalogo_vacio_no_retira_a_todo_el_pais() -> None:
    with pytest.raises(CatalogoInvalido, match="vacío"):
        cargar([])
    assert not Colonia.objects.filter(vigente=False).exists()


def test_si_se_cae_a_la_mitad_no_queda_nada(filas: list[Fila], monkeypatch: pytest.MonkeyPatch) -> None:
    def caer(*args: object) -> None:
        raise OSError("no hay espacio")

    antes = todo()
    monkeypatch.setattr(modulo, "_cargar_colonias", caer)
    with pytest.raises(OSError, match="no hay espacio"):
        cargar([*filas, Fila("00001", "Nueva", "Colonia", "Nuevo", "Jalisco")])
    assert todo() == antes


def test_el_error_se_dice_en_una_frase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modulo, "del_paquete", list)
    with pytest.raises(CommandError, match="El catálogo está vacío"):
        call_command("cargar_codigos_postales")
