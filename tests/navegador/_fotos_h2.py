from pathlib import Path
import pytest
from tests.navegador.test_app import *
from tests.navegador.test_app import codigo, llenar
FOTOS = Path("/tmp/wH2fotos"); FOTOS.mkdir(exist_ok=True)

def test_fotos(app, telefono, sitio, tmp_path, tamano):
    n = [0]
    def foto(nombre):
        n[0] += 1
        app.wait_for_timeout(150)
        app.screenshot(path=FOTOS / f"{tamano[0]}-{n[0]:02d}-{nombre}.png", full_page=True)
    curp, _, nombre = persona(sitio, con_nss=False)
    correo = f"f{tamano[0]}@correo.example"
    app.goto("/app/"); esperar(app, "inicio"); foto("inicio")
    app.locator("a[data-paso='1']").click(); esperar(app, "solicitud")
    llenar(app, curp="XX", correo="x"); expect(app.locator("#error_curp")).to_be_visible(); foto("errores")
    llenar(app, curp=curp, correo=correo); esperar(app, "codigo"); foto("codigo")
    llenar(app, codigo=codigo(sitio, correo)); esperar(app, "resultado"); foto("nss")
    nss = app.locator("[data-nss]").inner_text()
    app.get_by_role("button", name="Finalizar trámite").click(); esperar(app, "finalizado"); foto("finalizado")
    app.goto("/app/#/vigencia"); esperar(app, "solicitud"); app.get_by_role("button", name="Continuar").click(); esperar(app, "resultado"); foto("vigencia-no")
    inscribir(sitio, tmp_path, curp, nss)
    app.goto("/app/#/"); app.goto("/app/#/clinica"); llenar(app, codigo_postal="44100"); esperar(app, "eleccion"); foto("eleccion")
    app.get_by_role("button", name="Continuar").click(); esperar(app, "revision"); foto("revision")
    app.get_by_role("button", name="Registrarme en esta clínica").click(); esperar(app, "resultado"); foto("clinica")
    sin_conexion(telefono, app); app.goto("/app/"); esperar(app, "inicio"); foto("sin-red")
    telefono.set_offline(False)
    app.goto("/api/v1/docs"); foto("docs")
