"""The population registry: who holds a CURP. Three answers: this person, nobody, not available now."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from datetime import date
from typing import TYPE_CHECKING, Any

from django.conf import settings

from nss_portal.personas.identidad import entidad_curp, nacimiento_curp, sexo_curp
from nss_portal.personas.models import Persona

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

PLAZO = 3.0  # seconds for the whole answer, headers and body
MAXIMO = 64 * 1024  # bytes; a person takes a few hundred
LARGO_NOMBRE = 50


class NoDisponible(Exception):
    """The registry did not answer, or not with something to trust. Never to be read as «no such person»."""


def identificar(curp: str) -> Persona | None:
    """The person who holds `curp` (normalised), or None when the registry knows nobody with it.

    Asks RENAPO_URL where one is set, and keeps what it says of the person; their NSS is never touched.
    Otherwise the local table is the registry. Raises NoDisponible: ask again later. Call it outside a
    transaction: it may take three seconds.
    """
    conocida = Persona.objects.de_curp(curp)
    if not settings.RENAPO_URL:
        return conocida
    if conocida:
        curp = conocida.curp  # an old one leads to the one that replaced it
    datos = _preguntar(settings.RENAPO_URL, curp)
    if datos is None:
        return None
    campos = _revisar(curp, datos)
    if conocida and conocida.corregida:
        return conocida  # the birth certificate was seen at the counter, and says something else
    # A person who was corrected in the registry is corrected here too.
    persona, _ = Persona.objects.update_or_create(curp=curp, defaults=campos)
    return persona


def _preguntar(url: str, curp: str) -> dict[str, Any] | None:
    """What the registry answers: a JSON object, or None for 404."""
    import httpx  # the web never asks: only workers pay for the import

    async def pedir() -> httpx.Response:
        # A time limit per read would let a server that drips one byte a second hold the worker for ever.
        async with (
            asyncio.timeout(PLAZO),
            httpx.AsyncClient(timeout=PLAZO, trust_env=False) as cliente,
            cliente.stream("POST", url, json={"curp": curp}) as respuesta,
        ):
            cuerpo = b""
            async for trozo in respuesta.aiter_bytes():
                cuerpo += trozo
                if len(cuerpo) > MAXIMO:
                    raise NoDisponible("the answer is too long")
            return httpx.Response(respuesta.status_code, content=cuerpo)

    respuesta = _en_un_hilo(pedir)
    try:
        if respuesta.status_code == 404:
            return None
        if respuesta.status_code != 200:
            raise NoDisponible(f"status {respuesta.status_code}")
        datos = respuesta.json()
    except ValueError as error:
        raise NoDisponible(type(error).__name__) from error
    if not isinstance(datos, dict):
        raise NoDisponible("not a JSON object")
    return datos


def _en_un_hilo(pedir: Callable[[], Coroutine[Any, Any, "httpx.Response"]]) -> "httpx.Response":
    """Await it in a thread that is left behind when it is late.

    Looking a name up can not be cancelled: a name server that says nothing would hold the worker.
    """
    respuestas: list[httpx.Response] = []
    fallas: list[Exception] = []

    def correr() -> None:
        try:
            respuestas.append(asyncio.run(pedir()))
        except Exception as error:
            fallas.append(error)

    hilo = threading.Thread(target=correr, daemon=True)
    hilo.start()
    hilo.join(PLAZO + 0.5)
    if respuestas:
        return respuestas[0]
    raise NoDisponible(type(fallas[0]).__name__ if fallas else "no answer in time")


def _revisar(curp: str, datos: dict[str, Any]) -> dict[str, Any]:
    """The fields of Persona in an answer that speaks of this very CURP, or NoDisponible."""
    try:
        nacimiento = date.fromisoformat(datos["nacimiento"])
        suyos = (datos["curp"], nacimiento, datos["sexo"], datos["entidad"])
        if suyos != (curp, nacimiento_curp(curp), sexo_curp(curp), entidad_curp(curp)):
            raise NoDisponible("it answers with another person")
        nombres, primero, segundo = (
            _nombre(datos[campo]) for campo in ("nombres", "primer_apellido", "segundo_apellido")
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NoDisponible(f"garbled: {type(error).__name__}") from error
    if not nombres or not primero:
        raise NoDisponible("it answers without a name")
    return {
        "nombres": nombres,
        "primer_apellido": primero,
        "segundo_apellido": segundo,
        "nacimiento": nacimiento,
        "sexo": datos["sexo"],
        "entidad": datos["entidad"],
    }


def _nombre(valor: object) -> str:
    """A name as we keep it; the second surname may be missing or null."""
    if not isinstance(valor, str | None):
        raise ValueError("not a name")
    texto = " ".join((valor or "").split())
    if len(texto) > LARGO_NOMBRE or not texto.isprintable():
        raise ValueError("not a name")
    return texto
