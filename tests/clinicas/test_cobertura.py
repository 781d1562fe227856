"""The CSV that says which clinic serves each postal code."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from clinicas.catalogo import cobertura
from clinicas.models import Clinica, Cobertura
from tests.clinicas.apoyo import clinica

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sin_clinicas")]
UNA, OTRA, RETIRADA = (f"NLIMS98000{n}" for n in (1, 2, 3))


@pytest.fixture(autouse=True)
def clinicas(sin_clinicas: None) -> None:
    for clues in (UNA, OTRA):
        clinica(clues)
    clinica(RETIRADA, estado=Clinica.Estado.RETIRADA)


def escribir(carpeta: Path, *lineas: str | bytes, cabecera: str = "codigo_postal,clues") -> str:
    ruta = carpeta / "cobertura.csv"
    bytes_de = [linea if isinstance(linea, bytes) else linea.encode() for linea in (cabecera, *lineas)]
    ruta.write_bytes(b"\n".join(bytes_de) + b"\n")
    return str(ruta)


def orden(ruta: str, retira: int | None = None) -> str:
    salida = io.StringIO()
    call_command("cargar_cobertura", ruta, aceptar_retiros=retira, stdout=salida, stderr=io.StringIO())
    return salida.getvalue()


def todas() -> list[Any]:
    return list(Cobertura.objects.order_by("pk").values_list("pk", "codigo_postal", "clinica"))


def pares() -> set[tuple[str, str]]:
    return {(codigo, clues) for _, codigo, clues in todas()}


def test_carga_y_vuelve_a_cargar(tmp_path: Path) -> None:
    ruta = escribir(tmp_path, f"64000,{UNA}", f"64000,{OTRA}", f"06600,{UNA}")
    assert orden(ruta) == (
        "Códigos postales: 2 en el archivo; 3 coberturas nuevas, 0 quitadas, 0 sin cambio.\n"
    )
    antes = todas()
    assert orden(ruta) == "Sin cambios: los 2 códigos postales del archivo ya estaban así.\n"
    assert todas() == antes


def test_lo_que_nombra_queda_como_dice_y_lo_demas_como_estaba(tmp_path: Path) -> None:
    orden(escribir(tmp_path, f"64000,{UNA}", f"64010,{UNA}", f"64020,{UNA}"))
    assert orden(escribir(tmp_path, f"64000,{OTRA}", f"64010,{UNA}", f"64010,{OTRA}"), retira=1) == (
        "Códigos postales: 2 en el archivo; 2 coberturas nuevas, 1 quitadas, 1 sin cambio.\n"
    )
    assert pares() == {("64000", OTRA), ("64010", UNA), ("64010", OTRA), ("64020", UNA)}


def test_lo_que_traen_las_hojas_de_calculo(tmp_path: Path) -> None:
    """BOM, CRLF, otro orden, comillas, espacios, minúsculas, líneas en blanco."""
    orden(escribir(tmp_path, f'" {UNA.lower()}"," 06600 "\r', "\r", cabecera="\ufeffCLUES,codigo_postal\r"))
    assert pares() == {("06600", UNA)}


@pytest.mark.parametrize(
    ("mala", "dice"),
    [
        (f"6600,{UNA}", "«6600» no es un código postal: son 5 números (las hojas de cálculo"),
        (f"６６６００,{UNA}", "no es un código postal"),
        ("64000,NLSSA000001", "«NLSSA000001» no es una CLUES del IMSS"),
        (f"00000,{UNA}", "no hay código postal 00000"),
        ("64000,NLIMS123456", "no hay clínica con la CLUES NLIMS123456"),
        (f"64000,{RETIRADA}", f"la clínica {RETIRADA} ya no está en el catálogo"),
        (f"64010,{UNA}", "ya está en la línea 2"),
        (f"64000,{UNA},1", "tiene 3 columnas y deben ser 2"),
        (f'"64000,{UNA}', "no es CSV: revisa sus comillas"),
        (b"64000,\xf1", "no es texto en UTF-8"),
    ],
)
def test_una_linea_mala_no_deja_nada(tmp_path: Path, mala: str | bytes, dice: str) -> None:
    Cobertura.objects.create(codigo_postal_id="64010", clinica_id=OTRA)
    antes = todas()
    with pytest.raises(CommandError) as error:
        orden(escribir(tmp_path, f"64010,{UNA}", mala, f"64020,{OTRA}"))
    cabeza, linea = str(error.value).split("\n")
    assert cabeza == "El archivo tiene una línea con errores y no se cargó nada."
    assert linea.startswith("Línea 3: ") and dice in linea
    assert todas() == antes


def test_dice_las_primeras_veinte_y_cuantas_son(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as error:
        orden(escribir(tmp_path, *(f"0000{n % 10},NLIMS{n:06d}" for n in range(30))))
    lineas = str(error.value).split("\n")
    assert lineas[0] == "El archivo tiene 30 líneas con errores y no se cargó nada. Las primeras 20:"
    assert len(lineas) == 21


@pytest.mark.parametrize(
    ("contenido", "dice"),
    [
        (b"", "está vacío"),
        (b"64000,NLIMS980001\n", "La línea 1 debe nombrar las columnas: codigo_postal,clues"),
        ("codigo_postal,clues\n".encode("utf-16"), "La línea 1 debe nombrar"),
        (b"codigo_postal,clues\n", "no trae ningún código postal"),
    ],
)
def test_un_archivo_que_no_es(tmp_path: Path, contenido: bytes, dice: str) -> None:
    ruta = tmp_path / "cobertura.csv"
    ruta.write_bytes(contenido)
    with pytest.raises(CommandError, match=dice):
        orden(str(ruta))


def test_tiene_un_tope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cobertura, "LINEAS", 2)
    with pytest.raises(CommandError, match="pasa de 2 líneas"):
        orden(escribir(tmp_path, f"64000,{UNA}", f"64010,{UNA}", f"64020,{UNA}"))
    assert not pares()
