"""A school's clerk in the admin: a file of three hundred, twelve of them wrong, and who is covered then."""

import csv
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from nss_portal.models import Persona
from tests.navegador.apoyo import llenar_solicitud, sin_faltas
from tests.procesos.portal import Portal, manage
from tests.vigencia.alumnos import alumno, lista

HOY = timezone.localdate()
ALTA, FIN = HOY - timedelta(days=1), HOY + timedelta(days=200)
CICLO = f"{HOY.year}-{HOY.year + 1}"
COLUMNAS = ["curp", "nombres", "primer_apellido", "segundo_apellido", "nss"]


def entrar(pagina: Page, clave: Path, usuario: str) -> None:
    """Sign in with the password that `datos_demo` left for its owner to read."""
    claves = dict(linea.split("\t")[:2] for linea in clave.read_text().splitlines())
    pagina.goto("/admin/")
    pagina.locator("[name=username]").fill(usuario)
    pagina.locator("[name=password]").fill(claves[usuario])
    pagina.locator("[type=submit]").click()
    expect(pagina.get_by_role("link", name="Subir alumnos").first).to_be_visible()


def cargar(sitio: Portal, carpeta: Path, personas: list[Persona]) -> None:
    """The registry of people learns of them, as its own command does it."""
    ruta = carpeta / "personas.csv"
    with ruta.open("w", newline="") as archivo:
        escritor = csv.writer(archivo)
        escritor.writerow(COLUMNAS)
        escritor.writerows([[getattr(persona, campo) or "" for campo in COLUMNAS] for persona in personas])
    manage("cargar_personas", str(ruta), env=sitio.env)


def renglon(persona: Persona, **cambios: str) -> dict[str, str]:
    return {
        "curp": persona.curp,
        "nss": persona.nss or "",
        "matricula": f"M-{persona.nss}",
        "nivel": "superior",
        "ciclo": CICLO,
        "alta": ALTA.isoformat(),
        "fin": FIN.isoformat(),
        "nombres": persona.nombres,
        "primer_apellido": persona.primer_apellido,
        "segundo_apellido": persona.segundo_apellido,
    } | cambios


def con_faltas(
    personas: list[Persona], sin_nss: Persona, nadie: Persona
) -> tuple[list[dict[str, str]], list[int]]:
    """Three hundred rows, and the lines of the twelve that are wrong."""
    una, otra = personas[0], personas[299]
    digito = str((int(otra.curp[17]) + 1) % 10)
    faltas = [
        renglon(otra, curp=otra.curp[:17]),
        renglon(otra, curp=otra.curp[:17] + digito),
        renglon(otra, nss=str(otra.nss)[:10] + str((int(str(otra.nss)[10]) + 1) % 10)),
        renglon(otra, nss=str(una.nss)),
        renglon(otra, nss=""),
        renglon(otra, alta=f"{HOY.year}-02-30"),
        renglon(otra, fin="2001-01-01"),
        renglon(otra, nivel="primaria"),
        renglon(otra, ciclo="el que sigue"),
        renglon(sin_nss, nss=str(otra.nss)),
        renglon(nadie),
        renglon(una),  # again
    ]
    filas = [renglon(persona) for persona in personas[:288]]
    lineas = []
    for numero, falta in enumerate(faltas, start=1):
        filas.insert(24 * numero - 1, falta)
        lineas.append(24 * numero + 1)  # the first line names the columns
    return filas, lineas


def cubierta(sitio: Portal, curp: str) -> bool:
    """What the one rule says of that person today."""
    orden = (
        "from django.utils import timezone; from vigencia.models import Inscripcion;"
        f"print(Inscripcion.objects.vigentes(timezone.localdate()).filter(persona__curp='{curp}').exists())"
    )
    return manage("shell", "-v0", "-c", orden, env=sitio.env).strip() == "True"


def esperar(pagina: Page, estado: str) -> None:
    expect(pagina.locator("[data-lote]")).to_have_attribute("data-lote", estado, timeout=30_000)


@pytest.mark.parametrize(
    ("con_js", "tamano"),
    [(True, (1280, 900)), (False, (360, 740))],
    ids=["1280-con-js", "360-sin-js"],
    indirect=True,
)
def test_trescientos_con_doce_faltas(
    pagina: Page, browser: Browser, sitio: Portal, carpeta_plantilla: Path, con_js: bool, tmp_path: Path
) -> None:
    clave = carpeta_plantilla / "usuarios-demo.txt"
    desde = 0 if con_js else 1000
    personas = [alumno(desde + n) for n in range(300)]
    sin_nss, nadie = alumno(desde + 300), alumno(desde + 301)
    sin_nss.nss = None
    cargar(sitio, tmp_path, [*personas, sin_nss])
    filas, lineas = con_faltas(personas, sin_nss, nadie)
    assert len(filas) == 300
    (tmp_path / "alumnos.csv").write_bytes(lista(filas))

    def revisar() -> None:
        if con_js:
            sin_faltas(pagina)

    pagina.goto("/admin/")
    revisar()
    entrar(pagina, clave, "escuela-a")
    revisar()
    # Two clicks: here, and the one that sends.
    pagina.get_by_role("link", name="Subir alumnos").first.click()
    revisar()
    pagina.get_by_role("button", name="Subir y revisar").click()
    expect(pagina.get_by_text("Elige el archivo de tu computadora.")).to_be_visible()
    revisar()
    pagina.get_by_label("Archivo", exact=True).set_input_files(tmp_path / "alumnos.csv")
    pagina.get_by_role("button", name="Subir y revisar").click()
    esperar(pagina, "por-confirmar")
    revisar()
    url = pagina.url
    pagina.locator("[data-veredicto=error]").click()
    expect(pagina.locator("tbody tr")).to_have_count(12)
    assert [int(texto) for texto in pagina.locator("tbody th[scope=row]").all_inner_texts()] == lineas
    revisar()
    with pagina.expect_download() as descarga:
        pagina.get_by_role("link", name="Descargar las filas con error").click()
    malas = list(csv.DictReader(Path(descarga.value.path()).read_text("utf-8-sig").splitlines()))
    assert len(malas) == 12 and all(mala["motivo"] for mala in malas)
    pagina.get_by_role("button", name="Confirmar 288 altas").click()
    esperar(pagina, "confirmado")
    expect(pagina.get_by_text("Quedaron inscritos 288 alumnos")).to_be_visible()
    revisar()

    una = personas[0]
    assert cubierta(sitio, una.curp) and not cubierta(sitio, personas[299].curp)
    la_vecina_no_ve_nada(browser, sitio, clave, url, una)

    el_alumno_ve(browser, sitio, una, "si")
    dar_de_baja(pagina, una, con_js)
    assert not cubierta(sitio, una.curp) and cubierta(sitio, personas[1].curp)
    el_alumno_ve(browser, sitio, una, "no")


def el_alumno_ve(browser: Browser, sitio: Portal, persona: Persona, vigente: str) -> None:
    """What step 2 answers to the student, in a browser of their own."""
    contexto = browser.new_context(base_url=sitio.url, locale="es-MX")
    suya = contexto.new_page()
    try:
        suya.goto("/vigencia/")
        llenar_solicitud(suya, sitio, persona.curp, "alumna@correo.example", nss=str(persona.nss))
        suya.get_by_role("button", name="Continuar").click()
        expect(suya.locator("[data-vigente]")).to_have_attribute("data-vigente", vigente, timeout=20_000)
    finally:
        contexto.close()


def dar_de_baja(pagina: Page, persona: Persona, con_js: bool) -> None:
    pagina.get_by_role("link", name="Alumnos", exact=True).first.click()
    if con_js:
        sin_faltas(pagina)
    pagina.locator("#searchbar").fill(persona.curp)
    pagina.get_by_role("button", name="Buscar").click()
    expect(pagina.get_by_text(persona.curp)).to_be_visible()
    assert persona.curp not in pagina.url
    if con_js:
        sin_faltas(pagina)
    pagina.get_by_role("link", name="Dar de baja").click()
    pagina.get_by_label("Causa").select_option("2")
    if con_js:
        sin_faltas(pagina)
    pagina.get_by_role("button", name="Dar de baja").click()
    expect(pagina.get_by_text("Baja registrada")).to_be_visible()


def la_vecina_no_ve_nada(browser: Browser, sitio: Portal, clave: Path, url: str, persona: Persona) -> None:
    contexto = browser.new_context(base_url=sitio.url, locale="es-MX")
    vecina = contexto.new_page()
    try:
        entrar(vecina, clave, "escuela-b")
        expect(vecina.get_by_text("Aquí verás los archivos que subas.")).to_be_visible()
        vecina.get_by_role("link", name="Alumnos", exact=True).first.click()
        vecina.locator("#searchbar").fill(persona.curp)
        vecina.get_by_role("button", name="Buscar").click()
        expect(vecina.get_by_text("No encontramos a nadie con eso.")).to_be_visible()
        vecina.goto(url)
        assert "alumnos.csv" not in vecina.content() and persona.nombres not in vecina.content()
    finally:
        contexto.close()


@pytest.mark.parametrize("con_js", [True], indirect=True)
@pytest.mark.parametrize("tamano", [(1280, 900), (360, 740)], ids=["1280", "360"], indirect=True)
def test_cada_pagina_de_la_escuela(pagina: Page, carpeta_plantilla: Path) -> None:
    """axe-core finds nothing, and nothing spills over the side, on the pages that the walk above skips."""
    entrar(pagina, carpeta_plantilla / "usuarios-demo.txt", "escuela-a")
    for ruta in (
        "/admin/",
        "/admin/vigencia/inscripcion/",
        "/admin/vigencia/inscripcion/add/",
        "/admin/vigencia/inscripcion/descargar/",
        "/admin/vigencia/lote/",
        "/admin/vigencia/lote/add/",
        "/admin/vigencia/lote/sin-nss/",
        "/admin/vigencia/cierre/",
        "/admin/vigencia/cierre/add/",
        f"/admin/vigencia/cierre/add/?ciclo={CICLO}&baja={HOY.isoformat()}",
    ):
        pagina.goto(ruta)
        sin_faltas(pagina)
    pagina.goto("/admin/vigencia/inscripcion/add/")
    pagina.get_by_role("button", name="Inscribir", exact=True).click()
    expect(pagina.get_by_text("La CURP debe tener 18 caracteres.")).to_be_visible()
    expect(pagina).to_have_title(re.compile("^Error: "))
    sin_faltas(pagina)


@pytest.mark.parametrize("con_js", [True, False], ids=["con-js", "sin-js"], indirect=True)
@pytest.mark.parametrize("tamano", [(1280, 900)], ids=["1280"], indirect=True)
def test_terminar_el_ciclo_y_pensarlo_mejor(pagina: Page, carpeta_plantilla: Path) -> None:
    entrar(pagina, carpeta_plantilla / "usuarios-demo.txt", "escuela-b")
    pagina.get_by_role("link", name="Terminar un ciclo para toda la escuela").click()
    pagina.get_by_label("Ciclo escolar").select_option(index=1)
    pagina.get_by_label("Fecha de la baja").fill(HOY.isoformat())
    pagina.get_by_role("button", name="Ver a quiénes").click()
    pagina.get_by_role("button", name="Dar de baja a los").click()
    expect(pagina.get_by_text("Puedes deshacerlo hasta")).to_be_visible()
    pagina.get_by_role("button", name="Deshacer el fin de ciclo").click()
    expect(pagina.get_by_text("siguen inscritos como antes")).to_be_visible()
