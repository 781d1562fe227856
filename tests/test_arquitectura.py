"""The arrows of the house, and what may not stand in it."""

import ast
import re
from pathlib import Path

RAIZ = Path(__file__).resolve().parent.parent
APPS = ("afiliacion", "vigencia", "clinicas")
PRODUCTO = ("nss_portal", *APPS)


def importados(ruta: Path) -> set[str]:
    arbol = ast.parse(ruta.read_text())
    modulos = {n.module or "" for n in ast.walk(arbol) if isinstance(n, ast.ImportFrom)}
    modulos |= {a.name for n in ast.walk(arbol) if isinstance(n, ast.Import) for a in n.names}
    return modulos


def fuentes(carpeta: str) -> list[Path]:
    return [r for r in (RAIZ / carpeta).rglob("*.py") if "migrations" not in r.parts]


def test_las_flechas() -> None:
    permitidas = {"nss_portal": set(), "afiliacion": set(), "vigencia": set(), "clinicas": {"vigencia"}}
    for carpeta, puede in permitidas.items():
        for ruta in fuentes(carpeta):
            if ruta.parent == RAIZ / "nss_portal":
                continue  # the files that stand there are the project, which names its apps
            apps = {m.split(".")[0] for m in importados(ruta)} & set(APPS) - {carpeta}
            assert apps <= puede, f"{ruta.relative_to(RAIZ)} imports {apps}"


def test_el_azar_sale_de_secrets() -> None:
    for carpeta in PRODUCTO:
        for ruta in fuentes(carpeta):
            assert "random" not in importados(ruta), ruta


def test_solo_documentos_y_firma_importan_el_renderizador() -> None:
    puede = {"imprenta.py": {"weasyprint", "qrcode"}, "firma.py": {"pyhanko"}}
    for carpeta in PRODUCTO:
        for ruta in fuentes(carpeta):
            raices = {m.split(".")[0] for m in importados(ruta)}
            assert raices & {"weasyprint", "qrcode", "pyhanko"} <= puede.get(ruta.name, set()), ruta


def test_identidad_es_pura() -> None:
    puede = {"re", "unicodedata", "datetime", "functools", "typing", "django.core.exceptions"}
    assert importados(RAIZ / "nss_portal/personas/identidad.py") <= puede


def test_archivos_y_funciones_de_tamano_humano() -> None:
    for carpeta in PRODUCTO:
        for ruta in fuentes(carpeta):
            texto = ruta.read_text()
            assert texto.count("\n") <= 400, ruta
            for nodo in ast.walk(ast.parse(texto)):
                if isinstance(nodo, ast.FunctionDef):
                    assert (nodo.end_lineno or 0) - nodo.lineno <= 60, f"{ruta}: {nodo.name}"


def test_la_web_no_carga_el_renderizador() -> None:
    import subprocess
    import sys

    orden = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings';"
        "import nss_portal.wsgi, nss_portal.urls;"
        "assert not {'weasyprint', 'pyhanko', 'openpyxl'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", orden], cwd=RAIZ, check=True)


def test_plantillas_sin_codigo_en_linea() -> None:
    for ruta in (RAIZ / "templates").rglob("*.html"):
        if ruta.parent.name in {"correo", "pdf"}:
            continue  # mail readers and paper want their styles inside
        texto = ruta.read_text()
        assert not re.search(r"\son[a-z]+=|\sstyle=|javascript:|<style", texto), ruta
