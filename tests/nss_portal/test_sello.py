"""What is sealed stays sealed: every datum counts, keys are replaced, nobody else's key is ours."""

import base64
import os
import stat
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core import checks
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from nss_portal.demo import ca
from nss_portal.documentos import sello
from nss_portal.documentos.models import Certificado
from nss_portal.models import Documento, Persona
from nss_portal.oferta import OFERTA
from nss_portal.tramites import maquina
from tests.nss_portal.papel import DATOS, TIPOS

SIN_SELLO = {"cadena", "sello", "clave", "url"}


@pytest.fixture(autouse=True)
def cada_quien_la_suya() -> Iterator[None]:
    yield
    sello.olvidar()


def emitir(persona: Persona | None = None) -> Documento:
    """A letter as a worker issues it."""
    persona = persona or Persona.objects.exclude(nss=None).order_by("curp")[0]
    with transaction.atomic():
        tramite = maquina.iniciar("nss", uuid.uuid4(), "n", persona.curp, "a@correo.example")
    maquina.atender(tramite.pk, OFERTA)
    return Documento.objects.select_related("certificado", "tramite").get(tramite=tramite, tipo="nss")


def releer(documento: Documento) -> Documento:
    return Documento.objects.select_related("certificado", "tramite").get(pk=documento.pk)


@pytest.mark.parametrize("tipo", TIPOS)
def test_la_cadena_dice_lo_principal_y_depende_de_todo(tipo: str) -> None:
    datos = DATOS[tipo]
    cadena = sello.cadena_original(tipo, datos)
    assert cadena.startswith(f"||1.0|{tipo}|{datos['folio']}|{datos['fecha']}|") and cadena.endswith("||")
    assert len(cadena) <= 190 and cadena.isascii()
    assert (datos["curp"] in cadena) == (tipo != "tarjeta-adscripcion"), "a card carries no more than it says"
    for clave, valor in datos.items():
        otro: Any = (not valor) if isinstance(valor, bool) else f"{valor}."
        cambia = sello.cadena_original(tipo, datos | {clave: otro}) != cadena
        assert cambia == (clave not in SIN_SELLO), clave
    assert sello.cadena_original(tipo, dict(reversed(datos.items()))) == cadena


def test_el_sello_lo_comprueba_cualquiera(catalogo: None) -> None:
    """With the printed line, the printed seal and the public certificate, and nothing of ours."""
    documento = emitir()
    datos = documento.datos
    certificado, raiz = x509.load_pem_x509_certificates(sello.publicos())
    certificado.verify_directly_issued_by(raiz)
    firma = base64.b64decode(datos["sello"])
    certificado.public_key().verify(firma, datos["cadena"].encode(), ec.ECDSA(hashes.SHA256()))  # type: ignore[union-attr, call-arg, arg-type]
    assert datos["clave"] == documento.certificado_id
    assert datos["url"] == f"http://testserver/v/{documento.token}/"
    assert sello.vale(documento)


def test_nada_se_cambia_sin_que_se_note(catalogo: None) -> None:
    documento = emitir()
    for clave, valor in documento.datos.items():
        if clave == "url":
            continue
        tocado = releer(documento)
        tocado.datos = tocado.datos | {clave: (not valor) if isinstance(valor, bool) else f"A{valor}"}
        try:
            assert not sello.vale(tocado), clave
        except ValueError:
            assert clave == "sello"
    for campo, valor in (("codigo", "22222222"), ("tipo", "tarjeta"), ("certificado", None)):
        tocado = releer(documento)
        setattr(tocado, campo, valor)
        assert not sello.vale(tocado), campo


def test_el_token_de_uno_no_es_el_de_otro(catalogo: None) -> None:
    uno = emitir()
    otro = emitir(Persona.objects.exclude(nss=None).order_by("curp")[1])
    uno.token, otro.token = otro.token, uno.token
    assert not sello.vale(uno) and not sello.vale(otro)


# Keys -------------------------------------------------------------------------------------------


def test_al_cambiar_la_clave_lo_emitido_sigue_valiendo(catalogo: None) -> None:
    antes = emitir()
    call_command("crear_ca_demo", "--rotar", verbosity=0)
    despues = emitir(Persona.objects.exclude(nss=None).order_by("curp")[1])
    assert antes.datos["clave"] != despues.datos["clave"]
    assert sello.vale(releer(antes)) and sello.vale(despues)
    assert Certificado.objects.count() == 2


def test_la_clave_de_otra_autoridad_no_es_nuestra(
    catalogo: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can write in our tables, but has no key of ours, makes nothing that we vouch for."""
    ca.emisor(tmp_path)
    with monkeypatch.context() as ajena:
        ajena.setenv("SELLO_CLAVE", str(tmp_path / "emisor.pem"))
        ajena.setenv("SELLO_CERTIFICADO", str(tmp_path / "emisor.pem"))
        sello.olvidar()
        documento = emitir()
        assert sello.vale(documento)
    sello.olvidar()
    assert not sello.vale(releer(documento))


def test_las_claves_de_demostracion(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as hilos:
        hechas = set(hilos.map(lambda _: ca.emisor(tmp_path / "sello"), range(8)))
    assert len(hechas) == 1, "of many that make them at once, all use the same"
    assert ca.emisor(tmp_path / "sello") in hechas
    assert sorted(os.listdir(tmp_path / "sello")) == ["emisor.pem", "raiz.pem"]
    for archivo in (tmp_path / "sello").iterdir():
        assert stat.S_IMODE(archivo.stat().st_mode) == 0o600
    certificado, raiz = x509.load_pem_x509_certificates(hechas.pop())
    assert raiz.subject != certificado.subject and "demostración" in certificado.subject.rfc4514_string()


def test_crear_ca_demo_solo_en_demostracion(settings: Any) -> None:
    call_command("crear_ca_demo", verbosity=0)
    antes = sello.emisor().certificado
    call_command("crear_ca_demo", verbosity=0)
    assert sello.emisor().certificado == antes, "what is there stays"
    settings.DEMO = False
    with pytest.raises(CommandError, match="no valen en producción"):
        call_command("crear_ca_demo")


def test_la_clave_por_archivo_o_por_texto(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO = False
    pem = ca.emisor(tmp_path)
    for valor in (str(tmp_path / "emisor.pem"), pem.decode()):
        monkeypatch.setenv("SELLO_CLAVE", valor)
        monkeypatch.setenv("SELLO_CERTIFICADO", valor)
        sello.olvidar()
        assert sello.revisar() == []
        assert sello.emisor().certificado == x509.load_pem_x509_certificates(pem)[0]


def pem_de(clave: Any) -> str:
    return clave.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.django_db  # the checks of the models ask what the database can do
@pytest.mark.parametrize(
    ("clave", "certificado", "dice"),
    [
        ("", "", "Faltan SELLO_CLAVE y SELLO_CERTIFICADO"),
        ("{bueno}", "", "Faltan SELLO_CLAVE y SELLO_CERTIFICADO"),
        ("/no/existe.pem", "{bueno}", "No se puede leer el archivo de SELLO_CLAVE: No such file"),
        ("-----BEGIN nada", "{bueno}", "SELLO_CLAVE no es una clave privada"),
        ("{bueno}", "-----BEGIN nada", "SELLO_CERTIFICADO no es un certificado"),
        ("{otra}", "{bueno}", "no es el de la clave"),
        ("{rsa}", "{bueno}", "curva P-256"),
        ("{p384}", "{bueno}", "curva P-256"),
    ],
)
def test_una_clave_que_no_sirve_se_dice(
    clave: str, certificado: str, dice: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO = False
    ca.emisor(tmp_path)
    valores = {
        "{bueno}": str(tmp_path / "emisor.pem"),
        "{otra}": pem_de(ec.generate_private_key(ec.SECP256R1())),
        "{p384}": pem_de(ec.generate_private_key(ec.SECP384R1())),
        "{rsa}": pem_de(rsa.generate_private_key(65537, 2048)),
    }
    monkeypatch.setenv("SELLO_CLAVE", valores.get(clave, clave))
    monkeypatch.setenv("SELLO_CERTIFICADO", valores.get(certificado, certificado))
    sello.olvidar()
    (falta,) = sello.revisar()
    assert dice in falta
    errores = checks.run_checks(include_deployment_checks=True)
    assert [e.msg for e in errores if e.id == "nss_portal.E001"] == [falta]
    assert "nss_portal.E001" not in {e.id for e in checks.run_checks()}


def test_avisa_antes_de_que_venza(tmp_path: Path) -> None:
    fin = sello.emisor().certificado.not_valid_after_utc
    assert sello.revisar(datetime.now(UTC)) == []
    (aviso,) = sello.revisar(fin - timedelta(days=10))
    assert "vence el" in aviso and f"{fin:%d/%m/%Y}" in aviso


@pytest.mark.motores("constraints, by their names")
def test_restricciones_con_nombre(catalogo: None) -> None:
    documento = emitir()
    casos: list[tuple[dict[str, object], str]] = [
        ({"sustituido_por": documento.pk}, "documento_no_se_sustituye_a_si_mismo"),
        ({"emitido": None}, "documento_emitido_con_archivo_y_huella"),
    ]
    for cambios, nombre in casos:
        with pytest.raises(IntegrityError, match=nombre), transaction.atomic():
            Documento.objects.filter(pk=documento.pk).update(**cambios)
    with pytest.raises(IntegrityError, match="certificado_clave_bien_formada"), transaction.atomic():
        Certificado.objects.create(clave="OTRA", pem="x")
