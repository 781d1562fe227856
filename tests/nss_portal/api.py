"""The App without a screen: what its tests send and read."""

import json
import re
from typing import Any
from urllib.parse import urlencode

from django.core import mail
from django.test import Client

from nss_portal.models import Codigo
from tests.apoyo import CORREO, reanudar

V1 = "/api/v1"
PROBLEMA = "application/problem+json"


def atender() -> None:
    while reanudar():
        pass


class Telefono(Client):
    """A phone: JSON in and out, its token once it has one; every refusal is a problem in Spanish."""

    token = ""

    def pedir(self, metodo: str, camino: str, datos: Any = None, **cabeceras: str) -> Any:
        if self.token:
            cabeceras.setdefault("Authorization", f"Bearer {self.token}")
        cuerpo = json.dumps(datos) if datos is not None else ""
        respuesta = self.generic(metodo, V1 + camino, cuerpo, "application/json", headers=cabeceras)
        if respuesta.status_code >= 400:
            assert respuesta["Content-Type"] == PROBLEMA, respuesta.content
            problema = respuesta.json()
            assert set(problema) == {"type", "title", "status", "detail", "errores"}
            assert problema["status"] == respuesta.status_code
            if respuesta.status_code == 429:
                assert int(respuesta["Retry-After"]) > 0
        return respuesta

    def ver(self, camino: str) -> Any:
        respuesta = self.pedir("GET", camino)
        assert respuesta.status_code == 200, respuesta.content
        return respuesta.json()

    def mandar(self, camino: str, datos: Any = None, **cabeceras: str) -> Any:
        return self.pedir("POST", camino, datos, **cabeceras)

    def dibujada(self, camino: str, datos: Any = None) -> Any:
        """A screen of the App, or what it becomes with what was chosen on it."""
        metodo, cuerpo = ("POST", urlencode(datos)) if datos else ("GET", "")
        cabeceras = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.generic(metodo, camino, cuerpo, "application/x-www-form-urlencoded", headers=cabeceras)

    def empezar(self, tipo: str, curp: str, correo: str = CORREO, **propios: Any) -> str:
        datos = {"tipo": tipo, "curp": curp, "correo": correo, **propios}
        respuesta = self.mandar("/tramites/", datos)
        assert respuesta.status_code == 202, respuesta.content
        return str(respuesta.json()["id"])

    def confirmar(self, pk: str) -> Any:
        atender()
        respuesta = self.mandar(f"/tramites/{pk}/codigo/", {"codigo": codigo_de(pk)})
        assert respuesta.status_code == 200, respuesta.content
        self.token = respuesta.json()["token"]
        atender()
        return respuesta

    def completo(self, tipo: str, curp: str, correo: str = CORREO, **propios: Any) -> Any:
        """From the request to where it waits for somebody; its JSON."""
        pk = self.empezar(tipo, curp, correo, **propios)
        if not self.token:
            self.confirmar(pk)
        atender()
        return self.ver(f"/tramites/{pk}/")


def codigo_de(pk: str) -> str:
    return Codigo.objects.get(tramite=pk).cifras


def leido(mensaje: Any) -> str:
    """The code as a person reads it in the mail."""
    return re.search(r"^(\d{6})$", mensaje.body, re.M)[1]  # type: ignore[index]


def a(correo: str) -> list[Any]:
    return [m for m in mail.outbox if m.to == [correo]]


def otro_codigo(codigo: str) -> str:
    return f"{(int(codigo) + 1) % 1_000_000:06d}"
