"""A request is whole before Django sees it; what Django is told of it is what the server was told."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch
from wsgiref.validate import validator

import pytest

from nss_portal.servicio.recepcion import CUERPO_MAXIMO, Cuerpo, Recepcion
from vigencia.escuelas.archivo.formatos import TAMANO_MAXIMO

Mensajes = list[dict[str, Any]]


class Eco:
    """A WSGI application that keeps what it was asked."""

    def __init__(self, respuesta: bytes = b"hola") -> None:
        self.respuesta, self.vistos = respuesta, list[dict[str, Any]]()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        cuerpo = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.vistos.append(environ | {"cuerpo": cuerpo})
        largo = str(len(self.respuesta))
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", largo)])
        return io.BytesIO(self.respuesta)


def scope(*cabeceras: tuple[bytes, bytes], **cambios: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "http_version": "1.1",
        "scheme": "http",
        "raw_path": b"/nss/",
        "query_string": b"",
        "server": ("127.0.0.1", "8000"),
        "client": ("203.0.113.7", "5000"),
        "headers": list(cabeceras),
        **cambios,
    }


@pytest.fixture
def pedir(tmp_path: Path) -> Callable[..., Mensajes]:
    """What is sent back to a request whose body comes in these messages; a number is a pause."""

    def hacer(app: Any, pedido: dict[str, Any], *cuerpo: Any, lee: float = 0, plazo: float = 0.2) -> Mensajes:
        recepcion = Recepcion(app, hilos=1, plazo=plazo, carpeta=tmp_path)
        pendientes, enviado = list(cuerpo), Mensajes()

        async def receive() -> dict[str, Any]:
            while isinstance(pendientes[0], float):
                await asyncio.sleep(pendientes.pop(0))
            return pendientes.pop(0)  # type: ignore[no-any-return]

        async def send(mensaje: dict[str, Any]) -> None:
            await asyncio.sleep(lee)
            enviado.append(mensaje)

        asyncio.run(recepcion(pedido, receive, send))
        recepcion.hilos.shutdown()
        assert Cuerpo.aqui == 0 and not list(tmp_path.iterdir())
        return enviado

    return hacer


def trozo(cuerpo: bytes, mas: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": cuerpo, "more_body": mas}


def test_lo_que_se_le_dice_a_django(pedir: Callable[..., Mensajes]) -> None:
    eco = Eco()
    cabeceras = [
        (b"host", b"portal.example"),
        (b"content-length", b"4"),
        (b"content-length", b"4"),
        (b"content-type", b"text/plain"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"x-forwarded-for", b"1.1.1.1"),
        (b"x-forwarded-for", b"2.2.2.2"),
        (b"x_forwarded_for", b"6.6.6.6"),
    ]
    pedido = scope(*cabeceras, raw_path=b"/a%20b/%C3%B1%FF", query_string=b"x=\xc3\xb1&y=%41")
    enviado = pedir(validator(eco), pedido, trozo(b"ho"), trozo(b"la"), trozo(b"", False), plazo=5)
    assert enviado[0]["status"] == 200 and (b"content-type", b"text/plain") in enviado[0]["headers"]
    assert b"".join(m["body"] for m in enviado[1:]) == b"hola" and not enviado[-1]["more_body"]
    (visto,) = eco.vistos
    assert visto["cuerpo"] == b"hola" and visto["CONTENT_LENGTH"] == "4"
    assert visto["PATH_INFO"] == "/a b/Ã±ÿ" and visto["QUERY_STRING"] == "x=Ã±&y=%41"
    assert visto["REMOTE_ADDR"] == "203.0.113.7" and visto["HTTP_HOST"] == "portal.example"
    assert visto["HTTP_COOKIE"] == "a=1; b=2" and visto["CONTENT_TYPE"] == "text/plain"
    assert visto["HTTP_X_FORWARDED_FOR"] == "1.1.1.1,2.2.2.2"


def test_lo_que_pasa_de_la_memoria(pedir: Callable[..., Mensajes]) -> None:
    """A body that was not announced, and an answer, both longer than what is kept in memory."""
    largo = 300_000
    eco = Eco(b"y" * largo)
    trozos = [trozo(b"x" * 50_000) for _ in range(6)]
    enviado = pedir(eco, scope((b"transfer-encoding", b"chunked")), *trozos, trozo(b"", False), plazo=5)
    assert eco.vistos[0]["cuerpo"] == b"x" * largo and eco.vistos[0]["CONTENT_LENGTH"] == str(largo)
    assert b"".join(m["body"] for m in enviado[1:]) == b"y" * largo
    assert [m["more_body"] for m in enviado[1:]] == [True] * (len(enviado) - 2) + [False]


@pytest.mark.parametrize(
    ("cuerpo", "estado"),
    [
        ([trozo(b"x"), 5.0], 408),  # it stops
        ([trozo(b"x" * 40_000), 5.0], 408),  # it stops, after much: what it gained is not time to be silent
        ([valor for _ in range(50) for valor in (trozo(b"x"), 0.05)], 408),  # it drips
        ([trozo(b"x"), {"type": "http.disconnect"}], 400),  # it goes away
        ([trozo(b"x" * 66_000), trozo(b"x" * 1_500)], 503),  # there are too many on disk at once
    ],
)
def test_lo_que_no_llega_a_django(pedir: Callable[..., Mensajes], cuerpo: list[Any], estado: int) -> None:
    eco = Eco()
    with patch("nss_portal.servicio.recepcion.CUERPOS_MAXIMO", 1500):
        enviado = pedir(eco, scope((b"content-length", b"90000")), *cuerpo)
    assert enviado[0]["status"] == estado and (b"connection", b"close") in enviado[0]["headers"]
    assert eco.vistos == []


def test_un_formulario_pasa_aunque_haya_muchos_cuerpos_largos(
    pedir: Callable[..., Mensajes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "nss_portal.servicio.recepcion.CUERPOS_MAXIMO", -1
    )  # there is no room for another one
    assert pedir(Eco(), scope(), trozo(b"curp=x", False))[0]["status"] == 200


def test_quien_avanza_tiene_mas_tiempo(pedir: Callable[..., Mensajes]) -> None:
    """A school on a slow line: three times the deadline, at more than the pace that is asked for."""
    eco = Eco()
    cuerpo = [valor for _ in range(6) for valor in (trozo(b"x" * 10_000), 0.1)]
    enviado = pedir(eco, scope((b"content-length", b"60000")), *cuerpo, trozo(b"", False))
    assert enviado[0]["status"] == 200 and len(eco.vistos[0]["cuerpo"]) == 60_000


def test_quien_no_lee_se_queda_sin_respuesta(pedir: Callable[..., Mensajes]) -> None:
    """The answer ends before its length, which closes the connection; the thread was free long before."""
    with patch("nss_portal.servicio.recepcion.RITMO", 10**9):
        enviado = pedir(Eco(b"y" * 20 * 64 * 1024), scope(method="GET"), lee=0.15, plazo=0.2)
    assert enviado[-1].get("more_body", True)
    # At more than the pace that is asked for, it may take longer than the deadline.
    enviado = pedir(Eco(b"y" * 5 * 64 * 1024), scope(method="GET"), lee=0.3, plazo=1)
    assert enviado[-1]["more_body"] is False


def test_cabe_lo_que_el_personal_sube() -> None:
    """The page of the upload refuses by itself what is longer; up to there it must reach it whole."""
    assert CUERPO_MAXIMO >= TAMANO_MAXIMO * 2
