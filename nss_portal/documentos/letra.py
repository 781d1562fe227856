"""The one letter that documents are printed in: where it is, and how much room a text takes in it."""

from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

FONTCONFIG = Path(__file__).with_name("fuentes.conf")
REGULAR, NEGRITA = "NotoSans-Regular.ttf", "NotoSans-Bold.ttf"


def archivo(nombre: str) -> Path | None:
    """The font file, looked for where fontconfig will look."""
    carpetas = (Path(dir.text or "") for dir in ElementTree.parse(FONTCONFIG).iter("dir"))
    return next((hallado for carpeta in carpetas for hallado in carpeta.rglob(nombre)), None)


@cache
def _negrita() -> Any:
    from PIL import ImageFont

    # Basic layout has no kerning, so it measures never less than Pango draws.
    return ImageFont.truetype(str(archivo(NEGRITA)), 100, layout_engine=ImageFont.Layout.BASIC)


def _ancho(texto: str) -> float:
    """Width of bold `texto`, in em."""
    return float(_negrita().getlength(texto)) / 100


def renglones(texto: str, milimetros: float, puntos: float) -> int:
    """Lines of bold `texto` in a column, as `overflow-wrap: break-word` breaks them; never too few."""
    # A broken word leaves up to one wide letter of its line unused.
    ancho = milimetros / 25.4 * 72 / puntos
    espacio, cuenta, usado = _ancho(" "), 1, 0.0
    for palabra in texto.split():
        largo = _ancho(palabra)
        if usado and usado + espacio + largo <= ancho:
            usado += espacio + largo
            continue
        cuenta += usado > 0
        while largo > ancho:
            cuenta, largo = cuenta + 1, largo - (ancho - 1)
        usado = largo
    return cuenta
