"""Every screen of the portal in every state that it is drawn in, by its own address and from the database.

The pages come from the same views as a visitor's; a browser then shows them (`test_cara.py`, `capturas.py`).
Where a state lasts an instant or needs a service to fail, its row is put there by hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Count
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import get_resolver
from django.utils import timezone
from django.utils.text import slugify

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
from nss_portal.web import sin_base
from nss_portal.web.mantenimiento import cerrado_por_mantenimiento
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
from tests.procesos.portal import RAIZ
from vigencia.models import Inscripcion

OTRO = "una.direccion.bastante.larga.de.verdad@correo-institucional.example"


# Drawn again by anybody (`make capturas`); of them, docs/capturas/ keeps a few.
CAPTURAS = RAIZ / "var" / "capturas"


@dataclass(frozen=True)
class Pagina:
    nombre: str
    html: str
    estado: int
    cabeceras: dict[str, str]


def captura(nombre: str, ancho: int | None = None) -> str:
    """«clínica: elección», 360 -> clinica-eleccion-360.webp: its picture in CAPTURAS."""
    return slugify(f"{nombre} {ancho or ''}".replace("_", "-")) + ".webp"


def codigo_mas_largo() -> tuple[str, int]:
    """The postal code with the longest list of colonias, and how long it is."""
    codigo = CodigoPostal.objects.annotate(n=Count("colonias")).order_by("-n")[0]
    return codigo.pk, Colonia.objects.vigentes().filter(codigo_postal=codigo).count()


def atender() -> None:
    while reanudar():
        pass


def ficha(nombre: str, respuesta: Any) -> Pagina:
    return Pagina(nombre, respuesta.content.decode(), respuesta.status_code, dict(respuesta.headers))


def todas(settings: Any, tmp_path: Path) -> dict[str, list[Pagina]]:
    """Every page, under the heading that the gallery gives it."""
    gente = inscritos()
    grupos = {
        "The demonstration's mailbox": [*buzones(settings, tmp_path)],
        "Step 1: the number": [*formularios("nss"), *paso_1(settings), *esperas(), *rechazos("nss")],
        "Step 2: whether the school enrolled": [
            *formularios("vigencia"),
            *paso_2(gente),
            *rechazos("vigencia", nss=gente["vigente"].nss or ""),
        ],
        "Step 3: the clinic": [
            *formularios("clinica"),
            *paso_3(gente),
            *rechazos("clinica", codigo_postal="06600"),
        ],
        "A mailbox that must speak first": [*confirmaciones(settings), *con_nombre(settings)],
        "Whether a document is ours": [*verificaciones()],
        "Errors": [*errores(settings, tmp_path)],
    }
    # Last, when there are figures to show.
    return {"The portal": [*publicas()]} | grupos


def publicas() -> Iterator[Pagina]:
    yield ficha("inicio", Estricto().get("/"))
    for nombre in ("gobierno", "participa", "datos", "privacidad", "accesibilidad"):
        yield ficha(nombre, Estricto().get(f"/{nombre}/"))
    yield ficha("api", Estricto().get("/api/v1/docs"))


def formularios(paso: str) -> Iterator[Pagina]:
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
    empezada = sesion["desde"]
    sesion["desde"] -= settings.SESSION_COOKIE_AGE - 15 * 60
    sesion.save()
    yield ficha("domicilio: la sesión está por terminar", cliente.get(url))
    sesion["desde"] = empezada
    sesion.save()
    yield ficha("nss: en curso: inicio", cliente.get("/"))
    yield ficha("nss: en curso: solicitud", cliente.get("/nss/"))
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
    yield from _resultado_y_fin(cliente, url, "nss: asignado")
    otro = Estricto()
    url = solicitar(otro, persona_con_nss(7).curp, correo=OTRO, correo_confirmacion=OTRO)
    atender()
    yield ficha("nss: localizado", otro.get(url))
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
    cliente, persona = Estricto(), persona_con_nss(8)
    url = solicitar(cliente, persona.curp)
    yield ficha("procesando", cliente.get(url))
    fila = Tramite.objects.filter(navegador=cliente.session["navegador"])
    donde: dict[str, dict[str, Any]] = {
        Tramite.Espera.SERIE_AGOTADA: {"estado": Estado.ASIGNANDO},
        Tramite.Espera.DOCUMENTO: {
            "estado": Estado.EMITIENDO,
            "persona": persona,
            "resultado": Tramite.Resultado.LOCALIZADO,
        },
    }
    al_principio: dict[str, Any] = {"estado": Estado.RECIBIDO, "persona": None, "resultado": ""}
    for espera in Tramite.Espera:
        fila.update(espera=espera, **donde.get(espera, al_principio))
        yield ficha(f"procesando: {espera}", cliente.get(url))
    fila.update(espera="", creado=timezone.now() - timedelta(minutes=1), **al_principio)
    yield ficha("procesando: tarda", cliente.get(url))
    atender()


def rechazos(paso: str, **mas: str) -> Iterator[Pagina]:
    cliente = Estricto()
    url = solicitar(cliente, "EEQG030303HASJNLA9", paso=paso, **mas)
    atender()
    fila = Tramite.objects.filter(pk=url.split("/")[2])
    assert fila.get().estado == Estado.RECHAZADO
    otros = {
        "nss": ["bloqueada", "identidad-no-comprobada"],
        "vigencia": ["curp-sin-nss", "nss-no-corresponde"],
    }
    for motivo in ["curp-no-encontrada", *otros.get(paso, [])]:
        fila.update(motivo=motivo)
        yield ficha(f"{paso}: {motivo}", cliente.get(url))


def inscritos() -> dict[str, Persona]:
    """Somebody for each answer of step 2."""
    hoy, dias = timezone.localdate(), timedelta(days=1)
    casos: dict[str, dict[str, Any]] = {
        "vigente": {"alta": hoy - 30 * dias, "fin": hoy + 200 * dias},
        "nunca-inscrito": {},
        "baja": {
            "alta": hoy - 90 * dias,
            "fin": hoy + 90 * dias,
            "baja": hoy - 9 * dias,
            "causa": Inscripcion.Causa.VOLUNTARIA,
        },
        "ciclo-terminado": {"alta": hoy - 300 * dias, "fin": hoy - 60 * dias},
        "aun-no-inicia": {"alta": hoy + 9 * dias, "fin": hoy + 200 * dias},
    }
    gente = {causa: persona_con_nss(cual) for cual, causa in enumerate(casos, 20)}
    for causa, inscripcion in casos.items():
        if inscripcion:
            inscribir(gente[causa], **inscripcion)
    return gente


def paso_2(gente: dict[str, Persona]) -> Iterator[Pagina]:
    for causa, persona in gente.items():
        cliente = Estricto()
        url = solicitar(cliente, persona.curp, paso="vigencia", nss=persona.nss or "")
        atender()
        if causa in ("vigente", "nunca-inscrito"):
            yield from _resultado_y_fin(cliente, url, f"vigencia: {causa}")
        else:
            yield ficha(f"vigencia: {causa}", cliente.get(url))
        if causa in ("nunca-inscrito", "aun-no-inicia"):
            yield ficha(f"clínica: solicitud después de un NO, {causa}", cliente.get("/clinica/"))
        if causa == "nunca-inscrito":
            yield ficha("vigencia: hoja", cliente.get(f"{url}hoja/"))


ABIERTA = {
    "horario": "Lunes a viernes, de 8:00 a 20:00 h",
    "ventanilla": "Ventanilla de Afiliación y Vigencia, lunes a viernes, de 8:00 a 15:00 h",
}


def _clinica(clues: str, *turnos: str, **campos: str) -> Clinica:
    codigo = CodigoPostal.objects.get(pk="06600")
    datos = {"nombre": f"UMF de muestra {clues[-3:]}", "domicilio": "Calle de la Muestra 1, Juárez"}
    nueva = Clinica.objects.create(
        clues=clues,
        codigo_postal=codigo.pk,
        entidad=codigo.municipio.entidad,
        municipio=codigo.municipio,
        **(datos | campos),
    )
    Cobertura.objects.create(codigo_postal=codigo, clinica=nueva)
    for turno in turnos:
        Consultorio.objects.create(clinica=nueva, turno=turno, numero=1, capacidad=5)
    return nueva


def paso_3(gente: dict[str, Persona]) -> Iterator[Pagina]:
    Cobertura.objects.filter(codigo_postal="06600").delete()
    # Of the other one, nobody knows its hours.
    una = _clinica("DFIMS980001", "matutino", "vespertino", **ABIERTA)
    otra = _clinica("DFIMS980002", "matutino")
    for causa, persona in gente.items():
        cliente = Estricto()
        url = solicitar(cliente, persona.curp, paso="clinica", codigo_postal="06600")
        atender()
        if causa == "vigente":
            yield from _eleccion(cliente, url, persona, una)
            yield from _cambio(persona, una, otra)
        else:
            yield ficha(f"clínica: sin vigencia, {causa}", cliente.get(url))


def _eleccion(cliente: Estricto, url: str, persona: Persona, una: Clinica) -> Iterator[Pagina]:
    # In Yucatán there is none with room.
    Clinica.objects.filter(entidad="31").update(estado=Clinica.Estado.CERRADA)
    de_lejos = Estricto()
    lejana = solicitar(de_lejos, persona.curp, paso="clinica", codigo_postal="97000")
    atender()
    yield ficha("clínica: elección, ninguna cerca", de_lejos.get(lejana))
    yield ficha("clínica: elección", cliente.get(url))
    yield ficha("clínica: elección mal", cliente.post(f"{url}eleccion/", {"turno": "nocturno"}))
    elegida = {"clinica": una.pk, "turno": "vespertino"}
    cliente.post(f"{url}eleccion/", elegida)
    yield ficha("clínica: revisión", cliente.get(url))
    cliente.post(f"{url}eleccion/", elegida | {"confirmar": "1"})
    atender()
    yield from _resultado_y_fin(cliente, url, "clínica: registrado")
    url = solicitar(cliente, persona.curp, paso="vigencia", nss=persona.nss or "")
    atender()
    yield ficha("vigencia: con clínica", cliente.get(url))


def _cambio(persona: Persona, una: Clinica, otra: Clinica) -> Iterator[Pagina]:
    """Asked for with another mailbox: the one that registered them is told."""
    cliente = Estricto()
    pedido = {"codigo_postal": "06600", "correo": OTRO, "correo_confirmacion": OTRO}
    url = solicitar(cliente, persona.curp, paso="clinica", **pedido)
    atender()
    yield ficha("clínica: ya registrado", cliente.get(url))
    nueva = cliente.post(f"{url}cambiar/").url
    atender()
    yield ficha("clínica: cambio, elección", cliente.get(nueva))
    cliente.post(f"{nueva}eleccion/", {"clinica": una.pk, "turno": "matutino", "confirmar": "1"})
    atender()
    yield ficha("clínica: cambiado de turno", cliente.get(nueva))
    nueva = cliente.post(f"{nueva}cambiar/").url
    atender()
    cliente.post(f"{nueva}eleccion/", {"clinica": otra.pk, "turno": "matutino", "confirmar": "1"})
    atender()
    yield ficha("clínica: cambiado", cliente.get(nueva))


def confirmaciones(settings: Any) -> Iterator[Pagina]:
    antes = settings.CONFIRMAR_CORREO
    cliente, persona = Estricto(), persona_con_nss(40)
    Vinculo.objects.create(persona=persona, correo=CORREO)
    url = solicitar(cliente, persona.curp, correo=OTRO, correo_confirmacion=OTRO)
    atender()
    yield ficha("confirmación: otro correo", cliente.get(url))
    cliente.post(f"/confirmar/otra-vez/{url.split('/')[2]}/")
    yield ficha("confirmación: enviada otra vez", cliente.get(url))
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
        yield ficha(f"{quien}, sin respuesta", Estricto().post(enlace, {"respuesta": "x"}))
        yield ficha(f"{quien}, listo", Estricto().post(enlace, {"respuesta": respuesta}))
    yield ficha("confirmar: usado", Estricto().get(enlace))
    Confirmacion.objects.filter(pk=correo.pk).update(
        creada=timezone.now() - timedelta(days=3), contestada=None, respuesta=""
    )
    yield ficha("confirmar: vencido", Estricto().get(enlace))
    yield ficha("confirmar: desconocido", Estricto().get("/confirmar/nada/"))


def con_nombre(settings: Any) -> Iterator[Pagina]:
    """What changes where the full name is asked as well."""
    settings.IDENTIDAD, cliente = "nombre", Estricto()
    for paso in ("nss", "vigencia", "clinica"):
        yield ficha(f"{paso}: solicitud con nombre", cliente.get(f"/{paso}/"))
    yield ficha("nss: todo mal con nombre", cliente.post("/nss/", formulario(cliente, "", "")))
    dicho = {"nombres": "Ana", "primer_apellido": "Ejemplo"}
    url = solicitar(cliente, persona_con_nss(9).curp, **dicho)
    atender()
    yield ficha("confirmación: con nombre", cliente.get(url))
    settings.IDENTIDAD = "correo"


def verificaciones() -> Iterator[Pagina]:
    cliente = Estricto()
    yield ficha("verificar", cliente.get("/verificar/"))
    yield ficha("verificar: todo mal", cliente.post("/verificar/", {"folio": "", "codigo": "x"}))
    uno, otro = Documento.objects.exclude(emitido=None).filter(tipo="nss")[:2]
    yield ficha("verificación: válido", cliente.get(f"/v/{uno.token}/"))
    numeros = {"coincide": uno.datos["nss"], "no coincide": "1" * 11, "a medias": "123"}
    for nombre, numero in numeros.items():
        yield ficha(f"verificación: el número {nombre}", cliente.post(f"/v/{uno.token}/", {"numero": numero}))
    yield from de_hoy(cliente)
    with uno.archivo.open("rb") as archivo:
        pdf = archivo.read()
    for nombre, contenido in {
        "archivo válido": pdf,
        "archivo alterado": pdf + b" ",
        "archivo ajeno": b"%PDF-",
    }.items():
        subido = {"archivo": SimpleUploadedFile("documento.pdf", contenido)}
        yield ficha(f"verificación: {nombre}", cliente.post("/verificar/", subido))
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


def de_hoy(cliente: Estricto) -> Iterator[Pagina]:
    """What the facts of a report and of a clinic's card look like, still true and no longer."""
    emitidos = Documento.objects.exclude(emitido=None).filter(sustituido_por=None, cancelado=None)
    vistos = [("NO", emitidos.filter(tipo="vigencia", datos__vigente=False).first())]
    vistos += [("SÍ", emitidos.filter(tipo="vigencia", datos__vigente=True).first())]
    vistos += [("tarjeta de la clínica", emitidos.filter(tipo="tarjeta-adscripcion").last())]
    for nombre, documento in vistos:
        assert documento
        yield ficha(f"verificación: {nombre}", cliente.get(f"/v/{documento.token}/"))
    persona = Persona.objects.filter(pk=documento.tramite.persona_id)
    persona.update(bloqueada=timezone.now())
    yield ficha("verificación: no sabemos si es cierto hoy", cliente.get(f"/v/{documento.token}/"))
    persona.update(bloqueada=None)
    hoy = timezone.localdate()
    suyas = list(Inscripcion.objects.vigentes(hoy).filter(persona__in=persona))
    las_suyas = Inscripcion.objects.filter(pk__in=[suya.pk for suya in suyas])
    las_suyas.update(baja=hoy, causa="2")
    yield ficha("verificación: ya no es cierto", cliente.get(f"/v/{documento.token}/"))
    las_suyas.update(baja=None, causa="")


def buzones(settings: Any, tmp_path: Path) -> Iterator[Pagina]:
    settings.MAILERS = {
        "default": {
            "BACKEND": "nss_portal.correo.buzon.BuzonLocal",
            "OPTIONS": {"carpeta": tmp_path / "correo"},
        }
    }
    (tmp_path / "correo").mkdir()
    yield ficha("buzón vacío", Estricto().get("/buzon/"))
    cliente = Estricto()
    solicitar(cliente, persona_con_nss(50).curp)
    atender()
    yield ficha("buzón", Estricto().get("/buzon/"))


def errores(settings: Any, tmp_path: Path) -> Iterator[Pagina]:
    yield ficha("error 404", Estricto().get("/no-existe/"))
    yield ficha("expirada", Estricto().get(f"/nss/{'0' * 8}-0000-4000-8000-{'0' * 12}/"))
    yield ficha("error 400", Client(headers={"host": "otro.example"}).get("/"))
    yield ficha("error 403 csrf", Client(enforce_csrf_checks=True).post("/nss/", {"curp": "x"}))
    muchos = {f"campo{n}": "x" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    yield ficha("error 413", Client().post("/nss/", muchos))
    for _ in range(40):
        respuesta = Estricto().get("/v/nada/")
    yield ficha("error 429", respuesta)
    pedido = RequestFactory().get("/")
    yield ficha("error 403", get_resolver().resolve_error_handler(403)(pedido, exception=PermissionError()))
    yield ficha("error 500", get_resolver().resolve_error_handler(500)(pedido))
    yield ficha("error 503", sin_base.respuesta(pedido, None))
    antes, settings.VAR_DIR = settings.VAR_DIR, tmp_path
    (tmp_path / "mantenimiento").write_text("hoy a las 18:00")
    yield ficha("error mantenimiento", cerrado_por_mantenimiento(lambda _: HttpResponse())(pedido))
    settings.VAR_DIR = antes
