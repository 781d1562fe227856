"""The mailer of whoever has no SMTP server, and what the demonstration reads of it."""

import email
import email.policy
import os
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message as mensajes_de_correo
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage, mailers
from django.core.mail.backends.base import BaseEmailBackend

_NOMBRE = re.compile("[0-9a-f-]{36}")  # a uuid: of our own mails


class BuzonLocal(BaseEmailBackend):
    """The mailer of whoever has no SMTP server: one `.eml` a message, in a folder shown at `/buzon/`."""

    def __init__(self, *, carpeta: Path, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.carpeta = Path(carpeta)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.carpeta.mkdir(mode=0o700, parents=True, exist_ok=True)
        for mensaje in email_messages:
            # Named by the Message-ID: a mail that is sent again replaces itself.
            nombre = mensaje.extra_headers.get("Message-ID", f"<{uuid.uuid4()}@>").strip("<>").split("@")[0]
            provisional = self.carpeta / f".{nombre}.{os.getpid()}"
            with open(provisional, "wb", opener=lambda ruta, modos: os.open(ruta, modos, 0o600)) as archivo:
                archivo.write(mensaje.message(policy=email.policy.SMTP).as_bytes())
                archivo.flush()
                os.fsync(archivo.fileno())
            provisional.rename(self.carpeta / f"{nombre}.eml")
        return len(email_messages)


@dataclass(frozen=True)
class Adjunto:
    nombre: str
    tipo: str
    contenido: bytes


@dataclass(frozen=True)
class Mensaje:
    id: uuid.UUID
    asunto: str
    para: str
    fecha: datetime
    texto: str
    html: str
    adjuntos: list[Adjunto]


def _carpeta() -> Path:
    mailer = mailers.default
    assert isinstance(mailer, BuzonLocal)
    return mailer.carpeta


def mensajes(limite: int) -> list[Mensaje]:
    """The newest first."""
    archivos = sorted(_carpeta().glob("*.eml"), key=lambda ruta: ruta.stat().st_mtime, reverse=True)
    claves = (uuid.UUID(ruta.stem) for ruta in archivos[:limite] if _NOMBRE.fullmatch(ruta.stem))
    return [leido for clave in claves if (leido := mensaje(clave))]


def mensaje(pk: uuid.UUID) -> Mensaje | None:
    try:
        crudo = (_carpeta() / f"{pk}.eml").read_bytes()
    except FileNotFoundError:
        return None
    leido = email.message_from_bytes(crudo, policy=email.policy.default)
    assert isinstance(leido, mensajes_de_correo.EmailMessage)
    return Mensaje(
        id=pk,
        asunto=leido["Subject"],
        para=leido["To"],
        fecha=parsedate_to_datetime(leido["Date"]),
        texto=_cuerpo(leido, "plain"),
        html=_cuerpo(leido, "html"),
        adjuntos=[
            Adjunto(parte.get_filename() or "", parte.get_content_type(), parte.get_content())
            for parte in leido.iter_attachments()
        ],
    )


def _cuerpo(leido: mensajes_de_correo.EmailMessage, clase: str) -> str:
    parte = leido.get_body((clase,))
    return parte.get_content() if parte else ""
