"""Debian's chromium against a portal of real processes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.procesos.conftest import carpeta_plantilla, plantilla
from tests.procesos.portal import Base, Portal, portal

__all__ = ["carpeta_plantilla", "plantilla"]


QUIETO = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
QUIETO += ["--disable-component-update", "--disable-sync", "--no-first-run"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Gone with the file: its event loop lives in the main thread, where Django would open
    a second connection for whatever ran after, and leave it open."""
    with sync_playwright() as playwright:
        navegador = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIETO)
        yield navegador
        navegador.close()


@pytest.fixture(scope="module")
def sitio(
    tmp_path_factory: pytest.TempPathFactory, plantilla: Base, carpeta_plantilla: Path
) -> Iterator[Portal]:
    """One portal for a file of browser tests."""
    carpeta = tmp_path_factory.mktemp("sitio")
    shutil.copytree(carpeta_plantilla / "static", carpeta / "static")
    with portal(carpeta, plantilla) as corriendo:
        yield corriendo


@pytest.fixture(params=[True, False], ids=["con-js", "sin-js"])
def con_js(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=[(1280, 900), (360, 740)], ids=["1280", "360"])
def tamano(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param


@pytest.fixture
def pagina(browser: Browser, sitio: Portal, con_js: bool, tamano: tuple[int, int]) -> Iterator[Page]:
    """A fresh browser that fails the test on any error of the console or any request outside."""
    ancho, alto = tamano
    contexto = browser.new_context(
        base_url=sitio.url,
        java_script_enabled=con_js,
        viewport={"width": ancho, "height": alto},
        locale="es-MX",
    )
    pagina = contexto.new_page()
    quejas: list[str] = []
    pagina.on("console", lambda m: quejas.append(m.text) if m.type in {"error", "warning"} else None)
    pagina.on("pageerror", lambda error: quejas.append(str(error)))
    pagina.on(
        "request", lambda r: quejas.append(f"outside: {r.url}") if not r.url.startswith(sitio.url) else None
    )
    yield pagina
    contexto.close()
    # A refused form (422) and a page that is not yours (404) are answers; chromium reports them as errors.
    esperadas = ("status of 422", "status of 404", "status of 503")
    assert not [q for q in quejas if not any(e in q for e in esperadas)]
