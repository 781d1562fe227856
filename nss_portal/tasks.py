"""Tasks: ids in, effect out. They may run twice; the row with its lease is the truth.

Mail has a queue and a worker of its own: a mute mail server must not keep anybody waiting for a number.
"""

import uuid

from django.tasks import task

from nss_portal.correo import cartero
from nss_portal.tramites import maquina


@task()
def atender(tramite_id: str) -> None:
    maquina.atender(uuid.UUID(tramite_id))


@task(queue_name="correo")
def enviar(envio_id: str) -> None:
    cartero.enviar_pendiente(uuid.UUID(envio_id))
