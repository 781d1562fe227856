"""Step 1 as a student walks it: with and without JavaScript, on a desk and on a phone, by keyboard alone."""

import email
import email.policy
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nss_portal.personas.identidad import validar_nss
from tests.navegador.apoyo import (
    esperar,
    llenar_letras,
    llenar_solicitud,
    persona,
    qr_de,
    sin_faltas,
    texto_de,
)
from tests.procesos.portal import Portal

PROCESADA = "Tu petición ha sido procesada"


def terminar(pagina: Page, sitio: Portal, curp: str, nombre: str, correo: str, carpeta: Path) -> str:
    """From the result to «Tu petición ha sido procesada»; checks documents and mail; the NSS."""
    nss = re.sub(r"\s", "", pagina.locator("[data-nss]").first.inner_text())
    assert validar_nss(nss) == nss and nss[4:6] == curp[4:6]
    folio = pagina.locator("[data-folio]").first.inner_text()
    assert re.fullmatch(r"\d{22}", folio)
    expect(pagina.locator("[data-curp]").first).to_have_text(curp)
    for tipo in ("nss", "tarjeta"):
        fila = pagina.locator(f"tr[data-documento={tipo}]")
        imprimir = fila.locator("[data-accion=imprimir]").get_attribute("href")
        respuesta = pagina.request.get(sitio.url + str(imprimir))
        assert respuesta.headers["content-type"] == "application/pdf"
        texto = texto_de(respuesta.body())
        for dato in (nss, curp, folio):
            assert dato in re.sub(r"\s", "", texto)
        assert nombre in " ".join(texto.split())
        url = qr_de(respuesta.body(), carpeta)
        assert url.startswith(sitio.url) and not any(dato in url for dato in (nss, curp))
        with pagina.expect_download() as descarga:
            fila.locator("[data-accion=descargar]").click()
        assert Path(descarga.value.path()).read_bytes() == respuesta.body()
        assert descarga.value.suggested_filename == f"{tipo}-{folio}.pdf"
    pagina.get_by_role("button", name="Finalizar trámite").click()
    esperar(pagina, "finalizado")
    expect(pagina.get_by_role("heading", name=PROCESADA)).to_be_visible()
    expect(pagina.locator("tr[data-documento]")).to_have_count(2)
    mensajes = [email.message_from_bytes(m, policy=email.policy.default) for m in sitio.mensajes()]
    [mio] = [m for m in mensajes if m["To"] == correo]
    assert len(list(mio.iter_attachments())) == 2
    return nss


@pytest.mark.parametrize("tamano", [(1280, 900), (360, 740)], ids=["1280", "360"], indirect=True)
def test_localizado(pagina: Page, sitio: Portal, con_js: bool, tmp_path: Path) -> None:
    curp, nss, nombre = persona(sitio, con_nss=True)
    correo = f"{curp[:4].lower()}{pagina.viewport_size['width']}{con_js}@correo.example".lower()  # type: ignore[index]
    pagina.goto("/")
    sin_faltas(pagina) if con_js else None
    pagina.locator("a[data-paso='1']").click()
    esperar(pagina, "solicitud")
    llenar_solicitud(pagina, sitio, f"{curp[:4]} {curp[4:10]}-{curp[10:].lower()}", correo)
    sin_faltas(pagina) if con_js else None
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "resultado")
    expect(pagina.locator("[data-resultado]")).to_have_attribute("data-resultado", "localizado")
    sin_faltas(pagina) if con_js else None
    assert terminar(pagina, sitio, curp, nombre, correo, tmp_path) == nss
    sin_faltas(pagina) if con_js else None


@pytest.mark.parametrize(
    ("tamano", "cp"),
    [
        ((1280, 900), "06600"),
        ((360, 740), "64000"),
        ((360, 740), "97000"),
        ((360, 740), "22000"),
        ((1280, 900), "60550"),
    ],
    ids=["06600", "64000", "97000", "22000", "rural"],
    indirect=["tamano"],
)
def test_asignado(pagina: Page, sitio: Portal, con_js: bool, cp: str, tmp_path: Path) -> None:
    curp, _, nombre = persona(sitio, con_nss=False)
    correo = f"{curp[:4]}{cp}{con_js}@correo.example".lower()
    pagina.goto("/nss/")
    llenar_solicitud(pagina, sitio, curp, correo)
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "domicilio")
    expect(
        pagina.get_by_text("No se encontró un número asociado a tu CURP, se te asignará uno.")
    ).to_be_visible()
    pagina.get_by_label("Calle").fill("Calle de los Ejemplos")
    pagina.get_by_label("Código postal").fill(cp)
    if not con_js:
        pagina.get_by_role("button", name="Buscar colonias").click()
    lista = pagina.locator("select[name=colonia]")
    lista.wait_for()
    [(municipio,)] = sitio.base.consultar(
        "SELECT m.nombre FROM nss_portal_codigopostal c JOIN nss_portal_municipio m ON m.id = c.municipio_id "
        "WHERE c.codigo = %s",
        cp,
    )
    expect(pagina.get_by_text(municipio, exact=False).first).to_be_visible()
    lista.select_option(index=1)
    pagina.get_by_label("Número exterior").fill("12")
    sin_faltas(pagina) if con_js else None
    expect(pagina.get_by_label("Calle")).to_have_value("Calle de los Ejemplos")
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "resultado")
    expect(pagina.get_by_text("Asignación de NSS exitosa.")).to_be_visible()
    terminar(pagina, sitio, curp, nombre, correo, tmp_path)


@pytest.mark.parametrize("tamano", [(360, 740)], ids=["360"], indirect=True)
def test_errores_y_correccion(pagina: Page, sitio: Portal, con_js: bool) -> None:
    curp, *_ = persona(sitio, con_nss=True)
    pagina.goto("/nss/")
    llenar_solicitud(pagina, sitio, curp[:17], "una@correo.example")
    pagina.get_by_label("Confirmación de tu correo electrónico").fill("otra@correo.example")
    pagina.get_by_role("button", name="Continuar").click()
    expect(pagina).to_have_title(re.compile("^Error: "))
    resumen = pagina.locator(".resumen-errores[role=alert]")
    expect(resumen.get_by_role("link")).to_have_count(2)
    if con_js:
        expect(resumen).to_be_focused()
        sin_faltas(pagina)
    resumen.get_by_role("link").first.click()
    expect(pagina.get_by_label("CURP")).to_be_focused()
    # The letters were right: they are not asked for again.
    expect(pagina.locator("form[data-captcha=resuelto]")).to_have_count(1)
    pagina.get_by_label("CURP").fill(curp)
    pagina.get_by_label("Confirmación de tu correo electrónico").fill("una@correo.example")
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "resultado")
    # Back and again: the same trámite, not another.
    url = pagina.url
    pagina.goto("/")
    pagina.go_back()
    pagina.reload()
    assert pagina.url == url
    esperar(pagina, "resultado")


@pytest.mark.parametrize("tamano", [(1280, 900)], ids=["1280"], indirect=True)
def test_otra_imagen(pagina: Page, sitio: Portal, con_js: bool) -> None:
    pagina.goto("/nss/")
    pagina.get_by_label("CURP").fill("EEMA")
    antes = pagina.locator("input[name=captcha_0]").input_value()
    imagen = pagina.locator(".captcha img").get_attribute("src")
    pagina.get_by_role("button", name="Otra imagen").click()
    expect(pagina.locator("input[name=captcha_0]")).not_to_have_value(antes)
    assert pagina.locator(".captcha img").get_attribute("src") != imagen
    expect(pagina.get_by_label("CURP")).to_have_value("EEMA")
    llenar_letras(pagina, sitio)


@pytest.mark.parametrize("con_js", [True], indirect=True)
@pytest.mark.parametrize("tamano", [(1280, 900)], ids=["1280"], indirect=True)
def test_solo_con_teclado(pagina: Page, sitio: Portal) -> None:
    """Every control is reached by Tab, shows its focus, and works with the keys."""
    curp, *_ = persona(sitio, con_nss=False)
    teclado = pagina.keyboard

    def tabular_hasta(selector: str) -> None:
        for _ in range(40):
            teclado.press("Tab")
            foco = pagina.evaluate("selector => document.activeElement.matches(selector)", selector)
            contorno = pagina.evaluate(
                "(() => { const s = getComputedStyle(document.activeElement);"
                " return s.outlineStyle !== 'none' || s.boxShadow !== 'none' })()"
            )
            assert contorno, "the focus can not be seen"
            if foco:
                return
        raise AssertionError(f"{selector} is not reached by Tab")

    pagina.goto("/nss/")
    teclado.press("Tab")
    expect(pagina.get_by_role("link", name="Saltar al contenido")).to_be_focused()
    teclado.press("Enter")
    tabular_hasta("[name=curp]")
    teclado.type(curp)
    tabular_hasta("[name=correo]")
    teclado.type("teclado@correo.example")
    tabular_hasta("[name=correo_confirmacion]")
    teclado.type("teclado@correo.example")
    tabular_hasta("[name=captcha_1]")
    teclado.type(sitio.letras(pagina.locator("input[name=captcha_0]").input_value()))
    tabular_hasta("button.boton")
    teclado.press("Enter")
    esperar(pagina, "domicilio")
    tabular_hasta("[name=codigo_postal]")
    teclado.type("06600")
    pagina.locator("select[name=colonia]").wait_for()
    tabular_hasta("[name=colonia]")
    teclado.press("ArrowDown")
    tabular_hasta("[name=calle]")
    teclado.type("Calle de los Ejemplos")
    tabular_hasta("[name=numero_exterior]")
    teclado.type("12")
    teclado.press("Enter")
    esperar(pagina, "resultado")
    tabular_hasta("main form[action$='/finalizar/'] button")
    teclado.press("Enter")
    expect(pagina.get_by_role("heading", name=PROCESADA)).to_be_visible()


@pytest.mark.parametrize("con_js", [True], indirect=True)
@pytest.mark.parametrize("tamano", [(1280, 900)], ids=["1280"], indirect=True)
def test_salir_y_volver_atras(pagina: Page, sitio: Portal) -> None:
    curp, nss, _ = persona(sitio, con_nss=True)
    pagina.goto("/nss/")
    llenar_solicitud(pagina, sitio, curp, "salir@correo.example")
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "resultado")
    url = pagina.url
    pagina.get_by_role("button", name="Salir").click()
    esperar(pagina, "inicio")
    pagina.go_back()
    esperar(pagina, "expirada")
    assert str(nss) not in pagina.content()
    pagina.goto(url)
    esperar(pagina, "expirada")


@pytest.mark.parametrize("con_js", [True], indirect=True)
def test_todas_las_paginas_quietas(pagina: Page, sitio: Portal) -> None:
    rutas = ["/", "/nss/", "/vigencia/", "/clinica/", "/gobierno/", "/participa/", "/datos/", "/privacidad/"]
    for ruta in [
        *rutas,
        "/accesibilidad/",
        "/buzon/",
        "/no-existe/",
        f"/nss/{'0' * 8}-0000-4000-8000-{'0' * 12}/",
    ]:
        pagina.goto(ruta)
        sin_faltas(pagina)
