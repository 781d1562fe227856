"""The three steps in one sitting: from no NSS to the adscripción card, with the school in between."""

import email
import email.policy
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.navegador.apoyo import esperar, llenar_solicitud, persona, sin_faltas, texto_de
from tests.procesos.portal import Portal, entorno, manage


def inscribir(sitio: Portal, carpeta: Path, curp: str, nss: str) -> str:
    """What the school does, from its shell; the school's name."""
    [(cct, nombre)] = sitio.base.consultar(
        "SELECT cct, nombre FROM vigencia_escuela WHERE superior ORDER BY cct LIMIT 1"
    )
    hoy = date.today()
    archivo = carpeta / "alumnos.csv"
    archivo.write_text(
        "curp,nss,matricula,nivel,ciclo,alta,fin,nombres,primer_apellido,segundo_apellido\n"
        f"{curp},{nss},M-1,superior,{hoy.year}-{hoy.year + 1},{hoy - timedelta(days=3)},"
        f"{hoy + timedelta(days=200)},,,\n",
        encoding="utf-8",
    )
    env = entorno(sitio.carpeta, sitio.base)
    manage("cargar_inscripciones", str(archivo), "--escuela", str(cct), env=env)
    return str(nombre)


def documentos(pagina: Page, sitio: Portal, *tipos: str) -> str:
    """Every document of the table opens; the text of all."""
    expect(pagina.locator("tr[data-documento]")).to_have_count(len(tipos))
    texto = ""
    for tipo in tipos:
        fila = pagina.locator(f"tr[data-documento={tipo}]")
        respuesta = pagina.request.get(
            sitio.url + str(fila.locator("[data-accion=imprimir]").get_attribute("href"))
        )
        assert respuesta.headers["content-type"] == "application/pdf"
        texto += texto_de(respuesta.body())
    return " ".join(texto.split())


def finalizar(pagina: Page) -> None:
    pagina.get_by_role("button", name="Finalizar trámite").click()
    esperar(pagina, "finalizado")
    expect(pagina.get_by_role("heading", name="Tu petición ha sido procesada")).to_be_visible()


@pytest.mark.parametrize("tamano", [(1280, 900), (360, 740)], ids=["1280", "360"], indirect=True)
def test_los_tres_pasos_de_una_sentada(pagina: Page, sitio: Portal, con_js: bool, tmp_path: Path) -> None:
    def mirar() -> None:
        if con_js:
            sin_faltas(pagina)

    curp, _, nombre = persona(sitio, con_nss=False)
    correo = f"{curp[:4].lower()}{pagina.viewport_size['width']}{con_js}@correo.example".lower()  # type: ignore[index]

    # Step 1.
    pagina.goto("/")
    pagina.locator("a[data-paso='1']").click()
    llenar_solicitud(pagina, sitio, curp, correo)
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "domicilio")
    pagina.get_by_label("Código postal").fill("44100")
    if con_js:
        pagina.locator("select[name=colonia]").select_option(index=1)
    else:
        pagina.get_by_role("button", name="Buscar colonias").click()
        pagina.locator("select[name=colonia]").select_option(index=1)
    pagina.get_by_label("Calle").fill("Calle de los Ejemplos")
    pagina.get_by_label("Número exterior").fill("12")
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "resultado")
    nss = re.sub(r"\s", "", pagina.locator("[data-nss]").first.inner_text())
    documentos(pagina, sitio, "nss", "tarjeta")
    finalizar(pagina)
    mirar()

    # Step 2, too early: the school has not enrolled them. The form knows who asks.
    pagina.get_by_role("link", name="Verificar mi inscripción").click()
    esperar(pagina, "solicitud")
    for campo, valor in (("curp", curp), ("nss", nss), ("correo", correo)):
        expect(pagina.locator(f"#id_{campo}")).to_have_value(valor)
    mirar()
    llenar_solicitud(pagina, sitio, curp, correo, nss=nss)
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "resultado")
    expect(pagina.locator("[data-vigente]")).to_have_attribute("data-vigente", "no")
    expect(pagina.locator("[data-causa]")).to_have_attribute("data-causa", "nunca-inscrito")
    mirar()
    pagina.get_by_role("link", name="Hoja para mi escuela").click()
    esperar(pagina, "hoja")
    mirar()

    # Nor a clinic, yet.
    pagina.goto("/clinica/")
    expect(pagina.locator("#id_codigo_postal")).to_have_value("44100")
    mirar()
    llenar_solicitud(pagina, sitio, curp, correo, codigo_postal="44100")
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "rechazo")
    expect(pagina.locator("[data-motivo]")).to_have_attribute("data-motivo", "sin-vigencia")
    mirar()

    # The school does its part; the student asks again.
    escuela = inscribir(sitio, tmp_path, curp, nss)
    pagina.get_by_role("link", name="Verificar mi inscripción").click()
    llenar_solicitud(pagina, sitio, curp, correo, nss=nss)
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "resultado")
    expect(pagina.locator("[data-vigente]")).to_have_attribute("data-vigente", "si")
    texto = documentos(pagina, sitio, "vigencia")
    assert escuela in texto and nombre in texto
    mirar()

    # Step 3.
    pagina.get_by_role("link", name="Registrarme en mi clínica").click()
    esperar(pagina, "solicitud")
    llenar_solicitud(pagina, sitio, curp, correo, codigo_postal="44100")
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "eleccion")
    mirar()
    pagina.get_by_label("Vespertino").check()
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "revision")
    clinica = pagina.locator("[data-clinica]").inner_text()
    mirar()
    pagina.get_by_role("button", name="Registrarme en esta clínica").click()
    esperar(pagina, "resultado")
    expect(pagina.locator("[data-resultado]")).to_have_attribute("data-resultado", "registrado")
    expect(pagina.locator("[data-clinica]")).to_have_text(clinica)
    expect(pagina.locator("[data-turno]")).to_have_text("vespertino")
    texto = documentos(pagina, sitio, "comprobante-clinica", "tarjeta-adscripcion")
    assert clinica in texto and nombre in texto
    mirar()
    finalizar(pagina)
    mirar()
    pagina.goto("/")
    expect(pagina.locator(".camino.grande > .hecho")).to_have_count(3)

    # Each step's mail once, and the school's.
    mensajes = [email.message_from_bytes(m, policy=email.policy.default) for m in sitio.mensajes()]
    mios = Counter(str(m["Subject"]) for m in mensajes if m["To"] == correo)
    assert mios == {
        "Tu Número de Seguridad Social y tus documentos": 1,
        "Tu Reporte de Vigencia de Derechos": 2,
        "Tu escuela te inscribió al Seguro de Salud para Estudiantes": 1,
        "Tu clínica y tus documentos": 1,
    }
