"""Workbooks as the health ministry's: 68 columns, texts in a shared table. Written by hand: it is faster."""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

# Where each column is that the portal reads; the others bear only their number.
CABECERA = [f"COLUMNA {n}" for n in range(68)]
for _lugar, _nombre in {
    0: "CLUES",
    1: "CLAVE DE LA INSTITUCION",
    2: "NOMBRE DE LA INSTITUCION",
    3: "CLAVE DE LA ENTIDAD",
    4: "ENTIDAD",
    5: "CLAVE DEL MUNICIPIO",
    6: "MUNICIPIO",
    11: "CLAVE TIPO ESTABLECIMIENTO",
    12: "NOMBRE TIPO ESTABLECIMIENTO",
    13: "CLAVE DE TIPOLOGIA",
    14: "NOMBRE DE TIPOLOGIA",
    17: "NOMBRE DE LA UNIDAD",
    18: "NOMBRE COMERCIAL",
    20: "TIPO DE VIALIDAD",
    21: "VIALIDAD",
    22: "NUMERO EXTERIOR",
    25: "TIPO DE ASENTAMIENTO",
    26: "ASENTAMIENTO",
    27: "CODIGO POSTAL",
    30: "ESTATUS DE OPERACION",
    32: "TELEFONO",
    40: "CONSULTORIOS DE MED GRAL",
    58: "LATITUD",
    59: "LONGITUD",
}.items():
    CABECERA[_lugar] = _nombre

UMF = "UNIDAD DE MEDICINA FAMILIAR"


def fila(clues: str, **cambios: object) -> list[object]:
    """A unit of IMSS in Monterrey, operating, with `cambios` by the name of the column (spaces as _)."""
    celdas: list[object] = [f"dato {n}" for n in range(68)]
    datos: dict[str, object] = {
        "CLUES": clues,
        "CLAVE DE LA INSTITUCION": "IMS",
        "NOMBRE DE LA INSTITUCION": "INSTITUTO MEXICANO DEL SEGURO SOCIAL",
        "CLAVE DE LA ENTIDAD": "19",
        "ENTIDAD": "NUEVO LEON",
        "CLAVE DEL MUNICIPIO": "039",
        "MUNICIPIO": "MONTERREY",
        "CLAVE TIPO ESTABLECIMIENTO": "1",
        "NOMBRE TIPO ESTABLECIMIENTO": "DE CONSULTA EXTERNA",
        "CLAVE DE TIPOLOGIA": "UMF",
        "NOMBRE DE TIPOLOGIA": UMF,
        "NOMBRE DE LA UNIDAD": f"UMF NO. {int(clues[-3:])}",
        "NOMBRE COMERCIAL": "",
        "TIPO DE VIALIDAD": "AVENIDA",
        "VIALIDAD": "DE LOS EJEMPLOS",
        "NUMERO EXTERIOR": "100",
        "TIPO DE ASENTAMIENTO": "COLONIA",
        "ASENTAMIENTO": "CENTRO",
        "CODIGO POSTAL": "64000",
        "ESTATUS DE OPERACION": "EN OPERACION",
        "TELEFONO": "8100000000",
        "CONSULTORIOS DE MED GRAL": 3,
        "LATITUD": 25.67,
        "LONGITUD": -100.31,
    }
    for columna, valor in (datos | {k.replace("_", " "): v for k, v in cambios.items()}).items():
        celdas[CABECERA.index(columna)] = valor
    return celdas


def escribir(
    ruta: Path, filas: Iterable[list[object]], cabecera: list[str] = CABECERA, hoja: str = "CLUES_202611"
) -> str:
    """A workbook of one sheet, as spreadsheets write it; its path."""
    textos: dict[str, int] = {}
    with zipfile.ZipFile(ruta, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as libro:
        for nombre, contenido in _PARTES.items():
            libro.writestr(nombre, contenido.replace("HOJA", hoja))
        with libro.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as xml:
            xml.write(f'{_XML}<worksheet xmlns="{_NS}"><sheetData>'.encode())
            for numero, celdas in enumerate(_con(cabecera, filas), 1):
                xml.write(f'<row r="{numero}">{_celdas(celdas, numero, textos)}</row>'.encode())
            xml.write(b"</sheetData></worksheet>")
        with libro.open("xl/sharedStrings.xml", "w") as xml:
            xml.write(f'{_XML}<sst xmlns="{_NS}">'.encode())
            xml.writelines(f"<si><t>{escape(texto)}</t></si>".encode() for texto in textos)
            xml.write(b"</sst>")
    return str(ruta)


def _con(cabecera: list[str], filas: Iterable[list[object]]) -> Iterable[list[object]]:
    yield [*cabecera]
    yield from filas


def _celdas(celdas: Iterable[object], numero: int, textos: dict[str, int]) -> str:
    partes = []
    for columna, valor in enumerate(celdas):
        lugar = f"{_LETRAS[columna]}{numero}"
        if isinstance(valor, str):
            if valor:
                partes.append(f'<c r="{lugar}" t="s"><v>{textos.setdefault(valor, len(textos))}</v></c>')
        elif valor is not None:
            partes.append(f'<c r="{lugar}"><v>{valor}</v></c>')
    return "".join(partes)


def _letras(n: int) -> str:
    antes, esta = divmod(n, 26)
    return (_letras(antes - 1) if antes else "") + chr(65 + esta)


_LETRAS = [_letras(n) for n in range(100)]
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TIPO = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTES = {
    "[Content_Types].xml": (
        f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TIPO}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TIPO}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TIPO}.sharedStrings+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'{_XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_RELS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'{_XML}<workbook xmlns="{_NS}" xmlns:r="{_RELS}"><sheets>'
        '<sheet name="HOJA" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'{_XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_RELS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_RELS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    ),
}
