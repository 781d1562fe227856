"""What a document certifies is shown as printed, and whether it is still so today: each paper, each cause."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinicas import alta
from clinicas.models import Alta, Clinica, Cobertura, Consultorio
from nss_portal.documentos.models import Verificacion
from nss_portal.models import CodigoPostal, Documento, Persona
from nss_portal.personas.identidad import componer_nss
from nss_portal.personas.reglas import NSS_PARA_SIEMPRE
from tests.apoyo import Estricto, domicilio, inscribir, persona_con_nss, reanudar, solicitar
from vigencia.models import Inscripcion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]
HOY = timezone.localdate()
ALTA, FIN = HOY - timedelta(days=30), HOY + timedelta(days=200)
CP = "06600"
TIPOS = ("nss", "tarjeta", "vigencia", "comprobante-clinica", "tarjeta-adscripcion")
DE_CLINICA = ("comprobante-clinica", "tarjeta-adscripcion")


class Caso(NamedTuple):
    persona: Persona
    papeles: dict[str, Documento]
    otra: Clinica


def clinica(clues: str) -> Clinica:
    codigo = CodigoPostal.objects.buscar(CP)
    assert codigo
    nueva = Clinica.objects.create(
        clues=clues,
        nombre=f"UMF de prueba {clues[-3:]}",
        domicilio="Calle de las Pruebas 1, Juárez",
        codigo_postal=CP,
        entidad=codigo.municipio.entidad,
        municipio=codigo.municipio,
    )
    for turno, numero in (("matutino", 1), ("vespertino", 1), ("matutino", 2)):
        Consultorio.objects.create(clinica=nueva, turno=turno, numero=numero, capacidad=5)
    return nueva


def atender() -> None:
    while reanudar():
        pass


def reporte(cliente: Estricto, persona: Persona) -> Documento:
    url = solicitar(cliente, persona.curp, paso="vigencia", nss=persona.nss or "")
    atender()
    return Documento.objects.get(tramite=url.split("/")[2])


@pytest.fixture
def caso(cliente: Estricto) -> Caso:
    """The five papers of one person, all true today; the report is asked for last, so it names the clinic."""
    una, otra = clinica("DFIMS980001"), clinica("DFIMS980002")
    Cobertura.objects.filter(codigo_postal=CP).delete()
    for suya in (una, otra):
        Cobertura.objects.create(codigo_postal_id=CP, clinica=suya)
    persona = persona_con_nss()
    inscribir(persona, ALTA, FIN)
    url = solicitar(cliente, persona.curp)
    atender()
    if cliente.get(url).pagina.pantallas == ["domicilio"]:
        cliente.post(f"{url}domicilio/", domicilio())
        atender()
    url = solicitar(cliente, persona.curp, paso="clinica", codigo_postal=CP)
    atender()
    cliente.post(f"{url}eleccion/", {"clinica": una.clues, "turno": "matutino", "confirmar": "1"})
    atender()
    reporte(cliente, persona)
    papeles = {d.tipo: d for d in Documento.objects.filter(tramite__persona=persona)}
    assert set(papeles) == set(TIPOS)
    return Caso(persona, papeles, otra)


def ver(documento: Documento) -> Any:
    return Estricto().get(f"/v/{documento.token}/")


def hoy(documento: Documento) -> str:
    """`data-hoy`, alike on the page and in the API; green only for what is true and says no NO."""
    pagina = ver(documento)
    (estado,) = pagina.pagina.marcas["data-hoy"]
    html = pagina.content.decode()
    verde = 'class="veredicto si' in html
    assert verde == (estado == "cierto" and documento.datos.get("vigente", True))
    assert verde == ("Este documento es válido" in html)
    datos = {"folio": documento.tramite.folio, "codigo": documento.codigo}
    dicho = Estricto().post("/api/v1/verificaciones/", datos, content_type="application/json").json()
    assert dicho["hoy"] == estado and dicho["motivo_hoy"] in html
    for clave, valor in dicho["hechos"].items():
        assert f'<dd data-hecho="{clave}">{valor}</dd>' in html
    return str(estado)


def dia(fecha: Any) -> str:
    return f"{fecha:%d/%m/%Y}"


def test_cada_hecho_como_esta_impreso(caso: Caso) -> None:
    lugar = {"clinica": "UMF de prueba 001", "turno": "Matutino", "consultorio": "1"}
    esperados = {
        "nss": {"resultado": "localizado"},
        "tarjeta": {},
        "vigencia": {"vigente": "sí", "desde": dia(ALTA), "hasta": dia(FIN), **lugar},
        "comprobante-clinica": {**lugar, "desde": dia(HOY), "hasta": dia(FIN), "resultado": "registrado"},
        "tarjeta-adscripcion": lugar,
    }
    for tipo, documento in caso.papeles.items():
        html = ver(documento).content.decode()
        for clave, valor in esperados[tipo].items():
            assert f'<dd data-hecho="{clave}">{valor}</dd>' in html, tipo
        assert html.count("data-hecho") == len(esperados[tipo]), tipo
        assert hoy(documento) == "cierto"
        persona = caso.persona
        iniciales = [f"{p[0]}." for p in persona.nombre_completo.split()[1:]]
        assert f"{persona.nombre_completo.split()[0]} {' '.join(iniciales)}<" in html
        assert f"{persona.curp[-4:]}<" in html and f"{str(persona.nss)[-4:]}<" in html
        assert persona.curp[:4] not in html and persona.nombre_completo not in html


def baja(caso: Caso, causa: str = "2") -> None:
    Inscripcion.objects.filter(persona=caso.persona).update(baja=HOY, causa=causa)


def fin_de_ciclo(caso: Caso) -> None:
    Inscripcion.objects.filter(persona=caso.persona).update(fin=HOY - timedelta(days=1))


def otra_clinica(caso: Caso) -> None:
    alta.registrar(caso.persona, caso.otra, "matutino", None, HOY)


def mover(caso: Caso, **a: Any) -> None:
    actual = Alta.objects.activas().get(persona=caso.persona)
    destino = Consultorio.objects.get(clinica=actual.consultorio.clinica, **a)
    personal = Client()
    personal.force_login(get_user_model().objects.create_superuser("mueve"))
    url = reverse("admin:clinicas_consultorio_mover", args=[actual.consultorio.pk])
    datos = {"clinica": destino.clinica_id, "turno": destino.turno, "numero": destino.numero}
    assert personal.post(url, datos).status_code == 302


def otro_nss(caso: Caso) -> None:
    """No act of ours changes one: done as whoever has the database would do it."""
    connection.check_constraints()
    donde = " ON nss_portal_persona" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {NSS_PARA_SIEMPRE}{donde}")
    Persona.objects.filter(pk=caso.persona.pk).update(nss=componer_nss("99", 26, 5, 9876))


def bloquear(caso: Caso) -> None:
    Persona.objects.filter(pk=caso.persona.pk).update(bloqueada=timezone.now())


CAUSAS: dict[str, tuple[Callable[[Caso], None], tuple[str, ...], str]] = {
    "baja": (baja, ("vigencia", *DE_CLINICA), f"baja el {dia(HOY)}"),
    "fin de ciclo": (fin_de_ciclo, ("vigencia", *DE_CLINICA), "su inscripción terminó el"),
    "otra clínica": (otra_clinica, ("vigencia", *DE_CLINICA), f"cambió de clínica el {dia(HOY)}"),
    "otro turno": (
        lambda caso: mover(caso, turno="vespertino", numero=1),
        ("vigencia", *DE_CLINICA),
        "cambió de turno el",
    ),
    "otro consultorio": (
        lambda caso: mover(caso, turno="matutino", numero=2),
        ("vigencia", *DE_CLINICA),
        "cambió de consultorio el",
    ),
    "otro NSS": (otro_nss, TIPOS, "el NSS de esta persona es otro"),
    "defunción": (lambda caso: baja(caso, "3"), TIPOS, f"baja el {dia(HOY)}"),
}


@pytest.mark.parametrize("causa", CAUSAS)
def test_lo_que_dejo_de_ser_cierto_se_dice_y_por_que(caso: Caso, causa: str) -> None:
    ocurre, afectados, porque = CAUSAS[causa]
    ocurre(caso)
    for tipo, documento in caso.papeles.items():
        assert hoy(documento) == ("ya-no" if tipo in afectados else "cierto"), tipo
        html = ver(documento).content.decode()
        assert (f"Era cierto el {dia(HOY)}; hoy ya no: {porque}" in html) == (tipo in afectados), tipo
        assert "efunci" not in html


def test_de_quien_se_opuso_no_se_dice_nada_de_hoy(caso: Caso) -> None:
    bloquear(caso)
    for documento in caso.papeles.values():
        assert hoy(documento) == "no-aplica"


def test_lo_sustituido_y_lo_cancelado_no_son_verdes(caso: Caso) -> None:
    for campos in ({"sustituido_por": caso.papeles["nss"]}, {"cancelado": timezone.now()}):
        Documento.objects.filter(pk=caso.papeles["tarjeta"].pk).update(**campos)
        assert hoy(caso.papeles["tarjeta"]) == "ya-no"


def test_un_no_nunca_es_verde_y_con_el_alta_ya_no_es_cierto(cliente: Estricto) -> None:
    persona = persona_con_nss()
    suyo = reporte(cliente, persona)
    html = ver(suyo).content.decode()
    assert hoy(suyo) == "cierto" and 'data-verificacion="valido"' in html
    assert "Es auténtico y dice que NO" in html and '<dd data-hecho="vigente">no</dd>' in html
    inscribir(persona, ALTA, FIN)
    assert hoy(suyo) == "ya-no"
    assert f"tiene derecho del {dia(ALTA)} al {dia(FIN)}" in ver(suyo).content.decode()


@pytest.mark.parametrize(
    "cambio", [{"vigente": False, "causa": "baja"}, {"hasta": "2030-01-01"}, {"turno": "vespertino"}]
)
def test_un_dato_cambiado_sigue_siendo_alterado_y_no_dice_nada(caso: Caso, cambio: dict[str, Any]) -> None:
    documento = caso.papeles["vigencia"]
    documento.datos = documento.datos | cambio
    documento.save()
    pagina = ver(documento)
    assert pagina.pagina.marcas["data-verificacion"] == ["alterado"]
    assert not {"data-hecho", "data-hoy"} & set(pagina.pagina.marcas)
    datos = {"folio": documento.tramite.folio, "codigo": documento.codigo}
    dicho = Estricto().post("/api/v1/verificaciones/", datos, content_type="application/json").json()
    assert (dicho["hechos"], dicho["hoy"], dicho["motivo_hoy"]) == ({}, None, None)


def test_los_hechos_son_los_sellados_y_no_los_de_hoy(caso: Caso) -> None:
    Clinica.objects.filter(pk="DFIMS980001").update(nombre="UMF con otro nombre")
    for tipo in DE_CLINICA:
        assert '<dd data-hecho="clinica">UMF de prueba 001</dd>' in ver(caso.papeles[tipo]).content.decode()
        assert hoy(caso.papeles[tipo]) == "cierto"


def comparar(documento: Documento, numero: str) -> Any:
    return Estricto().post(f"/v/{documento.token}/", {"numero": numero})


def test_el_numero_impreso_se_compara(caso: Caso) -> None:
    carta, nss, curp = caso.papeles["nss"], str(caso.persona.nss), caso.persona.curp
    otro = nss[:3] + str((int(nss[3]) + 1) % 10) + nss[4:]
    casos = {f"{nss[:5]} {nss[5:]}": "si", curp.lower(): "si", otro: "no", curp[::-1]: "no"}
    for escrito, dice in casos.items():
        respuesta = comparar(carta, escrito)
        assert respuesta.pagina.marcas["data-coincide"] == [dice], escrito
        html = respuesta.content.decode()
        assert nss not in html and curp not in html
        assert ('class="veredicto si' in html) == (dice == "si"), "a paper with another number is not green"
    # The card of the clinic prints no CURP: it is no way to confirm one.
    assert comparar(caso.papeles["tarjeta-adscripcion"], curp).pagina.marcas["data-coincide"] == ["no"]
    filas = Verificacion.objects.filter(medio="numero").order_by("pk")
    assert list(filas.values_list("coincide", flat=True))[:3] == [True, True, False]


def test_un_numero_a_medias_se_dice_junto_a_su_campo_y_no_gasta_intentos(caso: Caso) -> None:
    for _ in range(12):
        respuesta = comparar(caso.papeles["nss"], "123")
        assert respuesta.status_code == 422 and "error_numero" in respuesta.pagina.ids
        assert "resumen-errores" in respuesta.content.decode()
    assert comparar(caso.papeles["nss"], str(caso.persona.nss)).status_code == 200


def test_adivinar_el_numero_tiene_tope(caso: Caso) -> None:
    nss = str(caso.persona.nss)
    for intento in range(10):
        assert comparar(caso.papeles["nss"], f"{intento:07}{nss[-4:]}").status_code == 200
    assert comparar(caso.papeles["nss"], nss).status_code == 429
    assert Verificacion.objects.filter(medio="numero").count() == 10


def test_de_un_alterado_no_se_compara_nada(caso: Caso) -> None:
    documento = caso.papeles["nss"]
    documento.datos = documento.datos | {"nss": "99260599990"}
    documento.save()
    respuesta = comparar(documento, "99260599990")
    assert "data-coincide" not in respuesta.pagina.marcas


def test_no_pregunta_mas_con_una_larga_historia(caso: Caso) -> None:
    def preguntas() -> int:
        with CaptureQueriesContext(connection) as contadas:
            ver(caso.papeles["comprobante-clinica"])
        return len(contadas)

    antes = preguntas()
    for anio in range(2000, 2020):
        desde = HOY.replace(year=anio, day=1)
        inscribir(caso.persona, desde, desde + timedelta(days=90), baja=desde, causa="2")
    assert preguntas() == antes


def test_la_falta_de_folio_se_dice_junto_a_su_campo() -> None:
    respuesta = Estricto().post("/verificar/", {"folio": "", "codigo": "FNY7-GCWH"})
    assert respuesta.status_code == 422
    assert "error_folio" in respuesta.pagina.ids and "error_codigo" not in respuesta.pagina.ids
    assert "Falta el folio: son los 22 números junto al código." in respuesta.content.decode()
    respuesta = Estricto().post("/verificar/", {"folio": "1" * 22, "codigo": ""})
    assert "Falta el código" in respuesta.content.decode()
