"""Names, schools, clinics and addresses of any length: nothing overflows, nothing is cut without notice."""

import io
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from nss_portal.documentos import imprenta
from tests.nss_portal.papel import (
    ALTO_PIE,
    BAJA,
    CASOS,
    DATOS,
    LARGO,
    MM,
    PEOR,
    Palabra,
    encimadas,
    hacer,
    imagen,
    junto,
    palabras,
    texto,
)


def _carta(tipo: str, datos: dict[str, Any], fin: str) -> str:
    """Its text, after looking that all is on one sheet and that `fin`, the last word, is above the foot."""
    octetos = imprenta.pdf(tipo, DATOS[tipo] | datos)
    assert len(PdfReader(io.BytesIO(octetos)).pages) == 1
    cajas = palabras(octetos)
    assert encimadas(cajas) == []
    assert max(p.x1 for p in cajas) <= (215.9 - 22.3) * MM + 0.5
    ultima = max((p for p in cajas if p.texto == fin), key=lambda p: p.y1)
    assert ultima.y1 + 1.5 * MM < ALTO_PIE
    assert not [p for p in cajas if ultima.y1 < p.y0 and p.y1 < ALTO_PIE]
    return junto(texto(octetos))


def _nss(nombre: str, domicilio: str) -> None:
    leido = _carta("nss", {"nombre": nombre, "domicilio": domicilio}, "corresponde.")
    assert "Nombre" + junto(nombre) + "CURP" in leido
    assert junto(domicilio) in leido


def _vigencia(nombre: str, escuela: str, clinica: str) -> None:
    datos = {"nombre": nombre, "escuela": escuela, "clinica": clinica}
    for estado, fin in (({}, "escolar."), (BAJA, "911.")):
        leido = _carta("vigencia", datos | estado, fin)
        assert "Nombre" + junto(nombre) + "CURP" in leido
        assert "EscuelaEscuela" + junto(escuela) + "Registropatronal" in leido
        assert "Clínica(UMF)" + junto(clinica) + ("Registro" if estado else "Turno") in leido


def _comprobante(nombre: str, clinica: str, domicilio: str) -> None:
    datos = {
        "nombre": nombre,
        "clinica": clinica,
        "domicilio_clinica": domicilio,
        "horario": domicilio[:120],
        "resultado": "cambiado",
        "anterior": clinica,
    }
    leido = _carta("comprobante-clinica", datos, "adscripción.")
    assert "Nombre" + junto(nombre) + "CURP" in leido
    assert "Tuclínica(UMF)es:" + junto(clinica + domicilio) + "Matutino" in leido
    assert "Horario" + junto(domicilio[:120]) + "Delegación" in leido
    assert "Clínicaanterior" + junto(clinica) + "Persona" in leido


def _caras(tipo: str, datos: dict[str, Any]) -> tuple[list[Palabra], str]:
    """The words of the front, and all the text, after looking that both faces hold theirs with air around."""
    octetos = imprenta.pdf(tipo, DATOS[tipo] | datos)
    assert len(PdfReader(io.BytesIO(octetos)).pages) == 1
    cajas = palabras(octetos)
    assert encimadas(cajas) == []
    caras = [p for p in cajas if 64 * MM < p.y0 < 122 * MM]
    frente = [p for p in caras if p.x0 < 107.95 * MM]
    vuelta = [p for p in caras if p.x0 >= 107.95 * MM]
    for cara, orilla in ((frente, 22.35), (vuelta, 107.95)):
        assert min(p.x0 for p in cara) >= (orilla + 5.5) * MM
        # A line that ends in «…» may take a letter's width of the edge.
        assert max(p.x1 for p in cara) <= (orilla + 85.6 - 3.8) * MM
        assert max(p.x1 for p in cara if not p.texto.endswith("…")) <= (orilla + 85.6 - 5.5) * MM
        assert min(p.y0 for p in cara) >= 66.5 * MM
        assert max(p.y1 for p in cara) <= (66 + 54 - 2) * MM
    return frente, junto(texto(octetos))


def _entero_o_con_aviso(impreso: str, dicho: str, minimo: int) -> None:
    assert impreso == junto(dicho) or (
        impreso.endswith("…") and len(impreso) > minimo and junto(dicho).startswith(impreso[:-1])
    )


def _entre(leido: str, desde: str, hasta: str) -> str:
    """What is between two captions, without its spaces: the last that begins before `hasta`."""
    return leido.split(hasta, 1)[0].rsplit(desde, 1)[1]


def _tarjeta(nombre: str, **datos: Any) -> None:
    frente, leido = _caras("tarjeta", datos | {"nombre": nombre})
    assert {"CURP", DATOS["tarjeta"]["curp"]} <= {p.texto for p in frente}
    _entero_o_con_aviso(_entre(leido, "Nombre", "CURP"), nombre, 100)


def _adscripcion(nombre: str, clinica: str, domicilio: str, **datos: Any) -> None:
    datos |= {"nombre": nombre, "clinica": clinica, "domicilio_clinica": domicilio}
    frente, leido = _caras("tarjeta-adscripcion", datos | {"horario": domicilio[:120]})
    assert {"NSS", "99260701992", "1F2007ES", "Matutino", "14"} <= {p.texto for p in frente}
    _entero_o_con_aviso(_entre(leido, "Nombre", "NSSAgregado"), nombre, 75)
    _entero_o_con_aviso(_entre(leido, "(UMF)", "TurnoConsultorio"), clinica, 75)
    _entero_o_con_aviso(_entre(leido, "OFICIAL", "Tel.555555"), domicilio, 85)
    _entero_o_con_aviso(_entre(leido, "5555550190", "Llevaesta"), domicilio[:120], 50)


def _todos(nombre: str, lugar: str, domicilio: str) -> None:
    _nss(nombre, domicilio)
    _tarjeta(nombre)
    _vigencia(nombre, lugar, lugar[:120].strip())
    _comprobante(nombre, lugar[:120].strip(), domicilio)
    _adscripcion(nombre, lugar[:120].strip(), domicilio)


parte = st.text("aeioumnprstlgWMÑÁÉÍÓÚÜñáéíóúü' ", min_size=1, max_size=50)
nombres = st.lists(parte, min_size=2, max_size=3).map(lambda p: " ".join(" ".join(p).split()) or "X")
lugares = st.text("aeiou mnprstWM 0123456789«»", max_size=150).map(lambda d: " ".join(d.split()) or "UMF 1")
domicilios = st.text("aeiou mnprstW,.0123456789#", max_size=200).map(lambda d: " ".join(d.split()) or "S/N")


@settings(max_examples=8, deadline=None, database=None)
@given(nombres, lugares, domicilios)
@example(PEOR, "W" * 150, "W" * 350)
@example(" ".join(["i" * 50] * 3), "i" * 150, "i" * 350)
@example(" ".join(["ñandú" * 10] * 3), "Ñ" * 150, "Ñ" * 200)
@example("W " * 74 + "W", "m " * 75, "m " * 100)
@example("Ó", "U", "1")
def test_ningun_nombre_rompe_los_documentos(nombre: str, lugar: str, domicilio: str) -> None:
    _todos(nombre, lugar, domicilio.strip())


@pytest.mark.parametrize("letras", range(10, 151, 20))
def test_cada_tamano(letras: int) -> None:
    """Every step of the sizes, with ordinary words: no name is cut before 6.5 pt is not enough."""
    nombre = (LARGO + " " + LARGO)[:letras].strip()
    lugar = ("Unidad de Medicina Familiar 902 Los Ahuehuetes del Ejemplo " * 3)[:letras].strip()
    _todos(nombre, lugar, ("Calle Ejemplo 1, Centro, " * 8)[: letras + 10].strip())
    assert "…" not in texto(imprenta.pdf("tarjeta", DATOS["tarjeta"] | {"nombre": nombre}))
    clinica = {"nombre": nombre, "clinica": lugar[:120].strip()}
    assert "…" not in texto(imprenta.pdf("tarjeta-adscripcion", DATOS["tarjeta-adscripcion"] | clinica))


def test_todo_lo_mas_largo_a_la_vez_cabe_en_el_comprobante() -> None:
    peor = CASOS["comprobante-clinica"]["peor"]
    leido = _carta("comprobante-clinica", peor, "adscripción.")
    for clave in ("clinica", "domicilio_clinica", "telefono", "horario", "ventanilla", "delegacion"):
        assert junto(peor[clave]) in leido, clave


def test_todo_lo_mas_largo_a_la_vez_cabe_en_la_adscripcion() -> None:
    _caras("tarjeta-adscripcion", CASOS["tarjeta-adscripcion"]["peor"])


def test_una_direccion_larga_de_verificacion_cabe_en_las_tarjetas() -> None:
    larga = "seguro-para-estudiantes.salud.example.org/verificar/"
    _tarjeta(LARGO, verificar=larga)
    _adscripcion(LARGO, "UMF 902", "Calle Ejemplo 1", verificar=larga)


@pytest.mark.parametrize("tipo", ["tarjeta", "tarjeta-adscripcion"])
def test_la_tarjeta_mide_lo_que_una_tarjeta(tipo: str) -> None:
    foto = imagen(hacer(tipo), 254)  # 10 pixels a millimetre
    franja = [x for x in range(foto.width) if foto.getpixel((x, 680)) == (0x61, 0x12, 0x32)]
    assert franja[0] == pytest.approx(223.5, abs=4) and franja[-1] == pytest.approx(223.5 + 856, abs=4)
    # The cut marks, at the corners of both faces: 171.2 × 54 mm.
    corte = [x for x in range(foto.width) if sum(foto.getpixel((x, 605))) < 300]
    assert max(corte) - min(corte) == pytest.approx(1712, abs=4)
    corte = [y for y in range(foto.height) if sum(foto.getpixel((170, y))) < 300 and y > 200]
    assert max(corte) - min(corte) == pytest.approx(540, abs=4)
