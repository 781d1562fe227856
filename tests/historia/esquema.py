"""A database as an earlier commit left it; what stands in one, told so that two can be compared."""

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

CARPETA = Path(__file__).parent


def commits() -> list[str]:
    return list(json.loads((CARPETA / "sqlite.json").read_text(encoding="utf-8"))["commits"])


@contextmanager
def base_vacia() -> Iterator[BaseDatabaseWrapper]:
    """An empty database in the place of the default one: that is where migrations write."""
    de_pruebas = connections["default"]
    otra = de_pruebas.copy()
    nombre = f"historia_{uuid.uuid4().hex[:12]}"
    otra.settings_dict["NAME"] = ":memory:" if otra.vendor == "sqlite" else nombre
    if otra.vendor == "postgresql":
        with de_pruebas._nodb_cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {nombre} TEMPLATE template0")
    connections["default"] = otra
    try:
        yield otra
    finally:
        connections["default"] = de_pruebas
        otra.close() if otra.vendor == "postgresql" else otra.connection.close()
        if otra.vendor == "postgresql":
            with de_pruebas._nodb_cursor() as cursor:
                cursor.execute(f"DROP DATABASE {nombre} WITH (FORCE)")


def cargar(commit: str) -> None:
    """What that commit's own migrations left in an empty database."""
    datos = json.loads((CARPETA / f"{connection.vendor}.json").read_text(encoding="utf-8"))
    with connection.cursor() as cursor:
        for numero in datos["commits"][commit]:
            cursor.execute(datos["sentencias"][numero])


def esquema() -> dict[str, set[Any]]:
    """Table -> its columns, constraints and indexes, in no order."""
    return _en_sqlite() if connection.vendor == "sqlite" else _en_postgresql()


def _en_sqlite() -> dict[str, set[Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name, type, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        tablas: dict[str, set[Any]] = {}
        for tabla, tipo, sql in cursor.fetchall():
            partes = _partes(sql) if tipo == "table" else [sql]
            tablas.setdefault(tabla, set()).update(re.sub(r"\s+", " ", parte).strip() for parte in partes)
    return tablas


def _partes(sql: str) -> list[str]:
    """What a CREATE TABLE lists between its parentheses."""
    partes, nivel, comillas = [""], 0, False
    for letra in sql[sql.index("(") + 1 : sql.rindex(")")]:
        comillas ^= letra == "'"
        nivel += 0 if comillas else {"(": 1, ")": -1}.get(letra, 0)
        if letra == "," and nivel == 0 and not comillas:
            partes.append("")
        else:
            partes[-1] += letra
    return partes


def _en_postgresql() -> dict[str, set[Any]]:
    tablas: dict[str, set[Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull::text,
                   attidentity::text, coalesce(pg_get_expr(adbin, adrelid), ''), coalesce(collname, '')
            FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
            LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
            LEFT JOIN pg_collation ON pg_collation.oid = attcollation
            WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND attnum > 0
              AND NOT attisdropped
            UNION ALL
            SELECT conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid), '', '', ''
            FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
            UNION ALL
            SELECT tablename, indexname, indexdef, '', '', '', '' FROM pg_indexes
            WHERE schemaname = current_schema()
            """
        )
        for tabla, *resto in cursor.fetchall():
            # What went through a backup says the same with other casts and parentheses.
            planos = (re.sub(r"::(character varying|text)(\[\])?|[()]", "", x) for x in resto)
            tablas.setdefault(tabla, set()).add(tuple(planos))
    return tablas
