"""A whole school's documents at once: real ones, once a day, whoever dies half-way."""

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from pypdf import PdfReader

from nss_portal import colas
from nss_portal.documentos import sello
from nss_portal.models import Documento, Envio, Persona, Tramite
from nss_portal.servicio import turnos
from nss_portal.tramites import maquina
from tests.apoyo import Estricto, inscribir, persona_con_nss, reanudar, solicitar
from tests.nss_portal.papel import imagen, texto
from tests.procesos.portal import RAIZ, Base, base_vacia, entorno, manage
from tests.vigencia.alumnos import alumnos, escuela, sin_numero

CCT = "31DXX9001A"


def inscritos(cuantos: int, sin_nss: int | None = None, **cambios: Any) -> list[Persona]:
    """A school's students, in the order of their surnames; that of this place in it has no number."""
    una, hoy = escuela(), timezone.localdate()
    personas = alumnos(cuantos)
    if sin_nss is not None:
        sin_numero(personas[cuantos - 1 - sin_nss])
        personas[cuantos - 1 - sin_nss].refresh_from_db()
    for numero, persona in enumerate(personas):
        # Backwards: the order of the list is not that of the rows.
        persona.primer_apellido = f"Ejemplo {'FEDCBA'[numero % 6]}"
        persona.save()
        inscribir(
            persona,
            hoy - timedelta(days=30),
            hoy + timedelta(days=200),
            una,
            matricula=f"M{numero}",
            ciclo="2026-2027",
            **cambios,
        )
    return sorted(personas, key=lambda persona: (persona.primer_apellido, persona.curp))


def emitir(salida: Path, documento: str = "tarjeta", **opciones: Any) -> str:
    dicho = StringIO()
    call_command(
        "emitir_lote",
        escuela=CCT,
        documento=documento,
        salida=salida,
        stdout=dicho,
        **{"procesos": 1} | opciones,
    )
    return dicho.getvalue()


def del_zip(ruta: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(ruta) as paquete:
        assert paquete.testzip() is None
        return {nombre: paquete.read(nombre) for nombre in paquete.namelist()}


def guardado(documento: Documento) -> bytes:
    with documento.archivo.open("rb") as archivo:
        return bytes(archivo.read())


# A zip ------------------------------------------------------------------------------------------


def test_las_tarjetas_de_una_escuela(cliente: Estricto, tmp_path: Path) -> None:
    personas = inscritos(4, sin_nss=1)
    sin_nss = personas[1]
    con_nss = [persona for persona in personas if persona != sin_nss]
    dicho = emitir(tmp_path / "tarjetas.zip")
    assert "3 documentos" in dicho and "3 emitidos ahora, 0 que ya" in dicho
    assert "Sin documento, 1. No tiene NSS.\n  Matrícula M" in dicho
    documentos = list(Documento.objects.select_related("tramite").order_by("datos__nombre", "datos__curp"))
    assert [d.datos["curp"] for d in documentos] == [p.curp for p in con_nss], "and nothing else is issued"
    archivos = del_zip(tmp_path / "tarjetas.zip")
    assert archivos == {f"tarjeta-{d.tramite.folio}.pdf": guardado(d) for d in documentos}
    assert [*archivos] == [d.nombre_de_archivo for d in documentos], "in the order of the list"
    assert (tmp_path / "tarjetas.zip").stat().st_mode & 0o777 == 0o600
    assert [*tmp_path.iterdir()] == [tmp_path / "tarjetas.zip"]
    for persona in personas:
        for dato in filter(None, (persona.curp, persona.nss, persona.nombres)):
            assert dato not in dicho + str([*archivos])
    # Whoever has one in hand can check it, by its code and by its file.
    for documento, contenido in zip(documentos, archivos.values(), strict=True):
        codigo = {"folio": documento.tramite.folio, "codigo": documento.codigo}
        archivo = {"archivo": SimpleUploadedFile("tarjeta.pdf", contenido)}
        for datos in (codigo, archivo):
            respuesta = cliente.post("/verificar/", datos)
            assert respuesta.pagina.marcas["data-verificacion"] == ["valido"]


def test_nadie_recibe_correo_ni_queda_trabajo(catalogo: None, tmp_path: Path) -> None:
    inscritos(2)
    emitir(tmp_path / "t.zip")
    reanudar()
    assert not Envio.objects.exists() and not turnos.vuelta(colas.TRABAJO)
    for tramite in Tramite.objects.all():
        assert (tramite.canal, tramite.estado, tramite.navegador) == ("ventanilla", "resuelto", "")
        assert [s.estado for s in tramite.sucesos.all()] == ["recibido", "emitiendo", "resuelto"]


@pytest.mark.parametrize("modo", ["siempre", "si-cambia"])
def test_el_reporte_dice_lo_que_diria_el_paso_2(
    catalogo: None, settings: Any, tmp_path: Path, modo: str
) -> None:
    settings.CONFIRMAR_CORREO = modo
    [persona] = inscritos(1)
    emitir(tmp_path / "r.zip", "vigencia")
    documento = Documento.objects.get()
    assert documento.datos["vigente"] is True and documento.datos["escuela"] == "Escuela de Prueba"
    [(nombre, contenido)] = del_zip(tmp_path / "r.zip").items()
    assert nombre == f"vigencia-{documento.datos['folio']}.pdf"
    assert persona.nombre_completo in texto(contenido) and "SÍ" in texto(contenido).upper()


def test_los_avisos_siguen_llegando_al_correo_que_dio(cliente: Estricto, tmp_path: Path) -> None:
    persona, hoy = persona_con_nss(), timezone.localdate()
    solicitar(cliente, persona.curp, correo="suyo@correo.example")
    reanudar()
    inscribir(persona, hoy, hoy + timedelta(days=9), escuela())
    emitir(tmp_path / "t.zip")
    assert Tramite.objects.get(canal="ventanilla").correo == "suyo@correo.example"


# Twice ------------------------------------------------------------------------------------------


def test_dos_veces_es_una(catalogo: None, tmp_path: Path) -> None:
    inscritos(3)
    emitir(tmp_path / "t.zip")
    dicho = emitir(tmp_path / "otra.zip")
    assert "3 documentos" in dicho and "0 emitidos ahora, 3 que ya se habían emitido hoy" in dicho
    assert del_zip(tmp_path / "otra.zip") == del_zip(tmp_path / "t.zip")
    assert Documento.objects.count() == Tramite.objects.count() == 3


def test_lo_que_cambio_se_emite_de_nuevo(catalogo: None, tmp_path: Path) -> None:
    personas = inscritos(3)
    emitir(tmp_path / "r.zip", "vigencia")
    Persona.objects.filter(pk=personas[0].pk).update(nombres="Ixchel")
    cancelado = Documento.objects.get(tramite__persona=personas[1])
    Documento.objects.filter(pk=cancelado.pk).update(cancelado=timezone.now())
    assert "2 emitidos ahora, 1 que ya" in emitir(tmp_path / "r.zip", "vigencia")
    assert "0 emitidos ahora, 3 que ya" in emitir(tmp_path / "r.zip", "vigencia")


def test_otro_dia_es_otro_documento(catalogo: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inscritos(1)
    emitir(tmp_path / "t.zip")
    manana = timezone.localdate() + timedelta(days=1)
    monkeypatch.setattr(timezone, "localdate", lambda *_: manana)
    assert "1 emitidos ahora" in emitir(tmp_path / "t.zip")


def test_a_medias_y_otra_vez(catalogo: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inscritos(3)
    de_veras, veces = maquina.emitir, []

    def morir(tramite: Tramite) -> None:
        veces.append(tramite)
        if len(veces) == 2:
            raise KeyboardInterrupt  # as a kill, with its row written and nothing drawn
        de_veras(tramite)

    with monkeypatch.context() as mortal:
        mortal.setattr(maquina, "emitir", morir)
        with pytest.raises(KeyboardInterrupt):
            emitir(tmp_path / "t.zip")
    assert [*tmp_path.iterdir()] == []
    assert Documento.objects.filter(emitido=None).count() == 1
    reanudar()  # it is nobody else's
    assert Documento.objects.filter(emitido=None).count() == 1
    assert "3 documentos" in emitir(tmp_path / "t.zip")
    assert Tramite.objects.count() == Documento.objects.exclude(emitido=None).count() == 3


def test_algo_pasajero_no_para_a_los_demas(
    catalogo: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    personas = inscritos(3)
    de_veras = maquina.emitir

    def fallar(tramite: Tramite) -> None:
        if tramite.persona == personas[1]:
            raise RuntimeError("planted")
        de_veras(tramite)

    with monkeypatch.context() as malo:
        malo.setattr(maquina, "emitir", fallar)
        with pytest.raises(CommandError, match="Quedaron 1 sin emitir"):
            emitir(tmp_path / "t.zip")
    assert len(del_zip(tmp_path / "t.zip")) == 2
    assert "3 documentos" in emitir(tmp_path / "t.zip") and len(del_zip(tmp_path / "t.zip")) == 3


def test_el_registro_no_responde(catalogo: None, tmp_path: Path, settings: Any) -> None:
    inscritos(1)
    settings.RENAPO_URL = "http://127.0.0.1:9/"
    with pytest.raises(CommandError, match="repite la misma orden"):
        emitir(tmp_path / "t.zip")
    assert not Tramite.objects.exists()


# One file to print ------------------------------------------------------------------------------


def test_un_pdf_para_imprimir(catalogo: None, tmp_path: Path) -> None:
    inscritos(4)
    dicho = emitir(tmp_path / "tarjetas.pdf")
    assert "es para imprimir y no lleva firma" in dicho
    ruta = tmp_path / "tarjetas.pdf"
    assert subprocess.run(["qpdf", "--check", ruta], capture_output=True).returncode == 0
    lector = PdfReader(ruta)
    documentos = list(Documento.objects.order_by("datos__nombre", "datos__curp"))
    documentos.sort(key=lambda d: d.tramite.persona.primer_apellido if d.tramite.persona else "")
    assert len(lector.pages) == len(documentos) == 4
    assert "/AcroForm" not in lector.trailer["/Root"] and not lector.get_fields()
    fuentes = subprocess.run(["pdffonts", ruta], capture_output=True, text=True, check=True).stdout
    assert all(re.search(r" yes +yes +yes ", linea) for linea in fuentes.splitlines()[2:])
    for numero, documento in enumerate(documentos, 1):
        partes = ["qpdf", "--empty", "--pages", str(ruta), str(numero), "--", "-"]
        pagina = subprocess.run(partes, capture_output=True, check=True).stdout
        original = guardado(documento)
        assert texto(pagina) == texto(original)
        assert imagen(pagina, 40).tobytes() == imagen(original, 40).tobytes()


# What cannot be --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cambios", "dice"),
    [
        ({"escuela": "09DCT9999Z"}, "No hay una escuela"),
        ({"ciclo": "1999-2000"}, "Nadie de esa escuela está inscrito en el ciclo"),
        ({"salida": Path("tarjetas.txt")}, "un .zip o un .pdf"),
        ({"procesos": 0}, "uno o más"),
        ({"salida": Path("/no/existe/t.zip")}, "No se puede escribir"),
    ],
)
def test_ordenes_que_no_se_pueden(catalogo: None, tmp_path: Path, cambios: dict[str, Any], dice: str) -> None:
    inscritos(1)
    opciones = {"escuela": CCT, "documento": "tarjeta", "salida": tmp_path / "t.zip", "procesos": 1} | cambios
    with pytest.raises(CommandError, match=dice):
        call_command("emitir_lote", **opciones)
    assert not Tramite.objects.exists() and not [*tmp_path.iterdir()]


def test_sin_derecho_hoy_no_hay_a_quien(catalogo: None, tmp_path: Path) -> None:
    hoy = timezone.localdate()
    inscribir(persona_con_nss(), hoy - timedelta(days=90), hoy - timedelta(days=1), escuela())
    with pytest.raises(CommandError, match="tiene derecho hoy"):
        emitir(tmp_path / "t.zip")


def test_sin_clave_se_dice_antes_de_empezar(catalogo: None, tmp_path: Path, settings: Any) -> None:
    inscritos(1)
    sello.olvidar()
    settings.DEMO = False
    try:
        with pytest.raises(CommandError, match="SELLO_CLAVE"):
            emitir(tmp_path / "t.zip")
    finally:
        sello.olvidar()
    assert not Tramite.objects.exists()


# Several processes, and those that die -----------------------------------------------------------

CUANTOS = 24


def preparar() -> None:
    """In a process of its own: a school on an empty database."""
    call_command("loaddata", "entidades", verbosity=0)
    inscritos(CUANTOS)


@pytest.fixture(scope="module")
def aparte(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Base, dict[str, str]]]:
    carpeta = tmp_path_factory.mktemp("lote")
    base = base_vacia(carpeta)
    env = entorno(carpeta, base)
    try:
        manage("migrate", "--verbosity=0", env=env)
        orden = "from tests.nss_portal.test_emitir_lote import preparar; preparar()"
        manage("shell", "-v0", "-c", orden, env=env)
        yield base, env
    finally:
        base.borrar()


class Orden:
    """`manage.py emitir_lote` on two processes, and what it is doing."""

    def __init__(self, aparte: tuple[Base, dict[str, str]], documento: str, salida: Path) -> None:
        self.base, env = aparte
        self.documento = documento
        partes = ["emitir_lote", "--escuela", CCT, "--documento", documento, "--procesos", "2"]
        self.proceso = subprocess.Popen(
            [sys.executable, "manage.py", *partes, "--salida", str(salida)],
            cwd=RAIZ,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def emitidos(self) -> int:
        sql = "SELECT count(*) FROM nss_portal_documento WHERE tipo = %s AND emitido IS NOT NULL"
        return int(self.base.consultar(sql, self.documento)[0][0])

    def esperar_a_que_lleve(self, cuantos: int) -> list[int]:
        """The pids of its two workers, once it has issued so many."""
        limite = time.monotonic() + 60
        while time.monotonic() < limite and self.proceso.poll() is None:
            if self.emitidos() >= cuantos and len(hijos := _hijos(self.proceso.pid)) == 2:
                return hijos
            time.sleep(0.02)
        raise AssertionError(f"it did not get that far: {self.terminar()}")

    def terminar(self) -> str:
        dicho, _ = self.proceso.communicate(timeout=120)
        return dicho


def _hijos(pid: int) -> list[int]:
    return [int(hijo) for hijo in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _vive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    return False


def test_muere_uno_que_trabaja(aparte: tuple[Base, dict[str, str]], tmp_path: Path) -> None:
    orden = Orden(aparte, "tarjeta", tmp_path / "t.zip")
    os.kill(orden.esperar_a_que_lleve(3)[0], signal.SIGKILL)
    dicho = orden.terminar()
    assert orden.proceso.returncode == 0, dicho
    assert f"{CUANTOS} documentos" in dicho
    assert len(del_zip(tmp_path / "t.zip")) == CUANTOS == orden.emitidos()
    [(cuantos,)] = orden.base.consultar("SELECT count(*) FROM nss_portal_tramite WHERE tipo = %s", "nss")
    assert cuantos == CUANTOS, "the one that was in hand is not issued twice"


def test_muere_quien_reparte(aparte: tuple[Base, dict[str, str]], tmp_path: Path) -> None:
    orden = Orden(aparte, "vigencia", tmp_path / "r.pdf")
    hijos = orden.esperar_a_que_lleve(3)
    orden.proceso.kill()
    orden.terminar()
    limite = time.monotonic() + 10
    while any(map(_vive, hijos)) and time.monotonic() < limite:
        time.sleep(0.02)
    assert not any(map(_vive, hijos)), "they live and die together"
    assert not [*tmp_path.iterdir()]
    hechos = orden.emitidos()
    assert 3 <= hechos < CUANTOS
    otra = Orden(aparte, "vigencia", tmp_path / "r.pdf")
    dicho = otra.terminar()
    assert otra.proceso.returncode == 0, dicho
    ya = int(re.search(r"(\d+) que ya se habían", " ".join(dicho.split()))[1])  # type: ignore[index]
    assert f"{CUANTOS} documentos" in dicho and hechos <= ya <= hechos + 2
    assert len(PdfReader(io.BytesIO((tmp_path / "r.pdf").read_bytes())).pages) == CUANTOS
    [(cuantos,)] = otra.base.consultar("SELECT count(*) FROM nss_portal_tramite WHERE tipo = %s", "vigencia")
    assert cuantos == CUANTOS
