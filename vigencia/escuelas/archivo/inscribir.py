"""The rows of a file that somebody confirmed, written: one statement for the altas, one for the bajas."""

from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Concat, Trim
from django.utils import timezone

from nss_portal.personas.models import Persona
from vigencia.escuelas import noticias, periodo
from vigencia.escuelas.archivo.renglones import AVISOS
from vigencia.models import Escuela, Inscripcion, Lote, Renglon

# Asked again at the moment of writing, because others may have been here since the file was reviewed: the
# person has a number and has no baja for death, the record still is the school's, and no enrolment of the
# same cycle is in the way (`inscripciones.fallecidas` and `estorbo`, of thousands at once).
_ALTAS = """
    INSERT INTO vigencia_inscripcion (persona_id, escuela_id, registro_id, lote_id, ciclo, matricula, nivel,
        alta, fin, causa, creada, movida)
    SELECT r.persona_id, g.escuela_id, r.registro_id, r.lote_id, r.ciclo, r.matricula, r.nivel,
        r.alta, r.fin, '', %(ahora)s, %(ahora)s
    FROM vigencia_renglon r
    JOIN vigencia_registropatronal g ON g.registro = r.registro_id AND g.escuela_id = %(escuela)s
    JOIN nss_portal_persona p ON p.id = r.persona_id AND p.nss IS NOT NULL
    WHERE r.lote_id = %(lote)s AND r.movimiento = 'alta' AND r.veredicto IN ('alta', 'advertencia')
        AND NOT EXISTS (
            SELECT 1 FROM vigencia_inscripcion m WHERE m.persona_id = r.persona_id AND m.causa = '3'
        )
        AND NOT EXISTS (
            SELECT 1 FROM vigencia_inscripcion i
            WHERE i.persona_id = r.persona_id AND i.escuela_id = %(escuela)s AND i.ciclo = r.ciclo
                AND (i.baja IS NULL OR (i.alta < i.baja AND r.alta < i.baja AND i.alta <= r.fin))
        )
    ORDER BY r.linea
    ON CONFLICT DO NOTHING
"""
_BAJAS = """
    UPDATE vigencia_inscripcion AS i SET baja = r.baja, causa = r.causa, movida = %(ahora)s
    FROM vigencia_renglon r
    WHERE r.lote_id = %(lote)s AND r.movimiento = 'baja' AND r.veredicto IN ('baja', 'advertencia')
        AND i.persona_id = r.persona_id AND i.escuela_id = %(escuela)s AND i.baja IS NULL
        AND i.alta <= r.baja AND i.fin >= r.baja AND r.ciclo IN ('', i.ciclo)
"""
# What was good when it was reviewed and had been done, or undone, when it came to be written.
_ALCANZADOS = """
    UPDATE vigencia_renglon AS r SET veredicto = 'sin-cambio', motivos = %(motivo)s
    WHERE r.lote_id = %(lote)s AND r.veredicto IN ('alta', 'baja', 'advertencia') AND NOT EXISTS (
        SELECT 1 FROM vigencia_inscripcion i
        WHERE i.persona_id = r.persona_id AND i.escuela_id = %(escuela)s AND r.ciclo IN ('', i.ciclo) AND (
            (r.movimiento = 'alta' AND i.lote_id = r.lote_id)
            OR (r.movimiento = 'baja' AND i.baja = r.baja AND i.movida = %(ahora)s)
        )
    )
"""
_DESPUES = "Pasó después de la revisión, por eso quedó fuera."
_MOTIVO = "Cambió mientras el archivo esperaba: se quedó como estaba."


def guardar(lote: Lote) -> tuple[int, int]:
    """Write the rows that were confirmed, and the mails that tell the students; how many altas and bajas.

    Call it in a transaction, as the only one that has the file. Of two files with the same list, the second
    finds it done: nobody is enrolled twice or gets two mails.
    """
    # The second waits here; SQLite's transaction already is the only one.
    Escuela.objects.select_for_update(no_key=True).get(pk=lote.escuela_id)
    _apartar(lote, timezone.localdate())
    ahora = timezone.now()
    datos = {"lote": lote.pk, "escuela": lote.escuela_id, "ahora": ahora, "motivo": _MOTIVO}
    # Bajas first: who leaves and comes back in the same file has only the first to be ended.
    bajas = _ejecutar(_BAJAS, datos)
    terminadas = Inscripcion.objects.filter(escuela=lote.escuela_id, movida=ahora, baja__isnull=False)
    if bajas:
        noticias.anunciar_bajas(terminadas)
    altas = _ejecutar(_ALTAS, datos)
    if altas:
        noticias.anunciar_altas(Inscripcion.objects.filter(lote=lote))
    _ejecutar(_ALCANZADOS, datos)
    return altas, bajas


def _apartar(lote: Lote, hoy: date) -> None:
    """Leave out the rows whose warning nobody chose, and those that got one since they were reviewed.

    What nobody could see when they confirmed, nobody chose.
    """
    dudosos = lote.renglones.filter(veredicto=Renglon.Veredicto.ADVERTENCIA)
    juntos = dudosos.order_by().values_list("avisos", flat=True).distinct()
    elegidos = set(lote.con_avisos)
    sin_elegir = [avisos for avisos in juntos if not (avisos and elegidos.issuperset(avisos.split()))]
    dudosos.filter(avisos__in=sin_elegir).update(veredicto=Renglon.Veredicto.FUERA)
    por_guardar = [Renglon.Veredicto.ALTA, Renglon.Veredicto.ADVERTENCIA]
    altas = lote.renglones.filter(movimiento=Renglon.Movimiento.ALTA, veredicto__in=por_guardar)
    _bloquear_personas(altas)
    ajenas = Inscripcion.objects.vigentes(hoy).exclude(escuela=lote.escuela_id)
    recientes = {
        Renglon.Aviso.OTRA_INSTITUCION: Exists(ajenas.filter(persona=OuterRef("persona"))),
        Renglon.Aviso.FIN_PASADO: Q(fin__lt=hoy),
        Renglon.Aviso.ALTA_ANTIGUA: Q(fin__gte=hoy, alta__lt=hoy - periodo.ANTELACION),
    }
    for aviso, condicion in recientes.items():
        motivo = f"{AVISOS[aviso]} {_DESPUES}"
        altas.filter(condicion).exclude(avisos__contains=aviso).update(
            veredicto=Renglon.Veredicto.FUERA,
            avisos=Trim(Concat("avisos", Value(f" {aviso}"))),
            motivos=Case(
                When(motivos="", then=Value(motivo)),
                default=Concat("motivos", Value(f"\n{motivo}"), output_field=TextField()),
                output_field=TextField(),
            ),
        )


def _bloquear_personas(altas: QuerySet[Renglon]) -> None:
    """Two schools that confirm the same student at once: the second waits here, and sees the first.

    In order, so that neither waits for the other for ever.
    """
    personas = Persona.objects.select_for_update(no_key=True).filter(pk__in=altas.values("persona"))
    if connection.features.has_select_for_update:
        list(personas.order_by("pk").values_list("pk"))


def _ejecutar(sql: str, datos: dict[str, Any]) -> int:
    """Run it with values as each database keeps them."""
    adaptados = datos | {
        "lote": datos["lote"] if connection.features.has_native_uuid_field else datos["lote"].hex,
        "ahora": _momento(datos["ahora"]),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, adaptados)
        return int(cursor.rowcount)


def _momento(ahora: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(ahora)
