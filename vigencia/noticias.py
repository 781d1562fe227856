"""Mail to students whose school has said something of them: you are covered, you are no longer."""

from datetime import timedelta

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from nss_portal.models import Envio, Estado, Tramite
from vigencia.models import Inscripcion

ALTA, BAJA = "inscripcion", "baja"


def anunciar_altas(inscripciones: QuerySet[Inscripcion]) -> int:
    """Write the mail «you are covered» to each student whose mailbox is known; how many.

    Call it in the transaction that enrols. The mail worker sends them after whatever people wait for.
    """
    return _anunciar(ALTA, inscripciones, timedelta(0))


def anunciar_bajas(inscripciones: QuerySet[Inscripcion], despues_de: timedelta = timedelta(0)) -> int:
    """Write the mail «you are no longer covered», to go out after a pause in which it can be taken back."""
    return _anunciar(BAJA, inscripciones, despues_de)


def retirar_bajas(inscripciones: QuerySet[Inscripcion]) -> int:
    """Take back the mails of a baja that was undone before they went out; how many."""
    personas = inscripciones.values("persona")
    pendientes = Envio.objects.pendientes().filter(aviso=BAJA, tramite__persona__in=personas, intentos=0)
    return pendientes.delete()[0]


def _anunciar(aviso: str, inscripciones: QuerySet[Inscripcion], pausa: timedelta) -> int:
    # Their latest trámite that came to its end: whoever asked for it gave a mailbox.
    ultimo = (
        Tramite.objects.filter(persona=OuterRef("persona"), estado__in=[Estado.RESUELTO, Estado.FINALIZADO])
        .order_by("-folio")
        .values("pk")[:1]
    )
    filas = (
        inscripciones.annotate(ultimo=Subquery(ultimo))
        .filter(ultimo__isnull=False)
        .order_by()
        .values_list("ultimo", "alta", "fin", "baja")
    )
    envios = [
        Envio(
            tramite_id=ultimo,
            aviso=aviso,
            datos={"alta": alta.isoformat(), "fin": fin.isoformat(), "baja": baja and baja.isoformat()},
            libre_desde=Now() + pausa if pausa else Now(),
        )
        for ultimo, alta, fin, baja in filas
    ]
    return len(Envio.objects.bulk_create(envios, batch_size=500))
