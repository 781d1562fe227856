"""The rows of a file that somebody confirmed, written: one statement for the altas, one for the bajas."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from vigencia import noticias
from vigencia.models import Escuela, Inscripcion, Lote

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
    WHERE r.lote_id = %(lote)s AND r.movimiento = 'alta' AND r.veredicto IN ('alta', %(advertencia)s)
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
    WHERE r.lote_id = %(lote)s AND r.movimiento = 'baja' AND r.veredicto IN ('baja', %(advertencia)s)
        AND i.persona_id = r.persona_id AND i.escuela_id = %(escuela)s AND i.baja IS NULL
        AND i.alta <= r.baja AND i.fin >= r.baja AND r.ciclo IN ('', i.ciclo)
"""
# What was good when it was reviewed and had been done, or undone, when it came to be written.
_ALCANZADOS = """
    UPDATE vigencia_renglon AS r SET veredicto = 'sin-cambio', motivos = %(motivo)s
    WHERE r.lote_id = %(lote)s AND r.veredicto IN ('alta', 'baja', %(advertencia)s) AND NOT EXISTS (
        SELECT 1 FROM vigencia_inscripcion i
        WHERE i.persona_id = r.persona_id AND i.escuela_id = %(escuela)s AND r.ciclo IN ('', i.ciclo) AND (
            (r.movimiento = 'alta' AND i.lote_id = r.lote_id)
            OR (r.movimiento = 'baja' AND i.baja = r.baja AND i.movida = %(ahora)s)
        )
    )
"""
_MOTIVO = "Cambió mientras el archivo esperaba: se quedó como estaba."


def guardar(lote: Lote) -> tuple[int, int]:
    """Write every good row of the file, and the mails that tell the students; how many altas and bajas.

    Call it in a transaction, as the only one that has the file. Of two files with the same list, the second
    finds it done: nobody is enrolled twice or gets two mails.
    """
    # The second waits here; SQLite's transaction already is the only one.
    Escuela.objects.select_for_update(no_key=True).get(pk=lote.escuela_id)
    ahora = timezone.now()
    datos = {"lote": lote.pk, "escuela": lote.escuela_id, "ahora": ahora, "motivo": _MOTIVO}
    # When they are left out, those rows stay as they were reviewed.
    datos["advertencia"] = "ninguno" if lote.sin_advertencias else "advertencia"
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
