"""The PDFs as a reader, a phone and a screen reader find them; no database needed."""

import io
import json
import logging
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import zxingcpp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from nss_portal import documentos

TIPOS = ("nss", "tarjeta")
DATOS = {
    "folio": "1795106467155179492756",
    "fecha": "2026-11-19",
    "emitido": "2026-11-19T16:41:07+00:00",
    "nombre": "Citlali Ejemplo Ríos",
    "curp": "EERC070214MDFJSTA5",
    "nss": "99260701992",
    "resultado": "asignado",
    "subdelegacion": "Centro",
    "prefijo_origen": "demostrativo",
    "domicilio": "",
    "codigo": "7Q4KM2XD",
    "url": "http://127.0.0.1:8000/v/Zk3v9QeT1mYbA7x2LwPq5c/",
    "verificar": "127.0.0.1:8000/verificar",
    "demo": True,
}
LARGO = "María Guadalupe de los Ángeles Inmaculada Concepción Ejemplo Montemayor de la Garza Villarreal"
PEOR = " ".join(["W" * 50] * 3)  # the widest letter: nothing of 150 characters takes more room
CASOS = {
    "ordinario": {},
    "sin segundo apellido": {"nombre": "Íñigo Ñandú", "subdelegacion": "", "prefijo_origen": ""},
    "localizado": {
        "resultado": "localizado",
        "prefijo_origen": "publico",
        "domicilio": "Av. Ejemplo 123, interior 4, Centro, C. P. 06000, Cuauhtémoc, Ciudad de México",
        "demo": False,
    },
    "largo": {"nombre": LARGO, "domicilio": ("Privada de los Ejemplos Insurgentes " * 6)[:200]},
    "peor": {"nombre": PEOR, "domicilio": "W" * 200},
    "imposible": {"nombre": PEOR, "domicilio": "W" * 420, "subdelegacion": "W" * 80},
}
MM = 72 / 25.4
ALTO_PIE = 638  # pt from the top of the page to the rule over the letter's foot


@cache
def _hecho(tipo: str, cambios: str) -> bytes:
    return documentos.pdf(tipo, DATOS | json.loads(cambios))


def hacer(tipo: str, **cambios: Any) -> bytes:
    return _hecho(tipo, json.dumps(cambios))


def orden(octetos: bytes, *partes: str) -> bytes:
    """Output of a poppler command that reads the PDF from its standard input."""
    return subprocess.run(partes, input=octetos, capture_output=True, check=True).stdout


def texto(octetos: bytes) -> str:
    return orden(octetos, "pdftotext", "-raw", "-", "-").decode()


def junto(cadena: str) -> str:
    return re.sub(r"\s", "", cadena)


def imagen(octetos: bytes, ppp: int) -> Image.Image:
    png = orden(octetos, "pdftoppm", "-r", str(ppp), "-png", "-singlefile", "-")
    return Image.open(io.BytesIO(png)).convert("RGB")


class Palabra(NamedTuple):
    x0: float
    y0: float
    x1: float
    y1: float
    texto: str


def palabras(octetos: bytes) -> list[Palabra]:
    """Words with their boxes in pt, trimmed to the ink: the font's own box is taller than its line."""
    cajas = re.findall(
        r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</word>',
        orden(octetos, "pdftotext", "-bbox", "-", "-").decode(),
    )
    return [
        Palabra(x0, y0 + 0.2 * (y1 - y0), x1, y1 - 0.2 * (y1 - y0), unescape(dicho))
        for *numeros, dicho in cajas
        for x0, y0, x1, y1 in [map(float, numeros)]
    ]


def encimadas(cajas: list[Palabra]) -> list[tuple[str, str]]:
    return [
        (a.texto, b.texto)
        for i, a in enumerate(cajas)
        for b in cajas[:i]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 0.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 0.5
    ]


def direccion(largo: int) -> str:
    """What the QR holds, with a token of so many characters."""
    return f"http://127.0.0.1:8000/v/{('Zk3v9QeT1mYbA7x2LwPq5c_-' * 3)[:largo]}/"


todos = pytest.mark.parametrize("tipo", TIPOS)
cada_caso = pytest.mark.parametrize("caso", CASOS)


@todos
@cada_caso
def test_se_lee_con_dos_lectores(tipo: str, caso: str) -> None:
    octetos = hacer(tipo, **CASOS[caso])
    lector = PdfReader(io.BytesIO(octetos), strict=True)
    assert len(lector.pages) == 1
    for leido in (texto(octetos), lector.pages[0].extract_text()):
        for clave in ("nss", "curp", "folio"):
            assert re.search(rf"(?<!\d){DATOS[clave]}(?!\d)", leido), clave
        assert "7Q4K-M2XD" in leido and "gob·estudiantes" in leido
        assert "Réplica de estudio. No es un documento del Gobierno de México ni del IMSS." in leido
        assert "Página 1 de 1" in leido
        if caso in ("ordinario", "sin segundo apellido", "localizado"):
            assert (DATOS | CASOS[caso])["nombre"] in leido


@todos
@cada_caso
def test_es_un_pdf_sano_y_pequeno(tipo: str, caso: str, tmp_path: Path) -> None:
    octetos = hacer(tipo, **CASOS[caso])
    assert len(octetos) <= 40_000
    (tmp_path / "documento.pdf").write_bytes(octetos)
    revision = subprocess.run(["qpdf", "--check", tmp_path / "documento.pdf"], capture_output=True)
    assert revision.returncode == 0, revision.stdout + revision.stderr
    letras = orden(octetos, "pdffonts", "-").decode().splitlines()[2:]
    assert letras
    for letra in letras:
        assert re.match(r"[A-Z]{6}\+Noto-Sans(-Bold)? .* yes yes yes ", letra), letra


@todos
def test_accesible(tipo: str) -> None:
    octetos = hacer(tipo)
    lector = PdfReader(io.BytesIO(octetos))
    assert lector.trailer["/Root"]["/Lang"] == "es-MX"
    assert lector.metadata.title == documentos.TIPOS[tipo].titulo
    assert lector.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]
    assert re.search(r"^Tagged: +yes$", orden(octetos, "pdfinfo", "-").decode(), re.MULTILINE)
    assert b'pdfuaid:part="1"' in lector.trailer["/Root"]["/Metadata"].get_data()

    def recorrer(nodo: Any) -> list[Any]:
        nodo = nodo.get_object()
        hijos = nodo.get("/K", []) if isinstance(nodo, dict) else []
        return [nodo, *(n for hijo in hijos if not isinstance(hijo, int) for n in recorrer(hijo))]

    nodos = [n for n in recorrer(lector.trailer["/Root"]["/StructTreeRoot"]) if "/S" in n]
    papeles = [n["/S"] for n in nodos]
    assert [papel for papel in papeles if re.match(r"/H\d", papel)] == ["/H1", "/H2"]
    assert [n["/Alt"] for n in nodos if n["/S"] == "/Figure"] == [
        f"Código QR con la dirección para verificar est{'e documento' if tipo == 'nss' else 'a tarjeta'}"
    ]
    celdas = [n for n in nodos if n["/S"] == "/TD"]
    assert celdas and all(celda["/A"]["/Headers"] for celda in celdas)
    assert papeles.count("/LI") == 3


@todos
def test_sin_datos_personales_fuera_de_la_pagina(tipo: str) -> None:
    octetos = hacer(tipo)
    lector = PdfReader(io.BytesIO(octetos))
    fuera = f"{dict(lector.metadata)} {lector.trailer['/Root']['/Metadata'].get_data().decode()}"
    assert not [clave for clave in ("nombre", "curp", "nss") if DATOS[clave] in fuera]


@todos
@pytest.mark.parametrize("largo", [8, 22, 43, 64])
def test_el_qr_impreso_lleva_la_direccion(tipo: str, largo: int) -> None:
    url = direccion(largo)
    (codigo,) = zxingcpp.read_barcodes(imagen(hacer(tipo, url=url), 150))
    assert codigo.text == url
    lado = (codigo.position.top_right.x - codigo.position.top_left.x) / 150 * 25.4
    assert lado >= (25 if tipo == "nss" else 18)


@todos
@pytest.mark.parametrize(("largo", "modulos"), [(8, 29), (22, 33), (64, 41)])
def test_el_qr_tiene_su_orilla_libre(tipo: str, largo: int, modulos: int) -> None:
    """Four modules of nothing around it: what phones need to find it."""
    url, verificar = direccion(largo), "seguro-para-estudiantes.salud.example.org/verificar"
    foto = imagen(hacer(tipo, url=url, verificar=verificar, nombre=PEOR), 300)
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


@todos
def test_los_mismos_datos_dan_los_mismos_bytes(tipo: str) -> None:
    """Also in another process whose locale, time zone, hash seed and font settings are others."""
    octetos = hacer(tipo)
    assert documentos.pdf(tipo, dict(reversed(DATOS.items()))) == octetos
    guion = (
        "import sys, json, django; django.setup(); from nss_portal import documentos;"
        "sys.stdout.buffer.write(documentos.pdf(sys.argv[1], json.loads(sys.argv[2])))"
    )
    ajeno = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C", "FONTCONFIG_FILE": "/dev/null"}
    otro = subprocess.run(
        [sys.executable, "-c", guion, tipo, json.dumps(DATOS)],
        env=os.environ | ajeno,
        cwd=Path(documentos.__file__).parent.parent,
        capture_output=True,
        check=True,
    )
    assert otro.stdout == octetos
    assert otro.stderr == b""


def test_varios_hilos_dan_lo_mismo() -> None:
    with ThreadPoolExecutor(4) as hilos:
        hechos = list(hilos.map(lambda tipo: documentos.pdf(tipo, DATOS), TIPOS * 3))
    assert hechos == [hacer(tipo) for tipo in TIPOS] * 3


# What is printed ---------------------------------------------------------------------------------


def test_los_renglones_de_la_carta() -> None:
    leido = texto(hacer("nss"))
    assert "Fecha de asignación 19 de noviembre de 2026" in leido
    assert "Subdelegación Centro (prefijo de demostración)" in leido
    assert "NSS sin espacios 99260701992" in leido
    assert "Emitido el 19 de noviembre de 2026 a las 10:41 h." in leido  # Mexico City, not UTC
    assert "Domicilio" not in leido
    assert "127.0.0.1:8000/verificar" in leido

    leido = texto(hacer("nss", **CASOS["localizado"]))
    assert "Fecha de localización 19 de noviembre de 2026" in leido and "asignación" not in leido
    assert "Subdelegación Centro\n" in leido
    assert "DomicilioregistradoAv.Ejemplo123,interior4,Centro,C.P.06000,Cuauhtémoc,Ciudad" in junto(leido)

    leido = texto(hacer("nss", **CASOS["sin segundo apellido"]))
    assert "demostración" not in leido and leido.count("Subdelegación") == 1  # the caption of the digits


def test_los_grupos_del_numero() -> None:
    cajas = [p for p in palabras(hacer("nss")) if p.y1 - p.y0 > 25]
    assert [p.texto for p in sorted(cajas)] == ["99", "26", "07", "0199", "2"]


@pytest.mark.parametrize(("tipo", "veces"), [("nss", 1), ("tarjeta", 3)])
def test_sin_validez_oficial_solo_en_demostracion(tipo: str, veces: int) -> None:
    assert texto(hacer(tipo)).count("SIN VALIDEZ OFICIAL") == veces
    assert "VALIDEZ" not in texto(hacer(tipo, demo=False))


@todos
def test_nada_se_emite_con_un_hueco(tipo: str) -> None:
    for clave in DATOS:
        if (tipo, clave) in {
            ("tarjeta", k) for k in ("resultado", "subdelegacion", "prefijo_origen", "domicilio")
        }:
            continue
        with pytest.raises(KeyError):
            documentos.pdf(tipo, {k: v for k, v in DATOS.items() if k != clave})
    with pytest.raises(KeyError):
        documentos.pdf("pasaporte", DATOS)
    with pytest.raises(KeyError):
        documentos.pdf("nss", DATOS | {"resultado": "perdido"})


# Hard names --------------------------------------------------------------------------------------


def _letra_dura(datos: dict[str, Any]) -> None:
    octetos = documentos.pdf("nss", datos)
    lector = PdfReader(io.BytesIO(octetos))
    assert len(lector.pages) == 1
    leido = junto(texto(octetos))
    assert "Nombre" + junto(datos["nombre"]) + "CURP" in leido
    assert junto(datos["domicilio"]) in leido
    cajas = palabras(octetos)
    assert encimadas(cajas) == []
    assert max(p.x1 for p in cajas) <= (215.9 - 22.3) * MM + 0.5
    (fin,) = [p for p in cajas if p.texto == "corresponde."]
    assert fin.y1 + 2 * MM < ALTO_PIE


def _tarjeta_dura(datos: dict[str, Any]) -> None:
    octetos = documentos.pdf("tarjeta", datos)
    assert len(PdfReader(io.BytesIO(octetos)).pages) == 1
    cajas = palabras(octetos)
    assert encimadas(cajas) == []
    caras = [p for p in cajas if 64 * MM < p.y0 < 122 * MM]
    frente = [p for p in caras if p.x0 < 107.95 * MM]
    vuelta = [p for p in caras if p.x0 >= 107.95 * MM]
    for cara, orilla in ((frente, 22.35), (vuelta, 107.95)):
        assert min(p.x0 for p in cara) >= (orilla + 5.5) * MM
        assert max(p.x1 for p in cara) <= (orilla + 85.6 - 5.5) * MM
        assert min(p.y0 for p in cara) >= 68 * MM
        assert max(p.y1 for p in cara) <= (66 + 54 - 2) * MM
    assert {"CURP", datos["curp"]} <= {p.texto for p in frente}
    impreso = junto("".join(p.texto for p in frente)).split("Nombre")[1].split("CURP")[0]
    assert impreso == junto(datos["nombre"]) or (
        impreso.endswith("…") and len(impreso) > 100 and junto(datos["nombre"]).startswith(impreso[:-1])
    )


parte = st.text("aeioumnprstlgWMÑÁÉÍÓÚÜñáéíóúü' ", min_size=1, max_size=50)
nombres = st.lists(parte, min_size=2, max_size=3).map(lambda p: " ".join(" ".join(p).split()) or "X")
domicilios = st.text("aeiou mnprstW,.0123456789#", max_size=200).map(lambda d: " ".join(d.split()))


@settings(max_examples=20, deadline=None, database=None)
@given(nombres, domicilios)
@example(PEOR, "W" * 200)
@example(PEOR, "W" * 420)
@example(" ".join(["i" * 50] * 3), "")
@example(" ".join(["ñandú" * 10] * 3), "Ñ" * 200)
@example("W " * 74 + "W", "m " * 100)
@example("Ó", "")
def test_ningun_nombre_rompe_los_documentos(nombre: str, domicilio: str) -> None:
    datos = DATOS | {"nombre": nombre, "domicilio": domicilio.strip()}
    _letra_dura(datos)
    _tarjeta_dura(datos)


@pytest.mark.parametrize("letras", range(10, 151, 10))
def test_cada_tamano_de_nombre(letras: int) -> None:
    """Every step of the sizes, with ordinary words: nothing is cut before 6.5 pt is not enough."""
    nombre = (LARGO + " " + LARGO)[:letras].strip()
    datos = DATOS | {"nombre": nombre, "domicilio": "Calle Ejemplo 1, Centro, " * (letras // 20)}
    _letra_dura(datos)
    _tarjeta_dura(datos)
    assert "…" not in texto(documentos.pdf("tarjeta", datos))


def test_una_direccion_larga_de_verificacion_cabe_en_la_tarjeta() -> None:
    _tarjeta_dura(DATOS | {"verificar": "seguro-para-estudiantes.salud.example.org/verificar"})


def test_la_tarjeta_mide_lo_que_una_tarjeta() -> None:
    foto = imagen(hacer("tarjeta"), 254)  # 10 pixels a millimetre
    franja = [x for x in range(foto.width) if foto.getpixel((x, 680)) == (0x61, 0x12, 0x32)]
    assert franja[0] == pytest.approx(223.5, abs=4) and franja[-1] == pytest.approx(223.5 + 856, abs=4)
    # The cut marks, at the corners of both faces: 171.2 × 54 mm.
    corte = [x for x in range(foto.width) if sum(foto.getpixel((x, 605))) < 300]
    assert max(corte) - min(corte) == pytest.approx(1712, abs=4)
    corte = [y for y in range(foto.height) if sum(foto.getpixel((170, y))) < 300 and y > 200]
    assert max(corte) - min(corte) == pytest.approx(540, abs=4)


# Nothing from outside ----------------------------------------------------------------------------


@todos
def test_el_nombre_no_es_html(tipo: str, caplog: pytest.LogCaptureFixture) -> None:
    nombre = '<img src="file:///etc/passwd" alt=x><b>&amp;{{ 7|add:7 }}'
    leido = texto(documentos.pdf(tipo, DATOS | {"nombre": nombre}))
    assert junto(nombre) in junto(leido)
    assert "root:" not in leido
    assert caplog.records == []


@pytest.mark.parametrize(
    "recurso", ["file:///etc/passwd", "http://127.0.0.1:9/", "https://localhost/", "ftp://x/"]
)
def test_el_dibujante_no_busca_nada_fuera(recurso: str, caplog: pytest.LogCaptureFixture) -> None:
    hacer("nss")
    with pytest.raises(ValueError, match="disallowed protocol"):
        documentos._imprenta().recursos.fetch(recurso)
    pagina = (
        f'<html lang="es"><title>x</title><link rel=stylesheet href="{recurso}"><img alt=x src="{recurso}">'
    )
    octetos = documentos._imprenta().imprimir(pagina)
    assert not PdfReader(io.BytesIO(octetos)).pages[0].images
    assert len([r for r in caplog.records if "disallowed protocol" in r.getMessage()]) == 2


@todos
@cada_caso
def test_no_avisa_de_nada(tipo: str, caso: str, caplog: pytest.LogCaptureFixture) -> None:
    """No word of the style sheet or of the fonts is one that WeasyPrint complains about."""
    with caplog.at_level(logging.INFO, "weasyprint"):
        documentos._imprenta.cache_clear()
        documentos.pdf(tipo, DATOS | CASOS[caso])
    assert [r.getMessage() for r in caplog.records if r.levelno > logging.INFO] == []


@todos
def test_no_pide_variantes_de_letra(tipo: str) -> None:
    """WeasyPrint 70 never frees the Pango list of a line with font features: 30 kB lost a document."""
    documentos._imprenta.cache_clear()
    documentos.pdf(tipo, DATOS)
    assert not documentos._imprenta().letras.font_features


# The host ----------------------------------------------------------------------------------------


def test_el_arranque_no_carga_el_dibujante() -> None:
    guion = (
        "import sys, django; django.setup(); from nss_portal import documentos; documentos.revisar();"
        "print([m for m in ('weasyprint', 'qrcode', 'fontTools') if m in sys.modules])"
    )
    raiz = Path(documentos.__file__).parent.parent
    salida = subprocess.run(
        [sys.executable, "-c", guion], cwd=raiz, capture_output=True, check=True, text=True
    )
    assert salida.stdout.strip() == "[]"


def test_no_cambia_las_letras_de_otros_programas(monkeypatch: pytest.MonkeyPatch) -> None:
    for valor in (None, "/otro.conf"):
        monkeypatch.delenv("FONTCONFIG_FILE", raising=False)
        if valor:
            monkeypatch.setenv("FONTCONFIG_FILE", valor)
        documentos._imprenta.cache_clear()
        documentos.pdf("nss", DATOS)
        assert os.environ.get("FONTCONFIG_FILE") == valor


def test_revisar_dice_lo_que_falta(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert documentos.revisar() == []
    vacia = tmp_path / "fuentes.conf"
    vacia.write_text(f"<fontconfig><dir>{tmp_path}</dir></fontconfig>")
    monkeypatch.setattr(documentos, "FONTCONFIG", vacia)
    monkeypatch.setattr(documentos, "BIBLIOTECAS", {"no-existe": "libno-existe0"})
    assert documentos.revisar() == [
        "Falta la letra NotoSans-Regular.ttf: instala el paquete fonts-noto-core.",
        "Falta la letra NotoSans-Bold.ttf: instala el paquete fonts-noto-core.",
        "Falta la biblioteca no-existe para hacer los PDF: instala el paquete libno-existe0.",
    ]
