"""Tasks: ids in, effect out. They may run twice; the row with its lease is the truth."""

import uuid

from django.tasks import task

from vigencia.escuelas.archivo import lotes


@task()
def avanzar(lote_id: str, turno: int) -> None:
    lotes.avanzar(uuid.UUID(lote_id), turno)
