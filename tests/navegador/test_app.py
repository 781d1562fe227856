"""The App on a phone: installed, the three steps, the card without a network, nothing left after «Salir»."""

import email
import email.policy
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.navegador.apoyo import esperar, persona, sin_faltas
from tests.navegador.test_teclado import Teclas
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
                and (n := re.search(r"^(\d{6})\r?$", cuerpo.get_content(), re.M))
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


def ir_sin_conexion(telefono: BrowserContext, app: Page, camino: str) -> None:
    """Another page, still without a network: Chromium forgets to say so to a page that it opens."""
    app.goto(camino)
    telefono.set_offline(False)
    telefono.set_offline(True)


def nada_guardado(app: Page) -> None:
    """Neither in the drawer, nor its key; nor in a cache, nor anywhere else that a page may keep things."""
    cajon = app.evaluate(CAJON)
    assert cajon is None or cajon == {"extraible": [], "cosas": []}
    assert not [camino for camino in app.evaluate(GUARDADO) if camino.startswith("/api/")]
    assert app.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


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
    ir_sin_conexion(telefono, app, "/app/")
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
    ir_sin_conexion(telefono, app, "/app/")
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
    app.get_by_role("link", name="Corregir mi CURP").click()
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


@pytest.mark.parametrize("tamano", [(1280, 900)], ids=["1280"], indirect=True)
def test_con_domicilio_y_solo_con_teclado(app: Page, sitio: Portal) -> None:
    """Whoever was born abroad is asked half-way where they live."""
    [(curp,)] = sitio.base.consultar(
        "SELECT curp FROM nss_portal_persona WHERE nss IS NULL AND entidad = 'NE' ORDER BY curp LIMIT 1"
    )
    correo = "teclas@correo.example"
    teclas = Teclas(app)
    app.goto("/app/")
    esperar(app, "inicio")
    assert teclas.tab() == "Saltar al contenido"
    teclas.presionar("a[data-paso='1']", "solicitud")
    teclas.escribir(curp=curp.lower(), correo=correo)
    teclas.presionar("main form button", "codigo")
    teclas.escribir(codigo=codigo(sitio, correo))
    teclas.presionar("main form button", "domicilio")
    expect(app.locator("main h1")).to_be_focused()

    # All wrong first: what is missing is said, and what was typed stays.
    teclas.escribir(codigo_postal="44100")
    expect(app.locator("[data-lugar]")).to_contain_text("Guadalajara, Jalisco")
    teclas.hasta("select[name=colonia]")
    teclas.teclado.press("ArrowDown")
    elegida = app.locator("#id_colonia").input_value()
    teclas.presionar("main .acciones button[type=submit]", "domicilio")
    expect(app.locator(".resumen-errores")).to_be_focused()
    expect(app).to_have_title(re.compile("^Error: Tu domicilio"))
    expect(app.locator("#id_colonia")).to_have_value(elegida)
    expect(app.locator("#error_calle")).to_be_visible()
    teclas.presionar(".resumen-errores a[href='#id_calle']", "domicilio")
    expect(app.locator("#id_calle")).to_be_focused()

    # «Mi colonia no aparece».
    app.locator("#id_codigo_postal").focus()
    teclas.hasta("[name=buscar_cp][value=otra]")
    teclas.teclado.press("Enter")
    expect(app.locator("input#id_colonia")).to_be_focused()
    teclas.teclado.type("Colonia Sin Registrar")
    teclas.escribir(calle="Calle de los Ejemplos", numero_exterior="12")
    teclas.presionar("main .acciones button[type=submit]", "resultado")
    expect(app.locator("[data-resultado]")).to_have_attribute("data-resultado", "asignado")
    dado = sitio.base.consultar(
        "SELECT codigo_postal_id, colonia_id, colonia_texto FROM nss_portal_domicilio d "
        "JOIN nss_portal_tramite t ON t.id = d.tramite_id WHERE t.curp = %s",
        curp,
    )
    assert dado == [("44100", None, "Colonia Sin Registrar")]
    # The clinic asks for a postal code: it is known.
    teclas.presionar("main form button.boton", "finalizado")
    app.evaluate("location.hash = '#/clinica'")
    expect(app.locator("#id_codigo_postal")).to_have_value("44100")


@pytest.mark.parametrize("tamano", [(360, 740)], ids=["360"], indirect=True)
def test_salir_no_deja_nada(app: Page, telefono: BrowserContext, sitio: Portal) -> None:
    app.clock.set_fixed_time("2041-01-01")  # a phone with a wrong clock: the half hour is the server's
    (una, _, nombre), correo = persona(sitio, con_nss=True), "salir@correo.example"
    app.goto("/app/")
    esperar(app, "inicio")
    nss = obtener_nss(app, sitio, una, correo)
    ventana = telefono.new_page()
    ventana.goto("/app/")
    expect(ventana.locator("[data-tarjeta]")).to_be_visible()
    app.get_by_role("button", name="Salir").click()
    expect(app.locator("main .nota")).to_contain_text("En este teléfono ya no hay datos tuyos.")
    expect(app.locator("[data-voz]")).to_contain_text("Cerraste tu sesión.")
    # The other window has let go of it too, and the server of the token.
    esperar(ventana, "inicio")
    expect(ventana.locator("[data-tarjeta]")).to_be_hidden()
    for pagina in (app, ventana):
        assert not [dato for dato in (nss, una, nombre, correo) if dato in pagina.content()]
    nada_guardado(app)
    revocada = """SELECT count(*) FROM nss_portal_credencial WHERE revocada IS NOT NULL AND huella IN (
        SELECT credencial_id FROM nss_portal_credencial_tramites x JOIN nss_portal_tramite t
        ON t.id = x.tramite_id WHERE t.curp = %s)"""
    limite = time.monotonic() + 10
    while sitio.base.consultar(revocada, una) != [(1,)] and time.monotonic() < limite:
        time.sleep(0.1)
    assert sitio.base.consultar(revocada, una) == [(1,)]
    app.go_back()
    app.evaluate("location.hash = '#/nss'")
    expect(app.locator("#id_curp")).to_have_value("")

    # Another person, in the same window that was never closed: hers goes too.
    otra, otro_nss, _ = persona(sitio, con_nss=True)
    obtener_nss(app, sitio, otra, "despues@correo.example")
    app.get_by_role("button", name="Salir").click()
    esperar(app, "inicio")
    expect(app.locator("[data-tarjeta]")).to_be_hidden()
    assert str(otro_nss) not in app.content()
    nada_guardado(app)
    # Half thrown away, as when the phone is switched off just then: it starts all the same.
    app.evaluate(
        """async () => {
        const { guardar } = await import("/static/app/cajon.js");
        await guardar("todo", { sesion: null, curso: null, guardado: {} });
        const base = await new Promise((listo) => {
          const pedido = indexedDB.open("estudiantes");
          pedido.onsuccess = () => listo(pedido.result);
        });
        base.transaction("llave", "readwrite").objectStore("llave").clear();
        base.close();
        }"""
    )
    app.reload()
    esperar(app, "inicio")


@pytest.mark.parametrize("tamano", [(360, 740)], ids=["360"], indirect=True)
def test_lo_que_llega_tarde_ya_no_es_de_nadie(app: Page, sitio: Portal) -> None:
    """«Salir» while the documents are on their way: what comes after is neither shown nor kept."""
    (curp, nss, _), correo = persona(sitio, con_nss=True), "tarde@correo.example"
    en_camino: list[Route] = []
    app.route("**/api/v1/documentos/*/", lambda ruta: en_camino.append(ruta))
    app.goto("/app/#/nss")
    llenar(app, curp=curp, correo=correo)
    esperar(app, "codigo")
    llenar(app, codigo=codigo(sitio, correo))
    limite = time.monotonic() + 20
    while not en_camino and time.monotonic() < limite:
        app.wait_for_timeout(50)
    app.get_by_role("button", name="Salir").click()
    esperar(app, "inicio")
    # They come all the same: the server sent them before.
    while en_camino:
        en_camino.pop().fulfill(body="%PDF-1.7", content_type="application/pdf")
        app.wait_for_timeout(500)
    assert app.locator("main").get_attribute("data-pantalla") == "inicio"
    assert str(nss) not in app.content()
    nada_guardado(app)


@pytest.mark.parametrize("tamano", [(360, 740)], ids=["360"], indirect=True)
def test_salir_tampoco_deja_lo_que_otra_ventana_tenia_en_camino(
    app: Page, telefono: BrowserContext, sitio: Portal
) -> None:
    (una, _, nombre), correo = persona(sitio, con_nss=True), "ventanas@correo.example"
    nss = obtener_nss(app, sitio, una, correo)
    # What a page asks for through its worker is not seen from here: this one has none.
    app.evaluate("navigator.serviceWorker.getRegistrations().then((r) => r.map((uno) => uno.unregister()))")
    ventana = telefono.new_page()
    ventana.add_init_script("delete Navigator.prototype.serviceWorker")
    # The news of «Salir» reaches it last of all.
    ventana.add_init_script(
        """window.noticias = [];
        BroadcastChannel.prototype.addEventListener = function (tipo, hacer) {
          const guardar = (evento) => noticias.push(() => hacer(evento));
          EventTarget.prototype.addEventListener.call(this, tipo, guardar);
        };"""
    )
    ventana.goto("/app/#/nss")
    esperar(ventana, "resultado")
    en_camino: list[Route] = []
    ventana.route("**/enviar/", lambda ruta: en_camino.append(ruta))
    ventana.locator("[data-documento=tarjeta] [data-con-red]").click()
    with app.expect_response("**/api/v1/salir/"):
        app.get_by_role("button", name="Salir").click()
    esperar(app, "inicio")
    nada_guardado(app)
    with ventana.expect_response("**/enviar/") as contestado:
        en_camino.pop().continue_()
    assert contestado.value.status == 401
    esperar(ventana, "solicitud")
    with ventana.expect_navigation():
        ventana.evaluate("noticias.forEach((hacer) => void hacer())")
    esperar(ventana, "solicitud")
    expect(ventana.locator("#id_curp")).to_have_value("")
    assert not [dato for dato in (nss, una, nombre, correo) if dato in ventana.content()]
    nada_guardado(ventana)


@pytest.mark.parametrize("tamano", [(360, 740)], ids=["360"], indirect=True)
def test_con_mala_red_se_pide_una_vez(app: Page, telefono: BrowserContext, sitio: Portal) -> None:
    (curp, _, _), correo = persona(sitio, con_nss=True), "lenta@correo.example"
    en_camino: list[Route] = []
    app.route("**/api/v1/tramites/", lambda ruta: en_camino.append(ruta))
    app.goto("/app/#/nss")
    llenar(app, curp=curp, correo=correo)
    app.get_by_role("button", name="Continuar").click()  # nothing has happened yet: once more
    app.locator("#id_correo").press("Enter")
    app.wait_for_timeout(300)
    assert len(en_camino) == 1
    # It is lost on the way, the phone is out of reach, and comes back: it goes on by itself.
    telefono.set_offline(True)
    en_camino[0].abort("internetdisconnected")
    esperar(app, "sin-red")
    app.unroute_all()
    telefono.set_offline(False)
    esperar(app, "codigo")
    assert sitio.base.consultar("SELECT count(*) FROM nss_portal_tramite WHERE curp = %s", curp) == [(1,)]


@pytest.mark.parametrize("tamano", [(360, 740)], ids=["360"], indirect=True)
def test_lo_que_se_niega_al_volver_la_red_se_dice_en_su_forma(
    app: Page, telefono: BrowserContext, sitio: Portal
) -> None:
    """The form that gave its place to «No hay conexión» comes back with what was typed, and what is wrong."""
    app.goto("/app/#/vigencia")
    esperar(app, "solicitud")
    telefono.set_offline(True)
    llenar(app, curp="XX", nss="1", correo="escrito@correo.example")
    esperar(app, "sin-red")
    telefono.set_offline(False)
    expect(app.locator(".resumen-errores")).to_be_focused()
    esperar(app, "solicitud")
    expect(app).to_have_title(re.compile("^Error: "))
    for campo, escrito in {"curp": "XX", "nss": "1", "correo": "escrito@correo.example"}.items():
        expect(app.locator(f"#id_{campo}")).to_have_value(escrito)
    expect(app.locator("#error_curp")).to_be_visible()
    expect(app.get_by_role("heading", name="No hay conexión")).to_be_hidden()
    # And it works: what is put right goes out.
    curp, nss, _ = persona(sitio, con_nss=True)
    llenar(app, curp=curp, nss=str(nss))
    esperar(app, "codigo")
