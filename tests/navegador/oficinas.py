"""What those who work with the portal see (a school, a counter, central staff), and every mail."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from afiliacion.models import Cambio, Serie
from clinicas.models import Alta
from nss_portal.models import Confirmacion, Envio, Persona, Tramite, Vinculo
from tests.apoyo import CORREO, Estricto, domicilio, inscribir, persona_con_nss, solicitar
from tests.navegador.estados import OTRO, Pagina, atender, ficha
from tests.nss_portal.api import Telefono
from tests.vigencia.alumnos import CICLO, FIN, fila, lista
from vigencia.escuelas import inscripciones
from vigencia.models import Escuela, Inscripcion, Lote

ADMIN, ALUMNOS, ARCHIVOS = "/admin/", "/admin/vigencia/inscripcion/", "/admin/vigencia/lote/"
CIERRES, ATENCIONES, CAMBIOS = (
    "/admin/vigencia/cierre/",
    "/admin/afiliacion/atencion/",
    "/admin/afiliacion/cambio/",
)
CLINICAS = "/admin/clinicas/"


def todas() -> dict[str, list[Pagina]]:
    """Every page, under the heading that the gallery gives it. Call it after `estados.todas`."""
    call_command("datos_demo", personas=90, verbosity=0)
    return {
        "A school": [*escuela()],
        "A counter": [*ventanilla()],
        "Central staff": [*personal()],
        "Mail": [*correos()],
    }


class Sesion(Client):
    """Somebody of the demonstration's users, at work."""

    def __init__(self, usuario: str) -> None:
        super().__init__()
        self.force_login(User.objects.get(username=usuario))

    def ver(self, nombre: str, ruta: str, datos: dict[str, Any] | None = None) -> Pagina:
        """The page of an address, or the one that what is sent to it leads to."""
        return ficha(nombre, self.get(ruta, follow=True) if datos is None else self.hacer(ruta, datos))

    def hacer(self, ruta: str, datos: dict[str, Any]) -> Any:
        """Send it, and see what is said of it."""
        return self.post(ruta, datos, follow=True)


def escuela() -> Iterator[Pagina]:
    ella = Sesion("escuela-a")
    mia = Escuela.objects.get(responsables__usuario__username="escuela-a")
    yield ella.ver("escuela: subir", f"{ARCHIVOS}add/")
    yield ella.ver("escuela: subir, sin archivo", f"{ARCHIVOS}add/", {})
    yield from _archivos(ella, mia)
    yield ella.ver("escuela: archivos", ARCHIVOS)
    yield ella.ver("escuela: sin NSS", f"{ARCHIVOS}sin-nss/")
    yield ella.ver("escuela: panel", ADMIN)
    yield ella.ver("escuela: alumnos", ALUMNOS)
    yield ella.ver("escuela: alumnos, no hay", ALUMNOS, {"buscar": "Nadie"})
    yield ella.ver("escuela: inscribir", f"{ALUMNOS}add/")
    yield ella.ver("escuela: inscribir, todo mal", f"{ALUMNOS}add/", {"curp": "X", "nss": "1"})
    uno, dos, tres = Inscripcion.objects.filter(escuela=mia, baja=None).order_by("-pk")[:3]
    yield ella.ver("escuela: alumno", f"{ALUMNOS}{uno.pk}/change/")
    yield ella.ver("escuela: baja", f"{ALUMNOS}{uno.pk}/baja/")
    hoy = timezone.localdate().isoformat()
    yield ella.ver("escuela: alumno con baja", f"{ALUMNOS}{uno.pk}/baja/", {"fecha": hoy, "causa": "2"})
    yield ella.ver("escuela: deshacer una baja", f"{ALUMNOS}{uno.pk}/baja/")
    marcados = {"action": "dar_de_baja", "_selected_action": [dos.pk, tres.pk]}
    yield ella.ver("escuela: baja de varios", ALUMNOS, marcados)
    yield ella.ver("escuela: descargar", f"{ALUMNOS}descargar/")
    yield ella.ver("escuela: terminar un ciclo", f"{CIERRES}add/")
    yield ella.ver("escuela: terminar un ciclo, a quiénes", f"{CIERRES}add/?ciclo={CICLO}&baja={hoy}")
    terminado = ella.post(f"{CIERRES}add/", {"ciclo": CICLO, "baja": hoy}).url
    yield ella.ver("escuela: ciclo terminado", terminado)
    yield ella.ver("escuela: ciclo terminado, deshecho", terminado.replace("change", "deshacer"), {})
    yield ella.ver("escuela: fines de ciclo", CIERRES)


def _archivos(ella: Sesion, mia: Escuela) -> Iterator[Pagina]:
    """One with a little of everything, from the upload to the end; one cancelled, one that cannot be read."""
    gente = [persona_con_nss(60) for _ in range(10)]
    una, otra, vecina = gente[0], gente[9], gente[8]
    inscribir(vecina, timezone.localdate(), FIN, Escuela.objects.exclude(pk=mia.pk).order_by("pk")[0])
    sin_nss = Persona.objects.sin_nss().order_by("pk")[0]
    filas = [
        *map(fila, gente[:9]),
        fila(otra, curp=otra.curp[:17]),
        fila(otra, nss=una.nss or ""),
        fila(otra, fin="2001-01-01"),
        fila(otra, nivel="primaria"),
        fila(sin_nss, matricula="M2026081"),
        fila(una),
    ]

    def subir(nombre: str, contenido: bytes) -> str:
        archivo = SimpleUploadedFile(nombre, contenido)
        return str(ella.post(f"{ARCHIVOS}add/", {"archivo": archivo}).url)

    lote = subir("primer-ingreso.csv", lista(filas))
    yield ella.ver("escuela: archivo recibido", lote)
    atender()
    yield ella.ver("escuela: archivo por confirmar", lote)
    yield ella.ver("escuela: archivo, con error", f"{lote}?v=error")
    confirmar = lote.replace("change", "confirmar")
    ella.hacer(confirmar, {})
    yield ella.ver("escuela: archivo, se guarda", lote)
    atender()
    yield ella.ver("escuela: archivo confirmado", lote)
    yield ella.ver("escuela: archivo confirmado, lo que quedó fuera", f"{lote}?v=fuera")
    lote = subir("repetido.csv", lista(filas[:3]))
    atender()
    yield ella.ver("escuela: archivo cancelado", lote.replace("change", "cancelar"), {})
    lote = subir("notas.csv", b"esto,no,es\n1,2,3\n")
    atender()
    assert Lote.objects.latest("creado").estado == Lote.Estado.ILEGIBLE
    yield ella.ver("escuela: archivo ilegible", lote)


def ventanilla() -> Iterator[Pagina]:
    clerk = Sesion("ventanilla")
    yield clerk.ver("ventanilla: panel", ADMIN)
    yield clerk.ver("ventanilla: atender, todo mal", f"{ATENCIONES}add/", {"curp": "X"})
    yield from _sin_nss(clerk)
    yield from _con_clinica(clerk)
    yield from _cuatro_ojos(clerk)
    yield clerk.ver("ventanilla: atenciones", ATENCIONES)


def _empezar(clerk: Sesion, persona: Persona, motivo: str) -> str:
    """The address of an attention."""
    pedida = clerk.post(f"{ATENCIONES}add/", {"curp": persona.curp, "motivo": motivo})
    return str(pedida.url).removesuffix("change/")


def _papeles(*vistos: str) -> dict[str, str]:
    numeros = {"identificacion": "0123456789", "acta": "Libro 3, acta 45", "correo": CORREO}
    return {f"{papel}_visto": "on" for papel in vistos} | {
        f"{papel}_numero": numeros.get(papel, "2026-081") for papel in vistos
    }


def _sin_nss(clerk: Sesion) -> Iterator[Pagina]:
    """Somebody without NSS nor e-mail, up to the paper in hand."""
    suya = _empezar(clerk, Persona.objects.sin_nss().filter(tramites=None).order_by("curp")[1], "nss")
    yield clerk.ver("ventanilla: atención", suya)
    yield clerk.ver("ventanilla: cotejo mal", f"{suya}cotejo/", {"acta_visto": "on", "curp_numero": "1"})
    papeles = _papeles("curp", "domicilio", "identificacion", "acta")
    yield clerk.ver("ventanilla: identificada", f"{suya}cotejo/", papeles)
    yield clerk.ver("ventanilla: trámite en proceso", f"{suya}tramite/", {"tipo": "nss"})
    atender()
    yield clerk.ver("ventanilla: domicilio", suya)
    yield clerk.ver("ventanilla: domicilio mal", f"{suya}domicilio/", {"codigo_postal": "1"})
    clerk.hacer(f"{suya}domicilio/", domicilio())
    atender()
    yield clerk.ver("ventanilla: NSS asignado", suya)
    clerk.hacer(f"{suya}tramite/", {"tipo": "vigencia"})
    atender()
    clerk.hacer(f"{suya}tramite/", {"tipo": "clinica", "clinica-codigo_postal": "06600"})
    atender()
    yield clerk.ver("ventanilla: sin vigencia", suya)
    yield clerk.ver("ventanilla: panel, atención terminada", f"{suya}terminar/", {})
    yield clerk.ver("ventanilla: atención terminada", suya)


def _con_clinica(clerk: Sesion) -> Iterator[Pagina]:
    persona = persona_con_nss(60)
    inscribir(persona, timezone.localdate() - timedelta(days=9), FIN)
    suya = _empezar(clerk, persona, "clinica")
    clerk.hacer(f"{suya}cotejo/", _papeles("curp", "identificacion", "correo"))
    clerk.hacer(f"{suya}tramite/", {"tipo": "clinica", "clinica-codigo_postal": "06600"})
    atender()
    yield clerk.ver("ventanilla: elegir clínica", suya)
    clerk.hacer(f"{suya}clinica/", {"clinica": "DFIMS980001", "turno": "matutino"})
    atender()
    yield clerk.ver("ventanilla: en su clínica", suya)


def _cuatro_ojos(clerk: Sesion) -> Iterator[Pagina]:
    """A name and a mailbox, asked for by one and decided by another."""
    jefa = Sesion("supervision")
    persona = persona_con_nss(60)
    Vinculo.objects.create(persona=persona, correo=CORREO)
    solicitar(Estricto(), persona.curp)
    atender()
    suya = _empezar(clerk, persona, "datos")
    clerk.hacer(f"{suya}cotejo/", _papeles("identificacion", "acta", "correo"))
    for tipo in ("datos", "correo", "curp", "bloqueo"):
        yield clerk.ver(f"ventanilla: pedir {tipo}", f"{suya}cambio/{tipo}/")
    yield clerk.ver("ventanilla: pedir correo, todo mal", f"{suya}cambio/correo/", {})
    nombre = {"nombres": "Itzel Corregida", "primer_apellido": persona.primer_apellido}
    acta = {"segundo_apellido": persona.segundo_apellido, "porque": "Jalisco, libro 3, acta 45"}
    yield clerk.ver("ventanilla: cambio pedido", f"{suya}cambio/datos/", nombre | acta)
    nuevo = {"correo": OTRO, "confirmacion": OTRO, "porque": "Perdió el acceso al anterior"}
    clerk.hacer(f"{suya}cambio/correo/", nuevo)
    clerk.hacer(f"{suya}cambio/bloqueo/", {"porque": "ARCO 81/2026"})
    por_tipo = {cambio.tipo: f"{CAMBIOS}{cambio.pk}/change/" for cambio in Cambio.objects.all()}
    yield clerk.ver("ventanilla: lo autoriza otra persona", por_tipo["datos"])
    yield jefa.ver("supervisión: panel", ADMIN)
    yield jefa.ver("supervisión: cambios", CAMBIOS)
    yield jefa.ver("supervisión: por autorizar", por_tipo["datos"])
    yield jefa.ver("supervisión: autorizado", por_tipo["datos"], {"autorizar": "1"})
    yield jefa.ver("supervisión: negar, sin decir por qué", por_tipo["bloqueo"], {"negar": "1"})
    negado = {"negar": "1", "respuesta": "Falta la resolución."}
    yield jefa.ver("supervisión: negado", por_tipo["bloqueo"], negado)
    jefa.hacer(por_tipo["correo"], {"autorizar": "1"})
    atender()
    yield clerk.ver("ventanilla: documentos nuevos", suya)
    yield jefa.ver("supervisión: bitácora", "/admin/nss_portal/asiento/")


def personal() -> Iterator[Pagina]:
    yield ficha("personal: entrar", Client().get("/admin/login/"))
    equivocado = {"username": "admin", "password": "x"}
    yield ficha("personal: entrar, equivocado", Client().post("/admin/login/", equivocado))
    jefatura = Sesion("admin")
    yield jefatura.ver("personal: inicio", ADMIN)
    yield jefatura.ver("personal: contraseña", "/admin/password_change/")
    tramite = Tramite.objects.filter(estado="resuelto").earliest("folio")
    for nombre, ruta in {
        "trámites": "nss_portal/tramite/",
        "un trámite": f"nss_portal/tramite/{tramite.pk}/change/",
        "personas": "nss_portal/persona/",
        "una persona": f"nss_portal/persona/{tramite.persona_id}/change/",
        "series": "afiliacion/serie/",
        "una serie": f"afiliacion/serie/{Serie.objects.earliest('pk').pk}/change/",
        "una escuela": f"vigencia/escuela/{Escuela.objects.earliest('pk').pk}/change/",
        "empleados": "afiliacion/empleado/",
        "envíos": "nss_portal/envio/",
        "un envío": f"nss_portal/envio/{_como_quedan_los_envios()}/change/",
    }.items():
        yield jefatura.ver(f"personal: {nombre}", f"{ADMIN}{ruta}")
    yield jefatura.ver("personal: filtro rechazado", f"{ADMIN}nss_portal/persona/?nss__startswith=1")
    yield from _clinicas(jefatura)


def _como_quedan_los_envios() -> Any:
    """One of each way a mail may stand, at the top of their list; the key of the one that was refused."""
    ultimos = Envio.objects.order_by("-tramite__folio", "-creado")
    quedan: list[dict[str, Any]] = [
        {"rechazado": True, "falla": "rechazo", "respuesta": "550 5.7.1", "insiste_desde": timezone.now()},
        {"rechazado": True, "falla": "buzon", "respuesta": "550 5.1.1"},
        {"falla": "pausa", "respuesta": "451 4.7.1"},
        {"falla": "servidor"},
    ]
    # Of step 1 there are many: what is shown of the others further on is sent.
    del_paso_1 = ultimos.filter(documento=None, aviso="", tramite__tipo="nss")
    claves = list(del_paso_1.values_list("pk", flat=True)[: len(quedan)])
    for clave, como in zip(claves, quedan, strict=True):
        Envio.objects.filter(pk=clave).update(**{"enviado": None, "intentos": 9} | como)
    return claves[0]


def _clinicas(jefatura: Sesion) -> Iterator[Pagina]:
    yield jefatura.ver("clínicas: lista", f"{CLINICAS}clinica/")
    yield jefatura.ver("clínicas: una", f"{CLINICAS}clinica/DFIMS980001/change/")
    yield jefatura.ver("clínicas: consultorios", f"{CLINICAS}consultorio/")
    yield jefatura.ver("clínicas: coberturas", f"{CLINICAS}cobertura/")
    yield jefatura.ver("clínicas: cargar cobertura", f"{CLINICAS}cobertura/cargar/")
    malo = SimpleUploadedFile("cobertura.csv", b"codigo_postal,clues\n06600,NADA\n")
    yield jefatura.ver("clínicas: cargar cobertura, mal", f"{CLINICAS}cobertura/cargar/", {"archivo": malo})
    yield jefatura.ver("clínicas: altas", f"{CLINICAS}alta/")
    origen = Alta.objects.activas().filter(consultorio__clinica="DFIMS980001").latest("pk").consultorio
    mover = f"{CLINICAS}consultorio/{origen.pk}/mover/"
    yield jefatura.ver("clínicas: mover", mover)
    otra = {"clinica": "DFIMS980002", "turno": "matutino"}
    yield jefatura.ver("clínicas: mover, todo mal", mover, otra | {"numero": "77"})
    yield jefatura.ver("clínicas: movidas", mover, otra | {"numero": "1"})


def correos() -> Iterator[Pagina]:
    """One of each template, as a mail program would show it; the steps and the offices have sent most."""
    persona = persona_con_nss(60)
    solicitar(Estricto(), persona.curp)
    atender()
    hoy = timezone.localdate()
    mia = Escuela.objects.earliest("pk")
    datos = {"ciclo": CICLO, "nivel": mia.niveles[0], "matricula": "A1", "alta": hoy, "fin": FIN}
    hecha = inscripciones.inscribir(mia, persona, mia.registros.earliest("pk"), **datos)
    atender()
    inscripciones.dar_de_baja(Inscripcion.objects.filter(pk=hecha.pk), hoy, Inscripcion.Causa.VOLUNTARIA)
    # Another mailbox is confirmed for them: this one is told.
    solicitar(Estricto(), persona.curp, correo=OTRO, correo_confirmacion=OTRO)
    atender()
    enlace = Confirmacion.objects.get(tramite__persona=persona, correo=OTRO).get_absolute_url()
    Estricto().post(enlace, {"respuesta": "si"})
    Telefono().empezar("nss", persona_con_nss(60).curp)
    atender()
    for plantilla in sorted((settings.BASE_DIR / "templates" / "correo").glob("*.html")):
        if plantilla.stem != "base":
            yield ficha(f"correo: {plantilla.stem}", Estricto().get(f"/buzon/{_ultimo(plantilla.stem).pk}/"))


def _ultimo(nombre: str) -> Envio:
    """The last mail that went out from a template: a notice's, or the one of the documents of a step."""
    de_ese = {"tramite__tipo": nombre, "aviso": ""} if nombre in Tramite.Tipo else {"aviso": nombre}
    return Envio.objects.filter(enviado__isnull=False, documento=None, **de_ese).latest("enviado")
