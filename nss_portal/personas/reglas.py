"""The rules of CURP and NSS, as the database holds them: the same as `identidad`, for CHECK constraints.

But for two: whether a date is yet to come depends on the day, and a CURP that begins with a refused word may
be somebody's, whom the counter attends.

One expression for SQLite and PostgreSQL, native functions only: no row is slowed by a call into Python. A
test with random numbers holds both sides together. Migrations keep a copy of their own.
"""

import operator
from datetime import date
from functools import reduce
from typing import Any

from django.core.management.base import CommandError
from django.db import migrations, models
from django.db.models import Func, Q, Value
from django.db.models.functions import Cast, StrIndex, Substr
from django.db.models.lookups import Exact, In

from nss_portal.personas.identidad import ALFABETO_CURP, enmascarar_curp

_CIFRAS = "0123456789"
# Where each digit stands is what its double adds up to: 5 is second, because 5 × 2 = 10 and 1 + 0 = 1.
_DOBLES = "0516273849"


class SeisCifras(Func):
    """A date as a CURP says it: YYMMDD."""

    arity = 1
    output_field = models.CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **contexto: Any) -> Any:
        plantilla = "replace(substr(%(expressions)s, 3), '-', '')"
        return self.as_sql(compiler, connection, template=plantilla, **contexto)

    def as_postgresql(self, compiler: Any, connection: Any, **contexto: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="to_char((%(expressions)s)::date, 'YYMMDD')", **contexto
        )


def _valor(campo: str, posicion: int, alfabeto: str) -> StrIndex:
    """What a character of the field is worth, from 1; 0 is none of the alphabet."""
    return StrIndex(Value(alfabeto), Substr(campo, posicion, 1))


def curp_con_su_digito(campo: str) -> Q:
    """The last character of a CURP agrees with the others."""
    suma: Any = reduce(operator.add, (_valor(campo, i, ALFABETO_CURP) * (19 - i) for i in range(1, 19)))
    # Each value counts from 1: 18 + 17 + … + 1 too many, which is 171.
    return Q(Exact(suma % 10, 1))


def nss_con_su_digito(campo: str) -> Q:
    """The last digit of an NSS agrees with the others (Luhn)."""
    suma: Any = reduce(operator.add, (_valor(campo, i, _CIFRAS if i % 2 else _DOBLES) for i in range(1, 12)))
    return Q(Exact(suma % 10, 1))


def datos_de_su_curp() -> Q:
    """Birth, sex and entidad are those that the CURP says; so its date exists."""
    antes_de_2000 = In(Substr("curp", 17, 1), list(_CIFRAS))
    siglo = Q(antes_de_2000, nacimiento__gte=date(1900, 1, 1), nacimiento__lt=date(2000, 1, 1))
    siglo |= Q(~Q(antes_de_2000), nacimiento__gte=date(2000, 1, 1), nacimiento__lt=date(2100, 1, 1))
    return siglo & Q(
        Exact(SeisCifras("nacimiento"), Substr("curp", 5, 6)),
        # SQLite keeps a date as text, whatever it says.
        nacimiento=Cast("nacimiento", models.DateField()),
        sexo=Substr("curp", 11, 1),
        entidad=Substr("curp", 12, 2),
    )


# What migrations do ------------------------------------------------------------------------------

# A CHECK sees a row as it will be, never as it was: this one is a trigger.
NSS_PARA_SIEMPRE = "persona_nss_para_siempre"
_EN_POSTGRESQL = f"""
    CREATE OR REPLACE FUNCTION {NSS_PARA_SIEMPRE}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'an NSS is for life'
        USING ERRCODE = 'check_violation', CONSTRAINT = '{NSS_PARA_SIEMPRE}', TABLE = TG_TABLE_NAME;
    END $$;
    DROP TRIGGER IF EXISTS {NSS_PARA_SIEMPRE} ON nss_portal_persona;
    CREATE TRIGGER {NSS_PARA_SIEMPRE} BEFORE UPDATE OF nss ON nss_portal_persona FOR EACH ROW
    WHEN (OLD.nss IS NOT NULL AND NEW.nss IS DISTINCT FROM OLD.nss)
    EXECUTE FUNCTION {NSS_PARA_SIEMPRE}()
"""
_EN_SQLITE = f"""
    CREATE TRIGGER IF NOT EXISTS {NSS_PARA_SIEMPRE} BEFORE UPDATE OF nss ON nss_portal_persona FOR EACH ROW
    WHEN OLD.nss IS NOT NULL AND NEW.nss IS NOT OLD.nss
    BEGIN SELECT RAISE(ABORT, '{NSS_PARA_SIEMPRE}'); END
"""


def nss_para_siempre() -> migrations.RunPython:
    """An NSS may be given, never changed or taken back: no act of the portal does it, not even the counter's.

    SQLite builds a table anew for most changes of its columns and constraints, and its triggers are lost
    with the old one: a migration that changes Persona ends with this. A test asks the whole chain for it.
    """
    return migrations.RunPython(_poner, _quitar)


def _poner(apps: Any, editor: Any) -> None:
    editor.execute(_EN_POSTGRESQL if editor.connection.vendor == "postgresql" else _EN_SQLITE, None)


def _quitar(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP FUNCTION IF EXISTS {NSS_PARA_SIEMPRE}() CASCADE", None)
    else:
        editor.execute(f"DROP TRIGGER IF EXISTS {NSS_PARA_SIEMPRE}", None)


def poner(
    app: str, **restricciones: list[models.CheckConstraint]
) -> list[migrations.operations.base.Operation]:
    """The operations that add the constraints of each model, once it has been seen that its rows keep them.

    A database refuses with the first bad row that it meets, and in English; whoever migrates needs to know
    how many there are, and which, before the constraints are added.
    """

    def comprobar(apps: Any, editor: Any) -> None:
        faltas = []
        for modelo, suyas in restricciones.items():
            filas = apps.get_model(app, modelo)._default_manager.using(editor.connection.alias)
            for restriccion in suyas:
                malas = filas.exclude(restriccion.condition)
                if cuantas := malas.count():
                    llaves = ", ".join(map(_llave, malas.order_by("pk").values_list("pk", flat=True)[:5]))
                    llaves += "…" if cuantas > 5 else ""
                    faltas.append(f"{cuantas:,} de {app}.{modelo} contra {restriccion.name} ({llaves})")
        if faltas:
            raise CommandError(
                f"Hay renglones que el portal ya no admite: {'; '.join(faltas)}. Entre paréntesis, sus "
                "llaves. La migración se detuvo aquí; las anteriores ya quedaron. Corrígelos y repítela."
            )

    return [
        migrations.RunPython(comprobar, migrations.RunPython.noop),
        *(
            migrations.AddConstraint(modelo, restriccion)
            for modelo, suyas in restricciones.items()
            for restriccion in suyas
        ),
    ]


def _llave(llave: object) -> str:
    """As it may be read aloud: one table has a CURP for its key."""
    return enmascarar_curp(texto) if len(texto := str(llave)) == 18 else texto
