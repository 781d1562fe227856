"""The process tree, with real processes: what dies comes back, and all of it ends together."""

import contextlib
import itertools
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

RAIZ = Path(__file__).resolve().parents[2]
MANAGE = [sys.executable, str(RAIZ / "manage.py")]
Entorno = dict[str, str]


def espera(condicion: Callable[[], object], plazo: float = 10.0) -> bool:
    """Whether the condition came true in time."""
    hasta = time.monotonic() + plazo
    while not condicion():
        if time.monotonic() > hasta:
            return False
        time.sleep(0.05)
    return True


def puerto_libre() -> int:
    with socket.socket() as sonda:
        sonda.bind(("127.0.0.1", 0))
        return int(sonda.getsockname()[1])


def escuchan(puerto: int) -> bool:
    with socket.socket() as sonda:
        return sonda.connect_ex(("127.0.0.1", puerto)) == 0


def procesos(marca: str) -> dict[int, tuple[int, str]]:
    """Living processes that inherited the marked environment: pid -> (parent's pid, command line)."""
    lista = {}
    for carpeta in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if marca.encode() in (carpeta / "environ").read_bytes().split(b"\0"):
                padre = int((carpeta / "stat").read_text().rpartition(")")[2].split()[1])
                lista[int(carpeta.name)] = (padre, (carpeta / "cmdline").read_text().replace("\0", " "))
    return lista


@pytest.fixture(scope="module")
def entorno(tmp_path_factory: pytest.TempPathFactory) -> Entorno:
    """What `make run` sets, around a database of its own."""
    carpeta = tmp_path_factory.mktemp("portal")
    (carpeta / "static").mkdir()
    propio = {
        "DJANGO_SETTINGS_MODULE": "nss_portal.settings",
        "SECRET_KEY": "solo-para-las-pruebas",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DEMO": "1",
        "VAR_DIR": str(carpeta),
        "DATABASE_URL": f"sqlite:///{carpeta / 'portal.sqlite3'}",
    }
    ajeno = {k: v for k, v in os.environ.items() if k not in {"DEBUG", "EMAIL_URL", "RENAPO_URL"}}
    for orden in (["migrate"], ["collectstatic", "--no-input"]):
        subprocess.run([*MANAGE, *orden, "-v0"], env=ajeno | propio, check=True)
    return ajeno | propio


class Portal:
    """A running `iniciar`, in a folder that is not the project's."""

    def __init__(self, entorno: Entorno, carpeta: Path, *opciones: str) -> None:
        self.puerto = puerto_libre()
        self.marca = f"PRUEBA={carpeta}"
        self.diario = carpeta / "diario"
        with self.diario.open("w") as salida:
            self.proceso = subprocess.Popen(
                [*MANAGE, "iniciar", "--puerto", str(self.puerto), *opciones],
                env=entorno | {"PRUEBA": str(carpeta)},
                cwd=carpeta,
                stdout=salida,
                stderr=salida,
                start_new_session=True,
            )

    def listo(self) -> bool:
        return espera(lambda: "Ctrl-C para terminar." in self.diario.read_text())

    def web(self) -> list[int]:
        """Pids of the processes that answer requests: granian's children."""
        todos = procesos(self.marca)
        return [pid for pid, (padre, que) in todos.items() if "granian" in que and padre != self.proceso.pid]

    def trabajadores(self) -> list[int]:
        return [
            pid
            for pid, (_, que) in procesos(self.marca).items()
            if que.strip().endswith("manage.py trabajador")
        ]

    def barrer(self) -> None:
        for pid in procesos(self.marca):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.proceso.wait()


@pytest.fixture
def arrancar(entorno: Entorno, tmp_path: Path) -> Iterator[Callable[..., Portal]]:
    portales: list[Portal] = []

    def nuevo(*opciones: str) -> Portal:
        portales.append(Portal(entorno, tmp_path, *opciones))
        assert portales[-1].listo(), portales[-1].diario.read_text()
        return portales[-1]

    yield nuevo
    for portal in portales:
        portal.barrer()


def test_lo_que_muere_vuelve(arrancar: Callable[..., Portal], entorno: Entorno) -> None:
    portal = arrancar()
    assert espera(lambda: len(portal.web()) == 2 and portal.trabajadores())

    antes = set(portal.web())
    os.kill(min(antes), signal.SIGKILL)
    assert espera(lambda: len(set(portal.web()) - antes) == 1 and len(portal.web()) == 2)
    # The server above them as well: its own worker goes with it.
    servidor = procesos(portal.marca)[min(portal.web())][0]
    antes = set(portal.web())
    os.kill(servidor, signal.SIGKILL)
    assert espera(lambda: len(set(portal.web()) - antes) == 1 and len(portal.web()) == 2)
    assert espera(lambda: escuchan(portal.puerto))

    def latido() -> str:
        with contextlib.closing(sqlite3.connect(Path(entorno["VAR_DIR"]) / "portal.sqlite3")) as base:
            return str(base.execute("SELECT visto FROM nss_portal_latido").fetchone())

    (viejo,) = portal.trabajadores()
    os.kill(viejo, signal.SIGKILL)
    visto = latido()
    assert espera(lambda: portal.trabajadores() not in ([], [viejo]))
    assert espera(lambda: latido() != visto)


@pytest.mark.parametrize("senal", [signal.SIGINT, signal.SIGTERM])
def test_termina_pronto_y_entero(arrancar: Callable[..., Portal], senal: signal.Signals) -> None:
    portal = arrancar()
    # An open connection that asks for nothing does not hold the end back.
    with socket.create_connection(("127.0.0.1", portal.puerto)):
        portal.proceso.send_signal(senal)
        assert portal.proceso.wait(timeout=5) == 0
    assert not procesos(portal.marca)
    assert not escuchan(portal.puerto)
    assert "Traceback" not in portal.diario.read_text()


def test_kill_9_no_deja_huerfanos(arrancar: Callable[..., Portal]) -> None:
    portal = arrancar()
    portal.proceso.kill()
    portal.proceso.wait()
    assert espera(lambda: not procesos(portal.marca), plazo=15)
    assert not escuchan(portal.puerto)


def test_kill_9_al_arrancar_no_deja_huerfanos(entorno: Entorno, tmp_path: Path) -> None:
    """At any moment of the start, also before the children have their signal handlers."""
    for intento in range(4):
        carpeta = tmp_path / str(intento)
        carpeta.mkdir()
        portal = Portal(entorno, carpeta)
        try:
            assert espera(lambda portal=portal: len(procesos(portal.marca)) > 1)
            time.sleep(0.15 * intento)
            portal.proceso.kill()
            portal.proceso.wait()
            assert espera(lambda portal=portal: not procesos(portal.marca), plazo=15)
        finally:
            portal.barrer()


def test_termina_con_quien_lo_inicio(entorno: Entorno, tmp_path: Path) -> None:
    """As under `make`: a shell starts it; the shell is killed."""
    puerto, marca = puerto_libre(), f"PRUEBA={tmp_path}"
    orden = f'"{MANAGE[0]}" "{MANAGE[1]}" iniciar --solo-web --puerto {puerto} --con-el-padre $$; true'
    shell = subprocess.Popen(
        ["sh", "-c", orden], env=entorno | {"PRUEBA": str(tmp_path)}, stdout=subprocess.DEVNULL
    )
    try:
        assert espera(lambda: escuchan(puerto))
        shell.kill()
        shell.wait()
        assert espera(lambda: not procesos(marca), plazo=15)
    finally:
        for pid in procesos(marca):
            os.kill(pid, signal.SIGKILL)


def test_puerto_ocupado_se_dice_en_una_frase(entorno: Entorno) -> None:
    with socket.socket() as otro:
        otro.bind(("127.0.0.1", 0))
        otro.listen()
        puerto = otro.getsockname()[1]
        orden = [*MANAGE, "iniciar", "--puerto", str(puerto)]
        fin = subprocess.run(orden, env=entorno, capture_output=True, text=True, timeout=10)
    assert fin.returncode != 0
    assert fin.stderr.strip() == f"El puerto {puerto} está ocupado; prueba: make run PUERTO={puerto + 1}"
    assert fin.stdout == ""


def test_dos_portales_no_comparten_un_puerto(arrancar: Callable[..., Portal], entorno: Entorno) -> None:
    portal = arrancar("--solo-web", "--procesos-web", "1")
    orden = [*MANAGE, "iniciar", "--puerto", str(portal.puerto)]
    fin = subprocess.run(orden, env=entorno, capture_output=True, text=True, timeout=10)
    assert fin.returncode != 0 and "ocupado" in fin.stderr


LENTO = """
import pathlib, sys, time
import django
django.setup()
from nss_portal.management.commands import trabajador
from nss_portal.models import Instalacion
from nss_portal.servicio.turnos import Cola

def lenta(clave):
    archivo = pathlib.Path(sys.argv[1])
    archivo.write_text("empezada")
    time.sleep(1.5)
    archivo.write_text("terminada")

trabajador.COLAS["default"] = (Cola("lenta", Instalacion.objects.all, lenta),)
trabajador.Command().handle(cola="default")
"""


def test_el_trabajador_acaba_lo_que_tiene_entre_manos(entorno: Entorno, tmp_path: Path) -> None:
    archivo = tmp_path / "turno"
    trabajador = subprocess.Popen([sys.executable, "-c", LENTO, str(archivo)], env=entorno, cwd=RAIZ)
    try:
        assert espera(archivo.exists)
        trabajador.terminate()
        assert trabajador.wait(timeout=5) == 0
    finally:
        trabajador.kill()
    assert archivo.read_text() == "terminada"


GUION = """
import sys
from nss_portal.servicio.procesos import Supervisor
Supervisor([("primero", sys.argv[1:4]), ("segundo", sys.argv[4:7])]).correr()
"""


def supervisar(carpeta: Path, primero: str, segundo: str) -> subprocess.Popen[bytes]:
    """A supervisor over two shell children, in its own process: it blocks signals."""
    orden = [sys.executable, "-c", GUION, "/bin/sh", "-c", primero, "/bin/sh", "-c", segundo]
    return subprocess.Popen(orden, cwd=carpeta, env=os.environ | {"PYTHONPATH": str(RAIZ)})


def test_cada_vez_espera_mas_y_sigue(tmp_path: Path) -> None:
    supervisor = supervisar(tmp_path, "date +%s.%N >>arranques; exit 3", "exec sleep 60")
    time.sleep(2.2)
    supervisor.terminate()
    assert supervisor.wait(timeout=5) == 0
    arranques = [float(linea) for linea in (tmp_path / "arranques").read_text().split()]
    pausas = [b - a for a, b in itertools.pairwise(arranques)]
    assert len(pausas) >= 2
    for pausa, minima in zip(pausas, (0.2, 0.4, 0.8), strict=False):
        assert minima <= pausa < minima + 0.5


def test_terminan_en_orden_y_una_segunda_senal_apremia(tmp_path: Path) -> None:
    lento = "trap 'sleep 0.3; echo {0} >>fin; exit' TERM; echo >{0}; while :; do sleep 0.05; done"
    supervisor = supervisar(tmp_path, lento.format("web"), lento.format("trabajador"))
    assert espera(lambda: (tmp_path / "web").exists() and (tmp_path / "trabajador").exists())
    supervisor.terminate()
    assert supervisor.wait(timeout=5) == 0
    assert (tmp_path / "fin").read_text().split() == ["web", "trabajador"]

    terco = "trap '' TERM; echo >{0}; while :; do sleep 0.05; done"
    supervisor = supervisar(tmp_path, terco.format("terco1"), terco.format("terco2"))
    assert espera(lambda: (tmp_path / "terco1").exists() and (tmp_path / "terco2").exists())
    inicio = time.monotonic()
    supervisor.terminate()
    time.sleep(0.3)
    supervisor.terminate()
    assert supervisor.wait(timeout=5) == 0
    assert time.monotonic() - inicio < 2
