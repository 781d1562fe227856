"""Which tests run on both databases, and why; the others say the same on either.

`make check` runs everything on SQLite and, on PostgreSQL, what carries the mark `motores`: the files below,
and any test that bears it by itself. `make check-largo` runs everything on both.
"""

from pathlib import Path

RAIZ = Path(__file__).resolve().parent

# By file or folder; the reason is read by whoever wonders.
EN_LOS_DOS = {
    "afiliacion/test_asignacion.py": "a number is drawn by INSERT … ON CONFLICT … RETURNING",
    "afiliacion/test_maquina.py": "leases and compare-and-set, killed at every step",
    "afiliacion/test_paso1.py": "one step whole, from the form to its mail",
    "afiliacion/test_territorio.py": "a subquery that must give one row",
    "clinicas/test_alta.py": "the least populated consultorio, by a lock and a constraint",
    "clinicas/test_cercania.py": "distance and order by SQL",
    "clinicas/test_clues.py": "a catalogue written by COPY or executemany",
    "clinicas/test_cobertura.py": "a catalogue written by COPY or executemany",
    "historia": "migrations from every schema that there has been",
    "nss_portal/test_api.py": "an answer kept with its key, in one transaction",
    "nss_portal/test_catalogo.py": "a catalogue written by COPY or executemany",
    "nss_portal/test_catalogo_oficial.py": "a catalogue written by COPY or executemany",
    "nss_portal/test_confirmacion.py": "links answered once, by compare-and-set",
    "nss_portal/test_correo.py": "mails claimed by one carrier",
    "nss_portal/test_emision.py": "locks while a document is issued",
    "nss_portal/test_emitir_lote.py": "processes that share a list",
    "nss_portal/test_loaddata.py": "what the database refuses, said in Spanish",
    "nss_portal/test_padron.py": "a million people by COPY or executemany",
    "nss_portal/test_plan.py": "what would be retired, counted by SQL",
    "nss_portal/test_reglas.py": "the domain's rules as CHECKs and triggers",
    "nss_portal/test_servicio.py": "limits under a lock",
    "nss_portal/test_sin_base.py": "each database goes away in its own way",
    "nss_portal/test_tramites.py": "compare-and-set, constraints, the database's clock",
    "procesos/test_asignacion_concurrente.py": "many processes at one series",
    "procesos/test_caidas.py": "kill -9 between two statements",
    "procesos/test_clinica_concurrente.py": "many processes at one clinic",
    "procesos/test_promesas.py": "a copy restored, and what it may give",
    "procesos/test_sin_base.py": "each database goes away in its own way",
    "test_filtros_admin.py": "a lookup that one database takes and the other refuses",
    "vigencia/test_advertencias.py": "a file committed with the people locked",
    "vigencia/test_comprobacion.py": "checks counted under a lock",
    "vigencia/test_escuelas.py": "a catalogue written by COPY or executemany",
    "vigencia/test_inscripciones.py": "enrolments that overlap, by SQL and locks",
    "vigencia/test_lotes.py": "files read by several workers at once",
    "vigencia/test_verificacion.py": "who is covered on a day, by SQL",
}


def por_que(ruta: Path) -> str | None:
    """Why the tests of a file run on both databases; None when they do not."""
    suya = ruta.relative_to(RAIZ).as_posix()
    return next(
        (razon for donde, razon in EN_LOS_DOS.items() if suya == donde or suya.startswith(f"{donde}/")), None
    )
