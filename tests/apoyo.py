"""What tests do as a person would: read a page, solve the letters, send a form."""

import itertools
import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

from captcha.models import CaptchaStore
from django.test import Client

from nss_portal.colas import reanudar as reanudar
from nss_portal.demo import ficticias
from nss_portal.models import Persona
from vigencia.models import Escuela, Inscripcion

CORREO = "persona@correo.example"


# Marks whose element holds their value, and nothing else.
CON_VALOR = "data-nss data-folio data-fecha data-clinica data-turno data-consultorio data-hecho".split()


class Pagina(HTMLParser):
    """The facts of a page that tests ask for: its screen, its marks, its form values, what is forbidden."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pantallas: list[str | None] = []
        self.marcas: dict[str, list[str | None]] = {}
        self.campos: dict[str, str] = {}
        self.ids: list[str] = []
        self.prohibido: list[str] = []
        self.lang = ""
        self.plantilla = ""  # the <template> that is being read: its ids are its own
        self.valores: list[tuple[str, str]] = []  # (mark, its element's text) of those whose text is a value
        self._dentro: list[tuple[str, str, int]] = []  # (mark, tag, elements of that tag open inside)
        self.feed(html)

    def handle_data(self, data: str) -> None:
        for n, (marca, _, _) in enumerate(self._dentro, len(self.valores) - len(self._dentro)):
            self.valores[n] = (marca, self.valores[n][1] + data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        atributos = dict(attrs)
        self._dentro = [(m, t, n + (t == tag)) for m, t, n in self._dentro]
        if marca := next(
            (m for m in CON_VALOR if m in atributos and not (atributos[m] and m == "data-nss")), ""
        ):
            self._dentro.append((marca, tag, 1))
            self.valores.append((marca, ""))
        for nombre, valor in attrs:
            if nombre.startswith("data-"):
                self.marcas.setdefault(nombre, []).append(valor)
            if nombre == "style" or re.match(r"on[a-z]+$", nombre):
                self.prohibido.append(f"{tag}[{nombre}]")
            if nombre in {"src", "href"} and re.match(r"(data|javascript):", valor or ""):
                self.prohibido.append(f"{tag}[{nombre}={(valor or '')[:20]}]")
            if nombre == "id" and valor:
                self.ids.append(self.plantilla + valor)
        if tag == "template":
            self.plantilla = f"{atributos.get('id')} "
        if tag == "html":
            self.lang = atributos.get("lang") or ""
        if tag == "main":
            self.pantallas.append(atributos.get("data-pantalla"))
        if tag == "input" and atributos.get("name"):
            self.campos[str(atributos["name"])] = atributos.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self._dentro = [(m, t, n - (t == tag)) for m, t, n in self._dentro if n > (t == tag)]
        if tag == "template":
            self.plantilla = ""


class Estricto(Client):
    """A browser that refuses a page which shows a template tag, runs inline code or has two screens."""

    def request(self, **kwargs: Any) -> Any:
        respuesta = super().request(**kwargs)
        es_html = respuesta.headers.get("Content-Type", "").startswith("text/html")
        ajena = respuesta.streaming or respuesta.request["PATH_INFO"].startswith("/admin/")
        if es_html and not ajena and respuesta.content:
            html = respuesta.content.decode()
            respuesta.pagina = pagina = Pagina(html)
            assert "{{" not in html and "{%" not in html, "a template tag reached the page"
            if "style-src 'unsafe-inline'" not in respuesta.headers.get("Content-Security-Policy", ""):
                assert not pagina.prohibido, pagina.prohibido
                assert len(pagina.pantallas) == 1 and pagina.pantallas[0], "one <main data-pantalla> a page"
                assert pagina.lang == "es-MX"
                assert len(pagina.ids) == len(set(pagina.ids)), "an id is there twice"
                assert all(texto == texto.strip() for _, texto in pagina.valores), pagina.valores
        return respuesta


def respuesta_captcha(clave: str) -> str:
    """What a person reads in the image."""
    return CaptchaStore.objects.get(hashkey=clave).response


def formulario(
    cliente: Estricto, curp: str, correo: str = CORREO, paso: str = "nss", **cambios: str
) -> dict[str, str]:
    """The form of a step filled in by a person, with `cambios` (and what only that step asks for) on top."""
    campos = cliente.get(f"/{paso}/").pagina.campos
    datos = {
        "solicitud": campos["solicitud"],
        "curp": curp,
        "correo": correo,
        "correo_confirmacion": correo,
        "captcha_0": campos["captcha_0"],
        "captcha_1": respuesta_captcha(campos["captcha_0"]),
    }
    return datos | cambios


def solicitar(cliente: Estricto, curp: str, paso: str = "nss", **cambios: str) -> str:
    """Send the form of a step; the address of the trámite."""
    respuesta = cliente.post(f"/{paso}/", formulario(cliente, curp, paso=paso, **cambios))
    assert respuesta.status_code == 302, respuesta.content.decode()
    return respuesta.url


def persona_con_nss(cual: int = 0) -> Persona:
    """Somebody with an NSS whom no school, clinic or sample knows."""
    conocidas = {caso.curp for caso in ficticias.CASOS}
    nuevas = (p for p in ficticias.personas_sinteticas(5000) if p.nss and p.curp not in conocidas)
    libres = (p for p in nuevas if not Persona.objects.filter(curp=p.curp).exists())
    persona = next(itertools.islice(libres, cual, None))
    persona.save()
    return persona


def escuela_de_prueba(cct: str = "09DCT0999A", nombre: str = "Universidad de las Pruebas") -> Escuela:
    """A school of one level more than enough, with one registro patronal."""
    escuela = Escuela.objects.create(
        cct=cct, nombre=nombre, medio_superior=True, superior=True, entidad_id=cct[:2]
    )
    escuela.registros.create(registro=f"Y{cct[:2]}{cct[5:9]}{ord(cct[-1]) % 10}320")
    return escuela


def inscribir(
    persona: Persona, alta: date, fin: date, escuela: Escuela | None = None, **cambios: Any
) -> Inscripcion:
    escuela = escuela or Escuela.objects.filter(pk="09DCT0999A").first() or escuela_de_prueba()
    datos = {"ciclo": f"{alta.year}-{alta.year + 1}", "nivel": "superior", "matricula": "A1"} | cambios
    return Inscripcion.objects.create(
        persona=persona, escuela=escuela, registro=escuela.registros.all()[0], alta=alta, fin=fin, **datos
    )


def domicilio(cp: str = "06600", colonia: str = "Juárez", **cambios: str) -> dict[str, str]:
    return {
        "codigo_postal": cp,
        "colonia": colonia,
        "calle": "Calle de los Ejemplos",
        "numero_exterior": "12",
        "numero_interior": "",
    } | cambios
