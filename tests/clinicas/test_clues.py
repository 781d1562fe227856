"""The health ministry's workbook: what becomes a clinic, what changes, and what is refused whole."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinicas import alta
from clinicas.catalogo import clues
from clinicas.catalogo.unidades import _cuantos, da_medicina_familiar, titular
from clinicas.models import Clinica, Cobertura, Consultorio, Turno
from nss_portal.models import Municipio
from tests.clinicas.apoyo import HOY, clinica, persona
from tests.clinicas.libros import CABECERA, UMF, escribir, fila

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sin_clinicas")]
UNA, OTRA, TERCERA = (f"NLIMS00000{n}" for n in (1, 2, 3))


def orden(ruta: Path | str, retira: int | None = None) -> str:
    salida = io.StringIO()
    call_command("cargar_clinicas", str(ruta), aceptar_retiros=retira, stdout=salida, stderr=io.StringIO())
    return salida.getvalue()


def rechazo(ruta: Path | str) -> str:
    antes = todas()
    with pytest.raises(CommandError) as error:
        orden(ruta)
    assert todas() == antes
    return str(error.value)


def todas() -> list[Any]:
    return [list(m.objects.order_by("pk").values()) for m in (Clinica, Consultorio)]


@pytest.fixture
def ruta(tmp_path: Path) -> Path:
    return tmp_path / "clues.xlsx"


def test_carga_y_vuelve_a_cargar(ruta: Path) -> None:
    escribir(ruta, [fila(UNA), fila(OTRA, CONSULTORIOS_DE_MED_GRAL="")])
    assert orden(ruta).startswith(
        "Renglones leídos: 2. Clínicas: 2 en el catálogo; 2 nuevas, 0 cambiadas, 0 sin cambio.\n"
    )
    una = Clinica.objects.get(pk=UNA)
    una.full_clean()
    # The catalogue has none: unknown.
    assert (una.horario, una.ventanilla) == ("", "")
    assert (una.nombre, una.numero, una.tipo, una.origen) == ("UMF No. 1", 1, "umf", "clues")
    assert una.direccion == (
        "Avenida de los Ejemplos 100, Colonia Centro, C. P. 64000, Monterrey, Nuevo León"
    )
    assert (una.telefono, una.latitud, una.longitud) == ("8100000000", 25.67, -100.31)
    assert una.municipio == Municipio.objects.get(entidad="19", nombre="Monterrey")
    for pk, cuantos in ((UNA, 3), (OTRA, clues.CONSULTORIOS)):
        for turno in Turno:
            suyos = Consultorio.objects.filter(clinica=pk, turno=turno)
            assert [c.numero for c in suyos] == list(range(1, cuantos + 1))
            assert {c.capacidad for c in suyos} == {clues.CAPACIDAD}
    antes = todas()
    assert orden(ruta) == (
        "Renglones leídos: 2. Clínicas: 2 en el catálogo; 0 nuevas, 0 cambiadas, 2 sin cambio.\n"
    )
    assert todas() == antes


@pytest.mark.parametrize(
    ("cambios", "si"),
    [
        ({}, True),
        ({"NOMBRE_DE_TIPOLOGIA": "UNIDAD DE MEDICINA FAMILIAR CON HOSPITALIZACIÓN"}, True),
        ({"NOMBRE_DE_TIPOLOGIA": "UNIDAD AUXILIAR DE MEDICINA FAMILIAR"}, True),
        (
            {
                "NOMBRE_DE_TIPOLOGIA": "HOSPITAL GENERAL DE ZONA CON MEDICINA FAMILIAR",
                "NOMBRE_TIPO_ESTABLECIMIENTO": "DE HOSPITALIZACIÓN",
            },
            True,
        ),
        ({"NOMBRE_DE_TIPOLOGIA": "HOSPITAL GENERAL DE ZONA"}, False),
        ({"NOMBRE_DE_TIPOLOGIA": "UNIDAD MEDICA RURAL"}, False),
        ({"NOMBRE_DE_TIPOLOGIA": "UNIDAD MEDICA DE ATENCION AMBULATORIA"}, False),
        ({"NOMBRE_DE_TIPOLOGIA": "NO ESPECIFICADO", "NOMBRE_DE_LA_UNIDAD": "HGZ C/MF NO. 8"}, True),
        ({"NOMBRE_DE_TIPOLOGIA": "", "NOMBRE_DE_LA_UNIDAD": "HGSZ/UMF 12"}, True),
        ({"NOMBRE_DE_TIPOLOGIA": "", "NOMBRE_DE_LA_UNIDAD": "UNIDAD MOVIL UMF 3"}, False),
        ({"NOMBRE_TIPO_ESTABLECIMIENTO": "DE APOYO"}, False),
    ],
)
def test_que_da_medicina_familiar(cambios: dict[str, str], si: bool) -> None:
    celdas = fila(UNA, **cambios)
    nombres = {
        "tipologia": "NOMBRE DE TIPOLOGIA",
        "nombre": "NOMBRE DE LA UNIDAD",
        "tipo_establecimiento": "NOMBRE TIPO ESTABLECIMIENTO",
    }
    datos = {nombre: celdas[CABECERA.index(columna)] for nombre, columna in nombres.items()}
    assert da_medicina_familiar(datos) is si


def test_dice_por_donde_va(ruta: Path) -> None:
    escribir(ruta, [fila(f"NLIMS{n:06d}") for n in range(2_500)])
    pasos: list[tuple[Any, ...]] = []
    clues.cargar(str(ruta), lambda *paso: pasos.append(paso))
    assert [paso[0] for paso in pasos] == ["Leyendo", "Leyendo", "Guardando"]
    assert 0 < pasos[0][1] <= pasos[1][1] <= 1


def test_solo_del_imss_y_en_operacion(ruta: Path) -> None:
    ajenas = ["NLSSA000001", "NLIMO000001", "NLIMB000002", "nlims", "DFIST000011"]
    otras = [fila("NLIMS000009", ESTATUS_DE_OPERACION="FUERA DE OPERACION")]
    otras += [[clave, *fila(UNA)[1:]] for clave in ajenas]
    escribir(ruta, [*otras, fila(UNA), [None] * 68, ["", *[None] * 67]])
    assert "Clínicas: 1 en el catálogo; 1 nuevas" in orden(ruta)
    assert Clinica.objects.get().pk == UNA


def test_actualiza_en_su_lugar_y_respeta_lo_del_personal(ruta: Path) -> None:
    escribir(ruta, [fila(UNA), fila(OTRA), fila(TERCERA)])
    orden(ruta)
    lugar = alta.registrar(persona(1), Clinica.objects.get(pk=UNA), Turno.MATUTINO, hoy=HOY)
    Clinica.objects.filter(pk=UNA).update(horario="De noche", delegacion="Norte", ventanilla="La 3")
    Clinica.objects.filter(pk=OTRA).update(estado=Clinica.Estado.CERRADA)
    Consultorio.objects.filter(pk=lugar.consultorio_id).update(capacidad=7)
    escribir(
        ruta,
        [
            fila(UNA, TELEFONO="8100000001", CONSULTORIOS_DE_MED_GRAL=9, CODIGO_POSTAL="64010"),
            fila(OTRA, NOMBRE_DE_LA_UNIDAD="HGZ CON MF NO. 33 SAN PEDRO"),
        ],
    )
    assert orden(ruta, retira=1) == (
        "Renglones leídos: 2. Clínicas: 2 en el catálogo; 0 nuevas, 2 cambiadas, 0 sin cambio.\n"
        "Ya no están en el catálogo (su gente sigue registrada hasta que la muevas en el admin):\n"
        f"  {TERCERA} UMF No. 3: 0 personas.\n"
    )
    una, otra, tercera = (Clinica.objects.get(pk=pk) for pk in (UNA, OTRA, TERCERA))
    assert (una.telefono, una.codigo_postal) == ("8100000001", "64010")
    assert (una.horario, una.delegacion, una.ventanilla) == ("De noche", "Norte", "La 3")
    assert Consultorio.objects.get(pk=lugar.consultorio_id).capacidad == 7
    assert una.consultorios.count() == 6
    assert (otra.nombre, otra.numero, otra.tipo) == ("HGZ con MF No. 33 San Pedro", 33, "hgz")
    # Closed by staff: no load opens it.
    assert (otra.estado, tercera.estado) == ("cerrada", "retirada")


def test_la_retirada_conserva_a_su_gente_y_puede_volver(ruta: Path) -> None:
    demostrativa = clinica("NLIMS990001", origen="demostrativo")
    Cobertura.objects.create(codigo_postal_id="64000", clinica=demostrativa)
    lugar = alta.registrar(persona(1), demostrativa, Turno.MATUTINO, hoy=HOY)
    escribir(ruta, [fila(UNA)])
    assert "  NLIMS990001 UMF 1: 1 personas.\n" in orden(ruta, retira=1)
    # Told again while it has people.
    assert "  NLIMS990001 UMF 1: 1 personas.\n" in orden(ruta)
    assert alta.activa(persona(1)) == lugar
    assert Cobertura.objects.count() == 1 and Clinica.objects.get(pk="NLIMS990001").estado == "retirada"
    destino = Consultorio.objects.filter(clinica=UNA)[0]
    assert alta.reubicar(lugar.consultorio, destino, HOY) == 1
    assert "NLIMS990001" not in orden(ruta)
    escribir(ruta, [fila(UNA), fila("NLIMS990001")])
    orden(ruta)
    vuelta = Clinica.objects.get(pk="NLIMS990001")
    assert (vuelta.estado, vuelta.origen, vuelta.consultorios.count()) == ("opera", "clues", 3)


def test_las_retiradas_se_cuentan_de_una_vez(ruta: Path) -> None:
    """The load holds the portal: it does not ask for each clinic that has gone."""

    def preguntas(retira: int | None = None) -> int:
        with CaptureQueriesContext(connection) as consultas:
            orden(ruta, retira)
        return len(consultas)

    clinica("NLIMS990000")
    escribir(ruta, [fila(UNA)])
    preguntas(retira=1)
    pocas = preguntas()
    for n in range(1, 9):
        clinica(f"NLIMS99000{n}", estado=Clinica.Estado.RETIRADA)
    assert preguntas() == pocas


def test_lo_que_le_falta_a_una_unidad_no_la_deja_fuera(ruta: Path) -> None:
    """Zeros for coordinates, codes as numbers, municipios that nobody knows: the real catalogue has them."""
    escribir(
        ruta,
        [
            fila(UNA, LATITUD=0, LONGITUD=0, CODIGO_POSTAL=1000, MUNICIPIO="NINGUNO", TELEFONO="NO APLICA"),
            fila(
                OTRA,
                **{"LATITUD": "25.6", "LONGITUD": "", "CODIGO_POSTAL": "S/D", "MUNICIPIO": "NINGUNO"},
                NUMERO_EXTERIOR="SIN NÚMERO",
            ),
            fila(
                TERCERA, LATITUD="x", ENTIDAD="DISTRITO FEDERAL", MUNICIPIO="CUAUHTÉMOC", CODIGO_POSTAL=6600.0
            ),
        ],
    )
    assert "Sin código postal que sirva: 1; sin municipio reconocido: 2." in orden(ruta)
    una, otra, tercera = (Clinica.objects.get(pk=pk) for pk in (UNA, OTRA, TERCERA))
    assert otra.domicilio == "Avenida de los Ejemplos s/n, Colonia Centro"
    assert (una.codigo_postal, una.municipio, una.telefono) == ("01000", None, "")
    assert (otra.codigo_postal, otra.municipio, otra.latitud, otra.longitud) == ("", None, None, None)
    assert (tercera.codigo_postal, tercera.entidad_id, str(tercera.municipio)) == (
        "06600",
        "09",
        "Cuauhtémoc",
    )


def test_titulos_en_otro_orden_y_debajo_de_un_encabezado(ruta: Path) -> None:
    al_reves = fila(UNA)[::-1]
    nombres = {"ENTIDAD": "Nombre de la entidad", "CODIGO POSTAL": "Código postal"}
    cabecera = [nombres.get(c, c.capitalize()) for c in CABECERA[::-1]]
    escribir(ruta, [cabecera, al_reves], cabecera=["Catálogo de establecimientos", *[""] * 67])
    assert "Clínicas: 1 en el catálogo; 1 nuevas" in orden(ruta)


@pytest.mark.parametrize("columna", ["CLUES", "CODIGO POSTAL", "NOMBRE DE TIPOLOGIA", "LATITUD"])
def test_falta_una_columna(ruta: Path, columna: str) -> None:
    clinica()
    lugar = CABECERA.index(columna)
    sin = [[c for n, c in enumerate(f) if n != lugar] for f in (CABECERA, fila(UNA))]
    escribir(ruta, sin[1:], cabecera=sin[0])
    if columna == "CLUES":
        assert "No es el catálogo CLUES" in rechazo(ruta)
    else:
        assert rechazo(ruta) == f"Al libro le falta la columna {columna}: no se cargó nada."


def test_renglones_malos(ruta: Path) -> None:
    clinica()
    escribir(
        ruta,
        [
            fila(UNA),
            fila(OTRA, ENTIDAD="ATLANTIDA"),
            fila(TERCERA, NOMBRE_DE_LA_UNIDAD="NO ESPECIFICADO"),
            fila(UNA),
            ["NLSSA000001", *fila(UNA)[1:]],
            ["NLSSA000001", *fila(UNA)[1:]],
        ],
    )
    assert rechazo(ruta).split("\n") == [
        "El libro tiene 4 renglones con errores y no se cargó nada.",
        f"Renglón 3 (CLUES {OTRA}): no hay entidad que se llame «ATLANTIDA».",
        f"Renglón 4 (CLUES {TERCERA}): falta NOMBRE DE LA UNIDAD.",
        f"Renglón 5: la CLUES {UNA} ya está en el renglón 2.",
        "Renglón 7: la CLUES NLSSA000001 ya está en el renglón 6.",
    ]


def test_sin_unidades_no_retira_a_nadie(ruta: Path) -> None:
    clinica()
    escribir(ruta, [fila(UNA, NOMBRE_DE_TIPOLOGIA="HOSPITAL GENERAL DE ZONA")])
    assert "no trae ninguna unidad del IMSS" in rechazo(ruta)


def sustituir(ruta: Path, parte: str, contenido: bytes) -> None:
    with zipfile.ZipFile(ruta) as viejo:
        partes = {p: viejo.read(p) for p in viejo.namelist()}
    with zipfile.ZipFile(ruta, "w", zipfile.ZIP_DEFLATED) as nuevo:
        for nombre, datos in (partes | {parte: contenido}).items():
            nuevo.writestr(nombre, datos)


_BOMBA = b"""<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>
<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&b;</t></si></sst>"""
_HOJA = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("parte", "contenido"),
    [
        ("xl/sharedStrings.xml", _BOMBA),
        ("xl/sharedStrings.xml", b"<sst>"),
        ("xl/workbook.xml", b"no es xml"),
        ("xl/_rels/workbook.xml.rels", b""),
        ("[Content_Types].xml", b"<Types/>"),
        (
            _HOJA,
            b'<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>9999</v></c></row></sheetData></worksheet>',
        ),
        (_HOJA, b"<worksheet><sheetData><row r='1'><c r='A1'><v>1</v>"),
    ],
)
def test_un_libro_danado(ruta: Path, parte: str, contenido: bytes) -> None:
    clinica()
    escribir(ruta, [fila(UNA)])
    sustituir(ruta, parte, contenido)
    dicho = rechazo(ruta)
    assert dicho.endswith(".") and (
        "El libro está incompleto o dañado" in dicho or "No es el catálogo" in dicho
    )


def test_un_libro_cortado(ruta: Path) -> None:
    escribir(ruta, [fila(f"NLIMS{n:06d}") for n in range(300)])
    ruta.write_bytes(ruta.read_bytes()[:-2000])
    assert rechazo(ruta).startswith("El archivo no es un libro de Excel (.xlsx)")
    escribir(ruta, [fila(f"NLIMS{n:06d}") for n in range(300)])
    entero = bytearray(ruta.read_bytes())
    medio = len(entero) // 3
    entero[medio : medio + 400] = bytes(400)
    ruta.write_bytes(entero)
    assert "El libro está incompleto o dañado" in rechazo(ruta)


@pytest.mark.parametrize(
    ("contenido", "dice"),
    [(b"", "está vacío"), (b"clues,nombre\n", "no es un libro de Excel"), (b"PK\x03\x04", "no es un libro")],
)
def test_un_archivo_que_no_es(ruta: Path, contenido: bytes, dice: str) -> None:
    ruta.write_bytes(contenido)
    assert dice in rechazo(ruta)
    assert "No existe el archivo" in rechazo(ruta.with_name("otro.xlsx"))


def test_una_bomba_no_se_abre(ruta: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty megabytes of spaces in forty kilobytes; and rows that say they are at the end of the world."""
    escribir(ruta, [fila(UNA)])
    sustituir(ruta, _HOJA, b"<worksheet>" + b" " * 40_000_000)
    assert ruta.stat().st_size < 100_000
    assert "demasiado grande al descomprimirse" in rechazo(ruta)
    escribir(ruta, [fila(UNA)])
    with zipfile.ZipFile(ruta) as paquete:
        hoja = paquete.read(_HOJA)
    lejos = b'<row r="999999999"><c r="A999999999"><v>1</v></c></row></sheetData>'
    sustituir(ruta, _HOJA, hoja.replace(b"</sheetData>", lejos))
    monkeypatch.setattr(clues, "FILAS", 2_000)
    assert "algo más abajo de la fila 2,000" in rechazo(ruta)


@pytest.mark.parametrize(
    ("dice", "son"),
    [
        *(("12", 12), (7.0, 7), ("0012", 12), ("60", 60)),
        *((malo, None) for malo in ("61", "0", "doce", None, "0012345", "0001999999999", "²", -3)),
    ],
)
def test_cuantos_consultorios(dice: Any, son: int | None) -> None:
    assert _cuantos(dice) == son


def test_mayusculas_dichas() -> None:
    assert titular("UMF NO. 7 SAN PEDRO DE LOS PINOS") == "UMF No. 7 San Pedro de los Pinos"
    assert titular("UMF NO. 3 LA JOYA") == "UMF No. 3 La Joya"
    assert titular("HGZ/UMF 8 NIÑOS HÉROES") == "HGZ/UMF 8 Niños Héroes"
    assert titular("Ya escrito con Cuidado") == "Ya escrito con Cuidado"


_MEDIR = """
import re, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from clinicas.catalogo.clues import cargar

nombre, pocas, muchas = sys.argv[1:]
connection.settings_dict["TEST"]["NAME"] = nombre
connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
try:
    call_command("loaddata", "entidades", verbosity=0)
    for ruta in (pocas, muchas):
        informe = cargar(ruta)
        memoria = re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]
        print(informe.renglones, informe.total, memoria)
finally:
    connection.creation.destroy_test_db("", verbosity=0)
"""


# The real one has 63,000: half a minute that the suite does not spend each time.
RENGLONES = int(os.environ.get("CLUES_RENGLONES", 6_000))


def test_la_memoria_no_crece_con_los_renglones(tmp_path: Path) -> None:
    """68 columns, texts in a shared table as spreadsheets write them: of the rows, only the clinics are kept.

    `CLUES_RENGLONES=63000` tries the size of the real one. What does grow are the different texts, which
    openpyxl holds (a third of a kB a row here); the cells, kept, would be some 8 kB a row.
    """

    def filas(cuantas: int) -> Any:
        for n in range(cuantas):
            # One of forty is a clinic, as in the country.
            tipologia = UMF if n % 40 == 0 else "CENTRO DE SALUD"
            yield fila(
                f"{'NLIMS' if n % 40 == 0 else 'NLSSA'}{n:06d}",
                NOMBRE_DE_TIPOLOGIA=tipologia,
                NOMBRE_DE_LA_UNIDAD=f"UNIDAD NO. {n % 900} DE LA CALLE {n}",
            )

    for nombre, cuantas in (("pocas", 2_000), ("muchas", RENGLONES)):
        escribir(tmp_path / f"{nombre}.xlsx", filas(cuantas))
    base = str(tmp_path / "base.sqlite3") if connection.vendor == "sqlite" else f"memoria_{os.getpid()}"
    medido = subprocess.run(
        [sys.executable, "-c", _MEDIR, base, tmp_path / "pocas.xlsx", tmp_path / "muchas.xlsx"],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    [antes, despues] = [list(map(int, linea.split())) for linea in medido.stdout.splitlines()]
    assert (antes[:2], despues[:2]) == ([2_000, 50], [RENGLONES, RENGLONES // 40])
    assert despues[2] - antes[2] < 8_000 + RENGLONES // 2, f"{antes[2]} -> {despues[2]} kB"
