"""Every screen of the App in every state: what it keeps, what the API answers, what is pressed to come there.

The answers are the API's own, asked before there is a browser (`test_app_pantallas.py` gives them to it).
Where a state lasts an instant or needs a service to fail, its row is put there by hand.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinicas.models import Cobertura, Consultorio, Peticion
from nss_portal.api.app import EN_LA_APP
from nss_portal.models import Codigo, Persona, Tramite
from nss_portal.web.mantenimiento import cerrado_por_mantenimiento
from tests.apoyo import domicilio, persona_con_nss
from tests.navegador.estados import ABIERTA, Pagina, _clinica, atender, codigo_mas_largo, ficha, inscritos
from tests.nss_portal.api import V1, Telefono, codigo_de, otro_codigo

type Estantes = dict[str, Pagina | None]
type Pasos = Callable[[Page], None]
CORREO = "una.direccion.larga.de.verdad@correo-institucional.example"
PDF = Pagina("pdf", "%PDF-1.7", 200, {"content-type": "application/pdf"})
# What happens inside a screen leaves the focus where the person is.
EN_LA_MISMA = {
    "nss: enviado otra vez",
    "domicilio: lista",
    "domicilio: lista más larga",
    "domicilio: colonia no listada",
    "domicilio: código desconocido",
}


def nada(app: Page) -> None:
    pass


@dataclass(frozen=True)
class Escena:
    nombre: str
    pantalla: str
    ruta: str = ""
    todo: dict[str, Any] = field(default_factory=dict)
    # By path, whatever the method; None: the network is lost on the way.
    estantes: Estantes = field(default_factory=dict)
    # From the screen that the address opens to the one that is looked at.
    pasos: Pasos = nada
    sin_red: bool = False


def todas(settings: Any, tmp_path: Path) -> Iterator[Escena]:
    una, gente = Grabada(persona_con_nss()), inscritos()
    yield from formas(una)
    yield from codigos()
    yield from paso_1()
    yield from domicilios()
    yield from rechazos()
    yield from paso_2(gente)
    yield from paso_3(gente["vigente"])
    yield from tropiezos(una, settings, tmp_path)


class Grabada:
    """A person with a phone, and what the API has answered it."""

    def __init__(self, persona: Persona, correo: str = CORREO) -> None:
        self.persona, self.correo, self.telefono = persona, correo, Telefono()
        self.estantes: Estantes = {}
        self.guardado: dict[str, Any] = {}

    def empezar(self, tipo: str, **propios: Any) -> str:
        """A trámite of hers with the code typed, and nobody working on it yet."""
        pk = self.telefono.empezar(tipo, self.persona.curp, self.correo, **propios)
        if not self.telefono.token:
            atender()
            dado = self.telefono.mandar(f"/tramites/{pk}/codigo/", {"codigo": codigo_de(pk)})
            self.telefono.token = dado.json()["token"]
        return pk

    def terminar(self, tipo: str, pk: str) -> dict[str, Any]:
        """What the App keeps of it once it is solved."""
        atender()
        html = self.mirar(pk).html
        tramite = self.telefono.ver(f"/tramites/{pk}/")
        self.estantes |= {f"{V1}/documentos/{d['id']}/": PDF for d in tramite["documentos"]}
        self.guardado[tipo] = {"id": pk, "curp": self.persona.curp, "html": html}
        return tramite

    def mirar(self, pk: str, cual: str = "", datos: Any = None) -> Pagina:
        """A screen of the trámite, as the server draws it now."""
        camino = pantalla(pk, cual)
        dibujada = ficha(camino, self.telefono.dibujada(camino, datos))
        self.estantes[camino] = dibujada
        return dibujada

    def mandar(self, camino: str, datos: Any = None) -> Any:
        respuesta = self.telefono.mandar(camino, datos)
        self.estantes |= contestado(camino, respuesta)
        return respuesta

    def todo(self, tipo: str = "", pk: str = "", confirmado: bool = True, **guardado: Any) -> dict[str, Any]:
        sesion = {"curp": self.persona.curp, "correo": self.correo, "token": "t"}
        curso = {"tipo": tipo, "id": pk, "confirmado": confirmado} if tipo else None
        return {"sesion": sesion, "curso": curso, "guardado": guardado}

    def finalizada(self, tipo: str, pk: str) -> Escena:
        """What is there before, and what comes once it is pressed."""
        antes = self.todo(tipo, pk, **self.guardado)
        self.mandar(f"/tramites/{pk}/finalizar/")
        self.mirar(pk)
        pasos = pulsar("Finalizar trámite")
        return Escena(f"{tipo}: finalizado", "finalizado", tipo, antes, dict(self.estantes), pasos)

    def escena(self, nombre: str, pantalla: str, tipo: str, pk: str, pasos: Pasos = nada) -> Escena:
        """The trámite, opened by its address, with the answers of this moment."""
        return Escena(nombre, pantalla, tipo, self.todo(tipo, pk), dict(self.estantes), pasos)


def pantalla(pk: str, cual: str = "") -> str:
    return f"/app/pantalla/{pk}/{cual}"


def esperando(listos: int, espera: str = "") -> Pagina:
    """The screen that waits, with so many parts done."""
    ahora = timezone.now()
    partes = [
        {
            "texto": f"Parte {cual}",
            "hecho": ahora if cual < listos else None,
            "clase": "hecho" if cual < listos else "actual" if cual == listos else "espera",
        }
        for cual in range(5)
    ]
    tramite = Tramite(tipo=Tramite.Tipo.NSS, espera=espera, correo="espera@correo.example")
    contexto = EN_LA_APP | {"tramite": tramite, "avance": partes}
    html = render_to_string("tramite/procesando.html", contexto)
    return Pagina("", html, 200, {"content-type": "text/html; charset=utf-8"})


def contestado(camino: str, respuesta: Any) -> Estantes:
    return {f"{V1}{camino}": ficha(camino, respuesta)}


def lugar(cp: str) -> Estantes:
    camino = f"/codigos-postales/{cp}/"
    return {camino: ficha(camino, Client().get(camino))}


def llenar(**campos: str) -> Pasos:
    def hacer(app: Page) -> None:
        for nombre, valor in campos.items():
            app.locator(f"#id_{nombre}").fill(valor)
        app.locator("main .acciones button[type=submit]").click()

    return hacer


def pulsar(*nombres: str) -> Pasos:
    def hacer(app: Page) -> None:
        for nombre in nombres:
            app.get_by_role("button", name=nombre).first.click()

    return hacer


def formas(una: Grabada) -> Iterator[Escena]:
    yield Escena("inicio", "inicio")
    for tipo in ("nss", "vigencia", "clinica"):
        yield Escena(f"{tipo}: solicitud", "solicitud", tipo)
    malos = {"tipo": "vigencia", "curp": "EERC070231MDFJSTA5", "correo": "x", "nss": "1"}
    mal = contestado("/tramites/", Telefono().mandar("/tramites/", malos))
    datos = {campo: malos[campo] for campo in ("curp", "correo", "nss")}
    yield Escena("vigencia: todo mal", "solicitud", "vigencia", estantes=mal, pasos=llenar(**datos))
    pk = una.empezar("nss")
    una.terminar("nss", pk)
    otra = llenar(curp=persona_con_nss(1).curp, correo=CORREO)
    yield Escena("nss: otra persona", "solicitud", "nss", una.todo(**una.guardado), pasos=otra)


def codigos() -> Iterator[Escena]:
    una = Grabada(persona_con_nss(1))
    pk = una.telefono.empezar("nss", una.persona.curp, CORREO)
    atender()
    camino, malo = f"/tramites/{pk}/codigo/", {"codigo": otro_codigo(codigo_de(pk))}
    por_confirmar = una.todo("nss", pk, confirmado=False)
    yield Escena("inicio: trámite en curso", "inicio", todo=por_confirmar)
    yield Escena("código", "codigo", "nss", por_confirmar)
    una.mandar(camino, malo)
    escrito = llenar(codigo=malo["codigo"])
    yield Escena("código: no es", "codigo", "nss", por_confirmar, dict(una.estantes), escrito)
    Codigo.objects.filter(tramite=pk).update(intentos=5)
    una.mandar(camino, malo)
    yield Escena("código: se acabaron", "solicitud", "nss", por_confirmar, dict(una.estantes), escrito)


def paso_1() -> Iterator[Escena]:
    una = Grabada(Persona.objects.sin_nss().filter(entidad="DF").order_by("curp")[0])
    pk = una.empezar("nss")
    una.mirar(pk)
    yield una.escena("procesando", "procesando", "nss", pk)
    Tramite.objects.filter(pk=pk).update(creado=timezone.now() - timedelta(minutes=1))
    una.mirar(pk)
    yield una.escena("procesando: tarda", "procesando", "nss", pk)
    for espera in Tramite.Espera.values:
        Tramite.objects.filter(pk=pk).update(espera=espera)
        una.mirar(pk)
        yield una.escena(f"procesando: {espera}", "procesando", "nss", pk)
    tarjeta = una.terminar("nss", pk)["documentos"][1]["id"]
    yield una.escena("nss asignado", "resultado", "nss", pk)

    def enviado(app: Page) -> None:
        app.locator("[data-documento=tarjeta] [data-con-red]").click()
        expect(app.locator("[data-documento=tarjeta] [data-dicho]")).to_contain_text("Va en camino")

    una.mandar(f"/documentos/{tarjeta}/enviar/")
    yield una.escena("nss: enviado otra vez", "resultado", "nss", pk, enviado)
    una.estantes |= lugar("06600")
    una.mirar(pk, "domicilio/")
    dar = pulsar("Dar mi domicilio")
    yield una.escena("domicilio: después", "domicilio", "nss", pk, dar)

    def dado(app: Page) -> None:
        dar(app)
        escribir_domicilio(app)
        app.get_by_role("button", name="Guardar mi domicilio").click()
        expect(app.get_by_text("Guardamos tu domicilio.")).to_be_visible()

    una.mandar(f"/tramites/{pk}/domicilio/", domicilio())
    yield una.escena("domicilio: guardado", "resultado", "nss", pk, dado)
    yield una.finalizada("nss", pk)
    yield Escena("inicio: con tarjeta", "inicio", todo=una.todo(**una.guardado))
    otra = Grabada(persona_con_nss(2))
    localizado = otra.empezar("nss")
    otra.terminar("nss", localizado)
    yield otra.escena("nss localizado", "resultado", "nss", localizado)


def escribir_domicilio(app: Page, cp: str = "06600") -> None:
    app.locator("#id_codigo_postal").fill(cp)
    app.locator("select#id_colonia").select_option(index=1)
    app.locator("#id_calle").fill("Calle de los Ejemplos")
    app.locator("#id_numero_exterior").fill("12")


def domicilios() -> Iterator[Escena]:
    """Of whoever was born abroad: no entidad says which office gives their number."""
    una = Grabada(Persona.objects.sin_nss().filter(entidad="NE").order_by("curp")[0])
    pk = una.empezar("nss")
    atender()
    largo, cuantas = codigo_mas_largo()
    una.mirar(pk)
    una.estantes |= lugar("06600") | lugar(largo) | lugar("00001")
    camino = f"/tramites/{pk}/domicilio/"

    def lista(app: Page, cp: str = "06600") -> None:
        app.locator("#id_codigo_postal").fill(cp)
        expect(app.locator("select#id_colonia")).to_be_visible()

    def no_listada(app: Page) -> None:
        lista(app)
        app.get_by_role("button", name="Mi colonia no está en la lista").click()
        app.locator("input#id_colonia").fill("Colonia Nueva")

    def larga(app: Page) -> None:
        lista(app, largo)
        app.get_by_label("Buscar en la lista").fill("a")
        expect(app.get_by_text(re.compile(rf"de {cuantas}$")).first).to_be_visible()

    def desconocido(app: Page) -> None:
        app.locator("#id_codigo_postal").fill("00001")
        expect(app.locator("[data-sin-lugar]")).to_be_visible()

    for nombre, pasos in {
        "domicilio": nada,
        "domicilio: lista": lista,
        "domicilio: lista más larga": larga,
        "domicilio: colonia no listada": no_listada,
        "domicilio: código desconocido": desconocido,
    }.items():
        yield una.escena(nombre, "domicilio", "nss", pk, pasos)
    una.mandar(camino, {"codigo_postal": "1", "colonia": "", "calle": "", "numero_exterior": ""})
    yield una.escena("domicilio: todo mal", "domicilio", "nss", pk, llenar(codigo_postal="1"))
    una.mandar(camino, domicilio(colonia="Ninguna así"))

    def de_otro_codigo(app: Page) -> None:
        lista(app)
        app.locator("main .acciones button[type=submit]").click()
        expect(app.locator("#error_colonia")).to_be_visible()
        expect(app.locator("select#id_colonia")).to_have_attribute("aria-describedby", "error_colonia")

    yield una.escena("domicilio: colonia de otro código", "domicilio", "nss", pk, de_otro_codigo)
    una.telefono.mandar(camino, domicilio())
    una.mirar(pk)
    yield una.escena("procesando: asignando", "procesando", "nss", pk)


def rechazos() -> Iterator[Escena]:
    una = Grabada(Persona(curp="EEQG030303HASJNLA9"))
    for tipo, mas, motivos in (
        ("nss", {}, ["curp-no-encontrada", "bloqueada"]),
        ("vigencia", {"nss": persona_con_nss(1).nss}, ["curp-sin-nss", "nss-no-corresponde"]),
        ("clinica", {"codigo_postal": "06600"}, ["sin-vigencia"]),
    ):
        pk = una.empezar(tipo, **mas)
        atender()
        for motivo in motivos:
            Tramite.objects.filter(pk=pk).update(motivo=motivo)
            Peticion.objects.filter(tramite=pk).update(falta={"causa": "nunca-inscrito"})
            una.mirar(pk)
            yield una.escena(f"{tipo}: {motivo}", "rechazo", tipo, pk)


def paso_2(gente: dict[str, Persona]) -> Iterator[Escena]:
    for causa, persona in gente.items():
        una = Grabada(persona, f"paso2.{causa}@correo.example")
        pk = una.empezar("vigencia", nss=persona.nss)
        una.terminar("vigencia", pk)
        yield una.escena(f"vigencia: {causa}", "resultado", "vigencia", pk)


def paso_3(persona: Persona) -> Iterator[Escena]:
    Cobertura.objects.filter(codigo_postal="06600").delete()
    primera = _clinica("DFIMS980001", "matutino", "vespertino", **ABIERTA)
    una = Grabada(persona, "paso2.vigente@correo.example")
    pk = una.empezar("clinica", codigo_postal="06600")
    atender()
    una.mirar(pk)
    yield una.escena("clínica: una", "eleccion", "clinica", pk)
    _clinica("DFIMS980002", "matutino")
    una.mirar(pk)
    yield una.escena("clínica: elección", "eleccion", "clinica", pk)
    continuar = pulsar("Continuar")
    una.mirar(pk, "eleccion/", {"clinica": "DFIMS980002", "turno": "vespertino"})
    yield una.escena("clínica: elección mal", "eleccion", "clinica", pk, continuar)
    una.mirar(pk, "eleccion/", {"clinica": primera.pk, "turno": "vespertino"})
    yield una.escena("clínica: revisión", "revision", "clinica", pk, continuar)
    una.mirar(pk)
    una.mandar(f"/tramites/{pk}/eleccion/", {"clinica": primera.pk, "turno": "nocturno"})
    una.mirar(pk, "eleccion/", {"cambiar": "1"})
    registrar = pulsar("Registrarme en esta clínica")
    yield una.escena("clínica: ya no se puede", "eleccion", "clinica", pk, registrar)
    Consultorio.objects.update(capacidad=0)
    una.mirar(pk)
    yield una.escena("clínica: sin lugar", "alto", "clinica", pk)
    Consultorio.objects.update(capacidad=1000)
    una.telefono.mandar(f"/tramites/{pk}/eleccion/", {"clinica": primera.pk, "turno": "vespertino"})
    una.mirar(pk)
    yield una.escena("procesando: emitiendo", "procesando", "clinica", pk)
    una.terminar("clinica", pk)
    yield una.escena("clínica: registrado", "resultado", "clinica", pk)
    yield una.finalizada("clinica", pk)
    for tipo, mas in (("nss", {}), ("vigencia", {"nss": una.persona.nss})):
        una.terminar(tipo, una.empezar(tipo, **mas))
    con_todo = una.todo(**una.guardado)
    yield Escena("inicio: los tres pasos", "inicio", todo=con_todo)
    yield Escena("inicio: sin conexión", "inicio", todo=con_todo, sin_red=True)
    otra_vez = una.empezar("clinica", codigo_postal="06600")
    una.terminar("clinica", otra_vez)
    yield una.escena("clínica: ya registrado", "resultado", "clinica", otra_vez)
    cambio = una.empezar("clinica", codigo_postal="06600", cambio=True)
    atender()
    una.mirar(cambio)
    yield una.escena("clínica: cambio, elección", "eleccion", "clinica", cambio)

    def igual(app: Page) -> None:
        continuar(app)
        expect(app.get_by_role("button", name="Dejarla como está")).to_be_visible()

    una.mirar(cambio, "eleccion/", {"clinica": primera.pk, "turno": "vespertino"})
    yield una.escena("clínica: cambio, la misma", "revision", "clinica", cambio, igual)

    una.mirar(cambio, "eleccion/", {"clinica": "DFIMS980002", "turno": "matutino"})
    yield una.escena("clínica: cambio, revisión", "revision", "clinica", cambio, continuar)
    una.telefono.mandar(f"/tramites/{cambio}/eleccion/", {"clinica": "DFIMS980002", "turno": "matutino"})
    una.terminar("clinica", cambio)
    yield una.escena("clínica: cambiado", "resultado", "clinica", cambio)


def tropiezos(una: Grabada, settings: Any, tmp_path: Path) -> Iterator[Escena]:
    pk = una.guardado["nss"]["id"]
    en_curso, avance = una.todo("nss", pk), pantalla(pk)
    vencido = ficha(avance, Telefono().dibujada(avance))
    assert vencido and vencido.estado == 401
    yield Escena("acceso vencido: en un trámite", "solicitud", "nss", en_curso, {avance: vencido})
    guardado = una.guardado["nss"]
    documento = Tramite.objects.get(pk=pk).documentos.all()[0].pk
    enviar: Estantes = {f"{V1}/documentos/{documento}/enviar/": vencido}
    yield Escena(
        "acceso vencido: en el inicio", "inicio", "", una.todo(nss=guardado), enviar, pulsar("Enviar")
    )
    salir = {f"{V1}/salir/": Pagina("", "", 204, {})}
    yield Escena("después de salir", "inicio", "", una.todo(nss=guardado), salir, pulsar("Salir"))
    yield Escena("no es de aquí", "alto", "nss", en_curso, {avance: Pagina("", "<html>", 502, {})})
    correo = "muchos@correo.example"
    for _ in range(5):
        Telefono().empezar("nss", una.persona.curp, correo)
    muchos = Telefono().mandar("/tramites/", {"tipo": "nss", "curp": una.persona.curp, "correo": correo})
    pedir = llenar(curp=una.persona.curp, correo=correo)
    yield Escena("demasiadas veces", "alto", "nss", estantes=contestado("/tramites/", muchos), pasos=pedir)
    yield Escena("sin red", "sin-red", "nss", en_curso, {avance: None})
    yield Escena("ya no está", "solicitud", "nss", en_curso, {avance: ficha("", Client().get(f"{V1}/nada/"))})
    settings.VAR_DIR = tmp_path
    (tmp_path / "mantenimiento").write_text("")
    cerrado = cerrado_por_mantenimiento(lambda _: HttpResponse())(RequestFactory().get(avance))
    yield Escena("en mantenimiento", "alto", "nss", en_curso, {avance: ficha("", cerrado)})
