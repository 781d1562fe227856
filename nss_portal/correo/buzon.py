"""The demonstration's mailbox: reads what `correo.BuzonLocal` wrote."""

import email
import email.policy
import uuid
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.core.mail import mailers

from nss_portal.correo.cartero import BuzonLocal
from nss_portal.web.forms import leer_uuid


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
    claves = (leer_uuid(ruta.stem) for ruta in archivos[:limite])
    return [leido for clave in claves if clave and (leido := mensaje(clave))]


def mensaje(pk: uuid.UUID) -> Mensaje | None:
    try:
        crudo = (_carpeta() / f"{pk}.eml").read_bytes()
    except FileNotFoundError:
        return None
    leido = email.message_from_bytes(crudo, policy=email.policy.default)
    assert isinstance(leido, EmailMessage)
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


def _cuerpo(leido: EmailMessage, clase: str) -> str:
    parte = leido.get_body((clase,))
    return parte.get_content() if parte else ""
