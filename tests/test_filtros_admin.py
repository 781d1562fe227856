"""A list of the admin answers what it links to and nothing else: of every model, by every field, in every way
there is to ask. Who only sees a masked number cannot spell it by asking, and the try is written down.
"""

import itertools
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.test import Client, RequestFactory
from django.urls import reverse

from nss_portal.models import Asiento, Confirmacion, Documento, Persona, Tramite
from nss_portal.personal.base import Registro
from nss_portal.personas import asientos
from tests.personal import entrar, recorrer
from tests.test_admin import Modelo, con_filas, pagina, tramite

__all__ = ["con_filas", "tramite"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("con_filas")]

TODOS = list(admin.site._registry)
cada_modelo = pytest.mark.parametrize("modelo", TODOS, ids=lambda modelo: modelo.__name__)
COMO = [
    *("", "exact", "iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "regex"),
    *("iregex", "gt", "gte", "lt", "lte", "in", "isnull", "range", "year", "date", "isempty", "0", "length"),
]
# What staff see masked, or not at all; a search or an order by it would tell it bit by bit.
RESERVADOS = {
    *("curp", "nss", "correo", "confirmado_por", "para", "token", "datos", "detalle", "navegador"),
    *("solicitud", "huella", "password", "clave_api", "respuesta_codigo", "resumen"),
}


@pytest.fixture
def quien_solo_mira() -> User:
    usuario = User.objects.create_user("mira", is_staff=True)
    usuario.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return usuario


@pytest.fixture
def mira(quien_solo_mira: User) -> Client:
    return entrar(quien_solo_mira)


def campos(modelo: Modelo, saltos: int) -> Iterator[str]:
    """Every field of a model, and of what it leads to: whatever an address could name."""
    for campo in modelo._meta.get_fields(include_hidden=False):
        yield campo.name
        if getattr(campo, "attname", campo.name) != campo.name:
            yield campo.attname  # type: ignore[union-attr]
        otro = campo.related_model
        if saltos and isinstance(otro, type) and issubclass(otro, models.Model):
            yield from (f"{campo.name}__{suyo}" for suyo in campos(otro, saltos - 1))
    yield "pk"


def ofrecidas(modelo: Modelo) -> set[str]:
    """What the filters of a list may carry, told from its options alone."""
    pagina_ = admin.site._registry[modelo]
    nombres = set(getattr(pagina_, "consultas", ()))
    for filtro in pagina_.list_filter:
        if isinstance(filtro, str | tuple):
            ruta = filtro if isinstance(filtro, str) else filtro[0]
            campo = get_fields_from_path(modelo, ruta)[-1]
            if isinstance(filtro, tuple):
                nombres.add(f"{ruta}__isempty")
            elif campo.is_relation:
                nombres |= {f"{ruta}__{campo.target_field.name}__exact", f"{ruta}__isnull"}  # type: ignore[attr-defined]
            else:
                nombres |= {f"{ruta}__exact", f"{ruta}__isnull"}
        else:
            nombres.add(str(filtro.parameter_name))  # type: ignore[union-attr]
    return nombres


def consultas(modelo: Modelo, saltos: int) -> set[str]:
    return {f"{campo}__{como}".removesuffix("__") for campo in campos(modelo, saltos) for como in COMO}


@cada_modelo
def test_todas_tienen_la_misma_base(modelo: Modelo) -> None:
    pagina_ = admin.site._registry[modelo]
    assert isinstance(pagina_, Registro)
    assert type(pagina_).lookup_allowed is Registro.lookup_allowed


@cada_modelo
def test_solo_se_pregunta_lo_que_la_lista_ofrece(
    modelo: Modelo, quien_solo_mira: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every field, also two relations away, in every way there is to ask."""
    pedido = RequestFactory().get("/")
    pedido.user = quien_solo_mira
    anotadas: list[str] = []
    monkeypatch.setattr(asientos, "anotar_consulta", lambda usuario, cual, como: anotadas.append(como))
    pagina_, todas = admin.site._registry[modelo], consultas(modelo, 2)
    contestadas = {consulta for consulta in todas if pagina_.lookup_allowed(consulta, "1", pedido)}
    assert contestadas <= ofrecidas(modelo)
    assert set(anotadas) == todas - contestadas
    assert len(todas) > 20


@cada_modelo
def test_lo_demas_se_rechaza_y_queda_escrito(modelo: Modelo, mira: Client, quien_solo_mira: User) -> None:
    """Through its address: never an answer, never a 500, always a row that says who, what and how."""
    lista, buenas = pagina(modelo, "changelist"), ofrecidas(modelo)
    suyas = Asiento.objects.filter(usuario=quien_solo_mira, que=Asiento.Que.CONSULTAR)
    # No address of an admin where it may not look is answered at all.
    assert mira.get(lista).status_code in (200, 403)
    entra = mira.get(lista).status_code == 200
    # Of each field three ways, not the same: the test above has tried them all.
    por_turno = itertools.cycle(COMO)
    algunas = {f"{c}__{next(por_turno)}".removesuffix("__") for c in sorted(set(campos(modelo, 0))) * 3}
    for consulta in sorted(algunas - buenas):
        antes = suyas.count()
        assert mira.get(lista, {consulta: "1"}).status_code == (400 if entra else 403), consulta
        if entra:
            ultimo = suyas.latest("pk")
            assert suyas.count() == antes + 1, consulta
            assert ultimo.detalle == {"modelo": modelo._meta.label_lower, "consulta": consulta}
            assert ultimo.persona is None
    for consulta in sorted(buenas):
        for valor in ("", "1", "abc", "9" * 30, "-1", "\0", "1,2", ",", "é"):
            assert mira.get(lista, {consulta: valor}, follow=True).status_code in (200, 400, 403)


@pytest.mark.parametrize("quien", ["admin", "personal", "escuela-a", "ventanilla", "supervision"])
def test_nadie_pregunta_por_un_dato_reservado(quien: str) -> None:
    cliente = entrar(User.objects.get(username=quien))
    persona = Persona.objects.exclude(nss=None)[0]
    for modelo in TODOS:
        rutas = [c for c in campos(modelo, 2) if c.rpartition(LOOKUP_SEP)[2] in RESERVADOS]
        for ruta in rutas[:6]:
            pedida = cliente.get(pagina(modelo, "changelist"), {f"{ruta}__startswith": str(persona.nss)[:2]})
            assert pedida.status_code in (400, 403), (modelo, ruta)


def test_el_ataque_entero_no_avanza(mira: Client, tramite: Tramite) -> None:
    """As it was done: an NSS and the link of a mail, character by character."""
    persona, documento = tramite.persona, tramite.documentos.all()[0]
    assert persona and persona.nss
    for modelo, consulta, secreto in (
        (Persona, "nss__startswith", persona.nss),
        (Persona, "nss__regex", persona.nss),
        (Documento, "codigo__regex", documento.codigo),
        (Documento, "token__startswith", documento.token),
        (Documento, "datos__nss__regex", persona.nss),
        (Tramite, "envios__datos__url__regex", "http"),
    ):
        for intento in (secreto[:3], "zzz"):
            respuesta = mira.get(pagina(modelo, "changelist"), {consulta: f"{intento}"})
            assert respuesta.status_code == 400 and "cl" not in (respuesta.context or {})
    dicho = mira.get(reverse("admin:nss_portal_asiento_changelist")).content.decode()
    assert "Quiso filtrar por un dato reservado" in dicho
    asiento = Asiento.objects.filter(que="consultar").latest("pk")
    suyo = mira.get(pagina(Asiento, "change", asiento.pk)).content.decode()
    assert "envios__datos__url__regex" in suyo and "nss_portal.tramite" in suyo
    assert persona.nss[:3] not in str(asiento.detalle)


def test_lo_que_se_escribe_no_lleva_datos_de_nadie(
    mira: Client, tramite: Tramite, caplog: pytest.LogCaptureFixture
) -> None:
    for nombre in (tramite.curp, f"{tramite.curp}__exact", "a\0b\nINFO falso", "x" * 5000):
        assert mira.get(pagina(Persona, "changelist"), {nombre: tramite.curp}).status_code == 400
    escrito = f"{[a.detalle for a in Asiento.objects.filter(que='consultar')]}{caplog.messages}"
    assert tramite.curp not in escrito and "\n" not in escrito and "\\n" not in escrito
    assert len(max((a.detalle["consulta"] for a in Asiento.objects.filter(que="consultar")), key=len)) <= 100


RAROS: list[dict[str, Any]] = [
    *({"id__range": "1"}, {"id__in": ""}, {"id__in": "abc"}, {"id__in": "9" * 30}, {"id__in": "\0"}),
    *({"pk__in": "1,"}, {"fecha__year": "abc"}, {"creado__year": "9999"}, {"nada": "1"}, {"": "1"}),
    *({"p": "abc"}, {"p": "-1"}, {"p": "9" * 40}, {"o": "zzz"}, {"o": "1.2.-3.99.x"}, {"o": "9" * 40}),
    *({"all": ""}, {"e": "1"}, {"e": "1", "nada": "1"}, {"q": "\0"}, {"q": "x" * 5000}, {"_facets": "x"}),
    *({"_popup": "1"}, {"_popup": "x", "_to_field": "id"}, {"_to_field": "nada"}, {"_source_model": "x"}),
    *({"_changelist_filters": "nss__startswith=1"}, {"id__in": ["1", "x"]}, {"nss__regex": "["}),
]


@cada_modelo
def test_lo_mal_pedido_tiene_una_pagina(modelo: Modelo, admin_client: Client) -> None:
    for raro in RAROS:
        respuesta = admin_client.get(pagina(modelo, "changelist"), raro, follow=True)
        assert respuesta.status_code in (200, 400), raro
        assert "text/html" in respuesta.headers["Content-Type"]
    for clave in ("abc", "9" * 40, str(uuid.uuid4()), "_00", "-1"):
        for cual in ("change", "history", "delete"):
            ruta = pagina(modelo, cual, clave)
            assert admin_client.get(ruta, follow=True).status_code in (200, 400, 403, 404), ruta


@cada_modelo
def test_de_otro_campo_que_la_clave_no_se_da_nada(modelo: Modelo, admin_client: Client) -> None:
    """A popup would put in the page the field that it is asked for; a page is not opened by a number."""
    fila = modelo._default_manager.all()[:1]
    for campo in modelo._meta.concrete_fields:
        lista = admin_client.get(pagina(modelo, "changelist"), {"_popup": "1", "_to_field": campo.name})
        assert lista.status_code == 400 or campo.primary_key, campo
        if fila and not campo.primary_key:
            valor = str(campo.value_from_object(fila[0])) or "x"
            una = admin_client.get(pagina(modelo, "change", valor[:40]), {"_to_field": campo.name})
            assert una.status_code in (400, 404), campo


def _de_un_orden(modelo: Modelo, ruta: str) -> Iterator[str]:
    """The names of the fields that an order by `ruta` would follow, a relation's own order included."""
    campo = get_fields_from_path(modelo, ruta.removeprefix("-").replace("pk", modelo._meta.pk.name))[-1]
    yield campo.name
    if campo.is_relation and campo.related_model:
        for suyo in campo.related_model._meta.ordering:
            yield from _de_un_orden(campo.related_model, suyo)


@cada_modelo
def test_ni_el_orden_ni_la_busqueda_delatan(modelo: Modelo, quien_solo_mira: User) -> None:
    pagina_ = admin.site._registry[modelo]
    pedido = RequestFactory().get("/")
    pedido.user = quien_solo_mira
    lista: ChangeList = pagina_.get_changelist_instance(pedido)
    ordenes = [lista.get_ordering_field(columna) for columna in lista.list_display if columna != "__str__"]
    for orden in [*ordenes, *pagina_.get_ordering(pedido), *modelo._meta.ordering]:
        if orden:
            assert not RESERVADOS & set(_de_un_orden(modelo, str(orden))), orden
    for busca in pagina_.get_search_fields(pedido):
        *partes, como = busca.lstrip("^=@").split(LOOKUP_SEP)
        assert como == "exact" or not RESERVADOS & {*partes, como}, busca
    assert not RESERVADOS & {parte for ruta in ofrecidas(modelo) for parte in ruta.split(LOOKUP_SEP)}


def test_completar_no_se_rompe_ni_da_datos(admin_client: Client) -> None:
    """Of a relation that no form completes, told backwards too; and what is typed may be anything."""
    contestan = 0
    for modelo in TODOS:
        for campo in modelo._meta.get_fields():
            datos = {"app_label": modelo._meta.app_label, "model_name": modelo._meta.model_name}
            datos |= {"field_name": campo.name, "term": "28"}
            respuesta = admin_client.get(reverse("admin:autocomplete"), datos)
            assert respuesta.status_code in (200, 403), datos
            if respuesta.status_code == 200:
                contestan += 1
                assert campo.related_model not in (Persona, Tramite, Documento)
                for termino in ("", "\0", "x" * 3000):
                    raro = admin_client.get(reverse("admin:autocomplete"), datos | {"term": termino})
                    assert raro.status_code in (200, 403)
    assert contestan >= 4


def test_nadie_del_personal_recibe_la_direccion_secreta_de_nadie(
    admin_client: Client, mira: Client, tramite: Tramite
) -> None:
    """«View on site» of a trámite, or of a question to a mailbox, whose link it would make anew."""
    pregunta = Confirmacion.objects.create(tramite=tramite, pregunta="correo", correo="a@correo.example")
    for cliente in (admin_client, mira):
        for fila in (tramite, pregunta):
            tipo = ContentType.objects.get_for_model(fila)
            respuesta = cliente.get(f"/admin/r/{tipo.pk}/{fila.pk}/")
            assert respuesta.status_code == 404 and "Location" not in respuesta.headers


def test_quien_solo_mira_no_encuentra_numeros(mira: Client, tramite: Tramite) -> None:
    """Every kind of page that they come to, but those that show them to be read out and compared."""
    secretos = {
        *(str(numero) for numero in Persona.objects.exclude(nss=None).values_list("nss", flat=True)),
        *Persona.objects.values_list("curp", flat=True),
        *Documento.objects.values_list("token", flat=True),
        *Documento.objects.values_list("codigo", flat=True),
        tramite.navegador,
    }
    vistas = 0
    for nombre, respuesta in recorrer(mira):
        if not re.match("/admin/(vigencia/inscripcion|afiliacion/(atencion|cambio))/[^/]+/change/", nombre):
            html = respuesta.content.decode()
            assert not [secreto for secreto in secretos if secreto in html], nombre
            vistas += 1
    assert vistas > 50


@pytest.mark.parametrize(
    ("siguiente", "esperado"),
    [
        (None, "/admin/"),
        ("", "/admin/"),
        ("/admin/nss_portal/tramite/", "/admin/nss_portal/tramite/"),
        (
            "/admin/nss_portal/tramite/?estado__exact=resuelto",
            "/admin/nss_portal/tramite/?estado__exact=resuelto",
        ),
        ("/accounts/profile/", "/admin/"),
        ("/admin/no-existe/", "/admin/"),
        ("/admin/logout/", "/admin/"),
        ("/no-existe", "/admin/"),
        ("https://malo.example/admin/", "/admin/"),
        ("//malo.example/admin/", "/admin/"),
        ("http://[", "/admin/"),
        ("javascript:alert(1)", "/admin/"),
        ("\0", "/admin/"),
    ],
)
@pytest.mark.parametrize("en", ["la dirección", "la forma", "las dos"])
def test_quien_entra_llega_a_una_pagina(
    client: Client, siguiente: str | None, esperado: str, en: str
) -> None:
    User.objects.create_user("entra", password="Ahuehuete-7", is_staff=True, is_superuser=True)
    suyo = {"next": siguiente} if siguiente is not None else {}
    datos = {"username": "entra", "password": "Ahuehuete-7"} | (suyo if en != "la dirección" else {})
    ruta = reverse("admin:login", query=suyo if en != "la forma" else None)
    assert client.get(ruta).status_code == 200
    respuesta = client.post(ruta, datos)
    assert respuesta.status_code == 302 and respuesta.url == esperado
    assert client.get(respuesta.url).status_code == 200
    # Whoever is in already is led to the same page.
    if en == "la dirección":
        assert client.get(ruta).url == esperado  # type: ignore[attr-defined]
