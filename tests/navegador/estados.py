"""Every screen of the portal in every state that it is drawn in, by its own address and from the database.

The pages come from the same views as a visitor's; a browser then shows them (`test_cara.py`). Where a state
lasts an instant or needs a service to fail, its row is put there by hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone

from clinicas.models import Clinica, Cobertura, Consultorio
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
from tests.apoyo import CORREO, Estricto, domicilio, formulario, inscribir, persona_con_nss, reanudar, solicitar

HOY = timezone.localdate()
OTRO = "una.direccion.bastante.larga.de.verdad@correo-institucional.example"
LARGO = "05120"  # replaced by the catalogue's own in `codigo_mas_largo`


@dataclass(frozen=True)
class Pagina:
    nombre: str
    html: str
    estado: int
    cabeceras: dict[str, str]


def codigo_mas_largo() -> tuple[str, int]:
    """The postal code with the longest list of colonias, and how long it is."""
    from django.db.models import Count

    codigo = CodigoPostal.objects.annotate(n=Count("colonias")).order_by("-n")[0]
    return codigo.pk, Colonia.objects.vigentes().filter(codigo_postal=codigo).count()


def atender() -> None:
    while reanudar():
        pass


def _ficha(nombre: str, respuesta: Any) -> Pagina:
    return Pagina(nombre, respuesta.content.decode(), respuesta.status_code, dict(respuesta.headers))


def todas(settings: Any, tmp_path: Path) -> Iterator[Pagina]:
    yield from publicas()
    yield from formularios()
    yield from paso_1()
    yield from esperas()
    yield from rechazos()
    yield from paso_2()
    yield from paso_3()
    yield from confirmaciones(settings)
    yield from verificaciones(settings)
    yield from buzones(settings, tmp_path)
    yield from errores(settings)


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
        yield _ficha(ruta, Estricto().get(ruta))


def formularios() -> Iterator[Pagina]:
    for paso in ("nss", "vigencia", "clinica"):
        cliente = Estricto()
        yield _ficha(f"{paso}: solicitud", cliente.get(f"/{paso}/"))
        vacio = formulario(cliente, "", "", paso, captcha_1="x")
        yield _ficha(f"{paso}: todo mal", cliente.post(f"/{paso}/", vacio))
        datos = formulario(cliente, "EERC070231MDFJSTA5", paso=paso)  # a 31 of February
        yield _ficha(f"{paso}: letras resueltas", cliente.post(f"/{paso}/", datos))


def _con_domicilio(cliente: Estricto) -> tuple[str, Persona]:
    persona = Persona.objects.sin_nss().filter(tramites=None).order_by("curp")[0]
    url = solicitar(cliente, persona.curp)
    atender()
    return url, persona


def paso_1() -> Iterator[Pagina]:
    cliente = Estricto()
    url, _ = _con_domicilio(cliente)
    yield _ficha("domicilio", cliente.get(url))
    yield _ficha("inicio: trámite en curso", cliente.get("/"))
    yield _ficha("solicitud: trámite en curso", cliente.get("/nss/"))
    largo, _ = codigo_mas_largo()
    for nombre, datos in {
        "lista más larga": {"codigo_postal": largo, "buscar_cp": "1"},
        "colonia no listada": {"codigo_postal": largo, "buscar_cp": "otra"},
        "código desconocido": {"codigo_postal": "00001", "buscar_cp": "1"},
        "todo mal": {"codigo_postal": "1"},
        "colonia de otro código": domicilio(colonia="Ninguna así"),
    }.items():
        yield _ficha(f"domicilio: {nombre}", cliente.post(f"{url}domicilio/", datos))
    cliente.post(f"{url}domicilio/", domicilio())
    atender()
    yield from _resultado_y_fin(cliente, url, "nss asignado")
    otro = Estricto()
    url = solicitar(otro, persona_con_nss(7).curp, correo=OTRO, correo_confirmacion=OTRO)
    atender()
    yield _ficha("nss localizado", otro.get(url))
    envio = Envio.objects.get(tramite__navegador=otro.session["navegador"])
    for nombre, cambios in {
        "correo pendiente": {"enviado": None, "intentos": 3},
        "correo rechazado": {"enviado": None, "rechazado": True},
    }.items():
        Envio.objects.filter(pk=envio.pk).update(**cambios)
        yield _ficha(f"nss: {nombre}", otro.get(url))
    documento = Documento.objects.filter(tramite__navegador=otro.session["navegador"])[0]
    otro.post(f"/documentos/{documento.pk}/enviar/")
    yield _ficha("nss: enviado otra vez", otro.get(url))
    Documento.objects.filter(pk=documento.pk).update(emitido=None, archivo="", sha256="")
    yield _ficha("documento en preparación", otro.get(f"/documentos/{documento.pk}/"))


def _resultado_y_fin(cliente: Estricto, url: str, nombre: str) -> Iterator[Pagina]:
    yield _ficha(nombre, cliente.get(url))
    cliente.post(f"{url}finalizar/")
    yield _ficha(f"{nombre}: finalizado", cliente.get(url))
    yield _ficha(f"{nombre}: inicio", cliente.get("/"))


def esperas() -> Iterator[Pagina]:
    """What a worker is doing, or what it waits for."""
    cliente = Estricto()
    url = solicitar(cliente, persona_con_nss(8).curp)
    yield _ficha("procesando", cliente.get(url))
    fila = Tramite.objects.filter(navegador=cliente.session["navegador"])
    for espera in Tramite.Espera.values:
        fila.update(espera=espera)
        yield _ficha(f"procesando: {espera}", cliente.get(url))
    fila.update(espera="", creado=timezone.now() - timedelta(minutes=1))
    yield _ficha("procesando: tarda", cliente.get(url))
    atender()


def rechazos() -> Iterator[Pagina]:
    cliente = Estricto()
    for paso, mas in (("nss", {}), ("vigencia", {"nss": persona_con_nss().nss or ""}), ("clinica", {"codigo_postal": "06600"})):
        url = solicitar(cliente, "EEQG030303HASJNLA9", paso=paso, **mas)
        atender()
        fila = Tramite.objects.filter(pk=url.split("/")[2])
        assert fila.get().estado == Estado.RECHAZADO
        motivos = {"nss": ["curp-no-encontrada", "bloqueada"], "clinica": ["sin-vigencia"]}
        for motivo in motivos.get(paso, ["curp-no-encontrada", "curp-sin-nss", "nss-no-corresponde"]):
            fila.update(motivo=motivo)
            yield _ficha(f"{paso}: {motivo}", cliente.get(url))


def paso_2() -> Iterator[Pagina]:
    dias = timedelta(days=1)
    for cual, (causa, inscripcion) in enumerate(
        {
            "vigente": {"alta": HOY - 30 * dias, "fin": HOY + 200 * dias},
            "nunca-inscrito": None,
            "baja": {"alta": HOY - 90 * dias, "fin": HOY + 90 * dias, "baja": HOY - 9 * dias, "causa": "voluntaria"},
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
        yield from _resultado_y_fin(cliente, url, f"vigencia: {causa}")
        if causa == "nunca-inscrito":
            yield _ficha("vigencia: hoja", cliente.get(f"{url}hoja/"))
        if causa in ("baja", "aun-no-inicia"):
            url = solicitar(cliente, persona.curp, paso="clinica", codigo_postal="06600")
            atender()
            yield _ficha(f"clínica: sin vigencia, {causa}", cliente.get(url))


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
    yield _ficha("clínica: elección", cliente.get(url))
    yield _ficha("clínica: elección mal", cliente.post(f"{url}eleccion/", {"turno": "nocturno"}))
    elegida = {"clinica": una.pk, "turno": "vespertino"}
    cliente.post(f"{url}eleccion/", elegida)
    yield _ficha("clínica: revisión", cliente.get(url))
    cliente.post(f"{url}eleccion/", elegida | {"confirmar": "1"})
    atender()
    yield from _resultado_y_fin(cliente, url, "clínica")
    url = solicitar(cliente, persona.curp, paso="vigencia", nss=persona.nss or "")
    atender()
    yield _ficha("vigencia: con clínica", cliente.get(url))
    url = solicitar(cliente, persona.curp, paso="clinica", codigo_postal="06600")
    atender()
    yield _ficha("clínica: ya registrado", cliente.get(url))
    nueva = cliente.post(f"{url}cambiar/").url
    yield _ficha("clínica: cambio, elección", cliente.get(nueva))


def confirmaciones(settings: Any) -> Iterator[Pagina]:
    antes = settings.CONFIRMAR_CORREO
    cliente, persona = Estricto(), persona_con_nss(40)
    Vinculo.objects.create(persona=persona, correo=CORREO)
    url = solicitar(cliente, persona.curp, correo=OTRO, correo_confirmacion=OTRO)
    atender()
    yield _ficha("confirmación: otro correo", cliente.get(url))
    permiso = Confirmacion.objects.get(tramite__navegador=cliente.session["navegador"])
    settings.CONFIRMAR_CORREO = "siempre"
    nuevo = Estricto()
    url = solicitar(nuevo, persona_con_nss(41).curp)
    atender()
    yield _ficha("confirmación: siempre", nuevo.get(url))
    tramite = Confirmacion.objects.get(tramite__navegador=nuevo.session["navegador"])
    settings.CONFIRMAR_CORREO = antes
    correo = Confirmacion.objects.filter(pregunta="correo").order_by("creada")[0]
    for pregunta, respuesta in ((permiso, "cambiar"), (tramite, "si"), (correo, "no")):
        enlace, quien = pregunta.get_absolute_url(), f"confirmar: {pregunta.pregunta}"
        yield _ficha(quien, Estricto().get(enlace))
        yield _ficha(f"{quien}, sin respuesta", Estricto().post(enlace))
        yield _ficha(f"{quien}, listo", Estricto().post(enlace, {"respuesta": respuesta}))
    yield _ficha("confirmar: usado", Estricto().get(enlace))
    Confirmacion.objects.filter(pk=correo.pk).update(
        creada=timezone.now() - timedelta(days=3), contestada=None, respuesta=""
    )
    yield _ficha("confirmar: vencido", Estricto().get(enlace))
    yield _ficha("confirmar: desconocido", Estricto().get("/confirmar/nada/"))


def verificaciones(settings: Any) -> Iterator[Pagina]:
    cliente = Estricto()
    yield _ficha("verificar: todo mal", cliente.post("/verificar/", {"folio": "", "codigo": "x"}))
    uno, otro = Documento.objects.exclude(emitido=None).filter(tipo="nss")[:2]
    yield _ficha("verificación: válido", cliente.get(f"/v/{uno.token}/"))
    fila = Documento.objects.filter(pk=uno.pk)
    fila.update(sustituido_por=otro)
    yield _ficha("verificación: sustituido", cliente.get(f"/v/{uno.token}/"))
    fila.update(sustituido_por=None, cancelado=timezone.now())
    yield _ficha("verificación: cancelado", cliente.get(f"/v/{uno.token}/"))
    fila.update(cancelado=None, codigo="AAAAAAAA")
    yield _ficha("verificación: alterado", cliente.get(f"/v/{uno.token}/"))
    fila.update(codigo=uno.codigo)
    yield _ficha("verificación: desconocido, QR", cliente.get("/v/nada/"))
    a_mano = {"folio": "1" * 22, "codigo": "ACDEFGHJ"}
    yield _ficha("verificación: desconocido, a mano", cliente.post("/verificar/", a_mano))


def buzones(settings: Any, tmp_path: Path) -> Iterator[Pagina]:
    settings.MAILERS = {
        "default": {"BACKEND": "nss_portal.correo.BuzonLocal", "OPTIONS": {"carpeta": tmp_path / "correo"}}
    }
    (tmp_path / "correo").mkdir()
    yield _ficha("buzón vacío", Estricto().get("/buzon/"))
    cliente = Estricto()
    solicitar(cliente, persona_con_nss(50).curp)
    atender()
    yield _ficha("buzón", Estricto().get("/buzon/"))


def errores(settings: Any) -> Iterator[Pagina]:
    yield _ficha("404", Estricto().get("/no-existe/"))
    yield _ficha("expirada", Estricto().get(f"/nss/{'0' * 8}-0000-4000-8000-{'0' * 12}/"))
    yield _ficha("400", Client(headers={"host": "otro.example"}).get("/"))
    yield _ficha("403 csrf", Client(enforce_csrf_checks=True).post("/nss/", {"curp": "x"}))
    muchos = {f"campo{n}": "x" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    yield _ficha("413", Client().post("/nss/", muchos))
    for _ in range(40):
        respuesta = Estricto().get("/v/nada/")
    yield _ficha("429", respuesta)
