"""What a document certifies, as it is printed, and whether that is still so today.

The facts come from what was sealed, never from today's rows; today's rows only say whether they still hold.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from django.utils import timezone

from nss_portal.documentos.models import Documento, Verificacion
from nss_portal.documentos.moldes import TURNOS, VEREDICTOS
from nss_portal.personas.models import Persona

Resultado = Verificacion.Resultado
type YaNo = Callable[[Documento, Persona, date], str]
CIERTO, YA_NO, NO_APLICA = "cierto", "ya-no", "no-aplica"


class Hecho(NamedTuple):
    clave: str
    rotulo: str
    valor: str


class Hoy(NamedTuple):
    """`estado` is one of the three above; `motivo` says why, in a sentence."""

    estado: str
    motivo: str


def sellados(documento: Documento) -> list[Hecho]:
    """The facts that decide something, in the order in which they are read on the paper."""
    datos, tipo = documento.datos, documento.tipo
    hechos: list[Hecho] = []
    if tipo == Documento.Tipo.NSS:
        hechos = [Hecho("resultado", "El número fue", datos["resultado"])]
    elif tipo == Documento.Tipo.VIGENCIA:
        hechos = [*_periodo(datos), *_lugar(datos)]
    elif tipo == Documento.Tipo.COMPROBANTE:
        hechos = [
            *_lugar(datos),
            Hecho("desde", "Registro desde", _dia(datos["desde"])),
            Hecho("hasta", "Con derecho hasta", _dia(datos["vigente_hasta"])),
            Hecho("resultado", "Resultado", datos["resultado"].replace("-", " ")),
        ]
    elif tipo == Documento.Tipo.ADSCRIPCION:
        hechos = _lugar(datos)
    return hechos


def _periodo(datos: Mapping[str, Any]) -> list[Hecho]:
    inicio, fin, _ = VEREDICTOS[datos["vigente"], datos["causa"]]
    hechos = [
        Hecho("vigente", "Con derecho al servicio médico por tu escuela", "sí" if datos["vigente"] else "no")
    ]
    # As on the paper: a baja on the day of the alta leaves no period to print.
    if inicio and datos["desde"] and datos["desde"] <= datos["hasta"]:
        hechos += [Hecho("desde", inicio, _dia(datos["desde"])), Hecho("hasta", fin, _dia(datos["hasta"]))]
    return hechos


def _lugar(datos: Mapping[str, Any]) -> list[Hecho]:
    if not datos["clinica"]:
        return []
    return [
        Hecho("clinica", "Clínica (UMF)", datos["clinica"]),
        Hecho("turno", "Turno", TURNOS[datos["turno"]]),
        Hecho("consultorio", "Consultorio", datos["consultorio"]),
    ]


def niega(documento: Documento) -> bool:
    """Whether it says NO: authentic or not, nobody may take it for coverage."""
    return documento.datos.get("vigente") is False


def hoy(documento: Documento, resultado: Resultado, quien_sabe: Iterable[YaNo]) -> Hoy:
    """Whether all that it says is still so. Of one that we cannot vouch for there is nothing to say.

    `quien_sabe`: each says why a document is not so on a day, as far as it knows; "" when it is.
    """
    if resultado in (Resultado.ALTERADO, Resultado.DESCONOCIDO):
        return Hoy(NO_APLICA, "No podemos decir si es cierto.")
    persona = documento.tramite.persona
    if persona is None or persona.bloqueada:
        # Whoever opposed the use of their data: no step answers about them, and neither does this.
        return Hoy(NO_APLICA, "Hoy no podemos decir si sigue siendo cierto. Pregunta en la Subdelegación.")
    if porque := _ya_no(documento, persona, resultado, quien_sabe):
        return Hoy(YA_NO, f"Era cierto el {_dia(documento.datos['fecha'])}; hoy ya no: {porque}.")
    return Hoy(CIERTO, f"Hoy, {timezone.localdate():%d/%m/%Y}, sigue siendo cierto.")


def _ya_no(documento: Documento, persona: Persona, resultado: Resultado, quien_sabe: Iterable[YaNo]) -> str:
    if persona.nss != documento.datos["nss"]:
        return "el NSS de esta persona es otro"
    if persona.curp != documento.datos["curp"]:
        return "la CURP de esta persona es otra"
    dia = timezone.localdate()
    for ya_no in quien_sabe:
        if porque := ya_no(documento, persona, dia):
            return porque
    if resultado == Resultado.CANCELADO and documento.cancelado:
        return f"se canceló el {timezone.localdate(documento.cancelado):%d/%m/%Y}"
    return "hay uno más reciente" if resultado == Resultado.SUSTITUIDO else ""


def _dia(iso: str) -> str:
    return f"{date.fromisoformat(iso):%d/%m/%Y}"
