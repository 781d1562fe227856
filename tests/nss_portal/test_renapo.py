"""The registry over HTTP: a real server that is right, down, slow, lying, garbled."""

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from nss_portal.models import Persona, Tramite
from nss_portal.personas import renapo
from nss_portal.personas.identidad import digito_curp
from nss_portal.tramites import maquina
from tests.apoyo import Estricto, domicilio, reanudar, solicitar

pytestmark = pytest.mark.usefixtures("catalogo")

CURP17 = "EEMA050214MDFJSNA"
CURP = CURP17 + digito_curp(CURP17)
DATOS = {
    "curp": CURP,
    "nombres": "Ana Ñusta",
    "primer_apellido": "Ejemplo",
    "segundo_apellido": "Muestra",
    "nacimiento": "2005-02-14",
    "sexo": "M",
    "entidad": "DF",
}


class Registro:
    """An HTTP server that does to a connection whatever a test says."""

    def __init__(self) -> None:
        self.pedidos: list[dict[str, str]] = []
        self.responder: Callable[[BaseHTTPRequestHandler], None] = self.con(200, DATOS)
        registro = self

        class Manejador(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                registro.pedidos.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                try:
                    registro.responder(self)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            def log_message(self, *_: object) -> None:
                pass

        self.servidor = ThreadingHTTPServer(("127.0.0.1", 0), Manejador)
        self.servidor.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.servidor.server_address[1]}/curp"
        threading.Thread(target=self.servidor.serve_forever, args=[0.02], daemon=True).start()

    @staticmethod
    def con(estado: int, cuerpo: object) -> Callable[[BaseHTTPRequestHandler], None]:
        contenido = cuerpo if isinstance(cuerpo, bytes) else json.dumps(cuerpo).encode()

        def responder(manejador: BaseHTTPRequestHandler) -> None:
            manejador.send_response(estado)
            manejador.send_header("Content-Length", str(len(contenido)))
            manejador.end_headers()
            manejador.wfile.write(contenido)

        return responder


@pytest.fixture
def registro(settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registro]:  # type: ignore[no-untyped-def]
    servidor = Registro()
    settings.RENAPO_URL = servidor.url
    monkeypatch.setattr(renapo, "PLAZO", 0.5)
    yield servidor
    servidor.servidor.shutdown()
    servidor.servidor.server_close()


def gotear(manejador: BaseHTTPRequestHandler) -> None:
    """One byte now and then: no single read is late, the whole never ends."""
    manejador.send_response(200)
    manejador.send_header("Content-Length", "1000")
    manejador.end_headers()
    for _ in range(100):
        manejador.wfile.write(b" ")
        manejador.wfile.flush()
        time.sleep(0.1)


def colgar(manejador: BaseHTTPRequestHandler) -> None:
    time.sleep(8)


def cortar(manejador: BaseHTTPRequestHandler) -> None:
    manejador.send_response(200)
    manejador.send_header("Content-Length", "1000")
    manejador.end_headers()
    manejador.wfile.write(b'{"curp": ')


con = Registro.con
NO_DISPONIBLE = {
    "500": con(500, {}),
    "503": con(503, b"mantenimiento"),
    "301": con(301, DATOS),
    "403": con(403, DATOS),
    "200 sin JSON": con(200, b"<html>Error</html>"),
    "lista": con(200, [DATOS]),
    "vacío": con(200, b""),
    "latin-1": con(200, json.dumps(DATOS, ensure_ascii=False).encode("latin-1")),
    "demasiado": con(200, b" " * 100_000),
    "otra CURP": con(200, DATOS | {"curp": "EEMA050214MDFJSNB9"}),
    "otra fecha": con(200, DATOS | {"nacimiento": "2005-02-15"}),
    "otro sexo": con(200, DATOS | {"sexo": "H"}),
    "otra entidad": con(200, DATOS | {"entidad": "NL"}),
    "fecha rota": con(200, DATOS | {"nacimiento": "14/02/2005"}),
    "falta un campo": con(200, {k: v for k, v in DATOS.items() if k != "nombres"}),
    "sin nombre": con(200, DATOS | {"nombres": " "}),
    "nombre que no es texto": con(200, DATOS | {"nombres": 7}),
    "nombre enorme": con(200, DATOS | {"nombres": "x" * 51}),
    "nombre con NUL": con(200, DATOS | {"nombres": "A\x00na"}),
    "cuelga": colgar,
    "gotea": gotear,
    "corta": cortar,
}


@pytest.mark.parametrize("responder", NO_DISPONIBLE.values(), ids=NO_DISPONIBLE)
def test_no_disponible_nunca_es_un_no(registro: Registro, responder: Callable[..., None]) -> None:
    registro.responder = responder
    antes = Persona.objects.count()
    desde = time.monotonic()
    with pytest.raises(renapo.NoDisponible):
        renapo.identificar(CURP)
    assert time.monotonic() - desde < 5  # the server would take eight
    assert Persona.objects.count() == antes


def test_apagado(settings) -> None:  # type: ignore[no-untyped-def]
    settings.RENAPO_URL = "http://127.0.0.1:9/curp"
    with pytest.raises(renapo.NoDisponible):
        renapo.identificar(CURP)


def test_la_persona_y_nadie(registro: Registro) -> None:
    persona = renapo.identificar(CURP)
    assert persona and persona.nombre_completo == "Ana Ñusta Ejemplo Muestra"
    assert registro.pedidos == [{"curp": CURP}]
    registro.responder = con(404, {})
    assert renapo.identificar(CURP) is None


def test_sin_segundo_apellido(registro: Registro) -> None:
    registro.responder = con(200, DATOS | {"segundo_apellido": None})
    persona = renapo.identificar(CURP)
    assert persona and persona.segundo_apellido == ""


def test_corregir_conserva_el_nss(registro: Registro) -> None:
    persona = renapo.identificar(CURP)
    assert persona
    Persona.objects.filter(curp=CURP).update(nss="99260500014")
    registro.responder = con(200, DATOS | {"nombres": "Ana María"})
    corregida = renapo.identificar(CURP)
    assert corregida and (corregida.nombres, corregida.nss) == ("Ana María", "99260500014")


def test_el_tramite_espera_y_termina_solo(cliente: Estricto, registro: Registro) -> None:
    registro.responder = con(503, {})
    url = solicitar(cliente, CURP)
    reanudar()
    pagina = cliente.get(url)
    assert pagina.pagina.pantallas == ["procesando"]
    assert pagina.pagina.marcas["data-espera"] == ["registro-no-disponible"]
    assert cliente.get(f"{url}estado/").json()["espera"] == "registro-no-disponible"
    registro.responder = con(200, DATOS)
    Tramite.objects.update(libre_desde=Now())
    reanudar()
    assert cliente.get(url).pagina.pantallas == ["domicilio"]
    cliente.post(f"{url}domicilio/", domicilio())
    reanudar()
    assert cliente.get(url).pagina.pantallas == ["resultado"]


def test_un_servidor_de_nombres_mudo(settings, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """Looking a name up can not be cancelled: the worker does not wait for it."""
    settings.RENAPO_URL = "http://registro.example/curp"
    monkeypatch.setattr(renapo, "PLAZO", 0.3)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(4))
    desde = time.monotonic()
    with pytest.raises(renapo.NoDisponible):
        renapo.identificar(CURP)
    assert time.monotonic() - desde < 2


def test_las_pausas_de_un_servicio_son_cortas() -> None:
    """A registry that was away for an hour finds everything waiting when it is back, within half a minute."""
    with transaction.atomic():
        tramite = maquina.iniciar("nss", uuid.uuid4(), "n", CURP, "a@correo.example")
    Tramite.objects.update(intentos=500)
    tramite.refresh_from_db()
    tramite.esperar(Tramite.Espera.REGISTRO_NO_DISPONIBLE)
    tramite.refresh_from_db()
    assert tramite.libre_desde - timezone.now() < timedelta(seconds=20)
