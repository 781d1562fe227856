"""Under IDENTIDAD=nombre a stranger with CURPs and mailboxes gets nothing; who types their own name, all."""

import re
import subprocess
import sys
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from nss_portal.demo import ficticias
from nss_portal.models import (
    Credencial,
    Documento,
    NombreDicho,
    Persona,
    Tramite,
    Vinculo,
)
from nss_portal.servicio import limites, topes
from nss_portal.tramites import confirmacion, titular
from tests.apoyo import CORREO, Estricto, domicilio, inscribir, persona_con_nss, solicitar
from tests.nss_portal.api import Telefono, atender, codigo_de
from tests.nss_portal.test_confirmacion import NADIE, enlace, pedir, ultimo
from tests.nss_portal.test_servicio import RAIZ, arrancar

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]
DE_OTRA = {"nombres": "Irma", "primer_apellido": "Intrusa", "segundo_apellido": "Ajena"}


@pytest.fixture
def por_nombre(settings: Any) -> None:
    settings.IDENTIDAD = "nombre"
    settings.CONFIRMAR_CORREO = "nunca"  # counts only under IDENTIDAD=correo


@pytest.fixture
def persona() -> Persona:
    return persona_con_nss()


def nombre(persona: Persona) -> dict[str, str]:
    return {parte: getattr(persona, parte) for parte in titular.PARTES}


def mal_escrito(persona: Persona) -> dict[str, str]:
    """As somebody types it on an old phone: the same name."""
    return {
        "nombres": f"  {persona.nombres.upper()} ",
        "primer_apellido": persona.primer_apellido.lower().replace("ñ", "n"),
        "segundo_apellido": persona.segundo_apellido.replace(" ", "-"),
    }


def con(correo: str) -> dict[str, str]:
    return {"correo": correo, "correo_confirmacion": correo}


def confirmado(cliente: Estricto, curp: str, correo: str = CORREO, **cambios: str) -> Any:
    """The page of a step, once its mailbox has said yes."""
    pagina = pedir(cliente, curp, **con(correo), **cambios)
    if pagina.pagina.pantallas == ["confirmacion"]:
        Estricto().post(enlace(ultimo(correo)), {"respuesta": "si"})
        atender()
    return cliente.get(pagina.request["PATH_INFO"])


def de_todos(cuantos: int) -> list[Persona]:
    """As many with an NSS as without, and none of them with a mailbox."""
    Persona.objects.bulk_create(ficticias.personas_sinteticas(cuantos * 3), ignore_conflicts=True)
    libres = Persona.objects.filter(vinculo=None).order_by("curp")
    mitad = cuantos // 2
    return [*libres.exclude(nss=None)[:mitad], *libres.filter(nss=None)[:mitad]]


def sin_rastro(personas: list[Persona], dicho: str) -> None:
    """Nothing of anybody was said, given, kept or bound."""
    for persona in personas:
        antes = persona.nss
        persona.refresh_from_db()
        assert persona.nss == antes
        assert not any(dato in dicho for dato in (persona.nss or "-" * 11, persona.nombre_completo))
    assert not Vinculo.objects.exists() and not Documento.objects.exists()
    assert not Tramite.objects.exclude(estado="rechazado", motivo="identidad-no-comprobada").exists()
    assert not Tramite.objects.exclude(persona=None).exists()


@pytest.mark.usefixtures("por_nombre")
def test_cien_curp_de_una_extrana_en_la_web() -> None:
    personas, dichos = de_todos(100), ""
    for n, persona in enumerate(personas):
        paso, propios = [("nss", {}), ("clinica", {"codigo_postal": "44100"})][n % 2]
        pagina = confirmado(
            Estricto(), persona.curp, f"intrusa{n}@correo.example", paso=paso, **DE_OTRA, **propios
        )
        assert pagina.pagina.marcas["data-motivo"] == ["identidad-no-comprobada"]
        dichos += pagina.content.decode()
    sin_rastro(personas, dichos + "".join(f"{m.subject}{m.body}" for m in mail.outbox))
    assert len(mail.outbox) == len(personas)  # a link each, to the mailbox that was typed, and nothing more


@pytest.mark.usefixtures("por_nombre")
def test_cien_curp_de_una_extrana_en_la_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topes, "API_POR_DIRECCION", topes.API_POR_DIRECCION._replace(cupo=10_000))
    personas, dichos = de_todos(100), ""
    for n, persona in enumerate(personas):
        telefono = Telefono()
        dicho = telefono.completo("nss", persona.curp, f"intrusa{n}@correo.example", **DE_OTRA)
        assert (dicho["estado"], dicho["motivo"], dicho["nss"]) == (
            *("rechazado", "identidad-no-comprobada", None),
        )
        dichos += str(dicho)
    sin_rastro(personas, dichos + "".join(f"{m.subject}{m.body}" for m in mail.outbox))


PROPIO = (
    r'value="[^"]*"|data-termina="[^"]*"|termina a las [\d:]+|\d{22}|/confirmar/\S+|[\da-f]{8}-[\da-f-]{27}'
)


def sin_lo_propio(texto: str) -> str:
    """Without what is of each trámite and each session."""
    return re.sub(PROPIO, "", texto)


@pytest.mark.usefixtures("por_nombre")
def test_desconocida_ajena_y_con_otro_correo_se_ven_igual(persona: Persona) -> None:
    """Nobody holds it; a wrong name; a right one, whose person has another mailbox: one page, one mail."""
    vinculada = persona_con_nss(1)
    Vinculo.objects.create(persona=vinculada, correo="suyo@correo.example", comprobado=timezone.now())
    casos = [(NADIE, DE_OTRA), (persona.curp, DE_OTRA), (vinculada.curp, nombre(vinculada))]
    vistas = set()
    for curp, dicho in casos:
        cliente, mail.outbox = Estricto(), []
        espera = pedir(cliente, curp, **dicho)
        assert espera.pagina.pantallas == ["confirmacion"]
        fin = confirmado(cliente, curp, **dicho)
        otra = cliente.get("/nss/")  # corrected without typing all of it again
        assert otra.pagina.campos["nombres"] == dicho["nombres"]
        paginas = [sin_lo_propio(p.content.decode().replace(curp, "")) for p in (espera, fin)]
        vistas.add((*paginas, *(f"{m.to} {m.subject} {sin_lo_propio(m.body)}" for m in mail.outbox)))
    assert len(vistas) == 1
    assert Vinculo.objects.get().correo == "suyo@correo.example"


@pytest.mark.usefixtures("por_nombre")
def test_su_duena_da_los_tres_pasos_de_una_sentada(cliente: Estricto) -> None:
    persona = Persona.objects.sin_nss().filter(entidad="DF").order_by("curp")[0]
    pagina = confirmado(cliente, persona.curp, **mal_escrito(persona))
    assert pagina.pagina.pantallas == ["domicilio"]
    assert Vinculo.objects.get(persona=persona).correo == CORREO and not NombreDicho.objects.exists()
    ruta = pagina.request["PATH_INFO"]
    cliente.post(f"{ruta}domicilio/", domicilio())
    atender()
    assert cliente.get(ruta).pagina.marcas["data-resultado"] == ["asignado"]
    persona.refresh_from_db()
    hoy = timezone.localdate()
    inscribir(persona, hoy, hoy + timedelta(days=9))
    # The form knows the name that was proved, and the mailbox is not asked twice.
    assert cliente.get("/vigencia/").pagina.campos["nombres"] == persona.nombres
    enviados = len(mail.outbox)
    pagina = pedir(cliente, persona.curp, paso="vigencia", nss=persona.nss or "", **nombre(persona))
    assert pagina.pagina.marcas["data-vigente"] == ["si"] and len(mail.outbox) == enviados + 1
    pagina = pedir(cliente, persona.curp, paso="clinica", codigo_postal="06600", **nombre(persona))
    assert pagina.pagina.pantallas[0] in ("eleccion", "revision")


@pytest.mark.usefixtures("por_nombre")
def test_su_dueno_da_los_tres_pasos_en_la_app() -> None:
    persona = Persona.objects.sin_nss().filter(entidad="DF").order_by("curp")[0]
    telefono = Telefono()
    assert telefono.completo("nss", persona.curp, **mal_escrito(persona))["resultado"] == "asignado"
    persona.refresh_from_db()
    dicho = telefono.completo("vigencia", persona.curp, nss=persona.nss, **nombre(persona))
    assert dicho["resultado"] == "no-vigente"
    hoy = timezone.localdate()
    inscribir(persona, hoy, hoy + timedelta(days=9))
    dicho = telefono.completo("clinica", persona.curp, codigo_postal="06600", **nombre(persona))
    assert dicho["estado"] == "eleccion"
    # The token opens no trámite for who types another name with it.
    assert telefono.completo("nss", persona.curp, **DE_OTRA)["motivo"] == "identidad-no-comprobada"


@pytest.mark.usefixtures("por_nombre")
def test_los_intentos_de_otros_no_son_los_suyos(persona: Persona) -> None:
    intrusa = Estricto()
    for _ in range(topes.NOMBRES_POR_BUZON.cupo):
        confirmado(intrusa, persona.curp, "uno@correo.example", **DE_OTRA)
    # That mailbox has no try left, however it is written, not even for the right name; and is told the same.
    fin = confirmado(intrusa, persona.curp, "uno+otra@correo.example", **nombre(persona))
    assert fin.pagina.marcas["data-motivo"] == ["identidad-no-comprobada"]
    assert confirmado(Estricto(), persona.curp, **nombre(persona)).pagina.pantallas == ["resultado"]
    for n in range(topes.NOMBRES_DE_EXTRANOS.cupo):
        confirmado(Estricto(), persona.curp, f"otra{n}@correo.example", **DE_OTRA)
    # Strangers have spent theirs; whose mailbox speaks for the person has all of its own.
    assert confirmado(Estricto(), persona.curp, **DE_OTRA).pagina.pantallas == ["rechazo"]
    assert confirmado(Estricto(), persona.curp, **nombre(persona)).pagina.pantallas == ["resultado"]


@pytest.mark.usefixtures("por_nombre")
def test_quien_no_tiene_correo_todavia_no_se_queda_fuera(persona: Persona) -> None:
    """Strangers elsewhere have spent what there is for strangers: from another network there are two more."""
    lejos = Estricto(REMOTE_ADDR="198.51.100.7")
    for n in range(topes.NOMBRES_DE_EXTRANOS.cupo + topes.NOMBRES_DE_UNA_RED.cupo + 3):
        confirmado(lejos, persona.curp, f"otra{n}@correo.example", **DE_OTRA)
    assert confirmado(lejos, persona.curp, **nombre(persona)).pagina.pantallas == ["rechazo"]
    # What was refused without a look took none of the mailbox's own tries.
    aqui = Estricto(REMOTE_ADDR="203.0.113.5")
    assert confirmado(aqui, persona.curp, **nombre(persona)).pagina.pantallas == ["resultado"]


@pytest.mark.usefixtures("por_nombre")
def test_un_correo_que_solo_contesto_deja_su_lugar(settings: Any, persona: Persona) -> None:
    """A stranger bound theirs where the name was not asked: it opens nothing here, and does not stay."""
    settings.IDENTIDAD, settings.CONFIRMAR_CORREO = "correo", "siempre"
    confirmado(Estricto(), persona.curp, "intrusa@correo.example")
    assert Vinculo.objects.get().correo == "intrusa@correo.example"
    settings.IDENTIDAD = "nombre"
    mala = confirmado(Estricto(), persona.curp, "intrusa@correo.example", **DE_OTRA)
    assert mala.pagina.marcas["data-motivo"] == ["identidad-no-comprobada"]
    assert confirmado(Estricto(), persona.curp, **nombre(persona)).pagina.pantallas == ["resultado"]
    assert Vinculo.objects.get().correo == CORREO


@pytest.mark.usefixtures("por_nombre")
def test_a_quien_se_opuso_no_se_le_pone_correo(persona: Persona) -> None:
    Persona.objects.filter(pk=persona.pk).update(bloqueada=timezone.now())
    pagina = confirmado(Estricto(), persona.curp, **nombre(persona))
    assert pagina.pagina.marcas["data-motivo"] == ["bloqueada"] and not Vinculo.objects.exists()


def test_lo_que_empezo_sin_nombre_no_gasta_intentos(settings: Any, persona: Persona) -> None:
    cliente = Estricto()
    url = solicitar(cliente, persona.curp)
    settings.IDENTIDAD = "nombre"
    for _ in range(topes.NOMBRES_POR_BUZON.cupo + 1):
        atender()
        Tramite.objects.update(confirmado_por=CORREO, estado="recibido", motivo="")
    atender()
    assert cliente.get(url).pagina.marcas["data-motivo"] == ["identidad-no-comprobada"]
    assert confirmado(cliente, persona.curp, **nombre(persona)).pagina.pantallas == ["resultado"]


@pytest.mark.usefixtures("por_nombre")
def test_lo_que_falta_se_dice_junto_a_su_campo(cliente: Estricto, persona: Persona) -> None:
    from tests.apoyo import formulario

    respuesta = cliente.post("/nss/", formulario(cliente, persona.curp, nombres="Ana"))
    html = respuesta.content.decode()
    assert respuesta.status_code == 422 and 'id="error_primer_apellido"' in html and 'value="Ana"' in html
    assert 'id="error_segundo_apellido"' not in html and not Tramite.objects.exists()
    respuesta = Telefono().mandar("/tramites/", {"tipo": "nss", "curp": persona.curp, "correo": CORREO})
    assert set(respuesta.json()["errores"]) == {"nombres", "primer_apellido"}


@pytest.mark.usefixtures("por_nombre")
def test_un_correo_que_ya_no_es_el_suyo_no_sigue(cliente: Estricto, persona: Persona) -> None:
    """Between the proof and the choice, the counter gave the person another mailbox."""
    hoy = timezone.localdate()
    inscribir(persona, hoy, hoy + timedelta(days=9))
    pagina = confirmado(cliente, persona.curp, paso="clinica", codigo_postal="44100", **nombre(persona))
    assert pagina.pagina.pantallas[0] in ("eleccion", "revision")
    confirmacion.vincular(persona, "nuevo@correo.example")
    pagina = cliente.get(pagina.request["PATH_INFO"])
    assert pagina.pagina.marcas["data-motivo"] == ["identidad-no-comprobada"]


def test_purgar_olvida_los_nombres_que_no_fueron(por_nombre: None, persona: Persona) -> None:
    confirmado(Estricto(), persona.curp, **DE_OTRA)
    call_command("purgar", verbosity=0)
    assert NombreDicho.objects.count() == 1
    Tramite.objects.update(creado=timezone.now() - timedelta(days=3))
    call_command("purgar", verbosity=0)
    assert not NombreDicho.objects.exists()


def test_produccion_pide_el_nombre_si_nadie_dice_otra_cosa() -> None:
    orden = "from nss_portal import settings; print(settings.IDENTIDAD)"
    for demo_, espera in (("", "nombre"), ("1", "correo")):
        env = {"SECRET_KEY": "x", "ALLOWED_HOSTS": "x", "DEMO": demo_}
        hecho = subprocess.run(
            [sys.executable, "-c", orden], cwd=RAIZ, env=env, capture_output=True, text=True
        )
        assert hecho.stdout.strip() == espera
    for malo in ("respaldo", "si"):
        hecho = arrancar(IDENTIDAD=malo, SECRET_KEY="x", ALLOWED_HOSTS="x")
        assert hecho.returncode and "IDENTIDAD" in hecho.stderr and "Traceback" not in hecho.stderr


# -- How much, and of whom ---------------------------------------------------------------------------------

NOMBRES = st.text(st.sampled_from("abcñáéü ÑÁ'-."), min_size=1, max_size=30)


@given(NOMBRES)
def test_un_nombre_se_compara_sin_adornos(texto: str) -> None:
    assert titular._comparable(texto.upper()) == titular._comparable(texto)
    assert titular._comparable(f" {texto.replace(' ', ' - ')} ") == titular._comparable(texto)


def test_un_nombre_no_es_otro() -> None:
    assert titular._comparable("José Ángel") == titular._comparable("JOSE  ANGEL")
    assert titular._comparable("Núñez") == titular._comparable("Nunez") != titular._comparable("Nunes")


LOCALES = st.text(st.sampled_from("aB1.+_-"), min_size=1, max_size=20)


@given(LOCALES, st.sampled_from(["correo.example", "Gmail.com", "googlemail.com"]))
def test_un_buzon_tiene_un_nombre(local: str, dominio: str) -> None:
    uno = limites.buzon(f"{local}@{dominio}")
    assert limites.buzon(uno) == uno == uno.lower()
    assert limites.buzon(f"{local.upper()}@{dominio}") == uno
    assert uno.count("@") == 1 and not uno.startswith("@")


def test_sesenta_maneras_de_escribir_un_buzon() -> None:
    mismos = ["Ana.Lopez@gmail.com", "analopez+2@gmail.com", "a.n.a.lopez@googlemail.com"]
    assert {limites.buzon(uno) for uno in mismos} == {"analopez@gmail.com"}
    assert limites.buzon("a.b@correo.example") != limites.buzon("ab@correo.example")


def test_las_variantes_de_un_buzon_no_lo_llenan(persona: Persona, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topes, "API_POR_DIRECCION", topes.API_POR_DIRECCION._replace(cupo=10_000))
    telefono = Telefono()
    estados = [
        telefono.mandar("/tramites/", {"tipo": "nss", "curp": curp, "correo": f"ana+{n}@correo.example"})
        for n, curp in enumerate(islice((p.curp for p in ficticias.personas_sinteticas(60)), 60))
    ]
    assert [r.status_code for r in estados].count(202) == 20


def test_quien_da_otro_correo_no_gasta_los_enlaces_de_su_duena(settings: Any, persona: Persona) -> None:
    settings.CONFIRMAR_CORREO = "siempre"
    Vinculo.objects.create(persona=persona, correo=CORREO)
    for n in range(8):
        pedir(Estricto(), persona.curp, **con(f"intrusa{n}@correo.example"))
    # And who types the owner's own mailbox, from elsewhere.
    for _ in range(8):
        pedir(Estricto(REMOTE_ADDR="198.51.100.7"), persona.curp)
    antes = len([m for m in mail.outbox if m.to == [CORREO]])
    assert antes <= 2 * topes.PREGUNTAR.cupo
    pagina = confirmado(Estricto(REMOTE_ADDR="203.0.113.5"), persona.curp)
    assert pagina.pagina.pantallas == ["resultado"]
    telefono = Telefono()
    assert telefono.completo("nss", persona.curp)["estado"] == "resuelto"


@pytest.mark.parametrize(("una", "otra", "igual"), [("2001:db8::1", "2001:db8::2", True), ("a", "b", False)])
def test_una_red_es_una_casa(rf: Any, una: str, otra: str, igual: bool) -> None:
    de = [limites.origen(rf.get("/", REMOTE_ADDR=direccion)) for direccion in (una, otra)]
    assert (de[0] == de[1]) is igual and len(de[0]) == 16


# -- The door of the API -----------------------------------------------------------------------------------


def test_lo_que_se_repite_no_se_dice_despues_de_salir(persona: Persona) -> None:
    telefono = Telefono()
    dicho = telefono.completo("nss", persona.curp)
    camino, clave = f"/tramites/{dicho['id']}/finalizar/", {"Idempotency-Key": "una"}
    primera = telefono.mandar(camino, **clave)
    assert persona.nss in primera.content.decode() and telefono.mandar(camino, **clave).status_code == 200
    telefono.mandar("/salir/")
    repetida = telefono.mandar(camino, **clave)
    assert repetida.status_code == 401 and persona.nss not in repetida.content.decode()
    Credencial.objects.all().delete()
    assert telefono.mandar(camino, **clave).status_code == 401


def test_la_misma_clave_de_dos_sin_token(persona: Persona) -> None:
    datos, clave = {"tipo": "nss", "curp": persona.curp, "correo": CORREO}, {"Idempotency-Key": "1"}
    uno, otro = Telefono(REMOTE_ADDR="198.51.100.7"), Telefono(REMOTE_ADDR="203.0.113.5")
    ids = [t.mandar("/tramites/", datos, **clave).json()["id"] for t in (uno, otro, uno)]
    assert ids[0] == ids[2] != ids[1]


def test_un_token_que_no_es_no_salta_el_limite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topes, "API_POR_DIRECCION", topes.API_POR_DIRECCION._replace(cupo=5))
    telefono = Telefono()
    for cabecera in ("x", "Bearer x", "Basic eDp4"):
        estados = [
            telefono.pedir("GET", "/codigos-postales/06600/", Authorization=cabecera).status_code
            for _ in range(4)
        ]
    assert estados[-1] == 429


def test_el_codigo_no_dice_de_quien_es(por_nombre: None, persona: Persona) -> None:
    """A mailbox of somebody else, with the person's own bound: the code opens all the same."""
    Vinculo.objects.create(persona=persona, correo="suyo@correo.example")
    for curp in (persona.curp, NADIE):
        telefono = Telefono()
        pk = telefono.empezar("nss", curp, **DE_OTRA)
        atender()
        assert telefono.mandar(f"/tramites/{pk}/codigo/", {"codigo": codigo_de(pk)}).status_code == 200
    assert {m.to[0] for m in mail.outbox} == {CORREO}
