"""What a kind of trámite says of itself. The project lists them (`oferta.py`); the kernel is handed one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django import forms
from django.urls import reverse

from nss_portal.correo.models import Envio
from nss_portal.documentos.models import Documento
from nss_portal.personas.models import Persona
from nss_portal.tramites.models import Estado, Tramite

# When each state was reached, by its name.
type Sucesos = Mapping[str, datetime]
# A part of the work, and when it was done (None: not yet).
type Parte = tuple[str, datetime | None]
# The cleaned data of a form, or what stands in its place at the counter.
type Datos = Mapping[str, Any]


@dataclass(frozen=True)
class Rechazo:
    """A refusal in words: what the person reads first, and what a clerk reads, who may help them."""

    titulo: str
    para_ventanilla: str


# Those that any kind may end in.
RECHAZOS: dict[str, Rechazo] = {
    Tramite.Motivo.CURP_NO_ENCONTRADA: Rechazo(
        "No encontramos tu CURP en el registro de población",
        "El registro de población ya no conoce esta CURP. Debe aclararlo en el Registro Civil.",
    ),
    Tramite.Motivo.BLOQUEADA: Rechazo(
        "No podemos seguir en línea con esta CURP",
        "Su CURP está bloqueada por una solicitud ARCO: ningún paso sigue hasta que se desbloquee.",
    ),
    Tramite.Motivo.IDENTIDAD_NO_COMPROBADA: Rechazo(
        "No pudimos comprobar que la CURP es tuya",
        "En línea no se comprobó que la CURP sea suya. Aquí se comprueba con su identificación.",
    ),
    Tramite.Motivo.CURP_SIN_NSS: Rechazo(
        "Todavía no tienes un Número de Seguridad Social", "Todavía no tiene NSS: empieza por obtenerlo."
    ),
}


class NoSePudo(Exception):
    """What a person chose cannot be had; says why, in a sentence for them. Nothing changed."""


@dataclass(frozen=True)
class Eleccion:
    """What the person chooses while the trámite waits for it."""

    # The form for a trámite, empty or with what was sent.
    form: Callable[[Tramite, Datos | None], forms.Form]
    # Do what the clean form says; False when another click was first. Raises NoSePudo.
    confirmar: Callable[[Tramite, Datos], bool]


def _nada(tramite: Tramite, datos: Datos) -> None:
    pass


def _sin_mas(*_: Any) -> dict[str, Any]:
    return {}


def _sin_motivo(documento: Documento, persona: Persona, hoy: date) -> str:
    return ""


def _no_se_ofrece(persona: Persona) -> str:
    return ""


def _siempre(persona: Persona) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Paso:
    """A kind of trámite: how it begins in each channel, what it does, what it shows, what it leaves."""

    tipo: Tramite.Tipo
    titulo: str  # the guide's own label
    carpeta: str  # of its templates
    # Its act: takes the trámite as far as it can go now, in one transaction; safe to call twice. Raises
    # renapo.NoDisponible or maquina.NoPuedeSeguir when it must wait: nothing changes then.
    resolver: Callable[[Tramite], None]
    form: type[forms.Form]  # on the web: a web.forms.SolicitudForm
    form_app: type[forms.Form]  # in the App: a web.forms.ComienzoForm
    # What its act does between «received» and «documents», for the live progress.
    partes: Callable[[Tramite, Sucesos], list[Parte]]
    # How it may end, in words: refusals by their motivo; results by theirs, as a clerk reads them.
    rechazos: Mapping[str, Rechazo] = field(default_factory=lambda: RECHAZOS)
    resultados: Mapping[str, str] = field(default_factory=dict)
    # What the counter's button says for a person; "" where it is not offered.
    en_ventanilla: Callable[[Persona], str] = _no_se_ofrece
    # The names of its form's fields that the counter must have before it begins one.
    pide: frozenset[str] = frozenset()
    # Rows of its own, written in the transaction in which the trámite is born.
    al_iniciar: Callable[[Tramite, Datos], None] = _nada
    # What the web's form already knows, from this browser's latest trámite.
    inicial: Callable[[Tramite], dict[str, Any]] = _sin_mas
    # What is known already of a person whom the counter attends: values for the fields that it asks for.
    conoce: Callable[[Persona], dict[str, Any]] = _sin_mas
    # What the template of a screen shows besides: (trámite, screen).
    contexto: Callable[[Tramite, str], dict[str, Any]] = _sin_mas
    # Why what a document of any kind says is not so on a day, as far as this kind knows; "" when it is.
    ya_no: Callable[[Documento, Persona, date], str] = _sin_motivo
    eleccion: Eleccion | None = None
    # Whether a new one can be issued with nobody there to choose, after a correction.
    se_reemite: Callable[[Persona], bool] = _siempre
    # Its notices, by their template, and whether one still holds when it is about to go out.
    avisos: Mapping[str, Callable[[Envio], bool]] = field(default_factory=dict)

    @property
    def direccion(self) -> str:
        """The address of its form."""
        return reverse(f"{self.tipo}:solicitar")

    def avance(self, tramite: Tramite) -> list[dict[str, Any]]:
        """What is done (with its moment), what goes on and what comes: `{"texto", "hecho", "clase"}` each."""
        sucesos = {suceso.estado: suceso.cuando for suceso in tramite.sucesos.all()}
        envio = tramite.envios.filter(documento=None, aviso="").first()
        partes: list[Parte] = [("Recibimos tu solicitud", sucesos.get(Estado.RECIBIDO))]
        if Estado.CONFIRMACION in sucesos:
            partes.append(("Confirmar que eres tú, por correo", tramite.confirmado))
        partes += [
            *self.partes(tramite, sucesos),
            ("Preparar tus documentos", sucesos.get(Estado.RESUELTO)),
            ("Enviarlos a tu correo", envio.enviado if envio else None),
        ]
        clases = iter(["actual"])
        return [
            {"texto": texto, "hecho": hecho, "clase": "hecho" if hecho else next(clases, "espera")}
            for texto, hecho in partes
        ]

    def avance_dicho(self, tramite: Tramite) -> list[dict[str, Any]]:
        """The same for programs: `{"texto", "hecho": whether}`."""
        return [{"texto": p["texto"], "hecho": bool(p["hecho"])} for p in self.avance(tramite)]


# The kinds that the portal offers, by `tipo`.
type Oferta = Mapping[str, Paso]
# The student's path: some of them, in order.
type Camino = Sequence[Paso]


def etapas(camino: Camino, hechos: int, ultimos: Mapping[str, Tramite]) -> list[dict[str, Any]]:
    """The path of somebody who has done so many of its steps; a dict for each:

    numero, titulo, clase ("hecho", "actual" or "espera"), url, tramite (of `ultimos`: the one that ended it).
    """
    return [
        {
            "numero": numero,
            "titulo": paso.titulo,
            "clase": "hecho" if numero <= hechos else "actual" if numero == hechos + 1 else "espera",
            "url": paso.direccion,
            "tramite": ultimos.get(paso.tipo),
        }
        for numero, paso in enumerate(camino, 1)
    ]
