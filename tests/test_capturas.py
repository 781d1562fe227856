"""The gallery of docs/capturas/ does not rot: what should have a picture has it (`make capturas`)."""

import re
from pathlib import Path

import pytest

from nss_portal.models import Documento
from tests.navegador.estados import CAPTURAS, captura
from tests.procesos.portal import RAIZ

PLANTILLAS = RAIZ / "templates"


def nombres(carpeta: Path, patron: str, de: str) -> list[str]:
    return [f"{de}: {ruta.stem}" for ruta in sorted(carpeta.glob(patron)) if ruta.stem != "base"]


def pantallas_de_la_app() -> list[str]:
    return re.findall(r'mostrar\("([\w-]+)"', (RAIZ / "static/app/app.js").read_text())


@pytest.mark.parametrize(
    "nombre",
    [
        *nombres(PLANTILLAS / "correo", "*.html", "correo"),
        *nombres(PLANTILLAS, "[45][0-9][0-9]*.html", "error"),
        *nombres(PLANTILLAS, "mantenimiento.html", "error"),
    ],
)
def test_cada_correo_y_cada_error(nombre: str) -> None:
    for ancho in (1280, 360):
        assert (CAPTURAS / captura(nombre, ancho)).exists()


@pytest.mark.parametrize("pantalla", pantallas_de_la_app())
def test_cada_pantalla_de_la_app(pantalla: str) -> None:
    assert list(CAPTURAS.glob(f"app-{pantalla}*-360.webp"))


@pytest.mark.parametrize("tipo", Documento.Tipo.values)
def test_cada_documento(tipo: str) -> None:
    assert (CAPTURAS / captura(f"documento: {tipo}")).exists()


def test_la_galeria_y_el_leeme_muestran_lo_que_hay() -> None:
    hay = {ruta.name for ruta in CAPTURAS.iterdir()} - {"README.md"}
    assert hay == set(re.findall(r'src="([^"]+)"', (CAPTURAS / "README.md").read_text()))
    assert set(re.findall(r"docs/capturas/([\w.-]+\.webp)", (RAIZ / "README.md").read_text())) <= hay
    assert sum(ruta.stat().st_size for ruta in CAPTURAS.iterdir()) < 12_000_000
