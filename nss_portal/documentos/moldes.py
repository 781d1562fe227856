"""What each document says: frozen data -> what its template prints, and how dense it is set.

Pure of the renderer: `documentos` draws what comes out of here.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import batched
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.dates import MONTHS

from nss_portal.documentos.letra import renglones

type Datos = Mapping[str, Any]
type Fila = tuple[str, str]


def horario(dicho: str) -> str:
    """The hours of a clinic; what nobody has told the portal is asked, not guessed."""
    return dicho or "Pregunta el horario en la clínica"


def fecha_larga(momento: date) -> str:
    """«22 de noviembre de 2026», in Mexico City."""
    local = (
        timezone.localtime(momento, timezone.get_default_timezone())
        if isinstance(momento, datetime)
        else momento
    )
    return f"{local.day} de {MONTHS[local.month]} de {local.year}"


def comun(datos: Datos) -> dict[str, Any]:
    fecha = date.fromisoformat(datos["fecha"])
    emitido = datetime.fromisoformat(datos["emitido"])
    local = timezone.localtime(emitido, timezone.get_default_timezone())
    codigo = datos["codigo"]
    return {
        **{clave: datos[clave] for clave in ("folio", "nombre", "curp", "nss", "url", "verificar", "demo")},
        **{clave: datos[clave] for clave in ("cadena", "sello", "clave")},
        "codigo": f"{codigo[:4]}-{codigo[4:]}",
        "fecha_corta": f"{fecha:%d/%m/%Y}",
        "emision": f"{fecha_larga(local)} a las {local:%H:%M} h",
        "emitido": f"{emitido.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _carta(datos: Datos) -> dict[str, Any]:
    """Resultado ("asignado" or "localizado"), subdelegacion, prefijo_origen and domicilio (≤ 420 characters).

    Of those, "" leaves the row out.
    """
    rotulo_fecha = {"asignado": "Fecha de asignación", "localizado": "Fecha de localización"}
    subdelegacion = datos["subdelegacion"]
    if subdelegacion and datos["prefijo_origen"] == "demostrativo":
        subdelegacion += " (prefijo de demostración)"
    filas = _llenas(
        ("Nombre", datos["nombre"]),
        ("CURP", datos["curp"]),
        ("NSS sin espacios", datos["nss"]),
        (rotulo_fecha[datos["resultado"]], _dia(datos["fecha"])),
        ("Subdelegación", subdelegacion),
        ("Domicilio registrado", datos["domicilio"]),
        ("Folio del trámite", datos["folio"]),
    )
    # Columns of the letter at its normal size: values of 119 mm at 10.5 pt; the paragraph, whose
    # own words fill a line and a half, of 171 mm at 12 pt.
    largo = sum(renglones(valor, 119, 10.5) for _, valor in filas)
    largo += 1 + renglones(datos["nombre"], 171, 12)
    return {"filas": filas, "densidad": _densidad(largo, 9, 13, 21)}


def _tarjeta(datos: Datos) -> dict[str, Any]:
    """Nothing but what all documents have."""
    # Size and lines that each class of documento.css gives the name; the last one cuts with «…».
    cuerpos = (("letra-1", 9.5, 1), ("letra-2", 8.5, 2), ("letra-3", 7.5, 3), ("letra-4", 6.5, 4))
    return {"letra": _letra(73.6, cuerpos, datos["nombre"])}


# By (vigente, causa): what the ends of the period are called, and the sentence below the answer.
VEREDICTOS = {
    (True, ""): ("Vigente desde", "Vigente hasta", "Vigente desde el {desde} hasta el {hasta}."),
    (False, "nunca-inscrito"): (
        "",
        "",
        "Ninguna escuela te ha inscrito. Se arregla en tu escuela, sin costo.",
    ),
    (False, "baja"): ("Inició", "Terminó", "Tu escuela te dio de baja el {movimiento_fecha}."),
    (False, "ciclo-terminado"): ("Inició", "Terminó", "Tu inscripción terminó el {hasta}."),
    (False, "aun-no-inicia"): ("Inicia", "Termina", "Tu escuela ya te inscribió: inicia el {desde}."),
}
TURNOS = {"matutino": "Matutino", "vespertino": "Vespertino"}


def _vigencia(datos: Datos) -> dict[str, Any]:
    """The report: vigente (bool) and, when false, causa (of `VEREDICTOS`), else ""; desde, hasta; agregado.

    Each of the others is "" when there is none: escuela, registro, movimiento ("Alta" or "Baja"),
    movimiento_fecha; delegacion, clinica, turno ("matutino", "vespertino"), consultorio;
    clinica_suspendida (bool).
    """
    vigente, causa = datos["vigente"], datos["causa"]
    inicio, fin, porque = VEREDICTOS[vigente, causa]
    dias = {clave: _dia(datos[clave]) for clave in ("desde", "hasta", "movimiento_fecha") if datos[clave]}
    # A baja on the day of the alta leaves a period that never was.
    hubo = inicio and datos["desde"] and datos["desde"] <= datos["hasta"]
    derecho = (
        [(inicio, dias["desde"]), (fin, dias["hasta"])] if hubo else [("Vigencia", "Sin periodo vigente")]
    )
    modalidad = "32, Seguro de Salud para Estudiantes" if inicio else "Sin inscripción"
    en_especie = "En especie, del seguro de enfermedades y maternidad"
    # Of a job, a pension or a parent nothing is known here.
    otra = [] if vigente else [("Otra protección", "No la sabe este reporte")]
    movimiento = f"{datos['movimiento']}, {dias['movimiento_fecha']}" if datos["movimiento"] else ""
    grupos = {
        "Persona": _llenas(
            ("Nombre", datos["nombre"]),
            ("CURP", datos["curp"]),
            ("NSS", datos["nss"]),
            ("Agregado médico", datos["agregado"]),
        ),
        "Derecho": [
            *derecho,
            ("Modalidad", modalidad),
            ("Prestaciones", en_especie if vigente else "Ninguna por tu escuela"),
            *otra,
        ],
        "Escuela": _llenas(
            ("Escuela", datos["escuela"] or "Ninguna te ha inscrito"),
            ("Registro patronal", datos["registro"]),
            ("Último movimiento", movimiento or "Sin movimientos"),
        ),
        "Clínica": _llenas(
            ("Clínica (UMF)", datos["clinica"] or "Sin registro en clínica"),
            ("Registro", "En pausa hasta que tu escuela te inscriba" if datos["clinica_suspendida"] else ""),
            ("Turno", datos["turno"] and TURNOS[datos["turno"]]),
            ("Consultorio", datos["consultorio"]),
            ("Delegación", datos["delegacion"]),
        ),
    }
    cuando = f"ante el seguro social el {comun(datos)['emision']}, hora de la Ciudad de México."
    guia = f"Situación de {datos['nombre']} {cuando}"
    # Who has no service is told what to do in an emergency: a line more.
    sitios = [sitio + 17 * vigente for sitio in (272, 292, 345, 361, 361)]
    return {
        **{clave: datos[clave] for clave in ("vigente", "causa", "clinica")},
        "porque": porque.format_map(dias),
        "cuando": cuando,
        "grupos": grupos,
        "densidad": _talla(sitios, grupos, guia),
    }


QUE_PASO = {
    "registrado": "tiene registro en esta clínica desde el {}.",
    "ya-registrado": "ya tenía registro en esta clínica, desde el {}.",
    "cambiado": "cambió de clínica: su registro está en ésta desde el {}.",
}


def _comprobante(datos: Datos) -> dict[str, Any]:
    """Of the clinic: clinica, clues, domicilio_clinica, telefono, horario, ventanilla, delegacion; of the
    person in it: turno, consultorio, desde, agregado, vigente_hasta, resultado (of `QUE_PASO`), anterior.

    "" leaves out telefono, delegacion and anterior (the name of the clinic before); of horario and ventanilla
    it says that nobody has told the portal, and where to ask.
    """
    _exigir(datos, "clinica", "consultorio", "agregado", "domicilio_clinica")
    grupos = {
        "Clínica": _llenas(
            ("Teléfono", datos["telefono"]),
            ("Horario", horario(datos["horario"])),
            ("Delegación", datos["delegacion"]),
            ("Clave (CLUES)", datos["clues"]),
            ("Clínica anterior", datos["anterior"]),
        ),
        "Persona": _llenas(
            ("Nombre", datos["nombre"]),
            ("CURP", datos["curp"]),
            ("NSS", datos["nss"]),
            ("Registro desde", _dia(datos["desde"])),
            ("Con derecho hasta", _dia(datos["vigente_hasta"])),
        ),
    }
    que_paso = QUE_PASO[datos["resultado"]]
    if datos["resultado"] == "cambiado" and not datos["anterior"]:  # the same clinic
        que_paso = "cambió de turno en esta clínica el {}."
    que_paso = que_paso.format(_dia(datos["desde"]))
    sin_ventanilla = "Acude y pregunta por la ventanilla de vigencia y su horario"
    acude = "Acude en persona a:" if datos["ventanilla"] else sin_ventanilla
    # One line of the window is in the room that is left; those that it takes besides are not.
    mas = 14 * (renglones(f"{acude} {datos['ventanilla']}.", 164, 10) - 1)
    sitios = [sitio - mas for sitio in (292, 310, 353, 364, 364)]
    textos = (f"{datos['nombre']} {que_paso}", datos["clinica"], datos["domicilio_clinica"])
    return {
        **{
            clave: datos[clave]
            for clave in ("clinica", "domicilio_clinica", "consultorio", "agregado", "ventanilla")
        },
        "turno": TURNOS[datos["turno"]],
        "que_paso": que_paso,
        "acude": acude,
        "grupos": grupos,
        "densidad": _talla(sitios, grupos, *textos),
    }


def _adscripcion(datos: Datos) -> dict[str, Any]:
    """The same as `_comprobante`."""
    _exigir(datos, "clinica", "consultorio", "agregado", "domicilio_clinica")
    claves = ("clinica", "consultorio", "agregado", "domicilio_clinica", "telefono")
    abierta = horario(datos["horario"])
    # As in `_tarjeta`, with the lines of both names, and on the back of address, telephone and hours.
    cuerpos = (("letra-1", 9.5, 2), ("letra-2", 8.5, 3), ("letra-3", 7.5, 5), ("letra-4", 6.5, 6))
    vuelta = (("texto-1", 8, 5), ("texto-2", 7, 8), ("texto-3", 6, 10))
    return {
        **{clave: datos[clave] for clave in claves},
        "turno": TURNOS[datos["turno"]],
        "horario": abierta,
        "letra": _letra(73.6, cuerpos, datos["nombre"], datos["clinica"]),
        "texto": _letra(45.5, vuelta, datos["domicilio_clinica"], f"Tel. {datos['telefono']}", abierta),
    }


class Molde(NamedTuple):
    plantilla: str
    titulo: str
    contexto: Callable[[Datos], dict[str, Any]]
    qr: float  # side of the symbol in mm, quiet zone apart


TIPOS = {
    "nss": Molde("pdf/nss.html", "Número de Seguridad Social", _carta, 26),
    "tarjeta": Molde("pdf/tarjeta.html", "Tarjeta de Número de Seguridad Social", _tarjeta, 24),
    "vigencia": Molde("pdf/vigencia.html", "Reporte de Vigencia de Derechos", _vigencia, 26),
    "comprobante-clinica": Molde(
        "pdf/comprobante-clinica.html", "Comprobante de alta en clínica", _comprobante, 26
    ),
    "tarjeta-adscripcion": Molde("pdf/tarjeta-adscripcion.html", "Tarjeta de adscripción", _adscripcion, 21),
}


def _dia(iso: str) -> str:
    return fecha_larga(date.fromisoformat(iso))


def _exigir(datos: Datos, *claves: str) -> None:
    """Refuse to print a caption over nothing."""
    for clave in claves:
        if not datos[clave]:
            raise KeyError(clave)


def _llenas(*filas: Fila) -> list[Fila]:
    return [(rotulo, valor) for rotulo, valor in filas if valor]


# How much room that takes -----------------------------------------------------------------------


def _densidad(largo: int, *topes: int) -> str:
    """The class of documento.css for so many lines; beyond the last one, all must fit in «minima»."""
    clases = zip(topes, ("amplia", "media", "densa"), strict=True)
    return next((clase for tope, clase in clases if largo <= tope), "densa minima")


def _letra(milimetros: float, cuerpos: Sequence[tuple[str, float, int]], *textos: str) -> str:
    """The first class in whose lines they fit, or the last one: (class, points, lines)."""
    caben = [
        c for c, puntos, tope in cuerpos if sum(renglones(t, milimetros, puntos) for t in textos) <= tope
    ]
    return caben[0] if caben else cuerpos[-1][0]


class Talla(NamedTuple):
    """A density of documento.css, in pt: sizes with their lines, and the air around."""

    clase: str
    guia: tuple[float, float]
    respuesta: tuple[float, float]
    donde: tuple[float, float]
    valor: tuple[float, float]
    columna: float  # mm
    aire_de_fila: float
    aire_de_grupo: float


TALLAS = (
    Talla("amplia", (12, 17), (26, 32), (10.5, 15), (9.5, 13), 49.6, 7.5, 35.6),
    Talla("media", (12, 17), (20, 25), (10.5, 15), (9.5, 13), 49.6, 5.8, 29.8),
    Talla("densa", (10.5, 14.5), (15, 19), (9, 12), (8.5, 11.5), 49.6, 5.2, 25),
    Talla("densa minima", (9.5, 13), (12, 15), (8, 10.5), (7, 9), 56.6, 3.5, 22.2),
    Talla("densa minima infima", (9, 12), (10, 13), (8, 10.5), (6, 7.5), 56.6, 3.5, 22.2),
)


def _talla(sitios: Sequence[float], grupos: Mapping[str, list[Fila]], *textos: str) -> str:
    """The first density whose room, `sitios` in pt, holds the groups and the three texts above them."""
    for talla, sitio in zip(TALLAS, sitios, strict=True):
        puntos, renglon = talla.valor
        altos = [
            sum(renglones(valor, talla.columna, puntos) * renglon + talla.aire_de_fila for _, valor in filas)
            for filas in grupos.values()
        ]
        alto = sum(talla.aire_de_grupo + max(par) for par in batched(altos, 2))
        cuerpos = (talla.guia, talla.respuesta, talla.donde)
        for texto, (puntos, renglon) in zip(textos, cuerpos, strict=False):
            alto += renglones(texto, 171, puntos) * renglon
        if alto <= sitio:
            return talla.clase
    return TALLAS[-1].clase
