"""`make caos`: things die, go away and fill up while people are being attended; then everything is counted.

Bounded (a few minutes), random, prints a table, and ends with 1 if any promise was broken. Not part of the
suite: it looks for what nobody thought of. `CAOS_SEMILLA=n` repeats the same choices.
"""

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from nss_portal.personas.identidad import validar_nss
from tests.procesos.portal import Base, Navegador, Portal, base_vacia, entorno, manage, portal, puerto_libre

GOLPES = 30
SI_NO = (False, True, False, True)  # down and up, twice
PLAZO = 30.0  # seconds in which everything accepted must end once the blows stop
azar = random.Random(int(os.environ.get("CAOS_SEMILLA", "0")) or time.time_ns())


class Correo:
    """An SMTP server that can go away and come back on the same port."""

    def __init__(self) -> None:
        self.puerto = puerto_libre()
        self.ids: list[str] = []
        self.control: Controller | None = None
        self.subir()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        linea = next(x for x in envelope.content.split(b"\r\n") if x.lower().startswith(b"message-id:"))
        self.ids.append(linea.decode())
        return "250 OK"

    def subir(self) -> None:
        self.control = Controller(self, hostname="127.0.0.1", port=self.puerto)
        self.control.start()

    def bajar(self) -> None:
        if self.control:
            self.control.stop()
            self.control = None


class Registro:
    """The population registry over HTTP, answered from the demonstration's own table; it can be down."""

    def __init__(self, base: Base) -> None:
        self.arriba = True
        columnas = "curp, nombres, primer_apellido, segundo_apellido, nacimiento, sexo, entidad"
        filas = base.consultar(f"SELECT {columnas} FROM nss_portal_persona")
        personas = {f[0]: dict(zip(columnas.split(", "), map(str, f), strict=True)) for f in filas}
        registro = self

        class Manejador(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                curp = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["curp"]
                cuerpo = json.dumps(personas.get(curp, {})).encode()
                self.send_response(503 if not registro.arriba else 200 if curp in personas else 404)
                self.send_header("Content-Length", str(len(cuerpo)))
                self.end_headers()
                self.wfile.write(cuerpo)

            def log_message(self, *_: object) -> None:
                pass

        self.servidor = ThreadingHTTPServer(("127.0.0.1", 0), Manejador)
        self.servidor.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.servidor.server_address[1]}/"
        threading.Thread(target=self.servidor.serve_forever, args=[0.05], daemon=True).start()


@dataclass
class Mundo:
    portal: Portal
    correo: Correo
    registro: Registro
    basta: threading.Event = field(default_factory=threading.Event)
    aceptados: list[tuple[Navegador, str]] = field(default_factory=list)
    hubo_muertes: bool = False
    fin: threading.Event = field(default_factory=threading.Event)

    def matar(self, que: str) -> None:
        self.hubo_muertes = True
        pids = self.portal.procesos(que)
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(azar.choice(pids), signal.SIGKILL)

    def matar_base(self) -> None:
        """kill -9 of one PostgreSQL backend: the whole server restarts and recovers."""
        self.hubo_muertes = True
        with contextlib.suppress(Exception):
            nombre = self.portal.base.url.rsplit("/", 1)[1].split("?")[0]
            pids = self.portal.base.consultar(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", nombre
            )
            os.kill(int(azar.choice(pids)[0]), signal.SIGKILL)

    def estudiante(self, curps: list[str]) -> None:
        """Begins a trámite for each CURP and answers what it is asked; what fails is tried again."""
        for curp in curps:
            if self.basta.is_set():
                return
            navegador = Navegador(self.portal)
            with contextlib.suppress(Exception):
                camino = navegador.solicitar(curp, f"{curp.lower()}@correo.example")
                self.aceptados.append((navegador, camino))
                navegador.esperar(camino, "domicilio", "resultado", "rechazo", plazo=4)
                navegador.dar_domicilio(camino)

    def esperar_fin(self) -> None:
        """Until every accepted trámite has ended and its mail is out, or far too long; gives the address."""
        desde = time.monotonic()
        consultar = self.portal.base.consultar
        while time.monotonic() - desde < 90:
            with contextlib.suppress(Exception):
                for navegador, camino in self.aceptados:
                    if navegador.estado(camino)["pantalla"] == "domicilio":
                        navegador.dar_domicilio(camino)
                [(abiertos,)] = consultar(
                    "SELECT COUNT(*) FROM nss_portal_tramite WHERE estado NOT IN "
                    "('resuelto', 'finalizado', 'rechazado')"
                )
                [(sin_enviar,)] = consultar("SELECT COUNT(*) FROM nss_portal_envio WHERE enviado IS NULL")
                if not abiertos and not sin_enviar:
                    return
            time.sleep(0.2)


def contar(mundo: Mundo) -> dict[str, int]:
    """The broken promises, by kind."""
    consultar = mundo.portal.base.consultar
    nss = [n for (n,) in consultar("SELECT nss FROM nss_portal_persona WHERE nss IS NOT NULL")]
    documentos = consultar("SELECT archivo, sha256 FROM nss_portal_documento WHERE emitido IS NOT NULL")
    [(resueltos,)] = consultar("SELECT COUNT(*) FROM nss_portal_tramite WHERE resultado <> ''")
    [(tramites,)] = consultar("SELECT COUNT(*) FROM nss_portal_tramite")
    carpeta = mundo.portal.carpeta / "documentos"
    perdidos = sum(
        not (carpeta / nombre).exists()
        or hashlib.sha256((carpeta / nombre).read_bytes()).hexdigest() != huella
        for nombre, huella in documentos
    )
    aceptados = {camino.split("/")[2].replace("-", "") for _, camino in mundo.aceptados}
    guardados = {str(i).replace("-", "") for (i,) in consultar("SELECT id FROM nss_portal_tramite")}
    return {
        "NSS repetidos o mal formados": len(nss) - len({validar_nss(n) for n in nss}),
        "documentos perdidos": perdidos + 2 * resueltos - len(documentos),
        "trámites perdidos": len(aceptados - guardados),
        "correos de menos": resueltos - len(set(mundo.correo.ids)),
        # A copy is forgiven where a kill may have fallen between sending and stamping.
        "correos de más": 0 if mundo.hubo_muertes else len(mundo.correo.ids) - len(set(mundo.correo.ids)),
        "folios repetidos": tramites - len(consultar("SELECT DISTINCT folio FROM nss_portal_tramite")),
    }


@contextlib.contextmanager
def disco_propio(carpeta: Path, hace_falta: bool) -> Iterator[Callable[[bool], None] | None]:
    """A small disk for all that the portal writes, to be filled and freed; None where it can not be had."""
    orden = ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(carpeta)]
    if not hace_falta or os.geteuid() or subprocess.run(orden, capture_output=True).returncode:
        yield None
        return
    relleno = carpeta / "relleno"

    def llenar(si: bool) -> None:
        relleno.unlink(missing_ok=True)
        if si:
            with contextlib.suppress(OSError), relleno.open("wb", buffering=0) as archivo:
                while True:
                    archivo.write(b"\0" * 4096)

    try:
        yield llenar
    finally:
        subprocess.run(["umount", "-l", str(carpeta)], check=False)


def golpear(mundo: Mundo, golpes: list[Callable[[], None]], pausa: float) -> None:
    for golpe in golpes:
        time.sleep(azar.uniform(0, 2 * pausa))
        golpe()


ESCENAS: dict[str, Callable[[Mundo], list[Callable[[], None]]]] = {
    "kill -9 del trabajador y del cartero": lambda m: [lambda: m.matar("trabajador")] * GOLPES,
    "kill -9 de la web": lambda m: [lambda: m.matar("nss_portal.asgi:application")] * GOLPES,
    "kill -9 de PostgreSQL": lambda m: [m.matar_base] * 8,
    "correo abajo y arriba": lambda m: [m.correo.bajar, m.correo.subir, m.correo.bajar, m.correo.subir],
    "registro abajo y arriba": lambda m: [partial(setattr, m.registro, "arriba", s) for s in SI_NO],
    "disco lleno": lambda m: [],
}


def escena(nombre: str, plantilla: Base, estaticos: Path, raiz: Path) -> dict[str, Any] | None:
    carpeta = raiz / str(len(list(raiz.iterdir())))
    carpeta.mkdir()
    correo, registro = Correo(), Registro(plantilla)
    try:
        with disco_propio(carpeta, nombre == "disco lleno") as llenar:
            if nombre == "disco lleno" and llenar is None:
                return None
            return representar(nombre, plantilla, estaticos, carpeta, correo, registro, llenar)
    finally:
        correo.bajar()
        registro.servidor.shutdown()


def representar(
    nombre: str,
    plantilla: Base,
    estaticos: Path,
    carpeta: Path,
    correo: Correo,
    registro: Registro,
    llenar: Callable[[bool], None] | None,
) -> dict[str, Any]:
    """People are attended while the blows of a scene fall; what came of it."""
    (carpeta / "static").symlink_to(estaticos)
    variables = {"EMAIL_URL": f"smtp://127.0.0.1:{correo.puerto}", "RENAPO_URL": registro.url}
    with portal(carpeta, plantilla, **variables) as sitio:
        mundo = Mundo(sitio, correo, registro)
        golpes = [partial(llenar, not libre) for libre in SI_NO] if llenar else ESCENAS[nombre](mundo)
        curps = [c for (c,) in sitio.base.consultar("SELECT curp FROM nss_portal_persona ORDER BY curp")]
        azar.shuffle(curps)
        repartidas = [curps[n::4][:12] for n in range(4)]
        estudiantes = [threading.Thread(target=mundo.estudiante, args=[r]) for r in repartidas]
        for hilo in estudiantes:
            hilo.start()
        golpear(mundo, golpes, 12 / max(1, len(golpes)))
        ultimo = time.monotonic()
        mundo.basta.set()
        for hilo in estudiantes:
            hilo.join(60)
        mundo.esperar_fin()
        mundo.fin.set()
        demora = time.monotonic() - ultimo
        return {"aceptados": len(mundo.aceptados), "golpes": len(golpes), "demora": demora} | contar(mundo)


def main() -> int:
    rotas = 0
    with tempfile.TemporaryDirectory() as temporal:
        raiz, preparada = Path(temporal) / "escenas", Path(temporal) / "plantilla"
        raiz.mkdir()
        preparada.mkdir()
        plantilla = base_vacia(preparada)
        env = entorno(preparada, plantilla)
        for orden in (["migrate", "--verbosity=0"], ["datos_demo", "--personas", "40"]):
            manage(*orden, env=env)
        manage("collectstatic", "--no-input", "--verbosity=0", env=env)
        print(f"{'escena':42} {'golpes':>6} {'trámites':>8} {'recupera':>9}  promesas rotas")
        for nombre in ESCENAS:
            if "PostgreSQL" in nombre and plantilla.sqlite:
                continue
            hecho = escena(nombre, plantilla, preparada / "static", raiz)
            if hecho is None:
                print(f"{nombre:42} no se corrió: hace falta ser root")
                continue
            cuentas = {k: v for k, v in hecho.items() if k not in {"aceptados", "golpes", "demora"} and v}
            tarde = hecho["demora"] > PLAZO
            rotas += bool(cuentas) or tarde
            demora = f"{hecho['demora']:7.1f} s"
            print(
                f"{nombre:42} {hecho['golpes']:6} {hecho['aceptados']:8} {demora}  "
                f"{cuentas or 'ninguna'}{' (tarde)' if tarde else ''}",
                flush=True,
            )
        plantilla.borrar()
    return 1 if rotas else 0


if __name__ == "__main__":
    sys.exit(main())
