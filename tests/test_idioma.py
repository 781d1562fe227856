"""The admin speaks Spanish: nothing of Django's is left in English, and all that is read is well spelt."""

import gettext
import io
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import CharField, TextField
from django.test import Client
from django.utils.translation.trans_real import DjangoTranslation

from tests.personal import entrar, recorrer
from tests.test_admin import con_filas, tramite
from tests.test_palabras import Visible, del_glosario, sin_conocer

__all__ = ["con_filas", "tramite"]

[NUESTRAS] = settings.LOCALE_PATHS
CARPETAS = [Path(django.__file__).parent / "conf", *(Path(app.path) for app in apps.get_app_configs())]
AJENAS = [c / "locale" for c in CARPETAS if c / "locale" != NUESTRAS and (c / "locale" / "en").is_dir()]
cada_dominio = pytest.mark.parametrize("dominio", ["django", "djangojs"])


def leer(ruta: Path, *antes: str) -> dict[Any, str]:
    """The messages of a .po, after a command that rewrites it."""
    texto = ruta.read_bytes()
    for orden in ([*antes], ["msgfmt", "--check-format", "-o", "-", "-"]):
        if orden:
            texto = subprocess.run(orden, input=texto, capture_output=True, check=True).stdout
    return {
        clave: dicho for clave, dicho in gettext.GNUTranslations(io.BytesIO(texto))._catalog.items() if clave
    }


def en_minuscula(clave: Any) -> Any:
    return clave[0].lower() + clave[1:] if isinstance(clave, str) else clave


def de_django(dominio: str) -> dict[Path, set[Any]]:
    """All that each installed package may say, in its own English."""
    rutas = {carpeta: carpeta / "en" / "LC_MESSAGES" / f"{dominio}.po" for carpeta in AJENAS}
    return {carpeta: set(leer(ruta, "msgen", "-")) for carpeta, ruta in rutas.items() if ruta.exists()}


@cada_dominio
def test_todo_lo_que_dice_django_tiene_espanol(dominio: str) -> None:
    """A Django that says something new fails here, with its words: they go to our .po."""
    faltan = []
    for carpeta, claves in de_django(dominio).items():
        # As the admin's pages ask for it: in all of the portal; its scripts, in its own folder and in ours.
        donde = {"localedirs": [str(carpeta)]} if dominio == "djangojs" else {}
        hay = DjangoTranslation(settings.LANGUAGE_CODE, domain=dominio, **donde)._catalog
        faltan += [clave for clave in claves if clave not in hay]
    assert not faltan
    assert sum(map(len, de_django(dominio).values())) >= 90  # it did read them


@cada_dominio
def test_nuestras_palabras_estan_compiladas_y_sirven(dominio: str) -> None:
    ruta = NUESTRAS / "es" / "LC_MESSAGES" / f"{dominio}.po"
    escritas = leer(ruta)
    with ruta.with_suffix(".mo").open("rb") as compilado:
        suyas = {
            clave: dicho for clave, dicho in gettext.GNUTranslations(compilado)._catalog.items() if clave
        }
    assert suyas == escritas, f"manage.py compilemessages -l es -i .venv, after a change in {ruta.name}"
    # What no package says any more is taken out. (A history keeps the names of fields with a capital.)
    dichas = set().union(*de_django(dominio).values())
    assert not {clave for clave in escritas if not {clave, en_minuscula(clave)} & dichas}
    hay = DjangoTranslation(settings.LANGUAGE_CODE, domain=dominio)._catalog
    assert all(hay[clave] == dicho for clave, dicho in escritas.items())


@cada_dominio
def test_como_lo_escribe_el_portal(dominio: str) -> None:
    dicho = " ".join(leer(NUESTRAS / "es" / "LC_MESSAGES" / f"{dominio}.po").values())
    assert not re.findall(r"\b(?:solo|oprim\w+)\b", dicho, re.IGNORECASE)


def test_las_palabras_de_los_guiones_llegan(admin_client: Client) -> None:
    guion = admin_client.get("/admin/jsi18n/").content.decode()
    assert "Disponibles: %s" in guion and "Hoy (%(date)s)" in guion


# Numbers of documents and people, fingerprints, the beginning of a password's salt: not words.
NO_SON_PALABRAS = re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{12,}\b|\w+\*+|[\w-]+•+\w*|\S+@\S+")
PALABRA = re.compile(r"[^\W_]+")


def palabras(texto: str) -> set[str]:
    """Its words; not what has a digit, nor what is all in capitals, which is a code."""
    todas = PALABRA.findall(NO_SON_PALABRAS.sub(" ", texto))
    return {una for una in todas if len(una) > 1 and una.isalpha() and not una.isupper()}


def de_los_datos() -> set[str]:
    """The words that staff typed or loaded: of each table, the rows that its list begins with."""
    vistas = set()
    for modelo, pagina in admin.site._registry.items():
        campos = [c.attname for c in modelo._meta.concrete_fields if isinstance(c, CharField | TextField)]
        filas = modelo._base_manager.order_by(*pagina.ordering or modelo._meta.ordering).values_list(*campos)
        vistas |= palabras("\n".join(str(valor) for fila in filas[:300] for valor in fila if valor))
    return {una.casefold() for una in vistas}


def desconocidas(paginas: Iterable[tuple[str, str]], datos: set[str]) -> list[tuple[str, str]]:
    """(word, page) of what is neither Spanish, nor in the glossary, nor a datum."""
    usos: dict[str, str] = {}
    for nombre, html in paginas:
        visible = Visible(html).textos
        # As icons are read aloud; the dictionary takes them for somebody's verbs.
        assert not {"True", "False", "None"} & {texto.strip() for texto in visible}, nombre
        for palabra in palabras("\n".join(visible)):
            usos.setdefault(palabra, nombre)
    conocidas = del_glosario() | datos
    nuevas = {palabra for palabra in usos if palabra.casefold() not in conocidas}
    return sorted((palabra, usos[palabra]) for palabra in sin_conocer(nuevas))


def html_de(visitas: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    return ((nombre, respuesta.content.decode()) for nombre, respuesta in visitas)


@pytest.mark.django_db
@pytest.mark.usefixtures("con_filas")
@pytest.mark.parametrize("quien", ["personal", "ventanilla"])
def test_lo_que_ve_cada_quien(quien: str) -> None:
    """What the others see is read where it is looked at, in a browser (`test_cara_admin.py`)."""
    datos = de_los_datos()
    assert not desconocidas(html_de(recorrer(entrar(User.objects.get(username=quien)))), datos)


@pytest.mark.django_db
def test_lo_que_esta_en_ingles_se_nota() -> None:
    datos = de_los_datos()
    en_ingles = '<p>Select an option</p><img alt="Search"><input type="submit" value="Run">'
    halladas = {palabra for palabra, _ in desconocidas([("", en_ingles)], datos)}
    assert halladas == {"Select", "an", "option", "Search", "Run"}
