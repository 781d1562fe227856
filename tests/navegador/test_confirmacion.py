"""The mailbox that must speak first, walked in the browser in the three modes of CONFIRMAR_CORREO."""

import email
import email.policy
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.navegador.apoyo import esperar, llenar_solicitud, persona, sin_faltas
from tests.procesos.portal import Base, Portal, portal

UNO, OTRO = "uno@correo.example", "otro@correo.example"


@pytest.fixture(params=["siempre", "si-cambia", "nunca"])
def modo(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def en_modo(tmp_path: Path, plantilla: Base, carpeta_plantilla: Path, modo: str) -> Iterator[Portal]:
    shutil.copytree(carpeta_plantilla / "static", tmp_path / "static")
    with portal(tmp_path, plantilla, CONFIRMAR_CORREO=modo) as corriendo:
        yield corriendo


def otra_pagina(browser: Browser, sitio: Portal) -> Page:
    """A browser of somebody else's, or another device of the same person."""
    return browser.new_context(base_url=sitio.url, locale="es-MX").new_page()


def pedir(pagina: Page, sitio: Portal, curp: str, correo: str) -> str:
    """The screen at which step 1 stops."""
    pagina.goto("/nss/")
    llenar_solicitud(pagina, sitio, curp, correo)
    pagina.get_by_role("button", name="Continuar").click()
    pagina.locator("main[data-pantalla=resultado], main[data-pantalla=confirmacion]").wait_for(timeout=20_000)
    return str(pagina.locator("main").get_attribute("data-pantalla"))


def enlace(pagina: Page, sitio: Portal, correo: str) -> str:
    """The newest link that the mailbox was sent."""
    for _ in range(100):
        mensajes = [email.message_from_bytes(m, policy=email.policy.default) for m in sitio.mensajes()]
        suyos = [m for m in mensajes if m["To"] == correo]
        for mensaje in sorted(suyos, key=lambda m: str(m["Date"]), reverse=True):
            cuerpo = mensaje.get_body(("plain",)).get_content()  # type: ignore[union-attr]
            if hallado := re.search(r"http\S+(/confirmar/\S+)", cuerpo):
                return hallado[1]
        pagina.wait_for_timeout(100)
    raise AssertionError(f"no link for {correo}")


def test_los_tres_modos(browser: Browser, en_modo: Portal, modo: str) -> None:
    sitio = en_modo
    curp, nss, _ = persona(sitio, con_nss=True)
    duena, celular = otra_pagina(browser, sitio), otra_pagina(browser, sitio)
    primera = pedir(duena, sitio, curp, UNO)
    assert primera == ("confirmacion" if modo == "siempre" else "resultado")
    if modo == "nunca":
        assert pedir(otra_pagina(browser, sitio), sitio, curp, OTRO) == "resultado"
        return
    sin_faltas(duena)
    celular.goto(enlace(duena, sitio, UNO))
    sin_faltas(celular)
    celular.get_by_role("button", name=re.compile("^Sí")).click()
    expect(celular.locator("main")).to_have_attribute("data-confirmar", "listo")
    assert str(nss) not in celular.content()
    esperar(duena, "resultado")  # the page that waited goes on by itself

    extrana = otra_pagina(browser, sitio)
    assert pedir(extrana, sitio, curp, OTRO) == "confirmacion"
    sin_faltas(extrana)
    assert UNO not in extrana.content() and str(nss) not in re.sub(r"\s|<[^>]+>", "", extrana.content())
    ruta = enlace(extrana, sitio, UNO)
    celular.goto(ruta)
    sin_faltas(celular)
    celular.get_by_role("button", name="Sí, fui yo: que siga el trámite").click()
    expect(celular.locator("main")).to_have_attribute("data-confirmar", "listo")
    esperar(extrana, "resultado")
    celular.goto(ruta)
    expect(celular.locator("main")).to_have_attribute("data-confirmar", "usado")
    para = [email.message_from_bytes(m, policy=email.policy.default)["To"] for m in sitio.mensajes()]
    assert OTRO not in para
