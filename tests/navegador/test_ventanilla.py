"""A clerk of a Subdelegación: who has no e-mail, up to the card in hand; a name that takes four eyes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from nss_portal.documentos import verificacion
from tests.navegador.apoyo import esperar, llenar_solicitud, persona, sin_faltas, texto_de
from tests.procesos.portal import Portal


def variantes(**cuales: tuple[bool, tuple[int, int]]) -> pytest.MarkDecorator:
    """With JavaScript or without, and how big the window is."""
    return pytest.mark.parametrize(("con_js", "tamano"), cuales.values(), ids=cuales, indirect=True)


GRANDE, CHICA, CHICA_SIN_JS = (True, (1280, 900)), (True, (360, 740)), (False, (360, 740))


def entrar(pagina: Page, clave: Path, usuario: str) -> None:
    """Sign in with the password that `datos_demo` left for its owner to read."""
    claves = dict(linea.split("\t")[:2] for linea in clave.read_text().splitlines())
    pagina.goto("/admin/")
    pagina.locator("[name=username]").fill(usuario)
    pagina.locator("[name=password]").fill(claves[usuario])
    pagina.locator("[type=submit]").click()
    expect(pagina.get_by_role("heading", name="Atender a una persona")).to_be_visible()


@pytest.fixture
def clave(carpeta_plantilla: Path) -> Path:
    return carpeta_plantilla / "usuarios-demo.txt"


@pytest.fixture
def otra(browser: Browser, sitio: Portal) -> Iterator[Page]:
    """Somebody else's computer."""
    contexto = browser.new_context(base_url=sitio.url, locale="es-MX")
    yield contexto.new_page()
    contexto.close()


def anotar(pagina: Page, *papeles: str) -> None:
    """Mark what was brought, with its number."""
    for papel in papeles:
        hilera = pagina.locator(f"fieldset[data-papel={papel}]")
        hilera.get_by_role("checkbox").check()
        hilera.locator("input[type=text]").first.fill("12345")
    pagina.get_by_role("button", name="Anotar lo que trae").click()


def tarjeta(pagina: Page, tipo: str, estado: str) -> None:
    """The card of a trámite comes to a state, by itself (with or without JavaScript)."""
    hallada = pagina.locator(f"[data-tramite={tipo}][data-estado={estado}]")
    expect(hallada).to_be_visible(timeout=25_000)


def bajar(pagina: Page, nombre: str) -> bytes:
    """What the printer gets: the document, as the clerk's own session opens it."""
    enlace = pagina.get_by_role("link", name=nombre)
    direccion = str(enlace.first.get_attribute("href"))
    respuesta = pagina.request.get(direccion)
    assert respuesta.ok and respuesta.headers["content-type"] == "application/pdf"
    return respuesta.body()


def empezar(pagina: Page, curp: str, motivo: str) -> None:
    """From the start page: what they say, and one click."""
    pagina.get_by_label("CURP de la persona").fill(curp)
    pagina.get_by_label("¿A qué viene?").select_option(motivo)
    pagina.get_by_role("button", name="Atender").click()
    expect(pagina.get_by_role("heading", name="1. Documentos que trae")).to_be_visible()
    assert curp not in pagina.url


@variantes(grande=GRANDE, chica=CHICA, chica_sin_js=CHICA_SIN_JS)
def test_sin_correo_hasta_la_tarjeta(
    pagina: Page, otra: Page, sitio: Portal, clave: Path, con_js: bool
) -> None:
    curp, _, nombre = persona(sitio, con_nss=False)

    def revisar() -> None:
        if con_js:
            sin_faltas(pagina)

    entrar(pagina, clave, "ventanilla")
    revisar()
    pagina.get_by_label("CURP de la persona").fill(curp[:17])
    pagina.get_by_role("button", name="Atender").click()
    expect(pagina.get_by_text("La CURP debe tener 18 caracteres.")).to_be_visible()
    revisar()
    empezar(pagina, curp, "nss")
    revisar()
    pagina.get_by_role("button", name="Anotar lo que trae").click()
    expect(pagina.get_by_text("Sin una identificación oficial vigente")).to_be_visible()
    revisar()
    anotar(pagina, "curp", "domicilio", "identificacion", "acta")
    expect(pagina.locator("[data-papel=correo]").first).to_contain_text("no lo trajo")
    revisar()
    pagina.get_by_role("button", name="Asignarle un NSS").click()
    tarjeta(pagina, "nss", "domicilio")
    revisar()
    pagina.get_by_label("Código postal").fill("06600")
    if not con_js:
        pagina.get_by_role("button", name="Buscar colonias").click()
    pagina.locator("select#id_colonia").select_option(label="Juárez")
    pagina.get_by_label("Calle").fill("Calle de los Ejemplos")
    pagina.get_by_label("Número exterior").fill("12")
    revisar()
    pagina.get_by_role("button", name="Asignarle su NSS").click()
    tarjeta(pagina, "nss", "resuelto")
    expect(pagina.get_by_role("link", name="Imprimir: Tarjeta")).to_be_visible()
    revisar()
    nss = pagina.locator("[data-nss]").inner_text()
    papel = texto_de(bajar(pagina, "Imprimir: Tarjeta"))
    assert nss in "".join(papel.split()) and nombre.split()[0] in papel
    [(envios,)] = sitio.base.consultar(
        "SELECT COUNT(*) FROM nss_portal_envio e JOIN nss_portal_tramite t ON t.id = e.tramite_id "
        "WHERE t.curp = %s",
        curp,
    )
    assert envios == 0

    # The other office: neither the page, nor the document, nor in its list.
    suya = pagina.url
    documento = str(pagina.locator("[data-accion=imprimir]").first.get_attribute("href"))
    entrar(otra, clave, "ventanilla-b")
    for direccion in (suya, documento):
        respuesta = otra.goto(direccion)
        assert respuesta and respuesta.status == 404
        assert nss not in otra.content() and nombre not in otra.content()
    otra.goto("/admin/afiliacion/atencion/")
    assert curp[:4] not in otra.locator("#content").inner_text()

    pagina.get_by_role("button", name="Terminar la atención").click()
    expect(pagina.get_by_text("Atención terminada.")).to_be_visible()
    revisar()

    # At home, on the Web: the same number.
    otra.context.clear_cookies()
    otra.goto("/nss/")
    llenar_solicitud(otra, sitio, curp, "en-casa@correo.example")
    otra.get_by_role("button", name="Continuar").click()
    esperar(otra, "resultado")
    assert "".join(otra.locator("[data-nss]").first.inner_text().split()) == nss


@variantes(grande=GRANDE, chica_sin_js=CHICA_SIN_JS)
def test_un_nombre_con_cuatro_ojos(
    pagina: Page, otra: Page, sitio: Portal, clave: Path, con_js: bool
) -> None:
    curp, _, _ = persona(sitio, con_nss=True)

    def revisar(cual: Page = pagina) -> None:
        if con_js:
            sin_faltas(cual)

    entrar(pagina, clave, "ventanilla")
    empezar(pagina, curp, "datos")
    anotar(pagina, "identificacion", "acta")
    pagina.get_by_role("button", name="Localizar su NSS").click()
    tarjeta(pagina, "nss", "resuelto")
    suya = pagina.url
    pagina.get_by_role("link", name="Corregir su nombre").click()
    revisar()
    pagina.get_by_label("Nombre(s)").fill("Itzel Corregida")
    pagina.get_by_label("Acta de nacimiento").fill("Jalisco, libro 3, acta 45")
    pagina.get_by_role("button", name="Pedir que se autorice").click()
    revisar()
    pagina.locator("[data-cambio=datos] a").first.click()
    expect(pagina.get_by_text("debe ser otra persona que quien lo pidió")).to_be_visible()
    expect(pagina.get_by_role("button", name="Autorizar", exact=True)).to_have_count(0)
    revisar()

    entrar(otra, clave, "supervision")
    revisar(otra)
    otra.get_by_role("link", name="espera").first.click()
    revisar(otra)
    otra.locator("#result_list tbody th a").first.click()
    expect(otra.get_by_text("Itzel Corregida")).to_be_visible()
    revisar(otra)
    otra.get_by_role("button", name="Autorizar", exact=True).click()
    expect(otra.get_by_text("Autorizado. Quien lo pidió")).to_be_visible()

    pagina.goto(suya)
    expect(pagina.get_by_text("ya no es el vigente: hay uno más reciente")).to_have_count(2, timeout=25_000)
    revisar()
    filas = sitio.base.consultar(
        "SELECT d.token, d.sustituido_por_id FROM nss_portal_documento d "
        "JOIN nss_portal_tramite t ON t.id = d.tramite_id WHERE t.curp = %s",
        curp,
    )
    assert len(filas) == 4
    for token, sustituto in filas:
        otra.goto(f"/v/{token}/")
        resultado = verificacion.Resultado.SUSTITUIDO if sustituto else verificacion.Resultado.VALIDO
        expect(otra.locator("[data-verificacion]").first).to_have_attribute(
            "data-verificacion", resultado.value
        )
    otra.goto("/admin/nss_portal/asiento/")
    expect(otra.get_by_text("Autorizó un cambio").first).to_be_visible()
    revisar(otra)
