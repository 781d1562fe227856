"""The few pictures of docs/capturas/: those that README and guides show, and no others."""

import re

from tests.procesos.portal import RAIZ

CAPTURAS = RAIZ / "docs" / "capturas"


def test_son_las_que_se_muestran() -> None:
    hay = {ruta.name for ruta in CAPTURAS.iterdir()} - {"README.md"}
    assert hay == set(re.findall(r'src="([^"]+)"', (CAPTURAS / "README.md").read_text()))
    textos = "".join(ruta.read_text() for ruta in [RAIZ / "README.md", *(RAIZ / "docs").glob("*.md")])
    assert set(re.findall(r"capturas/([\w.-]+\.webp)", textos)) <= hay
    assert len(hay) <= 24 and sum((CAPTURAS / nombre).stat().st_size for nombre in hay) < 1_500_000
