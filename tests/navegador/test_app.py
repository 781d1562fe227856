"""The App on a phone: installed, the three steps, the card without a network, nothing left after «Salir»."""

import email
import email.policy
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.navegador.apoyo import esperar, persona, sin_faltas
from tests.navegador.test_tres_pasos import inscribir
from tests.procesos.portal import Portal

# What the drawer holds, as somebody who opens the browser's own tools would see it.
CAJON = """async () => {
  const bases = await indexedDB.databases();
  if (!bases.some((base) => base.name === "estudiantes")) return null;
  const base = await new Promise((listo) => {
    const pedido = indexedDB.open("estudiantes");
    pedido.onsuccess = () => listo(pedido.result);
  });
  const todo = (almacen) => new Promise((listo) => {
    const pedido = base.transaction(almacen).objectStore(almacen).getAll();
    pedido.onsuccess = () => listo(pedido.result);
  });
  const [cosas, llaves] = [await todo("cosas"), await todo("llave")];
  base.close();
  return {
    extraible: llaves.map((llave) => llave.extractable),
    cosas: cosas.map(({ cifrado }) => String.fromCharCode(...new Uint8Array(cifrado))),
  };
}"""
GUARDADO = """async () => {
  const todo = [];
  for (const nombre of await caches.keys()) {
    for (const pedido of await (await caches.open(nombre)).keys()) todo.push(new URL(pedido.url).pathname);
  }
  return todo;
}"""


@pytest.fixture(params=[(360, 740), (1280, 900)], ids=["360", "1280"])
def tamano(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param


@pytest.fixture
def telefono(browser: Browser, sitio: Portal, tamano: tuple[int, int]) -> Iterator[BrowserContext]:
    ancho, alto = tamano
    contexto = browser.new_context(
        base_url=sitio.url, viewport={"width": ancho, "height": alto}, locale="es-MX", accept_downloads=True
    )
    yield contexto
    contexto.close()


@pytest.fixture
def app(telefono: BrowserContext) -> Iterator[Page]:
    """Fails the test on any error of the console that is not the network's absence or a refusal."""
    pagina = telefono.new_page()
    quejas: list[str] = []
    pagina.on("console", lambda m: quejas.append(m.text) if m.type in {"error", "warning"} else None)
    pagina.on("pageerror", lambda error: quejas.append(str(error)))
    yield pagina
    esperadas = ("status of 4", "ERR_INTERNET_DISCONNECTED")
    assert not [q for q in quejas if not any(e in q for e in esperadas)]


def codigo(sitio: Portal, correo: str, plazo: float = 20) -> str:
    """The last one that was sent there, read as a person would."""
    limite = time.monotonic() + plazo
    leidos: list[tuple[str, str]] = []
    while time.monotonic() < limite and not leidos:
        for crudo in sitio.mensajes():
            mensaje = email.message_from_bytes(crudo, policy=email.policy.default)
            cuerpo = mensaje.get_body(("plain",))
            if (
                mensaje["To"] == correo
                and cuerpo
                and (n := re.search(r"^(\d{3} \d{3})\r?$", cuerpo.get_content(), re.M))
            ):
                leidos.append((str(mensaje["Date"]), n[1]))
        time.sleep(0.1)
    return max(leidos)[1]


def llenar(app: Page, **campos: str) -> None:
    for nombre, valor in campos.items():
        app.locator(f"#id_{nombre}").fill(valor)
    app.get_by_role("button", name="Continuar").click()


def obtener_nss(app: Page, sitio: Portal, curp: str, correo: str) -> str:
    app.goto("/app/#/nss")
    esperar(app, "solicitud")
    llenar(app, curp=curp.lower(), correo=correo)
    esperar(app, "codigo")
    llenar(app, codigo=codigo(sitio, correo))
    esperar(app, "resultado")
    return app.locator("[data-nss]").inner_text()


def sin_conexion(telefono: BrowserContext, app: Page) -> None:
    # Until the worker has kept the shell there is nothing to open without a network.
    app.evaluate("async () => { await navigator.serviceWorker.ready }")
    telefono.set_offline(True)


def test_los_tres_pasos_en_el_telefono(
    app: Page, telefono: BrowserContext, sitio: Portal, tmp_path: Path, tamano: tuple[int, int]
) -> None:
    curp, _, nombre = persona(sitio, con_nss=False)
    correo = f"app{tamano[0]}@correo.example"
    app.goto("/app/")
    esperar(app, "inicio")
    sin_faltas(app)
    app.locator("a[data-paso='1']").click()
    esperar(app, "solicitud")
    llenar(app, curp="XX", correo="x")
    expect(app.locator(".resumen-errores")).to_be_focused()
    expect(app.locator("#error_curp")).to_be_visible()
    sin_faltas(app)

    llenar(app, curp=curp, correo=correo)
    esperar(app, "codigo")
    sin_faltas(app)
    llenar(app, codigo="12")
    expect(app.locator("#error_codigo")).to_be_visible()
    # The App is closed and opened again: it is where it was.
    app.reload()
    esperar(app, "codigo")
    llenar(app, codigo=codigo(sitio, correo))
    esperar(app, "resultado")
    nss = app.locator("[data-nss]").inner_text()
    assert re.fullmatch(r"\d{11}", nss)
    expect(app.locator("[data-resultado]")).to_have_attribute("data-resultado", "asignado")
    sin_faltas(app)
    with app.expect_download() as bajada:
        app.locator("[data-documento=tarjeta]").get_by_role("button", name="Abrir").click()
    assert Path(bajada.value.path()).read_bytes()[:5] == b"%PDF-"
    app.get_by_role("button", name="Finalizar trámite").click()
    esperar(app, "finalizado")
    sin_faltas(app)

    # The other two with the same code: the half hour has not passed.
    escuela = inscribir(sitio, tmp_path, curp, nss)
    app.get_by_role("link", name="Verificar mi inscripción").click()
    expect(app.locator("#id_nss")).to_have_value(nss)
    app.get_by_role("button", name="Continuar").click()
    esperar(app, "resultado")
    expect(app.locator("[data-vigente]")).to_have_attribute("data-vigente", "si")
    expect(app.get_by_text(escuela)).to_be_visible()
    sin_faltas(app)
    app.get_by_role("button", name="Finalizar trámite").click()
    app.get_by_role("link", name="Registrarme en mi clínica").click()
    llenar(app, codigo_postal="44100")
    esperar(app, "eleccion")
    sin_faltas(app)
    app.get_by_label("Vespertino").check()
    app.get_by_role("button", name="Continuar").click()
    esperar(app, "revision")
    sin_faltas(app)
    app.get_by_role("button", name="Registrarme en esta clínica").click()
    esperar(app, "resultado")
    clinica = app.locator("[data-clinica]").inner_text()
    expect(app.locator("[data-turno]")).to_have_text("vespertino")
    sin_faltas(app)
    app.get_by_role("button", name="Finalizar trámite").click()
    esperar(app, "finalizado")

    # Without a network, from the start: the card and the five documents.
    sin_conexion(telefono, app)
    app.goto("/app/")
    esperar(app, "inicio")
    tarjeta = app.locator("[data-tarjeta]")
    expect(tarjeta.locator("[data-nss]")).to_have_text(nss)
    expect(tarjeta.get_by_text(nombre)).to_be_visible()
    expect(tarjeta.locator("[data-clinica]")).to_have_text(clinica)
    expect(app.locator("[data-sin-red]")).to_be_visible()
    expect(app.locator("[data-documento]")).to_have_count(5)
    with app.expect_download() as bajada:
        app.locator("[data-documento=comprobante-clinica]").get_by_role("button", name="Abrir").click()
    assert Path(bajada.value.path()).read_bytes()[:5] == b"%PDF-"
    sin_faltas(app)
    app.locator("a[data-paso='2']").click()
    llenar(app)
    esperar(app, "sin-red")
    sin_faltas(app)


@pytest.mark.parametrize("tamano", [(360, 740)], ids=["360"], indirect=True)
def test_dos_personas_en_un_telefono(app: Page, telefono: BrowserContext, sitio: Portal) -> None:
    (una, _, nombre), correo = persona(sitio, con_nss=True), "una@correo.example"
    nss = obtener_nss(app, sitio, una, correo)
    # What is kept cannot be read, and its key cannot be taken out.
    cajon = app.evaluate(CAJON)
    assert cajon["extraible"] == [False] and len(cajon["cosas"]) == 3
    assert not any(dato in cosa for cosa in cajon["cosas"] for dato in (nss, una, "%PDF", correo))
    guardado = app.evaluate(GUARDADO)
    assert "/app/" in guardado and not [camino for camino in guardado if camino.startswith("/api/")]
    assert app.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    assert una not in app.url and nss not in app.url

    # Another one cannot begin over what is kept.
    otra, otro_nss, _ = persona(sitio, con_nss=True)
    app.goto("/app/#/vigencia")
    llenar(app, curp=otra, nss=str(otro_nss), correo="otra@correo.example")
    expect(app.locator("#error_curp")).to_contain_text("otra persona")

    # «Salir», even without a network: nothing is left, not even the key.
    sin_conexion(telefono, app)
    app.get_by_role("button", name="Salir").click()
    esperar(app, "inicio")
    assert app.evaluate(CAJON) is None or app.evaluate(CAJON)["cosas"] == []
    telefono.set_offline(False)
    app.goto("/app/")
    esperar(app, "inicio")
    assert nss not in app.content() and nombre not in app.content()
    expect(app.get_by_role("button", name="Salir")).to_be_hidden()

    assert obtener_nss(app, sitio, otra, "otra@correo.example") == otro_nss
    sin_conexion(telefono, app)
    app.goto("/app/")
    expect(app.locator("[data-nss]")).to_have_text(str(otro_nss))
    assert nss not in app.content() and nss not in json.dumps(app.evaluate(GUARDADO))


@pytest.mark.parametrize("tamano", [(360, 740)], ids=["360"], indirect=True)
def test_se_instala(app: Page, telefono: BrowserContext, sitio: Portal) -> None:
    app.goto("/app/")
    esperar(app, "inicio")
    sesion = telefono.new_cdp_session(app)
    dicho = sesion.send("Page.getAppManifest")
    assert not dicho["errors"] and json.loads(dicho["data"])["display"] == "standalone"
    app.evaluate("async () => { await navigator.serviceWorker.ready }")
    assert sesion.send("Page.getInstallabilityErrors")["installabilityErrors"] in (
        [],
        [{"errorId": "in-incognito", "errorArguments": []}],
    )


@pytest.mark.parametrize("tamano", [(360, 740)], ids=["360"], indirect=True)
def test_rechazo_y_acceso_vencido(app: Page, sitio: Portal) -> None:
    app.goto("/app/#/nss")
    llenar(app, curp="EEQG030303HASJNLA9", correo="nadie@correo.example")
    esperar(app, "codigo")
    llenar(app, codigo=codigo(sitio, "nadie@correo.example"))
    esperar(app, "rechazo")
    expect(app.locator("[data-motivo]")).to_have_attribute("data-motivo", "curp-no-encontrada")
    sin_faltas(app)
    app.get_by_role("button", name="Corregir mi CURP").click()
    esperar(app, "solicitud")
    curp, _, _ = persona(sitio, con_nss=True)
    llenar(app, curp=curp, correo="quien@correo.example")
    esperar(app, "codigo")
    llenar(app, codigo=codigo(sitio, "quien@correo.example"))
    esperar(app, "resultado")
    sitio.base.consultar("UPDATE nss_portal_credencial SET expira = creada")
    app.get_by_role("button", name="Finalizar trámite").click()
    esperar(app, "solicitud")
    expect(app.get_by_text("Tu acceso venció")).to_be_visible()
    sin_faltas(app)
