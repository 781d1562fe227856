"""What somebody new to it does wrong, and what the portal says in time."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from nss_portal.correo import cartero
from nss_portal.models import Envio, Persona, Tramite
from nss_portal.oferta import sigue_siendo_cierto
from tests.vigencia.alumnos import ALTA, CICLO, FIN, alumnos, escuela, fila, lista
from tests.vigencia.test_admin_escuelas import alta, inscribir, pagina, subir, texto, trabajar
from tests.vigencia.test_admin_escuelas import mia as mia
from tests.vigencia.test_admin_escuelas import yo as yo
from vigencia.escuelas import comprobacion, inscripciones, periodo
from vigencia.escuelas.archivo import dispmag, formatos, lotes
from vigencia.escuelas.archivo.formatos import COLUMNAS, DE_BAJA, ArchivoIlegible
from vigencia.models import Escuela, Inscripcion, Lote

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]


def motivos(cliente: Client, filas: list[dict[str, str]], columnas: list[str] = COLUMNAS) -> list[str]:
    """The reasons of the rows of a file, once reviewed."""
    lote = subir(cliente, lista(filas, columnas))
    trabajar()
    return list(lote.renglones.order_by("linea").values_list("motivos", flat=True))


def errores(cliente: Client, escrito: dict[str, str]) -> dict[str, Any]:
    respuesta = cliente.post(pagina("inscripcion_add"), escrito)
    assert respuesta.status_code == 200
    dichos: dict[str, Any] = respuesta.context["form"].errors
    return dichos


# --- From when to when ------------------------------------------------------------------------------------


def test_el_fin_tiene_un_limite(yo: Client, mia: Escuela) -> None:
    una, dos = alumnos(2)
    dicho = "El fin queda a más de 24 meses del alta: puede ser hasta el 24/08/2028."
    assert motivos(yo, [fila(una, fin="2072-07-31"), fila(dos, fin="2028-08-24")]) == [dicho, ""]
    assert errores(yo, alta(una, fin="2028-08-25")) == {"fin": [dicho]}
    [hecha] = inscribir(mia, dos)
    cambio = {"matricula": "A", "nivel": "superior", "fin": "2072-07-31"}
    assert dicho in texto(yo.post(pagina("inscripcion_change", hecha.pk), cambio))
    assert yo.post(pagina("inscripcion_add"), alta(una, fin="2028-08-24")).status_code == 302


def test_el_limite_en_un_dia_que_el_otro_anio_no_tiene() -> None:
    assert periodo.fin_maximo(date(2028, 2, 29)) == date(2030, 2, 28)
    assert periodo.fin_maximo(date(2026, 12, 31)) == date(2028, 12, 31)


def test_los_anios_que_se_aceptan_son_los_mismos(yo: Client) -> None:
    [una] = alumnos(1)
    assert motivos(yo, [fila(una, alta="1926-08-24")]) == [
        "La fecha de alta «1926-08-24» no es de estos años."
    ]
    assert errores(yo, alta(una, alta="1926-08-24")) == {"alta": ["Esa fecha no es de estos años."]}


def test_un_alta_imposible_tampoco_entra_a_mano(yo: Client, mia: Escuela) -> None:
    """One person by hand: the same limits."""
    [una] = alumnos(1)
    lejos = alta(una, alta="2036-08-24", fin="2037-07-31", ciclo="2036-2037")
    assert errores(yo, lejos) == {"alta": ["El alta (24/08/2036) no puede quedar a más de un año de hoy."]}
    antes = alta(una, alta="1999-12-31", fin="2000-12-31", ciclo="1999-2000")
    assert errores(yo, antes) == {
        "alta": ["El alta (31/12/1999) es anterior al nacimiento que dice la CURP."]
    }
    assert not mia.inscripciones.exists()


def test_el_alta_es_del_ciclo(yo: Client) -> None:
    [una] = alumnos(1)
    dicho = "El alta (24/08/2026) no es del ciclo 2019-2020."
    assert motivos(yo, [fila(una, ciclo="2019-2020")]) == [dicho]
    assert errores(yo, alta(una, ciclo="2019-2020")) == {"ciclo": [dicho]}


@pytest.mark.parametrize("ciclo", ["2026-2028", "2026-2026", "2027-2026", "2026-4"])
def test_el_ciclo_son_dos_anios_seguidos(yo: Client, ciclo: str) -> None:
    [una] = alumnos(1)
    assert motivos(yo, [fila(una, ciclo=ciclo)]) == [f"El ciclo se escribe 2026-2027 o 2026-1, no «{ciclo}»."]
    assert errores(yo, alta(una, ciclo=ciclo)) == {"ciclo": ["El ciclo se escribe 2026-2027 o 2026-1."]}


# --- Without a number -------------------------------------------------------------------------------------


def test_un_nss_vacio_de_quien_no_tiene(yo: Client, mia: Escuela) -> None:
    [con] = alumnos(1)
    sin = Persona.objects.sin_nss().order_by("pk")[0]
    filas = [fila(sin, nss="", nombres="De Lista"), fila(con, nss=""), fila(con, nss="", alta="nunca")]
    primero, segundo, tercero = motivos(yo, filas)
    assert primero == "Todavía no tiene NSS: debe obtenerlo en el paso 1 de este portal."
    assert segundo == "Falta el NSS." and tercero.endswith("\nFalta el NSS.")
    assert "De Lista" in texto(yo.get(pagina("lote_sin_nss")))
    hecha = mia.comprobaciones.get()
    # No number was tried: nothing was guessed.
    assert (hecha.cuantas, hecha.fallidas, hecha.sin_nss) == (2, 0, 1)
    assert "todavía no tiene NSS" in errores(yo, alta(sin, nss=""))["nss"][0]
    assert errores(yo, alta(con, nss="")) == {"nss": ["Escribe el NSS del alumno."]}


def test_los_vacios_tambien_tienen_tope(yo: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comprobacion, "TOPE_DIARIO", 2)
    filas = [fila(persona, nss="") for persona in alumnos(3)]
    assert motivos(yo, filas)[2].startswith("Tu escuela llegó a su tope")


# --- The list that goes out -------------------------------------------------------------------------------


def test_quien_solo_consulta_no_se_lleva_la_lista(mia: Escuela, admin_client: Client) -> None:
    inscribir(mia, *alumnos(1))
    usuario = User.objects.create_user("consulta", is_staff=True)
    usuario.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    personal = Client()
    personal.force_login(usuario)
    pedido = {"formato": "csv", "escuela": mia.pk, "ciclo": ""}
    assert personal.get(pagina("inscripcion_changelist")).status_code == 200
    assert pagina("inscripcion_descargar") not in texto(personal.get(pagina("inscripcion_changelist")))
    assert personal.get(pagina("inscripcion_descargar"), pedido).status_code == 403
    assert not LogEntry.objects.filter(change_message__startswith="Exportó").exists()
    assert admin_client.get(pagina("inscripcion_descargar"), pedido).status_code == 200
    anotado = LogEntry.objects.get(change_message__startswith="Exportó la lista")
    assert anotado.object_id == mia.pk and anotado.get_edited_object() == mia


def test_se_ofrece_el_ciclo_en_curso(yo: Client, mia: Escuela) -> None:
    hoy, dia = timezone.localdate(), timedelta(days=1)
    una, dos, tres = alumnos(3)
    inscribir(mia, una, dos, ciclo="2025-2026", alta=hoy - dia, fin=hoy + dia)
    inscribir(mia, tres, ciclo="2027-2028", alta=hoy + dia, fin=hoy + 9 * dia)
    html = texto(yo.get(pagina("inscripcion_descargar")))
    assert '<option value="2025-2026" selected' in html
    Inscripcion.objects.filter(ciclo="2025-2026").delete()
    assert '<option value="" selected' in texto(yo.get(pagina("inscripcion_descargar")))


# --- Bajas ------------------------------------------------------------------------------------------------


def test_el_fin_de_ciclo_dice_a_quien_no_toca(yo: Client, mia: Escuela) -> None:
    una, dos, tres, cuatro = alumnos(4)
    inscribir(mia, una)
    [con_baja] = inscribir(mia, dos)
    inscripciones.dar_de_baja(Inscripcion.objects.filter(pk=con_baja.pk), date(2026, 12, 1), "2")
    inscribir(mia, tres, alta=date(2027, 3, 1))
    inscribir(mia, cuatro, fin=date(2026, 12, 31))
    html = texto(yo.get(pagina("cierre_add"), {"ciclo": CICLO, "baja": "2027-01-15"}))
    assert "<b>1</b> que ya tiene fecha de baja." in html
    assert "<b>1</b> con alta después de ese día." in html and "<b>1</b> con fin antes de ese día" in html


def test_una_defuncion(yo: Client, mia: Escuela) -> None:
    """Not of a day to come, nobody is written to, and the person is not enrolled again."""
    hoy = timezone.localdate()
    una, dos = alumnos(2)
    [hecha] = inscribir(mia, una, alta=hoy, fin=hoy + timedelta(days=90))
    manana = (hoy + timedelta(days=1)).isoformat()
    ruta = pagina("inscripcion_baja", hecha.pk)
    dicho = "Una defunción no puede ser de un día que no ha llegado."
    assert dicho in texto(yo.post(ruta, {"fecha": manana, "causa": "3"}))
    de_baja = fila(una, movimiento="baja", baja=manana, causa="3")
    assert motivos(yo, [de_baja], [*COLUMNAS, *DE_BAJA]) == [dicho]
    assert yo.post(ruta, {"fecha": hoy.isoformat(), "causa": "3"}).status_code == 302
    assert not Envio.objects.exists()
    otra_vez = fila(una, ciclo="2026-3", alta=manana)
    assert motivos(yo, [otra_vez, fila(dos)]) == [inscripciones.POR_DEFUNCION, ""]
    assert errores(yo, alta(una)) == {"curp": [inscripciones.POR_DEFUNCION]}


def con_correo(persona: Persona) -> Tramite:
    return Tramite.objects.create(
        solicitud=uuid4(),
        persona=persona,
        curp=persona.curp,
        correo="x@correo.example",
        tipo="nss",
        estado="finalizado",
        resultado="localizado",
    )


def test_una_baja_por_error_se_deshace(yo: Client, mia: Escuela) -> None:
    """As it was before, told to whoever was told; once, and not under a stay that came later."""
    hoy = timezone.localdate()
    [una] = alumnos(1)
    [hecha] = inscribir(mia, una, alta=hoy - timedelta(days=9), fin=hoy + timedelta(days=90))
    tramite = con_correo(una)
    ruta = pagina("inscripcion_baja", hecha.pk)
    deshacer = pagina("inscripcion_deshacer_baja", hecha.pk)
    suya = Inscripcion.objects.filter(pk=hecha.pk)
    antes = suya.values("alta", "fin", "baja", "causa", "ciclo").get()
    for causa, avisos in (("2", ["baja"]), ("3", [])):
        yo.post(ruta, {"fecha": hoy.isoformat(), "causa": causa})
        assert [e.aviso for e in tramite.envios.all()] == avisos
        assert "Deshacer la baja" in texto(yo.get(ruta))
        assert yo.get(deshacer).status_code == 405
        # Not sent yet: it is taken back, and nobody is told of what did not happen.
        assert "Sigue inscrito como antes" in texto(yo.post(deshacer, follow=True))
        assert suya.values("alta", "fin", "baja", "causa", "ciclo").get() == antes
        assert not tramite.envios.exists()
    yo.post(ruta, {"fecha": hoy.isoformat(), "causa": "2"})
    tramite.envios.update(enviado=timezone.now())
    assert "Si ya le habíamos avisado, le escribimos que la baja fue un error" in texto(yo.get(ruta))
    yo.post(deshacer)
    yo.post(deshacer)
    envio = tramite.envios.get(aviso="inscripcion")
    assert cartero.enviar_pendiente(envio.pk, sigue_siendo_cierto)
    [mensaje] = mail.outbox
    assert mensaje.subject == "Tu Seguro de Salud para Estudiantes sigue"
    for cuerpo in (mensaje.body, mensaje.alternatives[0].content):
        assert "La baja fue un error: tu servicio sigue." in cuerpo and "ya te inscribió" not in cuerpo
    # The row forgets it; its history does not.
    dichos = list(LogEntry.objects.filter(change_message__contains="deshizo").order_by("pk"))
    assert [entrada.change_message for entrada in dichos] == [
        f"Se deshizo la baja del {hoy:%d/%m/%Y} ({causa})."
        for causa in ("voluntaria", "defunción", "voluntaria")
    ]
    assert {entrada.get_edited_object() for entrada in dichos} == {hecha}
    # Back since, with another enrolment of the same cycle: both would overlap.
    yo.post(ruta, {"fecha": hoy.isoformat(), "causa": "2"})
    inscribir(mia, una, alta=hoy + timedelta(days=1), fin=hoy + timedelta(days=90))
    assert "Ya regresó a este ciclo" in texto(yo.post(deshacer, follow=True))
    assert suya.get().baja == hoy


def con_baja(hecha: Inscripcion, baja: date, causa: str = "2") -> Inscripcion:
    assert inscripciones.dar_de_baja(Inscripcion.objects.filter(pk=hecha.pk), baja, causa)
    hecha.refresh_from_db()
    return hecha


@pytest.mark.parametrize(
    ("desde", "hasta", "baja", "estorba"),
    [
        (-9, 60, None, True),  # began before, and is open
        (91, 99, None, True),  # open, after the other's end: of a cycle, one
        (5, 60, None, True),
        (5, 60, 20, True),
        (5, 60, 5, False),  # it never counted
        (91, 99, 95, False),  # after the other's end
        (-9, 60, 0, False),  # ended the day that the other begins
    ],
)
def test_la_otra_estancia_del_ciclo(
    yo: Client, mia: Escuela, desde: int, hasta: int, baja: int | None, estorba: bool
) -> None:
    """A baja is taken back unless the cycle has another stay open or over the same days."""
    hoy = timezone.localdate()
    [una] = alumnos(1)
    [hecha] = inscribir(mia, una, alta=hoy, fin=hoy + timedelta(days=90))
    con_baja(hecha, hoy)
    [otra] = inscribir(mia, una, alta=hoy + timedelta(days=desde), fin=hoy + timedelta(days=hasta))
    if baja is not None:
        con_baja(otra, hoy + timedelta(days=baja))
    dicho = texto(yo.post(pagina("inscripcion_deshacer_baja", hecha.pk), follow=True))
    assert ("Ya regresó a este ciclo" in dicho, "Sigue inscrito como antes" in dicho) == (
        estorba,
        not estorba,
    )
    hecha.refresh_from_db()
    assert (hecha.baja == hoy) == estorba


def test_no_se_devuelve_a_quien_otra_inscripcion_dice_que_murio(yo: Client, mia: Escuela) -> None:
    hoy = timezone.localdate()
    [una] = alumnos(1)
    vecina = escuela("20DXX9777Z", "Normal Vecina")
    [suya], [ajena] = (inscribir(de, una, alta=hoy, fin=hoy + timedelta(days=9)) for de in (mia, vecina))
    con_baja(suya, hoy)
    con_baja(ajena, hoy, "3")
    dicho = texto(yo.post(pagina("inscripcion_deshacer_baja", suya.pk), follow=True))
    assert inscripciones.OTRA_DEFUNCION in dicho and "Normal Vecina" not in dicho
    suya.refresh_from_db()
    assert suya.baja == hoy
    # Both said it by mistake: one of them has to be the first.
    Inscripcion.objects.filter(pk=suya.pk).update(causa="3")
    assert inscripciones.deshacer_baja(suya) and inscripciones.deshacer_baja(ajena)


@pytest.mark.parametrize(
    ("cambios", "dicha"),
    [
        ({"enviado": timezone.now()}, True),
        ({"intentos": 1}, True),  # under way: it may have arrived
        ({"intentos": 9, "rechazado": True}, False),
        ({}, False),
        ({"enviado": timezone.now(), "datos__baja": "2026-01-01"}, False),  # another, undone long ago
        ({"enviado": timezone.now(), "datos__inscripcion": 0}, False),
    ],
)
def test_si_se_dijo_esa_baja(mia: Escuela, cambios: dict[str, Any], dicha: bool) -> None:
    hoy = timezone.localdate()
    [una] = alumnos(1)
    tramite = con_correo(una)
    [hecha] = inscribir(mia, una, alta=hoy, fin=hoy + timedelta(days=9))
    con_baja(hecha, hoy)
    envio = tramite.envios.get(aviso="baja")
    for campo, valor in cambios.items():
        if campo.startswith("datos__"):
            envio.datos[campo.removeprefix("datos__")] = valor
        else:
            setattr(envio, campo, valor)
    envio.save()
    assert inscripciones.deshacer_baja(hecha)
    assert tramite.envios.filter(datos__baja_por_error=True).exists() is dicha


def test_deshacer_y_su_historia_son_una_sola_cosa(
    yo: Client, mia: Escuela, monkeypatch: pytest.MonkeyPatch
) -> None:
    hoy = timezone.localdate()
    [hecha] = inscribir(mia, *alumnos(1), alta=hoy, fin=hoy)
    con_baja(hecha, hoy)

    def sin_historia(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("historia")

    monkeypatch.setattr(LogEntry.objects, "log_actions", sin_historia)
    with pytest.raises(RuntimeError, match="historia"):
        yo.post(pagina("inscripcion_deshacer_baja", hecha.pk))
    hecha.refresh_from_db()
    assert hecha.baja == hoy


@pytest.mark.parametrize(("dias", "causa", "a_tiempo"), [(30, "2", True), (31, "2", False), (900, "3", True)])
def test_hasta_cuando_se_deshace(yo: Client, mia: Escuela, dias: int, causa: str, a_tiempo: bool) -> None:
    fin = timezone.localdate() - timedelta(days=dias)
    [hecha] = inscribir(mia, *alumnos(1), ciclo="2024-2025", alta=fin - timedelta(days=90), fin=fin)
    con_baja(hecha, fin, causa)
    html = texto(yo.get(pagina("inscripcion_baja", hecha.pk)))
    assert ("Deshacer la baja</button>" in html, inscripciones.DEMASIADO_TARDE in html) == (
        a_tiempo,
        not a_tiempo,
    )
    # Nobody is told of service that is over.
    assert "le escribimos" not in html
    dicho = texto(yo.post(pagina("inscripcion_deshacer_baja", hecha.pk), follow=True))
    assert (inscripciones.DEMASIADO_TARDE in dicho) is not a_tiempo
    hecha.refresh_from_db()
    assert (hecha.baja is None) is a_tiempo


def test_la_baja_de_otra_escuela_no_se_deshace(yo: Client) -> None:
    hoy = timezone.localdate()
    [hecha] = inscribir(escuela("20DXX9777Z", "Normal Vecina"), *alumnos(1), alta=hoy, fin=hoy)
    inscripciones.dar_de_baja(Inscripcion.objects.filter(pk=hecha.pk), hoy, "3")
    assert yo.post(pagina("inscripcion_deshacer_baja", hecha.pk)).status_code == 404
    assert Inscripcion.objects.get(pk=hecha.pk).baja == hoy


def test_la_defuncion_que_llega_mientras_el_archivo_espera(yo: Client, mia: Escuela) -> None:
    hoy = timezone.localdate()
    [una] = alumnos(1)
    [hecha] = inscribir(mia, una, ciclo="2025-2026", alta=hoy, fin=hoy + timedelta(days=9))
    lote = subir(yo, lista([fila(una)]))
    trabajar()
    inscripciones.dar_de_baja(Inscripcion.objects.filter(pk=hecha.pk), hoy, "3")
    assert lotes.confirmar(lote)
    trabajar()
    lote.refresh_from_db()
    assert (lote.altas, mia.inscripciones.count()) == (0, 1)


# --- The file -----------------------------------------------------------------------------------------------


def test_el_de_168_columnas_pide_lo_que_no_dice(yo: Client, mia: Escuela) -> None:
    [una] = alumnos(1)
    fila_ = Inscripcion(persona=una, registro=mia.registros.get(), matricula="7", alta=ALTA, fin=FIN)
    contenido = b"".join(dispmag.escribir([fila_])[0])
    respuesta = yo.post(pagina("lote_add"), {"archivo": SimpleUploadedFile("idse.txt", contenido)})
    assert list(respuesta.context["form"].errors) == ["ciclo", "fin"] and not Lote.objects.exists()
    assert "El archivo de 168 columnas no dice el ciclo" in texto(respuesta)
    assert subir(yo, contenido, "idse.txt", ciclo=CICLO, fin=FIN.isoformat())
    # A baja needs neither.
    fila_.baja, fila_.causa = date(2026, 12, 1), "1"
    assert subir(yo, b"".join(dispmag.escribir([fila_])[0]), "idse.txt")
    trabajar()


@pytest.mark.parametrize(
    ("cabecera", "dice"),
    [
        ("curp,nss,ciclo_escolar,Fecha de alta", "«ciclo_escolar»"),
        ("curp,seguro social,alta", "nss"),
        ("curp,nss,nombre,apellido paterno", "nombres, primer_apellido"),
    ],
)
def test_una_columna_con_otro_nombre(cabecera: str, dice: str) -> None:
    with pytest.raises(ArchivoIlegible) as dicho:
        formatos.leer(BytesIO(f"{cabecera}\nA,B,C,D\n".encode()))
    assert str(dicho.value).startswith("No reconozco estas columnas: ") and dice.strip("«»") in str(
        dicho.value
    )


# --- After it ---------------------------------------------------------------------------------------------


def test_se_dice_de_cuando_a_cuando(yo: Client) -> None:
    [una] = alumnos(1)
    html = texto(yo.post(pagina("inscripcion_add"), alta(una), follow=True))
    assert f"Inscripción guardada: {una}, del 24/08/2026 al 31/07/2027." in html


def test_se_busca_por_como_empieza_la_matricula(yo: Client, mia: Escuela) -> None:
    una, dos = alumnos(2)
    inscribir(mia, una, matricula="2026-0001")
    inscribir(mia, dos, matricula="2026-0002")
    ruta = pagina("inscripcion_changelist")
    assert yo.post(ruta, {"buscar": "2026-00"}, follow=True).context["cl"].result_count == 2
    nadie = yo.post(ruta, {"buscar": "9999"}, follow=True)
    assert nadie.context["cl"].result_count == 0 and "No encontramos a nadie" in texto(nadie)


def test_el_personal_lee_espanol(admin_client: Client) -> None:
    html = texto(admin_client.get("/admin/"))
    assert "Task" not in html
    html = texto(admin_client.get("/admin/clinicas/clinica/"))
    assert "Search" not in html and "Pagination" not in html
    assert "Select an option" not in texto(admin_client.get("/admin/clinicas/clinica/add/"))
    assert "Select an option" not in texto(admin_client.get(pagina("inscripcion_add")))


def test_la_defuncion_que_dijo_otra_escuela(yo: Client) -> None:
    """A death that another school told is in the way too."""
    hoy = timezone.localdate()
    [una] = alumnos(1)
    [hecha] = inscribir(escuela("20DXX9777Z", "Normal Vecina"), una, alta=hoy, fin=hoy)
    inscripciones.dar_de_baja(Inscripcion.objects.filter(pk=hecha.pk), hoy, "3")
    assert motivos(yo, [fila(una)]) == [inscripciones.POR_DEFUNCION]
