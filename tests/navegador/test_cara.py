"""The face, as everybody meets it: axe-core on every screen, phones, narrow windows, large letters, keys."""

import io
import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page, Route, expect, sync_playwright

from tests.navegador import estados, oficinas
from tests.navegador.apoyo import a_oscuras, esperar, llenar_solicitud, persona
from tests.navegador.conftest import QUIETO
from tests.navegador.test_tres_pasos import inscribir
from tests.personal import aparte, entrar, recorrer
from tests.procesos.portal import RAIZ, Portal
from tests.test_admin import con_filas, tramite
from tests.test_idioma import de_los_datos, desconocidas

__all__ = ["con_filas", "tramite"]

ORIGEN = "http://localhost"  # a browser trusts it as it does https
NORMAS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = {"runOnly": NORMAS, "resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
# (width, letter in px): a desk, a phone; 400 % of zoom on a desk; letters twice as large, on both.
ESCRITORIO, TELEFONO = (1280, 16), (360, 16)
ESTRECHAS = [(320, 16), (1280, 32), (360, 32)]
# What Chromium advises about any form with a password.
CONSEJO = re.compile(r"\[DOM\] |Autofocus processing was blocked")


class Vitrina:
    """A browser that shows pages already drawn, with the portal's own files beside them and nothing else."""

    def __init__(
        self, pagina: Page, cdp: CDPSession, quejas: list[str], estantes: dict[str, estados.Pagina | None]
    ) -> None:
        self.pagina, self.cdp, self.quejas, self.estantes = pagina, cdp, quejas, estantes

    def poner(self, cual: estados.Pagina) -> None:
        self.pagina.goto("about:blank")  # the page before may be bringing itself again
        self.estantes["/"] = cual
        self.quejas.clear()
        self.pagina.goto(ORIGEN)

    def medir(self, ancho: int, letra: int) -> None:
        self.ancho = ancho
        self.pagina.set_viewport_size({"width": ancho, "height": 800})
        self.cdp.send("Page.setFontSizes", {"fontSizes": {"standard": letra, "fixed": letra - 3}})

    def desborde(self) -> list[str]:
        """What goes over the right edge of the window; nothing when there is nothing to scroll to."""
        return self.pagina.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] :
            [...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
            .map(e => e.outerHTML.slice(0, 90))"""
        )

    def faltas(self) -> list[str]:
        """What axe-core finds; on a desk, what it finds of colours in the dark as well."""
        halladas = self.pagina.evaluate("opciones => axe.run(document, opciones)", AXE)["violations"]
        if self.ancho == ESCRITORIO[0]:
            halladas += a_oscuras(self.pagina)
        return [f"{falta['id']}: {nodo['html'][:160]}" for falta in halladas for nodo in falta["nodes"]]

    def revisar(self, nombre: str) -> dict[str, list[str]]:
        """What is wrong with what it shows, on a desk, on a phone and in every narrow window."""
        mal: dict[str, list[str]] = {}
        self.pagina.evaluate(Axe().axe_script)
        for medidas in (ESCRITORIO, TELEFONO):
            self.medir(*medidas)
            mal[f"{nombre} {medidas}"] = self.faltas() + self.desborde()
        for medidas in ESTRECHAS:
            self.medir(*medidas)
            mal[f"{nombre} {medidas}"] = self.desborde()
        mal[f"{nombre}, consola"] = [*self.quejas]
        return mal


@contextmanager
def vitrina(letras: bytes = b"") -> Iterator[Vitrina]:
    """`letras`: the captcha's image, in every form that asks for it; without them, a white one."""
    imagen = io.BytesIO()
    Image.new("RGB", (200, 72), "white").save(imagen, "PNG")
    estantes: dict[str, estados.Pagina | None] = {}  # by path; None: it is lost on the way

    def servir(ruta: Route) -> None:
        camino = ruta.request.url.removeprefix(ORIGEN).partition("?")[0]
        if cual := estantes.get(camino):
            ruta.fulfill(status=cual.estado, headers=cual.cabeceras, body=cual.html)
        elif camino in estantes:
            ruta.abort()
        elif camino.startswith("/static/"):
            ruta.fulfill(path=str(finders.find(camino.removeprefix("/static/"))))
        elif camino.startswith("/captcha/image/"):
            ruta.fulfill(body=letras or imagen.getvalue(), content_type="image/png")
        elif camino.endswith("/estado/"):
            ruta.fulfill(status=503, body="")  # the page waits, and goes on asking
        else:
            quejas.append(f"asks for {ruta.request.url}")
            ruta.abort()

    with sync_playwright() as playwright:
        navegador = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIETO)
        pagina = navegador.new_page(locale="es-MX", service_workers="block")
        quejas: list[str] = []
        # Chromium tells of every answer that is not a 200, and of those that are lost; ours are meant.
        dichas = ("the server responded with", "net::ERR_FAILED", "Service Worker registration blocked")
        pagina.on("console", lambda m: None if any(d in m.text for d in dichas) else quejas.append(m.text))
        pagina.on("pageerror", lambda error: quejas.append(str(error)))
        pagina.route("**/*", servir)
        yield Vitrina(pagina, pagina.context.new_cdp_session(pagina), quejas, estantes)
        navegador.close()


def sin_falta() -> Iterator[str]:
    """What must be among the states, by its template."""
    plantillas = RAIZ / "templates"
    yield from (f"correo: {ruta.stem}" for ruta in plantillas.glob("correo/*.html") if ruta.stem != "base")
    yield from (f"error {ruta.stem}" for ruta in plantillas.glob("[45][0-9][0-9]*.html"))
    yield "error mantenimiento"


@pytest.mark.django_db
def test_cada_pantalla_en_cada_estado(settings: Any, tmp_path: Path, catalogo: None) -> None:
    # Drawn before there is a browser: its event loop would get a connection of its own.
    paginas = [una for grupo in estados.todas(settings, tmp_path).values() for una in grupo]
    assert len(paginas) > 80
    plantillas = "".join(ruta.read_text() for ruta in (settings.BASE_DIR / "templates").rglob("*.html"))
    vistas = {pantalla for una in paginas for pantalla in re.findall(r'data-pantalla="(\w+)"', una.html)}
    assert {*re.findall(r"block pantalla %}(\w+)", plantillas)} <= vistas
    # Every mail and every error page is among them, and no two make one picture of another.
    nombres = [una.nombre for una in paginas + [p for grupo in oficinas.todas().values() for p in grupo]]
    hay = [estados.captura(nombre) for nombre in nombres]
    assert len(set(hay)) == len(hay)
    assert {estados.captura(nombre) for nombre in sin_falta()} <= set(hay)
    mal: dict[str, list[str]] = {}
    with vitrina() as escaparate:
        for una in paginas:
            escaparate.medir(*ESCRITORIO)
            escaparate.poner(una)
            mal |= escaparate.revisar(una.nombre)
        # And what finds nothing does find: a button too small, with no name; a cell too wide; a dark ink.
        escaparate.medir(*ESCRITORIO)
        escaparate.pagina.evaluate(
            """() => { document.querySelector('main').insertAdjacentHTML('beforeend',
            '<button id="a">+</button><button id="b"></button><table><td>' + 'x'.repeat(900));
            for (const { style } of [a, b]) style.width = style.height = style.padding = '8px';
            document.querySelector('h1').style.color = '#161a1d' }"""
        )
        faltas = escaparate.faltas()
        assert {"button-name", "target-size"} <= {falta.split(":")[0] for falta in faltas}
        assert any(falta.startswith("color-contrast: <h1") for falta in faltas)
        assert escaparate.desborde()
        # Paper is white, whatever the screen is.
        fondo = "getComputedStyle(document.body).backgroundColor"
        escaparate.pagina.emulate_media(color_scheme="dark")
        assert escaparate.pagina.evaluate(fondo) != "rgb(255, 255, 255)"
        escaparate.pagina.emulate_media(color_scheme="dark", media="print")
        assert escaparate.pagina.evaluate(fondo) == "rgb(255, 255, 255)"
    assert not {donde: que for donde, que in mal.items() if que}


def distintas(visitas: Iterable[tuple[str, Any]]) -> Iterator[estados.Pagina]:
    """A page of each template, as it is come to and as it comes back; of the forms, those of each model."""
    vistas = set()
    for nombre, respuesta in visitas:
        plantillas = getattr(respuesta, "template_name", "")
        plantilla = plantillas if isinstance(plantillas, str) else plantillas[-1]
        cual = respuesta.resolver_match.url_name if plantilla == "admin/change_form.html" else ""
        clase = (plantilla, cual, respuesta.request["REQUEST_METHOD"])
        # The window that closes itself is not read by anybody.
        if clase not in vistas and plantilla != "admin/popup_response.html":
            vistas.add(clase)
            yield estados.ficha(nombre, respuesta)


@pytest.mark.django_db
@pytest.mark.usefixtures("con_filas")
def test_el_admin_no_tiene_faltas() -> None:
    """Nor words in English in what scripts write: calendars, pickers, rows that are added."""
    datos = de_los_datos()
    jefatura = User.objects.create_superuser("jefatura")
    palabras = estados.ficha("jsi18n", entrar(jefatura).get("/admin/jsi18n/"))
    quienes = [User.objects.get(username=nombre) for nombre in ("escuela-a", "supervision", "admin")]
    visitas = [recorrer(entrar(quien)) for quien in quienes]
    paginas = list(distintas(chain(aparte(jefatura), *visitas)))
    assert len(paginas) > 80
    mal: dict[str, list[str]] = {}
    escritas: list[tuple[str, str]] = []
    with vitrina() as escaparate:
        escaparate.estantes["/admin/jsi18n/"] = palabras
        for una in paginas:
            escaparate.medir(*ESCRITORIO)
            escaparate.poner(una)
            escaparate.pagina.evaluate(Axe().axe_script)
            escritas.append((una.nombre, escaparate.pagina.content()))
            for medidas in (ESCRITORIO, TELEFONO):
                escaparate.medir(*medidas)
                mal[f"{una.nombre} {medidas}"] = escaparate.faltas() + escaparate.desborde()
            mal[f"{una.nombre}, consola"] = [q for q in escaparate.quejas if not CONSEJO.match(q)]
    assert not {donde: que for donde, que in mal.items() if que}
    assert not desconocidas(escritas, datos)


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
