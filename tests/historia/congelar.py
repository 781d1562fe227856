"""Writes down new migrations: `.venv/bin/python -m tests.historia.congelar`. Those that landed are frozen."""

import hashlib
from pathlib import Path

RAIZ = Path(__file__).parent.parent.parent
LISTA = Path(__file__).with_name("migraciones.sha256")
APPS = ("nss_portal", "afiliacion", "vigencia", "clinicas")


def congeladas() -> dict[str, str]:
    """Path -> SHA-256, as they landed."""
    lineas = LISTA.read_text(encoding="ascii").splitlines() if LISTA.exists() else []
    return {ruta: suma for suma, ruta in map(str.split, lineas)}


def las_que_hay() -> dict[str, str]:
    rutas = [ruta for app in APPS for ruta in sorted((RAIZ / app / "migrations").glob("[0-9]*.py"))]
    return {str(r.relative_to(RAIZ)): hashlib.sha256(r.read_bytes()).hexdigest() for r in rutas}


def congelar() -> None:
    """New ones are added and nothing else: who edits one that has not landed yet takes its line out first."""
    todas = las_que_hay() | congeladas()
    LISTA.write_text("".join(f"{todas[ruta]}  {ruta}\n" for ruta in sorted(todas)), encoding="ascii")


if __name__ == "__main__":
    congelar()
