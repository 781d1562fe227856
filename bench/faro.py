"""Lighthouse, phone profile, over the start page, a form and a result: medians of five.

`python -m bench.faro [--veces N]`. Lighthouse comes from npm, once, into a folder under var/; the browser is
Debian's chromium; the portal is one of real processes with the demonstration's data.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.procesos.portal import RAIZ, Navegador, Portal, base_vacia, entorno, manage, portal

VERSION = "12.8.2"
CARPETA = Path(os.environ.get("VAR_DIR") or RAIZ / "var") / "faro"
CATEGORIAS = {
    "accessibility": "accesibilidad",
    "best-practices": "prácticas",
    "seo": "SEO",
    "performance": "rendimiento",
}
METAS = {"accessibility": 100, "best-practices": 100, "seo": 95}


def instalar() -> Path:
    """Lighthouse's program, brought if it is not there. No lock file: it would keep registry addresses."""
    programa = CARPETA / "node_modules" / ".bin" / "lighthouse"
    if not programa.exists():
        if not (npm := shutil.which("npm")):
            raise SystemExit("Falta npm, con que se trae Lighthouse: sudo apt-get install npm")
        CARPETA.mkdir(parents=True, exist_ok=True)
        opciones = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        orden = [npm, "install", "--prefix", str(CARPETA), *opciones, f"lighthouse@{VERSION}"]
        subprocess.run(orden, check=True)
    return programa


def medir(programa: Path, url: str, galleta: str) -> dict[str, Any]:
    """One visit."""
    orden = [
        str(programa),
        url,
        "--quiet",
        "--output=json",
        "--form-factor=mobile",
        "--disable-storage-reset",
    ]
    orden += [
        f"--only-categories={','.join(CATEGORIAS)}",
        f"--extra-headers={json.dumps({'Cookie': galleta})}",
    ]
    orden += ["--chrome-flags=--headless=new --no-sandbox --disable-gpu"]
    env = os.environ | {"CHROME_PATH": shutil.which("chromium") or "chromium"}
    hecho = subprocess.run(orden, capture_output=True, text=True, env=env, check=True, timeout=180)
    return dict(json.loads(hecho.stdout))


def resultado(sitio: Portal) -> tuple[str, str]:
    """The page of a trámite that is solved, and the cookie that it answers to."""
    visita = Navegador(sitio)
    [(curp,)] = sitio.base.consultar(
        "SELECT curp FROM nss_portal_persona WHERE nss IS NOT NULL ORDER BY curp LIMIT 1"
    )
    camino = visita.solicitar(str(curp))
    visita.esperar(camino, "resultado")
    return camino, "; ".join(f"{galleta.name}={galleta.value}" for galleta in visita.galletas)


def imprimir(nombre: str, visitas: list[dict[str, Any]]) -> bool:
    """A line with the medians, and what was found; whether it reaches what we ask of it."""
    notas = {
        clave: statistics.median(100 * visita["categories"][clave]["score"] for visita in visitas)
        for clave in CATEGORIAS
    }
    ultima = visitas[-1]
    peso = ultima["audits"]["total-byte-weight"]["numericValue"] / 1000
    partes = [f"{palabra} {notas[clave]:.0f}" for clave, palabra in CATEGORIAS.items()]
    sys.stdout.write(f"{nombre:10} {' · '.join(partes)} · {peso:.0f} kB\n")
    for clave in METAS:
        for parte in ultima["categories"][clave]["auditRefs"]:
            hallado = ultima["audits"][parte["id"]]
            if parte["weight"] and hallado["score"] is not None and hallado["score"] < 1:
                sys.stdout.write(f"{'':10} {parte['id']}: {hallado['title']}\n")
    return all(notas[clave] >= meta for clave, meta in METAS.items())


def main() -> None:
    opciones = argparse.ArgumentParser(description=__doc__)
    opciones.add_argument("--veces", type=int, default=5)
    veces = opciones.parse_args().veces
    programa = instalar()
    with tempfile.TemporaryDirectory() as carpeta:
        plantilla = base_vacia(Path(carpeta))
        env = entorno(Path(carpeta), plantilla)
        for orden in (["migrate"], ["datos_demo", "--personas", "60"], ["collectstatic", "--no-input"]):
            manage(*orden, "--verbosity=0", env=env)
        sitio_carpeta = Path(carpeta) / "sitio"
        shutil.copytree(Path(carpeta) / "static", sitio_carpeta / "static")
        with portal(sitio_carpeta, plantilla) as sitio:
            camino, galleta = resultado(sitio)
            paginas = {"inicio": ("/", ""), "solicitud": ("/nss/", ""), "resultado": (camino, galleta)}
            bien = [
                imprimir(nombre, [medir(programa, sitio.url + donde, de) for _ in range(veces)])
                for nombre, (donde, de) in paginas.items()
            ]
    sys.exit(not all(bien))


if __name__ == "__main__":
    main()
