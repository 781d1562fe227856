"""A database made at any earlier commit of main, migrated today, has the schema of one made today."""

from datetime import date, datetime
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from afiliacion.models import Serie
from nss_portal.models import Persona, Tramite
from tests.historia.esquema import base_vacia, cargar, commits, esquema
from vigencia.models import Comprobacion

# The first commit did not start, and its people had the CURP for a key: nobody has such a database.
SIN_REMEDIO = {"1052770"}
FILAS: dict[str, dict[str, Any]] = {
    "afiliacion_serie": {
        "prefijo": "28", "anio_registro": "26", "anio_nacimiento": "05", "ultimo": 41,
        "abierta": "2026-01-05",
    },
    "nss_portal_persona": {
        "curp": "EXEM050214MDFXBXA0", "nombres": "Muestra", "primer_apellido": "Ejemplo",
        "segundo_apellido": "", "nacimiento": "2005-02-14", "sexo": "M", "entidad": "DF", "correo": "",
    },
    "nss_portal_tramite": {
        "id": "0b5c1a52-6f3b-4c55-9d15-0d9e0a2f7a11", "solicitud": "0b5c1a52-6f3b-4c55-9d15-0d9e0a2f7a12",
        "tipo": "nss", "folio": "1234567890123456789012", "canal": "web", "navegador": "", "resultado": "",
        "curp": "EXEM050214MDFXBXA0", "correo": "persona@correo.example", "estado": "recibido", "motivo": "",
        "espera": "", "intentos": 3, "creado": "2026-11-22 12:00:00+00:00", "confirmado_por": "",
        "actualizado": "2026-11-22 12:00:00+00:00", "libre_desde": "2026-11-22 12:00:00+00:00",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def de_hoy(django_db_blocker: Any) -> dict[str, set[Any]]:
    with django_db_blocker.unblock(), base_vacia():
        call_command("migrate", verbosity=0)
        return esquema()


@pytest.fixture
def en_otra_base(django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock(), base_vacia():
        yield


def sembrar() -> None:
    """A row in the tables that every commit has, as far as its columns go."""
    with connection.cursor() as cursor:
        for tabla, fila in FILAS.items():
            cursor.execute(f"SELECT * FROM {tabla} LIMIT 0")
            hay = {columna[0] for columna in cursor.description}
            suyas = {columna: valor for columna, valor in fila.items() if columna in hay}
            if connection.vendor == "sqlite":
                suyas = {columna: str(valor).replace("-", "") if columna in ("id", "solicitud") else valor
                         for columna, valor in suyas.items()}  # fmt: skip
            marcas = ", ".join(["%s"] * len(suyas))
            cursor.execute(f"INSERT INTO {tabla} ({', '.join(suyas)}) VALUES ({marcas})", [*suyas.values()])


def diferencias(este: dict[str, set[Any]], otro: dict[str, set[Any]]) -> dict[str, tuple[set[Any], set[Any]]]:
    """Table -> (what only this one has, what only the other one has)."""
    pares = {tabla: (este.get(tabla, set()), otro.get(tabla, set())) for tabla in {*este, *otro}}
    return {tabla: (a - b, b - a) for tabla, (a, b) in pares.items() if a != b}


@pytest.mark.parametrize("commit", [c for c in commits() if c not in SIN_REMEDIO])
def test_una_base_de_antes_queda_como_una_de_hoy(
    commit: str, de_hoy: dict[str, set[Any]], en_otra_base: None
) -> None:
    cargar(commit)
    sembrar()
    call_command("migrate", verbosity=0)
    assert diferencias(esquema(), de_hoy) == {}
    connection.check_constraints()
    # What was there is there, and what was added can be read.
    serie, persona, tramite = Serie.objects.get(), Persona.objects.get(), Tramite.objects.get()
    assert (serie.ultimo, persona.curp, tramite.intentos) == (41, FILAS["nss_portal_persona"]["curp"], 3)
    assert isinstance(serie.abierta, date)
    assert isinstance(tramite.libre_desde, datetime)
    assert Comprobacion.objects.count() == 0


@pytest.mark.parametrize("commit", sorted(SIN_REMEDIO))
def test_la_que_no_tiene_remedio_se_niega(commit: str, en_otra_base: None) -> None:
    cargar(commit)
    with pytest.raises(DatabaseError):
        call_command("migrate", verbosity=0)


def reparar() -> None:
    with connection.schema_editor(atomic=True) as editor:
        import_module("nss_portal.migrations.0008_reparacion").reparar(apps, editor)


def que_es_cada_cosa() -> list[Any]:
    """The numbers that a database gives to its tables, constraints and indexes: others when made anew."""
    sql = "SELECT name, rootpage, sql FROM sqlite_master ORDER BY name"
    if connection.vendor == "postgresql":
        sql = (
            "SELECT oid, relname, relfilenode, relnatts FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace "
            "UNION ALL SELECT oid, conname, 0, 0 FROM pg_constraint ORDER BY 1"
        )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_a_la_que_nada_le_falta_no_se_le_hace_nada(en_otra_base: None) -> None:
    call_command("migrate", verbosity=0)
    antes = que_es_cada_cosa()
    reparar()
    assert que_es_cada_cosa() == antes


def test_una_columna_de_nadie_se_va_vacia_y_con_datos_se_dice(
    de_hoy: dict[str, set[Any]], en_otra_base: None
) -> None:
    call_command("migrate", verbosity=0)
    sembrar()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE afiliacion_serie ADD COLUMN resto varchar(5) DEFAULT '' NOT NULL")
    reparar()
    assert diferencias(esquema(), de_hoy) == {}
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE afiliacion_serie ADD COLUMN resto varchar(5) DEFAULT 'algo' NOT NULL")
    con_resto = esquema()
    with pytest.raises(CommandError, match="«resto» de la tabla «afiliacion_serie» tiene datos"):
        reparar()
    assert esquema() == con_resto
