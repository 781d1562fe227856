"""Documents for the tests: what they say, in ordinary and in hard cases, and how a reader finds it."""

import io
import json
import re
import subprocess
from functools import cache
from html import unescape
from typing import Any, NamedTuple

from PIL import Image

from nss_portal.documentos import imprenta, sello

_COMUN = {
    "folio": "1795106467155179492756",
    "fecha": "2026-11-19",
    "emitido": "2026-11-19T16:41:07+00:00",
    "nombre": "Citlali Ejemplo Ríos",
    "curp": "EERC070214MDFJSTA5",
    "nss": "99260701992",
    "codigo": "7Q4KM2XD",
    "url": "http://127.0.0.1:8000/v/Zk3v9QeT1mYbA7x2LwPq5c/",
    "verificar": "127.0.0.1:8000/verificar",
    "demo": True,
    # As long as one can be; `test_sello` makes true ones.
    "sello": "MEYCIQDk3Vw9sT0mXrQ2hZb7nPfLc5YgJ8uAeK1iOdRxW4tHvQIhAMq6BzNjS3lDy0pGkXwU"
    "cE9aFrTbI2oVnLh5mQ7YsJ4u",
    "clave": "3f9a1b2c",
}
_CLINICA = {
    "clinica": "UMF 902 Los Ahuehuetes",
    "clues": "DFIMS000902",
    "domicilio_clinica": "Av. de los Ejemplos 120, Copilco, C. P. 04360, Coyoacán, Ciudad de México",
    "telefono": "55 5555 0190",
    "horario": "Lunes a viernes, de 8:00 a 20:00 h",
    "ventanilla": "Ventanilla de Afiliación y Vigencia, lunes a viernes, de 8:00 a 15:00 h",
    "delegacion": "Ciudad de México Sur",
    "turno": "matutino",
    "consultorio": "14",
    "desde": "2026-11-18",
    "agregado": "1F2007ES",
    "vigente_hasta": "2027-07-31",
    "resultado": "registrado",
    "anterior": "",
}
DATOS: dict[str, dict[str, Any]] = {
    "nss": _COMUN
    | {"resultado": "asignado", "subdelegacion": "Centro", "prefijo_origen": "demostrativo", "domicilio": ""},
    "tarjeta": _COMUN,
    "vigencia": _COMUN
    | {
        "vigente": True,
        "causa": "",
        "desde": "2026-08-17",
        "hasta": "2027-07-31",
        "escuela": "Universidad Ejemplar del Valle",
        "registro": "Y6212345321",
        "movimiento": "Alta",
        "movimiento_fecha": "2026-08-21",
        "agregado": "1F2007ES",
        "delegacion": "Ciudad de México Sur",
        "clinica": "UMF 902 Los Ahuehuetes",
        "turno": "matutino",
        "consultorio": "14",
        "clinica_suspendida": False,
    },
    "comprobante-clinica": _COMUN | _CLINICA,
    "tarjeta-adscripcion": _COMUN | _CLINICA,
}
TIPOS = tuple(DATOS)
for _tipo in TIPOS:
    DATOS[_tipo] = DATOS[_tipo] | {"cadena": sello.cadena_original(_tipo, DATOS[_tipo])}
CARTAS = ("nss", "vigencia", "comprobante-clinica")

LARGO = "María Guadalupe de los Ángeles Inmaculada Concepción Ejemplo Montemayor de la Garza Villarreal"
PEOR = " ".join(["W" * 50] * 3)  # the widest letter: nothing of 150 characters takes more room
SIN_CLINICA = {"clinica": "", "turno": "", "consultorio": "", "delegacion": ""}
NUNCA = SIN_CLINICA | {
    "vigente": False,
    "causa": "nunca-inscrito",
    **dict.fromkeys(("desde", "hasta", "escuela", "registro", "movimiento", "movimiento_fecha"), ""),
}
BAJA = {
    "vigente": False,
    "causa": "baja",
    "hasta": "2026-10-04",
    "movimiento": "Baja",
    "movimiento_fecha": "2026-10-05",
    "clinica_suspendida": True,
}
_UMF_LARGA = "UMF con Unidad Médica de Atención Ambulatoria 902 «Los Ahuehuetes de la Delegación del Sur»"
_CALLE_LARGA = ("Privada de los Ejemplos Insurgentes " * 6)[:200]
_HORARIO_LARGO = "Lunes a viernes, de 8:00 a 20:00 h; sábados, domingos y días festivos, sólo urgencias"
_LARGA = {
    "clinica": _UMF_LARGA,
    "domicilio_clinica": _CALLE_LARGA,
    "horario": _HORARIO_LARGO,
    "resultado": "cambiado",
    "anterior": _UMF_LARGA,
}
_PEOR_CLINICA = {
    "clinica": "W" * 120,
    "domicilio_clinica": "W" * 350,
    "telefono": "W" * 60,
    "horario": "W" * 120,
    "ventanilla": "W" * 160,
    "delegacion": "W" * 60,
    "resultado": "cambiado",
    "anterior": "W" * 120,
}
CASOS: dict[str, dict[str, dict[str, Any]]] = {
    "nss": {
        "ordinario": {},
        "sin segundo apellido": {"nombre": "Íñigo Ñandú", "subdelegacion": "", "prefijo_origen": ""},
        "localizado": {
            "resultado": "localizado",
            "prefijo_origen": "publico",
            "domicilio": "Av. Ejemplo 123, interior 4, Centro, C. P. 06000, Cuauhtémoc, Ciudad de México",
            "demo": False,
        },
        "largo": {"nombre": LARGO, "domicilio": _CALLE_LARGA},
        "peor": {"nombre": PEOR, "domicilio": "W" * 420, "subdelegacion": "W" * 80},
    },
    "tarjeta": {
        "ordinario": {},
        "sin segundo apellido": {"nombre": "Íñigo Ñandú", "demo": False},
        "largo": {"nombre": LARGO},
        "peor": {"nombre": PEOR},
    },
    "vigencia": {
        "ordinario": {},
        "sin clínica": SIN_CLINICA | {"nombre": "Íñigo Ñandú", "demo": False},
        "nunca inscrito": NUNCA,
        "baja": BAJA,
        "ciclo terminado": {"vigente": False, "causa": "ciclo-terminado", "clinica_suspendida": True},
        "aún no inicia": {"vigente": False, "causa": "aun-no-inicia", "desde": "2027-01-11"},
        "largo": {"nombre": LARGO, "escuela": "Preparatoria Ejemplar " * 6, "clinica": _UMF_LARGA},
        "peor": BAJA | {"nombre": PEOR, "escuela": "W" * 150, "clinica": "W" * 120, "delegacion": "W" * 60},
    },
    "comprobante-clinica": {
        "ordinario": {},
        "cambiado": {
            "nombre": "Íñigo Ñandú",
            "resultado": "cambiado",
            "anterior": "UMF 931 Jardines",
            "demo": False,
        },
        "largo": {"nombre": LARGO, **_LARGA},
        "peor": {"nombre": PEOR, **_PEOR_CLINICA},
    },
    "tarjeta-adscripcion": {
        "ordinario": {},
        "sin segundo apellido": {
            "nombre": "Íñigo Ñandú",
            "telefono": "",
            "turno": "vespertino",
            "demo": False,
        },
        "largo": {"nombre": LARGO, **_LARGA},
        "peor": {"nombre": PEOR, **_PEOR_CLINICA},
    },
}
CADA_CASO = [(tipo, caso) for tipo, casos in CASOS.items() for caso in casos]
MM = 72 / 25.4
ALTO_PIE = 638  # pt from the top of the page to the rule over a letter's foot


@cache
def _hecho(tipo: str, cambios: str) -> bytes:
    return imprenta.pdf(tipo, DATOS[tipo] | json.loads(cambios))


def hacer(tipo: str, **cambios: Any) -> bytes:
    return _hecho(tipo, json.dumps(cambios))


def orden(octetos: bytes, *partes: str) -> bytes:
    """Output of a poppler command that reads the PDF from its standard input."""
    return subprocess.run(partes, input=octetos, capture_output=True, check=True).stdout


def texto(octetos: bytes) -> str:
    return orden(octetos, "pdftotext", "-raw", "-", "-").decode()


def junto(cadena: str) -> str:
    return re.sub(r"\s", "", cadena)


def imagen(octetos: bytes, ppp: int) -> Image.Image:
    png = orden(octetos, "pdftoppm", "-r", str(ppp), "-png", "-singlefile", "-")
    return Image.open(io.BytesIO(png)).convert("RGB")


class Palabra(NamedTuple):
    x0: float
    y0: float
    x1: float
    y1: float
    texto: str


def palabras(octetos: bytes) -> list[Palabra]:
    """Words with their boxes in pt, trimmed to the ink: the font's own box is taller than its line."""
    cajas = re.findall(
        r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</word>',
        orden(octetos, "pdftotext", "-bbox", "-", "-").decode(),
    )
    return [
        Palabra(x0, y0 + 0.2 * (y1 - y0), x1, y1 - 0.2 * (y1 - y0), unescape(dicho))
        for *numeros, dicho in cajas
        for x0, y0, x1, y1 in [map(float, numeros)]
    ]


def encimadas(cajas: list[Palabra]) -> list[tuple[str, str]]:
    return [
        (a.texto, b.texto)
        for i, a in enumerate(cajas)
        for b in cajas[:i]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 0.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 0.5
    ]
