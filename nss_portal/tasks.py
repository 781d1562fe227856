"""Tasks: ids in, effect out. They may run twice; the row with its lease is the truth."""

import uuid

from django.tasks import task

from nss_portal import correo, tramites


@task()
def atender(tramite_id: str) -> None:
    tramites.atender(uuid.UUID(tramite_id))


@task()
def enviar(envio_id: str) -> None:
    correo.enviar_pendiente(uuid.UUID(envio_id))
