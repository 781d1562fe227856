"""The API of real processes: the walk with curl, and many at once."""

import json
import re
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.navegador.apoyo import persona
from tests.navegador.test_app import codigo
from tests.procesos.conftest import carpeta, carpeta_plantilla, en_marcha, plantilla
from tests.procesos.portal import RAIZ, Portal, manage

__all__ = ["carpeta", "carpeta_plantilla", "en_marcha", "plantilla"]


def enviar(portal: Portal, camino: str, datos: Any, **cabeceras: str) -> tuple[int, Any]:
    solicitud = urllib.request.Request(
        f"{portal.url}/api/v1{camino}",
        json.dumps(datos).encode(),
        {"Content-Type": "application/json", **cabeceras},
    )
    try:
        with urllib.request.urlopen(solicitud, timeout=60) as respuesta:
            return respuesta.status, json.load(respuesta)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def a_la_vez(cuantos: int, hacer: Any) -> list[Any]:
    with ThreadPoolExecutor(cuantos) as hilos:
        return list(hilos.map(hacer, range(cuantos)))


def test_muchos_a_la_vez(en_marcha: Portal) -> None:
    curp, nss, _ = persona(en_marcha, con_nss=True)
    datos = {"tipo": "nss", "curp": curp, "correo": "una@correo.example"}
    # The same request, eight times at once: one trámite, one mail.
    clave = {"Idempotency-Key": str(uuid.uuid4())}
    respuestas = a_la_vez(8, lambda _: enviar(en_marcha, "/tramites/", datos, **clave))
    assert {estado for estado, _ in respuestas} == {202}
    [pk] = {cuerpo["id"] for _, cuerpo in respuestas}
    assert en_marcha.base.consultar("SELECT count(*) FROM nss_portal_tramite") == [(1,)]
    bueno = codigo(en_marcha, "una@correo.example")
    # Thirty guesses at once: five are looked at.
    malo = f"{(int(bueno.replace(' ', '')) + 1) % 1_000_000:06d}"
    otro = enviar(en_marcha, "/tramites/", datos)[1]["id"]
    time.sleep(0.5)
    probados = Counter(
        estado
        for estado, _ in a_la_vez(
            30, lambda _: enviar(en_marcha, f"/tramites/{otro}/codigo/", {"codigo": malo})
        )
    )
    assert probados[422] <= 4 and probados[200] == 0 and probados[409] == 30 - probados[422]
    [(intentos,)] = en_marcha.base.consultar("SELECT max(intentos) FROM nss_portal_codigo")
    assert intentos == 5
    # The right one, eight times at once: one token, said to one, or to all who bring the key.
    tokens = [
        cuerpo.get("token")
        for _, cuerpo in a_la_vez(
            8, lambda _: enviar(en_marcha, f"/tramites/{pk}/codigo/", {"codigo": bueno})
        )
    ]
    assert len([token for token in tokens if token]) == 1
    assert nss not in en_marcha.bitacora() and curp not in en_marcha.bitacora()


def test_los_tres_pasos_con_curl(en_marcha: Portal, tmp_path: Path) -> None:
    curp, _, _ = persona(en_marcha, con_nss=False)
    [(cct,)] = en_marcha.base.consultar(
        "SELECT cct FROM vigencia_escuela WHERE superior ORDER BY cct LIMIT 1"
    )
    clave = manage("crear_clave_api", "--escuela", str(cct), "--nombre", "curl", env=en_marcha.env).strip()
    salida = tmp_path / "pdfs"
    salida.mkdir()
    paseo = subprocess.Popen(
        ["sh", str(RAIZ / "docs/api.sh"), en_marcha.url, curp, "curl@correo.example", "44100"],
        cwd=salida,
        env=en_marcha.env | {"CLAVE": clave},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    dicho, _ = paseo.communicate(codigo(en_marcha, "curl@correo.example") + "\n", timeout=60)
    assert paseo.returncode == 0 and dicho.endswith("Listo.\n"), dicho
    for paso in ("nss: resuelto asignado", "vigencia: resuelto vigente", "clínica: resuelto registrado"):
        assert paso in dicho, dicho
    assert len(list(salida.glob("*.pdf"))) == 5
    assert all(re.match(rb"%PDF-", pdf.read_bytes()) for pdf in salida.glob("*.pdf"))
