"""What each document says, read from the page."""

import re
from itertools import pairwise
from typing import Any

import pytest

from nss_portal.documentos import imprenta
from tests.nss_portal.papel import (
    ALTO_PIE,
    BAJA,
    CASOS,
    DATOS,
    MM,
    NUNCA,
    SIN_CLINICA,
    TIPOS,
    hacer,
    imagen,
    junto,
    palabras,
    texto,
)


def en_orden(leido: str, *partes: str) -> bool:
    lugares = [leido.find(parte) for parte in partes]
    return -1 not in lugares and all(a < b for a, b in pairwise(lugares))


# The number --------------------------------------------------------------------------------------


def test_los_renglones_de_la_carta() -> None:
    leido = texto(hacer("nss"))
    assert "Fecha de asignación 19 de noviembre de 2026" in leido
    assert "Subdelegación Centro (prefijo de demostración)" in leido
    assert "NSS sin espacios 99260701992" in leido
    assert "Emitido el 19 de noviembre de 2026 a las 10:41 h." in leido  # Mexico City, not UTC
    assert "Domicilio" not in leido
    assert "127.0.0.1:8000/verificar" in leido

    leido = texto(hacer("nss", **CASOS["nss"]["localizado"]))
    assert "Fecha de localización 19 de noviembre de 2026" in leido and "asignación" not in leido
    assert "Subdelegación Centro\n" in leido
    assert "DomicilioregistradoAv.Ejemplo123,interior4,Centro,C.P.06000,Cuauhtémoc,Ciudad" in junto(leido)

    leido = texto(hacer("nss", **CASOS["nss"]["sin segundo apellido"]))
    assert "demostración" not in leido and leido.count("Subdelegación") == 1  # the caption of the digits


def test_los_grupos_del_numero() -> None:
    cajas = [p for p in palabras(hacer("nss")) if p.y1 - p.y0 > 25]
    assert [p.texto for p in sorted(cajas)] == ["99", "26", "07", "0199", "2"]


# The report --------------------------------------------------------------------------------------

RESPUESTAS = [
    ({}, "SÍ", "Vigente desde el 17 de agosto de 2026 hasta el 31 de julio de 2027."),
    (NUNCA, "NO", "Ninguna escuela te ha inscrito. Se arregla en tu escuela, sin costo."),
    (BAJA, "NO", "Tu escuela te dio de baja el 5 de octubre de 2026."),
    (CASOS["vigencia"]["ciclo terminado"], "NO", "Tu inscripción terminó el 31 de julio de 2027."),
    (CASOS["vigencia"]["aún no inicia"], "NO", "Tu escuela ya te inscribió: inicia el 11 de enero de 2027."),
]


@pytest.mark.parametrize(("cambios", "respuesta", "porque"), RESPUESTAS)
def test_la_respuesta_es_lo_primero_que_se_ve(cambios: dict[str, Any], respuesta: str, porque: str) -> None:
    octetos = hacer("vigencia", **cambios)
    leido = texto(octetos)
    assert f"Con derecho al servicio médico por tu escuela: {respuesta}\n{porque}\n" in leido
    sigue = "Lo que sigue" if respuesta == "SÍ" else "Qué hacer"
    assert en_orden(
        leido, "Situación de", "por tu escuela:", "Persona\n", "Derecho\n", "Escuela\n", "Clínica\n", sigue
    )
    assert ("911" in leido) == (respuesta == "NO")
    (grande,) = [p.texto for p in palabras(octetos) if p.y1 - p.y0 > 25]
    assert grande == respuesta


def test_el_no_no_es_rojo() -> None:
    """Amber: it is not an error. And it has another shape than the yes, for who prints in black."""
    colores = {}
    for respuesta, cambios in (("SÍ", {}), ("NO", BAJA)):
        octetos = hacer("vigencia", **cambios)
        (caja,) = [p for p in palabras(octetos) if p.texto == respuesta]
        foto = imagen(octetos, 72)
        recorte = foto.crop((round(caja.x0), round(caja.y0), round(caja.x1), round(caja.y1)))
        colores[respuesta] = min((sum(color), color) for _, color in recorte.getcolors(10_000))[1]
        orilla = foto.getpixel((int((215.9 - 22.35) * MM) - 1, int(caja.y0)))
        assert (sum(orilla) < 600) == (respuesta == "NO")
    assert colores == {"SÍ": (0x1E, 0x5B, 0x4F), "NO": (0x7A, 0x4B, 0x00)}


def test_los_renglones_del_reporte() -> None:
    leido = texto(hacer("vigencia"))
    for renglon in (
        "Situación de Citlali Ejemplo Ríos ante el seguro social el 19 de noviembre de 2026",
        "las 10:41 h, hora de la Ciudad de México.",
        "Nombre Citlali Ejemplo Ríos\nCURP EERC070214MDFJSTA5\nNSS 99260701992\nAgregado médico 1F2007ES\n",
        "Vigente desde 17 de agosto de 2026\nVigente hasta 31 de julio de 2027\nModalidad 32, Seguro",
        "Prestaciones En especie, del seguro de\nenfermedades y maternidad\n",
        "Escuela Universidad Ejemplar del",
        "Registro patronal Y6212345321\nÚltimo movimiento Alta, 21 de agosto de 2026\n",
        "Clínica (UMF) UMF 902 Los Ahuehuetes\nTurno Matutino\nConsultorio 14\n",
        "Delegación Ciudad de México Sur\nLo que sigue\n",
        "Lleva tu tarjeta de adscripción y una identificación con foto.",
    ):
        assert renglon in leido, renglon
    assert "En pausa" not in leido and "Otra protección" not in leido

    leido = texto(hacer("vigencia", **SIN_CLINICA))
    assert "Clínica (UMF) Sin registro en clínica\nLo que sigue\n" in leido and "es el paso 3" in leido


def test_el_reporte_de_quien_no_tiene_derecho() -> None:
    leido = texto(hacer("vigencia", **NUNCA))
    assert "Vigencia Sin periodo vigente\nModalidad Sin inscripción\n" in leido
    assert "Prestaciones Ninguna por tu escuela\nOtra protección No la sabe este reporte\n" in leido
    assert "Escuela Ninguna te ha inscrito\nÚltimo movimiento Sin movimientos\n" in leido
    assert "Clínica (UMF) Sin registro en clínica\nQué hacer\n" in leido and "control escolar" in leido

    leido = texto(hacer("vigencia", **BAJA))
    assert "Inició 17 de agosto de 2026\nTerminó 4 de octubre de 2026\nModalidad 32" in leido
    assert "Registro En pausa hasta que tu escuela te\ninscriba\n" in leido
    assert "Último movimiento Baja, 5 de octubre de 2026\n" in leido

    # Taken back before its first day: there was no period.
    leido = texto(hacer("vigencia", **BAJA | {"hasta": "2026-08-16"}))
    assert "Vigencia Sin periodo vigente\nModalidad 32" in leido

    leido = texto(hacer("vigencia", **CASOS["vigencia"]["aún no inicia"]))
    assert "Inicia 11 de enero de 2027\nTermina 31 de julio de 2027\n" in leido
    assert "puedes volver a usar tu clínica" in leido and "paso 3" not in leido
    leido = texto(hacer("vigencia", **CASOS["vigencia"]["aún no inicia"], **SIN_CLINICA))
    assert "regístrate en tu clínica: es el paso 3" in leido


# The clinic --------------------------------------------------------------------------------------


def test_los_renglones_del_comprobante() -> None:
    octetos = hacer("comprobante-clinica")
    leido = texto(octetos)
    for renglon in (
        "Citlali Ejemplo Ríos tiene registro en esta clínica desde el 18 de noviembre de 2026.",
        "Tu clínica (UMF) es:\nUMF 902 Los Ahuehuetes\nAv. de los Ejemplos 120, Copilco, C. P. 04360",
        "Matutino 14 1F2007ES\nTurno Consultorio Agregado médico\n",
        "Teléfono 55 5555 0190\nHorario Lunes a viernes, de 8:00 a",
        "Delegación Ciudad de México Sur\nClave (CLUES) DFIMS000902\n",
        "CURP EERC070214MDFJSTA5\nNSS 99260701992\nRegistro desde 18 de noviembre de 2026\n",
        "Con derecho hasta 31 de julio de 2027\nPreséntate en tu clínica\n",
        "Acude en persona a: Ventanilla de Afiliación y Vigencia, lunes a viernes, de 8:00 a 15:00 h.",
        "Lleva esta hoja impresa, una identificación oficial, tu CURP y un comprobante de domicilio.",
    ):
        assert renglon in leido, renglon
    assert "anterior" not in leido
    altos = {p.texto: p.y1 - p.y0 for p in palabras(octetos) if p.y0 < ALTO_PIE}
    assert altos["Ahuehuetes"] == max(altos.values())


def test_el_comprobante_de_quien_ya_estaba_y_de_quien_cambia() -> None:
    leido = texto(hacer("comprobante-clinica", resultado="ya-registrado"))
    assert "yateníaregistroenestaclínica,desdeel18denoviembrede2026." in junto(leido)

    leido = texto(hacer("comprobante-clinica", resultado="cambiado", anterior="UMF 931 Jardines"))
    assert "cambió de clínica: su registro está en ésta desde el" in leido
    assert "Clínica anterior UMF 931 Jardines\n" in leido

    solo_turno = junto(texto(hacer("comprobante-clinica", resultado="cambiado", anterior="")))
    assert "cambiódeturnoenestaclínicael18denoviembrede2026." in solo_turno
    assert "cambiódeclínica" not in solo_turno


def test_lo_que_la_clinica_no_ha_dicho_no_deja_hueco() -> None:
    vacios = dict.fromkeys(("telefono", "horario", "ventanilla", "delegacion"), "")
    leido = texto(hacer("comprobante-clinica", **vacios))
    assert not re.search("Teléfono|Delegación", leido)
    # Hours are missed: where they are known is said.
    assert "HorarioPreguntaelhorarioenlaclínicaClave(CLUES)" in junto(leido)
    assert "Acudeypreguntaporlaventanilladevigenciaysuhorario.Llevaestahoja" in junto(leido)
    leido = texto(hacer("tarjeta-adscripcion", **vacios))
    assert "Tel." not in leido
    assert "CiudaddeMéxicoPreguntaelhorarioenlaclínicaLlevaestatarjeta" in junto(leido)
    leido = texto(hacer("tarjeta-adscripcion", horario=""))
    assert "Tel. 55 5555 0190\nPregunta el horario en la clínica\nLleva esta tarjeta" in leido


def test_las_dos_caras_de_la_adscripcion() -> None:
    leido = texto(hacer("tarjeta-adscripcion"))
    assert "NSS Agregado médico\n99260701992 1F2007ES\nClínica (UMF)\nUMF 902 Los Ahuehuetes\n" in leido
    assert "Turno Consultorio\nMatutino 14\n" in leido
    assert "Tel. 55 5555 0190\nLunes a viernes, de 8:00 a 20:00 h\nLleva esta tarjeta y una" in leido
    assert "Código para verificar Folio Fecha\n7Q4K-M2XD 1795106467155179492756 19/11/2026\n" in leido
    assert DATOS["tarjeta-adscripcion"]["curp"] not in leido


# Nothing missing ---------------------------------------------------------------------------------

# What the cards leave to the letters.
NO_PIDE = {
    "tarjeta-adscripcion": {
        *("clues", "ventanilla", "delegacion", "desde", "vigente_hasta", "resultado", "anterior")
    }
}


@pytest.mark.parametrize("tipo", TIPOS)
def test_nada_se_emite_con_un_hueco(tipo: str) -> None:
    for clave in DATOS[tipo].keys() - NO_PIDE.get(tipo, set()):
        with pytest.raises(KeyError, match=clave):
            imprenta.pdf(tipo, {k: v for k, v in DATOS[tipo].items() if k != clave})


@pytest.mark.parametrize(
    ("tipo", "cambios"),
    [
        ("nss", {"resultado": "perdido"}),
        ("vigencia", {"causa": "otra"}),
        ("vigencia", {"causa": "baja"}),  # and covered
        ("vigencia", {"vigente": False}),  # and no cause
        ("vigencia", {"desde": ""}),  # and covered
        ("vigencia", {"turno": "nocturno"}),
        ("comprobante-clinica", {"resultado": "perdido"}),
        ("comprobante-clinica", {"turno": ""}),
        ("comprobante-clinica", {"clinica": ""}),
        ("tarjeta-adscripcion", {"consultorio": ""}),
        ("tarjeta-adscripcion", {"domicilio_clinica": ""}),
    ],
)
def test_lo_que_no_tiene_sentido_no_se_emite(tipo: str, cambios: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        imprenta.pdf(tipo, DATOS[tipo] | cambios)


def test_no_hay_otros_documentos() -> None:
    with pytest.raises(KeyError):
        imprenta.pdf("pasaporte", DATOS["nss"])
