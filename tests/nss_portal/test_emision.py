"""A document is drawn, signed and kept once; what hangs, dies or lacks its key costs a retry, no more."""

import re
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from nss_portal import colas
from nss_portal.documentos import firma, sello
from nss_portal.documentos.models import Certificado
from nss_portal.models import Documento, Estado, Persona, Tramite
from nss_portal.servicio import turnos
from nss_portal.tramites import maquina
from tests.apoyo import Estricto, reanudar, solicitar

pytestmark = pytest.mark.usefixtures("catalogo")


def leer(documento: Documento) -> bytes:
    with documento.archivo.open("rb") as archivo:
        return bytes(archivo.read())


@pytest.fixture
def tramite() -> Tramite:
    persona = Persona.objects.exclude(nss=None).order_by("curp")[0]
    with transaction.atomic():
        return maquina.iniciar("nss", uuid.uuid4(), "navegador", persona.curp, "persona@correo.example")


def test_se_guarda_con_que_se_hizo(tramite: Tramite) -> None:
    reanudar()
    for documento in Documento.objects.all():
        assert re.fullmatch(r"WeasyPrint [\d.]+, pyHanko [\d.]+, Python [\d.]+", documento.versiones)
        assert documento.certificado == Certificado.objects.get()
        assert firma.vale(leer(documento), timezone.now())


def test_corregir_a_la_persona_no_cambia_ni_un_byte(tramite: Tramite) -> None:
    reanudar()
    antes = {d.pk: (d.datos, leer(d)) for d in Documento.objects.all()}
    Persona.objects.filter(curp=tramite.curp).update(nombres="Otro Nombre")
    reanudar()
    assert {d.pk: (d.datos, leer(d)) for d in Documento.objects.all()} == antes
    for documento in Documento.objects.select_related("certificado", "tramite"):
        assert sello.vale(documento)


def test_una_firma_que_se_cuelga(cliente: Estricto, monkeypatch: pytest.MonkeyPatch) -> None:
    persona = Persona.objects.exclude(nss=None).order_by("curp")[0]
    url = solicitar(cliente, persona.curp)
    with monkeypatch.context() as colgada:
        colgada.setattr(maquina, "PLAZO_DOCUMENTO", 0.2)
        colgada.setattr(firma, "firmar", lambda _: time.sleep(5))
        desde = time.monotonic()
        turnos.vuelta(colas.TRABAJO)
        assert time.monotonic() - desde < 3
    respuesta = cliente.get(url)
    assert respuesta.pagina.marcas["data-espera"] == ["documento"]
    assert "Seguimos trabajando en tu documento" in respuesta.content.decode()
    Tramite.objects.update(libre_desde=Now())
    reanudar()
    assert cliente.get(url).pagina.pantallas == ["resultado"]


def test_lo_que_no_oye_senales_se_va_con_su_proceso() -> None:
    """As a library written in C that never comes back: no exception can be raised in it."""
    guion = (
        "import itertools\n"
        "from nss_portal.servicio.plazos import o_se_va_el_proceso, plazo\n"
        "with o_se_va_el_proceso(60), plazo(0.2), o_se_va_el_proceso(0.6): sum(itertools.repeat(0))"
    )
    raiz = Path(maquina.__file__).parents[2]
    desde = time.monotonic()
    salida = subprocess.run([sys.executable, "-c", guion], cwd=raiz, capture_output=True, timeout=60)
    assert salida.returncode == 1 and b"Timeout" in salida.stderr
    assert time.monotonic() - desde < 30


def test_un_trabajador_que_no_vuelve_se_va() -> None:
    """A turn that hangs outside of any drawing: in the database's library, say."""
    guion = (
        "import itertools, django; django.setup()\n"
        "from nss_portal.management.commands import trabajador\n"
        "trabajador.PLAZO_DE_LA_VUELTA = 0.6\n"
        "trabajador.Command.vuelta = lambda _: sum(itertools.repeat(0))\n"
        "trabajador.Command().handle(cola='correo')"
    )
    raiz = Path(maquina.__file__).parents[2]
    salida = subprocess.run([sys.executable, "-c", guion], cwd=raiz, capture_output=True, timeout=60)
    assert salida.returncode == 1 and b"Timeout" in salida.stderr


def test_un_documento_que_mata_a_quien_lo_hace(tramite: Tramite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies says nothing: its second attempt tells the student, each pause is longer."""

    def morir(_: Tramite) -> None:
        raise KeyboardInterrupt  # goes through everything, as a kill would

    pausas = []
    with monkeypatch.context() as mortal:
        mortal.setattr(maquina, "emitir", morir)
        for intento in range(1, 8):
            Tramite.objects.update(libre_desde=Now())
            with pytest.raises(KeyboardInterrupt):
                turnos.vuelta(colas.TRABAJO)
            tramite.refresh_from_db()
            assert tramite.estado == Estado.EMITIENDO
            assert tramite.espera == ("documento" if intento > 1 else "")
            pausas.append((tramite.libre_desde - timezone.now()).total_seconds())
    assert pausas[0] <= 15 and pausas[-1] > 60
    Tramite.objects.update(libre_desde=Now())
    reanudar()
    tramite.refresh_from_db()
    assert (tramite.estado, tramite.espera, tramite.intentos) == (Estado.RESUELTO, "", 0)


def test_sin_clave_espera_y_sale_despues(tramite: Tramite, settings: Any) -> None:
    """In production, with nothing to seal with: nothing of the act is done, nothing is refused."""
    sello.olvidar()
    settings.DEMO = False
    turnos.vuelta(colas.TRABAJO)
    tramite.refresh_from_db()
    assert (tramite.estado, tramite.espera) == (Estado.RECIBIDO, "documento")
    assert not Documento.objects.exists()
    settings.DEMO = True
    Tramite.objects.update(libre_desde=Now())
    reanudar()
    tramite.refresh_from_db()
    assert tramite.estado == Estado.RESUELTO
