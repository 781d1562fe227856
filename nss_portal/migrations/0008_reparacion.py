"""Gives a database that an earlier commit made what later edits of the same migrations would have given it.

Until here, migrations were edited after they had landed: whoever had applied them already never got the rest.
The tables that the migrations describe are made beside (in memory in SQLite, as temporary tables that are undone
in PostgreSQL), what stands is compared with them, and what lacks is added. Nothing is lost: a column that nobody
describes and that says something stops the migration with a sentence. A database that lacks nothing stays as it is.

From here on, migrations that landed are frozen; tests/historia holds them to it.
"""

import re
from typing import Any

from django.core.management import CommandError
from django.db import migrations, transaction

NUESTRAS = ("nss_portal", "afiliacion", "vigencia", "clinicas")
# SQLite took the name of a column that it did not find for a text: the values of these may be their own names.
MAL_LLENAS = (("afiliacion_serie", "abierta"),)


def reparar(apps: Any, schema_editor: Any) -> None:
    modelos = {
        modelo._meta.db_table: modelo
        for modelo in apps.get_models(include_auto_created=True)
        if modelo._meta.app_label in NUESTRAS
    }
    (_sqlite if schema_editor.connection.vendor == "sqlite" else _postgresql)(apps, schema_editor, modelos)


def _valor(schema_editor: Any, modelo: Any, columna: str) -> str | None:
    """What rows that lack a column get, as SQL; None when the migrations do not say."""
    campo = next(c for c in modelo._meta.local_concrete_fields if c.column == columna)
    valor = schema_editor.effective_default(campo)
    if valor is None and not campo.null and "Integer" in campo.get_internal_type():
        valor = 0  # something that nobody counted
    return None if valor is None else schema_editor.quote_value(valor)


def _filas(schema_editor: Any, sql: str) -> list[tuple[Any, ...]]:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _que_nadie_lea(schema_editor: Any, tabla: str, columnas: set[str]) -> None:
    """A column that the migrations do not have goes when it says nothing; otherwise a person must look."""
    for columna in sorted(columnas):
        como_texto = f'CAST("{columna}" AS varchar(20))'
        if _filas(schema_editor, f"""SELECT 1 FROM "{tabla}" WHERE {como_texto} <> '' LIMIT 1"""):
            raise CommandError(
                f"La columna «{columna}» de la tabla «{tabla}» tiene datos y ninguna migración la describe. "
                "Guárdalos aparte, quita la columna y vuelve a migrar: nada ha cambiado."
            )


def _partes(sql: str) -> set[str]:
    """What a CREATE TABLE of SQLite lists between its parentheses."""
    partes, nivel, comillas = [""], 0, False
    for letra in sql[sql.index("(") + 1 : sql.rindex(")")]:
        comillas ^= letra == "'"
        nivel += 0 if comillas else {"(": 1, ")": -1}.get(letra, 0)
        if letra == "," and nivel == 0 and not comillas:
            partes.append("")
        else:
            partes[-1] += letra
    return {" ".join(parte.split()) for parte in partes}


def _en_sqlite(connection: Any) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Tables -> their SQL; indexes -> their table and SQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql > ''")
        filas = cursor.fetchall()
    tablas = {nombre: sql for tipo, nombre, _, sql in filas if tipo == "table"}
    return tablas, {nombre: (tabla, sql) for tipo, nombre, tabla, sql in filas if tipo == "index"}


def _sqlite(apps: Any, schema_editor: Any, modelos: dict[str, Any]) -> None:
    memoria = schema_editor.connection.copy()
    memoria.settings_dict["NAME"] = ":memory:"
    try:
        with memoria.schema_editor() as editor:
            for modelo in apps.get_models():
                editor.create_model(modelo)
        tablas, indices = _en_sqlite(memoria)
    finally:
        memoria.connection.close()
    hay, indices_que_hay = _en_sqlite(schema_editor.connection)
    for tabla in modelos:
        if tabla not in hay:
            schema_editor.execute(tablas[tabla], params=None)
        elif _partes(hay[tabla]) != _partes(tablas[tabla]):
            _rehacer(schema_editor, modelos[tabla], tablas[tabla])
    for tabla, columna in MAL_LLENAS:
        valor = _valor(schema_editor, modelos[tabla], columna)
        schema_editor.execute(f"""UPDATE "{tabla}" SET "{columna}" = {valor} WHERE "{columna}" = '{columna}'""")
    # A table that was made anew lost its own.
    _, indices_que_hay = _en_sqlite(schema_editor.connection)
    for nombre, (tabla, sql) in indices_que_hay.items():
        if tabla in modelos and indices.get(nombre, ("", ""))[1] != sql:
            schema_editor.execute(f'DROP INDEX "{nombre}"')
    _, indices_que_hay = _en_sqlite(schema_editor.connection)
    for nombre, (tabla, sql) in indices.items():
        if tabla in modelos and nombre not in indices_que_hay:
            schema_editor.execute(sql, params=None)


def _rehacer(schema_editor: Any, modelo: Any, nuevo: str) -> None:
    tabla = modelo._meta.db_table
    columnas = {campo.column for campo in modelo._meta.local_concrete_fields}
    habia = {fila[1] for fila in _filas(schema_editor, f'PRAGMA table_info("{tabla}")')}
    _que_nadie_lea(schema_editor, tabla, habia - columnas)
    de = {columna: f'"{columna}"' for columna in columnas & habia}
    de |= {columna: _valor(schema_editor, modelo, columna) or "NULL" for columna in columnas - habia}
    schema_editor.execute(nuevo.replace(f'"{tabla}"', f'"new__{tabla}"', 1), params=None)
    a = ", ".join(f'"{columna}"' for columna in de)
    schema_editor.execute(
        f'INSERT INTO "new__{tabla}" ({a}) SELECT {", ".join(de.values())} FROM "{tabla}"', params=None
    )
    schema_editor.execute(f'DROP TABLE "{tabla}"')
    schema_editor.execute(f'ALTER TABLE "new__{tabla}" RENAME TO "{tabla}"')


def _en_postgresql(schema_editor: Any, donde: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Tables -> columns -> what they are; tables -> constraints -> their definition; and so for other indexes."""
    columnas: dict[str, Any] = {}
    for tabla, columna, *resto in _filas(
        schema_editor,
        f"""
        SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull,
               CASE WHEN attidentity = '' THEN pg_get_expr(adbin, adrelid) END
        FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relkind = 'r' AND relnamespace = {donde} AND attnum > 0 AND NOT attisdropped""",
    ):
        columnas.setdefault(tabla, {})[columna] = tuple(resto)
    reglas: dict[str, Any] = {tabla: {} for tabla in columnas}
    for tabla, nombre, regla in _filas(
        schema_editor,
        f"""SELECT relname, conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
            JOIN pg_class ON conrelid = pg_class.oid WHERE relnamespace = {donde} AND contype IN ('c', 'f', 'p', 'u')""",
    ):
        reglas[tabla][nombre] = regla
    indices: dict[str, Any] = {tabla: {} for tabla in columnas}
    for tabla, nombre, indice in _filas(
        schema_editor,
        f"""SELECT t.relname, i.relname, pg_get_indexdef(i.oid) FROM pg_index
            JOIN pg_class t ON indrelid = t.oid JOIN pg_class i ON indexrelid = i.oid
            WHERE t.relnamespace = {donde} AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.oid
            AND contype IN ('p', 'u'))""",
    ):
        indices[tabla][nombre] = re.sub(r" ON \S+ USING ", f' ON "{tabla}" USING ', indice)
    return columnas, reglas, indices


def _sin_moldes(definicion: str) -> str:
    """A definition that went through a backup says the same with other casts and parentheses."""
    return re.sub(r"::(character varying|text)(\[\])?|[()]", "", definicion)


def _postgresql(apps: Any, schema_editor: Any, modelos: dict[str, Any]) -> None:
    connection = schema_editor.connection
    hay = _en_postgresql(schema_editor, "current_schema()::regnamespace")
    with transaction.atomic(connection.alias):
        schema_editor.execute("SELECT set_config('search_path', 'pg_temp, ' || current_schema(), true)")
        with connection.schema_editor(atomic=False) as editor:
            for modelo in apps.get_models():
                editor.create_model(modelo)
        columnas, reglas, indices = _en_postgresql(schema_editor, "pg_my_temp_schema()")
        transaction.set_rollback(True, connection.alias)
    nuevas = [tabla for tabla in modelos if tabla not in hay[0]]
    for tabla in nuevas:
        modelo = modelos[tabla]
        if not modelo._meta.auto_created or modelo._meta.auto_created._meta.db_table not in nuevas:
            schema_editor.create_model(modelo)
    mias = [tabla for tabla in modelos if tabla not in nuevas]
    # What says another thing, or is nobody's, goes first: the columns under it may change.
    for tabla in mias:
        for nombre, regla in hay[1][tabla].items():
            if _sin_moldes(reglas[tabla].get(nombre, "")) != _sin_moldes(regla):
                schema_editor.execute(f'ALTER TABLE "{tabla}" DROP CONSTRAINT "{nombre}"', params=None)
        for nombre, indice in hay[2][tabla].items():
            if _sin_moldes(indices[tabla].get(nombre, "")) != _sin_moldes(indice):
                schema_editor.execute(f'DROP INDEX "{nombre}"', params=None)
    for tabla in mias:
        _columnas(schema_editor, modelos[tabla], columnas[tabla], hay[0][tabla])
    for tabla in mias:  # keys before what points to them
        for nombre, regla in sorted(reglas[tabla].items(), key=lambda par: not par[1].startswith("PRIMARY")):
            if _sin_moldes(hay[1][tabla].get(nombre, "")) != _sin_moldes(regla):
                schema_editor.execute(f'ALTER TABLE "{tabla}" ADD CONSTRAINT "{nombre}" {regla}', params=None)
        for nombre, indice in indices[tabla].items():
            if _sin_moldes(hay[2][tabla].get(nombre, "")) != _sin_moldes(indice):
                schema_editor.execute(indice, params=None)


def _columnas(schema_editor: Any, modelo: Any, quiero: dict[str, Any], hay: dict[str, Any]) -> None:
    tabla = modelo._meta.db_table
    _que_nadie_lea(schema_editor, tabla, {*hay} - {*quiero})
    cambios = [f'DROP COLUMN "{columna}"' for columna in hay if columna not in quiero]
    for columna, (tipo, obligatoria, por_omision) in quiero.items():
        valor = por_omision or _valor(schema_editor, modelo, columna)
        if columna not in hay:
            con = f" DEFAULT {valor}" if valor else ""
            cambios.append(f'ADD COLUMN "{columna}" {tipo}{con}{" NOT NULL" if obligatoria else ""}')
            if valor and not por_omision:
                cambios.append(f'ALTER COLUMN "{columna}" DROP DEFAULT')
            continue
        este = f'ALTER COLUMN "{columna}"'
        if tipo != hay[columna][0]:
            cambios.append(f'{este} TYPE {tipo} USING "{columna}"::{tipo}')
        if obligatoria and not hay[columna][1]:
            if valor:
                schema_editor.execute(
                    f'UPDATE "{tabla}" SET "{columna}" = {valor} WHERE "{columna}" IS NULL', params=None
                )
            cambios.append(f"{este} SET NOT NULL")
        elif hay[columna][1] and not obligatoria:
            cambios.append(f"{este} DROP NOT NULL")
        if por_omision != hay[columna][2]:
            cambios.append(f"{este} SET DEFAULT {por_omision}" if por_omision else f"{este} DROP DEFAULT")
    for cambio in cambios:
        schema_editor.execute(f'ALTER TABLE "{tabla}" {cambio}', params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("nss_portal", "0007_captcha_de_un_formulario"),
        ("afiliacion", "0003_serie_abierta_hoy"),
        ("clinicas", "0001_initial"),
        ("vigencia", "0001_initial"),
    ]

    operations = [migrations.RunPython(reparar, migrations.RunPython.noop)]
