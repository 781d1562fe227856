"""Mail to students whose school has said something of them: you are covered, you are no longer."""

from collections.abc import Callable
from datetime import timedelta
from itertools import batched
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from nss_portal.correo.models import Envio
from nss_portal.tramites import confirmacion
from nss_portal.tramites.models import Estado, Tramite
from vigencia.models import Inscripcion

ALTA, BAJA = "inscripcion", "baja"


def anunciar_altas(inscripciones: QuerySet[Inscripcion], baja_por_error: bool = False) -> int:
    """Write the mail «you are covered» to each student whose mailbox is known; how many.

    Call it in the transaction that enrols. The mail worker sends them after whatever people wait for. A cycle
    that is over covers nobody: there is nothing to tell. `baja_por_error`: whom a baja was told, undone.
    """
    decir = _decir_que_sigue if baja_por_error else _decir
    return escribir(ALTA, inscripciones.filter(fin__gte=timezone.localdate()), decir)


def anunciar_bajas(inscripciones: QuerySet[Inscripcion], despues_de: timedelta = timedelta(0)) -> int:
    """Write the mail «you are no longer covered», to go out after a pause in which it can be taken back.

    Not to whom another enrolment still covers on the day of the baja: it would not be true. Nor to somebody
    who died: whoever reads that mailbox now is not to be told so by us.
    """
    inscripciones = inscripciones.exclude(causa=Inscripcion.Causa.DEFUNCION)
    otra = Inscripcion.objects.filter(persona=OuterRef("persona")).exclude(pk=OuterRef("pk"))
    cubre = otra.filter(Q(baja=None) | Q(baja__gt=OuterRef("baja"))).filter(
        alta__lte=OuterRef("baja"), fin__gte=OuterRef("baja")
    )
    return escribir(BAJA, inscripciones.filter(~Exists(cubre)), _decir, despues_de)


def retirar_bajas(inscripciones: QuerySet[Inscripcion]) -> int:
    """Take back the mails of these very bajas, undone before they went out; how many."""
    suyas = set(inscripciones.values_list("pk", flat=True))
    personas = inscripciones.values("persona")
    pendientes = Envio.objects.pendientes().filter(aviso=BAJA, tramite__persona__in=personas, intentos=0)
    de_estas = [pk for pk, datos in pendientes.values_list("pk", "datos") if datos["inscripcion"] in suyas]
    return sum(Envio.objects.filter(pk__in=lote, intentos=0).delete()[0] for lote in batched(de_estas, 500))


def se_dijo_la_baja(inscripcion: Inscripcion) -> bool:
    """Whether the student was written of this very baja; one under way may have arrived."""
    suyos = Envio.objects.filter(tramite__persona=inscripcion.persona_id, aviso=BAJA, rechazado=False)
    suyos = suyos.filter(Q(enviado__isnull=False) | Q(intentos__gt=0))
    datos = _decir(inscripcion)
    return suyos.filter(datos__inscripcion=datos["inscripcion"], datos__baja=datos["baja"]).exists()


def sigue_siendo_cierto(envio: Envio) -> bool:
    """Whether a mail of these still holds when it is about to go out, hours or a day after it was written.

    Not «you are no longer covered» when the baja was undone, or another school or cycle covers the person
    by now; not «you are covered» when that has ended.
    """
    hoy = timezone.localdate()
    datos = envio.datos
    suya = Inscripcion.objects.filter(pk=datos["inscripcion"], baja=datos["baja"]).first()
    if suya is None:
        return False
    if Inscripcion.objects.filter(persona=suya.persona_id, causa=Inscripcion.Causa.DEFUNCION).exists():
        return False
    if suya.baja is None:
        return suya.fin >= hoy
    return not Inscripcion.objects.vigentes(max(hoy, suya.baja)).filter(persona=suya.persona_id).exists()


def escribir(
    aviso: str,
    filas: QuerySet[Any],
    decir: Callable[[Any], dict[str, Any]],
    pausa: timedelta = timedelta(0),
) -> int:
    """Write a mail to the `persona` of each row, where a mailbox of theirs is known; how many.

    `decir` gives what the template needs of a row.
    """
    # Their latest trámite that came to its end: whoever asked for it gave a mailbox (at the counter, maybe).
    con_correo = Q(correo__gt="") | Q(persona__vinculo__isnull=False)
    ultimo = (
        Tramite.objects.filter(
            con_correo, persona=OuterRef("persona"), estado__in=[Estado.RESUELTO, Estado.FINALIZADO]
        )
        .order_by("-folio")
        .values("pk")[:1]
    )
    filas = filas.annotate(ultimo=Subquery(ultimo), confirmado=F("persona__vinculo__correo"))
    filas = filas.filter(ultimo__isnull=False).order_by()
    if confirmacion.siempre():
        filas = filas.filter(persona__vinculo__isnull=False)
    envios = [
        Envio(
            tramite_id=fila.ultimo,
            aviso=aviso,
            para=fila.confirmado or "",
            datos=decir(fila),
            libre_desde=Now() + pausa if pausa else Now(),
        )
        for fila in filas
    ]
    return len(Envio.objects.bulk_create(envios, batch_size=500))


def _decir(inscripcion: Inscripcion) -> dict[str, Any]:
    return {
        "inscripcion": inscripcion.pk,
        "alta": inscripcion.alta.isoformat(),
        "fin": inscripcion.fin.isoformat(),
        "baja": inscripcion.baja and inscripcion.baja.isoformat(),
    }


def _decir_que_sigue(inscripcion: Inscripcion) -> dict[str, Any]:
    return _decir(inscripcion) | {"baja_por_error": True}
