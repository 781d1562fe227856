"""The log, with nobody's numbers in it."""

import logging
import re

# A CURP or an NSS anywhere in a line; a folio (22 digits) is public and stays.
_CURP = re.compile(r"(?<![A-Z0-9])[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9](?![A-Z0-9])", re.IGNORECASE)
_NSS = re.compile(r"(?<![0-9])[0-9]{11}(?![0-9])")
_CORREO = re.compile(r"[^\s<>@\"'(]+@[^\s<>@\"')]+")


def sin_datos(texto: str) -> str:
    """`texto` with every CURP, NSS and e-mail address replaced: exceptions of the database quote values."""
    return _CORREO.sub("<correo>", _NSS.sub("<nss>", _CURP.sub("<curp>", texto)))


class FormatoSinDatos(logging.Formatter):
    """Masks after formatting, so that arguments and tracebacks are masked too."""

    def format(self, record: logging.LogRecord) -> str:
        return sin_datos(super().format(record))
