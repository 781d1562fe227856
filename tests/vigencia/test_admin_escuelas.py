"""What a school's clerk does in the admin, from the start page to the file that goes out."""

import csv
import re
import time
import uuid
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date, timedelta
from io import BytesIO, StringIO
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from nss_portal import colas
from nss_portal.models import Persona
from tests.vigencia.alumnos import ALTA, CICLO, FIN, alumnos, escuela, fila, lista
from vigencia.escuelas import comprobacion, inscripciones
from vigencia.escuelas.archivo import dispmag, formatos
from vigencia.models import Cierre, Escuela, Inscripcion, Lote, RegistroPatronal, Responsable

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]


@pytest.fixture
def mia() -> Escuela:
    return escuela()


@pytest.fixture
def yo(mia: Escuela, admin_client: Client) -> Client:
    usuario = User.objects.create_user("clave-propia")
    datos = {"usuario": usuario.pk, "escuela": mia.pk}
    assert admin_client.post(reverse("admin:vigencia_responsable_add"), datos).status_code == 302
    cliente = Client()
    cliente.force_login(usuario)
    return cliente


def pagina(nombre: str, *args: Any) -> str:
    return reverse(f"admin:vigencia_{nombre}", args=args)


def inscribir(de: Escuela, *personas: Persona, **cambios: Any) -> list[Inscripcion]:
    datos = {"ciclo": CICLO, "nivel": "superior", "matricula": "M-1", "alta": ALTA, "fin": FIN} | cambios
    [registro, *_] = de.registros.all()
    return [inscripciones.inscribir(de, persona, registro, **datos) for persona in personas]


def subir(cliente: Client, contenido: bytes, nombre: str = "lista.csv", **datos: str) -> Lote:
    archivo = SimpleUploadedFile(nombre, contenido)
    respuesta = cliente.post(pagina("lote_add"), {"archivo": archivo, **datos})
    assert respuesta.status_code == 302, respuesta.content.decode()
    return Lote.objects.get(pk=re.search(r"lote/([^/]+)/change", respuesta.url)[1])  # type: ignore[index]


def trabajar() -> None:
    while colas.ARCHIVOS.avanzar():
        pass


def texto(respuesta: Any) -> str:
    return " ".join(respuesta.content.decode().split())


# --- One student ------------------------------------------------------------------------------------------


def alta(persona: Persona, **cambios: str) -> dict[str, str]:
    return {
        "curp": persona.curp,
        "nss": persona.nss or "",
        "matricula": "A-77",
        "nivel": "superior",
        "ciclo": CICLO,
        "alta": ALTA.isoformat(),
        "fin": FIN.isoformat(),
    } | cambios


def test_inscribir_a_uno(yo: Client, mia: Escuela) -> None:
    [persona] = alumnos(1)
    escrito = alta(persona, curp=f" {persona.curp.lower()}", nss=f"{persona.nss[:2]} {persona.nss[2:]}")  # type: ignore[index]
    respuesta = yo.post(pagina("inscripcion_add"), escrito, follow=True)
    hecha = mia.inscripciones.get()
    assert (hecha.persona, hecha.registro, hecha.matricula) == (persona, mia.registros.get(), "A-77")
    assert str(persona) in texto(respuesta) and persona.curp not in texto(respuesta)
    # Whole in its own page.
    propia = texto(yo.get(pagina("inscripcion_change", hecha.pk)))
    assert persona.curp in propia and str(persona.nss) in propia


def test_lo_mal_escrito_se_dice_junto_a_su_campo(yo: Client, mia: Escuela) -> None:
    una, otra = alumnos(2)
    sin_nss = Persona.objects.sin_nss().order_by("pk")[0]
    casos = [
        ({"curp": una.curp[:17]}, "curp", "La CURP debe tener 18 caracteres."),
        ({"curp": una.curp[:17] + str((int(una.curp[17]) + 1) % 10)}, "curp", "no coincide con los demás"),
        ({"nss": "123"}, "nss", "El NSS debe tener 11 números."),
        ({"nss": str(otra.nss)}, "nss", "Este NSS no es el de esa CURP."),
        ({"curp": sin_nss.curp}, "nss", "todavía no tiene NSS"),
        ({"curp": "EEQG030303HASJNLA9"}, "curp", "no está en el registro de población"),
        ({"nivel": "posgrado"}, "nivel", "Elige de la lista"),
        ({"ciclo": "2026"}, "ciclo", "El ciclo se escribe 2026-2027 o 2026-1."),
        ({"fin": "2026-08-01"}, "fin", "El fin no puede ser anterior al alta."),
        ({"alta": "2026-02-30"}, "alta", "Esa fecha no existe."),
        ({"curp": ""}, "curp", "La CURP debe tener 18 caracteres."),
    ]
    for cambios, campo, dicho in casos:
        respuesta = yo.post(pagina("inscripcion_add"), alta(una, **cambios))
        errores = respuesta.context["form"].errors
        assert list(errores) == [campo] and dicho in errores[campo][0], (cambios, errores)
        assert f'id="id_{campo}_error"' in respuesta.content.decode()
    assert not mia.inscripciones.exists()


def test_dos_veces_el_mismo_ciclo_no(yo: Client, mia: Escuela) -> None:
    [persona] = alumnos(1)
    inscribir(mia, persona)
    respuesta = yo.post(pagina("inscripcion_add"), alta(persona, alta="2026-09-01"))
    assert "Esta persona ya está inscrita en ese ciclo." in texto(respuesta)
    assert mia.inscripciones.count() == 1


def test_la_misma_regla_que_en_un_archivo(yo: Client, mia: Escuela) -> None:
    """By hand too, nobody is enrolled over a stay that has ended."""
    [persona] = alumnos(1)
    inscripciones.dar_de_baja(
        Inscripcion.objects.filter(pk=inscribir(mia, persona)[0].pk), date(2026, 12, 1), "2"
    )
    respuesta = yo.post(pagina("inscripcion_add"), alta(persona, alta="2026-09-01"))
    errores = respuesta.context["form"].errors
    assert errores == {"alta": ["Tuvo una baja en este ciclo: el alta puede ser desde el 01/12/2026."]}
    assert yo.post(pagina("inscripcion_add"), alta(persona, alta="2026-12-01")).status_code == 302
    assert mia.inscripciones.count() == 2


def test_si_alguien_se_adelanta_se_dice_en_el_formulario(
    yo: Client, mia: Escuela, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the checks of the form and the writing, another one enrolled and ended it."""
    [persona] = alumnos(1)
    verdadero, veces = inscripciones.inscribir, []

    def tarde(*args: Any, **datos: Any) -> Inscripcion:
        if not veces:
            veces.append(1)
            suya = verdadero(*args, **datos)
            inscripciones.dar_de_baja(Inscripcion.objects.filter(pk=suya.pk), date(2026, 12, 1), "2")
        return verdadero(*args, **datos)

    monkeypatch.setattr(inscripciones, "inscribir", tarde)
    # The other one's transaction is not undone with ours: here, only what ours tried is.
    sin_vuelta = SimpleNamespace(atomic=lambda *args, **opciones: nullcontext())
    monkeypatch.setattr("vigencia.escuelas.consola.altas.transaction", sin_vuelta)
    respuesta = yo.post(pagina("inscripcion_add"), alta(persona))
    assert respuesta.status_code == 200
    assert "el alta es de la misma fecha" in texto(respuesta) and "A-77" in texto(respuesta)
    assert mia.inscripciones.count() == 1


def test_si_otra_institucion_lo_tiene_se_dice_sin_decir_cual(yo: Client, mia: Escuela) -> None:
    vecina = escuela("20DXX9777Z", "Normal Vecina")
    [persona] = alumnos(1)
    hoy = timezone.localdate()
    inscribir(vecina, persona, alta=hoy, fin=hoy + timedelta(days=90))
    respuesta = texto(yo.post(pagina("inscripcion_add"), alta(persona), follow=True))
    assert "Otra institución también lo tiene inscrito." in respuesta and "Vecina" not in respuesta
    assert mia.inscripciones.count() == 1


def test_comprobar_tiene_un_tope(yo: Client, mia: Escuela, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comprobacion, "TOPE_DE_FALLIDAS", 2)
    una, otra = alumnos(2)
    for _ in range(2):
        yo.post(pagina("inscripcion_add"), alta(una, nss=str(otra.nss)))
    respuesta = yo.post(pagina("inscripcion_add"), alta(una))
    assert "Tu escuela llegó al tope de comprobaciones de hoy." in texto(respuesta)
    assert not mia.inscripciones.exists()
    # What is wrong with the rest is said before a check is spent.
    assert mia.comprobaciones.count() == 2


def test_con_varios_registros_se_elige_entre_los_suyos(yo: Client, mia: Escuela) -> None:
    vecina = escuela("20DXX9777Z", "Normal Vecina")
    assert 'name="registro"' not in yo.get(pagina("inscripcion_add")).content.decode()
    otro = RegistroPatronal.objects.create(registro="Z3190040327", escuela=mia)
    html = yo.get(pagina("inscripcion_add")).content.decode()
    assert otro.pk in html and vecina.registros.get().pk not in html
    una, dos = alumnos(2)
    respuesta = yo.post(pagina("inscripcion_add"), alta(una))
    assert "Elige con qué registro patronal" in texto(respuesta)
    ajeno = yo.post(pagina("inscripcion_add"), alta(una, registro=vecina.registros.get().pk))
    assert "Ese registro patronal no es de tu escuela." in texto(ajeno)
    assert yo.post(pagina("inscripcion_add"), alta(dos, registro=otro.pk)).status_code == 302
    assert mia.inscripciones.get().registro == otro


def test_el_personal_dice_de_que_escuela(admin_client: Client, mia: Escuela) -> None:
    una, dos = alumnos(2)
    respuesta = admin_client.post(pagina("inscripcion_add"), alta(una, escuela="31ABC"))
    assert "No hay ninguna escuela con esa CCT." in texto(respuesta)
    assert admin_client.post(pagina("inscripcion_add"), alta(una, escuela=mia.pk.lower())).status_code == 302
    assert mia.inscripciones.get().persona == una
    vecina = escuela("20DXX9777Z", "Normal Vecina")
    ajeno = alta(dos, escuela=mia.pk, registro=vecina.registros.get().pk)
    assert "no es de la escuela" in texto(admin_client.post(pagina("inscripcion_add"), ajeno))


def test_se_corrige_lo_que_se_puede_corregir(yo: Client, mia: Escuela) -> None:
    [hecha] = inscribir(mia, *alumnos(1))
    cambio = {
        "matricula": "NUEVA",
        "nivel": "superior",
        "fin": "2027-06-30",
        "ciclo": "2025-2026",
        "alta": "2020-01-01",
    }
    assert yo.post(pagina("inscripcion_change", hecha.pk), cambio).status_code == 302
    antes = hecha.movida
    hecha.refresh_from_db()
    assert (hecha.matricula, hecha.fin, hecha.ciclo, hecha.alta) == ("NUEVA", date(2027, 6, 30), CICLO, ALTA)
    assert hecha.movida > antes
    mal = yo.post(pagina("inscripcion_change", hecha.pk), cambio | {"fin": "2026-01-01"})
    assert "El fin no puede ser anterior al alta." in texto(mal)
    assert yo.post(pagina("inscripcion_delete", hecha.pk), {"post": "yes"}).status_code == 403


def test_de_una_baja_se_corrige_solo_la_matricula(yo: Client, mia: Escuela) -> None:
    [hecha] = inscribir(mia, *alumnos(1))
    inscripciones.dar_de_baja(Inscripcion.objects.filter(pk=hecha.pk), date(2026, 12, 1), "2")
    ruta = pagina("inscripcion_change", hecha.pk)
    html = yo.get(ruta).content.decode()
    assert re.findall(r'name="(matricula|nivel|fin)"', html) == ["matricula"] and "Dar de baja" not in html
    respuesta = yo.post(ruta, {"matricula": "NUEVA", "fin": "2027-01-01", "nivel": "posgrado"}, follow=True)
    assert f"Cambios guardados: {hecha.persona}." in texto(respuesta)
    hecha.refresh_from_db()
    assert (hecha.matricula, hecha.fin, hecha.nivel) == ("NUEVA", FIN, "superior")


# --- The list ---------------------------------------------------------------------------------------------


def test_la_lista_oculta_los_numeros_y_dice_el_estado(yo: Client, mia: Escuela) -> None:
    hoy = timezone.localdate()
    personas = alumnos(5)
    dia = timedelta(days=1)
    inscribir(mia, personas[0], alta=hoy, fin=hoy + 90 * dia)
    inscribir(mia, personas[1], alta=hoy + dia, fin=hoy + 90 * dia)
    inscribir(mia, personas[2], alta=hoy - 90 * dia, fin=hoy - dia)
    inscribir(mia, personas[3], alta=hoy, fin=hoy + 20 * dia)
    inscribir(mia, personas[4], alta=hoy, fin=hoy + 90 * dia)
    inscripciones.dar_de_baja(mia.inscripciones.filter(persona=personas[4]), hoy, "2")
    html = yo.get(pagina("inscripcion_changelist")).content.decode()
    for persona in personas:
        assert persona.curp not in html and str(persona.nss) not in html
    cuantos = {s: len(re.findall(rf'class="estado {s}"', html)) for s in inscripciones.Situacion}
    assert cuantos == {"vigente": 2, "por-iniciar": 1, "baja": 1, "terminada": 1}
    filtros = {"vigente": 2, "por-iniciar": 1, "baja": 1, "terminada": 1, "por-terminar": 1}
    for situacion, esperados in filtros.items():
        respuesta = yo.get(pagina("inscripcion_changelist"), {"situacion": situacion})
        assert respuesta.context["cl"].result_count == esperados, situacion
    assert yo.get(pagina("inscripcion_changelist"), {"ciclo": CICLO}).context["cl"].result_count == 5


def test_se_busca_sin_que_la_direccion_lo_cuente(yo: Client, mia: Escuela) -> None:
    una, dos, tres = alumnos(3)
    Persona.objects.filter(pk=una.pk).update(nombres="Begoña", primer_apellido="Güemes", segundo_apellido="")
    primera, *otras = inscribir(mia, una, dos, tres)
    Inscripcion.objects.filter(pk=primera.pk).update(matricula="Única 7")
    for buscado in (una.curp, una.curp.lower(), str(una.nss), "Única 7", "guemes", "BEGONA  güe", "Begoña"):
        respuesta = yo.post(pagina("inscripcion_changelist"), {"buscar": buscado})
        assert respuesta.url == pagina("inscripcion_change", primera.pk), buscado
    varios = yo.post(pagina("inscripcion_changelist"), {"buscar": "xochitl MUÑOZ"})
    assert set(varios.url.partition("?id__in=")[2].split(",")) == {str(otra.pk) for otra in otras}
    assert yo.get(varios.url).context["cl"].result_count == 2
    for buscado in ("", "emes", "' OR 1=1 --", una.curp[:10], "\0", "(", "[a", "x" * 500):
        respuesta = yo.post(pagina("inscripcion_changelist"), {"buscar": buscado}, follow=True)
        assert "No encontramos a nadie" in texto(respuesta), buscado
    # `q` would be in the address, and in logs.
    assert yo.get(pagina("inscripcion_changelist"), {"q": "Begoña"}).context["cl"].result_count == 3


def test_las_paginas_no_preguntan_mas_cuando_crecen(yo: Client, mia: Escuela) -> None:
    personas = alumnos(30)
    inscribir(mia, *personas[:2])
    subir(yo, lista([fila(persona) for persona in personas]))
    trabajar()
    lote = Lote.objects.get(nombre="lista.csv")
    cierre = {"ciclo": CICLO, "baja": "2026-12-01"}
    paginas: list[tuple[str, dict[str, str]]] = [
        (reverse("admin:index"), {}),
        (pagina("inscripcion_changelist"), {}),
        (pagina("lote_changelist"), {}),
        (pagina("lote_change", lote.pk), {}),
        (pagina("lote_change", lote.pk), {"v": "alta"}),
        (pagina("cierre_add"), cierre),
        (pagina("inscripcion_descargar"), {"formato": "168", "ciclo": CICLO}),
    ]

    def preguntas() -> list[int]:
        cuentas = []
        for ruta, datos in paginas:
            with CaptureQueriesContext(connection) as consultas:
                assert yo.get(ruta, datos).status_code == 200
            cuentas.append(len(consultas))
        return cuentas

    preguntas()
    pocas = preguntas()
    inscribir(mia, *personas[2:])
    for _ in range(3):
        subir(yo, lista([fila(persona) for persona in alumnos(1, desde=100)]))
        trabajar()
        Persona.objects.filter(curp__startswith="MUEX").exclude(inscripciones__isnull=False).filter(
            nss__gte="97200001"
        ).delete()
    assert preguntas() == pocas


# --- A file -----------------------------------------------------------------------------------------------


def test_subir_revisar_y_confirmar(yo: Client, mia: Escuela, trabajar: Callable[[], None]) -> None:
    una, dos, tres = alumnos(3)
    inicio = yo.get(reverse("admin:index")).content.decode()
    assert pagina("lote_add") in inicio  # one click; the second one sends the file
    filas = [fila(una), fila(dos), fila(tres, nss=str(una.nss)), fila(tres, alta="2026-02-30")]
    lote = subir(yo, lista(filas))
    espera = yo.get(pagina("lote_change", lote.pk)).content.decode()
    assert "Leyendo el archivo" in espera and '<meta http-equiv="refresh"' in espera
    estado = yo.get(pagina("lote_estado", lote.pk)).json()
    assert estado == {"estado": "recibido", "texto": "Leyendo el archivo", "hechos": 0, "total": 0}
    trabajar()
    assert yo.get(pagina("lote_estado", lote.pk)).json()["estado"] == "por-confirmar"
    revision = texto(yo.get(pagina("lote_change", lote.pk)))
    assert (
        "se inscribe a <b>2</b> alumnos" in revision and "Los 2 renglones con error no se guardan" in revision
    )
    assert "El NSS no es el de esa CURP" in revision and una.curp not in revision
    solo_errores = texto(yo.get(pagina("lote_change", lote.pk), {"v": "error"}))
    assert solo_errores.count("veredicto-de error") == 2 and "veredicto-de alta" not in solo_errores
    malas = b"".join(yo.get(pagina("lote_errores", lote.pk)).streaming_content)  # type: ignore[arg-type]
    leidas = list(csv.DictReader(StringIO(malas.decode("utf-8-sig"))))
    assert len(leidas) == 2 and "2026-02-30" in leidas[1]["motivo"]
    assert not mia.inscripciones.exists()
    assert yo.get(pagina("lote_confirmar", lote.pk)).status_code == 405
    assert yo.post(pagina("lote_confirmar", lote.pk)).status_code == 302
    trabajar()
    listo = texto(yo.get(pagina("lote_change", lote.pk)))
    assert "Quedaron inscritos <b>2</b> alumnos" in listo and mia.inscripciones.count() == 2
    # The same file again changes nothing, and the page says so.
    otra_vez = subir(yo, lista(filas[:2]))
    trabajar()
    assert "Todo lo que dice este archivo ya estaba así" in texto(yo.get(pagina("lote_change", otra_vez.pk)))


def test_cancelar(yo: Client, mia: Escuela) -> None:
    lote = subir(yo, lista([fila(persona) for persona in alumnos(2)]))
    trabajar()
    respuesta = yo.post(pagina("lote_cancelar", lote.pk), follow=True)
    assert "se canceló: no cambió nada" in texto(respuesta)
    yo.post(pagina("lote_confirmar", lote.pk))
    trabajar()
    assert not mia.inscripciones.exists()


def test_lo_que_no_es_una_lista(yo: Client) -> None:
    ilegible = subir(yo, b"%PDF-1.7 no es una lista")
    trabajar()
    assert "Es un PDF" in texto(yo.get(pagina("lote_change", ilegible.pk)))
    vacio = yo.post(pagina("lote_add"), {"archivo": SimpleUploadedFile("v.csv", b"")})
    assert "El archivo está vacío." in texto(vacio)
    sin_archivo = texto(yo.post(pagina("lote_add"), {}))
    assert (
        "Elige el archivo de tu computadora." in sin_archivo and "<title>Error: Subir alumnos" in sin_archivo
    )
    grande = SimpleUploadedFile("g.csv", b"x" * (formatos.TAMANO_MAXIMO + 1))
    assert "pasa de 10 MB" in texto(yo.post(pagina("lote_add"), {"archivo": grande}))


def test_una_subida_enorme_ni_se_recibe(yo: Client, mia: Escuela) -> None:
    """Not a byte of it is read: not even the form's token."""

    class Intacto:
        def read(self, *args: Any) -> bytes:
            raise AssertionError("it was read")

        readline = read

    enorme: dict[str, Any] = {"CONTENT_LENGTH": str(3 * formatos.TAMANO_MAXIMO), "wsgi.input": Intacto()}
    respuesta = yo.generic("POST", pagina("lote_add"), b"", "multipart/form-data; boundary=x", **enorme)
    assert "pasa de 10 MB" in texto(respuesta) and "Elige el archivo" not in str(
        respuesta.context["form"].errors
    )
    # The other uploads bring their token all the same.
    estricto = Client(enforce_csrf_checks=True)
    estricto.force_login(User.objects.get(username="clave-propia"))
    archivo = SimpleUploadedFile("lista.csv", lista([fila(persona) for persona in alumnos(1)]))
    assert estricto.post(pagina("lote_add"), {"archivo": archivo}).status_code == 403
    assert not Lote.objects.exists()
    nadie = Client().generic("POST", pagina("lote_add"), b"", "multipart/form-data; boundary=x", **enorme)
    assert nadie.status_code == 302 and "login" in nadie.url


def test_un_libro_envenenado_se_rechaza_y_no_detiene_a_nadie(yo: Client, mia: Escuela) -> None:
    """Nine megabytes of formats in eighteen kB: they took a worker a minute and a gigabyte, for ever."""
    sano, veneno = BytesIO(formatos.plantilla("xlsx")), BytesIO()
    with (
        zipfile.ZipFile(sano) as antes,
        zipfile.ZipFile(veneno, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as despues,
    ):
        for parte in antes.namelist():
            xml = antes.read(parte)
            if parte == "xl/styles.xml":
                xml = xml.replace(b"</cellXfs>", b"<xf/>" * 1_800_000 + b"</cellXfs>")
            despues.writestr(parte, xml)
    assert len(veneno.getvalue()) < 40_000
    lote = subir(yo, veneno.getvalue(), "lista.xlsx")
    empezo = time.monotonic()
    trabajar()
    assert time.monotonic() - empezo < 5
    assert "trae demasiados formatos" in texto(yo.get(pagina("lote_change", lote.pk)))


def test_su_pagina_es_una_como_quiera_que_se_escriba_su_clave(yo: Client, mia: Escuela) -> None:
    """Django's own form of a row is never shown: it says more than a school is told."""
    lote = subir(yo, lista([fila(persona) for persona in alumnos(1)]))
    inscribir(mia, *alumnos(1, desde=9))
    cierre = inscripciones.cerrar_ciclo(mia, CICLO, date(2026, 12, 1), User.objects.get(username="admin"))
    for escrita in (str(lote.pk), str(lote.pk).upper(), lote.pk.hex):
        html = texto(yo.get(f"/admin/vigencia/lote/{escrita}/change/"))
        assert "data-lote=" in html and "field-" not in html, escrita
    for escrita in (str(cierre.pk), f"0{cierre.pk}"):
        html = texto(yo.get(f"/admin/vigencia/cierre/{escrita}/change/"))
        assert "Deshacer el fin de ciclo" in html and "field-" not in html, escrita
    for otra in ("nada", "9" * 40, str(uuid.uuid4()), "_00", "-1", "é"):
        assert yo.get(f"/admin/vigencia/lote/{otra}/change/").status_code == 404
        assert yo.get(f"/admin/vigencia/cierre/{otra}/change/").status_code == 404


def test_las_listas_son_de_django_y_nada_mas() -> None:
    """What takes several steps is a view: no page of Django's is bent into one."""
    de_django = vars(ModelAdmin).keys()
    propios = {
        (clase.__name__, nombre)
        for registro in admin.site._registry.values()
        for clase in type(registro).__mro__
        if clase.__module__.startswith("vigencia.")
        for nombre in vars(clase).keys() & de_django
        if callable(getattr(clase, nombre)) and not isinstance(vars(clase)[nombre], type)
    }
    vistas = {"add_view", "change_view", "changelist_view", "delete_view", "history_view", "get_urls"}
    assert not {nombre for _, nombre in propios} & vistas
    assert len(propios) <= 15, propios


def test_las_paginas_de_un_archivo_largo(yo: Client, mia: Escuela) -> None:
    lote = subir(yo, lista([fila(persona) for persona in alumnos(230)]))
    trabajar()
    primera = texto(yo.get(pagina("lote_change", lote.pk)))
    assert "Página 1 de 3" in primera and primera.count("veredicto-de alta") == 100
    ultima = texto(yo.get(pagina("lote_change", lote.pk), {"v": "alta", "p": "3"}))
    assert ultima.count("veredicto-de alta") == 30 and "?v=alta&amp;p=2" in ultima.replace("&p", "&amp;p")
    for rara in ({"p": "999"}, {"p": "x"}, {"v": "nada"}, {"v": "baja"}):
        assert yo.get(pagina("lote_change", lote.pk), rara).status_code == 200
    # After a month only the counts are left.
    lote.renglones.all().delete()
    assert "quedan las cuentas" in texto(yo.get(pagina("lote_change", lote.pk)))


def test_las_plantillas_se_leen(yo: Client) -> None:
    plano = yo.get(pagina("lote_plantilla", "csv"))
    assert plano.headers["Content-Disposition"] == 'attachment; filename="plantilla-alumnos.csv"'
    assert plano.content.decode("utf-8-sig").strip() == ",".join(formatos.COLUMNAS)
    libro = openpyxl.load_workbook(BytesIO(yo.get(pagina("lote_plantilla", "xlsx")).content))
    assert [celda.value for celda in libro.worksheets[0][1]] == formatos.COLUMNAS
    assert yo.get(pagina("lote_plantilla", "exe")).status_code == 404


def test_sin_nss_hasta_que_lo_tienen(yo: Client, mia: Escuela) -> None:
    persona = Persona.objects.sin_nss().order_by("pk")[0]
    [con] = alumnos(1)
    dudosa = fila(persona, nss=str(con.nss), nombres="Como En Lista", primer_apellido="De La Escuela")
    subir(yo, lista([dudosa, dudosa, fila(con)]))
    trabajar()
    assert pagina("lote_sin_nss") in yo.get(reverse("admin:index")).content.decode()
    hoja = texto(yo.get(pagina("lote_sin_nss")))
    assert "Como En Lista" in hoja and persona.curp not in hoja
    # The registry's own name of that CURP is not for a school to learn.
    assert persona.nombre_completo not in hoja
    Persona.objects.filter(pk=persona.pk).update(nss="97219912348")
    assert "Nadie de los archivos" in texto(yo.get(pagina("lote_sin_nss")))


# --- Bajas and the end of a cycle -------------------------------------------------------------------------


def test_dar_de_baja_a_uno(yo: Client, mia: Escuela) -> None:
    [hecha] = inscribir(mia, *alumnos(1))
    ruta = pagina("inscripcion_baja", hecha.pk)
    assert ruta in yo.get(pagina("inscripcion_change", hecha.pk)).content.decode()
    fuera = texto(yo.post(ruta, {"fecha": "2026-01-01", "causa": "2"}))
    assert "La baja va entre el alta y el fin: del 24/08/2026 al 31/07/2027." in fuera
    assert "Elige la causa." in texto(yo.post(ruta, {"fecha": "2026-12-01"}))
    respuesta = yo.post(ruta, {"fecha": "2026-12-01", "causa": "2"}, follow=True)
    assert "Baja registrada" in texto(respuesta)
    hecha.refresh_from_db()
    assert (hecha.baja, hecha.causa) == (date(2026, 12, 1), "2")
    # A double click, and a page that was open since before.
    yo.post(ruta, {"fecha": "2026-12-05", "causa": "9"})
    hecha.refresh_from_db()
    assert hecha.baja == date(2026, 12, 1)
    assert "Ya tiene una baja" in texto(yo.get(ruta))
    suya = yo.get(pagina("inscripcion_change", hecha.pk)).content.decode()
    assert re.search(rf'href="{ruta}"\s*>Deshacer la baja</a>', suya) and "Dar de baja" not in suya


@pytest.mark.parametrize("todos", [False, True])
def test_dar_de_baja_a_varios(yo: Client, mia: Escuela, todos: bool) -> None:
    vecina = escuela("20DXX9777Z", "Normal Vecina")
    *mios, ajeno = alumnos(71)
    suyas = inscribir(mia, *mios)
    [de_otra] = inscribir(vecina, ajeno)
    ruta = pagina("inscripcion_changelist")
    marcados = [str(f.pk) for f in suyas[:3]] + [str(de_otra.pk)]
    datos = {
        "action": "dar_de_baja",
        "_selected_action": marcados,
        "select_across": str(int(todos)),
        "index": "0",
    }
    cuantas = 70 if todos else 3
    pregunta = texto(yo.post(ruta, datos))
    assert f"Dar de baja a los {cuantas}" in pregunta and not mia.inscripciones.exclude(baja=None).exists()
    confirmado = datos | {"confirmar": "1", "fecha": "2026-12-01", "causa": "1"}
    assert f"{cuantas} bajas registradas" in texto(yo.post(ruta, confirmado, follow=True))
    bajas = mia.inscripciones.filter(baja="2026-12-01", causa="1")
    assert bajas.count() == cuantas
    # Each of them says who did it.
    hecho = LogEntry.objects.filter(user__username="clave-propia", change_message="Baja.")
    assert sorted(int(clave) for clave in hecho.values_list("object_id", flat=True)) == sorted(
        bajas.values_list("pk", flat=True)
    )
    assert "clave-propia" in texto(yo.get(pagina("inscripcion_history", bajas[0].pk)))
    de_otra.refresh_from_db()
    assert de_otra.baja is None


def test_terminar_un_ciclo_y_deshacerlo(yo: Client, mia: Escuela) -> None:
    inscribir(mia, *alumnos(120))
    inscribir(mia, *alumnos(1, desde=500), ciclo="2026-1", alta=date(2026, 8, 1))
    datos = {"ciclo": CICLO, "baja": "2026-12-01"}
    vista = texto(yo.get(pagina("cierre_add"), datos))
    assert "<b>120</b> alumnos quedan de baja" in vista and "Página 1 de 2" in vista
    assert "ciclo=2026-2027&baja=2026-12-01&escuela=" + mia.pk + "&p=2" in vista.replace("&amp;", "&")
    assert not Cierre.objects.filter(escuela=mia).exists()
    hecho = yo.post(pagina("cierre_add"), datos, follow=True)
    cierre = mia.cierres.get()
    assert cierre.cuantas == 120 and mia.inscripciones.filter(baja=None).count() == 1
    assert "Deshacer el fin de ciclo" in texto(hecho)
    # Twice is once.
    yo.post(pagina("cierre_add"), datos)
    assert mia.cierres.count() == 1
    deshecho = texto(yo.post(pagina("cierre_deshacer", cierre.pk), follow=True))
    assert "siguen inscritos" in deshecho and mia.inscripciones.filter(baja=None).count() == 121
    assert "Ya no se puede deshacer." in texto(yo.post(pagina("cierre_deshacer", cierre.pk), follow=True))
    nadie = yo.get(pagina("cierre_add"), {"ciclo": "2026-1", "baja": "2026-01-01"})
    assert "no hay nadie inscrito" in texto(nadie)


# --- The list as a file -----------------------------------------------------------------------------------


def descargar(cliente: Client, **datos: str) -> bytes:
    respuesta: Any = cliente.get(pagina("inscripcion_descargar"), datos)
    assert respuesta.headers["Content-Disposition"].startswith("attachment")
    return b"".join(respuesta.streaming_content)


def test_descargar_la_lista(yo: Client, mia: Escuela) -> None:
    una, dos = alumnos(2)
    Persona.objects.filter(pk=una.pk).update(nombres="=HYPERLINK(1)")
    inscribir(mia, una, dos)
    inscribir(mia, dos, ciclo="2025-2026", alta=date(2025, 8, 24))
    plano = descargar(yo, formato="csv", ciclo=CICLO)
    filas = list(csv.DictReader(StringIO(plano.decode("utf-8-sig"))))
    assert [f["curp"] for f in filas] == [una.curp, dos.curp] and filas[0]["nombres"] == "'=HYPERLINK(1)"
    assert list(filas[0]) == formatos.COLUMNAS
    libro = openpyxl.load_workbook(BytesIO(descargar(yo, formato="xlsx", ciclo="")))
    assert libro.worksheets[0].max_row == 4
    # Uploaded as it came out, it changes nothing.
    lote = subir(yo, plano)
    trabajar()
    lote.refresh_from_db()
    assert lote.todo_igual


def test_descargar_las_168_columnas_dice_que_cambia(yo: Client, mia: Escuela) -> None:
    una, dos = alumnos(2)
    inscribir(mia, una, dos, matricula="MATRICULA-MUY-LARGA")
    aviso = texto(yo.get(pagina("inscripcion_descargar"), {"formato": "168", "ciclo": CICLO}))
    assert "<b>2</b> movimientos" in aviso and "2 datos no caben" in aviso and "MATRICULA-MUY-LARGA" in aviso
    contenido = descargar(yo, formato="168", ciclo=CICLO, archivo="1")
    lineas = contenido.split(b"\r\n")
    assert [len(linea) for linea in lineas] == [168, 168, 0]
    assert dispmag.leer_linea(lineas[0])["curp"] == una.curp
    vacio = yo.get(pagina("inscripcion_descargar"), {"formato": "168", "ciclo": ""})
    assert vacio.status_code == 200
    assert "Elige el formato." in texto(yo.get(pagina("inscripcion_descargar"), {"formato": ""}))


# --- The start page, and who is who -----------------------------------------------------------------------


def test_el_inicio_de_una_escuela(yo: Client, mia: Escuela, admin_client: Client) -> None:
    hoy = timezone.localdate()
    dia = timedelta(days=1)
    una, dos, tres = alumnos(3)
    inscribir(mia, una, dos, alta=hoy, fin=hoy + 90 * dia)
    inscribir(mia, una, alta=hoy, fin=hoy + 30 * dia, ciclo="2026-1")
    inscribir(mia, tres, alta=hoy - 60 * dia, fin=hoy - dia, ciclo="2025-2026")
    with CaptureQueriesContext(connection) as consultas:
        html = yo.get(reverse("admin:index")).content.decode()
    # Nor do the rows of its files, by the hundred thousand.
    assert not [consulta for consulta in consultas if "vigencia_renglon" in consulta["sql"]]
    assert "Escuelas · Seguro de Salud para Estudiantes" in html and mia.nombre in html
    html = re.sub(r"\s+(?=[<>])|(?<=>)\s+", "", html)
    assert "<b>2</b><span>alumnos inscritos" in html and "<b>1</b><span>termina en 30 días" in html
    filas = re.findall(r'ciclo=([\d-]+)">.*?num">(\d+)</td><td class="num">(\d+)', html, re.S)
    assert filas == [(CICLO, "2", "2"), ("2026-1", "1", "1"), ("2025-2026", "1", "0")]
    assert "Acciones recientes" not in html and "style=" not in html
    central = admin_client.get(reverse("admin:index")).content.decode()
    assert "Acciones recientes" in central and mia.nombre not in central


def test_nombrar_a_un_responsable(admin_client: Client, mia: Escuela) -> None:
    usuario = User.objects.create_user("alguien")
    ruta = pagina("responsable_add")
    admin_client.post(ruta, {"usuario": usuario.pk, "escuela": mia.pk})
    usuario.refresh_from_db()
    assert usuario.is_staff and [grupo.name for grupo in usuario.groups.all()] == ["Escuelas"]
    # Who may see more would see more than a school.
    jefe = User.objects.get(username="admin")
    respuesta = admin_client.post(ruta, {"usuario": jefe.pk, "escuela": mia.pk})
    assert "vería más que su escuela" in texto(respuesta)
    otra = User.objects.create_user("de-otra-area")
    otra.groups.add(Group.objects.create(name="Otra"))
    assert "vería más que su escuela" in texto(
        admin_client.post(ruta, {"usuario": otra.pk, "escuela": mia.pk})
    )
    assert Responsable.objects.filter(escuela=mia).count() == 1


def test_quien_toma_su_lugar_lo_toma_entero(admin_client: Client, mia: Escuela) -> None:
    antes, despues = (User.objects.create_user(nombre) for nombre in ("quien-era", "quien-es"))
    admin_client.post(pagina("responsable_add"), {"usuario": antes.pk, "escuela": mia.pk})
    suya = Responsable.objects.get(usuario=antes)
    datos = {"usuario": despues.pk, "escuela": mia.pk}
    assert admin_client.post(pagina("responsable_change", suya.pk), datos).status_code == 302
    assert not antes.groups.exists() and despues.groups.get().name == "Escuelas"
    # Of several marked, too.
    borrar = {"action": "delete_selected", "_selected_action": [suya.pk], "post": "yes"}
    assert admin_client.post(pagina("responsable_changelist"), borrar).status_code == 302
    assert not despues.groups.exists() and not Responsable.objects.filter(pk=suya.pk)


def test_una_escuela_con_sus_registros_y_responsables(admin_client: Client, mia: Escuela) -> None:
    usuario = User.objects.create_user("alguien")
    datos = {
        "nombre": "Con Otro Nombre",
        "superior": "on",
        "modalidad": "ambas",
        "entidad": "31",
        "municipio": "",
        "registros-TOTAL_FORMS": "2",
        "registros-INITIAL_FORMS": "1",
        "registros-1-registro": "Z3190040327",
        "registros-1-nivel": "superior",
        "registros-1-escuela": mia.pk,
        "responsables-TOTAL_FORMS": "1",
        "responsables-INITIAL_FORMS": "0",
        "responsables-0-usuario": usuario.pk,
        "responsables-0-escuela": mia.pk,
    }
    ruta = pagina("escuela_change", mia.pk)
    respuesta = admin_client.post(ruta, datos)
    assert respuesta.status_code == 302, texto(respuesta)
    mia.refresh_from_db()
    assert mia.nombre == "Con Otro Nombre" and mia.registros.count() == 2
    assert usuario.groups.get().name == "Escuelas"
    quitar = datos | {
        "registros-TOTAL_FORMS": "2",
        "registros-INITIAL_FORMS": "2",
        "responsables-INITIAL_FORMS": "1",
        "responsables-0-id": str(Responsable.objects.get(usuario=usuario).pk),
        "responsables-0-DELETE": "on",
    }
    assert admin_client.post(ruta, quitar).status_code == 302
    assert not usuario.groups.exists() and mia.registros.count() == 2
    assert admin_client.post(pagina("escuela_delete", mia.pk), {"post": "yes"}).status_code == 403


def test_el_personal_ve_todas_y_solo_las_mira(mia: Escuela) -> None:
    inscribir(mia, *alumnos(1))
    usuario = User.objects.create_user("mirador", is_staff=True)
    call_command("grupos", verbosity=0)
    personal = Group.objects.create(name="Miran")
    personal.permissions.set(
        Group.objects.get(name="Escuelas").permissions.model.objects.filter(
            content_type__app_label="vigencia", codename__startswith="view_"
        )
    )
    usuario.groups.add(personal)
    cliente = Client()
    cliente.force_login(usuario)
    lista_completa = cliente.get(pagina("inscripcion_changelist"))
    assert lista_completa.context["cl"].result_count == Inscripcion.objects.count() > 1
    assert mia.nombre in lista_completa.content.decode()
    for nombre in ("inscripcion", "lote", "cierre", "escuela", "responsable", "comprobacion"):
        assert cliente.get(pagina(f"{nombre}_changelist")).status_code == 200
        assert cliente.get(pagina(f"{nombre}_add")).status_code == 403
    assert cliente.post(pagina("lote_confirmar", uuid.uuid4())).status_code == 403
    suya = mia.inscripciones.get()
    assert cliente.get(pagina("inscripcion_baja", suya.pk)).status_code == 403
    por_cct = cliente.get(pagina("inscripcion_changelist"), {"escuela": mia.pk})
    assert por_cct.context["cl"].result_count == 1


def test_el_grupo_tiene_lo_justo() -> None:
    call_command("grupos", verbosity=0)
    call_command("grupos", verbosity=0)
    permisos = Group.objects.get(name="Escuelas").permissions.values_list("codename", flat=True)
    assert sorted(permisos) == [
        *("add_cierre", "add_inscripcion", "add_lote", "change_inscripcion"),
        *("view_cierre", "view_inscripcion", "view_lote"),
    ]
