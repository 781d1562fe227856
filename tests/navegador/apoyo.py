"""What browser tests do on every screen."""

import io
import subprocess
from pathlib import Path
from typing import Any, Literal

import pypdf
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from tests.procesos.portal import Portal


def persona(sitio: Portal, con_nss: bool) -> tuple[str, str | None, str]:
    """(CURP, NSS, name) of somebody nobody has used yet."""
    [(curp, nss, *nombre)] = sitio.base.consultar(
        "SELECT curp, nss, nombres, primer_apellido, segundo_apellido FROM nss_portal_persona p "
        f"WHERE nss IS {'NOT' if con_nss else ''} NULL "
        "AND NOT EXISTS (SELECT 1 FROM nss_portal_tramite t WHERE t.curp = p.curp) ORDER BY curp LIMIT 1"
    )
    return curp, nss, " ".join(filter(None, nombre))


# The rules of axe-core that a colour can break: the others have been tried in the light.
DE_COLOR = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}


def luz(pagina: Page, esquema: Literal["light", "dark"]) -> None:
    pagina.emulate_media(color_scheme=esquema)
    # The admin's links fade from one colour into the other.
    pagina.evaluate("document.getAnimations().forEach(a => a instanceof CSSTransition && a.finish())")


def a_oscuras(pagina: Page) -> list[dict[str, Any]]:
    """What axe-core, which is in the page already, finds when its colours are those of the dark."""
    luz(pagina, "dark")
    resultado = pagina.evaluate("opciones => axe.run(document, opciones)", DE_COLOR)
    luz(pagina, "light")
    return list(resultado["violations"])


def sin_faltas(pagina: Page) -> None:
    """axe-core finds nothing, light or dark, and nothing spills over the side. (axe needs JavaScript.)"""
    ancho = pagina.viewport_size["width"]  # type: ignore[index]
    assert pagina.locator("main").bounding_box()["width"] <= ancho  # type: ignore[index]
    if pagina.context.browser and pagina.evaluate("() => true"):
        assert pagina.evaluate("document.documentElement.scrollWidth") <= ancho
        resultado = Axe().run(pagina)
        assert resultado.violations_count == 0, resultado.generate_report()
        assert not (faltas := a_oscuras(pagina)), faltas


def llenar_solicitud(pagina: Page, sitio: Portal, curp: str, correo: str, **propios: str) -> None:
    """The form of a step; `propios` are the fields that only it has."""
    pagina.get_by_label("CURP").fill(curp)
    for nombre, valor in propios.items():
        pagina.locator(f"#id_{nombre}").fill(valor)
    pagina.locator("#id_correo").fill(correo)
    pagina.get_by_label("Confirmación de tu correo electrónico").fill(correo)
    llenar_letras(pagina, sitio)


def llenar_letras(pagina: Page, sitio: Portal) -> None:
    letras = sitio.letras(pagina.locator("input[name=captcha_0]").input_value())
    pagina.get_by_label("Letras de la imagen o del audio").fill(letras)


def esperar(pagina: Page, pantalla: str) -> None:
    expect(pagina.locator("main")).to_have_attribute("data-pantalla", pantalla, timeout=20_000)


def texto_de(contenido: bytes) -> str:
    return "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(contenido)).pages)


def qr_de(contenido: bytes, carpeta: Path) -> str:
    """The QR as a phone would read it from a 150-dpi print."""
    (carpeta / "d.pdf").write_bytes(contenido)
    subprocess.run(["pdftoppm", "-r", "150", "-png", "d.pdf", "d"], cwd=carpeta, check=True)
    [codigo] = [c for png in carpeta.glob("d*.png") for c in zxingcpp.read_barcodes(Image.open(png))]
    return codigo.text
