"""What a CURP and an NSS are, and why a typed one is not.

Pure knowledge: no database, no settings, no clock but the one a caller may pass. Source of the rules of the
CURP: «Instructivo normativo para la asignación de la CURP». A well-formed number says nothing about its
existence: the registry is the authority on that.

Slices in the errors' ``params`` (``inicio``, ``fin``) count from 0 on the *normalised* text; positions in the
messages count from 1, as people do.
"""

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import NoReturn

from django.core.exceptions import ValidationError

# Code in the CURP -> (name, INEGI key; empty for those born abroad). Mexico City kept the code it had as
# Distrito Federal.
# fmt: off
ENTIDADES: dict[str, tuple[str, str]] = {
    "AS": ("Aguascalientes", "01"), "BC": ("Baja California", "02"), "BS": ("Baja California Sur", "03"),
    "CC": ("Campeche", "04"), "CL": ("Coahuila de Zaragoza", "05"), "CM": ("Colima", "06"),
    "CS": ("Chiapas", "07"), "CH": ("Chihuahua", "08"), "DF": ("Ciudad de México", "09"),
    "DG": ("Durango", "10"), "GT": ("Guanajuato", "11"), "GR": ("Guerrero", "12"), "HG": ("Hidalgo", "13"),
    "JC": ("Jalisco", "14"), "MC": ("México", "15"), "MN": ("Michoacán de Ocampo", "16"),
    "MS": ("Morelos", "17"), "NT": ("Nayarit", "18"), "NL": ("Nuevo León", "19"), "OC": ("Oaxaca", "20"),
    "PL": ("Puebla", "21"), "QT": ("Querétaro", "22"), "QR": ("Quintana Roo", "23"),
    "SP": ("San Luis Potosí", "24"), "SL": ("Sinaloa", "25"), "SR": ("Sonora", "26"), "TC": ("Tabasco", "27"),
    "TS": ("Tamaulipas", "28"), "TL": ("Tlaxcala", "29"), "VZ": ("Veracruz de Ignacio de la Llave", "30"),
    "YN": ("Yucatán", "31"), "ZS": ("Zacatecas", "32"), "NE": ("Nacido en el extranjero", ""),
}
# fmt: on

# Only syntax that Python and PostgreSQL read alike: these two also become CHECK constraints.
CURP_REGEX = (
    "^[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HMX](" + "|".join(ENTIDADES) + ")[B-DF-HJ-NP-TV-Z]{3}[0-9A-Z][0-9]$"
)
NSS_REGEX = "^[0-9]{11}$"

_LETRAS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITOS = "0123456789"
_VOCALES = "AEIOU"
_CONSONANTES = "BCDFGHJKLMNPQRSTVWXYZ"

# One sign per position, and what each sign admits. Looser than CURP_REGEX in one thing: any two letters pass
# for the entidad, because an unknown one deserves an explanation of its own.
_FORMA_CURP = "LVLLNNNNNNSLLCCCAN"
_FORMA_NSS = "N" * 11
_CLASES = {
    "L": (_LETRAS, "una letra"),
    "V": (_VOCALES + "X", "una vocal o X"),
    "C": (_CONSONANTES, "una consonante"),
    "S": ("HMX", "H, M o X"),
    "N": (_DIGITOS, "un número"),
    "A": (_DIGITOS + _LETRAS, "un número o una letra"),
}
# Cards print the English initials; X stays X.
_SEXO_IMPRESO = {"H": "M", "M": "F"}
# What was probably meant by a letter where a digit goes. L, because a lower case l looks like a one.
_PARECIDOS = {"O": "un cero", "I": "un uno", "L": "un uno"}

# The Instructivo's annex of words that no CURP may begin with.
_PALABRAS = frozenset(
    """
    BACA BAKA BUEI BUEY CACA CACO CAGA CAGO CAKA CAKO COGE COGI COJA COJE COJI COJO COLA CULO FALO FETO GETA
    GUEI GUEY JETA JOTO KACA KACO KAGA KAGO KAKA KAKO KOGE KOGI KOJA KOJE KOJI KOJO KOLA KULO LILO LOCA LOCO
    LOKA LOKO MAME MAMO MEAR MEAS MEON MIAR MION MOCO MOKO MULA MULO NACA NACO PEDA PEDO PENE PIPI PITO POPO
    PUTA PUTO QULO RATA ROBA ROBE ROBO RUIN SENO TETA VACA VAGA VAGO VAKA VUEI VUEY WUEI WUEY
    """.split()
)
# Real people hold a CURP that begins with VACA, so it is changed when a CURP is built but not refused.
_PALABRAS_RECHAZADAS = _PALABRAS - {"VACA"}

_PARTICULAS = frozenset("DA DAS DE DEL DER DI DIE DD EL LA LOS LAS LE LES MAC MC VAN VON Y".split())
_NOMBRES_COMUNES = frozenset("MARIA MA MA. M M. JOSE J J.".split())

_MESES = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()

# Ñ has a place in the alphabet of the check digit, though it never appears in a CURP: it shifts O to Z.
ALFABETO_CURP = _DIGITOS + "ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
_VALOR = {letra: valor for valor, letra in enumerate(ALFABETO_CURP)}

# White space of any alphabet, dashes, and the invisible marks (soft hyphen, zero width, direction, BOM) that
# come along when a number is pasted from a PDF or a chat.
_RELLENO = re.compile(
    r"[\s\-\u00ad\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d"
    r"\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+"
)
# str.upper() would turn ß into SS, ı into I and ſ into S: what was wrong would pass for right.
_MAYUSCULAS = str.maketrans(_LETRAS.lower(), _LETRAS)


def normalizar_curp(texto: str) -> str:
    """Upper case (ASCII only) and without spaces, dashes and invisible characters; it does not validate."""
    # A Ñ typed as N plus tilde is one letter to the person who typed it, and so to the messages.
    return _RELLENO.sub("", texto).translate(_MAYUSCULAS).replace("N\u0303", "Ñ")


def normalizar_nss(texto: str) -> str:
    """The same forgiveness as ``normalizar_curp``; only ASCII digits are digits of an NSS."""
    return normalizar_curp(texto)


def validar_curp(texto: str, hoy: date | None = None) -> str:
    """Return the normalised CURP, or raise ``ValidationError``.

    Its ``code`` is the first that applies of ``longitud``, ``formato``, ``palabra``, ``entidad``, ``fecha``
    and ``digito``. Its ``params`` carry ``inicio`` and ``fin``, the slice at fault (``longitud``: ``tiene``
    and ``debe``). ``hoy`` is the day after which nobody has been born yet; by default, the system's.
    """
    curp = normalizar_curp(texto)
    _revisar_longitud(curp, "CURP", len(_FORMA_CURP))
    _revisar_forma(curp, _FORMA_CURP)
    if curp[:4] in _PALABRAS_RECHAZADAS:
        _rechazar(
            "palabra",
            "Tu CURP empieza con cuatro letras que el registro de población no asigna: revísala; si es la "
            "tuya, acude a la subdelegación.",
            0,
            4,
        )
    if entidad_curp(curp) not in ENTIDADES:
        _rechazar(
            "entidad",
            f"En las posiciones 12 y 13 va la entidad donde naciste y «{entidad_curp(curp)}» no es ninguna. "
            "La Ciudad de México es DF; el extranjero, NE.",
            11,
            13,
        )
    _revisar_fecha(curp, hoy or date.today())
    _revisar_digito(curp, "CURP", digito_curp(curp[:17]))
    return curp


def validar_nss(texto: str) -> str:
    """Return the 11 digits, or raise ``ValidationError`` (``longitud``, ``formato`` or ``digito``).

    Any prefix is good: the NSS may have been given anywhere in the country, at any time.
    """
    nss = normalizar_nss(texto)
    _revisar_longitud(nss, "NSS", len(_FORMA_NSS))
    _revisar_forma(nss, _FORMA_NSS)
    _revisar_digito(nss, "NSS", digito_nss(nss[:10]))
    return nss


def nacimiento_curp(curp: str) -> date:
    """Date of birth in a valid CURP. The homoclave tells the century: digit 19YY, letter 20YY."""
    return date(_anio_curp(curp), int(curp[6:8]), int(curp[8:10]))


def sexo_curp(curp: str) -> str:
    """``H``, ``M`` or ``X`` in a valid CURP."""
    return curp[10]


def entidad_curp(curp: str) -> str:
    """Two-letter code of the entidad of birth in a valid CURP: a key of ``ENTIDADES``."""
    return curp[11:13]


def digito_curp(curp17: str) -> str:
    """Check digit for the first 17 characters (0-9, A-Z); ``ValueError`` for anything else."""
    if not re.fullmatch("[0-9A-Z]{17}", curp17):
        raise ValueError("expected 17 characters, 0-9 or A-Z")
    suma = sum(_VALOR[caracter] * (18 - i) for i, caracter in enumerate(curp17))
    return str(-suma % 10)


def digito_nss(nss10: str) -> str:
    """Luhn check digit for the first 10 digits; ``ValueError`` for anything else."""
    if not re.fullmatch("[0-9]{10}", nss10):
        raise ValueError("expected 10 digits")
    # With ten digits, Luhn's «every second digit from the right» are the odd indexes.
    suma = sum(sum(divmod(int(cifra) * (1 + i % 2), 10)) for i, cifra in enumerate(nss10))
    return str(-suma % 10)


def componer_nss(prefijo: str, anio_registro: int, anio_nacimiento: int, consecutivo: int) -> str:
    """The 11 digits of an NSS, check digit included.

    ``prefijo`` has two digits; a year is whole (1900 to 2099) or already its last two digits (0 to 99);
    ``consecutivo`` goes from 0 to 9999. Anything else is a ``ValueError``.
    """
    if not re.fullmatch("[0-9]{2}", prefijo):
        raise ValueError("prefijo: expected two digits")
    for anio in (anio_registro, anio_nacimiento):
        if not (0 <= anio <= 99 or 1900 <= anio <= 2099):
            raise ValueError(f"year out of range: {anio}")
    if not 0 <= consecutivo <= 9999:
        raise ValueError(f"consecutivo out of range: {consecutivo}")
    nss10 = f"{prefijo}{anio_registro % 100:02d}{anio_nacimiento % 100:02d}{consecutivo:04d}"
    return nss10 + digito_nss(nss10)


def raiz_curp(
    nombres: str,
    primer_apellido: str,
    segundo_apellido: str | None,
    nacimiento: date,
    sexo: str,
    entidad: str,
) -> str:
    """The first 16 characters of a person's CURP; the registry assigns the homoclave.

    Names as in the birth certificate: any case, with accents; no second surname is ``""`` or ``None``.
    ``ValueError`` for a ``sexo`` other than H, M, X or an ``entidad`` that is not in ``ENTIDADES``.
    """
    if sexo not in ("H", "M", "X"):
        raise ValueError(f"unknown sexo: {sexo!r}")
    if entidad not in ENTIDADES:
        raise ValueError(f"unknown entidad: {entidad!r}")
    cuatro, consonantes = _letras(nombres, primer_apellido, segundo_apellido or "")
    # Not strftime: its %y is the platform's, and so is what it does with old years.
    fecha = f"{nacimiento.year % 100:02d}{nacimiento.month:02d}{nacimiento.day:02d}"
    return f"{cuatro}{fecha}{sexo}{entidad}{consonantes}"


def contradice_a_su_curp(curp: str, nombres: str, primer_apellido: str, segundo_apellido: str) -> bool:
    """Whether these names would give other letters; no proof: the registry's own CURPs are not all so."""
    return (curp[:4], curp[13:16]) != _letras(nombres, primer_apellido, segundo_apellido)


def agregado_medico(sexo: str, nacimiento: date) -> str:
    """The 8 characters asked for beside the NSS: holder, sex as cards print it, year of birth, student."""
    return f"1{_SEXO_IMPRESO.get(sexo, sexo)}{nacimiento.year:04d}ES"


def enmascarar_curp(curp: str) -> str:
    """``EERC••••••••••••A5``: its owner can recognise it. What has no 18 characters is hidden whole."""
    return f"{curp[:4]}{'•' * 12}{curp[-2:]}" if len(curp) == 18 else "•" * 18


def enmascarar_nss(nss: str) -> str:
    """Seven dots and the last four digits. What has no 11 characters is hidden whole."""
    return f"{'•' * 7}{nss[-4:]}" if len(nss) == 11 else "•" * 11


def ultimos_de_curp(curp: str) -> str:
    """``••••••••••••••RLA4``: to compare with a paper in hand."""
    return f"{'•' * 14}{curp[-4:]}" if len(curp) == 18 else "•" * 18


def nombre_e_iniciales(nombre: str) -> str:
    """``Carlos E. F.``: for whoever holds the paper that says it whole."""
    primero, *demas = nombre.split()
    return " ".join([primero, *(f"{palabra[0]}." for palabra in demas)])


def enmascarar_nombre(nombre: str) -> str:
    """``C••• E••• R•••``: enough to compare with the paper in hand."""
    return " ".join(f"{palabra[0]}•••" for palabra in nombre.split())


def enmascarar_correo(correo: str) -> str:
    """``ci•••@correo.example``: always three dots, so that they do not tell the length of what they hide."""
    local, arroba, dominio = correo.rpartition("@")
    if not arroba:
        return "•••"
    # Never more than half of a short name.
    return f"{local[: min(2, len(local) // 2)]}•••@{dominio}"


def enmascarar_correo_ajeno(correo: str) -> str:
    """For whoever may not know whose it is: «l•••@c•••.mx»."""
    buzon, _, dominio = correo.partition("@")
    return f"{buzon[:1]}•••@{dominio[:1]}•••.{dominio.rpartition('.')[2]}"


def _rechazar(codigo: str, mensaje: str, inicio: int, fin: int, **datos: str) -> NoReturn:
    raise ValidationError(mensaje, code=codigo, params={"inicio": inicio, "fin": fin, **datos})


def _revisar_longitud(texto: str, numero: str, debe: int) -> None:
    tiene = len(texto)
    if tiene == debe:
        return
    if not tiene:
        raise ValidationError(f"Escribe tu {numero}.", code="longitud", params={"tiene": 0, "debe": debe})
    uno, varios = ("dígito", "dígitos") if numero == "NSS" and texto.isdigit() else ("carácter", "caracteres")
    diferencia = abs(tiene - debe)
    verbo = "falta" if tiene < debe else "sobra"
    raise ValidationError(
        f"Tu {numero} tiene {tiene:,} {uno if tiene == 1 else varios} y debe tener {debe}: "
        + (f"{verbo} uno." if diferencia == 1 else f"{verbo}n {diferencia:,}."),
        code="longitud",
        params={"tiene": tiene, "debe": debe},
    )


def _revisar_forma(texto: str, forma: str) -> None:
    for i, (escrito, clase) in enumerate(zip(texto, forma, strict=True)):
        admitidos, esperado = _CLASES[clase]
        if escrito in admitidos:
            continue
        if escrito in "Ññ" and clase in "LVC":
            mensaje = "En la CURP no se usa la Ñ: en su lugar va una X."
        else:
            mensaje = f"En la posición {i + 1} va {esperado}"
            # A control character, a lone surrogate or a loose accent would spoil the page that shows it.
            if escrito.isprintable() and not unicodedata.category(escrito).startswith("M"):
                mensaje += ", no «%(escrito)s»"
            mensaje += f": ¿es {_PARECIDOS[escrito]}?" if clase == "N" and escrito in _PARECIDOS else "."
        _rechazar("formato", mensaje, i, i + 1, escrito=escrito)


def _revisar_digito(texto: str, numero: str, digito: str) -> None:
    if texto[-1] != digito:
        # Saying which digit was expected would hand out valid numbers to whoever is guessing them.
        mensaje = f"El último carácter de tu {numero} no coincide con los demás: compáralos con tu documento."
        _rechazar("digito", mensaje, len(texto) - 1, len(texto))


def _anio_curp(curp: str) -> int:
    return (1900 if curp[16] in _DIGITOS else 2000) + int(curp[4:6])


def _revisar_fecha(curp: str, hoy: date) -> None:
    anio, mes, dia = _anio_curp(curp), int(curp[6:8]), int(curp[8:10])
    if not 1 <= mes <= 12:
        _rechazar("fecha", f"La fecha de tu CURP no existe: no hay un mes {mes}", 4, 10)
    texto = f"el {dia} de {_MESES[mes - 1]}"
    try:
        fecha = nacimiento_curp(curp)
    except ValueError:
        # Only this day needs its year to be seen as impossible.
        bisiesto = f" de {anio}" if (mes, dia) == (2, 29) else ""
        _rechazar("fecha", f"La fecha de tu CURP no existe: {texto}{bisiesto}", 4, 10)
    if fecha > hoy:
        mensaje = f"La fecha de tu CURP todavía no llega: {texto} de {anio}"
        if curp[16] in _LETRAS:
            # Most often the letter O typed where the homoclave is a zero.
            mensaje += f". Si naciste en {anio - 100}, en la posición 17 va un número, no «{curp[16]}»."
        _rechazar("fecha", mensaje, 4, 10)


def _letras(nombres: str, primer_apellido: str, segundo_apellido: str) -> tuple[str, str]:
    """Characters 1 to 4 of a CURP, and 14 to 16."""
    primero, segundo = _apellido(primer_apellido), _apellido(segundo_apellido)
    nombre = _nombre(nombres)
    cuatro = primero[0] + primero[1] + segundo[0] + nombre[0]
    if cuatro in _PALABRAS:
        cuatro = f"{cuatro[0]}X{cuatro[2:]}"
    return cuatro, primero[2] + segundo[2] + nombre[2]


# Kept for whoever reads a million: few names are many people's.
@lru_cache(maxsize=10_000)
def _apellido(texto: str) -> tuple[str, str, str]:
    return _tres(_palabra_que_cuenta(_palabras(texto)))


@lru_cache(maxsize=10_000)
def _nombre(texto: str) -> tuple[str, str, str]:
    return _tres(_nombre_que_cuenta(_palabras(texto)))


def _tres(palabra: str) -> tuple[str, str, str]:
    return _inicial(palabra), _vocal_interna(palabra), _consonante_interna(palabra)


def _palabras(texto: str) -> list[str]:
    """Upper-case words with plain letters; Ñ already is the X that it becomes wherever it counts."""
    mayusculas = unicodedata.normalize("NFC", texto).upper().replace("Ñ", "X")
    sueltas = unicodedata.normalize("NFD", mayusculas)
    return "".join(c for c in sueltas if not unicodedata.combining(c)).split()


def _palabra_que_cuenta(palabras: list[str]) -> str:
    """The first word that is not a particle; the last one counts whatever it is («Van», «De la»)."""
    return next((p for p in palabras if p not in _PARTICULAS), palabras[-1] if palabras else "")


def _nombre_que_cuenta(palabras: list[str]) -> str:
    """The given name that counts: not a first MARIA or JOSE when another name follows it."""
    nombre = _palabra_que_cuenta(palabras)
    if nombre in _NOMBRES_COMUNES:
        siguientes = palabras[palabras.index(nombre) + 1 :]
        # Skipped once only, as the Instructivo has it: MARIA JOSE is JOSE. Particles alone are not a name.
        if not _PARTICULAS.issuperset(siguientes):
            return _palabra_que_cuenta(siguientes)
    return nombre


def _inicial(palabra: str) -> str:
    """X for a missing word, and for what is not a letter (/ - . ')."""
    return palabra[0] if palabra and palabra[0] in _LETRAS else "X"


def _vocal_interna(palabra: str) -> str:
    """First vowel after the initial. A sign met before it takes its place, as an X: D/AMICO gives DX."""
    candidato = next((c for c in palabra[1:] if c not in _CONSONANTES), "X")
    return candidato if candidato in _VOCALES else "X"


def _consonante_interna(palabra: str) -> str:
    """First consonant after the initial; signs do not count here."""
    return next((c for c in palabra[1:] if c in _CONSONANTES), "X")
