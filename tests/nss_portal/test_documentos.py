"""The five PDFs as a reader, a phone and a screen reader find them; no database needed."""

import hashlib
import io
import json
import logging
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import ImageDraw
from pypdf import PdfReader

from nss_portal.documentos import imprenta, letra
from tests.nss_portal.papel import (
    CADA_CASO,
    CARTAS,
    CASOS,
    DATOS,
    TIPOS,
    hacer,
    imagen,
    junto,
    orden,
    texto,
)


def direccion(largo: int) -> str:
    """What the QR holds, with a token of so many characters."""
    return f"http://127.0.0.1:8000/v/{('Zk3v9QeT1mYbA7x2LwPq5c_-' * 3)[:largo]}/"


todos = pytest.mark.parametrize("tipo", TIPOS)
cada_caso = pytest.mark.parametrize(("tipo", "caso"), CADA_CASO)


@cada_caso
def test_se_lee_con_dos_lectores(tipo: str, caso: str) -> None:
    octetos = hacer(tipo, **CASOS[tipo][caso])
    lector = PdfReader(io.BytesIO(octetos), strict=True)
    assert len(lector.pages) == 1
    for leido in (texto(octetos), lector.pages[0].extract_text()):
        # The card of the clinic goes without the CURP: what nobody asks for is not carried about.
        for clave in ("nss", "folio") if tipo == "tarjeta-adscripcion" else ("nss", "folio", "curp"):
            assert re.search(rf"(?<!\d){DATOS[tipo][clave]}(?!\d)", leido), clave
        assert "7Q4K-M2XD" in leido and "gob·estudiantes" in leido
        assert "Réplica de estudio. No es un documento del Gobierno de México ni del IMSS." in leido
        assert "Página 1 de 1" in leido
        if caso not in ("largo", "peor"):
            assert (DATOS[tipo] | CASOS[tipo][caso])["nombre"] in leido


@cada_caso
def test_es_un_pdf_sano_y_pequeno(tipo: str, caso: str, tmp_path: Path) -> None:
    octetos = hacer(tipo, **CASOS[tipo][caso])
    assert len(octetos) <= 40_000
    (tmp_path / "documento.pdf").write_bytes(octetos)
    revision = subprocess.run(["qpdf", "--check", tmp_path / "documento.pdf"], capture_output=True)
    assert revision.returncode == 0, revision.stdout + revision.stderr
    letras = orden(octetos, "pdffonts", "-").decode().splitlines()[2:]
    assert letras
    for renglon in letras:
        assert re.match(r"[A-Z]{6}\+Noto-Sans(-Bold)? .* yes yes yes ", renglon), renglon


@todos
def test_accesible(tipo: str) -> None:
    octetos = hacer(tipo)
    lector = PdfReader(io.BytesIO(octetos))
    assert lector.trailer["/Root"]["/Lang"] == "es-MX"
    assert lector.metadata.title == imprenta.TIPOS[tipo].titulo
    assert lector.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]
    assert re.search(r"^Tagged: +yes$", orden(octetos, "pdfinfo", "-").decode(), re.MULTILINE)
    assert b'pdfuaid:part="1"' in lector.trailer["/Root"]["/Metadata"].get_data()

    def recorrer(nodo: Any) -> list[Any]:
        nodo = nodo.get_object()
        hijos = nodo.get("/K", []) if isinstance(nodo, dict) else []
        return [nodo, *(n for hijo in hijos if not isinstance(hijo, int) for n in recorrer(hijo))]

    nodos = [n for n in recorrer(lector.trailer["/Root"]["/StructTreeRoot"]) if "/S" in n]
    papeles = [n["/S"] for n in nodos]
    grupos = {"vigencia": 4, "comprobante-clinica": 2}.get(tipo, 0)
    assert [papel for papel in papeles if re.match(r"/H\d", papel)] == ["/H1", *["/H2"] * (grupos + 1)]
    assert [n["/Alt"] for n in nodos if n["/S"] == "/Figure"] == [
        f"Código QR con la dirección para verificar est{'e documento' if tipo in CARTAS else 'a tarjeta'}"
    ]
    celdas = [n for n in nodos if n["/S"] == "/TD"]
    assert celdas and all(celda["/A"]["/Headers"] for celda in celdas)
    assert papeles.count("/LI") == 3


@todos
def test_sin_datos_personales_fuera_de_la_pagina(tipo: str) -> None:
    octetos = hacer(tipo)
    lector = PdfReader(io.BytesIO(octetos))
    fuera = f"{dict(lector.metadata)} {lector.trailer['/Root']['/Metadata'].get_data().decode()}"
    assert not [clave for clave in ("nombre", "curp", "nss") if DATOS[tipo][clave] in fuera]


@todos
@pytest.mark.parametrize("largo", [22, 64])
def test_el_qr_impreso_lleva_la_direccion(tipo: str, largo: int) -> None:
    url = direccion(largo)
    (codigo,) = zxingcpp.read_barcodes(imagen(hacer(tipo, url=url), 150))
    assert codigo.text == url
    lado = (codigo.position.top_right.x - codigo.position.top_left.x) / 150 * 25.4
    assert lado >= (25 if tipo in CARTAS else 20)


@todos
@pytest.mark.parametrize("mancha", [False, True])
def test_el_qr_se_lee_a_150_en_gris_y_con_una_mancha(tipo: str, mancha: bool) -> None:
    """With the longest address of an ordinary site, and a blot over 2 % of it wherever there is no corner."""
    url = "https://seguro-estudiantes.example.gob.mx/v/Zk3v9QeT1mYbA7x2LwPq5c_-/"
    foto = imagen(hacer(tipo, url=url), 150).convert("L")
    (codigo,) = zxingcpp.read_barcodes(foto)
    assert codigo.text == url
    izquierda, arriba = codigo.position.top_left.x, codigo.position.top_left.y
    lado = codigo.position.top_right.x - izquierda
    assert lado / 33 >= 3.7, "pixels a module"
    radio = lado * (0.02 / 3.1416) ** 0.5
    for x, y in ((0.5, 0.5), (0.5, 0.15), (0.15, 0.5), (0.6, 0.85), (0.85, 0.6)) if mancha else ():
        for tinta in (0, 255):
            manchada = foto.copy()
            cx, cy = izquierda + x * lado, arriba + y * lado
            caja = (cx - radio, cy - radio, cx + radio, cy + radio)
            ImageDraw.Draw(manchada).ellipse(caja, fill=tinta)
            leidos = [leido.text for leido in zxingcpp.read_barcodes(manchada)]
            assert leidos == [url], (x, y, tinta)


@todos
def test_el_papel_pide_lo_mismo_que_la_pagina(tipo: str) -> None:
    dicho = " ".join(texto(hacer(tipo)).split())
    assert re.search("folio y (el |este )?código", dicho)


@todos
@pytest.mark.parametrize(("largo", "modulos"), [(8, 29), (64, 37)])
def test_el_qr_tiene_su_orilla_libre(tipo: str, largo: int, modulos: int) -> None:
    """Four modules of nothing around it: what phones need to find it."""
    url, verificar = direccion(largo), "seguro-para-estudiantes.salud.example.org/verificar"
    foto = imagen(hacer(tipo, **CASOS[tipo]["peor"], url=url, verificar=verificar), 200)
    (codigo,) = zxingcpp.read_barcodes(foto)
    izquierda, arriba = codigo.position.top_left.x, codigo.position.top_left.y
    derecha, abajo = codigo.position.bottom_right.x, codigo.position.bottom_right.y
    modulo = (derecha - izquierda) / modulos
    fuera, dentro = round(3.9 * modulo), round(0.5 * modulo)
    for caja in (
        (izquierda - fuera, arriba - fuera, derecha + fuera, arriba - dentro),
        (izquierda - fuera, abajo + dentro, derecha + fuera, abajo + fuera),
        (izquierda - fuera, arriba - fuera, izquierda - dentro, abajo + fuera),
        (derecha + dentro, arriba - fuera, derecha + fuera, abajo + fuera),
    ):
        assert foto.crop(caja).convert("L").getextrema() == (255, 255)


def test_los_mismos_datos_dan_los_mismos_bytes() -> None:
    """Also in another process whose locale, time zone, hash seed and font settings are others."""
    hechos = {tipo: hacer(tipo) for tipo in TIPOS}
    assert {tipo: imprenta.pdf(tipo, dict(reversed(DATOS[tipo].items()))) for tipo in TIPOS} == hechos
    guion = (
        "import sys, json, hashlib, django; django.setup(); from nss_portal.documentos import imprenta\n"
        "for tipo, datos in json.loads(sys.argv[1]).items():\n"
        "    print(tipo, hashlib.sha256(imprenta.pdf(tipo, datos)).hexdigest())"
    )
    ajeno = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C", "FONTCONFIG_FILE": "/dev/null"}
    otro = subprocess.run(
        [sys.executable, "-c", guion, json.dumps(DATOS)],
        env=os.environ | ajeno,
        cwd=Path(imprenta.__file__).parents[2],
        capture_output=True,
        check=True,
        text=True,
    )
    huellas = {tipo: hashlib.sha256(octetos).hexdigest() for tipo, octetos in hechos.items()}
    assert dict(linea.split() for linea in otro.stdout.splitlines()) == huellas
    assert otro.stderr == ""


def test_varios_hilos_dan_lo_mismo() -> None:
    with ThreadPoolExecutor(4) as hilos:
        hechos = list(hilos.map(lambda tipo: imprenta.pdf(tipo, DATOS[tipo]), TIPOS * 2))
    assert hechos == [hacer(tipo) for tipo in TIPOS] * 2


@todos
def test_sin_validez_oficial_solo_en_demostracion(tipo: str) -> None:
    assert texto(hacer(tipo)).count("SIN VALIDEZ OFICIAL") == (1 if tipo in CARTAS else 3)
    assert "VALIDEZ" not in texto(hacer(tipo, demo=False))


# Nothing from outside ----------------------------------------------------------------------------


@todos
def test_el_nombre_no_es_html(tipo: str, caplog: pytest.LogCaptureFixture) -> None:
    nombre = '<img src="file:///etc/passwd" alt=x><b>&amp;{{ 7|add:7 }}'
    leido = texto(imprenta.pdf(tipo, DATOS[tipo] | {"nombre": nombre}))
    assert junto(nombre) in junto(leido)
    assert "root:" not in leido
    assert caplog.records == []


@pytest.mark.parametrize(
    "recurso", ["file:///etc/passwd", "http://127.0.0.1:9/", "https://localhost/", "ftp://x/"]
)
def test_el_dibujante_no_busca_nada_fuera(recurso: str, caplog: pytest.LogCaptureFixture) -> None:
    hacer("nss")
    with pytest.raises(ValueError, match="disallowed protocol"):
        imprenta._imprenta().recursos.fetch(recurso)
    pagina = (
        f'<html lang="es"><title>x</title><link rel=stylesheet href="{recurso}"><img alt=x src="{recurso}">'
    )
    octetos = imprenta._imprenta().imprimir(pagina)
    assert not PdfReader(io.BytesIO(octetos)).pages[0].images
    assert len([r for r in caplog.records if "disallowed protocol" in r.getMessage()]) == 2


@todos
def test_no_avisa_de_nada(tipo: str, caplog: pytest.LogCaptureFixture) -> None:
    """No word of the style sheet or of the fonts is one that WeasyPrint complains about."""
    with caplog.at_level(logging.INFO, "weasyprint"):
        imprenta._imprenta.cache_clear()
        for cambios in CASOS[tipo].values():
            imprenta.pdf(tipo, DATOS[tipo] | cambios)
    assert [r.getMessage() for r in caplog.records if r.levelno > logging.INFO] == []


@todos
def test_no_pide_variantes_de_letra(tipo: str) -> None:
    """WeasyPrint 70 never frees the Pango list of a line with font features: 30 kB lost a document."""
    imprenta._imprenta.cache_clear()
    imprenta.pdf(tipo, DATOS[tipo])
    assert not imprenta._imprenta().letras.font_features


# The host ----------------------------------------------------------------------------------------


def test_el_arranque_no_carga_el_dibujante() -> None:
    guion = (
        "import sys, django; django.setup(); from nss_portal.documentos import imprenta; imprenta.revisar();"
        "print([m for m in ('weasyprint', 'qrcode', 'fontTools') if m in sys.modules])"
    )
    raiz = Path(imprenta.__file__).parents[2]
    salida = subprocess.run(
        [sys.executable, "-c", guion], cwd=raiz, capture_output=True, check=True, text=True
    )
    assert salida.stdout.strip() == "[]"


def test_no_cambia_las_letras_de_otros_programas(monkeypatch: pytest.MonkeyPatch) -> None:
    for valor in (None, "/otro.conf"):
        monkeypatch.delenv("FONTCONFIG_FILE", raising=False)
        if valor:
            monkeypatch.setenv("FONTCONFIG_FILE", valor)
        imprenta._imprenta.cache_clear()
        imprenta.pdf("nss", DATOS["nss"])
        assert os.environ.get("FONTCONFIG_FILE") == valor


def test_revisar_dice_lo_que_falta(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert imprenta.revisar() == []
    vacia = tmp_path / "fuentes.conf"
    vacia.write_text(f"<fontconfig><dir>{tmp_path}</dir></fontconfig>")
    monkeypatch.setattr(letra, "FONTCONFIG", vacia)
    monkeypatch.setattr(imprenta, "BIBLIOTECAS", {"no-existe": "libno-existe0"})
    assert imprenta.revisar() == [
        "Falta la letra NotoSans-Regular.ttf: instala el paquete fonts-noto-core.",
        "Falta la letra NotoSans-Bold.ttf: instala el paquete fonts-noto-core.",
        "Falta la biblioteca no-existe para hacer los PDF: instala el paquete libno-existe0.",
    ]
