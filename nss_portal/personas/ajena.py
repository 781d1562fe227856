"""What is wrong with a CURP or an NSS, said to whoever writes somebody else's: a school, a loader.

`identidad` speaks to the number's owner. Its word on the form («En la posición 5 va un número, no «O»») is
good for both.
"""

from django.core.exceptions import ValidationError

_CURP = {
    "longitud": "La CURP debe tener 18 caracteres.",
    "palabra": "La CURP empieza con cuatro letras que el registro de población no asigna.",
    "entidad": "La entidad de la CURP (posiciones 12 y 13) no existe.",
    "fecha": "La fecha de la CURP no existe o todavía no llega.",
    "digito": "El último carácter de la CURP no coincide con los demás.",
}
_NSS = {
    "longitud": "El NSS debe tener 11 números.",
    "digito": "El último número del NSS no coincide con los demás.",
}


def decir_curp(error: ValidationError) -> str:
    """The sentence for what `identidad.validar_curp` raised."""
    return _CURP.get(error.code or "") or f"CURP: {error.messages[0]}"


def decir_nss(error: ValidationError) -> str:
    """The sentence for what `identidad.validar_nss` raised."""
    return _NSS.get(error.code or "") or f"NSS: {error.messages[0]}"
