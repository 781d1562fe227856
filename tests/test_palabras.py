"""What the portal says: every word in a Spanish dictionary or in docs/glosario.md, and no long sentences."""

import ast
import json
import re
import subprocess
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from nss_portal.territorio import catalogo

RAIZ = Path(__file__).resolve().parent.parent
GLOSARIO = RAIZ / "docs" / "glosario.md"
PLANTILLAS = sorted((RAIZ / "templates").rglob("*.html")) + sorted((RAIZ / "templates").rglob("*.txt"))
# What modules say to whoever uses a page: errors of forms, notices, labels; not what they say to a terminal.
MODULOS = sorted(
    ruta
    for app in ("nss_portal", "afiliacion", "vigencia", "clinicas")
    for ruta in (RAIZ / app).rglob("*.py")
    if not {"migrations", "management", "models", "demo"} & set(ruta.parts)
    and not re.match(r"settings|models|catalogo|oficial|sepomex|procesos|formas", ruta.name)
)
GUIONES = sorted((RAIZ / "static").rglob("*.js"))
PALABRA = re.compile(r"[^\W\d_]+")


class Visible(HTMLParser):
    """The text of a template that somebody reads or hears."""

    CALLADAS = ("script", "style", "code")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.textos: list[str] = []
        self.callada = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.callada += tag in self.CALLADAS
        se_leen = ("alt", "title", "aria-label", "placeholder")
        self.textos += [valor for nombre, valor in attrs if nombre in se_leen and valor]
        suyo = dict(attrs)
        if suyo.get("name") == "description":
            self.textos.append(suyo["content"] or "")
        if suyo.get("type") in ("submit", "button"):
            self.textos.append(suyo.get("value") or "")
        if inline := suyo.get("data-inline-formset"):
            # What the admin's script writes on the buttons of a row.
            opciones = json.loads(inline)["options"]
            self.textos += [opciones["addText"], opciones["deleteText"]]

    def handle_endtag(self, tag: str) -> None:
        self.callada -= tag in self.CALLADAS

    def handle_data(self, data: str) -> None:
        if not self.callada:
            self.textos.append(data)


# Parts of a template that hold code: the name of a screen, attributes, style.
DE_CODIGO = re.compile(
    r"\{% block (pantalla|main|cabeza|clase|destino|cuerpo_titulo|extrahead|coltype) %\}.*?\{% endblock %\}"
    r"|(?<!\w)/[\w/.-]+",  # and addresses
    re.S,
)


def dicho(texto: str) -> str:
    """The strings of a module that begin like a sentence."""
    arbol = ast.parse(texto)
    duenos = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    con_cuerpo = [n for n in ast.walk(arbol) if isinstance(n, duenos)]
    comentarios = {id(n.body[0].value) for n in con_cuerpo if n.body and isinstance(n.body[0], ast.Expr)}
    cadenas = (n for n in ast.walk(arbol) if isinstance(n, ast.Constant) and id(n) not in comentarios)
    frase = re.compile(r"[A-ZÁÉÍÓÚÑ¿«]\S*[a-záéíóúñ]\S* ")
    return "\n".join(n.value for n in cadenas if isinstance(n.value, str) and frase.match(n.value))


def visible(ruta: Path) -> str:
    """What of a file somebody reads or hears."""
    texto = ruta.read_text(encoding="utf-8")
    if ruta.suffix == ".py":
        return dicho(texto)
    if ruta.suffix == ".js":
        # What begins like a sentence, between the quotes of a string.
        frases = re.findall(r"""(["'`])([A-ZÁÉÍÓÚÑ¿«](?:(?!\1).)*\s(?:(?!\1).)*)\1""", texto)
        return re.sub(r"\$\{[^}]*\}", " ", "\n".join(frase for _, frase in frases))
    # The words of a tag are code, but for those that it gives to a text.
    dichas = re.findall(r'\b(?:aqui|leyenda)="([^"]*)"', texto)
    sin_codigo = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", DE_CODIGO.sub(" ", texto), flags=re.S)
    return "\n".join([*dichas, *Visible(sin_codigo).textos])


def del_glosario() -> set[str]:
    """The terms that the glossary explains, and its list of words that no dictionary has."""
    texto = GLOSARIO.read_text(encoding="utf-8")
    terminos = re.findall(r"\*\*(.+?)\*\*", texto) + re.findall(r"^- (.+)$", texto, re.M)
    return {palabra.casefold() for palabra in PALABRA.findall("\n".join(terminos))}


@cache
def nombres_propios() -> frozenset[str]:
    """The words of the names of places, from the catalogue: a dictionary has those that it likes."""
    lugares = {lugar for fila in catalogo.del_paquete() for lugar in (fila.municipio, fila.entidad)}
    return frozenset(PALABRA.findall(" ".join(lugares)))


def sin_conocer(palabras: set[str]) -> set[str]:
    """Those that neither the dictionary nor the catalogue of places has."""
    orden = ["hunspell", "-d", "es_MX", "-i", "utf-8", "-l"]
    dichas = "\n".join(sorted(palabras - nombres_propios()))
    return set(subprocess.run(orden, input=dichas, capture_output=True, text=True, check=True).stdout.split())


def test_todo_lo_que_se_lee_esta_bien_escrito() -> None:
    glosario = del_glosario()
    palabras = {
        (palabra, ruta.relative_to(RAIZ).as_posix())
        for ruta in [*PLANTILLAS, *GUIONES, *MODULOS]
        for palabra in PALABRA.findall(visible(ruta))
        if len(palabra) > 1 and palabra.casefold() not in glosario
    }
    assert len(palabras) > 5000  # it did read them
    desconocidas = sin_conocer({palabra for palabra, _ in palabras})
    assert not sorted(uso for uso in palabras if uso[0] in desconocidas)
    assert sin_conocer({"verificacion", "Welcome", "derecho"}) == {"verificacion", "Welcome"}


@pytest.mark.parametrize("ruta", PLANTILLAS, ids=lambda ruta: ruta.relative_to(RAIZ).as_posix())
def test_frases_cortas(ruta: Path) -> None:
    """A 14-year-old reads it in one breath: no sentence of more than 32 words."""
    for parrafo in visible(ruta).split("\n"):
        for frase in re.split(r"[.:;?!…]\s", parrafo):
            assert len(PALABRA.findall(frase)) <= 32, frase


# What is sounded together: a strong vowel, or an accented one, with the weak ones beside it.
NUCLEO = re.compile(r"[aeoáéíóú]|(?<![aeoáéíóú])[iuü]+(?![aeoáéíóú])")


def facilidad(texto: str) -> tuple[float, int]:
    """The perspicuity of Szigriszt-Pazos (206.835 − 62.3 syllables a word − words a sentence), and how many
    words it was worked out from.

    On the INFLESZ scale 55 to 65 is «normal», 65 to 80 «fairly easy»: what secundaria reads.
    """
    frases = [PALABRA.findall(frase) for frase in re.split(r"[.:;?!…](?:\s|$)|\n", texto)]
    frases = [frase for frase in frases if len(frase) > 3]  # labels are no sentences
    palabras = [palabra.casefold() for frase in frases for palabra in frase]
    silabas = sum(max(1, len(NUCLEO.findall(palabra))) for palabra in palabras)
    total = max(1, len(palabras))
    return 206.835 - 62.3 * silabas / total - total / max(1, len(frases)), total


def test_se_lee_a_los_catorce_anios() -> None:
    medidas = {ruta: facilidad(visible(ruta)) for ruta in PLANTILLAS}
    largas = {ruta: medida for ruta, (medida, palabras) in medidas.items() if palabras >= 45}
    assert len(largas) > 60
    assert not [(ruta.name, medida) for ruta, medida in largas.items() if medida < 65]
    # The same thing, as an office would say it.
    dificil = (
        "Se hace de su conocimiento que la institución educativa correspondiente deberá efectuar la "
        "incorporación del derechohabiente al régimen obligatorio con anterioridad a la solicitud presentada."
    )
    assert facilidad(dificil)[0] < 40
