"""Makes the dumps of this folder: `python -m tests.historia.volcar`, PostgreSQL's under `bin/con_postgres`.

For every commit that touched a migration, its own code migrates an empty database, and what came out is
written down: the statements that make the schema, and which migrations are said to be applied. A statement
that several commits share is written once. Needed again only if a landed migration is ever edited, which a
test forbids.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

CARPETA = Path(__file__).parent
RAIZ = CARPETA.parent.parent


def _git(*argumentos: str) -> bytes:
    return subprocess.run(["git", *argumentos], cwd=RAIZ, check=True, capture_output=True).stdout


def commits() -> list[str]:
    """Every commit that touched a migration, the oldest first."""
    return _git("log", "--reverse", "--format=%h", "--", "*/migrations/*.py").decode().split()


# Some commits do not start, but somebody's database was made by one near them: no checks, no admin screens.
_MIGRAR = """
import django
from django.conf import settings
settings.INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig"
    if app in ("django.contrib.admin", "nss_portal.personal.apps.PersonalConfig") else app
    for app in settings.INSTALLED_APPS
]
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0, skip_checks=True)
"""


def _migrar(commit: str, url: str) -> None:
    """The database of `url`, as that commit's own code makes it."""
    with tempfile.TemporaryDirectory() as carpeta:
        with tarfile.open(fileobj=BytesIO(_git("archive", commit))) as archivo:
            archivo.extractall(carpeta, filter="data")
        entorno = os.environ | {"DATABASE_URL": url, "DEBUG": "1", "VAR_DIR": f"{carpeta}/var"}
        entorno["DJANGO_SETTINGS_MODULE"] = "nss_portal.settings"
        subprocess.run([sys.executable, "-c", _MIGRAR], cwd=carpeta, env=entorno, check=True)


def _sqlite(commit: str) -> list[str]:
    import sqlite3

    with tempfile.TemporaryDirectory() as carpeta:
        _migrar(commit, f"sqlite:///{carpeta}/base")
        base = sqlite3.connect(f"{carpeta}/base")
        orden = (
            "SELECT sql FROM sqlite_master WHERE sql > '' AND name NOT LIKE 'sqlite_%' "
            "ORDER BY type DESC, name"
        )
        sentencias = [fila[0] for fila in base.execute(orden)]
        aplicadas = base.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
        base.close()
    return [*sentencias, *map(_aplicada, aplicadas)]


def _postgresql(commit: str) -> list[str]:
    import psycopg

    url = os.environ["DATABASE_URL"]
    otra = re.sub(r"/[^/]*$", f"/historia_{commit}", url)
    with psycopg.connect(url, autocommit=True) as base:
        base.execute(f"CREATE DATABASE historia_{commit}")
    _migrar(commit, otra)
    orden = ["pg_dump", "--schema-only", "--no-owner", "--no-privileges", otra]
    volcado = subprocess.run(orden, check=True, capture_output=True, text=True).stdout
    lineas = [x for x in volcado.splitlines() if x and not x.startswith(("--", "SET ", "SELECT ", "\\"))]
    sentencias = [s for s in "\n".join(lineas).split(";\n") if s]
    with psycopg.connect(otra) as base:
        aplicadas = base.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
    return [*(s.rstrip(";") for s in sentencias), *map(_aplicada, aplicadas)]


def _aplicada(fila: tuple[str, str]) -> str:
    return "INSERT INTO django_migrations (app, name, applied) VALUES ('{}', '{}', CURRENT_TIMESTAMP)".format(
        *fila
    )


def volcar(motor: str) -> None:
    hacer = {"sqlite": _sqlite, "postgresql": _postgresql}[motor]
    numeros: dict[str, int] = {}
    esquemas = {c: [numeros.setdefault(s, len(numeros)) for s in hacer(c)] for c in commits()}
    datos = {"sentencias": list(numeros), "commits": esquemas}
    texto = json.dumps(datos, ensure_ascii=False, indent=0)
    (CARPETA / f"{motor}.json").write_text(texto + "\n", encoding="utf-8")


if __name__ == "__main__":
    volcar("postgresql" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite")
