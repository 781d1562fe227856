"""The API asked, in process, for what its OpenAPI allows and for much that it does not."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as ajustes
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from nss_portal.models import ClaveApi
from nss_portal.servicio import topes
from nss_portal.servicio.topes import Tope
from tests.apoyo import escuela_de_prueba, inscribir, persona_con_nss
from tests.nss_portal.api import Telefono

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]
EXIGIDO: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
CADA_UNA = 25


@pytest.fixture
def sin_limites(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits have tests of their own: here they would hide everything else."""
    for nombre in ("API_POR_DIRECCION", "API_POR_CREDENCIAL", "CODIGOS_POR_BUZON", "CODIGOS_DE_TODAS_PARTES"):
        monkeypatch.setattr(topes, nombre, Tope(1_000_000, timedelta(minutes=1)))


@contextmanager
def una_conexion() -> Iterator[None]:
    """As Django's own test client (which undoes this at each request): otherwise the end of a request closes
    the connection that holds the test's transaction.
    """
    senales = (signals.request_started, signals.request_finished)
    for senal in senales:
        senal.disconnect(close_old_connections)
    yield
    for senal in senales:
        senal.connect(close_old_connections)


@pytest.mark.usefixtures("sin_limites")
def test_ninguna_respuesta_que_no_este_escrita() -> None:
    persona, escuela = persona_con_nss(), escuela_de_prueba()
    hoy = timezone.localdate()
    inscripcion = inscribir(persona, hoy, hoy + timedelta(days=90), escuela)
    telefono = Telefono()
    tramites = [
        telefono.completo("nss", persona.curp),
        telefono.completo("vigencia", persona.curp, nss=persona.nss),
        telefono.completo("clinica", persona.curp, codigo_postal="06600"),
    ]
    propios = {
        "tramites": [t["id"] for t in tramites],
        "documentos": [d["id"] for t in tramites for d in t["documentos"]],
        "escuela": [str(inscripcion.pk)],
        "codigos-postales": ["06600"],
    }
    clave, _ = ClaveApi.crear(escuela.pk, "prueba")
    vistas: dict[str, set[int]] = {}
    with una_conexion():
        _recorrer(clave, telefono.token, propios, vistas)
    # It came further than the door.
    assert {200, 404, 422} <= set().union(*vistas.values()) and 500 not in set().union(*vistas.values())
    assert all(
        estados & {200, 201, 202} for camino, estados in vistas.items() if camino.endswith("/tramites/{pk}/")
    )


def _recorrer(clave: str, token: str, propios: dict[str, list[str]], vistas: dict[str, set[int]]) -> None:
    esquema = schemathesis.openapi.from_wsgi(
        "/api/v1/openapi.json", get_wsgi_application(), base_url="http://testserver"
    )
    for resultado in esquema.get_all_operations():
        operacion = resultado.ok()
        if operacion.path.endswith("/salir/"):
            continue  # it would leave the others outside
        suyo = clave if "/escuela/" in operacion.path else token
        for modo in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _preguntar(operacion, modo, suyo, propios, vistas)


def _preguntar(
    operacion: Any,
    modo: GenerationMode,
    token: str,
    propios: dict[str, list[str]],
    vistas: dict[str, set[int]],
) -> None:
    turno = iter(range(1_000_000))

    @ajustes(
        max_examples=CADA_UNA,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(caso=operacion.as_strategy(generation_mode=modo))
    def preguntar(caso: Any) -> None:
        numero = next(turno)
        de_que = operacion.path.split("/")[3]
        if numero % 2 and caso.path_parameters and de_que in propios:
            nombre = next(iter(caso.path_parameters))
            caso.path_parameters[nombre] = propios[de_que][numero % len(propios[de_que])]
        cabeceras = {"Authorization": f"Bearer {token if numero % 5 else uuid.uuid4()}", "Host": "testserver"}
        respuesta = caso.call(headers=cabeceras)
        caso.validate_response(respuesta, checks=EXIGIDO)
        vistas.setdefault(operacion.path, set()).add(respuesta.status_code)

    try:
        preguntar()
    except Unsatisfiable:
        assert modo == GenerationMode.NEGATIVE  # what asks for nothing cannot be asked wrongly
