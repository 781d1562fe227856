"""Mail to students whose school has said something of them: you are covered, you are no longer."""

from datetime import timedelta
from itertools import batched

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now

from nss_portal import confirmacion
from nss_portal.models import Envio, Estado, Tramite
from vigencia.models import Inscripcion

ALTA, BAJA = "inscripcion", "baja"


def anunciar_altas(inscripciones: QuerySet[Inscripcion]) -> int:
    """Write the mail «you are covered» to each student whose mailbox is known; how many.

    Call it in the transaction that enrols. The mail worker sends them after whatever people wait for.
    """
    return _anunciar(ALTA, inscripciones, timedelta(0))


def anunciar_bajas(inscripciones: QuerySet[Inscripcion], despues_de: timedelta = timedelta(0)) -> int:
    """Write the mail «you are no longer covered», to go out after a pause in which it can be taken back.

    Not to whom another enrolment still covers on the day of the baja: it would not be true.
    """
    otra = Inscripcion.objects.filter(persona=OuterRef("persona")).exclude(pk=OuterRef("pk"))
    cubre = otra.filter(Q(baja=None) | Q(baja__gt=OuterRef("baja"))).filter(
        alta__lte=OuterRef("baja"), fin__gte=OuterRef("baja")
    )
    return _anunciar(BAJA, inscripciones.filter(~Exists(cubre)), despues_de)


def retirar_bajas(inscripciones: QuerySet[Inscripcion]) -> int:
    """Take back the mails of these very bajas, undone before they went out; how many."""
    suyas = set(inscripciones.values_list("pk", flat=True))
    personas = inscripciones.values("persona")
    pendientes = Envio.objects.pendientes().filter(aviso=BAJA, tramite__persona__in=personas, intentos=0)
    de_estas = [pk for pk, datos in pendientes.values_list("pk", "datos") if datos["inscripcion"] in suyas]
    return sum(Envio.objects.filter(pk__in=lote, intentos=0).delete()[0] for lote in batched(de_estas, 500))


def _anunciar(aviso: str, inscripciones: QuerySet[Inscripcion], pausa: timedelta) -> int:
    # Their latest trámite that came to its end: whoever asked for it gave a mailbox (at the counter, maybe).
    con_correo = Q(correo__gt="") | Q(persona__vinculo__isnull=False)
    ultimo = (
        Tramite.objects.filter(
            con_correo, persona=OuterRef("persona"), estado__in=[Estado.RESUELTO, Estado.FINALIZADO]
        )
        .order_by("-folio")
        .values("pk")[:1]
    )
    filas = (
        inscripciones.annotate(ultimo=Subquery(ultimo))
        .filter(ultimo__isnull=False)
        .order_by()
        .values_list("pk", "ultimo", "persona__vinculo__correo", "alta", "fin", "baja")
    )
    if settings.CONFIRMAR_CORREO == confirmacion.SIEMPRE:
        filas = filas.filter(persona__vinculo__isnull=False)
    envios = [
        Envio(
            tramite_id=ultimo,
            aviso=aviso,
            para=confirmado or "",
            datos={
                "inscripcion": pk,
                "alta": alta.isoformat(),
                "fin": fin.isoformat(),
                "baja": baja and baja.isoformat(),
            },
            libre_desde=Now() + pausa if pausa else Now(),
        )
        for pk, ultimo, confirmado, alta, fin, baja in filas
    ]
    return len(Envio.objects.bulk_create(envios, batch_size=500))
