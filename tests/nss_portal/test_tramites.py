"""The row is the truth: leases, waits, one winner of each move, what `reanudar` takes up."""

import hashlib
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from nss_portal import colas
from nss_portal.documentos import imprenta
from nss_portal.models import Aviso, Documento, Envio, Estado, Persona, Tramite
from nss_portal.oferta import OFERTA
from nss_portal.personas import renapo
from nss_portal.servicio import turnos
from nss_portal.tramites import maquina
from nss_portal.tramites.models.tramite import ARRIENDO, DE_TRABAJO, FLECHAS, nuevo_folio
from tests.apoyo import reanudar

pytestmark = pytest.mark.usefixtures("catalogo")


@pytest.fixture
def tramite() -> Tramite:
    persona = Persona.objects.exclude(nss=None).order_by("curp")[0]
    with transaction.atomic():
        return maquina.iniciar("nss", uuid.uuid4(), "navegador", persona.curp, "persona@correo.example")


def test_folio() -> None:
    antes = int(timezone.now().timestamp() * 1000)
    folios = {nuevo_folio() for _ in range(1000)}
    assert len(folios) == 1000
    for folio in folios:
        assert len(folio) == 22 and folio.isdigit()
        assert abs(int(folio[:13]) - antes) < 10_000


def test_solo_uno_lo_toma(tramite: Tramite) -> None:
    tomado = Tramite.objects.tomar(tramite.pk)
    assert tomado and tomado.intentos == 1
    assert Tramite.objects.tomar(tramite.pk) is None
    # The worker died: after the lease it is anyone's.
    Tramite.objects.update(libre_desde=Now())
    assert Tramite.objects.tomar(tramite.pk)
    assert timedelta(seconds=5) < ARRIENDO <= timedelta(seconds=20), "recovery is promised within 30 s"


def test_de_dos_que_mueven_gana_uno(tramite: Tramite) -> None:
    uno, otro = Tramite.objects.get(pk=tramite.pk), Tramite.objects.get(pk=tramite.pk)
    assert uno.mover(Estado.DOMICILIO)
    assert not otro.mover(Estado.DOMICILIO)
    assert list(tramite.sucesos.values_list("estado", flat=True)) == ["recibido", "domicilio"]


def test_solo_por_las_flechas(tramite: Tramite) -> None:
    for destino in set(Estado) - FLECHAS[Estado.RECIBIDO]:
        with pytest.raises(AssertionError):
            tramite.mover(destino)


def test_de_todo_estado_de_trabajo_se_puede_acabar() -> None:
    finales = {Estado.FINALIZADO, Estado.RECHAZADO}
    for estado in Estado:
        alcanzables, pendientes = set(), [estado]
        while pendientes:
            actual = pendientes.pop()
            alcanzables.add(actual)
            pendientes += FLECHAS[actual] - alcanzables
        assert alcanzables & finales
    assert all(FLECHAS[estado] for estado in DE_TRABAJO)


def test_restricciones_con_nombre(tramite: Tramite) -> None:
    casos: list[tuple[dict[str, object], str]] = [
        ({"folio": "1"}, "tramite_folio_de_22_cifras"),
        ({"curp": "X" * 18}, "tramite_curp_bien_formada"),
        ({"motivo": "bloqueada"}, "tramite_motivo_solo_de_rechazo"),
        ({"estado": "rechazado"}, "tramite_motivo_solo_de_rechazo"),
        ({"estado": "resuelto"}, "tramite_resuelto_con_persona"),
    ]
    for cambios, nombre in casos:
        with pytest.raises(IntegrityError, match=nombre), transaction.atomic():
            Tramite.objects.update(**cambios)


def test_registro_no_disponible_espera_y_sigue(tramite: Tramite, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_responde(curp: str) -> Persona | None:
        raise renapo.NoDisponible

    with monkeypatch.context() as caido:
        caido.setattr(renapo, "identificar", no_responde)
        reanudar()
        tramite.refresh_from_db()
        assert (tramite.estado, tramite.espera) == (Estado.RECIBIDO, "registro-no-disponible")
        primera = tramite.libre_desde - timezone.now()
        assert reanudar() == 0, "it waits before it asks again"
        Tramite.objects.update(libre_desde=Now())
        reanudar()
        tramite.refresh_from_db()
        assert tramite.libre_desde - timezone.now() > primera, "the pause grows"
    Tramite.objects.update(libre_desde=Now())
    reanudar()
    tramite.refresh_from_db()
    assert (tramite.estado, tramite.espera) == (Estado.RESUELTO, "")


def test_un_documento_que_no_sale_espera_y_sale_despues(
    tramite: Tramite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as roto:
        roto.setattr(imprenta, "pdf", lambda *_: 1 / 0)
        reanudar()
    tramite.refresh_from_db()
    assert (tramite.estado, tramite.espera) == (Estado.EMITIENDO, "documento")
    assert not Envio.objects.exists(), "no mail without its document"
    Tramite.objects.update(libre_desde=Now())
    while reanudar():
        pass
    tramite.refresh_from_db()
    assert tramite.estado == Estado.RESUELTO
    assert Envio.objects.get().enviado


def test_disco_lleno_no_pierde_nada(tramite: Tramite, monkeypatch: pytest.MonkeyPatch) -> None:
    def sin_lugar(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as lleno:
        lleno.setattr(type(default_storage._wrapped), "_save", sin_lugar)  # type: ignore[attr-defined]
        reanudar()
    assert Documento.objects.filter(emitido=None).count() == 2
    Tramite.objects.update(libre_desde=Now())
    reanudar()
    assert Documento.objects.exclude(emitido=None).count() == 2


def test_los_bytes_guardados_son_los_de_la_huella(tramite: Tramite) -> None:
    reanudar()
    for documento in Documento.objects.all():
        with documento.archivo.open("rb") as archivo:
            assert hashlib.sha256(archivo.read()).hexdigest() == documento.sha256
        assert tramite.curp not in documento.archivo.name


def test_quien_emite_segundo_conserva_los_bytes_del_primero(
    tramite: Tramite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers render at once (a lease ran out): the first bytes stay, no file is left over."""
    original = imprenta.pdf

    def otro_se_adelanta(tipo: str, datos: dict[str, object]) -> bytes:
        monkeypatch.setattr(imprenta, "pdf", original)
        maquina.emitir(Tramite.objects.get(pk=tramite.pk))
        return original(tipo, datos | {"nombre": "Otro"})

    monkeypatch.setattr(imprenta, "pdf", otro_se_adelanta)
    maquina.atender(tramite.pk, OFERTA)
    archivos = [documento.archivo.name for documento in Documento.objects.all()]
    assert len(archivos) == 2
    for documento in Documento.objects.all():
        with documento.archivo.open() as archivo:
            assert hashlib.sha256(archivo.read()).hexdigest() == documento.sha256
    propios = tuple(str(documento.pk) for documento in Documento.objects.all())
    assert {n for n in default_storage.listdir("")[1] if n.startswith(propios)} == set(archivos)
    assert Envio.objects.count() == 1
    assert Tramite.objects.get().estado == Estado.RESUELTO


def test_corregir_a_la_persona_no_cambia_lo_emitido(tramite: Tramite) -> None:
    reanudar()
    antes = [(d.datos, d.sha256) for d in Documento.objects.all()]
    Persona.objects.filter(curp=tramite.curp).update(nombres="Otro Nombre")
    reanudar()
    assert [(d.datos, d.sha256) for d in Documento.objects.all()] == antes


def test_el_mismo_folio_en_el_mismo_milisegundo(tramite: Tramite, monkeypatch: pytest.MonkeyPatch) -> None:
    folios = iter([tramite.folio, "1" * 22])
    monkeypatch.setattr(Tramite._meta.get_field("folio"), "_get_default", lambda: next(folios))
    monkeypatch.setattr(maquina, "nuevo_folio", lambda: next(folios))
    with transaction.atomic():
        otro = maquina.iniciar("nss", uuid.uuid4(), "n", tramite.curp, "a@correo.example")
    assert Tramite.objects.get(pk=otro.pk).folio == "1" * 22


def test_dos_maquinas_con_relojes_distintos(tramite: Tramite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases go by the database's clock: hosts that are an hour off do not matter."""
    ahora = timezone.now()
    assert Tramite.objects.tomar(tramite.pk)
    monkeypatch.setattr(timezone, "now", lambda: ahora + timedelta(hours=1))
    assert Tramite.objects.tomar(tramite.pk) is None
    monkeypatch.setattr(timezone, "now", lambda: ahora - timedelta(hours=1))
    Tramite.objects.update(libre_desde=Now())
    assert Tramite.objects.tomar(tramite.pk)


def test_un_acto_deshecho_espera_como_los_demas(tramite: Tramite, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a rollback the object is ahead of its row: the wait goes to the row's state, and grows."""
    monkeypatch.setattr(maquina, "congelar", lambda *_: 1 / 0)
    pausas = []
    for _ in range(6):
        Tramite.objects.update(libre_desde=Now())
        reanudar()
        tramite.refresh_from_db()
        assert (tramite.estado, tramite.espera) == (Estado.RECIBIDO, "atencion")
        pausas.append(tramite.libre_desde - timezone.now())
    assert pausas[-1] > 4 * pausas[0]
    assert Aviso.objects.filter(clave__startswith="atencion").count() == 1, "staff are told, once a day"


def test_un_turno_tiene_su_tiempo(tramite: Tramite) -> None:
    assert turnos.vuelta(colas.TRABAJO) == 1
    assert colas.CORREOS.avanzar() == 1


def test_un_renglon_malo_no_detiene_a_los_demas(tramite: Tramite) -> None:
    Tramite.objects.update(intentos=40_000)
    reanudar()
    tramite.refresh_from_db()
    assert tramite.estado == Estado.RESUELTO


def test_un_dibujo_que_se_cuelga(tramite: Tramite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maquina, "PLAZO_DOCUMENTO", 0.2)
    monkeypatch.setattr(imprenta, "pdf", lambda *_: time.sleep(5))
    desde = time.monotonic()
    turnos.vuelta(colas.TRABAJO)
    assert time.monotonic() - desde < 3
    tramite.refresh_from_db()
    assert (tramite.estado, tramite.espera) == (Estado.EMITIENDO, "documento")


def test_las_flechas_son_las_del_plano() -> None:
    """ARCHITECTURE.md draws every arrow there is, and no other."""
    plano = (Path(__file__).parents[2] / "ARCHITECTURE.md").read_text()
    dibujo = plano.split("## The states of a trámite")[1].split("```")[1]
    flechas: dict[str, set[str]] = {}
    for linea in dibujo.strip().splitlines():
        desde, _, destinos = linea.partition("→")
        flechas[desde.strip()] = {d.strip() for d in destinos.split("·")} - {"(nothing)"}
    assert flechas == {desde.value: {a.value for a in destinos} for desde, destinos in FLECHAS.items()}
