"""`make capturas`: every screen, mail and document, as pictures in var/capturas/ and a gallery of them all.

A few of them, the ones that README and guides show, go to docs/capturas/.

Pages come from `estados` and `oficinas`, at a fixed moment and with fixed chance, so that what has not
changed is drawn the same again; the App, which works by itself in the browser, from a portal of real
processes.
"""

import io
import os
import random
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from html import escape
from itertools import count
from operator import sub
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.mail import message
from django.test import Client
from django.utils import timezone
from django.utils.text import slugify
from PIL import Image
from playwright.sync_api import Browser, Page

from nss_portal.demo import ca, ficticias
from nss_portal.models import Documento
from tests.navegador import estados, oficinas
from tests.navegador.apoyo import esperar
from tests.navegador.estados import CAPTURAS, captura
from tests.navegador.estados_app import esperando
from tests.navegador.test_app import codigo, ir_sin_conexion, llenar
from tests.navegador.vitrina import vitrina
from tests.procesos.portal import RAIZ, Portal

ANCHOS = (1280, 360)
EN_LOS_DOCS = RAIZ / "docs" / "capturas"
# What docs/capturas/ shows, and at which widths; None, a sheet of paper.
ELEGIDAS: dict[str, tuple[int | None, ...]] = {
    "inicio": (1280, 360),
    "nss: solicitud con nombre": (360,),
    "nss: asignado": (1280, 360),
    "vigencia: vigente": (1280,),
    "vigencia: nunca-inscrito": (360,),
    "clínica: elección": (1280,),
    "verificación: ya no es cierto": (360,),
    "App: inicio, con su tarjeta": (360,),
    "escuela: archivo por confirmar": (1280,),
    "ventanilla: atención": (1280,),
    "personal: envíos": (1280,),
    "correo: nss": (360,),
    "error 503": (360,),
    "documento: nss": (None,),
    "documento: tarjeta": (None,),
    "documento: vigencia": (None,),
    "documento: comprobante-clinica": (None,),
    "documento: tarjeta-adscripcion": (None,),
}
AHORA = datetime(2026, 9, 14, 16, 30, tzinfo=UTC)
CORREO = "citlali.ejemplo@correo.example"
LEYENDA = """\
Drawn by `make capturas`, which writes this page too: on a desk (1280 px) and on a phone (360 px). The people
are fictional. What says «Choose File» or «mm/dd/yyyy» is the browser's own, in the language it speaks."""


def guardar(foto: bytes, nombre: str) -> None:
    """With a palette, that weighs half: every flat colour as it is, fewer of those at the edge of letters."""
    imagen = Image.open(io.BytesIO(foto)).convert("RGB")
    colores: list[tuple[int, ...]] = []
    for cuantos, color in sorted(imagen.getcolors(1 << 24), reverse=True):  # type: ignore[arg-type, type-var]
        plano = cuantos > imagen.width * imagen.height * 0.003
        if plano or all(max(map(abs, map(sub, color, otro))) > 40 for otro in colores):  # type: ignore[arg-type]
            colores.append(color)  # type: ignore[arg-type]
    paleta = Image.new("P", (1, 1))
    paleta.putpalette(([valor for color in colores for valor in color] * 256)[:768])
    sin_puntos = imagen.quantize(palette=paleta, dither=Image.Dither.NONE)
    sin_puntos.convert("RGB").save(CAPTURAS / nombre, lossless=True, quality=100)


def fotografiar(pagina: Page, nombre: str, completa: bool = True) -> None:
    # The focus, the caret and what the mouse is over are not part of the page.
    pagina.evaluate("document.activeElement && document.activeElement.blur()")
    pagina.mouse.move(0, 0)
    for ancho in ANCHOS:
        pagina.set_viewport_size({"width": ancho, "height": 800})
        assert pagina.evaluate("document.documentElement.scrollWidth") <= ancho, f"{nombre} is too wide"
        guardar(pagina.screenshot(full_page=completa, animations="disabled"), captura(nombre, ancho))


@contextmanager
def momento_fijo() -> Iterator[None]:
    """The clock at AHORA, a millisecond later at each look, and a chance that is always the same.

    Only while pages are drawn: nothing waits there, and nobody else is served by this process.
    """
    azar, pasos = random.Random(0), count(int(AHORA.timestamp() * 1000))

    class SeLlamaDatetime(type):
        def __instancecheck__(cls, cosa: object) -> bool:
            return isinstance(cosa, datetime)

    class Reloj(datetime, metaclass=SeLlamaDatetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.fromtimestamp(next(pasos) / 1000, tz)

    with pytest.MonkeyPatch.context() as parche:
        # The keys, made at the first seal, have to be older than it.
        for modulo in (timezone, message, ca):
            parche.setattr(modulo, "datetime", Reloj)
        parche.setattr(ec, "generate_private_key", lambda curva: ec.derive_private_key(next(pasos), curva))
        parche.setattr(time, "time_ns", lambda: next(pasos) * 1_000_000)
        parche.setattr(time, "time", lambda: next(pasos) / 1000)
        # What `secrets` and `uuid4` ask.
        parche.setattr(os, "urandom", azar.randbytes)
        parche.setattr(random, "_urandom", azar.randbytes)
        yield


@pytest.mark.django_db
def test_capturas(settings: Any, tmp_path: Path, catalogo: None, sitio: Portal) -> None:
    """Not a test, but it stands on what tests stand on."""
    # Drawn before there is a browser: its event loop would get a connection of its own.
    settings.URL_PUBLICA = "https://estudiantes.example"
    with momento_fijo():
        grupos = estados.todas(settings, tmp_path) | oficinas.todas()
        letras = re.search(r"/captcha/image/\w+/", str(grupos))
        assert letras
        captcha = Client().get(letras[0]).content
    CAPTURAS.mkdir(parents=True, exist_ok=True)
    for vieja in CAPTURAS.iterdir():
        vieja.unlink()
    documentos = papeles(tmp_path)
    galeria = {}
    with vitrina(captcha) as escaparate:
        escaparate.pagina.clock.set_fixed_time(AHORA)
        for grupo, paginas in grupos.items():
            for pagina in paginas:
                escaparate.poner(pagina)
                # The start page is long, and what a step changes in it is at its top.
                fotografiar(escaparate.pagina, pagina.nombre, ": inicio" not in pagina.nombre)
            galeria[grupo] = [pagina.nombre for pagina in paginas]
        navegador = escaparate.pagina.context.browser
        assert navegador
        galeria["The App"] = [*app(navegador, sitio)]
    galeria |= {"Documents": documentos}
    escribir(galeria, CAPTURAS)
    guardar_las_elegidas(galeria)


def papeles(tmp_path: Path) -> list[str]:
    """The first page of the last document of each kind."""
    nombres = []
    for tipo in Documento.Tipo:
        documento = Documento.objects.filter(tipo=tipo, emitido__isnull=False).latest("creado")
        with documento.archivo.open("rb") as pdf:
            orden = ["pdftoppm", "-r", "80", "-png", "-singlefile", "-", str(tmp_path / tipo)]
            subprocess.run(orden, input=pdf.read(), check=True)
        nombres.append(f"documento: {tipo}")
        guardar((tmp_path / f"{tipo}.png").read_bytes(), captura(nombres[-1]))
    return nombres


def app(navegador: Browser, sitio: Portal) -> Iterator[str]:
    """The three steps on a phone, with what interrupts them; each picture's name."""
    caso = {caso.caso: caso for caso in ficticias.CASOS}
    contexto = navegador.new_context(base_url=sitio.url, locale="es-MX")
    pagina = contexto.new_page()

    def foto(pantalla: str, *que: str) -> str:
        esperar(pagina, pantalla)
        nombre = ", ".join([f"App: {pantalla}", *que])
        fotografiar(pagina, nombre)
        return nombre

    pagina.goto("/app/")
    yield foto("inicio")
    pagina.goto("/app/#/nss")
    yield foto("solicitud", "NSS")
    llenar(pagina, curp="XX", correo="x")
    pagina.locator(".resumen-errores").wait_for()
    yield foto("solicitud", "todo mal")
    llenar(pagina, curp=caso["vigente"].curp, correo=CORREO)
    yield foto("codigo")
    llenar(pagina, codigo="12")
    pagina.locator(".resumen-errores").wait_for()
    yield foto("codigo", "mal")
    llave = codigo(sitio, CORREO)
    espera = esperando(3)
    contexto.route(
        "**/app/pantalla/*/", lambda ruta: ruta.fulfill(body=espera.html, headers=espera.cabeceras)
    )
    llenar(pagina, codigo=llave)
    yield foto("procesando")
    contexto.unroute_all()
    muchas = {"title": "Espera un momento", "detail": "Pediste muchas veces lo mismo. Espera un minuto."}
    contexto.route("**/app/pantalla/*/", lambda ruta: ruta.fulfill(status=429, json=muchas))
    pagina.reload()
    yield foto("alto")
    contexto.unroute_all()
    pagina.reload()
    yield foto("resultado", "NSS")
    pagina.get_by_role("button", name="Finalizar trámite").click()
    yield foto("finalizado")
    pagina.goto("/app/#/vigencia")
    yield foto("solicitud", "vigencia")
    llenar(pagina)
    yield foto("resultado", "vigencia")
    pagina.goto("/app/#/clinica")
    yield foto("solicitud", "clínica")
    llenar(pagina, codigo_postal=caso["vigente"].cp)
    yield foto("eleccion")
    pagina.get_by_role("button", name="Continuar").click()
    yield foto("revision")
    pagina.get_by_role("button", name="Registrarme en esta clínica").click()
    yield foto("resultado", "clínica")
    pagina.goto("/app/#/")
    yield foto("inicio", "con su tarjeta")
    pagina.goto("/app/#/clinica")
    esperar(pagina, "resultado")
    sitio.base.consultar("UPDATE nss_portal_credencial SET expira = creada")
    pagina.get_by_role("button", name="Finalizar trámite").click()
    yield foto("solicitud", "acceso vencido")
    pagina.goto("/app/#/")
    esperar(pagina, "inicio")
    # Until the worker has kept the shell there is nothing to open without a network.
    pagina.evaluate("async () => { await navigator.serviceWorker.ready }")
    contexto.set_offline(True)
    ir_sin_conexion(contexto, pagina, "/app/")
    yield foto("inicio", "sin conexión")
    pagina.goto("/app/#/vigencia")
    esperar(pagina, "solicitud")
    llenar(pagina)
    yield foto("sin-red")
    contexto.close()

    for quien, pantalla in (("extranjero", "domicilio"), ("no-renapo", "rechazo")):
        contexto = navegador.new_context(base_url=sitio.url, locale="es-MX")
        pagina = contexto.new_page()
        pagina.goto("/app/#/nss")
        esperar(pagina, "solicitud")
        llenar(pagina, curp=caso[quien].curp, correo=f"{quien}@correo.example")
        esperar(pagina, "codigo")
        llenar(pagina, codigo=codigo(sitio, f"{quien}@correo.example"))
        yield foto(pantalla)
        contexto.close()


def guardar_las_elegidas(galeria: dict[str, list[str]]) -> None:
    """docs/capturas/: those of ELEGIDAS, drawn now, and their page."""
    for vieja in EN_LOS_DOCS.iterdir():
        vieja.unlink()
    elegidas = {
        grupo: [nombre for nombre in nombres if nombre in ELEGIDAS] for grupo, nombres in galeria.items()
    }
    assert {nombre for nombres in elegidas.values() for nombre in nombres} == {*ELEGIDAS}
    for nombre, anchos in ELEGIDAS.items():
        for ancho in anchos:
            shutil.copy(CAPTURAS / captura(nombre, ancho), EN_LOS_DOCS)
    escribir({grupo: nombres for grupo, nombres in elegidas.items() if nombres}, EN_LOS_DOCS)


def escribir(galeria: dict[str, list[str]], carpeta: Path) -> None:
    """README.md: every picture, beside what it is called."""
    partes = ["# Every screen, mail and document", LEYENDA]
    partes.append(" · ".join(f"[{grupo}](#{slugify(grupo)})" for grupo in galeria))
    for grupo, nombres in galeria.items():
        partes += [f"## {grupo}", "<table>", *(_hilera(n, carpeta) for n in nombres), "</table>"]
    texto = "\n\n".join(partes).replace("</tr>\n\n", "</tr>\n")
    (carpeta / "README.md").write_text(f"{texto}\n")


def _hilera(nombre: str, carpeta: Path) -> str:
    que = escape(nombre)
    # A sheet of paper has one width, and docs/capturas/ may have only one of two.
    medidas = {
        captura(nombre, ancho): medida for ancho, medida in zip((*ANCHOS, None), (560, 200, 560), strict=True)
    }
    anchos = {nombre: medida for nombre, medida in medidas.items() if (carpeta / nombre).exists()}
    celdas = "".join(f'<td><img src="{a}" width="{m}" alt="{que}"></td>' for a, m in anchos.items())
    return f'<tr valign="top"><th align="left" width="140">{que}</th>{celdas}</tr>'
