"""Tasks: ids in, effect out. They may run twice; the row with its lease is the truth.

Mail has a queue and a worker of its own: a mute mail server must not keep anybody waiting for a number.
"""

import uuid

from django.tasks import task

from nss_portal import correo, tramites


@task()
def atender(tramite_id: str) -> None:
    tramites.atender(uuid.UUID(tramite_id))


@task(queue_name="correo")
def enviar(envio_id: str) -> None:
    correo.enviar_pendiente(uuid.UUID(envio_id))
