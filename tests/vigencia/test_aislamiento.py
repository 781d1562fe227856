"""Every address of the admin, walked as one school: there is no trace of the other one in any of them."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from nss_portal import colas
from nss_portal.models import Estado, Persona, Tramite
from nss_portal.personas.identidad import (
    componer_nss,
    digito_curp,
    enmascarar_curp,
    enmascarar_nss,
    raiz_curp,
)
from tests.vigencia.alumnos import ALTA, CICLO, FIN, alumnos, escuela, fila, lista
from vigencia.escuelas import inscripciones
from vigencia.escuelas.archivo import lotes
from vigencia.escuelas.comprobacion import comprobar
from vigencia.models import Escuela, Inscripcion, Lote, Responsable

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]

NOMBRES = ("Zulemita Quetzal", "Vecinovich", "Ajenoski")


def responsable(de: Escuela, nombre: str) -> User:
    """As central staff would: the user first, then who they answer for."""
    usuario = User.objects.create_user(nombre)
    jefe, _ = User.objects.get_or_create(username="jefatura", is_staff=True, is_superuser=True)
    cliente = Client()
    cliente.force_login(jefe)
    datos = {"usuario": usuario.pk, "escuela": de.pk}
    assert cliente.post(reverse("admin:vigencia_responsable_add"), datos).status_code == 302
    usuario.refresh_from_db()
    return usuario


class Vecina:
    """The school next door, with one row of everything that a school has."""

    def __init__(self) -> None:
        self.escuela = escuela("20DXX9777Z", "Normal Vecina de Ninguna Parte")
        self.usuario = responsable(self.escuela, "clave-vecina")
        self.persona = self._persona()
        [self.registro] = self.escuela.registros.all()
        self.fila = self._inscribir(CICLO)
        self._inscribir("2025-2026")
        self.cierre = inscripciones.cerrar_ciclo(self.escuela, "2025-2026", FIN, self.usuario)
        self.lote = self._lote()
        comprobar(self.escuela, self.usuario, [(self.persona.curp, str(self.persona.nss))])
        self.tramite = self._tramite()
        for objeto in (self.fila, self.lote, self.cierre, self.persona):
            tipo = ContentType.objects.get_for_model(objeto)
            LogEntry.objects.create(
                user=self.usuario,
                content_type=tipo,
                object_id=objeto.pk,
                object_repr=str(objeto),
                action_flag=ADDITION,
            )

    def _persona(self) -> Persona:
        [modelo] = alumnos(1, desde=8000)
        curp17 = raiz_curp(*NOMBRES, modelo.nacimiento, "H", "OC") + "K"
        return Persona.objects.create(
            curp=curp17 + digito_curp(curp17),
            nss=componer_nss("97", 2021, 2004, 8642),
            nombres=NOMBRES[0],
            primer_apellido=NOMBRES[1],
            segundo_apellido=NOMBRES[2],
            nacimiento=modelo.nacimiento,
            sexo="H",
            entidad="OC",
        )

    def _inscribir(self, ciclo: str) -> Inscripcion:
        datos = (ciclo, "superior", "VECINA-7788", ALTA, FIN)
        return inscripciones.inscribir(self.escuela, self.persona, self.registro, *datos)

    def _lote(self) -> Lote:
        renglones = [fila(self.persona, matricula="VECINA-7788"), fila(self.persona, curp="VECI")]
        archivo = SimpleUploadedFile("lista-vecina.csv", lista(renglones))
        lote = lotes.recibir(self.escuela, self.usuario, archivo)
        while colas.ARCHIVOS.avanzar():
            pass
        return lote

    def _tramite(self) -> Tramite:
        return Tramite.objects.create(
            tipo=Tramite.Tipo.NSS,
            solicitud=uuid.uuid4(),
            navegador=uuid.uuid4().hex,
            curp=self.persona.curp,
            correo="vecino@correo.example",
            persona=self.persona,
            estado=Estado.FINALIZADO,
            resultado=Tramite.Resultado.LOCALIZADO,
        )

    @property
    def rastros(self) -> list[str]:
        """What must not be seen, but where it was asked with."""
        persona = self.persona
        return [
            *(self.escuela.pk, self.escuela.nombre, self.registro.pk, self.usuario.username),
            *(persona.curp, str(persona.nss), persona.nombres, persona.primer_apellido),
            *(enmascarar_curp(persona.curp), enmascarar_nss(str(persona.nss)), "VECINA-7788", "lista-vecina"),
            *(self.tramite.folio, "vecino@correo"),
        ]

    def claves(self, modelo: type[models.Model] | None) -> list[str]:
        """Keys of its rows of that model."""
        suyas: dict[Any, list[Any]] = {
            Inscripcion: list(self.escuela.inscripciones.values_list("pk", flat=True)),
            Lote: [self.lote.pk],
            type(self.cierre): [self.cierre.pk],
            Escuela: [self.escuela.pk],
            Responsable: [self.usuario.responsable.pk],  # type: ignore[attr-defined]
            User: [self.usuario.pk],
            Persona: [self.persona.pk],
            Tramite: [self.tramite.pk],
        }
        if modelo in suyas:
            return [str(clave) for clave in suyas[modelo]]
        primera = modelo._default_manager.first() if modelo else None
        return [str(primera.pk)] if primera else ["1"]

    def foto(self) -> list[Any]:
        """Everything it has, to see that nothing changed."""
        return [
            list(self.escuela.inscripciones.order_by("pk").values()),
            list(self.escuela.lotes.values("pk", "estado", "total")),
            list(self.escuela.cierres.values()),
            list(self.escuela.registros.values()),
            list(self.escuela.responsables.values()),
            Persona.objects.filter(pk=self.persona.pk).values().get(),
            Escuela.objects.filter(pk=self.escuela.pk).values().get(),
        ]


@pytest.fixture
def yo() -> Client:
    """A school's clerk."""
    mia = escuela("31DXX9001A", "Escuela Propia")
    cliente = Client()
    cliente.force_login(responsable(mia, "clave-propia"))
    for persona in alumnos(3):
        inscripciones.inscribir(mia, persona, mia.registros.get(), CICLO, "superior", "PROPIA", ALTA, FIN)
    return cliente


# --- The addresses ----------------------------------------------------------------------------------------


def rutas() -> Iterator[str]:
    """The route of every address of the admin, its parameters as <name>."""

    def bajar(patrones: Any, antes: str) -> Iterator[str]:
        for patron in patrones:
            ruta = antes + str(patron.pattern)
            if isinstance(patron, URLResolver):
                yield from bajar(patron.url_patterns, ruta)
            elif isinstance(patron, URLPattern):
                yield ruta

    [raiz] = [p for p in get_resolver().url_patterns if getattr(p, "namespace", None) == "admin"]
    yield from bajar(raiz.url_patterns, "/admin/")  # type: ignore[union-attr]


def modelo_de(ruta: str) -> type[models.Model] | None:
    app, _, resto = ruta.removeprefix("/admin/").partition("/")
    nombre = resto.partition("/")[0]
    por_nombre = {(m._meta.app_label, m._meta.model_name): m for m in admin.site._registry}
    return por_nombre.get((app, nombre))


def direcciones(vecina: Vecina) -> Iterator[str]:
    """Every address, filled in with the neighbour's keys."""
    for ruta in rutas():
        if ruta == "/admin/logout/":
            continue
        if ruta.startswith("/admin/r/"):
            for tipo in ContentType.objects.all():
                for clave in vecina.claves(tipo.model_class()):
                    yield f"/admin/r/{tipo.pk}/{clave}/"
        elif "?P<app_label>" in ruta:
            opciones = re.search(r"\?P<app_label>([^)]*)\)", ruta)
            for app in opciones[1].split("|"):  # type: ignore[index]
                yield f"/admin/{app}/"
        elif "?P<url>" in ruta:
            yield f"/admin/{vecina.escuela.pk}/"
        elif "<str:formato>" in ruta:
            yield ruta.replace("<str:formato>", "csv")
        else:
            for clave in vecina.claves(modelo_de(ruta)):
                yield re.sub(r"<[^>]+>", clave, ruta)


def preguntas(vecina: Vecina, ruta: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(method, what is sent): what somebody who looks for the neighbour would try there."""
    persona = vecina.persona
    yield "get", {}
    if modelo_de(ruta) is None or ruta.count("/") == 4:  # lists and what is of no model
        claves = ",".join(vecina.claves(modelo_de(ruta)))
        for consulta in (
            {"q": persona.primer_apellido},
            {"q": persona.curp},
            {"escuela": vecina.escuela.pk},
            {"escuela__exact": vecina.escuela.pk},
            {"escuela__nombre__startswith": "N"},
            {"escuela__cct__exact": vecina.escuela.pk},
            {"persona__curp": persona.curp},
            {"persona": persona.pk},
            {"persona__inscripciones__escuela": vecina.escuela.pk},
            {"lote__escuela": vecina.escuela.pk},
            {"registro": vecina.registro.pk},
            {"id__in": claves},
            {"pk__in": claves},
            {"matricula": "VECINA-7788"},
            {"ciclo": "2025-2026"},
            {"situacion": "vigente"},
            {"all": "", "_facets": "True"},
            {"_to_field": "curp", "_popup": "1"},
            {"o": "1", "p": "2"},
        ):
            yield "get", consulta
    formulario = {
        "escuela": vecina.escuela.pk,
        "ciclo": "2025-2026",
        "baja": "2026-12-01",
        "formato": "csv",
        "archivo": "1",
        "v": "error",
    }
    yield "get", formulario
    yield "post", {}
    yield "post", {"post": "yes", "_save": "1", **formulario}
    yield "post", {"fecha": "2026-12-01", "causa": "1", "confirmar": "1"}
    claves_sueltas = vecina.claves(modelo_de(ruta))
    for accion in ("delete_selected", "dar_de_baja", "reintentar"):
        yield (
            "post",
            {
                "action": accion,
                "index": "0",
                "_selected_action": claves_sueltas,
                "confirmar": "1",
                "post": "yes",
                "fecha": "2026-12-01",
                "causa": "1",
            },
        )
    for buscado in (persona.curp, persona.nss, "VECINA-7788", NOMBRES[1], vecina.escuela.nombre):
        yield "post", {"buscar": buscado}


def leer(respuesta: Any) -> str:
    """All that an answer says, its headers included, but what was asked with."""
    cuerpo = (
        b"".join(respuesta.streaming_content) if respuesta.streaming else respuesta.content
    )  # a file's bytes may be a book: its text is in the CSV
    return cuerpo.decode("utf-8", "replace") + "\n".join(f"{k}: {v}" for k, v in respuesta.headers.items())


def sin_ecos(texto: str, datos: dict[str, Any]) -> str:
    """The answer without what the question itself brought: a form gives back what was typed."""
    for valor in sorted((str(v) for v in datos.values() if len(str(v)) > 3), key=len, reverse=True):
        texto = texto.replace(valor, "")
    return texto


def test_de_la_escuela_vecina_no_hay_rastro(yo: Client) -> None:
    vecina = Vecina()
    antes = vecina.foto()
    vistas = pedidas = 0
    for ruta in sorted(set(direcciones(vecina))):
        todas = preguntas(vecina, ruta)
        if yo.get(ruta).status_code == 403:
            # Refused before it is known what for: each method once.
            todas = iter([("get", {"q": NOMBRES[1]}), ("post", {}), ("post", {"buscar": NOMBRES[1]})])
        for metodo, datos in todas:
            respuesta = getattr(yo, metodo)(ruta, datos)
            pedidas += 1
            vistas += respuesta.status_code == 200
            assert respuesta.status_code < 500, (ruta, metodo, datos)
            texto = leer(respuesta)
            if respuesta.status_code == 302:
                # What a message says is said on the next page.
                texto += leer(yo.get(reverse("admin:index")))
            texto = sin_ecos(texto, datos | {"ruta": ruta.removeprefix("/admin/")})
            for rastro in vecina.rastros:
                eco = rastro in ruta or any(rastro in str(valor) for valor in datos.values())
                assert eco or rastro not in texto, (ruta, metodo, datos, rastro)
    assert vecina.foto() == antes
    # It did walk, and was let in where it should.
    assert pedidas > 1000 and vistas > 50


def test_lo_que_no_es_suyo_responde_como_lo_que_no_existe(yo: Client) -> None:
    vecina = Vecina()
    nada = {Inscripcion: "999999999", Lote: str(uuid.uuid4()), type(vecina.cierre): "999999999"}
    probadas = 0
    for ruta in rutas():
        modelo = modelo_de(ruta)
        if modelo not in nada or "<" not in ruta or "formato" in ruta:
            continue
        [clave, *_] = vecina.claves(modelo)
        for metodo in ("get", "post"):
            dichos = []
            for pk in (clave, nada[modelo]):
                respuesta = getattr(yo, metodo)(re.sub(r"<[^>]+>", pk, ruta))
                texto = f"{respuesta.status_code} {respuesta.headers.get('Location')} {leer(respuesta)}"
                if respuesta.status_code == 302:
                    texto += leer(yo.get(reverse("admin:index")))
                dichos.append(_sin_azar(texto).replace(f"«{pk}»", "").replace(f"/{pk}/", ""))
            assert dichos[0] == dichos[1], (ruta, metodo)
            probadas += 1
    assert probadas > 20


def test_nada_de_lo_que_se_ve_cambia_con_la_vecina(yo: Client) -> None:
    """Counts, filters, figures: with the school next door and without it, letter by letter."""

    def paginas() -> dict[str, str]:
        limpias = [ruta for ruta in rutas() if "<" not in ruta and "?P" not in ruta and "logout" not in ruta]
        return {ruta: _sin_azar(leer(yo.get(ruta))) for ruta in limpias}

    paginas()  # what a first visit leaves in the session
    antes = paginas()
    Vecina()
    despues = paginas()
    for ruta, texto in antes.items():
        assert despues[ruta] == texto, ruta


def test_de_un_alumno_de_las_dos_no_se_averigua_cual_es_la_otra(yo: Client) -> None:
    """Asked of a student whom both have, an address answers for the school next door as for no school."""
    vecina = Vecina()
    compartido = Inscripcion.objects.filter(matricula="PROPIA")[0].persona
    datos = (CICLO, "superior", "VECINA-7788", ALTA, FIN)
    inscripciones.inscribir(vecina.escuela, compartido, vecina.registro, *datos)
    preguntados = {
        "persona__inscripciones__escuela": (vecina.escuela.pk, "09XXX0000X"),
        "persona__inscripciones__escuela__cct__startswith": ("20", "77"),
        "persona__inscripciones__registro": (vecina.registro.pk, "Z9990000320"),
        "persona__inscripciones__matricula": ("VECINA-7788", "NADIE"),
        "persona__inscripciones": (vecina.escuela.inscripciones.get(persona=compartido).pk, 999_999_999),
        "escuela__inscripciones__persona": (vecina.persona.pk, 999_999_999),
        "registro__escuela": (vecina.escuela.pk, "09XXX0000X"),
    }
    ruta = reverse("admin:vigencia_inscripcion_changelist")
    for consulta, valores in preguntados.items():
        dichos = [yo.get(ruta, {consulta: valor}) for valor in valores]
        uno, otro = (
            _sin_azar(leer(dicho)).replace(str(valor), "")
            for dicho, valor in zip(dichos, valores, strict=True)
        )
        assert dichos[0].status_code == dichos[1].status_code and uno == otro, consulta


def _sin_azar(texto: str) -> str:
    texto = re.sub(r'nonce(="|-)[\w+/=-]+', "nonce", texto)
    texto = re.sub(r'(csrfmiddlewaretoken" value=")\w+', "", texto)
    return re.sub(r"(Expires|Last-Modified|Set-Cookie|Content-Length): .*", "", texto)


def test_lo_demas_del_portal_no_es_de_escuelas(yo: Client) -> None:
    suyos = {"inscripcion", "lote", "cierre"}
    for modelo in admin.site._registry:
        nombre = f"admin:{modelo._meta.app_label}_{modelo._meta.model_name}"
        esperado = 200 if modelo._meta.model_name in suyos else 403
        assert yo.get(reverse(f"{nombre}_changelist")).status_code == esperado, modelo
        assert yo.get(reverse(f"{nombre}_add")).status_code == esperado, modelo


def test_quien_deja_de_responder_por_su_escuela_no_ve_ninguna(yo: Client) -> None:
    """Although the group was left on: nothing is better than everything."""
    usuario = User.objects.get(username="clave-propia")
    Responsable.objects.filter(usuario=usuario).delete()
    assert usuario.groups.exists()
    for nombre in ("inscripcion", "lote", "cierre"):
        respuesta = yo.get(reverse(f"admin:vigencia_{nombre}_changelist"))
        assert respuesta.status_code == 403 or respuesta.context["cl"].result_count == 0
        assert yo.get(reverse(f"admin:vigencia_{nombre}_add")).status_code == 403
    assert yo.get(reverse("admin:vigencia_inscripcion_descargar")).status_code == 403


def test_relevarlo_le_quita_el_grupo(admin_client: Client, yo: Client) -> None:
    usuario = User.objects.get(username="clave-propia")
    borrar = reverse("admin:vigencia_responsable_delete", args=[usuario.responsable.pk])  # type: ignore[attr-defined]
    assert admin_client.post(borrar, {"post": "yes"}).status_code == 302
    assert not usuario.groups.exists()
    assert yo.get(reverse("admin:vigencia_inscripcion_changelist")).status_code == 403


def test_la_lista_de_escuelas_no_se_completa(yo: Client) -> None:
    """Autocompletion, for every foreign key there is: none of them is a school's to ask."""
    Vecina()
    for modelo in admin.site._registry:
        for campo in modelo._meta.get_fields():
            if isinstance(campo, models.ForeignKey):
                datos = {
                    "app_label": modelo._meta.app_label,
                    "model_name": modelo._meta.model_name,
                    "field_name": campo.name,
                    "term": "Vecin",
                }
                assert yo.get(reverse("admin:autocomplete"), datos).status_code in (403, 404), campo
