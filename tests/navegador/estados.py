"""Every screen of the portal in every state that it is drawn in, by its own address and from the database.

The pages come from the same views as a visitor's; a browser then shows them (`test_cara.py`). Where a state
lasts an instant or needs a service to fail, its row is put there by hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import get_resolver
from django.utils import timezone

from clinicas.models import Clinica, Cobertura, Consultorio
from nss_portal.mantenimiento import cerrado_por_mantenimiento
from nss_portal.models import (
    CodigoPostal,
    Colonia,
    Confirmacion,
    Documento,
    Envio,
    Estado,
    Persona,
    Tramite,
    Vinculo,
)
from tests.apoyo import (
    CORREO,
    Estricto,
    domicilio,
    formulario,
    inscribir,
    persona_con_nss,
    reanudar,
    solicitar,
)
from vigencia.models import Inscripcion

HOY = timezone.localdate()
OTRO = "una.direccion.bastante.larga.de.verdad@correo-institucional.example"


@dataclass(frozen=True)
class Pagina:
    nombre: str
    html: str
    estado: int
    cabeceras: dict[str, str]


def codigo_mas_largo() -> tuple[str, int]:
    """The postal code with the longest list of colonias, and how long it is."""
    codigo = CodigoPostal.objects.annotate(n=Count("colonias")).order_by("-n")[0]
    return codigo.pk, Colonia.objects.vigentes().filter(codigo_postal=codigo).count()


def atender() -> None:
    while reanudar():
        pass


def ficha(nombre: str, respuesta: Any) -> Pagina:
    return Pagina(nombre, respuesta.content.decode(), respuesta.status_code, dict(respuesta.headers))


def todas(settings: Any, tmp_path: Path) -> Iterator[Pagina]:
    yield from publicas()
    yield from formularios()
    yield from paso_1(settings)
    yield from esperas()
    yield from rechazos()
    yield from paso_2()
    yield from paso_3()
    yield from confirmaciones(settings)
    yield from verificaciones(settings)
    yield from buzones(settings, tmp_path)
    yield from errores(settings, tmp_path)


def publicas() -> Iterator[Pagina]:
    for ruta in (
        "/",
        "/gobierno/",
        "/participa/",
        "/datos/",
        "/privacidad/",
        "/accesibilidad/",
        "/verificar/",
        "/api/v1/docs",
    ):
        yield ficha(ruta, Estricto().get(ruta))


def formularios() -> Iterator[Pagina]:
    for paso in ("nss", "vigencia", "clinica"):
        cliente = Estricto()
        yield ficha(f"{paso}: solicitud", cliente.get(f"/{paso}/"))
        vacio = formulario(cliente, "", "", paso, captcha_1="x")
        yield ficha(f"{paso}: todo mal", cliente.post(f"/{paso}/", vacio))
        datos = formulario(cliente, "EERC070231MDFJSTA5", paso=paso)  # a 31 of February
        yield ficha(f"{paso}: letras resueltas", cliente.post(f"/{paso}/", datos))


def _con_domicilio(cliente: Estricto) -> tuple[str, Persona]:
    persona = Persona.objects.sin_nss().filter(tramites=None).order_by("curp")[0]
    url = solicitar(cliente, persona.curp)
    atender()
    return url, persona


def paso_1(settings: Any) -> Iterator[Pagina]:
    cliente = Estricto()
    url, _ = _con_domicilio(cliente)
    yield ficha("domicilio", cliente.get(url))
    sesion = cliente.session
    sesion["desde"] -= settings.SESSION_COOKIE_AGE - 15 * 60
    sesion.save()
    yield ficha("domicilio: la sesión está por terminar", cliente.get(url))
    yield ficha("inicio: trámite en curso", cliente.get("/"))
    yield ficha("solicitud: trámite en curso", cliente.get("/nss/"))
    largo, _ = codigo_mas_largo()
    for nombre, datos in {
        "lista más larga": {"codigo_postal": largo, "buscar_cp": "1"},
        "colonia no listada": {"codigo_postal": largo, "buscar_cp": "otra"},
        "código desconocido": {"codigo_postal": "00001", "buscar_cp": "1"},
        "todo mal": {"codigo_postal": "1"},
        "colonia de otro código": domicilio(colonia="Ninguna así"),
    }.items():
        yield ficha(f"domicilio: {nombre}", cliente.post(f"{url}domicilio/", datos))
    cliente.post(f"{url}domicilio/", domicilio())
    atender()
    yield from _resultado_y_fin(cliente, url, "nss asignado")
    otro = Estricto()
    url = solicitar(otro, persona_con_nss(7).curp, correo=OTRO, correo_confirmacion=OTRO)
    atender()
    yield ficha("nss localizado", otro.get(url))
    envio = Envio.objects.get(tramite__navegador=otro.session["navegador"])
    for nombre, cambios in {
        "correo pendiente": {"enviado": None, "intentos": 3},
        "correo rechazado": {"enviado": None, "rechazado": True},
    }.items():
        Envio.objects.filter(pk=envio.pk).update(**cambios)
        yield ficha(f"nss: {nombre}", otro.get(url))
    documento = Documento.objects.filter(tramite__navegador=otro.session["navegador"])[0]
    otro.post(f"/documentos/{documento.pk}/enviar/")
    yield ficha("nss: enviado otra vez", otro.get(url))
    Documento.objects.filter(pk=documento.pk).update(emitido=None, archivo="", sha256="")
    yield ficha("documento en preparación", otro.get(f"/documentos/{documento.pk}/"))


def _resultado_y_fin(cliente: Estricto, url: str, nombre: str) -> Iterator[Pagina]:
    yield ficha(nombre, cliente.get(url))
    cliente.post(f"{url}finalizar/")
    yield ficha(f"{nombre}: finalizado", cliente.get(url))
    yield ficha(f"{nombre}: inicio", cliente.get("/"))


def esperas() -> Iterator[Pagina]:
    """What a worker is doing, or what it waits for."""
    cliente = Estricto()
    url = solicitar(cliente, persona_con_nss(8).curp)
    yield ficha("procesando", cliente.get(url))
    fila = Tramite.objects.filter(navegador=cliente.session["navegador"])
    for espera in Tramite.Espera.values:
        fila.update(espera=espera)
        yield ficha(f"procesando: {espera}", cliente.get(url))
    fila.update(espera="", creado=timezone.now() - timedelta(minutes=1))
    yield ficha("procesando: tarda", cliente.get(url))
    atender()


def rechazos() -> Iterator[Pagina]:
    cliente = Estricto()
    for paso, mas in (
        ("nss", {}),
        ("vigencia", {"nss": persona_con_nss().nss or ""}),
        ("clinica", {"codigo_postal": "06600"}),
    ):
        url = solicitar(cliente, "EEQG030303HASJNLA9", paso=paso, **mas)
        atender()
        fila = Tramite.objects.filter(pk=url.split("/")[2])
        assert fila.get().estado == Estado.RECHAZADO
        otros = {"nss": ["bloqueada"], "vigencia": ["curp-sin-nss", "nss-no-corresponde"]}
        for motivo in ["curp-no-encontrada", *otros.get(paso, [])]:
            fila.update(motivo=motivo)
            yield ficha(f"{paso}: {motivo}", cliente.get(url))


def paso_2() -> Iterator[Pagina]:
    dias = timedelta(days=1)
    for cual, (causa, inscripcion) in enumerate(
        {
            "vigente": {"alta": HOY - 30 * dias, "fin": HOY + 200 * dias},
            "nunca-inscrito": None,
            "baja": {
                "alta": HOY - 90 * dias,
                "fin": HOY + 90 * dias,
                "baja": HOY - 9 * dias,
                "causa": Inscripcion.Causa.VOLUNTARIA,
            },
            "ciclo-terminado": {"alta": HOY - 300 * dias, "fin": HOY - 60 * dias},
            "aun-no-inicia": {"alta": HOY + 9 * dias, "fin": HOY + 200 * dias},
        }.items(),
        20,
    ):
        cliente, persona = Estricto(), persona_con_nss(cual)
        if inscripcion:
            inscribir(persona, **inscripcion)
        url = solicitar(cliente, persona.curp, paso="vigencia", nss=persona.nss or "")
        atender()
        if causa in ("vigente", "nunca-inscrito"):
            yield from _resultado_y_fin(cliente, url, f"vigencia: {causa}")
        else:
            yield ficha(f"vigencia: {causa}", cliente.get(url))
        if causa == "nunca-inscrito":
            yield ficha("vigencia: hoja", cliente.get(f"{url}hoja/"))
        if causa != "vigente":
            url = solicitar(cliente, persona.curp, paso="clinica", codigo_postal="06600")
            atender()
            yield ficha(f"clínica: sin vigencia, {causa}", cliente.get(url))


def _clinica(clues: str, *turnos: str) -> Clinica:
    codigo = CodigoPostal.objects.get(pk="06600")
    datos = {"nombre": f"UMF de muestra {clues[-3:]}", "domicilio": "Calle de la Muestra 1, Juárez"}
    nueva = Clinica.objects.create(
        clues=clues,
        codigo_postal=codigo.pk,
        entidad=codigo.municipio.entidad,
        municipio=codigo.municipio,
        **datos,
    )
    Cobertura.objects.create(codigo_postal=codigo, clinica=nueva)
    for turno in turnos:
        Consultorio.objects.create(clinica=nueva, turno=turno, numero=1, capacidad=5)
    return nueva


def paso_3() -> Iterator[Pagina]:
    Cobertura.objects.filter(codigo_postal="06600").delete()
    una, _ = _clinica("DFIMS980001", "matutino", "vespertino"), _clinica("DFIMS980002", "matutino")
    cliente, persona = Estricto(), persona_con_nss(30)
    inscribir(persona, HOY - timedelta(days=9), HOY + timedelta(days=200))
    url = solicitar(cliente, persona.curp, paso="clinica", codigo_postal="06600")
    atender()
    yield ficha("clínica: elección", cliente.get(url))
    yield ficha("clínica: elección mal", cliente.post(f"{url}eleccion/", {"turno": "nocturno"}))
    elegida = {"clinica": una.pk, "turno": "vespertino"}
    cliente.post(f"{url}eleccion/", elegida)
    yield ficha("clínica: revisión", cliente.get(url))
    cliente.post(f"{url}eleccion/", elegida | {"confirmar": "1"})
    atender()
    yield from _resultado_y_fin(cliente, url, "clínica")
    url = solicitar(cliente, persona.curp, paso="vigencia", nss=persona.nss or "")
    atender()
    yield ficha("vigencia: con clínica", cliente.get(url))
    url = solicitar(cliente, persona.curp, paso="clinica", codigo_postal="06600")
    atender()
    yield ficha("clínica: ya registrado", cliente.get(url))
    nueva = cliente.post(f"{url}cambiar/").url
    yield ficha("clínica: cambio, elección", cliente.get(nueva))


def confirmaciones(settings: Any) -> Iterator[Pagina]:
    antes = settings.CONFIRMAR_CORREO
    cliente, persona = Estricto(), persona_con_nss(40)
    Vinculo.objects.create(persona=persona, correo=CORREO)
    url = solicitar(cliente, persona.curp, correo=OTRO, correo_confirmacion=OTRO)
    atender()
    yield ficha("confirmación: otro correo", cliente.get(url))
    permiso = Confirmacion.objects.get(tramite__navegador=cliente.session["navegador"])
    settings.CONFIRMAR_CORREO = "siempre"
    nuevo = Estricto()
    url = solicitar(nuevo, persona_con_nss(41).curp)
    atender()
    yield ficha("confirmación: siempre", nuevo.get(url))
    tramite = Confirmacion.objects.get(tramite__navegador=nuevo.session["navegador"])
    settings.CONFIRMAR_CORREO = antes
    correo = Confirmacion.objects.filter(pregunta="correo").order_by("creada")[0]
    for pregunta, respuesta in ((permiso, "cambiar"), (tramite, "si"), (correo, "no")):
        enlace, quien = pregunta.get_absolute_url(), f"confirmar: {pregunta.pregunta}"
        yield ficha(quien, Estricto().get(enlace))
        yield ficha(f"{quien}, sin respuesta", Estricto().post(enlace))
        yield ficha(f"{quien}, listo", Estricto().post(enlace, {"respuesta": respuesta}))
    yield ficha("confirmar: usado", Estricto().get(enlace))
    Confirmacion.objects.filter(pk=correo.pk).update(
        creada=timezone.now() - timedelta(days=3), contestada=None, respuesta=""
    )
    yield ficha("confirmar: vencido", Estricto().get(enlace))
    yield ficha("confirmar: desconocido", Estricto().get("/confirmar/nada/"))


def verificaciones(settings: Any) -> Iterator[Pagina]:
    cliente = Estricto()
    yield ficha("verificar: todo mal", cliente.post("/verificar/", {"folio": "", "codigo": "x"}))
    uno, otro = Documento.objects.exclude(emitido=None).filter(tipo="nss")[:2]
    yield ficha("verificación: válido", cliente.get(f"/v/{uno.token}/"))
    fila = Documento.objects.filter(pk=uno.pk)
    fila.update(sustituido_por=otro)
    yield ficha("verificación: sustituido", cliente.get(f"/v/{uno.token}/"))
    fila.update(sustituido_por=None, cancelado=timezone.now())
    yield ficha("verificación: cancelado", cliente.get(f"/v/{uno.token}/"))
    fila.update(cancelado=None, codigo="AAAAAAAA")
    yield ficha("verificación: alterado", cliente.get(f"/v/{uno.token}/"))
    fila.update(codigo=uno.codigo)
    yield ficha("verificación: desconocido, QR", cliente.get("/v/nada/"))
    a_mano = {"folio": "1" * 22, "codigo": "ACDEFGHJ"}
    yield ficha("verificación: desconocido, a mano", cliente.post("/verificar/", a_mano))


def buzones(settings: Any, tmp_path: Path) -> Iterator[Pagina]:
    settings.MAILERS = {
        "default": {"BACKEND": "nss_portal.correo.BuzonLocal", "OPTIONS": {"carpeta": tmp_path / "correo"}}
    }
    (tmp_path / "correo").mkdir()
    yield ficha("buzón vacío", Estricto().get("/buzon/"))
    cliente = Estricto()
    solicitar(cliente, persona_con_nss(50).curp)
    atender()
    yield ficha("buzón", Estricto().get("/buzon/"))


def errores(settings: Any, tmp_path: Path) -> Iterator[Pagina]:
    yield ficha("404", Estricto().get("/no-existe/"))
    yield ficha("expirada", Estricto().get(f"/nss/{'0' * 8}-0000-4000-8000-{'0' * 12}/"))
    yield ficha("400", Client(headers={"host": "otro.example"}).get("/"))
    yield ficha("403 csrf", Client(enforce_csrf_checks=True).post("/nss/", {"curp": "x"}))
    muchos = {f"campo{n}": "x" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    yield ficha("413", Client().post("/nss/", muchos))
    for _ in range(40):
        respuesta = Estricto().get("/v/nada/")
    yield ficha("429", respuesta)
    pedido = RequestFactory().get("/")
    yield ficha("403", get_resolver().resolve_error_handler(403)(pedido, exception=PermissionError()))
    yield ficha("500", get_resolver().resolve_error_handler(500)(pedido))
    settings.VAR_DIR = tmp_path
    (tmp_path / "mantenimiento").write_text("hoy a las 18:00")
    yield ficha("mantenimiento", cerrado_por_mantenimiento(lambda _: HttpResponse())(pedido))
