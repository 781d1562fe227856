"""Whoever holds a document can check it; whoever guesses learns nothing."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from nss_portal.documentos import firma, sello, verificacion
from nss_portal.documentos.models import RETENCION_VERIFICACION, Verificacion
from nss_portal.models import Documento, Persona
from nss_portal.oferta import OFERTA
from nss_portal.tramites import maquina
from tests.apoyo import Estricto


def emitir(cual: int = 0) -> Documento:
    persona = Persona.objects.exclude(nss=None).order_by("curp")[cual]
    with transaction.atomic():
        tramite = maquina.iniciar("nss", uuid.uuid4(), "n", persona.curp, "a@correo.example")
    maquina.atender(tramite.pk, OFERTA)
    return Documento.objects.select_related("tramite").get(tramite=tramite, tipo="nss")


@pytest.fixture
def documento(catalogo: None) -> Documento:
    return emitir()


@pytest.fixture
def pdf(documento: Documento) -> bytes:
    with documento.archivo.open("rb") as archivo:
        return bytes(archivo.read())


def subir(cliente: Estricto, contenido: bytes, **mas: str) -> Any:
    return cliente.post("/verificar/", {"archivo": SimpleUploadedFile("documento.pdf", contenido), **mas})


def a_mano(cliente: Estricto, documento: Documento) -> Any:
    return cliente.post("/verificar/", {"folio": documento.tramite.folio, "codigo": documento.codigo})


def comprobar(respuesta: Any, documento: Documento, resultado: str) -> None:
    assert respuesta.status_code == 200
    assert respuesta.pagina.pantallas == ["verificacion"]
    assert respuesta.pagina.marcas["data-verificacion"] == [resultado]
    html = respuesta.content.decode()
    for dato in ("curp", "nss", "nombre"):
        assert documento.datos[dato] not in html
    se_muestra = resultado in ("valido", "sustituido", "cancelado")
    assert ("data-folio" in respuesta.pagina.marcas) == se_muestra
    assert ("data-demostracion" in respuesta.pagina.marcas) == se_muestra
    assert "empieza con <b" in html and "testserver/</b>" in html, "which domain to trust"


def de_las_tres_maneras(cliente: Estricto, documento: Documento, pdf: bytes, resultado: str) -> None:
    for respuesta in (
        cliente.get(f"/v/{documento.token}/"),
        a_mano(cliente, documento),
        subir(cliente, pdf),
    ):
        comprobar(respuesta, documento, resultado)


def test_por_el_qr(cliente: Estricto, documento: Documento) -> None:
    url = documento.datos["url"]
    assert url == f"http://testserver/v/{documento.token}/"
    respuesta = cliente.get(f"/v/{documento.token}/")
    comprobar(respuesta, documento, "valido")
    html = respuesta.content.decode()
    assert documento.datos["folio"] in html and documento.datos["curp"][-4:] in html
    assert documento.get_tipo_display() in html and documento.datos["clave"] in html
    comprobar(cliente.get("/v/no-existe/"), documento, "desconocido")


def test_el_qr_es_corto_y_no_dice_nada(documento: Documento) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{24}", documento.token)
    for clave in ("curp", "nss", "folio", "codigo"):
        assert documento.datos[clave] not in documento.datos["url"]


def test_un_token_solo_sirve_para_su_documento(cliente: Estricto, documento: Documento) -> None:
    otro, ruta = emitir(1), f"/v/{documento.token}/"
    comprobar(cliente.get(ruta, {"folio": documento.tramite.folio}), documento, "valido")
    for pedir in (cliente.get, cliente.post):
        comprobar(pedir(ruta, {"folio": otro.tramite.folio}), documento, "desconocido")
    # Half of one and half of the other; then, both in the other's row.
    cruzado = documento.token[:16] + otro.token[16:]
    comprobar(cliente.get(f"/v/{cruzado}/"), documento, "desconocido")
    Documento.objects.filter(pk=documento.pk).update(token=cruzado)
    comprobar(cliente.get(f"/v/{cruzado}/"), documento, "alterado")


def test_por_folio_y_codigo(cliente: Estricto, documento: Documento) -> None:
    folio, codigo = documento.datos["folio"], documento.codigo
    escrito = {"folio": f"{folio[:11]} {folio[11:]}", "codigo": f" {codigo[:4]}-{codigo[4:]} ".lower()}
    comprobar(cliente.post("/verificar/", escrito), documento, "valido")
    ajeno = "0" * 22
    cliente.get("/v/no-existe/")  # so that this address has its row of guesses
    respuestas, consultas = [], []
    for datos in ({"folio": folio, "codigo": "AAAAAAAA"}, {"folio": ajeno, "codigo": "AAAAAAAA"}):
        with CaptureQueriesContext(
            connection,
        ) as contadas:
            respuestas.append(cliente.post("/verificar/", datos))
        consultas.append([re.sub(r"'[^']*'|[\d.]+(e[+-]?\d+)?", "?", c["sql"]) for c in contadas])
    respuestas.append(cliente.post("/verificar/", {"folio": ajeno, "codigo": codigo}))
    for respuesta in respuestas:
        comprobar(respuesta, documento, "desconocido")
    iguales = {re.sub(r"<form.*?</form>", "", r.content.decode(), flags=re.S) for r in respuestas}
    assert len(iguales) == 1, "a used folio looks like a guessed one"
    assert respuestas[0].pagina.campos["folio"] == folio, "what was typed stays, to be corrected"
    assert consultas[0] == consultas[1], "and takes the same way"
    assert not [c for c in consultas[0] if re.search(r'WHERE.*"folio" =', c)], "the folio is not looked for"


# The file ---------------------------------------------------------------------------------------


def test_por_el_archivo(cliente: Estricto, documento: Documento, pdf: bytes) -> None:
    comprobar(subir(cliente, pdf), documento, "valido")
    comprobar(subir(cliente, pdf, subir="1"), documento, "valido")
    html = subir(cliente, pdf + b"\n").content.decode()
    assert "Este archivo no es el que emitimos" in html
    comprobar(subir(cliente, b"%PDF-1.7 de alguien"), documento, "desconocido")
    # Before it was signed, it was not issued.
    assert firma.CAMPO.encode() in pdf
    sin_firma = pdf[: pdf.index(b"%%EOF") + 6]
    comprobar(subir(cliente, sin_firma), documento, "alterado")


def test_un_byte_cambiado_en_donde_sea_nunca_es_valido(
    cliente: Estricto, documento: Documento, pdf: bytes
) -> None:
    def tocado(donde: int, bit: int = 1) -> bytes:
        return pdf[:donde] + bytes([pdf[donde] ^ bit]) + pdf[donde + 1 :]

    inicio = pdf.index(b"/Contents <") + len(b"/Contents <")
    relleno = pdf.index(b">", inicio) - 1
    assert pdf[relleno - 20 : relleno + 1] == b"0" * 21, "what a signature does not use"
    vistos = set()
    for donde in range(0, len(pdf), 37):
        hallado = verificacion.por_archivo(tocado(donde, 1 << donde % 8))
        vistos.add(verificacion.revisar(hallado, tocado(donde, 1 << donde % 8)).value)
    assert vistos <= {"alterado", "desconocido"}
    # By the page, where it matters most: the ends, the signature, its padding, the metadata.
    for donde in (0, 5, len(pdf) - 1, inicio, inicio + 300, relleno, relleno - 9, pdf.index(b"pdfuaid:part")):
        respuesta = subir(cliente, tocado(donde))
        comprobar(respuesta, documento, "alterado")
    comprobar(subir(cliente, pdf[:-1]), documento, "alterado")
    comprobar(subir(cliente, pdf), documento, "valido")


def test_con_la_huella_y_sin_firma_no_es_valido(cliente: Estricto, documento: Documento, pdf: bytes) -> None:
    """Who can change the row and the file, but has no key: hash and copy agree, the signature does not."""
    inicio = pdf.index(b"/Contents <") + 60
    falso = pdf[:inicio] + (b"1" if pdf[inicio : inicio + 1] == b"0" else b"0") + pdf[inicio + 1 :]
    nombre = default_storage.save("falso.pdf", ContentFile(falso))
    Documento.objects.filter(pk=documento.pk).update(archivo=nombre, sha256=verificacion._huella(falso))
    de_las_tres_maneras(cliente, documento, falso, "alterado")


@pytest.mark.parametrize(
    ("campos", "error"),
    [
        ({"subir": "1"}, "Elige el archivo PDF"),
        ({"archivo": SimpleUploadedFile("x.pdf", b"")}, "El archivo está vacío"),
        ({"archivo": SimpleUploadedFile("x.pdf", b"%PDF" + b"0" * 2_100_000)}, "pesa más de 2 MB"),
        ({"archivo": SimpleUploadedFile("x.pdf", b"0" * 4_300_000)}, "pesa más de 2 MB"),
    ],
)
def test_archivos_malos(cliente: Estricto, campos: dict[str, Any], error: str) -> None:
    respuesta = cliente.post("/verificar/", campos)
    assert respuesta.status_code == 422
    assert respuesta.pagina.pantallas == ["verificar"]
    assert "error_archivo" in respuesta.pagina.ids and error in respuesta.content.decode()
    assert not {"error_folio", "error_codigo"} & set(respuesta.pagina.ids)
    assert not Verificacion.objects.exists(), "nothing was checked"


def test_un_archivo_no_dice_que_folio_existe(cliente: Estricto, documento: Documento) -> None:
    con_folio = b"%PDF-1.7\n" + documento.tramite.folio.encode() + documento.codigo.encode()
    comprobar(subir(cliente, con_folio), documento, "desconocido")


def test_el_formulario_sigue_protegido(documento: Documento) -> None:
    estricto = Estricto(enforce_csrf_checks=True)
    assert a_mano(estricto, documento).status_code == 403


@pytest.mark.parametrize(
    ("folio", "codigo"), [("", ""), ("123", "AAAAAAAA"), ("1" * 22, "AAA"), ("1" * 22 + "\x00", "A" * 5000)]
)
def test_entradas_malas(cliente: Estricto, folio: str, codigo: str) -> None:
    respuesta = cliente.post("/verificar/", {"folio": folio, "codigo": codigo})
    assert respuesta.status_code == 422
    assert respuesta.pagina.pantallas == ["verificar"]
    assert {"error_folio", "error_codigo"} & set(respuesta.pagina.ids)


# States -----------------------------------------------------------------------------------------


def test_si_cambia_lo_guardado_no_es_valido(cliente: Estricto, documento: Documento, pdf: bytes) -> None:
    with open(default_storage.path(documento.archivo.name), "ab") as archivo:
        archivo.write(b" ")
    de_las_tres_maneras(cliente, documento, pdf, "alterado")
    default_storage.delete(documento.archivo.name)
    de_las_tres_maneras(cliente, documento, pdf, "alterado")


def test_si_cambia_el_renglon_no_es_valido(cliente: Estricto, documento: Documento, pdf: bytes) -> None:
    documento.datos = documento.datos | {"nombre": "Otra Persona"}
    documento.save()
    de_las_tres_maneras(cliente, documento, pdf, "alterado")


def test_sustituido_y_cancelado(cliente: Estricto, documento: Documento, pdf: bytes) -> None:
    otro = emitir(1)
    Documento.objects.filter(pk=documento.pk).update(sustituido_por=otro)
    de_las_tres_maneras(cliente, documento, pdf, "sustituido")
    comprobar(cliente.get(f"/v/{otro.token}/"), otro, "valido")
    Documento.objects.filter(pk=documento.pk).update(cancelado=timezone.now())
    de_las_tres_maneras(cliente, documento, pdf, "cancelado")
    comprobar(subir(cliente, pdf + b" "), documento, "alterado")


def test_un_documento_de_la_clave_anterior(cliente: Estricto, documento: Documento, pdf: bytes) -> None:
    call_command("crear_ca_demo", "--rotar", verbosity=0)
    try:
        nuevo = emitir(1)
        assert nuevo.datos["clave"] != documento.datos["clave"]
        de_las_tres_maneras(cliente, documento, pdf, "valido")
        comprobar(cliente.get(f"/v/{nuevo.token}/"), nuevo, "valido")
    finally:
        sello.olvidar()


def test_lo_que_no_se_ha_emitido_no_se_conoce(cliente: Estricto, documento: Documento, pdf: bytes) -> None:
    Documento.objects.filter(pk=documento.pk).update(emitido=None, archivo="", sha256="")
    de_las_tres_maneras(cliente, documento, pdf, "desconocido")


# Who asked, and how often -----------------------------------------------------------------------


def test_cada_verificacion_queda_anotada(cliente: Estricto, documento: Documento, pdf: bytes) -> None:
    cliente.get(f"/v/{documento.token}/", REMOTE_ADDR="192.0.2.7")
    a_mano(cliente, documento)
    subir(cliente, pdf + b" ")
    cliente.get("/v/no-existe/")
    filas = list(Verificacion.objects.order_by("pk"))
    assert [(f.medio, f.resultado, f.documento_id) for f in filas] == [
        ("qr", "valido", documento.pk),
        ("codigo", "valido", documento.pk),
        ("archivo", "alterado", documento.pk),
        ("qr", "desconocido", None),
    ]
    assert filas[0].origen != filas[1].origen == filas[2].origen == filas[3].origen
    assert all(re.fullmatch("[0-9a-f]{32}", f.origen) for f in filas)
    with pytest.raises(IntegrityError, match="verificacion_desconocida_sin_documento"), transaction.atomic():
        Verificacion.objects.update(resultado="valido")
    Verificacion.objects.filter(pk=filas[0].pk).update(
        cuando=timezone.now() - RETENCION_VERIFICACION - timedelta(days=1)
    )
    call_command("purgar", verbosity=0)
    assert Verificacion.objects.count() == 3


def test_hay_un_tope(cliente: Estricto, documento: Documento, pdf: bytes) -> None:
    for _ in range(30):
        assert cliente.get("/v/no-existe/").status_code == 200
    assert cliente.get("/v/no-existe/").status_code == 429
    assert subir(cliente, b"%PDF").status_code == 429
    assert Verificacion.objects.count() == 30, "what is refused is not kept: the table cannot be filled"
    assert cliente.get("/v/no-existe/", REMOTE_ADDR="192.0.2.7").status_code == 200
    # Nobody says where they come from but a proxy of ours.
    assert cliente.get("/v/no-existe/", headers={"X-Forwarded-For": "192.0.2.8"}).status_code == 429
    # Only guesses are counted.
    de_las_tres_maneras(cliente, documento, pdf, "valido")


def test_el_certificado_publico(cliente: Estricto, documento: Documento, settings: Any) -> None:
    for pagina in (cliente.get("/verificar/"), cliente.get(f"/v/{documento.token}/")):
        assert 'href="/verificar/certificado/"' in pagina.content.decode()
    respuesta = cliente.get("/verificar/certificado/")
    assert respuesta["Content-Type"] == "application/x-pem-file"
    assert respuesta["Content-Disposition"] == 'attachment; filename="certificado-gob-estudiantes.pem"'
    assert respuesta.content.count(b"BEGIN CERTIFICATE") == 2 and b"PRIVATE" not in respuesta.content
    sello.olvidar()
    settings.DEMO = False
    assert cliente.get("/verificar/certificado/").status_code == 404
    sello.olvidar()
