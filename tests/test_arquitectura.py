"""The arrows of the house, and what may not stand in it."""

import ast
import re
from collections import Counter
from pathlib import Path

RAIZ = Path(__file__).resolve().parent.parent
APPS = ("afiliacion", "vigencia", "clinicas")
PRODUCTO = ("nss_portal", *APPS)
# The rooms of the kernel, and which others each may use. What is loose in nss_portal/, its commands and the
# demonstration are the project: it may use everything, and nobody uses it.
ABAJO = {
    "servicio": "",
    "archivos": "servicio",
    "personas": "servicio archivos",
    "territorio": "servicio archivos personas",
    "documentos": "servicio archivos personas territorio",
    "correo": "servicio archivos personas territorio documentos",
    "tramites": "servicio archivos personas territorio documentos correo",
}
ARRIBA = [*ABAJO]
CUARTOS = {
    **{cuarto: set(cuales.split()) for cuarto, cuales in ABAJO.items()},
    "templatetags": set(ARRIBA),
    "personal": set(ARRIBA),
    "web": set(ARRIBA),
    "api": {*ARRIBA, "web"},
}
DE_APPS = {"afiliacion": set(), "vigencia": set(), "clinicas": {"vigencia"}}


def importados(ruta: Path) -> set[str]:
    """The modules that a file names, and the names that it takes from each, as far as they may be modules."""
    arbol = ast.parse(ruta.read_text())
    modulos = {a.name for n in ast.walk(arbol) if isinstance(n, ast.Import) for a in n.names}
    for n in ast.walk(arbol):
        if isinstance(n, ast.ImportFrom):
            assert not n.level, f"{ruta}: imports are whole"
            modulos |= {n.module or "", *(f"{n.module}.{a.name}" for a in n.names)}
    return modulos


def fuentes(carpeta: str) -> list[Path]:
    return [r for r in (RAIZ / carpeta).rglob("*.py") if "migrations" not in r.parts]


MODULOS = {
    ".".join(ruta.relative_to(RAIZ).with_suffix("").parts).removesuffix(".__init__"): ruta
    for carpeta in PRODUCTO
    for ruta in fuentes(carpeta)
}
FLECHAS = {modulo: importados(ruta) & MODULOS.keys() - {modulo} for modulo, ruta in MODULOS.items()}


def cuarto(modulo: str) -> str:
    """Its app, its room of the kernel, or «» for what is the project's."""
    app, _, resto = modulo.partition(".")
    if app != "nss_portal":
        return app
    primero = resto.partition(".")[0]
    return primero if primero in CUARTOS else ""


def test_las_flechas() -> None:
    for modulo, usados in FLECHAS.items():
        aqui = cuarto(modulo)
        if not aqui:
            continue
        puede = CUARTOS.get(aqui) or DE_APPS.get(aqui, set()) | CUARTOS.keys()
        for usado in usados - {"nss_portal"}:
            alla = cuarto(usado)
            assert alla == aqui or alla in puede, f"{modulo} uses {usado}, which is above it"


def test_ningun_circulo() -> None:
    """No file leads back to itself: whoever comes first can be read first."""
    faltan = {modulo: set(usados) for modulo, usados in FLECHAS.items()}
    # A package that lists its modules is one with them.
    for modulo in [m for m in faltan if MODULOS[m].name == "__init__.py"]:
        for suyo in faltan:
            if suyo.startswith(f"{modulo}."):
                faltan[suyo].discard(modulo)
    while sueltos := [modulo for modulo, usados in faltan.items() if not usados & faltan.keys()]:
        for modulo in sueltos:
            del faltan[modulo]
    assert not faltan, f"a circle among {sorted(faltan)}"


def test_ninguna_carpeta_con_mas_de_doce_modulos() -> None:
    carpetas = Counter(ruta.parent for ruta in MODULOS.values() if ruta.name != "__init__.py")
    assert not {carpeta: cuantos for carpeta, cuantos in carpetas.items() if cuantos > 12}


def test_ningun_registro_por_su_nombre() -> None:
    """What calls is written where it is called: no dotted path in a setting, no model asked for by name."""
    for carpeta in PRODUCTO:
        for ruta in fuentes(carpeta):
            if ruta.name in {"fixtures.py", "reglas.py"}:
                continue  # Django's own: what a fixture or a migration names
            texto = ruta.read_text()
            assert not re.search(r"import_string|import_module|get_model\(", texto), ruta


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
    usados = importados(RAIZ / "nss_portal/personas/identidad.py")
    assert all(m in puede or m.rpartition(".")[0] in puede for m in usados)


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
