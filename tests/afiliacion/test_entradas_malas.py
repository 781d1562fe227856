"""Every bad input gets a Spanish message beside its field, loses nothing typed and leaves no row."""

from datetime import timedelta

import pytest
from captcha.models import CaptchaStore
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nss_portal.demo.ficticias import CASOS
from nss_portal.models import Colonia, Domicilio, Estado, Persona, Tramite
from nss_portal.personas.identidad import digito_curp
from tests.apoyo import CORREO, Estricto, domicilio, formulario, reanudar, solicitar

BUENA = "EEMA050214MDFJSN"  # completed below: fictional


def curp(raiz: str = BUENA, homoclave: str = "A") -> str:
    base = raiz + homoclave
    return base + digito_curp(base)


def con_otro_digito(texto: str) -> str:
    return texto[:-1] + str((int(texto[-1]) + 1) % 10)


CURPS_MALAS = {
    "vacía": "",
    "espacios": "   ",
    "17": curp()[:17],
    "19": curp() + "1",
    "dígito": con_otro_digito(curp()),
    "palabra": curp("MAMO050214MDFJSN"),
    "futura": curp("EEMA991231MDFJSN"),
    "31 de febrero": curp("EEMA050231MDFJSN"),
    "entidad": curp("EEMA050214MZZJSN"),
    "eñe": "EÑMA050214MDFJSNA1",
    "cirílico": "ЕЕМА050214MDFJSNA1",
    "ancho completo": "ＥＥＭＡ050214MDFJSNA1",
    "10 kB": "A" * 10_000,
    "NUL": "EEMA\x00050214MDFJSNA1",
    "html": "<script>alert(1)</script>",
    "emoji": "🙂" * 18,
}


def errores(respuesta) -> set[str]:
    return {i.removeprefix("error_") for i in respuesta.pagina.ids if i.startswith("error_")}


def revisar(respuesta, campo: str) -> None:
    assert respuesta.status_code in (200, 422)
    html = respuesta.content.decode()
    assert respuesta.pagina.pantallas == ["solicitud"]
    assert errores(respuesta) == {campo}
    assert 'role="alert"' in html and "resumen-errores" in html
    assert "<title>Error: " in html
    assert "Traceback" not in html
    assert not Tramite.objects.exists()


@pytest.mark.parametrize("mala", CURPS_MALAS.values(), ids=CURPS_MALAS)
def test_curp_mala(cliente: Estricto, mala: str) -> None:
    respuesta = cliente.post("/nss/", formulario(cliente, mala))
    revisar(respuesta, "curp")
    assert respuesta.pagina.campos["correo"] == respuesta.pagina.campos["correo_confirmacion"] == CORREO
    if mala.isprintable() and len(mala) < 100:
        assert respuesta.pagina.campos["curp"] == mala
    assert len(respuesta.content) < 60_000
    assert respuesta.pagina.marcas["data-captcha"] == ["resuelto"]


@pytest.mark.parametrize(
    "buena", [curp(), curp().lower(), f" {curp()[:4]} {curp()[4:10]}-{curp()[10:]} ", "​" + curp()]
)
def test_curp_perdonada(cliente: Estricto, buena: str) -> None:
    assert cliente.post("/nss/", formulario(cliente, buena)).status_code == 302
    assert Tramite.objects.get().curp == curp()


@pytest.mark.parametrize(
    "correo",
    [
        "",
        "sin-arroba",
        "a@b",
        "a b@c.mx",
        "a" * 300 + "@correo.example",
        "a\x00@correo.example",
        "<a@b.mx>\r\nBcc: x@y.mx",
    ],
)
def test_correo_malo(cliente: Estricto, correo: str) -> None:
    respuesta = cliente.post("/nss/", formulario(cliente, curp(), correo=correo))
    assert respuesta.status_code == 422
    assert "correo" in errores(respuesta)
    assert respuesta.pagina.campos["curp"] == curp()
    assert not Tramite.objects.exists()


def test_correos_distintos(cliente: Estricto) -> None:
    respuesta = cliente.post("/nss/", formulario(cliente, curp(), correo_confirmacion="otra@correo.example"))
    revisar(respuesta, "correo_confirmacion")
    assert "no son iguales" in respuesta.content.decode()
    assert respuesta.pagina.campos["correo_confirmacion"] == "otra@correo.example"


def test_correo_se_compara_sin_mayusculas_ni_espacios(cliente: Estricto) -> None:
    datos = formulario(cliente, curp(), correo=" Persona@Correo.example ", correo_confirmacion=CORREO)
    assert cliente.post("/nss/", datos).status_code == 302


@pytest.mark.parametrize("letras", ["", "zzzz", "\x00", "a" * 10_000])
def test_letras_malas(cliente: Estricto, letras: str) -> None:
    datos = formulario(cliente, curp(), captcha_1=letras)
    respuesta = cliente.post("/nss/", datos)
    revisar(respuesta, "captcha_1")
    # A new image, empty; and the old one can not be tried again.
    assert respuesta.pagina.campos["captcha_0"] != datos["captcha_0"]
    assert respuesta.pagina.campos["captcha_1"] == ""
    assert respuesta.pagina.campos["curp"] == curp()


def test_letras_vencidas(cliente: Estricto) -> None:
    datos = formulario(cliente, curp())
    CaptchaStore.objects.update(expiration=timezone.now() - timedelta(seconds=1))
    revisar(cliente.post("/nss/", datos), "captcha_1")


def test_letras_se_gastan_con_un_intento(cliente: Estricto) -> None:
    datos = formulario(cliente, curp())
    buenas = datos["captcha_1"]
    cliente.post("/nss/", datos | {"captcha_1": "zzzz"})
    revisar(cliente.post("/nss/", datos | {"captcha_1": buenas}), "captcha_1")


def test_otra_imagen_conserva_lo_escrito_y_no_regana(cliente: Estricto) -> None:
    datos = formulario(cliente, "EEMA", correo="a medias") | {"otra_imagen": ""}
    respuesta = cliente.post("/nss/", datos)
    assert respuesta.status_code == 200
    assert not errores(respuesta)
    campos = respuesta.pagina.campos
    assert (campos["curp"], campos["correo"], campos["solicitud"]) == ("EEMA", "a medias", datos["solicitud"])
    assert campos["captcha_0"] != datos["captcha_0"]


def test_todos_los_errores_a_la_vez(cliente: Estricto) -> None:
    cliente.get("/nss/")
    respuesta = cliente.post("/nss/", {})
    assert respuesta.status_code == 422
    assert errores(respuesta) >= {"curp", "correo", "correo_confirmacion", "captcha_1"}
    assert not Tramite.objects.exists()


@pytest.mark.parametrize("solicitud", ["", "no-es-uuid", "\x00", "a" * 5000])
def test_solicitud_estropeada_se_repone(cliente: Estricto, solicitud: str) -> None:
    respuesta = cliente.post("/nss/", formulario(cliente, curp(), solicitud=solicitud))
    assert respuesta.status_code in (200, 302, 422)
    if respuesta.status_code != 302:
        datos = formulario(cliente, curp(), solicitud=respuesta.pagina.campos["solicitud"])
        assert cliente.post("/nss/", datos).status_code == 302


@given(texto=st.text(max_size=60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ningun_texto_rompe_la_forma(cliente: Estricto, texto: str) -> None:
    datos = {"curp": texto, "correo": texto, "correo_confirmacion": texto, "solicitud": texto}
    respuesta = cliente.post("/nss/", datos | {"captcha_0": texto, "captcha_1": texto})
    assert respuesta.status_code == 422
    assert "captcha_1" in errores(respuesta)


@pytest.fixture
def por_domicilio(cliente: Estricto) -> str:
    """A trámite that asks for the address."""
    url = solicitar(cliente, Persona.objects.sin_nss().order_by("curp")[0].curp)
    reanudar()
    return url


DOMICILIOS_MALOS = {
    "cp vacío": ({"codigo_postal": ""}, "codigo_postal"),
    "cp corto": ({"codigo_postal": "0660"}, "codigo_postal"),
    "cp letras": ({"codigo_postal": "abcde"}, "codigo_postal"),
    "cp árabe": ({"codigo_postal": "٠٦٦٠٠"}, "codigo_postal"),
    "cp desconocido": ({"codigo_postal": "00000"}, "codigo_postal"),
    "cp NUL": ({"codigo_postal": "06600\x00"}, "codigo_postal"),
    "colonia vacía": ({"colonia": ""}, "colonia"),
    "colonia de otro código": ({"codigo_postal": "64000"}, "colonia"),
    "colonia id ajeno": ({"colonia": "999999999"}, "colonia"),
    "colonia 10 kB": ({"colonia": "ñ" * 10_000}, "colonia"),
    "colonia no listada larga": ({"colonia": "x" * 61, "colonia_no_listada": "1"}, "colonia"),
    "calle vacía": ({"calle": " "}, "calle"),
    "calle larga": ({"calle": "x" * 101}, "calle"),
    "calle NUL": ({"calle": "a\x00b"}, "calle"),
    "número vacío": ({"numero_exterior": ""}, "numero_exterior"),
    "número largo": ({"numero_exterior": "1" * 21}, "numero_exterior"),
    "interior largo": ({"numero_interior": "1" * 21}, "numero_interior"),
}


@pytest.mark.parametrize(("cambios", "campo"), DOMICILIOS_MALOS.values(), ids=DOMICILIOS_MALOS)
def test_domicilio_malo(cliente: Estricto, por_domicilio: str, cambios: dict[str, str], campo: str) -> None:
    respuesta = cliente.post(f"{por_domicilio}domicilio/", domicilio(**cambios))
    assert respuesta.status_code == 422
    assert respuesta.pagina.pantallas == ["domicilio"]
    assert errores(respuesta) == {campo}
    assert not Domicilio.objects.exists()
    assert Tramite.objects.get().estado == Estado.DOMICILIO
    for nombre, valor in domicilio().items():
        if nombre not in cambios and nombre in ("calle", "numero_exterior"):
            assert respuesta.pagina.campos[nombre] == valor
    # A page that was refused can be reloaded.
    assert cliente.get(f"{por_domicilio}domicilio/").url == por_domicilio


@pytest.mark.parametrize("colonia", ["Juárez", "juarez", "  JUÁREZ ", "id"])
def test_colonia_por_nombre_o_por_id(cliente: Estricto, por_domicilio: str, colonia: str) -> None:
    fila = Colonia.objects.get(codigo_postal="06600", nombre="Juárez")
    texto = str(fila.pk) if colonia == "id" else colonia
    assert cliente.post(f"{por_domicilio}domicilio/", domicilio(colonia=texto)).status_code == 302
    assert Domicilio.objects.get().colonia == fila


def test_colonia_que_se_llama_con_un_numero(cliente: Estricto, por_domicilio: str) -> None:
    fila = Colonia.objects.get(codigo_postal="94720", nombre="2000")
    assert cliente.post(f"{por_domicilio}domicilio/", domicilio("94720", "2000")).status_code == 302
    assert Domicilio.objects.get().colonia == fila


def test_colonia_no_listada(cliente: Estricto, por_domicilio: str) -> None:
    datos = domicilio(colonia="Colonia recién hecha", colonia_no_listada="1")
    assert cliente.post(f"{por_domicilio}domicilio/", datos).status_code == 302
    guardado = Domicilio.objects.get()
    assert (guardado.colonia, guardado.colonia_texto) == (None, "Colonia recién hecha")
    assert "Colonia recién hecha" in str(guardado)


def test_buscar_cp_sin_javascript(cliente: Estricto, por_domicilio: str) -> None:
    datos = domicilio("64000", "", calle="Mi calle") | {"numero_exterior": "", "buscar_cp": "1"}
    respuesta = cliente.post(f"{por_domicilio}domicilio/", datos)
    html = respuesta.content.decode()
    assert respuesta.status_code == 200
    assert not errores(respuesta)
    assert "Monterrey" in html and "Nuevo León" in html and "Monterrey Centro" in html and "La Finca" in html
    assert respuesta.pagina.campos["calle"] == "Mi calle"
    desconocido = cliente.post(f"{por_domicilio}domicilio/", datos | {"codigo_postal": "00000"})
    assert errores(desconocido) == {"codigo_postal"}


def test_codigo_postal_json(cliente: Estricto) -> None:
    respuesta = cliente.get("/codigos-postales/64000/")
    assert respuesta.status_code == 200
    cuerpo = respuesta.json()
    assert cuerpo["codigo_postal"] == "64000"
    assert cuerpo["entidad"] == {"clave": "19", "nombre": "Nuevo León"}
    assert cuerpo["municipio"]["nombre"] == "Monterrey" and "clave" in cuerpo["municipio"]
    assert {c["nombre"] for c in cuerpo["colonias"]} == {"Monterrey Centro", "La Finca"}
    assert set(cuerpo["colonias"][0]) == {"id", "nombre", "tipo"}
    for malo in ("00000", "abc", "640001", "%00"):
        respuesta = cliente.get(f"/codigos-postales/{malo}/")
        assert respuesta.status_code == 404
        assert respuesta.headers["Content-Type"] == "application/json"


def test_casos_de_la_demostracion_se_pueden_pedir(cliente: Estricto) -> None:
    for caso in CASOS:
        assert cliente.post("/nss/", formulario(cliente, caso.curp)).status_code == 302, caso
