"""A table that a file brings: every fault of a line at once, of many lines the first ones."""

import re
from io import BytesIO

import pytest

from nss_portal.archivos.carga import CargaInvalida, Fuente, LineaMala
from nss_portal.archivos.hoja import MUESTRA, Columna, Malas, con_forma, filas_csv, leer_fila, llano, texto

TABLA = [
    con_forma("clave", "[0-9]{2}", "«{dato}» no es una clave."),
    texto("nombre", 5),
    texto("apodo", 5, opcional=True),
]


def leer(contenido: bytes) -> tuple[list[tuple[int, list[str]]], Malas]:
    malas = Malas()
    fuente = Fuente(BytesIO(contenido), len(contenido))
    return list(filas_csv(fuente, TABLA, malas, lambda *paso: None, _de_cual)), malas


def _de_cual(campos: list[str]) -> str:
    return f"clave {campos[0]}" if campos else ""


def test_cada_renglon_con_su_linea_y_en_el_orden_de_las_columnas() -> None:
    filas, malas = leer('\ufeffNombre, APODO ,clave\n\nA  Paz,,01\n\x1a\nLuz,"a,b",02\n'.encode())
    assert not malas.total
    assert filas == [(3, ["01", "A Paz", ""]), (5, ["02", "Luz", "a,b"])]


def test_de_un_renglon_se_dice_todo_lo_que_esta_mal() -> None:
    filas, malas = leer(b'clave,nombre,apodo\nX,,demasiado\n02,Luz,\n03\n\xff,a,b\n"04,a,b\n')
    assert filas == [(3, ["02", "Luz", ""])]
    assert malas.total == 4
    with pytest.raises(CargaInvalida) as dicho:
        malas.rechazar()
    assert str(dicho.value).splitlines() == [
        "El archivo tiene 4 líneas con errores y no se cargó nada.",
        "Línea 2 (clave X): «X» no es una clave. falta nombre. apodo pasa de 5 caracteres.",
        "Línea 4: tiene 1 columnas y deben ser 3.",
        "Línea 5: no es texto en UTF-8.",
        "Línea 6: no es CSV: revisa sus comillas.",
    ]


def test_de_muchas_malas_se_guardan_y_se_dicen_las_primeras() -> None:
    filas, malas = leer(b"clave,nombre,apodo\n" + b"X,Luz,\n" * 5_000)
    assert not filas and malas.total == 5_000 and len(malas.primeras) == 2 * MUESTRA
    with pytest.raises(CargaInvalida, match=re.escape("5,000 líneas con errores")) as dicho:
        malas.rechazar()
    assert len(str(dicho.value).splitlines()) == MUESTRA + 1


@pytest.mark.parametrize(
    "cabecera", ["clave", "clave,nombre", "clave,nombre,otra", "clave,nombre,apodo,mas", '"']
)
def test_una_cabecera_que_no_es(cabecera: str) -> None:
    with pytest.raises(CargaInvalida, match="La línea 1 debe nombrar las columnas: clave,nombre,apodo"):
        leer(f"{cabecera}\n01,Luz,\n".encode())


def test_los_nombres_se_comparan_sin_acentos_ni_guiones() -> None:
    assert llano(" Primer  Apellido", "_") == "primer_apellido" and llano("MATRÍCULA") == "matricula"
    with pytest.raises(LineaMala, match="control"):
        leer_fila([Columna("a")], ["\x01"])
