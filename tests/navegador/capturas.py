"""`make capturas`: the screens of the three steps, mails and PDFs, as pictures in docs/capturas/."""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.procesos.portal import RAIZ, Base, Navegador, Portal, base_vacia, entorno, manage, portal

DESTINO = RAIZ / "docs" / "capturas"
TAMANOS = {"1280": (1280, 900), "360": (360, 740)}


def guardar(pagina: Page, nombre: str) -> None:
    # The address bar's focus ring and the caret are not part of the page.
    pagina.evaluate("document.activeElement && document.activeElement.blur()")
    foto = pagina.screenshot(full_page=True, animations="disabled")
    # Flat colours: a palette looks the same and weighs a third.
    Image.open(io.BytesIO(foto)).convert("RGB").quantize(128).save(DESTINO / f"{nombre}.png", optimize=True)


def persona(sitio: Portal, nss: str) -> str:
    [(curp,)] = sitio.base.consultar(
        f"SELECT curp FROM nss_portal_persona p WHERE nss IS {nss} AND NOT EXISTS "
        "(SELECT 1 FROM nss_portal_tramite t WHERE t.curp = p.curp) ORDER BY curp LIMIT 1"
    )
    return str(curp)


def llenar(pagina: Page, sitio: Portal, curp: str, paso: str = "nss", **propios: str) -> None:
    pagina.goto(f"/{paso}/")
    pagina.get_by_label("CURP").fill(curp)
    for nombre, valor in propios.items():
        pagina.locator(f"#id_{nombre}").fill(valor)
    pagina.get_by_label("Correo electrónico personal").fill("citlali.ejemplo@correo.example")
    pagina.get_by_label("Confirma tu correo electrónico").fill("citlali.ejemplo@correo.example")
    letras = sitio.letras(pagina.locator("input[name=captcha_0]").input_value())
    pagina.get_by_label("Letras de la imagen o del audio").fill(letras)


def esperar(pagina: Page, pantalla: str) -> None:
    pagina.locator(f"main[data-pantalla={pantalla}]").wait_for(timeout=20_000)


def recorrer(navegador: Browser, sitio: Portal, ancho: str) -> None:
    pagina = navegador.new_page(
        base_url=sitio.url, viewport={"width": TAMANOS[ancho][0], "height": TAMANOS[ancho][1]}, locale="es-MX"
    )
    for nombre, ruta in {
        "inicio": "/",
        "solicitud": "/nss/",
        "vigencia": "/vigencia/",
        "clinica": "/clinica/",
        "datos": "/datos/",
    }.items():
        pagina.goto(ruta)
        guardar(pagina, f"{nombre}-{ancho}")
    llenar(pagina, sitio, "EERC070231MDFJSTA5")
    pagina.get_by_label("Confirma tu correo electrónico").fill("citlali.ejemplo@corre.example")
    pagina.get_by_role("button", name="Continuar").click()
    guardar(pagina, f"solicitud-error-{ancho}")
    llenar(pagina, sitio, persona(sitio, "NULL"))
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "domicilio")
    guardar(pagina, f"domicilio-{ancho}")
    pagina.get_by_label("Código postal").fill("64000")
    pagina.locator("select[name=colonia]").select_option(index=1)
    pagina.get_by_label("Calle").fill("Cerrada de los Ejemplos")
    pagina.get_by_label("Número exterior").fill("12")
    guardar(pagina, f"domicilio-lleno-{ancho}")
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "resultado")
    pagina.get_by_text("ha sido enviado a tu correo electrónico").first.wait_for()
    guardar(pagina, f"resultado-{ancho}")
    guardar_documentos(pagina, sitio)
    pagina.get_by_role("button", name="Finalizar trámite").click()
    esperar(pagina, "finalizado")
    guardar(pagina, f"finalizado-{ancho}")
    pagina.goto("/buzon/")
    guardar(pagina, f"buzon-{ancho}")
    [mensaje, *_] = sorted((sitio.carpeta / "correo").glob("*.eml"), key=lambda r: -r.stat().st_mtime)
    pagina.goto(f"/buzon/{mensaje.stem}/")
    guardar(pagina, f"correo-{ancho}")
    llenar(pagina, sitio, ejemplo(sitio, "no-renapo")[0])
    pagina.get_by_role("button", name="Continuar").click()
    esperar(pagina, "rechazo")
    guardar(pagina, f"rechazo-{ancho}")
    pagina.get_by_role("button", name="Salir").click()
    esperar(pagina, "inicio")
    pagina.go_back()
    esperar(pagina, "expirada")
    guardar(pagina, f"expirada-{ancho}")
    pagina.close()


def guardar_documentos(pagina: Page, sitio: Portal) -> None:
    for fila in pagina.locator("tr[data-documento]").all():
        enlace = fila.locator("[data-accion=imprimir]").get_attribute("href")
        archivo = sitio.carpeta / f"{fila.get_attribute('data-documento')}.pdf"
        archivo.write_bytes(pagina.request.get(sitio.url + str(enlace)).body())


def enviar(pagina: Page, pantalla: str, boton: str = "Continuar") -> None:
    pagina.get_by_role("button", name=boton).click()
    esperar(pagina, pantalla)


def correo(pagina: Page, sitio: Portal, nombre: str) -> None:
    """The mail that has just gone out, as a mail program would show it."""
    pagina.get_by_text("enviado").first.wait_for()
    [mensaje, *_] = sorted((sitio.carpeta / "correo").glob("*.eml"), key=lambda r: -r.stat().st_mtime)
    pagina.goto(f"/buzon/{mensaje.stem}/")
    guardar(pagina, nombre)


def recorrer_pasos_2_y_3(navegador: Browser, sitio: Portal, ancho: str) -> None:
    pagina = navegador.new_page(
        base_url=sitio.url, viewport={"width": TAMANOS[ancho][0], "height": TAMANOS[ancho][1]}, locale="es-MX"
    )
    quien = {
        caso: ejemplo(sitio, caso) for caso in ("vigente", "baja", "nunca-inscrito", "sin-nss", "con-nss")
    }
    for caso in ("baja", "nunca-inscrito", "vigente"):
        curp, nss = quien[caso]
        llenar(pagina, sitio, curp, "vigencia", nss=nss)
        enviar(pagina, "resultado")
        pagina.get_by_text("ha sido enviado a tu correo electrónico").first.wait_for()
        guardar(pagina, f"vigencia-{caso}-{ancho}")
        if caso == "nunca-inscrito":
            pagina.get_by_role("link", name="Hoja para mi escuela").click()
            guardar(pagina, f"vigencia-hoja-{ancho}")
    guardar_documentos(pagina, sitio)
    correo(pagina, sitio, f"correo-vigencia-{ancho}")
    for nombre, curp, nss in (
        ("sin-nss", quien["sin-nss"][0], quien["vigente"][1]),
        ("nss-ajeno", quien["vigente"][0], quien["con-nss"][1]),
    ):
        llenar(pagina, sitio, curp, "vigencia", nss=nss)
        enviar(pagina, "rechazo")
        guardar(pagina, f"vigencia-{nombre}-{ancho}")
    llenar(pagina, sitio, quien["baja"][0], "clinica", codigo_postal="44100")
    enviar(pagina, "rechazo")
    guardar(pagina, f"clinica-sin-vigencia-{ancho}")
    curp, _ = quien["vigente"]
    llenar(pagina, sitio, curp, "clinica", codigo_postal="44100")
    pagina.get_by_role("button", name="Continuar").click()
    pagina.locator("main[data-pantalla=eleccion], main[data-pantalla=resultado]").wait_for(timeout=20_000)
    if (
        pagina.locator("main").get_attribute("data-pantalla") == "resultado"
    ):  # the desktop's turn registered them
        enviar(pagina, "eleccion", "Cambiar de clínica o de turno")
        pagina.get_by_label("Vespertino").check()
    guardar(pagina, f"clinica-eleccion-{ancho}")
    enviar(pagina, "revision")
    guardar(pagina, f"clinica-revision-{ancho}")
    pagina.locator("button[name=confirmar]").click()
    esperar(pagina, "resultado")
    pagina.get_by_text("han sido enviados a tu correo electrónico").first.wait_for()
    guardar(pagina, f"clinica-resultado-{ancho}")
    guardar_documentos(pagina, sitio)
    correo(pagina, sitio, f"correo-clinica-{ancho}")
    pagina.goto("/")
    guardar(pagina, f"inicio-avance-{ancho}")
    for nombre, ruta in (("app", "/app/"), ("verificar", "/verificar/"), ("api", "/api/v1/docs")):
        pagina.goto(ruta)
        guardar(pagina, f"{nombre}-{ancho}")
    pagina.close()


def ejemplo(sitio: Portal, caso: str) -> tuple[str, str]:
    """(CURP, NSS) of a sample person of the start page; the NSS empty for who has none."""
    trozo = Navegador(sitio).pedir("/").texto.split(f'data-ejemplo="{caso}"')[1].split("</li>")[0]
    nss = trozo.split('data-nss="')[1][:11] if 'data-nss="' in trozo else ""
    return trozo.split('data-curp="')[1][:18], nss


def procesando(navegador: Browser, plantilla: Base, carpeta: Path) -> None:
    """With no worker the page waits: the one screen that is usually too quick for a picture."""
    carpeta.mkdir()
    shutil.copytree(carpeta.parent / "static", carpeta / "static")
    with portal(carpeta, plantilla, "--solo-web", salud="/salud/vivo/") as sitio:
        for ancho, (w, h) in TAMANOS.items():
            pagina = navegador.new_page(base_url=sitio.url, viewport={"width": w, "height": h})
            llenar(pagina, sitio, persona(sitio, "NULL"))
            pagina.get_by_role("button", name="Continuar").click()
            esperar(pagina, "procesando")
            guardar(pagina, f"procesando-{ancho}")
            pagina.close()


def main() -> None:
    DESTINO.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as carpeta, sync_playwright() as p:
        plantilla = base_vacia(Path(carpeta))
        env = entorno(Path(carpeta), plantilla)
        manage("migrate", "--verbosity=0", env=env)
        manage("datos_demo", env=env)
        manage("collectstatic", "--no-input", "--verbosity=0", env=env)
        navegador = p.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        procesando(navegador, plantilla, Path(carpeta) / "sin-trabajador")
        sitio_carpeta = Path(carpeta) / "sitio"
        shutil.copytree(Path(carpeta) / "static", sitio_carpeta / "static")
        with portal(sitio_carpeta, plantilla) as sitio:
            for ancho in TAMANOS:
                recorrer(navegador, sitio, ancho)
                recorrer_pasos_2_y_3(navegador, sitio, ancho)
            for archivo in sitio_carpeta.glob("*.pdf"):
                destino = DESTINO / f"documento-{archivo.stem}"
                orden = ["pdftoppm", "-r", "80", "-png", "-singlefile", archivo.name, str(destino)]
                subprocess.run(orden, cwd=sitio_carpeta, check=True)
        navegador.close()
    sys.stdout.write(f"{len(list(DESTINO.glob('*.png')))} imágenes en docs/capturas/\n")


if __name__ == "__main__":
    main()
