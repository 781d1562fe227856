"""«Envíamelo otra vez»: one act for the browser, the App and whoever comes after them."""

from datetime import timedelta

from django.db import IntegrityError, transaction

from nss_portal.correo.models import Envio
from nss_portal.documentos.models import Documento
from nss_portal.servicio import limites, topes
from nss_portal.tramites import confirmacion


class NoSeEnvia(Exception):
    """Why it is not sent again, in a sentence for who asked; `espera`, when it may be tried later."""

    def __init__(self, porque: str, espera: timedelta | None = None) -> None:
        super().__init__(porque)
        self.espera = espera


def enviar_otra_vez(documento: Documento) -> str:
    """Write the mail of one issued document; the mailbox that it goes to. Raises NoSeEnvia.

    One transaction; safe to call twice: one that is on its way already is the same mail.
    """
    para = confirmacion.destino(documento.tramite)
    if not para:
        raise NoSeEnvia(
            "Esta CURP ya tiene otro correo confirmado: por seguridad, desde este trámite ya no enviamos "
            "nada. Aquí lo puedes descargar."
        )
    if documento.envios.pendientes().exists():
        return para
    if not limites.permitir(f"enviar:{documento.pk}", topes.ENVIAR_DOCUMENTO):
        que = documento.get_tipo_display()
        raise NoSeEnvia(
            f"Ya enviamos varias veces «{que}». Espera unos minutos o descárgalo.",
            topes.ENVIAR_DOCUMENTO.espera,
        )
    try:
        with transaction.atomic():
            Envio.objects.create(tramite=documento.tramite, documento=documento, para=para)
    except IntegrityError:
        pass  # the other click was first
    return para
