"""The rows of a school's file that bear a warning: out, unless whoever confirms asks for them."""

import re
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from nss_portal.models import Persona
from tests.vigencia.alumnos import alumnos, escuela, fila, lista
from tests.vigencia.test_admin_escuelas import inscribir, pagina, subir, texto, trabajar
from tests.vigencia.test_admin_escuelas import mia as mia
from tests.vigencia.test_admin_escuelas import yo as yo
from vigencia.models import Escuela, Lote

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]


@pytest.fixture
def dudoso(yo: Client) -> Lote:
    """Two good rows, one with a warning and one with an error, in that order."""
    personas = alumnos(4)
    filas = [fila(p, alta=timezone.localdate().isoformat(), ciclo=_ciclo_de_hoy()) for p in personas]
    hasta = (timezone.localdate() + timedelta(days=90)).isoformat()
    filas = [f | {"fin": hasta} for f in filas]
    filas[2]["nombres"] = "Beatriz"
    filas[3]["curp"] = filas[3]["curp"][:-1]
    lote = subir(yo, lista(filas))
    trabajar()
    lote.refresh_from_db()
    return lote


def _ciclo_de_hoy() -> str:
    return f"{timezone.localdate().year}-1"


def test_lo_dudoso_se_dice_y_va_primero(yo: Client, dudoso: Lote) -> None:
    html = texto(yo.get(pagina("lote_change", dudoso.pk)))
    assert "El renglón con advertencia se queda fuera, salvo que lo pidas" in html
    casilla = '<input type="checkbox" name="con_avisos" id="aviso-nombre" value="nombre">'
    dicho = "<span>El nombre no es el de la CURP: <b data-cuantas>1</b></span>"
    assert f"{casilla}{dicho}" in re.sub(r"\s+(?=>)|(?<=>)\s+(?=<)", "", html)
    assert "checked" not in html and "Confirmar 2 altas y lo que marqué" in html
    assert [fila.linea for fila in yo.get(pagina("lote_change", dudoso.pk)).context["filas"]] == [5, 4, 2, 3]
    respuesta = yo.get(pagina("lote_errores", dudoso.pk), {"v": "advertencia"})
    bajado = b"".join(respuesta).decode("utf-8-sig")  # type: ignore[call-overload]
    assert "con-advertencia-" in respuesta.headers["Content-Disposition"]
    assert bajado.count("Beatriz") == 1 and "El nombre no da esa CURP" in bajado


def confirmar(cliente: Client, lote: Lote, *con_avisos: str) -> str:
    """As the page does it; what the page says then."""
    cliente.post(pagina("lote_confirmar", lote.pk), {"con_avisos": list(con_avisos)})
    trabajar()
    lote.refresh_from_db()
    return texto(cliente.get(pagina("lote_change", lote.pk)))


def test_lo_dudoso_queda_fuera_si_nadie_lo_pide(yo: Client, mia: Escuela, dudoso: Lote) -> None:
    html = confirmar(yo, dudoso)
    assert (dudoso.estado, dudoso.altas, mia.inscripciones.count()) == (Lote.Estado.CONFIRMADO, 2, 2)
    assert (dudoso.conteos()["advertencia"], dudoso.conteos()["fuera"]) == (0, 1)
    assert "<b>2</b> alumnos. No se guardaron: 1 con error y 1 con advertencia." in html
    assert "Quedó fuera" in texto(yo.get(pagina("lote_change", dudoso.pk), {"v": "fuera"}))
    respuesta = yo.get(pagina("lote_errores", dudoso.pk), {"v": "fuera"})
    bajado = b"".join(respuesta).decode("utf-8-sig")  # type: ignore[call-overload]
    assert "quedaron-fuera-" in respuesta.headers["Content-Disposition"]
    assert bajado.count("\r\n") == 2 and "Beatriz" in bajado and "El nombre no da esa CURP" in bajado


def test_lo_dudoso_entra_si_se_pide(yo: Client, mia: Escuela, dudoso: Lote) -> None:
    html = confirmar(yo, dudoso, "nombre", "lo que sea")
    assert mia.inscripciones.count() == 3 and dudoso.con_avisos == ["nombre"]
    assert "No se guardaron: 1 con error." in html
    dicho = LogEntry.objects.latest("pk").get_change_message()
    assert dicho == "Confirmado, también con advertencia: El nombre no es el de la CURP."


@pytest.fixture
def con_todo(yo: Client, mia: Escuela) -> tuple[Lote, list[Persona]]:
    """A row of each kind of warning, one of two kinds, and an alta of 2036; none without any."""
    hoy = timezone.localdate()
    personas = alumnos(7)
    ajena, nombre, pasada, antigua, de_otro_ciclo, de_dos, lejana = personas
    suyo, hasta = {"alta": hoy.isoformat(), "ciclo": _ciclo_de_hoy()}, (hoy + timedelta(days=90)).isoformat()
    inscribir(escuela("20DXX9777Z", "Normal Vecina"), ajena, de_dos, alta=hoy, fin=hoy + timedelta(days=9))
    ayer, hace_mucho = hoy - timedelta(days=1), hoy - timedelta(days=400)
    filas = [
        fila(ajena, fin=hasta, **suyo),
        fila(nombre, fin=hasta, nombres="Beatriz", **suyo),
        fila(pasada, alta=ayer.isoformat(), fin=ayer.isoformat(), ciclo=f"{ayer.year}-1"),
        fila(antigua, alta=hace_mucho.isoformat(), fin=hasta, ciclo=f"{hace_mucho.year}-1"),
        fila(de_otro_ciclo, fin=hasta, **suyo | {"ciclo": f"{hoy.year - 3}-1"}),
        fila(de_dos, fin=hasta, nombres="Beatriz", **suyo),
        fila(lejana, alta="2036-08-24", fin="2037-07-31", ciclo="2036-2037"),
    ]
    lote = subir(yo, lista(filas))
    trabajar()
    return lote, personas


def test_cada_clase_de_advertencia_se_elige_aparte(
    yo: Client, mia: Escuela, con_todo: tuple[Lote, list[Persona]]
) -> None:
    lote, [ajena, *_, de_otro_ciclo, _, _] = con_todo
    assert lote.avisos() == {
        "nombre": 2,
        "otra-institucion": 2,
        "fin-pasado": 1,
        "alta-antigua": 1,
        "otro-ciclo": 1,
    }
    html = texto(yo.get(pagina("lote_change", lote.pk)))
    assert html.count("data-causa-de-error") == html.count("data-cuantas") == 5 and "checked" not in html
    assert "no puede quedar a más de un año de hoy" in html
    # Nothing is sound and nothing was chosen: there is nothing to confirm.
    assert "marca qué filas con advertencia se incluyen" in confirmar(yo, lote)
    assert lote.estado == Lote.Estado.POR_CONFIRMAR
    html = confirmar(yo, lote, "otra-institucion", "otro-ciclo")
    # One that has two kinds enters by both of them.
    assert set(mia.inscripciones.values_list("persona", flat=True)) == {ajena.pk, de_otro_ciclo.pk}
    assert "No se guardaron: 1 con error y 4 con advertencia." in html


def test_con_todas_marcadas_entra_todo_menos_lo_imposible(
    yo: Client, mia: Escuela, con_todo: tuple[Lote, list[Persona]]
) -> None:
    lote, personas = con_todo
    confirmar(yo, lote, *lote.avisos())
    assert set(mia.inscripciones.values_list("persona", flat=True)) == {p.pk for p in personas[:6]}


def test_dos_personas_confirman_a_la_vez(yo: Client, mia: Escuela, dudoso: Lote) -> None:
    """The first one's choice holds, whoever comes second is told."""
    yo.post(pagina("lote_confirmar", dudoso.pk))
    assert "no se guardó lo que marcaste" in confirmar(yo, dudoso, "nombre")
    assert mia.inscripciones.count() == 2
    # The second click of the same person says nothing.
    yo.post(pagina("lote_confirmar", dudoso.pk))
    assert "no se guardó" not in texto(yo.get(pagina("lote_change", dudoso.pk)))


def test_la_advertencia_que_nace_despues_de_la_revision(yo: Client, mia: Escuela) -> None:
    """Nobody could see it when they confirmed, so nobody chose it: not even by its kind."""
    hoy = timezone.localdate()
    una, dos, tres = alumnos(3)
    datos = {"alta": hoy.isoformat(), "fin": (hoy + timedelta(days=90)).isoformat(), "ciclo": _ciclo_de_hoy()}
    vecina = escuela("20DXX9777Z", "Normal Vecina")
    inscribir(vecina, tres, alta=hoy, fin=hoy + timedelta(days=9))
    lote = subir(yo, lista([fila(p, **datos) for p in (una, dos, tres)]))
    trabajar()
    inscribir(vecina, dos, alta=hoy, fin=hoy + timedelta(days=9))
    html = confirmar(yo, lote, "otra-institucion")
    assert set(mia.inscripciones.values_list("persona", flat=True)) == {una.pk, tres.pk}
    assert "No se guardaron: 1 con advertencia." in html
    assert "Pasó después de la revisión, por eso quedó fuera." in html
    assert lote.renglones.get(persona=dos).avisos == "otra-institucion"


def test_los_dias_que_pasan_antes_de_confirmar(
    yo: Client, mia: Escuela, monkeypatch: pytest.MonkeyPatch
) -> None:
    hoy = timezone.localdate()
    una, dos, tres = alumnos(3)
    dias = [(hoy, hoy + timedelta(days=3)), (hoy - timedelta(days=366), hoy + timedelta(days=90)), (hoy, hoy)]
    filas = [
        fila(p, alta=alta.isoformat(), fin=fin.isoformat(), ciclo=f"{alta.year}-1")
        for p, (alta, fin) in zip((una, dos, tres), dias, strict=True)
    ]
    lote = subir(yo, lista(filas))
    trabajar()
    lote.refresh_from_db()
    assert lote.conteos()["alta"] == 3
    monkeypatch.setattr(timezone, "localdate", lambda *a, **k: hoy + timedelta(days=1))
    assert "No se guardaron: 2 con advertencia." in confirmar(yo, lote)
    assert list(mia.inscripciones.values_list("persona", flat=True)) == [una.pk]


MIGRACION = import_module("vigencia.migrations.0002_advertencias_fuera_salvo_que_se_pidan")


def test_lo_que_esperaba_antes_de_las_clases_se_revisa_otra_vez(dudoso: Lote) -> None:
    """A file that was reviewed by the version before, whose rows do not say what their warning is about."""
    dudoso.renglones.update(avisos="")
    MIGRACION.revisar_otra_vez(apps, None)
    trabajar()
    dudoso.refresh_from_db()
    assert (dudoso.estado, dudoso.avance()) == (Lote.Estado.POR_CONFIRMAR, (4, 4))
    assert dudoso.avisos() == {"nombre": 1} and dudoso.conteos()["error"] == 1


def test_lo_que_ya_se_habia_dejado_fuera_lo_dice(yo: Client, dudoso: Lote) -> None:
    """As the version before kept it: still «advertencia», and a count beside."""
    confirmar(yo, dudoso)
    dudoso.renglones.filter(veredicto="fuera").update(veredicto="advertencia")
    Lote.objects.update(resumen={"alta": 2, "advertencia": 1, "error": 1, "fuera": 1})
    MIGRACION.apartar(apps, None)
    dudoso.refresh_from_db()
    assert (dudoso.conteos()["advertencia"], dudoso.conteos()["fuera"]) == (0, 1)
    assert dudoso.renglones.filter(veredicto="fuera").count() == 1
