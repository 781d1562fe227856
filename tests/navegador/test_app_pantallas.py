"""The App's face, as `test_cara.py` looks at the web's: every screen in every state, and the same demands."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, Route, expect

from nss_portal.models import Tramite
from nss_portal.web.pantallas import PANTALLAS
from tests.navegador import estados_app
from tests.navegador.apoyo import esperar
from tests.navegador.estados import Pagina, ficha
from tests.navegador.estados_app import Escena
from tests.navegador.vitrina import ESCRITORIO, Vitrina, vitrina
from tests.nss_portal.api import V1

# In the App's own drawer, by its own hand: as if it had been left there the last time.
GUARDAR = """async (todo) => {
  const cajon = await import("/static/app/cajon.js");
  await cajon.vaciar();
  await cajon.guardar("todo", todo);
}"""


def vestibulo() -> dict[str, Pagina]:
    """The page of the App, its manifest, and one more of the same origin where nothing happens."""
    concha = {ruta: ficha(ruta, Client().get(ruta)) for ruta in ("/app/", "/app/manifest.webmanifest")}
    vacia = Pagina("nada", "<!doctype html><title>nada</title>", 200, {"content-type": "text/html"})
    return concha | {"/nada/": vacia}


def abrir(escaparate: Vitrina, concha: dict[str, Pagina], escena: Escena) -> None:
    """Open the App at its start, go to the scene by its address, and do what brings it."""
    app = escaparate.pagina
    app.goto(f"{escaparate.origen}/nada/")
    app.evaluate(GUARDAR, escena.todo)
    escaparate.estantes.clear()
    escaparate.estantes.update(concha | escena.estantes)
    escaparate.quejas.clear()
    app.goto(f"{escaparate.origen}/app/#/")
    esperar(app, "inicio")
    app.context.set_offline(escena.sin_red)
    app.evaluate("ruta => location.hash = `#/${ruta}`", escena.ruta)
    escena.pasos(app)
    esperar(app, escena.pantalla)


ENFOCADO = """() => {
  const { activeElement: foco, title } = document, h1 = document.querySelector("main h1");
  const dice = title.includes(h1.textContent) && title.endsWith("gob·estudiantes");
  return dice && (foco === h1 || foco.matches(".resumen-errores") && title.startsWith("Error: "));
}"""


def enfocado(app: Page, plazo: float = 5) -> bool:
    """The title or the errors of the screen come to have the focus, and the window its name."""
    limite = time.monotonic() + plazo
    while not app.evaluate(ENFOCADO):
        if time.monotonic() > limite:
            return False
        app.wait_for_timeout(50)
    return True


@pytest.mark.django_db
def test_cada_pantalla_de_la_app(settings: Any, tmp_path: Path, catalogo: None) -> None:
    # Asked for before there is a browser: its event loop would get a connection of its own.
    concha = vestibulo()
    escenas = list(estados_app.todas(settings, tmp_path))
    assert len(escenas) > 60 and len({escena.nombre for escena in escenas}) == len(escenas)
    dibuja = [*re.findall(r'data-dibuja="([\w-]+)"', concha["/app/"].html), "sin-red", *PANTALLAS.values()]
    # A mailbox that must speak is only waited for: who has the token has proved who they are.
    assert {*dibuja} - {"confirmacion"} <= {escena.pantalla for escena in escenas}
    mal: dict[str, list[str]] = {}
    with vitrina() as escaparate:
        escaparate.estantes.update(concha)
        for una in escenas:
            escaparate.medir(*ESCRITORIO)
            abrir(escaparate, concha, una)
            movio = una.pantalla != "inicio" and una.nombre not in estados_app.EN_LA_MISMA
            mal[f"{una.nombre}, foco"] = (
                ["not on what is new"] if movio and not enfocado(escaparate.pagina) else []
            )
            mal |= escaparate.revisar(una.nombre)
            escaparate.pagina.context.set_offline(False)
    assert not {donde: que for donde, que in mal.items() if que}


def hasta(app: Page, cierto: str, plazo: float = 10) -> None:
    limite = time.monotonic() + plazo
    while not app.evaluate(cierto):
        assert time.monotonic() < limite, f"{cierto}: {app.evaluate('pausas')}"
        app.wait_for_timeout(50)


@pytest.mark.django_db
def test_espera_con_calma_y_lo_dice(catalogo: None) -> None:
    """More and more slowly, not at all while nobody looks, and aloud when something changes."""
    pk, concha = "0" * 8 + "-0000-4000-8000-" + "0" * 12, vestibulo()
    camino = estados_app.pantalla(pk)
    una, dos, tres = map(estados_app.esperando, (1, 2, 3))
    sin_registro = estados_app.esperando(2, Tramite.Espera.REGISTRO_NO_DISPONIBLE)
    todo = {"sesion": {"token": "t"}, "curso": {"tipo": "nss", "id": pk, "confirmado": True}, "guardado": {}}
    escena = Escena("espera", "procesando", "nss", todo, {camino: una})
    with vitrina() as escaparate:
        escaparate.estantes.update(concha)
        app = escaparate.pagina
        # What it means to wait, noted, and fifty times shorter.
        app.add_init_script(
            """window.pausas = []; const esperar = setTimeout;
            window.setTimeout = (hacer, ms) => { pausas.push(ms); return esperar(hacer, ms / 50) }"""
        )
        abrir(escaparate, concha, escena)
        hasta(app, "pausas.length > 14")
        pausas = app.evaluate("pausas")
        assert pausas[0] == 500 and pausas == sorted(pausas) and pausas[-1] == 3000
        voz, volver = app.locator("[data-voz]"), app.get_by_role("link", name="Volver al inicio")
        assert voz.inner_text() == ""
        volver.focus()
        escaparate.estantes[camino] = dos
        expect(voz).to_have_text("2 de 5 listos. En curso: Parte 2.")
        expect(volver).to_be_focused()
        escaparate.estantes[camino] = sin_registro
        expect(voz).to_contain_text("El registro de población no responde en este momento.")
        hasta(app, "pausas.at(-1) === 10000")
        # Something is wrong for a while: the screen stays.
        escaparate.estantes[camino] = Pagina("", "", 503, {"retry-after": "60"})
        hasta(app, "pausas.at(-1) === 60000")
        escaparate.estantes[camino] = tres
        expect(voz).to_have_text("3 de 5 listos. En curso: Parte 3.")
        expect(volver).to_be_focused()
        pedidos: list[str] = []
        app.on("request", lambda pedido: pedidos.append(pedido.url))
        app.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
        app.wait_for_timeout(1000)  # one that was on its way
        pedidos.clear()
        app.wait_for_timeout(2000)
        assert not pedidos
        app.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
        app.wait_for_timeout(500)
        assert pedidos


@pytest.mark.django_db
def test_lo_que_se_consulta_no_estorba_a_lo_que_se_manda(catalogo: None) -> None:
    """While one screen's question is on its way, another one sends, and once: no more, no less."""
    pk, concha = "0" * 8 + "-0000-4000-8000-" + "0" * 12, vestibulo()
    todo = {"sesion": {"token": "t"}, "curso": {"tipo": "nss", "id": pk, "confirmado": True}, "guardado": {}}
    consultas: list[Route] = []
    envios: list[Route] = []

    def hay(lista: list[Route]) -> None:
        limite = time.monotonic() + 10
        while not lista and time.monotonic() < limite:
            app.wait_for_timeout(50)
        app.wait_for_timeout(300)  # those that should not be there have had their time too
        assert len(lista) == 1

    with vitrina() as escaparate:
        escaparate.estantes.update(concha)
        app = escaparate.pagina
        app.route(f"**{estados_app.pantalla(pk)}", lambda ruta: consultas.append(ruta))
        app.route(f"**{V1}/tramites/", lambda ruta: envios.append(ruta))
        abrir(escaparate, concha, Escena("", "inicio", "nss", todo))
        hay(consultas)
        assert app.locator("main").get_attribute("aria-busy") is None
        app.evaluate("location.hash = '#/vigencia'")
        esperar(app, "solicitud")
        enviar = app.get_by_role("button", name="Continuar")
        enviar.click()
        hay(envios)
        expect(app.locator("main")).to_have_attribute("aria-busy", "true")
        consultas[0].fulfill(status=503, body="")
        app.wait_for_timeout(300)
        expect(app.locator("main")).to_have_attribute("aria-busy", "true")
        enviar.click()
        hay(envios)
        # What was sent from a screen that was left does not hold the next one.
        app.evaluate("location.hash = '#/clinica'")
        expect(app.locator("main")).not_to_have_attribute("aria-busy", "true")
        perdido = envios.pop()
        enviar.click()
        hay(envios)
        perdido.fulfill(status=503, body="")
        app.wait_for_timeout(300)
        enviar.click()
        hay(envios)
        envios[0].fulfill(status=503, body="")
        esperar(app, "alto")
        expect(app.locator("main")).not_to_have_attribute("aria-busy", "true")


@pytest.mark.django_db
def test_se_abre_en_un_tramite_y_sin_red(catalogo: None) -> None:
    """Nothing has been shown yet when the network is found to be away; it goes on when it is back."""
    pk, concha = "0" * 8 + "-0000-4000-8000-" + "0" * 12, vestibulo()
    todo = {"sesion": {"token": "t"}, "curso": {"tipo": "nss", "id": pk, "confirmado": True}, "guardado": {}}
    camino, espera = estados_app.pantalla(pk), estados_app.esperando(1)
    with vitrina() as escaparate:
        escaparate.estantes.update(concha)
        app = escaparate.pagina
        app.goto(f"{escaparate.origen}/nada/")
        app.evaluate(GUARDAR, todo)
        escaparate.estantes[camino] = None
        app.goto(f"{escaparate.origen}/app/#/nss")
        esperar(app, "sin-red")
        app.get_by_role("button", name="Intentar otra vez").click()
        esperar(app, "sin-red")
        escaparate.estantes[camino] = espera
        app.get_by_role("button", name="Intentar otra vez").click()
        esperar(app, "procesando")
        assert not escaparate.quejas
