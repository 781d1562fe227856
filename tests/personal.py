"""The pages of the admin that a user comes to: by links, and by sending each form with nothing filled in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import Resolver404, resolve

from afiliacion.models import Subdelegacion
from vigencia.models import Responsable

Datos = dict[str, list[str]]
Clase = tuple[str, ...]


@dataclass
class Forma:
    por_post: bool
    destino: str
    escondido: Datos = field(default_factory=dict)
    acciones: list[str] = field(default_factory=list)


class Salidas(HTMLParser):
    """Where a page leads to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.enlaces: list[str] = []
        self.formas: list[Forma] = []
        self.lista = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        suyo = {nombre: valor or "" for nombre, valor in attrs}
        nombre, valor = suyo.get("name", ""), suyo.get("value", "")
        if tag == "a" and "href" in suyo:
            self.enlaces.append(suyo["href"])
        elif tag == "form":
            self.formas.append(Forma(suyo.get("method", "").lower() == "post", suyo.get("action", "")))
        elif tag == "select":
            self.lista = nombre
        elif not self.formas:
            return
        elif tag == "option" and self.lista == "action" and valor:
            self.formas[-1].acciones.append(valor)
        elif tag == "input" and (suyo.get("type") == "hidden" or nombre == "_selected_action"):
            self.formas[-1].escondido.setdefault(nombre, []).append(valor)


def clase(url: str) -> Clase | None:
    """What kind of page an address is: somebody's history, a list by one of its filters… None when it is not
    the admin's, or is a kind that says nothing new: another order, two filters at once.
    """
    partes = urlsplit(url)
    parametros = {clave for clave, _ in parse_qsl(partes.query)}
    repetida = parametros & {"o", "_changelist_filters"} or (
        len(parametros) > 1 and "_popup" not in parametros
    )
    if repetida or not partes.path.startswith("/admin/"):
        return None
    try:
        ruta = resolve(partes.path)
    except Resolver404:
        return None
    return (ruta.view_name, str(ruta.kwargs.get("app_label", "")), *sorted(parametros))


def recorrer(cliente: Client) -> Iterator[tuple[str, Any]]:
    """(what was asked for, answer): a page of each kind, and what each kind of form answers."""
    vistas: set[Clase] = {("admin:logout", "")}
    por_ver, por_enviar = ["/admin/"], list[tuple[str, Datos]]()
    while por_ver or por_enviar:
        # First all that can be looked at: what is sent may delete it.
        url, datos = (por_ver.pop(0), None) if por_ver else por_enviar.pop(0)
        if datos is None:
            cual = clase(url)
            if cual is None or cual in vistas:
                continue
            vistas.add(cual)
            respuesta = cliente.get(url, follow=True)
        else:
            respuesta = cliente.post(url, datos, follow=True)
        if respuesta.streaming or not respuesta.headers.get("Content-Type", "").startswith("text/html"):
            continue
        yield f"{url} {datos or ''}", respuesta
        donde = urljoin(url, respuesta.redirect_chain[-1][0] if respuesta.redirect_chain else "")
        salidas = Salidas(respuesta.content.decode())
        por_ver += [urljoin(donde, enlace) for enlace in salidas.enlaces]
        for forma in salidas.formas:
            destino = urljoin(donde, forma.destino)
            cual = clase(urlsplit(destino).path)
            if not forma.por_post or cual is None or cual in {("admin:logout", "")}:
                continue
            for accion in forma.acciones or [""]:
                if ("POST", *cual, accion) not in vistas:
                    vistas.add(("POST", *cual, accion))
                    elegida = {"action": [accion], "index": ["0"]} if accion else {}
                    por_enviar.append((destino, forma.escondido | elegida))


def entrar(usuario: User) -> Client:
    cliente = Client()
    cliente.force_login(usuario)
    return cliente


def aparte(admin: User) -> Iterator[tuple[str, Any]]:
    """What is only come to by a mistake, by having done something, or after much use."""
    nadie, cliente = Client(), entrar(admin)
    yield "entrar", nadie.get("/admin/", follow=True)
    yield "entrar mal", nadie.post("/admin/login/", {"username": "admin", "password": "no"})
    yield "entrar sin nada", nadie.post("/admin/login/", {})
    yield "entrar sin permiso", entrar(User.objects.create_user("cualquiera")).get("/admin/", follow=True)

    oficina, grupo = Subdelegacion.objects.all()[0], Group.objects.create(name="Grupo")
    LogEntry.objects.log_actions(admin.pk, [oficina] * 121, CHANGE, "Baja.")
    for ruta in (
        f"/admin/afiliacion/subdelegacion/{oficina.pk}/history/",
        f"/admin/afiliacion/subdelegacion/{oficina.pk}/history/?p=2",
        "/admin/afiliacion/subdelegacion/?q=Toluca",
        "/admin/afiliacion/subdelegacion/?q=nada+de+nada",
        "/admin/afiliacion/subdelegacion/?o=1.2",
        "/admin/afiliacion/subdelegacion/999999/change/",
        "/admin/nss_portal/entidad/?nada=1",
        "/admin/nss_portal/tramite/?id__in=nada&e=1",
        f"/admin/vigencia/escuela/{Responsable.objects.all()[0].escuela_id}/change/",
        "/admin/no-existe/",
    ):
        yield ruta, cliente.get(ruta, follow=True)

    una = {
        "username": "otra",
        "password1": "Ahuehuete-7",
        "password2": "Ahuehuete-7",
        "usable_password": "true",
    }
    for cambio in (
        {"_continue": "1"},
        {"username": "otra2", "_addanother": "1"},
        {"username": "otra3"},
        {"username": "otra4", "_popup": "1"},
        {"password2": "nada"},
        {"password1": "1234", "password2": "1234"},
        {"password1": "otra", "password2": "otra"},
        {"username": "con espacios"},
        {"username": "x" * 200},
        {"usable_password": "false", "username": "sin"},
    ):
        yield f"usuario: {cambio}", cliente.post("/admin/auth/user/add/", una | cambio, follow=True)
    sin = User.objects.get(username="sin")
    yield "sin contraseña", cliente.get(f"/admin/auth/user/{sin.pk}/change/")
    suya = f"/admin/auth/user/{sin.pk}/password/"
    yield "ponerle una", cliente.get(suya)
    yield "se le puso", cliente.post(suya, una | {"set-password": "1"}, follow=True)
    yield "se le quitó", cliente.post(suya, {"usable_password": "false", "unset-password": "1"}, follow=True)

    for cambio in ({"_continue": "1"}, {"_addanother": "1"}, {}):
        datos = {"name": "Grupo con otro nombre"} | cambio
        yield f"grupo: {cambio}", cliente.post(f"/admin/auth/group/{grupo.pk}/change/", datos, follow=True)
    yield "grupo: historial", cliente.get(f"/admin/auth/group/{grupo.pk}/history/")
    marcado = {"action": "delete_selected", "_selected_action": [str(grupo.pk)], "post": "yes"}
    yield "grupo: eliminar", cliente.post("/admin/auth/group/", marcado, follow=True)
    persona = {"nacimiento": "ayer", "sexo": "H", "curp": "X", "nss": "1", "nombres": "x" * 200}
    yield "persona", cliente.post("/admin/nss_portal/persona/add/", persona)

    actual = {"old_password": "no", "new_password1": "x", "new_password2": "y"}
    yield "su contraseña, mal", cliente.post("/admin/password_change/", actual)
    admin.set_password("Ahuehuete-7")
    admin.save()
    cliente.force_login(admin)
    bien = {"old_password": "Ahuehuete-7", "new_password1": "Ahuehuete-8", "new_password2": "Ahuehuete-8"}
    yield "su contraseña", cliente.post("/admin/password_change/", bien, follow=True)
    yield "salir", cliente.post("/admin/logout/", follow=True)
