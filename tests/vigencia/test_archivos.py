"""What a school's file says, whatever it was saved as; and that nothing in it brings the reader down."""

import csv
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nss_portal.models import Persona
from nss_portal.personas.identidad import digito_nss
from tests.vigencia.alumnos import alumno, fila, lista
from vigencia.escuelas.archivo import formatos
from vigencia.escuelas.archivo.formatos import COLUMNAS, DEFECTO, ArchivoIlegible
from vigencia.escuelas.archivo.renglones import PorOmision, fecha
from vigencia.escuelas.archivo.renglones import leer as leer_renglon
from vigencia.models import Inscripcion

ANA, LUZ = alumno(1), alumno(2)
FILAS = [fila(ANA), fila(LUZ, matricula="00012")]
HOY = date(2026, 9, 1)


def leer(contenido: bytes) -> tuple[str, list[str], list[tuple[int, dict[str, str]]]]:
    formato, columnas, filas = formatos.leer(BytesIO(contenido))
    return formato, columnas, list(filas)


def datos(contenido: bytes) -> list[dict[str, str]]:
    return [renglon for _, renglon in leer(contenido)[2]]


def libro(*filas: list[Any]) -> bytes:
    hoja = openpyxl.Workbook()
    for celdas in filas:
        hoja.active.append(celdas)
    archivo = BytesIO()
    hoja.save(archivo)
    return archivo.getvalue()


# --- CSV --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separador", [",", ";", "\t"], ids=["coma", "punto y coma", "tabulador"])
@pytest.mark.parametrize(
    "guardar",
    [
        lambda texto: texto.encode(),
        lambda texto: b"\xef\xbb\xbf" + texto.encode(),
        lambda texto: texto.encode("cp1252"),
        lambda texto: texto.encode("utf-16"),
        lambda texto: texto.replace("\r\n", "\n").encode(),
        lambda texto: texto.encode() + b"\x1a",
        lambda texto: ("sep=" + texto[4] + "\r\n" + texto).encode(),
    ],
    ids=["utf-8", "con BOM", "cp1252", "utf-16", "sin CR", "con 0x1A", "con sep="],
)
def test_como_lo_guarda_cada_programa(guardar: Callable[[str], bytes], separador: str) -> None:
    formato, columnas, filas = leer(guardar(lista(FILAS, separador=separador).decode()))
    assert (formato, columnas) == ("csv", COLUMNAS)
    assert [renglon for _, renglon in filas] == FILAS


def test_columnas_en_otro_orden_y_de_mas() -> None:
    contenido = "Observaciones;NSS;Matrícula;CURP;Primer Apellido\nnada;1;2;3;4\n\n;5;6;7;8\n".encode()
    _, columnas, filas = leer(contenido)
    assert columnas == ["nss", "matricula", "curp", "primer_apellido"]
    assert filas == [
        (2, {"nss": "1", "matricula": "2", "curp": "3", "primer_apellido": "4"}),
        (4, {"nss": "5", "matricula": "6", "curp": "7", "primer_apellido": "8"}),
    ]


def test_una_coma_suelta_en_un_nombre_no_corre_las_columnas() -> None:
    [renglon] = datos(b"curp,nss,nombres,alta\nA,B,Ana, Luz,2026-08-24\n")
    assert renglon[DEFECTO] == "Tiene 5 columnas y deben ser 4: revisa sus comas y comillas."
    [renglon] = datos(b"curp,nss,nombres,alta\nA,B,Ana,2026-08-24,,,\n")
    assert DEFECTO not in renglon


@pytest.mark.parametrize(
    ("contenido", "dice"),
    [
        (b"", "El archivo está vacío."),
        (b"\n\n", "La primera línea debe nombrar las columnas: curp, nss, matricula,"),
        (f"{ANA.curp},{ANA.nss},1,superior\n".encode(), "La primera línea debe nombrar"),
        (b"curp,matricula\nA,B\n", "La primera línea debe nombrar"),
        (b"curp,nss,CURP\nA,B,C\n", "La columna curp está dos veces."),
        (b"curp,nss\n", "no trae alumnos"),
        (b'curp,nss\nA,"B\nC,D\n', "Línea 2: no es CSV; revisa sus comillas."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "libro de Excel antiguo"),
        (b"%PDF-1.7\n", "Es un PDF"),
        (b"PK\x03\x04" + bytes(100), "no es un libro de Excel"),
        (b"curp,nss\n" + b"A,B\n" * 25_001, "pasa de 25,000 renglones"),
        (b"x" * (formatos.TAMANO_MAXIMO + 1), "pasa de 10 MB"),
    ],
)
def test_un_archivo_que_no_es(contenido: bytes, dice: str) -> None:
    with pytest.raises(ArchivoIlegible, match=dice):
        leer(contenido)


def test_caben_veinticinco_mil() -> None:
    assert len(datos(b"curp,nss\n" + b"A,B\n" * 25_000)) == 25_000


# --- Excel ------------------------------------------------------------------------------------------


def test_un_libro_de_excel() -> None:
    cabecera = ["CURP", "NSS", "Alta", "Fin", "Matrícula", "nombres"]
    contenido = libro(
        cabecera,
        [ANA.curp, int(ANA.nss or 0), datetime(2026, 8, 24), date(2027, 7, 31), 15.0, "Ana"],
        [None] * 6,
        [LUZ.curp, LUZ.nss, "24/08/2026", 46599, "00016", None],
    )
    formato, columnas, filas = leer(contenido)
    assert (formato, columnas) == ("xlsx", ["curp", "nss", "alta", "fin", "matricula", "nombres"])
    assert filas == [
        (2, dict(zip(columnas, [ANA.curp, ANA.nss, "2026-08-24", "2027-07-31", "15", "Ana"], strict=True))),
        (4, dict(zip(columnas, [LUZ.curp, LUZ.nss, "24/08/2026", "46599", "00016", ""], strict=True))),
    ]
    assert fecha("46599") == date(2027, 7, 31)


def test_una_bomba_no_se_abre() -> None:
    bomba = BytesIO()
    with zipfile.ZipFile(bomba, "w", zipfile.ZIP_DEFLATED) as paquete:
        paquete.writestr("xl/workbook.xml", "<x/>")
        paquete.writestr("xl/worksheets/sheet1.xml", bytes(100 * 1024 * 1024))
    assert len(bomba.getvalue()) < 200_000
    with pytest.raises(ArchivoIlegible, match="demasiado grande"):
        leer(bomba.getvalue())


def _con_parte(contenido: bytes, nombre: str, cambiar: Callable[[bytes], bytes]) -> bytes:
    cambiado = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(contenido)) as antes,
        zipfile.ZipFile(cambiado, "w", zipfile.ZIP_DEFLATED) as despues,
    ):
        for parte in antes.namelist():
            crudo = antes.read(parte)
            despues.writestr(parte, cambiar(crudo) if parte == nombre else crudo)
    return cambiado.getvalue()


@pytest.mark.parametrize(
    ("parte", "relleno"),
    [("xl/styles.xml", b"<xf/>"), ("xl/workbook.xml", b"<x/>"), ("docProps/core.xml", b"<x/>")],
)
def test_un_libro_pequeno_que_se_vuelve_enorme_en_memoria(parte: str, relleno: bytes) -> None:
    """Some kB that would take a minute and a gigabyte: refused by what they say they unfold to."""
    contenido = _con_parte(libro(["curp", "nss"], ["A", "B"]), parte, lambda xml: xml + relleno * 300_000)
    assert len(contenido) < 20_000
    with pytest.raises(ArchivoIlegible, match="demasiados formatos"):
        leer(contenido)


def test_entidades_y_filas_lejanas() -> None:
    contenido, hoja = libro(["curp", "nss"], ["A", "B"]), "xl/worksheets/sheet1.xml"
    entidades = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaa">]>'
    with pytest.raises(ArchivoIlegible, match="dañado"):
        leer(_con_parte(contenido, hoja, lambda xml: entidades + xml))
    with pytest.raises(ArchivoIlegible, match="más abajo de la fila 200,000"):
        leer(_con_parte(contenido, hoja, lambda xml: xml.replace(b'<row r="2"', b'<row r="999999999"')))


def test_un_zip_que_no_es_un_libro() -> None:
    documento = BytesIO()
    with zipfile.ZipFile(documento, "w") as paquete:
        paquete.writestr("word/document.xml", "<x/>")
    with pytest.raises(ArchivoIlegible, match="no es un libro de Excel"):
        leer(documento.getvalue())


@settings(deadline=None)
@given(
    st.sampled_from([b"", b"PK\x03\x04", b"curp,nss\n", b"\xff\xfe", b"A" + b"1" * 21, b'curp,nss\n"']),
    st.binary(max_size=600),
)
def test_nada_lo_tira(cabeza: bytes, resto: bytes) -> None:
    try:
        for linea, renglon in formatos.leer(BytesIO(cabeza + resto))[2]:
            assert linea >= 1 and all(isinstance(texto, str) for texto in renglon.values())
            leer_renglon(renglon, PorOmision(), HOY)
    except ArchivoIlegible:
        pass


# Made once: it says when it was, and its length would change from one example to the next.
_LIBRO = libro(COLUMNAS, list(FILAS[0].values()))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_un_libro_mordido_no_lo_tira(data: st.DataObject) -> None:
    contenido = bytearray(_LIBRO)
    for _ in range(data.draw(st.integers(1, 4))):
        contenido[data.draw(st.integers(4, len(contenido) - 1))] = data.draw(st.integers(0, 255))
    try:
        list(formatos.leer(BytesIO(bytes(contenido)))[2])
    except ArchivoIlegible:
        pass


# --- What goes out, comes back ----------------------------------------------------------------------

_texto = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=50)
    | st.sampled_from(["=1+1", "+52", "-1", "@x", "'=1", "''-", "'", "\t=1", "a,b", 'a"b', "a;b"])
).map(str.strip)


def inscripcion(persona: Persona, **cambios: Any) -> Inscripcion:
    valores = {"ciclo": "2026-2027", "nivel": "superior", "alta": date(2026, 8, 24), "fin": date(2027, 7, 31)}
    return Inscripcion(persona=persona, **valores | cambios)


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(["csv", "xlsx"]), _texto, _texto, _texto, _texto)
def test_lo_que_sale_vuelve_igual(formato: str, matricula: str, nombres: str, uno: str, otro: str) -> None:
    persona = alumno(3)
    persona.nombres, persona.primer_apellido, persona.segundo_apellido = nombres, uno, otro
    filas = [inscripcion(persona, matricula=matricula)]
    if formato == "csv":
        contenido = b"".join(formatos.escribir_csv(filas))
    else:
        with formatos.escribir_xlsx(filas) as archivo:
            contenido = archivo.read()
    esperado = fila(persona, matricula=matricula, nombres=nombres, primer_apellido=uno, segundo_apellido=otro)
    assert leer(contenido) == (formato, COLUMNAS, [(2, esperado)])


def test_ninguna_celda_es_una_formula() -> None:
    persona = alumno(4)
    persona.nombres, persona.primer_apellido = '=HYPERLINK("http://x.example")', "@SUM(1)"
    filas = [inscripcion(persona, matricula="+1"), inscripcion(persona, matricula="-1", baja=HOY, causa="9")]
    texto = b"".join(formatos.escribir_csv(filas, con_bajas=True)).decode("utf-8-sig")
    with formatos.escribir_xlsx(filas, con_bajas=True) as archivo:
        hoja = openpyxl.load_workbook(archivo).active
        celdas = [celda for renglon in hoja.iter_rows(min_row=2) for celda in renglon]
        assert not [celda for celda in celdas if celda.data_type == "f"]
        escritas = [str(celda.value) for celda in celdas] + next(csv.reader(StringIO(texto.split("\r\n")[1])))
    assert not [celda for celda in escritas if celda.startswith(tuple("=+-@\t\r\n"))]
    assert [r["movimiento"] for r in datos(texto.encode())] == ["alta", "baja"]


@pytest.mark.parametrize("formato", ["csv", "xlsx"])
def test_la_plantilla_se_llena_y_se_lee(formato: str) -> None:
    vacia = formatos.plantilla(formato)
    with pytest.raises(ArchivoIlegible, match="no trae alumnos"):
        leer(vacia)
    if formato == "csv":
        llena = vacia + b",".join(texto.encode() for texto in FILAS[0].values())
    else:
        copia = openpyxl.load_workbook(BytesIO(vacia))
        copia.worksheets[0].append(list(FILAS[0].values()))
        archivo = BytesIO()
        copia.save(archivo)
        llena = archivo.getvalue()
    assert datos(llena) == FILAS[:1]


# --- A row ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("escrita", "es"),
    [
        ("2026-08-24", date(2026, 8, 24)),
        ("2026/8/24", date(2026, 8, 24)),
        ("2026-08-24 00:00:00", date(2026, 8, 24)),
        ("24/08/2026", date(2026, 8, 24)),
        ("24-8-2026", date(2026, 8, 24)),
        ("29/02/2028", date(2028, 2, 29)),
        ("29/02/2027", "no existe"),
        ("08/24/2026", "no existe"),
        ("24/08/26", "no se entiende"),
        ("mañana", "no se entiende"),
        ("0026-08-24", "no es de estos años"),
    ],
)
def test_una_fecha(escrita: str, es: date | str) -> None:
    if isinstance(es, date):
        assert fecha(escrita) == es
    else:
        with pytest.raises(ValueError, match=es):
            fecha(escrita)


@pytest.mark.parametrize(
    ("cambios", "dice"),
    [
        ({"curp": ""}, "Falta la CURP."),
        ({"curp": ANA.curp[:-1]}, "La CURP debe tener 18 caracteres."),
        ({"curp": f"{ANA.curp[:4]}O{ANA.curp[5:]}"}, "CURP: En la posición 5 va un número, no «O»"),
        ({"curp": f"{ANA.curp[:6]}13{ANA.curp[8:]}"}, "La fecha de la CURP no existe"),
        ({"curp": f"{ANA.curp[:-1]}{(int(ANA.curp[-1]) + 1) % 10}"}, "El último carácter de la CURP"),
        ({"nss": "", "curp": ANA.curp[:-1]}, "La CURP debe tener 18 caracteres."),
        ({"nss": "123"}, "El NSS debe tener 11 números."),
        ({"nss": "1234567890"}, "El NSS debe tener 11 números."),
        ({"nss": f"{ANA.nss}"[:-1] + "X"}, "NSS: En la posición 11 va un número"),
        ({"nivel": "primaria"}, "El nivel «primaria» no es ninguno"),
        ({"ciclo": "26-27"}, "El ciclo se escribe 2026-2027 o 2026-1, no «26-27»."),
        ({"ciclo": ""}, "Falta el ciclo escolar."),
        ({"alta": ""}, "Falta el primer día con servicio"),
        ({"alta": "31/02/2026"}, "La fecha de alta «31/02/2026» no existe."),
        ({"fin": "2026-08-23"}, "El fin (23/08/2026) es anterior al alta (24/08/2026)."),
        ({"matricula": "9" * 21}, "La matrícula pasa de 20 caracteres."),
        ({"nombres": "A\x01"}, "La columna nombres lleva caracteres que no son texto."),
        ({"movimiento": "cambio"}, "El movimiento debe ser alta o baja"),
        ({"movimiento": "baja", "baja": "2026-09-01"}, "Falta la causa de la baja: 1 término de estudios"),
        ({"movimiento": "baja", "causa": "1"}, "Falta baja."),
    ],
)
def test_lo_que_un_renglon_tiene_mal(cambios: dict[str, str], dice: str) -> None:
    dicho = leer_renglon(fila(ANA, **cambios), PorOmision(), HOY)
    assert len(dicho.errores) == 1 and dicho.errores[0].startswith(dice), dicho.errores


def test_un_renglon_dice_todo_lo_que_tiene_mal() -> None:
    dicho = leer_renglon(fila(ANA, curp="X", nss="1", alta="nunca"), PorOmision(), HOY)
    assert len(dicho.errores) == 3


def test_lo_que_no_dice_lo_dice_el_formulario() -> None:
    dicho = leer_renglon(
        fila(ANA, ciclo="", fin="", nivel=""), PorOmision("2026-1", date(2026, 12, 18), "posgrado"), HOY
    )
    assert not dicho.errores
    assert (dicho.ciclo, dicho.fin, dicho.nivel) == ("2026-1", date(2026, 12, 18), "posgrado")
    dicho = leer_renglon(fila(ANA, ciclo="2026 / 2027", nivel="Medio Superior"), PorOmision(), HOY)
    assert (dicho.ciclo, dicho.nivel, dicho.errores) == ("2026-2027", "medio-superior", [])


def test_el_cero_que_quita_una_hoja_de_calculo() -> None:
    persona = alumno(5)
    nss = "01200100012"
    nss = nss[:10] + digito_nss(nss[:10])
    assert leer_renglon(fila(persona, nss=nss.lstrip("0")), PorOmision(), HOY).nss == nss
