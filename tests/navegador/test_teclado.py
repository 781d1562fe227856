"""What the first page weighs, the longest list, and the three steps by keyboard alone."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.navegador.apoyo import esperar, llenar_solicitud, persona
from tests.navegador.test_tres_pasos import inscribir
from tests.procesos.portal import Portal


@pytest.fixture
def escritorio(browser: Browser, sitio: Portal) -> Iterator[Page]:
    contexto = browser.new_context(
        base_url=sitio.url, viewport={"width": 1280, "height": 900}, locale="es-MX"
    )
    yield contexto.new_page()
    contexto.close()


def test_lo_que_pesa_la_primera_pagina(escritorio: Page) -> None:
    """The form, with its letters, to somebody who has never been here; and nothing in it jumps."""
    cdp = escritorio.context.new_cdp_session(escritorio)
    pesos: list[float] = []
    pedidos: list[str] = []
    cdp.on("Network.loadingFinished", lambda hecho: pesos.append(hecho["encodedDataLength"]))
    cdp.on("Network.requestWillBeSent", lambda pedido: pedidos.append(pedido["request"]["url"]))
    cdp.send("Network.enable")
    # Slow 3G: 400 ms there and back, 400 kilobits a second.
    red = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
    cdp.send("Network.emulateNetworkConditions", red)
    escritorio.add_init_script(
        """window.saltos = 0; new PerformanceObserver(lista => lista.getEntries().forEach(
        salto => window.saltos += salto.value)).observe({type: 'layout-shift', buffered: true})"""
    )
    escritorio.goto("/nss/", wait_until="networkidle")
    assert escritorio.locator(".captcha img").evaluate("imagen => imagen.naturalWidth") == 200
    assert sum(pesos) <= 60_000, sum(pesos)
    assert len(pedidos) <= 7, pedidos
    assert escritorio.evaluate("window.saltos") <= 0.02
    lista = escritorio.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert lista < 5000, lista


def test_la_lista_mas_larga_se_busca(escritorio: Page, sitio: Portal) -> None:
    """Five digits, a few letters and Enter: one colonia of hundreds, without a mouse."""
    [(cp, cuantas)] = sitio.base.consultar(
        "SELECT codigo_postal_id, count(*) FROM nss_portal_colonia WHERE vigente "
        "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
    )
    assert cuantas > 300
    colonias = sitio.base.consultar(
        "SELECT nombre FROM nss_portal_colonia WHERE vigente AND codigo_postal_id = %s "
        "ORDER BY length(nombre) DESC",
        cp,
    )
    curp, *_ = persona(sitio, con_nss=False)
    escritorio.goto("/nss/")
    llenar_solicitud(escritorio, sitio, curp, "lista@correo.example")
    escritorio.get_by_role("button", name="Continuar").click()
    esperar(escritorio, "domicilio")
    buscador, lista = (
        escritorio.get_by_label("Buscar en la lista"),
        escritorio.locator("select[name=colonia]"),
    )
    expect(buscador).to_be_hidden()
    escritorio.get_by_label("Código postal").fill(str(cp))
    expect(escritorio.get_by_text(f"{cuantas} en la lista")).to_be_visible()
    una = str(colonias[0][0])
    sin_acentos = "".join(
        c for c in unicodedata.normalize("NFD", una.upper()) if not unicodedata.combining(c)
    )
    buscador.fill("qqq")
    expect(escritorio.get_by_text("Ninguna se llama así.").first).to_be_visible()
    buscador.fill(sin_acentos)
    expect(lista.locator("option:checked")).to_have_text(re.compile(re.escape(una)))
    expect(escritorio.locator("[data-voz]")).to_have_text(re.compile("^(Elegida: |[1-9])"))
    escritorio.keyboard.press("Enter")  # searches; does not send what is not finished
    expect(lista).to_be_focused()
    elegida = lista.input_value()
    buscador.fill("")
    expect(lista.locator("option")).to_have_count(cuantas + 1)
    expect(lista).to_have_value(elegida)
    # What comes back from the server with an error is searched too, and keeps the choice.
    escritorio.get_by_role("button", name="Continuar").click()
    expect(escritorio.locator(".resumen-errores")).to_be_visible()
    expect(buscador).to_be_visible()
    expect(lista).to_have_value(elegida)
    # A code with a short list needs no search.
    escritorio.get_by_label("Código postal").fill("06600")
    expect(buscador).to_be_hidden()


class Teclas:
    """Somebody without a mouse: Tab, Enter, arrows; the focus has to be seen at every stop."""

    def __init__(self, pagina: Page) -> None:
        self.pagina, self.teclado = pagina, pagina.keyboard

    def tab(self) -> str:
        """One stop more; what it is. It must show the focus, and nothing may stand before it."""
        self.teclado.press("Tab")
        parada = self.pagina.evaluate(
            """() => {
            const e = document.activeElement, ve = e.closest('.opcion') ?? e;
            if (e === document.body) return ['', true, true];
            const { x, y, width, height } = ve.getBoundingClientRect();
            const encima = document.elementFromPoint(x + Math.min(width / 2, 40), y + height / 2);
            const { outlineStyle, boxShadow } = getComputedStyle(ve);
            return [e.id || e.name || e.textContent.trim(), outlineStyle !== 'none' || boxShadow !== 'none',
                ve.contains(encima) || encima?.contains(ve)];
            }"""
        )
        assert parada[1], f"the focus can not be seen on {parada[0]}"
        assert parada[2], f"{parada[0]} is focused behind something"
        return str(parada[0])

    def hasta(self, selector: str) -> None:
        for _ in range(60):
            self.tab()
            if self.pagina.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"{selector} is not reached by Tab")

    def escribir(self, **campos: str) -> None:
        for nombre, valor in campos.items():
            self.hasta(f"[name={nombre}]")
            self.teclado.press("Control+A")
            self.teclado.type(valor)

    def presionar(self, selector: str, pantalla: str) -> None:
        self.hasta(selector)
        self.teclado.press("Enter")
        esperar(self.pagina, pantalla)


def test_el_foco_sigue_el_orden_de_la_pagina(escritorio: Page) -> None:
    for ruta in ("/", "/nss/", "/verificar/"):
        escritorio.goto(ruta)
        teclas = Teclas(escritorio)
        paradas = [teclas.tab()]
        assert paradas == ["Saltar al contenido"]
        while parada := teclas.tab():
            paradas.append(parada)
            assert len(paradas) < 150
        # From top to bottom as it is read: no order of its own, nothing skipped, nothing hidden.
        assert paradas == escritorio.evaluate(
            """() => [...document.querySelectorAll('a[href], button, input, select, summary')]
            .filter(e => e.checkVisibility() && e.type !== 'hidden' && e.tabIndex === 0)
            .map(e => e.id || e.name || e.textContent.trim())"""
        )
        assert not escritorio.locator("[tabindex]:not([tabindex='0'], [tabindex='-1'])").count()


def test_los_tres_pasos_solo_con_teclado(escritorio: Page, sitio: Portal, tmp_path: Path) -> None:
    curp, _, _ = persona(sitio, con_nss=False)
    teclas = Teclas(escritorio)

    def solicitar(pantalla: str, **propios: str) -> None:
        correo = "teclado@correo.example"
        letras = sitio.letras(escritorio.locator("input[name=captcha_0]").input_value())
        teclas.escribir(curp=curp, **propios, correo=correo, correo_confirmacion=correo, captcha_1=letras)
        teclas.teclado.press("Enter")
        esperar(escritorio, pantalla)

    escritorio.goto("/")
    teclas.presionar("a[data-paso='1']", "solicitud")
    solicitar("domicilio")
    teclas.escribir(codigo_postal="44100")
    escritorio.locator("select[name=colonia]").wait_for()
    teclas.hasta("select[name=colonia]")
    teclas.teclado.press("ArrowDown")
    teclas.escribir(calle="Calle de los Ejemplos", numero_exterior="12")
    teclas.presionar("main form button.boton", "resultado")
    nss = re.sub(r"\s", "", escritorio.locator("[data-nss]").first.inner_text())
    teclas.presionar("main form[action$='/finalizar/'] button", "finalizado")
    inscribir(sitio, tmp_path, curp, nss)
    teclas.presionar("a[href='/vigencia/'].boton", "solicitud")
    solicitar("resultado", nss=nss)
    expect(escritorio.locator("[data-vigente]")).to_have_attribute("data-vigente", "si")
    teclas.presionar("a[href='/clinica/'].boton", "solicitud")
    solicitar("eleccion", codigo_postal="44100")
    teclas.hasta("[name=turno]")
    teclas.teclado.press("ArrowDown")
    teclas.presionar("main form button.boton", "revision")
    teclas.presionar("button[name=confirmar]", "resultado")
    expect(escritorio.locator("[data-turno]")).to_have_text("vespertino")
    teclas.presionar("main form[action$='/finalizar/'] button", "finalizado")
