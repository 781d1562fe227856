"""The App's channel: three steps over JSON, each refusal with its words, each request done once."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from afiliacion.models import Serie, Subdelegacion
from nss_portal.models import (
    Codigo,
    Credencial,
    CurpAnterior,
    Documento,
    Envio,
    Estado,
    Idempotencia,
    Persona,
    Tramite,
    Vinculo,
)
from nss_portal.personas.identidad import ENTIDADES, componer_nss, entidad_curp, nacimiento_curp
from nss_portal.servicio import topes
from nss_portal.tramites import confirmacion
from tests.apoyo import CORREO, Estricto, domicilio, inscribir, persona_con_nss, solicitar
from tests.nss_portal.api import Telefono, a, atender, codigo_de, leido, otro_codigo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]
OTRO = "otra@correo.example"
NADIE = "EEQG030303HASJNLA9"


@pytest.fixture
def telefono() -> Telefono:
    return Telefono()


@pytest.fixture
def persona() -> Persona:
    return persona_con_nss()


def sin_nss(entidad: str = "DF") -> Persona:
    return Persona.objects.sin_nss().filter(entidad=entidad).order_by("curp")[0]


def errores(respuesta: Any) -> dict[str, list[str]]:
    assert respuesta.status_code == 422, respuesta.content
    return dict(respuesta.json()["errores"])


# -- The three steps ---------------------------------------------------------------------------------------


def test_los_tres_pasos_con_un_solo_codigo(telefono: Telefono) -> None:
    persona = sin_nss()
    hecho = telefono.completo("nss", persona.curp)
    persona.refresh_from_db()
    assert set(hecho) == {"id", "tipo", "folio", "estado", "motivo", "nss", "resultado", "documentos"}
    assert hecho["estado"] == "resuelto" and hecho["resultado"] == "asignado"
    assert hecho["nss"] == persona.nss
    assert [d["tipo"] for d in hecho["documentos"]] == ["nss", "tarjeta"]
    assert all(d["listo"] and d["folio"] == hecho["folio"] for d in hecho["documentos"])
    tarjeta = telefono.ver(f"/tramites/{hecho['id']}/tarjeta/")
    assert tarjeta["nombre"] == persona.nombre_completo and tarjeta["nss"] == persona.nss
    pdf = telefono.pedir("GET", f"/documentos/{hecho['documentos'][0]['id']}/")
    assert pdf["Content-Type"] == "application/pdf" and pdf.content[:5] == b"%PDF-"
    # The mailbox has been heard: the documents went to it, and it is the person's.
    assert Vinculo.objects.get(persona=persona).correo == CORREO
    assert any(m.attachments for m in a(CORREO))
    assert telefono.mandar(f"/tramites/{hecho['id']}/finalizar/").json()["estado"] == "finalizado"

    hoy = timezone.localdate()
    inscribir(persona, hoy - timedelta(days=3), hoy + timedelta(days=200))
    vigencia = telefono.completo("vigencia", persona.curp, nss=persona.nss)
    assert vigencia["resultado"] == "vigente" and vigencia["nss"] == persona.nss
    assert telefono.ver(f"/tramites/{vigencia['id']}/reporte/")["vigente"] is True

    clinica = telefono.completo("clinica", persona.curp, codigo_postal="06600")
    assert clinica["estado"] == "eleccion" and clinica["nss"] is None
    opciones = telefono.ver(f"/tramites/{clinica['id']}/opciones/")["opciones"]
    eleccion = {"clinica": opciones[0]["clinica"], "turno": opciones[0]["turnos"][0]}
    respuesta = telefono.mandar(f"/tramites/{clinica['id']}/eleccion/", eleccion)
    assert respuesta.status_code == 200 and respuesta.json()["resultado"] == "registrado"
    atender()
    otra = telefono.completo("clinica", persona.curp, codigo_postal="06600", cambio=True)
    actual = telefono.ver(f"/tramites/{otra['id']}/opciones/")
    assert actual["actual"] == opciones[0]["nombre"]
    assert {"clinica": actual["clinica_actual"], "turno": actual["turno_actual"]} == eleccion
    alta = telefono.ver(f"/tramites/{clinica['id']}/alta/")
    assert alta["clinica"] == opciones[0]["nombre"] and alta["turno"] == eleccion["turno"]
    assert len(telefono.ver(f"/tramites/{clinica['id']}/")["documentos"]) == 2
    assert Codigo.objects.count() == 1
    assert set(Tramite.objects.filter(curp=persona.curp).values_list("canal", flat=True)) == {"app"}


def test_sin_token_cada_tramite_pide_su_codigo(telefono: Telefono, persona: Persona) -> None:
    uno = telefono.completo("nss", persona.curp)
    assert uno["resultado"] == "localizado" and uno["nss"] == persona.nss
    otro = Telefono()
    respuesta = otro.mandar("/tramites/", {"tipo": "nss", "curp": persona.curp, "correo": CORREO})
    assert respuesta.json()["estado"] == "por_confirmar"
    # With a token of another CURP, or for another mailbox, too.
    for datos in ({"curp": NADIE, "correo": CORREO}, {"curp": persona.curp, "correo": OTRO}):
        respuesta = telefono.mandar("/tramites/", {"tipo": "nss", **datos})
        assert respuesta.json()["estado"] == "por_confirmar"
        assert telefono.pedir("GET", f"/tramites/{respuesta.json()['id']}/").status_code == 404


def test_la_entidad_de_nacimiento_da_la_subdelegacion_con_mas_numeros(telefono: Telefono) -> None:
    persona = sin_nss()
    hoy, nacio = timezone.localdate(), nacimiento_curp(persona.curp)
    clave = ENTIDADES[entidad_curp(persona.curp)][1]
    oficinas = Subdelegacion.objects.filter(entidad=clave).prefetch_related("prefijos")
    assert len(oficinas) > 1
    elegida = list(oficinas)[-1]
    for oficina in oficinas:
        for prefijo in oficina.prefijos.all():
            if oficina != elegida:
                Serie.objects.create(
                    prefijo=prefijo.pk,
                    anio_registro=f"{hoy:%y}",
                    anio_nacimiento=f"{nacio:%y}",
                    ultimo=9990,
                    abierta=hoy,
                )
    nss = telefono.completo("nss", persona.curp)["nss"]
    assert nss[:2] in [p.pk for p in elegida.prefijos.all()]


def test_de_quien_nacio_en_el_extranjero_el_codigo_postal(telefono: Telefono) -> None:
    """It is optional: without it the trámite asks half-way where they live."""
    persona = sin_nss("NE")
    pide = telefono.completo("nss", persona.curp)
    assert pide["estado"] == "domicilio" and pide["nss"] is None
    mal = {"tipo": "nss", "curp": persona.curp, "correo": CORREO, "codigo_postal": "1"}
    assert "codigo_postal" in errores(telefono.mandar("/tramites/", mal))
    hecho = telefono.completo("nss", persona.curp, codigo_postal="22000")
    assert hecho["resultado"] == "asignado"
    assert telefono.ver(f"/tramites/{hecho['id']}/tarjeta/")["subdelegacion"]


def test_el_domicilio_se_da_despues_y_una_vez(telefono: Telefono) -> None:
    hecho = telefono.completo("nss", sin_nss().curp)
    camino = f"/tramites/{hecho['id']}/domicilio/"
    assert "codigo_postal" in errores(telefono.mandar(camino, domicilio(cp="00000")))
    assert telefono.mandar(camino, domicilio()).status_code == 200
    assert telefono.mandar(camino, domicilio()).status_code == 409
    assert Tramite.objects.get(pk=hecho["id"]).domicilio.codigo_postal_id == "06600"


def test_rechazos(telefono: Telefono, persona: Persona) -> None:
    assert telefono.completo("nss", NADIE)["motivo"] == "curp-no-encontrada"
    otro = Telefono()
    ajeno = componer_nss("99", 17, 2, 3)
    assert otro.completo("vigencia", persona.curp, OTRO, nss=ajeno)["motivo"] == "nss-no-corresponde"
    assert otro.completo("clinica", persona.curp, OTRO, codigo_postal="06600")["motivo"] == "sin-vigencia"


# -- Whose mailbox -----------------------------------------------------------------------------------------


def test_nada_pasa_hasta_el_codigo(telefono: Telefono, persona: Persona) -> None:
    pk = telefono.empezar("nss", persona.curp)
    atender()
    tramite = Tramite.objects.get(pk=pk)
    assert tramite.estado == Estado.CONFIRMACION and tramite.persona is None
    [mensaje] = a(CORREO)
    assert not mensaje.attachments and persona.nombres not in mensaje.body
    assert leido(mensaje) == codigo_de(pk)
    # The digits are in no table.
    with connection.cursor() as cursor:
        cursor.execute("SELECT datos FROM nss_portal_envio")
        assert codigo_de(pk) not in str(cursor.fetchall())
    assert telefono.pedir("GET", f"/tramites/{pk}/").status_code == 401


def test_con_otro_correo_confirmado_el_codigo_va_a_ese(telefono: Telefono, persona: Persona) -> None:
    Vinculo.objects.create(persona=persona, correo=CORREO)
    pk = telefono.empezar("nss", persona.curp, OTRO)
    atender()
    assert not a(OTRO) and "con otro correo" in a(CORREO)[0].body and OTRO not in a(CORREO)[0].body
    telefono.confirmar(pk)
    assert telefono.ver(f"/tramites/{pk}/")["estado"] == "resuelto"
    # And with its token the next one, by the same mailbox.
    assert telefono.completo("vigencia", persona.curp, OTRO, nss=persona.nss)["estado"] == "resuelto"
    assert set(Tramite.objects.values_list("confirmado_por", flat=True)) == {CORREO}
    # It lets this one go on; the mailbox of the person is still theirs, and gets the documents.
    assert Vinculo.objects.get().correo == CORREO
    assert not a(OTRO) and any(m.attachments for m in a(CORREO))


def test_conocida_y_desconocida_responden_lo_mismo_con_las_mismas_consultas(persona: Persona) -> None:
    """What takes the time of an answer is its queries: the same ones, and none of them asks who it is."""
    Vinculo.objects.create(persona=persona, correo=OTRO)
    Telefono().empezar("nss", persona_con_nss(1).curp, OTRO)  # the address has its bucket
    formas = []
    for numero, curp in enumerate((persona.curp, NADIE, sin_nss().curp)):
        datos = {"tipo": "nss", "curp": curp, "correo": f"quien{numero}@correo.example"}
        with CaptureQueriesContext(connection) as consultas:
            respuesta = Telefono().mandar("/tramites/", datos)
        assert respuesta.status_code == 202 and respuesta.json()["estado"] == "por_confirmar"
        formas.append([re.sub(r"'[^']*'|[\d.]+(e[+-]?\d+)?", "?", consulta["sql"]) for consulta in consultas])
    assert formas[0] == formas[1] == formas[2]
    assert not any(
        tabla in sql for sql in formas[0] for tabla in ("nss_portal_persona", "nss_portal_vinculo")
    )


def test_el_codigo_de_nadie_tambien_llega(telefono: Telefono) -> None:
    pk = telefono.empezar("nss", NADIE)
    atender()
    assert leido(a(CORREO)[0])
    telefono.confirmar(pk)
    assert telefono.ver(f"/tramites/{pk}/")["estado"] == "rechazado" and not Vinculo.objects.exists()


# -- The code ----------------------------------------------------------------------------------------------


def test_cinco_intentos_lo_terminan(telefono: Telefono, persona: Persona) -> None:
    pk = telefono.empezar("nss", persona.curp)
    atender()
    camino, bueno = f"/tramites/{pk}/codigo/", codigo_de(pk)
    for quedan in (4, 3, 2, 1):
        frase = errores(telefono.mandar(camino, {"codigo": otro_codigo(bueno)}))["codigo"][0]
        assert (str(quedan) in frase) or (quedan == 1 and "un intento" in frase)
    assert telefono.mandar(camino, {"codigo": otro_codigo(bueno)}).status_code == 409
    # Even the right one: there are no more.
    terminado = telefono.mandar(camino, {"codigo": bueno})
    assert terminado.status_code == 409 and terminado.json()["type"].endswith("#codigo-terminado")
    assert Tramite.objects.get(pk=pk).estado == Estado.CONFIRMACION and not Credencial.objects.exists()


@pytest.mark.parametrize("codigo", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\0", "\ud800"])
def test_lo_que_no_son_seis_cifras_no_gasta_un_intento(
    telefono: Telefono, persona: Persona, codigo: str
) -> None:
    pk = telefono.empezar("nss", persona.curp)
    assert "codigo" in errores(telefono.mandar(f"/tramites/{pk}/codigo/", {"codigo": codigo}))
    assert Codigo.objects.get().intentos == 0


def test_usado_vencido_o_de_otro(telefono: Telefono, persona: Persona) -> None:
    pk = telefono.empezar("nss", persona.curp)
    telefono.confirmar(pk)
    otra_vez = telefono.mandar(f"/tramites/{pk}/codigo/", {"codigo": codigo_de(pk)})
    assert otra_vez.status_code == 409 and "una sola vez" in otra_vez.json()["detail"]
    tarde = telefono.empezar("nss", NADIE)
    atender()
    Codigo.objects.filter(tramite=tarde).update(atendido=timezone.now() - timedelta(minutes=11))
    vencido = telefono.mandar(f"/tramites/{tarde}/codigo/", {"codigo": codigo_de(tarde)})
    assert vencido.status_code == 409 and "10 minutos" in vencido.json()["detail"]
    nadie = telefono.mandar(f"/tramites/{uuid.uuid4()}/codigo/", {"codigo": "123456"})
    assert nadie.status_code == 404


def test_si_el_correo_dejo_de_ser_el_suyo_el_codigo_no_vale(telefono: Telefono, persona: Persona) -> None:
    pk = telefono.empezar("nss", persona.curp)
    atender()
    Vinculo.objects.create(persona=persona, correo=OTRO)
    assert telefono.mandar(f"/tramites/{pk}/codigo/", {"codigo": codigo_de(pk)}).status_code == 409


@pytest.mark.parametrize("con_token", [False, True])
@pytest.mark.parametrize("curp_anterior", [False, True])
def test_si_se_confirma_otro_correo_a_la_mitad_se_le_pregunta_y_aqui_se_cierra(
    telefono: Telefono, persona: Persona, con_token: bool, curp_anterior: bool
) -> None:
    """Whoever typed the code sees nothing more of it, from before the worker has looked at the trámite."""
    curp = persona.curp
    if curp_anterior:
        curp = NADIE
        CurpAnterior.objects.create(curp=curp, persona=persona)
    if con_token:
        telefono.completo("nss", curp)
    pk = telefono.empezar("nss", curp)
    if not con_token:
        atender()
        dado = telefono.mandar(f"/tramites/{pk}/codigo/", {"codigo": codigo_de(pk)})
        telefono.token = dado.json()["token"]
    confirmacion.vincular(persona, OTRO)
    assert telefono.pedir("GET", f"/tramites/{pk}/avance/").status_code == 401
    atender()
    assert telefono.pedir("GET", f"/tramites/{pk}/").status_code == 401
    assert Tramite.objects.get(pk=pk).estado == Estado.CONFIRMACION
    enlace = re.search(r"http://testserver(/confirmar/\S+)", a(OTRO)[-1].body)[1]  # type: ignore[index]
    Client().post(enlace, {"respuesta": "seguir"})
    atender()
    assert Tramite.objects.get(pk=pk).estado == Estado.RESUELTO
    assert telefono.pedir("GET", f"/tramites/{pk}/").status_code == 401


def test_un_codigo_usado_se_recuerda_aunque_se_pregunte_a_otro(telefono: Telefono, persona: Persona) -> None:
    pk = telefono.empezar("nss", persona.curp)
    atender()
    camino, codigo = f"/tramites/{pk}/codigo/", {"codigo": codigo_de(pk)}
    assert telefono.mandar(camino, codigo).status_code == 200
    confirmacion.vincular(persona, OTRO)  # before the worker has looked at the trámite
    atender()
    assert Tramite.objects.get(pk=pk).estado == Estado.CONFIRMACION
    otra_vez = telefono.mandar(camino, codigo)
    assert otra_vez.status_code == 409 and otra_vez.json()["type"].endswith("#codigo-terminado")
    assert "ya se usó" in otra_vez.json()["detail"] and "empieza otra vez" in otra_vez.json()["detail"]


def test_cinco_codigos_al_dia_por_curp_y_correo(telefono: Telefono, persona: Persona) -> None:
    for _ in range(5):
        telefono.empezar("nss", persona.curp)
    datos = {"tipo": "nss", "curp": persona.curp, "correo": CORREO.upper()}
    assert telefono.mandar("/tramites/", datos).status_code == 429
    telefono.empezar("nss", persona.curp, OTRO)
    Codigo.objects.update(creado=timezone.now() - timedelta(hours=25))
    assert telefono.mandar("/tramites/", datos).status_code == 202


def test_tampoco_se_llena_el_buzon_confirmado_escribiendo_otros(telefono: Telefono, persona: Persona) -> None:
    """What bounds the guesses at one person: however many mailboxes are typed, five codes a day."""
    Vinculo.objects.create(persona=persona, correo=CORREO)
    for numero in range(8):
        telefono.empezar("nss", persona.curp, f"otra{numero}@correo.example")
    atender()
    assert len(a(CORREO)) == 5
    mudo = Codigo.objects.filter(confirmacion=None)
    assert mudo.count() == 3
    # For those no code is right, and they look like the others.
    pk = str(mudo[0].tramite_id)
    assert "codigo" in errores(telefono.mandar(f"/tramites/{pk}/codigo/", {"codigo": codigo_de(pk)}))


# -- The token ---------------------------------------------------------------------------------------------


def test_el_token_es_de_su_tramite_vence_y_se_revoca(telefono: Telefono, persona: Persona) -> None:
    mio = telefono.completo("nss", persona.curp)
    otro = Telefono()
    suyo = otro.completo("nss", persona_con_nss(1).curp, OTRO)
    for camino in (f"/tramites/{mio['id']}/", f"/documentos/{mio['documentos'][0]['id']}/"):
        assert otro.pedir("GET", camino).status_code == 404
        assert Telefono().pedir("GET", camino).status_code == 401
    assert otro.mandar(f"/documentos/{mio['documentos'][0]['id']}/enviar/").status_code == 404
    assert not Credencial.objects.filter(pk__contains=telefono.token).exists()
    Credencial.objects.filter(tramites=suyo["id"]).update(expira=timezone.now())
    assert otro.pedir("GET", f"/tramites/{suyo['id']}/").status_code == 401
    assert telefono.mandar("/salir/").status_code == 204
    respuesta = telefono.pedir("GET", f"/tramites/{mio['id']}/")
    assert respuesta.status_code == 401 and respuesta["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("respuesta", ["seguir", "cambiar"])
def test_el_correo_que_se_cambia_en_la_web_cierra_lo_que_abrio_el_otro(
    telefono: Telefono, persona: Persona, cliente: Estricto, respuesta: str
) -> None:
    documento = telefono.completo("nss", persona.curp)["documentos"][0]["id"]
    familiar = Telefono()
    suyo = familiar.completo("nss", persona_con_nss(1).curp)["id"]  # the same mailbox, another person
    solicitar(cliente, persona.curp, correo=OTRO, correo_confirmacion=OTRO)
    atender()
    enlace = re.search(r"http://testserver(/confirmar/\S+)", a(CORREO)[-1].body)[1]  # type: ignore[index]
    Client().post(enlace, {"respuesta": respuesta})
    cerrado = 401 if respuesta == "cambiar" else 200
    assert telefono.pedir("GET", f"/documentos/{documento}/").status_code == cerrado
    assert familiar.pedir("GET", f"/tramites/{suyo}/").status_code == 200
    # What the mailbox of now opens stays open when it is confirmed again.
    nuevo = Telefono()
    abierto = nuevo.completo("nss", persona.curp, OTRO)["id"]
    confirmacion.vincular(persona, OTRO if respuesta == "cambiar" else CORREO)
    assert nuevo.pedir("GET", f"/tramites/{abierto}/").status_code == 200


def test_el_avance_con_las_palabras_de_la_web(telefono: Telefono) -> None:
    pk = telefono.empezar("nss", sin_nss().curp)
    assert telefono.pedir("GET", f"/tramites/{pk}/avance/").status_code == 401
    atender()
    telefono.token = telefono.mandar(f"/tramites/{pk}/codigo/", {"codigo": codigo_de(pk)}).json()["token"]
    antes = telefono.ver(f"/tramites/{pk}/avance/")
    assert antes["estado"] == "recibido" and antes["espera"] is None
    hechos = {parte["texto"]: parte["hecho"] for parte in antes["avance"]}
    assert hechos["Confirmar que eres tú, por correo"] and not hechos["Buscar si ya tienes un NSS"]
    for espera in Tramite.Espera.values:
        Tramite.objects.filter(pk=pk).update(espera=espera)
        assert telefono.ver(f"/tramites/{pk}/avance/")["espera"] == espera
    atender()
    despues = telefono.ver(f"/tramites/{pk}/avance/")
    assert despues["estado"] == "resuelto" and all(parte["hecho"] for parte in despues["avance"])


def test_ningun_navegador_ve_lo_de_la_app(telefono: Telefono, persona: Persona) -> None:
    hecho = telefono.completo("nss", persona.curp)
    assert Client().get(f"/nss/{hecho['id']}/").status_code == 404


def test_estados_que_no_son(telefono: Telefono, persona: Persona) -> None:
    hecho = telefono.completo("nss", persona.curp)
    pk = hecho["id"]
    assert telefono.mandar(f"/tramites/{pk}/eleccion/", {"clinica": "x", "turno": "y"}).status_code == 404
    assert telefono.pedir("GET", f"/tramites/{pk}/reporte/").status_code == 404
    hoy = timezone.localdate()
    inscribir(persona, hoy, hoy + timedelta(days=9))
    clinica = telefono.completo("clinica", persona.curp, codigo_postal="06600")["id"]
    assert telefono.pedir("GET", f"/tramites/{clinica}/alta/").status_code == 409
    assert telefono.mandar(f"/tramites/{clinica}/finalizar/").status_code == 409
    mala = telefono.mandar(f"/tramites/{clinica}/eleccion/", {"clinica": "DFIMS000000", "turno": "nocturno"})
    assert "clinica" in errores(mala)


def test_el_documento_otra_vez(telefono: Telefono, persona: Persona) -> None:
    documento = telefono.completo("nss", persona.curp)["documentos"][1]["id"]
    for _ in range(2):  # a double click is one mail
        respuesta = telefono.mandar(f"/documentos/{documento}/enviar/")
        assert respuesta.status_code == 202 and "•••" in respuesta.json()["para"]
    assert Envio.objects.filter(documento=documento).count() == 1
    for _ in range(4):
        atender()
        assert telefono.mandar(f"/documentos/{documento}/enviar/").status_code == 202
    atender()
    assert telefono.mandar(f"/documentos/{documento}/enviar/").status_code == 429


# -- Once --------------------------------------------------------------------------------------------------


def test_la_misma_clave_la_misma_respuesta(telefono: Telefono, persona: Persona) -> None:
    datos = {"tipo": "nss", "curp": persona.curp, "correo": CORREO}
    clave = {"Idempotency-Key": str(uuid.uuid4())}
    una, otra = (telefono.mandar("/tramites/", datos, **clave) for _ in range(2))
    assert una.content == otra.content and una.status_code == otra.status_code == 202
    assert otra["Content-Type"] == una["Content-Type"] and Tramite.objects.count() == 1
    distinto = telefono.mandar("/tramites/", datos | {"correo": OTRO}, **clave)
    assert distinto.status_code == 422 and distinto.json()["type"].endswith("#repeticion")
    # The token is said again to whoever has the key, and is nowhere in the clear.
    atender()
    pk = una.json()["id"]
    camino, codigo = f"/tramites/{pk}/codigo/", {"codigo": codigo_de(pk)}
    tokens = [telefono.mandar(camino, codigo, **clave).json()["token"] for _ in range(2)]
    assert tokens[0] == tokens[1] and Credencial.objects.count() == 1
    assert all(tokens[0] not in fila.respuesta for fila in Idempotencia.objects.all())
    telefono.token = tokens[0]
    assert telefono.pedir("GET", f"/tramites/{pk}/").status_code == 200
    # A day later it is another request.
    Idempotencia.objects.update(creada=timezone.now() - timedelta(hours=25))
    telefono.token = ""
    assert telefono.mandar("/tramites/", datos, **clave).json()["id"] != pk


def test_una_clave_de_mas_no_repite_un_intento(telefono: Telefono, persona: Persona) -> None:
    """A wrong code sent again with its key is the same try; a refusal of the moment is not kept."""
    pk = telefono.empezar("nss", persona.curp)
    atender()
    malo = {"codigo": otro_codigo(codigo_de(pk))}
    for _ in range(3):
        telefono.mandar(f"/tramites/{pk}/codigo/", malo, **{"Idempotency-Key": "una"})
    assert Codigo.objects.get().intentos == 1
    assert "Idempotency-Key" in errores(
        telefono.mandar(f"/tramites/{pk}/codigo/", malo, **{"Idempotency-Key": "ñ"})
    )


# -- The door ----------------------------------------------------------------------------------------------


def test_limite_por_direccion(telefono: Telefono, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topes, "API_POR_DIRECCION", topes.API_POR_DIRECCION._replace(cupo=3))
    for _ in range(3):
        assert telefono.pedir("GET", "/codigos-postales/06600/").status_code == 200
    assert telefono.pedir("GET", "/codigos-postales/06600/").status_code == 429


@pytest.mark.parametrize(
    ("metodo", "camino", "estado"),
    [
        ("GET", "/", 404),
        ("GET", "/nada/", 404),
        ("POST", "/nada/", 404),
        ("GET", "/tramites/", 405),
        ("GET", "/tramites/no-es-uno/", 404),
        ("GET", "/codigos-postales/00000/", 404),
        ("DELETE", "/verificaciones/", 405),
        ("GET", "/escuela/", 401),
    ],
)
def test_todo_no_es_un_problema_en_espanol(telefono: Telefono, metodo: str, camino: str, estado: int) -> None:
    respuesta = telefono.pedir(metodo, camino)
    assert respuesta.status_code == estado
    if estado == 405:
        assert respuesta["Allow"]


def test_cuerpos_que_no_son(telefono: Telefono) -> None:
    for cuerpo, estado in (("{", 400), ("[]", 422), ("{}", 422), ("null", 422), ("x" * 70_000, 413)):
        respuesta = telefono.post("/api/v1/tramites/", cuerpo, "application/json")
        assert respuesta.status_code == estado, cuerpo[:5]
    faltan = errores(telefono.mandar("/tramites/", {"tipo": "nss", "curp": 5}))
    assert faltan == {"curp": ["Debe ser texto."], "correo": ["Falta este dato."]}
    mal = errores(telefono.mandar("/tramites/", {"tipo": "vigencia", "curp": "X", "correo": "x"}))
    assert set(mal) == {"curp", "correo", "nss"}


def test_verificaciones(telefono: Telefono, persona: Persona) -> None:
    telefono.completo("nss", persona.curp)
    documento = Documento.objects.get(tipo="tarjeta")
    datos = {"folio": documento.tramite.folio, "codigo": documento.codigo}
    telefono.token = ""
    dicho = telefono.mandar("/verificaciones/", datos).json()
    assert dicho["resultado"] == "valido" and dicho["tipo"] == "tarjeta" and dicho["demostracion"] is True
    assert persona.nss not in str(dicho) and persona.primer_apellido not in str(dicho)
    otro = telefono.mandar("/verificaciones/", datos | {"folio": "1" * 22}).json()
    assert otro["resultado"] == "desconocido" and otro["nombre"] is None


def test_la_documentacion_es_nuestra_y_sin_guiones(cliente: Any) -> None:
    pagina = cliente.get("/api/v1/docs")
    assert pagina.status_code == 200 and pagina.pagina.pantallas == ["api"]
    esquema = cliente.get("/api/v1/openapi.json").json()
    assert esquema["openapi"].startswith("3.")
    assert "/api/v1/tramites/{pk}/codigo/" in esquema["paths"]


def test_la_app_sin_datos_de_nadie(cliente: Any) -> None:
    pagina = cliente.get("/app/")
    assert pagina.pagina.pantallas == ["app"] and "Set-Cookie" not in pagina.headers
    csp = pagina["Content-Security-Policy"]
    assert "worker-src 'self'" in csp and "manifest-src 'self'" in csp
    assert cliente.get("/app/manifest.webmanifest").json()["start_url"] == "/app/"
    trabajador = cliente.get("/app/sw.js")
    assert (
        trabajador["Content-Type"].startswith("text/javascript")
        and "/api/" not in trabajador.content.decode()
    )
