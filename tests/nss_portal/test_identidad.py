"""CURP and NSS. Every number here is synthetic: surnames «Ejemplo», prefix 99, which no subdelegación has."""

import re
import string
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from nss_portal.personas.identidad import (
    CURP_REGEX,
    ENTIDADES,
    NSS_REGEX,
    componer_nss,
    digito_curp,
    digito_nss,
    enmascarar_correo,
    enmascarar_curp,
    enmascarar_nss,
    entidad_curp,
    nacimiento_curp,
    normalizar_curp,
    normalizar_nss,
    raiz_curp,
    sexo_curp,
    validar_curp,
    validar_nss,
)

HOY = date(2026, 11, 19)
ORDEN_CURP = ("longitud", "formato", "palabra", "entidad", "fecha", "digito")
ORDEN_NSS = ("longitud", "formato", "digito")
VOCALES = "AEIOU"
CONSONANTES = "".join(sorted(set(string.ascii_uppercase) - set(VOCALES)))

# The Instructivo's annex, word and replacement: on purpose not taken from the product's own list.
REEMPLAZOS = dict(
    par.split(":")
    for par in """
    BACA:BXCA BAKA:BXKA BUEI:BXEI BUEY:BXEY CACA:CXCA CACO:CXCO CAGA:CXGA CAGO:CXGO CAKA:CXKA CAKO:CXKO
    COGE:CXGE COGI:CXGI COJA:CXJA COJE:CXJE COJI:CXJI COJO:CXJO COLA:CXLA CULO:CXLO FALO:FXLO FETO:FXTO
    GETA:GXTA GUEI:GXEI GUEY:GXEY JETA:JXTA JOTO:JXTO KACA:KXCA KACO:KXCO KAGA:KXGA KAGO:KXGO KAKA:KXKA
    KAKO:KXKO KOGE:KXGE KOGI:KXGI KOJA:KXJA KOJE:KXJE KOJI:KXJI KOJO:KXJO KOLA:KXLA KULO:KXLO LILO:LXLO
    LOCA:LXCA LOCO:LXCO LOKA:LXKA LOKO:LXKO MAME:MXME MAMO:MXMO MEAR:MXAR MEAS:MXAS MEON:MXON MIAR:MXAR
    MION:MXON MOCO:MXCO MOKO:MXKO MULA:MXLA MULO:MXLO NACA:NXCA NACO:NXCO PEDA:PXDA PEDO:PXDO PENE:PXNE
    PIPI:PXPI PITO:PXTO POPO:PXPO PUTA:PXTA PUTO:PXTO QULO:QXLO RATA:RXTA ROBA:RXBA ROBE:RXBE ROBO:RXBO
    RUIN:RXIN SENO:SXNO TETA:TXTA VACA:VXCA VAGA:VXGA VAGO:VXGO VAKA:VXKA VUEI:VXEI VUEY:VXEY WUEI:WXEI
    WUEY:WXEY
    """.split()
)


def con_digito(curp17: str) -> str:
    return curp17 + digito_curp(curp17)


def con_luhn(nss10: str) -> str:
    return nss10 + digito_nss(nss10)


def error_curp(texto: str) -> ValidationError:
    with pytest.raises(ValidationError) as excepcion:
        validar_curp(texto, HOY)
    return excepcion.value


def error_nss(texto: str) -> ValidationError:
    with pytest.raises(ValidationError) as excepcion:
        validar_nss(texto)
    return excepcion.value


def leyenda(error: ValidationError) -> str:
    (mensaje,) = error.messages
    return mensaje


def tramo(error: ValidationError) -> tuple[int, int]:
    assert error.params
    return error.params["inicio"], error.params["fin"]


CURP = con_digito("EERC070228MDFJSTA")  # Citlali Ejemplo Rosas
CURP_1988 = con_digito("EERL880517HNLJSS0")  # Luis Ejemplo Rosas
NSS = componer_nss("99", 2024, 2006, 123)


# --- Strategies ---------------------------------------------------------------------------------------------

fechas = st.dates(date(1900, 1, 1), HOY)
nombres_propios = st.text("ABCEIJLMNOPRSTUXYZÑÁÉÍÓÚÜabeiloñáü /-.'", max_size=30)
nombres_cualesquiera = nombres_propios | st.text(max_size=30)


@st.composite
def curps(draw: st.DrawFn, nombres: st.SearchStrategy[str] = nombres_propios) -> str:
    nacimiento = draw(fechas)
    raiz = raiz_curp(
        draw(nombres),
        draw(nombres),
        draw(nombres | st.none()),
        nacimiento,
        draw(st.sampled_from("HMX")),
        draw(st.sampled_from(sorted(ENTIDADES))),
    )
    homoclaves = string.digits if nacimiento.year < 2000 else string.ascii_uppercase
    return con_digito(raiz + draw(st.sampled_from(homoclaves)))


cifras_nss = st.text(string.digits, min_size=10, max_size=10)
relleno = st.text(
    " -\t\n\u00a0\u00ad\u2009\u2010\u2011\u2013\u2014\u2212\u200b\u200e\u202f\u2060\ufeff", max_size=3
)


def con_relleno(draw: st.DrawFn, numero: str) -> str:
    return "".join(draw(relleno) + draw(st.sampled_from((c, c.lower()))) for c in numero) + draw(relleno)


propiedad = settings(deadline=None)


# --- Shape and catalogue ------------------------------------------------------------------------------------


def test_las_33_entidades():
    claves = [inegi for codigo, (_, inegi) in ENTIDADES.items() if codigo != "NE"]
    assert claves == [f"{n:02d}" for n in range(1, 33)]
    assert ENTIDADES["NE"] == ("Nacido en el extranjero", "")
    assert ENTIDADES["DF"] == ("Ciudad de México", "09")
    assert ENTIDADES["MC"] == ("México", "15")
    assert ENTIDADES["ZS"] == ("Zacatecas", "32")


def test_las_expresiones_solo_usan_lo_que_entienden_python_y_postgresql():
    assert NSS_REGEX == "^[0-9]{11}$"
    for expresion in (CURP_REGEX, NSS_REGEX):
        assert expresion[0] == "^" and expresion[-1] == "$"
        assert "\\" not in expresion and "(?" not in expresion
    assert re.search(r"\(([A-Z|]+)\)", CURP_REGEX)[1].split("|") == list(ENTIDADES)


@propiedad
@given(curps())
def test_la_expresion_reconoce_toda_curp_aceptada(curp):
    assert re.fullmatch(CURP_REGEX, validar_curp(curp, HOY))


@propiedad
@given(st.integers(0, 17), st.sampled_from(string.digits + string.ascii_uppercase + "Ñ"))
@example(1, "X")
@example(13, "X")
@example(16, "Z")
def test_la_expresion_y_la_validacion_ven_la_misma_forma(posicion, caracter):
    curp = CURP[:posicion] + caracter + CURP[posicion + 1 :]
    try:
        validar_curp(curp, HOY)
        codigo = None
    except ValidationError as error:
        codigo = error.code
    assert (re.fullmatch(CURP_REGEX, curp) is None) == (codigo in ("formato", "entidad"))


# --- Check digits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("curp17", "digito"),
    [
        # By hand, one character at a time: value × (18 − index), its last digit taken from ten.
        ("0" * 17, "0"),
        ("0" * 16 + "1", "8"),  # 1 × 2
        ("0N" + "0" * 15, "9"),  # 23 × 17 = 391
        ("0O" + "0" * 15, "5"),  # 25 × 17 = 425: the Ñ has its place between N and O
        ("0" * 16 + "Z", "8"),  # 36 × 2 = 72
        ("A0000000000000000", "0"),  # 10 × 18 = 180
    ],
)
def test_digito_curp(curp17, digito):
    assert digito_curp(curp17) == digito


@pytest.mark.parametrize(
    "curp17", ["", "0" * 16, "0" * 18, "0" * 16 + "Ñ", "0" * 16 + "a", "0" * 16 + "٣", "0" * 17 + "\n"]
)
def test_digito_curp_pide_17_caracteres(curp17):
    with pytest.raises(ValueError, match="17 characters"):
        digito_curp(curp17)


def test_digito_nss_es_luhn():
    assert digito_nss("7992739871") == "3"  # the usual textbook example
    assert digito_nss("0000000000") == "0"
    assert digito_nss("9924060123") == "9"


@pytest.mark.parametrize("nss10", ["", "1" * 9, "1" * 11, "1" * 9 + "A", "1" * 9 + "٣", "1" * 10 + "\n"])
def test_digito_nss_pide_10_cifras(nss10):
    with pytest.raises(ValueError, match="10 digits"):
        digito_nss(nss10)


@propiedad
@given(curps(), st.integers(1, 9))
def test_otro_digito_en_la_curp_siempre_se_nota(curp, paso):
    error = error_curp(curp[:17] + str((int(curp[17]) + paso) % 10))
    assert error.code == "digito" and tramo(error) == (17, 18)


@propiedad
@given(curps(), st.sampled_from([5, 7, 9]), st.integers(1, 9))
def test_otra_cifra_en_el_anio_el_mes_o_el_dia_siempre_se_nota(curp, posicion, paso):
    # Weights 13, 11 and 9 have no factor in common with ten. Others do: see the next test.
    otra = str((int(curp[posicion]) + paso) % 10)
    assert error_curp(curp[:posicion] + otra + curp[posicion + 1 :]).code in ("fecha", "digito")


def test_el_digito_no_ve_la_decena_del_dia():
    # Its weight is ten: the limits of the scheme, and a reason why the registry has the last word.
    otro_dia = CURP_1988[:8] + "27" + CURP_1988[10:]
    assert validar_curp(otro_dia, HOY) == otro_dia


@propiedad
@given(cifras_nss, st.integers(0, 10), st.integers(1, 9))
def test_luhn_nota_cualquier_cifra_distinta(nss10, posicion, paso):
    nss = con_luhn(nss10)
    assert validar_nss(nss) == nss
    error = error_nss(nss[:posicion] + str((int(nss[posicion]) + paso) % 10) + nss[posicion + 1 :])
    assert error.code == "digito" and tramo(error) == (10, 11)


# --- What is accepted ---------------------------------------------------------------------------------------


@propiedad
@given(curps(nombres_cualesquiera))
def test_raiz_mas_homoclave_mas_digito_es_valida(curp):
    assert validar_curp(curp, HOY) == curp


@propiedad
@given(st.data(), curps())
def test_curp_perdona_espacios_guiones_y_minusculas(data, curp):
    texto = con_relleno(data.draw, curp)
    assert normalizar_curp(texto) == validar_curp(texto, HOY) == curp
    assert validar_curp(validar_curp(texto, HOY), HOY) == curp


@propiedad
@given(st.data(), cifras_nss)
def test_nss_perdona_espacios_y_guiones(data, nss10):
    texto = con_relleno(data.draw, con_luhn(nss10))
    assert normalizar_nss(texto) == validar_nss(texto) == con_luhn(nss10)
    assert validar_nss(validar_nss(texto)) == con_luhn(nss10)


@propiedad
@given(st.text())
def test_normalizar_dos_veces_es_normalizar_una(texto):
    assert normalizar_curp(normalizar_curp(texto)) == normalizar_curp(texto)


@pytest.mark.parametrize("sexo", "HMX")
@pytest.mark.parametrize("entidad", ["NE", "DF", "NL"])
def test_lo_que_dice_una_curp(sexo, entidad):
    curp = con_digito(f"EERC070228{sexo}{entidad}JSTA")
    assert validar_curp(curp, HOY) == curp
    assert (nacimiento_curp(curp), sexo_curp(curp), entidad_curp(curp)) == (date(2007, 2, 28), sexo, entidad)


def test_la_homoclave_dice_el_siglo():
    assert nacimiento_curp(con_digito("EERC990228MDFJST0")) == date(1999, 2, 28)
    assert nacimiento_curp(con_digito("EERC000229MDFJSTA")) == date(2000, 2, 29)
    assert nacimiento_curp(con_digito("EERC100228MDFJST9")) == date(1910, 2, 28)
    assert nacimiento_curp(con_digito("EERC100228MDFJSTZ")) == date(2010, 2, 28)


def test_hoy_ya_se_puede_haber_nacido_y_maniana_no():
    assert validar_curp(con_digito("EERC261119MDFJSTA"), HOY)
    assert error_curp(con_digito("EERC261120MDFJSTA")).code == "fecha"


def test_sin_fecha_se_usa_la_del_sistema():
    hoy = date.today()
    assert validar_curp(con_digito(f"EERC{hoy:%y%m%d}MDFJSTA"))
    pasado_maniana = hoy + timedelta(days=2)
    with pytest.raises(ValidationError) as excepcion:
        validar_curp(con_digito(f"EERC{pasado_maniana:%y%m%d}MDFJSTA"))
    assert excepcion.value.code == "fecha"


@pytest.mark.parametrize("prefijo", ["00", "01", "28", "97", "99"])
def test_nss_de_cualquier_prefijo(prefijo):
    assert validar_nss(con_luhn(f"{prefijo}24060123"))


# --- What is refused, and the words of it -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texto", "mensaje"),
    [
        ("", "Escribe tu CURP."),
        (" - \u200b", "Escribe tu CURP."),
        ("E", "Tu CURP tiene 1 carácter y debe tener 18: faltan 17."),
        (CURP[:17], "Tu CURP tiene 17 caracteres y debe tener 18: falta uno."),
        (CURP + "0", "Tu CURP tiene 19 caracteres y debe tener 18: sobra uno."),
        (CURP + "00", "Tu CURP tiene 20 caracteres y debe tener 18: sobran 2."),
        (CURP + "\x00", "Tu CURP tiene 19 caracteres y debe tener 18: sobra uno."),
        ("A" * 10_240, "Tu CURP tiene 10,240 caracteres y debe tener 18: sobran 10,222."),
    ],
)
def test_longitud_de_la_curp(texto, mensaje):
    error = error_curp(texto)
    assert (error.code, leyenda(error)) == ("longitud", mensaje)


@pytest.mark.parametrize(
    ("texto", "mensaje"),
    [
        ("", "Escribe tu NSS."),
        (NSS[:10], "Tu NSS tiene 10 dígitos y debe tener 11: falta uno."),
        (NSS + "12", "Tu NSS tiene 13 dígitos y debe tener 11: sobran 2."),
        ("x", "Tu NSS tiene 1 carácter y debe tener 11: faltan 10."),
        (NSS + "x", "Tu NSS tiene 12 caracteres y debe tener 11: sobra uno."),
    ],
)
def test_longitud_del_nss(texto, mensaje):
    error = error_nss(texto)
    assert (error.code, leyenda(error)) == ("longitud", mensaje)


@pytest.mark.parametrize(
    ("posicion", "escrito", "mensaje"),
    [
        (1, "7", "En la posición 1 va una letra, no «7»."),
        (2, "B", "En la posición 2 va una vocal o X, no «B»."),
        (4, "%", "En la posición 4 va una letra, no «%»."),
        (5, "O", "En la posición 5 va un número, no «O»: ¿es un cero?"),
        (6, "l", "En la posición 6 va un número, no «L»: ¿es un uno?"),
        (7, "٣", "En la posición 7 va un número, no «٣»."),
        (8, "２", "En la posición 8 va un número, no «２»."),
        (9, "\u0301", "En la posición 9 va un número."),
        (10, "\x00", "En la posición 10 va un número."),
        (10, "\ud800", "En la posición 10 va un número."),
        (11, "F", "En la posición 11 va H, M o X, no «F»."),
        (11, "Ñ", "En la posición 11 va H, M o X, no «Ñ»."),
        (12, "0", "En la posición 12 va una letra, no «0»."),
        (14, "A", "En la posición 14 va una consonante, no «A»."),
        (14, "O", "En la posición 14 va una consonante, no «O»."),
        (17, "ſ", "En la posición 17 va un número o una letra, no «ſ»."),
        (18, "I", "En la posición 18 va un número, no «I»: ¿es un uno?"),
        (1, "Ñ", "En la CURP no se usa la Ñ: en su lugar va una X."),
        (3, "ñ", "En la CURP no se usa la Ñ: en su lugar va una X."),
        (14, "n\u0303", "En la CURP no se usa la Ñ: en su lugar va una X."),
    ],
)
def test_formato_de_la_curp(posicion, escrito, mensaje):
    error = error_curp(CURP[: posicion - 1] + escrito + CURP[posicion:])
    assert (error.code, leyenda(error)) == ("formato", mensaje)
    assert tramo(error) == (posicion - 1, posicion)


def test_formato_del_nss():
    error = error_nss(NSS[:3] + "O" + NSS[4:])
    assert (error.code, leyenda(error)) == ("formato", "En la posición 4 va un número, no «O»: ¿es un cero?")
    assert tramo(error) == (3, 4)
    assert leyenda(error_nss("Ñ" + NSS[1:])) == "En la posición 1 va un número, no «Ñ»."


@propiedad
@given(curps(), st.integers(0, 17), st.characters(min_codepoint=128))
@example(CURP, 0, "ß")  # the traps of str.upper(), of NFKC and of str.isdigit()
@example(CURP_1988, 15, "ſ")
@example(con_digito("IERC070228MDFJSTA"), 0, "ı")
@example(con_digito("KERC070228MDFJSTA"), 0, "\u212a")
@example(CURP, 0, "Ｅ")
@example(CURP, 4, "٠")
def test_nada_fuera_de_ascii_pasa_por_letra_o_numero(curp, posicion, caracter):
    error = error_curp(curp[:posicion] + caracter + curp[posicion + 1 :])
    assert error.code in ("longitud", "formato")


@propiedad
@given(cifras_nss, st.integers(0, 10), st.characters(min_codepoint=128))
@example("1" * 10, 0, "１")
@example("1" * 10, 0, "١")
@example("1" * 10, 0, "¹")
def test_solo_las_cifras_ascii_son_cifras_del_nss(nss10, posicion, caracter):
    nss = con_luhn(nss10)
    assert error_nss(nss[:posicion] + caracter + nss[posicion + 1 :]).code in ("longitud", "formato")


@pytest.mark.parametrize("palabra", sorted(REEMPLAZOS))
def test_palabra_con_la_que_ninguna_curp_empieza(palabra):
    curp = con_digito(f"{palabra}070228MDFJSTA")
    if palabra == "VACA":
        assert validar_curp(curp, HOY) == curp
        return
    error = error_curp(curp)
    assert (error.code, tramo(error)) == ("palabra", (0, 4))
    assert "revísala; si es la tuya, acude a la subdelegación" in leyenda(error)
    assert "falsa" not in leyenda(error) and palabra not in leyenda(error)


@pytest.mark.parametrize("codigo", ["CX", "EM", "ZZ", "MX"])
def test_entidad_desconocida(codigo):
    error = error_curp(con_digito(f"EERC070228M{codigo}JSTA"))
    assert (error.code, tramo(error)) == ("entidad", (11, 13))
    assert f"«{codigo}» no es ninguna" in leyenda(error)


@pytest.mark.parametrize(
    ("fecha", "homoclave", "mensaje"),
    [
        ("070231", "A", "La fecha de tu CURP no existe: el 31 de febrero"),
        ("880230", "0", "La fecha de tu CURP no existe: el 30 de febrero"),
        ("880431", "0", "La fecha de tu CURP no existe: el 31 de abril"),
        ("880500", "0", "La fecha de tu CURP no existe: el 0 de mayo"),
        ("881301", "0", "La fecha de tu CURP no existe: no hay un mes 13"),
        ("880001", "0", "La fecha de tu CURP no existe: no hay un mes 0"),
        ("070229", "A", "La fecha de tu CURP no existe: el 29 de febrero de 2007"),
        ("000229", "0", "La fecha de tu CURP no existe: el 29 de febrero de 1900"),
        (
            "910505",
            "O",
            "La fecha de tu CURP todavía no llega: el 5 de mayo de 2091. Si naciste en 1991, en la posición "
            "17 va un número, no «O».",
        ),
    ],
)
def test_fecha_imposible_o_futura(fecha, homoclave, mensaje):
    error = error_curp(con_digito(f"EERC{fecha}MDFJST{homoclave}"))
    assert (error.code, leyenda(error), tramo(error)) == ("fecha", mensaje, (4, 10))


def test_fecha_futura_de_quien_nacio_en_el_siglo_xx():
    with pytest.raises(ValidationError) as excepcion:
        validar_curp(CURP_1988, date(1980, 1, 1))
    assert leyenda(excepcion.value) == "La fecha de tu CURP todavía no llega: el 17 de mayo de 1988"


@propiedad
@given(curps(), st.integers(1, 9))
def test_el_mensaje_del_digito_no_dice_cual_era(curp, paso):
    error = error_curp(curp[:17] + str((int(curp[17]) + paso) % 10))
    assert not set(leyenda(error)) & set(string.digits)
    assert set(error.params) == {"inicio", "fin"}


def test_mensajes_del_digito():
    curp = CURP[:17] + str((int(CURP[17]) + 1) % 10)
    nss = NSS[:10] + str((int(NSS[10]) + 1) % 10)
    for numero, error in (("CURP", error_curp(curp)), ("NSS", error_nss(nss))):
        assert leyenda(error) == (
            f"El último carácter de tu {numero} no coincide con los demás: compáralos con tu documento."
        )


@propiedad
@given(st.sets(st.sampled_from(ORDEN_CURP)), st.sampled_from(["070231", "071301", "990101"]))
def test_de_varias_faltas_se_dice_la_primera(faltas, fecha):
    curp = CURP[:17]
    if "palabra" in faltas:
        curp = "PEDO" + curp[4:]
    if "entidad" in faltas:
        curp = curp[:11] + "ZZ" + curp[13:]
    if "fecha" in faltas:
        curp = curp[:4] + fecha + curp[10:]
    curp = con_digito(curp)
    if "digito" in faltas:
        curp = curp[:17] + str((int(curp[17]) + 1) % 10)
    if "formato" in faltas:
        curp = curp[:15] + "Ñ" + curp[16:]
    if "longitud" in faltas:
        curp += "0"
    esperado = next((codigo for codigo in ORDEN_CURP if codigo in faltas), None)
    if esperado is None:
        assert validar_curp(curp, HOY) == curp
    else:
        assert error_curp(curp).code == esperado


# --- No text breaks it --------------------------------------------------------------------------------------

cualquier_texto = (
    st.text()
    | st.text(st.characters())  # lone surrogates too
    | st.binary().map(lambda octetos: octetos.decode("latin-1"))
    | st.binary().map(lambda octetos: octetos.decode("utf-8", "surrogateescape"))
    | st.text(min_size=18, max_size=18)
    | st.text(string.printable + "Ñ\x00", min_size=11, max_size=18)
    | st.builds(lambda trozo: (trozo * 10_240)[:10_240], st.text(min_size=1, max_size=9))
)


def revisar_error(error: ValidationError, codigos: tuple[str, ...], texto: str) -> None:
    assert error.code in codigos
    mensaje = leyenda(error)
    assert mensaje.isprintable() and "%(" not in mensaje and len(mensaje) < 200
    mensaje.encode()
    if error.code != "longitud":
        inicio, fin = tramo(error)
        assert 0 <= inicio < fin <= len(normalizar_curp(texto))


@propiedad
@given(cualquier_texto)
def test_ningun_texto_rompe_la_curp(texto):
    try:
        curp = validar_curp(texto, HOY)
    except ValidationError as error:
        revisar_error(error, ORDEN_CURP, texto)
    else:
        assert re.fullmatch(CURP_REGEX, curp)


@propiedad
@given(cualquier_texto)
def test_ningun_texto_rompe_el_nss(texto):
    try:
        nss = validar_nss(texto)
    except ValidationError as error:
        revisar_error(error, ORDEN_NSS, texto)
    else:
        assert re.fullmatch(NSS_REGEX, nss)


@propiedad
@given(curps(), st.integers(0, 17), cualquier_texto)
def test_ningun_texto_dentro_de_una_curp_la_rompe(curp, posicion, texto):
    entero = curp[:posicion] + texto + curp[posicion + 1 :]
    try:
        validar_curp(entero, HOY)
    except ValidationError as error:
        revisar_error(error, ORDEN_CURP, entero)


# --- The root of a CURP -------------------------------------------------------------------------------------


def raiz(nombres: str, primero: str, segundo: str | None = None) -> str:
    return raiz_curp(nombres, primero, segundo, date(2007, 2, 28), "M", "DF")


def siete(nombres: str, primero: str, segundo: str | None = None) -> str:
    """The four letters and the three consonants, the part that names decide."""
    completa = raiz(nombres, primero, segundo)
    assert completa[4:13] == "070228MDF"
    return completa[:4] + completa[13:]


@pytest.mark.parametrize(
    ("nombres", "primero", "segundo", "letras"),
    [
        # The Instructivo's own examples
        ("ALBERTO", "ÑANDO", "RODRIGUEZ", "XARA"),
        ("CARLOS", "MC GREGOR", "LOPEZ", "GELC"),
        ("ANDRES", "ICH", "RODRIGUEZ", "IXRA"),
        ("LUIS", "PEREZ", "", "PEXL"),
        ("MARIA LUISA", "PEREZ", "HERNANDEZ", "PEHL"),
    ],
)
def test_ejemplos_del_instructivo(nombres, primero, segundo, letras):
    assert raiz(nombres, primero, segundo)[:4] == letras


@pytest.mark.parametrize(
    ("nombres", "primero", "segundo", "letras"),
    [
        ("Citlali", "Ejemplo", "Rosas", "EERCJST"),
        ("citlali", "ejemplo", "rosas", "EERCJST"),
        # Missing parts
        ("Citlali", "Ejemplo", "", "EEXCJXT"),
        ("Citlali", "Ejemplo", None, "EEXCJXT"),
        ("Citlali", "Ejemplo", "  ", "EEXCJXT"),
        ("Eo", "Ae", "Io", "AEIEXXX"),
        ("A", "E", "I", "EXIAXXX"),
        ("", "", "", "XXXXXXX"),
        # Accents and Ü are the plain letter; Ñ is an X wherever it counts, composed or not
        ("Ángel", "Güemes", "Óñate", "GUOAMXN"),
        ("Ángel", "Núñez", "Muñoz", "NUMAXXN"),
        ("A\u0301ngel", "Nu\u0301n\u0303ez", "Mun\u0303oz", "NUMAXXN"),
        ("Íñigo", "Ejemplo", "Ñandú", "EEXIJNX"),
        # Compound given names
        ("José Luis", "Ejemplo", "Rosas", "EERLJSS"),
        ("Ma. Citlali", "Ejemplo", "Rosas", "EERCJST"),
        ("Ma Citlali", "Ejemplo", "Rosas", "EERCJST"),
        ("M. Citlali", "Ejemplo", "Rosas", "EERCJST"),
        ("M Citlali", "Ejemplo", "Rosas", "EERCJST"),
        ("J. Luis", "Ejemplo", "Rosas", "EERLJSS"),
        ("J Luis", "Ejemplo", "Rosas", "EERLJSS"),
        ("María de los Ángeles", "Ejemplo", "Rosas", "EERAJSN"),
        ("María del Carmen", "Ejemplo", "Rosas", "EERCJSR"),
        ("María José", "Ejemplo", "Rosas", "EERJJSS"),
        ("José María", "Ejemplo", "Rosas", "EERMJSR"),
        ("Luis María", "Ejemplo", "Rosas", "EERLJSS"),
        ("María", "Ejemplo", "Rosas", "EERMJSR"),
        ("José", "Ejemplo", "Rosas", "EERJJSS"),
        ("Ma.", "Ejemplo", "Rosas", "EERMJSX"),
        ("María del", "Ejemplo", "Rosas", "EERMJSR"),
        ("Mariana Luisa", "Ejemplo", "Rosas", "EERMJSR"),
        # Particles and compound surnames
        ("Citlali", "De la Rosa", "Del Río y Ejemplo", "RORCSXT"),
        ("Citlali", "Riva Palacio", "Van der Ejemplo", "RIECVJT"),
        ("Citlali", "Y Ejemplo", "Von Mac Rosas", "EERCJST"),
        ("Citlali", "Delgado", "Lara", "DELCLRT"),
        ("Citlali", "Le", "De la", "LELCXXT"),
        ("Citlali", "Van", "Mc", "VAMCNCT"),
        # Signs: a letter (X) among the first four, nothing for the consonants
        ("Juan", "D/Amico", "Rosas", "DXRJMSN"),
        ("Juan", "D'Amico", "O.Rosas", "DXOJMRN"),
        ("Juan", "D-Amico", "'t Rosas", "DXXJMTN"),
        ("Juan", "D.Amico", "-", "DXXJMXN"),
        ("Juan", "D’Amico", "/Rosas", "DXXJMRN"),
        ("Juan", "Ejemplo-Rosas", "Rosas-Ejemplo", "EERJJSN"),
        ("'Juan", "A'a", "Rosas", "AXRXXSJ"),
    ],
)
def test_raiz(nombres, primero, segundo, letras):
    assert siete(nombres, primero, segundo) == letras


@pytest.mark.parametrize(("palabra", "reemplazo"), REEMPLAZOS.items())
def test_palabra_que_se_reemplaza(palabra, reemplazo):
    v, w, x, y = palabra
    assert raiz(y + "az", v + w + "z", x + "az")[:4] == reemplazo


@pytest.mark.parametrize(
    ("sexo", "entidad"), [("F", "DF"), ("", "DF"), ("HM", "DF"), ("h", "DF"), ("H", "CX"), ("H", "")]
)
def test_raiz_rechaza_un_sexo_o_una_entidad_que_no_hay(sexo, entidad):
    with pytest.raises(ValueError, match="unknown"):
        raiz_curp("Citlali", "Ejemplo", "Rosas", date(2007, 2, 28), sexo, entidad)


@propiedad
@given(fechas, st.sampled_from("HMX"), st.sampled_from(sorted(ENTIDADES)))
def test_la_raiz_guarda_fecha_sexo_y_entidad(nacimiento, sexo, entidad):
    obtenida = raiz_curp("Citlali", "Ejemplo", "Rosas", nacimiento, sexo, entidad)
    assert obtenida == f"EERC{nacimiento:%y%m%d}{sexo}{entidad}JST"


@propiedad
@given(st.lists(st.text("EIOUBCDFG", min_size=1, max_size=9), min_size=3, max_size=3))
def test_las_letras_salen_de_donde_se_dice(partes):
    nombre, primero, segundo = partes
    # With these letters nobody is MARIA or JOSE, four particles can be written and so can refused words.
    assume(not {"DE", "DI", "DIE", "DD"} & set(partes))
    letras = siete(nombre, primero, segundo)
    assert (letras[0], letras[2], letras[3]) == (primero[0], segundo[0], nombre[0])
    vocal = next((c for c in primero[1:] if c in VOCALES), "X")
    sin_cambio = primero[0] + vocal + segundo[0] + nombre[0]
    assert letras[:4] == REEMPLAZOS.get(sin_cambio, sin_cambio)
    for parte, consonante in zip((primero, segundo, nombre), letras[4:], strict=True):
        assert consonante == next((c for c in parte[1:] if c in CONSONANTES), "X")


# --- Composing an NSS ---------------------------------------------------------------------------------------


def test_componer_nss():
    assert componer_nss("99", 2024, 2006, 123) == "99240601239"
    assert componer_nss("01", 2000, 1999, 0)[:10] == "0100990000"
    assert componer_nss("99", 24, 6, 123) == componer_nss("99", 2024, 2006, 123)


@propiedad
@given(
    st.text(string.digits, min_size=2, max_size=2),
    st.integers(1900, 2099),
    st.integers(1900, 2099),
    st.integers(0, 9999),
)
def test_el_nss_compuesto_es_valido_y_se_lee_por_partes(prefijo, registro, nacimiento, consecutivo):
    nss = validar_nss(componer_nss(prefijo, registro, nacimiento, consecutivo))
    assert nss[:2] == prefijo
    assert [int(nss[2:4]), int(nss[4:6]), int(nss[6:10])] == [registro % 100, nacimiento % 100, consecutivo]


@pytest.mark.parametrize(
    ("partes", "motivo"),
    [
        (("9", 2024, 2006, 1), "prefijo"),
        (("999", 2024, 2006, 1), "prefijo"),
        (("9A", 2024, 2006, 1), "prefijo"),
        (("٩٩", 2024, 2006, 1), "prefijo"),
        (("99", -1, 2006, 1), "year"),
        (("99", 100, 2006, 1), "year"),
        (("99", 2024, 1899, 1), "year"),
        (("99", 2024, 2100, 1), "year"),
        (("99", 2024, 2006, -1), "consecutivo"),
        (("99", 2024, 2006, 10_000), "consecutivo"),
    ],
)
def test_componer_nss_fuera_de_intervalo(partes, motivo):
    with pytest.raises(ValueError, match=motivo):
        componer_nss(*partes)


# --- Masks --------------------------------------------------------------------------------------------------


def test_enmascarar():
    assert enmascarar_curp("EERC070228MDFJSTA9") == "EERC••••••••••••A9"
    assert enmascarar_nss("99240601239") == "•••••••1239"
    assert enmascarar_correo("citlali@correo.example") == "ci•••@correo.example"


@pytest.mark.parametrize("texto", ["", "EERC", CURP[:17], CURP + "0"])
def test_lo_que_no_es_una_curp_se_oculta_entero(texto):
    assert enmascarar_curp(texto) == "•" * 18


@pytest.mark.parametrize("texto", ["", "1239", NSS[:10], NSS + "0"])
def test_lo_que_no_es_un_nss_se_oculta_entero(texto):
    assert enmascarar_nss(texto) == "•" * 11


@pytest.mark.parametrize(
    ("correo", "mascara"),
    [
        ("", "•••"),
        ("citlali", "•••"),
        ("@correo.example", "•••@correo.example"),
        ("c@correo.example", "•••@correo.example"),
        ("ci@correo.example", "c•••@correo.example"),
        ("cit@correo.example", "c•••@correo.example"),
        ("citl@correo.example", "ci•••@correo.example"),
        ('"a@b"@correo.example', '"a•••@correo.example'),
    ],
)
def test_un_correo_corto_no_se_muestra_entero(correo, mascara):
    assert enmascarar_correo(correo) == mascara
