"""The colours of the stylesheets: what the eye needs of each pair, in the light and in the dark."""

import re
from pathlib import Path

import pytest

RAIZ = Path(__file__).resolve().parent.parent
OSCURO = "@media screen and (prefers-color-scheme: dark) {\n  :root {"
# What is written or drawn, over which backgrounds, and how much of WCAG 2.2 it needs: 1.4.3, 1.4.11.
PARES = [
    ("tinta", ["papel", "papel-2", "bien-fondo", "aviso-fondo", "selected-bg", "selected-row"], 4.5),
    ("tinta-2", ["papel", "papel-2", "bien-fondo"], 4.5),
    ("accion", ["papel", "papel-2", "bien-fondo", "aviso-fondo", "selected-row"], 4.5),
    ("accion-hover", ["papel", "papel-2", "bien-fondo"], 4.5),
    ("sobre-accion", ["accion", "accion-hover", "bien"], 4.5),
    ("sobre-accion", ["error", "delete-button-hover-bg", "close-button-bg", "tinta"], 4.5),
    ("sobre-guinda", ["guinda"], 4.5),
    ("oro-claro", ["guinda"], 4.5),
    ("bien", ["papel", "papel-2", "bien-fondo"], 4.5),
    ("aviso", ["papel", "papel-2", "aviso-fondo"], 4.5),
    ("error", ["papel", "error-fondo"], 4.5),
    ("borde", ["papel", "papel-2"], 3),
    ("oro", ["papel", "papel-2"], 3),
    ("guinda-medio", ["papel", "papel-2"], 3),
    ("foco", ["papel", "papel-2", "foco-interior"], 3),
]


def hoja(archivo: str) -> str:
    return (RAIZ / "static" / archivo).read_text()


def fichas(archivo: str) -> dict[str, dict[str, str]]:
    """The tokens of a stylesheet by scheme: the dark says only what it changes."""
    antes, _, despues = hoja(archivo).partition(OSCURO)
    claro, oscuro = (
        dict(re.findall(r"--([\w-]+): (#\w+);", raiz)) for raiz in (antes, despues.partition("}")[0])
    )
    for nombre, de_dia, de_noche in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);", antes):
        claro[nombre], oscuro[nombre] = de_dia, de_noche
    assert claro.keys() > oscuro.keys() > set()
    return {"claro": claro, "oscuro": claro | oscuro}


def luminancia(color: str) -> float:
    canales = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in canales)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contraste(uno: str, otro: str) -> float:
    oscuro, claro = sorted((luminancia(uno), luminancia(otro)))
    return (claro + 0.05) / (oscuro + 0.05)


@pytest.mark.parametrize("esquema", ["claro", "oscuro"])
def test_cada_par_se_distingue(esquema: str) -> None:
    colores = fichas("admin-portal.css")[esquema] | fichas("estilo.css")[esquema]
    mal = {
        f"{tinta} / {fondo}": hay
        for tinta, fondos, pide in PARES
        for fondo in fondos
        if (hay := round(contraste(colores[tinta], colores[fondo]), 2)) < pide
    }
    assert not mal
    [flecha] = re.findall(r'stroke="(#\w+)"', hoja("flecha.svg"))
    assert contraste(flecha, colores["papel"]) >= 3


@pytest.mark.parametrize("esquema", ["claro", "oscuro"])
def test_los_mismos_colores_en_todas_partes(esquema: str) -> None:
    colores = fichas("estilo.css")[esquema]
    for nombre, color in fichas("admin-portal.css")[esquema].items():
        assert colores.get(nombre, color) == color, nombre
    medio = {"claro": "light", "oscuro": "dark"}[esquema]
    barra = f'<meta name="theme-color" content="{colores["guinda"]}" media="(prefers-color-scheme: {medio})">'
    for pagina in ("base.html", "app/index.html"):
        assert barra in (RAIZ / "templates" / pagina).read_text()


def test_el_correo_a_oscuras_es_del_mismo_color() -> None:
    base = (RAIZ / "templates/correo/base.html").read_text()
    [noche] = re.findall(r"@media \(prefers-color-scheme: dark\)(.+)</style>", base, re.S)
    usados = set(re.findall(r"#\w{6}", noche))
    assert len(usados) > 5 and usados <= set(fichas("estilo.css")["oscuro"].values())


@pytest.mark.parametrize(
    ("archivo", "fijos"),
    {
        # Shadows, what is printed, and the plate of the captcha's image, which is always white.
        "estilo.css": ["#0003", "#0006", "#fff", "#000"],
        "app/app.css": ["#0003", "#0006", "#fff6"],
        "admin-portal.css": [],
        "admin-ventanilla.css": [],
    }.items(),
)
def test_ningun_color_fuera_de_las_fichas(archivo: str, fijos: list[str]) -> None:
    """A colour written in a rule does not follow the scheme."""
    reglas = re.sub(r":root \{[^}]*\}", "", hoja(archivo))
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", reglas) == fijos
