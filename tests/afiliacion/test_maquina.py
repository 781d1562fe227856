"""Any interleaving of student, second browser, worker, crash, `reanudar` and registry keeps the promises.

The renderer alone is replaced (it has its own tests): everything else is the real code on a real database.
"""

import gc
import itertools
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from afiliacion import asignacion
from nss_portal.correo import cartero
from nss_portal.demo import ficticias
from nss_portal.documentos import firma, imprenta
from nss_portal.models import Documento, Envio, Estado, Persona, Tramite
from nss_portal.personas import renapo
from nss_portal.personas.identidad import validar_nss
from nss_portal.servicio.almacen import Duradero
from nss_portal.tramites import maquina
from nss_portal.tramites.models.tramite import FLECHAS
from tests.apoyo import Estricto, domicilio, formulario, reanudar

PANTALLAS = {"procesando", "domicilio", "resultado", "finalizado", "rechazo"}


# Where a worker can die, before or after: on both sides of each commit and of each effect outside.
MORTALES: list[tuple[Any, str]] = [
    (imprenta, "pdf"),
    (firma, "firmar"),
    (Duradero, "save"),
    (maquina, "congelar"),
    (cartero, "enviar"),
    (asignacion, "asignar_nss"),
    (Tramite, "mover"),
]


class Muerte(BaseException):
    """What kill -9 does to Python code: nothing after it runs, the transaction is undone."""


class Afiliacion(RuleBasedStateMachine):
    enviados = Bundle("enviados")  # (browser, form, address of the trámite)
    trabajar: Callable[[], None]

    def __init__(self) -> None:
        super().__init__()
        self.atomica = transaction.atomic()
        self.atomica.__enter__()
        self.parche = pytest.MonkeyPatch()
        # Drawing and signing have their own tests; here only where they stand among the rest matters.
        self.parche.setattr(imprenta, "pdf", self.dibujar)
        self.parche.setattr(firma, "firmar", lambda contenido: contenido)
        for modulo, nombre in MORTALES:
            self.parche.setattr(modulo, nombre, self.mortal(getattr(modulo, nombre)))
        self.identificar = renapo.identificar
        self.parche.setattr(renapo, "identificar", self.registro)
        self.disponible, self.muere_en = True, 0
        self.navegadores = [Estricto(), Estricto()]
        self.nss: dict[str, str] = {}
        self.salio: set[str] = set()
        mail.outbox.clear()
        con_nss = Persona.objects.exclude(nss=None).order_by("curp")[0]
        sin_nss = Persona.objects.sin_nss().order_by("curp")[:2]
        nadie = next(caso.curp for caso in ficticias.CASOS if caso.caso == "no-renapo")
        self.curps = [con_nss.curp, *(p.curp for p in sin_nss), nadie]

    def teardown(self) -> None:
        try:
            self.todo_termina()
        finally:
            self.parche.undo()
            transaction.set_rollback(True)
            self.atomica.__exit__(None, None, None)

    # --- The world -------------------------------------------------------------------------------

    def latir(self) -> None:
        """One step of a worker's life: the last one kills it."""
        if self.muere_en:
            self.muere_en -= 1
            if not self.muere_en:
                raise Muerte

    def mortal(self, funcion: Callable[..., Any]) -> Callable[..., Any]:
        """The function, in which a worker may die: before it did anything, or after it did it all."""

        def envuelta(*args: Any, **kwargs: Any) -> Any:
            self.latir()
            resultado = funcion(*args, **kwargs)
            self.latir()
            return resultado

        return envuelta

    def dibujar(self, tipo: str, datos: dict[str, Any]) -> bytes:
        return f"%PDF-{tipo}-{datos['nss']}".encode()

    def registro(self, curp: str) -> Persona | None:
        if not self.disponible:
            raise renapo.NoDisponible
        return self.identificar(curp)

    @rule(disponible=st.booleans())
    def el_registro_cambia(self, disponible: bool) -> None:
        self.disponible = disponible

    @rule()
    def pasa_el_tiempo(self) -> None:
        """Leases run out, pauses end."""
        Tramite.objects.update(libre_desde=Now())
        Envio.objects.update(libre_desde=Now())

    # --- The student -----------------------------------------------------------------------------

    @rule(target=enviados, quien=st.integers(0, 1), cual=st.integers(0, 3))
    def solicitar(self, quien: int, cual: int) -> tuple[int, dict[str, str], str]:
        datos = formulario(self.navegadores[quien], self.curps[cual])
        respuesta = self.navegadores[quien].post("/nss/", datos)
        assert respuesta.status_code == 302
        return quien, datos, respuesta.url

    @rule(quien=st.integers(0, 1))
    def solicitar_mal(self, quien: int) -> None:
        antes = Tramite.objects.count()
        datos = formulario(self.navegadores[quien], self.curps[0][:17])
        assert self.navegadores[quien].post("/nss/", datos).status_code == 422
        assert Tramite.objects.count() == antes

    @rule(enviado=enviados)
    def enviar_otra_vez(self, enviado: tuple[int, dict[str, str], str]) -> None:
        quien, datos, url = enviado
        if url not in self.salio:
            assert self.navegadores[quien].post("/nss/", datos).url == url

    @rule(enviado=enviados)
    def mirar(self, enviado: tuple[int, dict[str, str], str]) -> None:
        quien, _, url = enviado
        mia, ajena = (self.navegadores[n].get(url) for n in (quien, 1 - quien))
        assert ajena.pagina.pantallas == ["expirada"]
        if url in self.salio:
            assert mia.pagina.pantallas == ["expirada"]
        else:
            assert set(mia.pagina.pantallas) <= PANTALLAS

    @rule(enviado=enviados, bien=st.booleans())
    def dar_domicilio(self, enviado: tuple[int, dict[str, str], str], bien: bool) -> None:
        quien, _, url = enviado
        datos = domicilio() if bien else domicilio(colonia="No existe")
        self.navegadores[quien].post(f"{url}domicilio/", datos)

    @rule(enviado=enviados)
    def finalizar(self, enviado: tuple[int, dict[str, str], str]) -> None:
        quien, _, url = enviado
        self.navegadores[quien].post(f"{url}finalizar/")

    @rule(target=enviados, enviado=consumes(enviados))
    def salir(self, enviado: tuple[int, dict[str, str], str]) -> Any:
        quien, _, _ = enviado
        propios = (
            Tramite.objects.filter(navegador=self.navegadores[quien].session["navegador"])
            if ("navegador" in self.navegadores[quien].session)
            else Tramite.objects.none()
        )
        self.salio |= {t.get_absolute_url() for t in propios}
        self.navegadores[quien].post("/salir/")
        return multiple(enviado)

    # --- The worker ------------------------------------------------------------------------------

    def trabajar(self, como: Callable[[], object]) -> None:
        try:
            como()
        except Muerte:
            pass  # only the transaction that was open is undone; what was committed stands
        finally:
            self.muere_en = 0

    @rule(muere_en=st.integers(0, 12))
    def el_trabajador_vacia_la_cola(self, muere_en: int) -> None:
        self.muere_en = muere_en
        self.trabajar(type(self).cola)

    @rule(muere_en=st.integers(0, 12))
    def reanudar(self, muere_en: int) -> None:
        self.muere_en = muere_en
        self.trabajar(reanudar)

    @rule(enviado=enviados)
    def alguien_lo_toma_y_muere(self, enviado: tuple[int, dict[str, str], str]) -> None:
        Tramite.objects.tomar(uuid.UUID(enviado[2].split("/")[2]))

    # --- The promises ----------------------------------------------------------------------------

    @invariant()
    def un_nss_por_curp_y_para_siempre(self) -> None:
        for curp, nss in (
            Persona.objects.filter(curp__in=self.curps).exclude(nss=None).values_list("curp", "nss")
        ):
            assert self.nss.setdefault(curp, nss) == nss == validar_nss(nss)
        assert len(set(self.nss.values())) == len(self.nss)

    @invariant()
    def un_folio_por_tramite(self) -> None:
        assert Tramite.objects.values("folio").distinct().count() == Tramite.objects.count()
        for documento in Documento.objects.select_related("tramite__persona"):
            persona = documento.tramite.persona
            assert documento.datos["folio"] == documento.tramite.folio
            assert persona and documento.datos["nss"] == persona.nss

    @invariant()
    def solo_por_las_flechas(self) -> None:
        for tramite in Tramite.objects.prefetch_related("sucesos"):
            camino = [Estado(suceso.estado) for suceso in tramite.sucesos.all()]
            assert camino[0] == Estado.RECIBIDO and camino[-1] == tramite.estado
            assert all(b in FLECHAS[a] for a, b in itertools.pairwise(camino))

    @invariant()
    def ningun_correo_sin_su_documento(self) -> None:
        assert not Envio.objects.filter(tramite__documentos__emitido=None).exists()
        assert all(len(mensaje.attachments) == 2 for mensaje in mail.outbox)
        # A mail that was sent but not stamped goes out again as the same message.
        assert len({m.extra_headers["Message-ID"] for m in mail.outbox}) <= Envio.objects.count()

    def todo_termina(self) -> None:
        """Whatever happened, with the registry back and the address given every trámite comes to its end."""
        self.disponible, self.muere_en = True, 0
        for _ in range(3):
            self.pasa_el_tiempo()
            while reanudar():
                pass
            for tramite in Tramite.objects.filter(estado=Estado.DOMICILIO):
                # Whoever left can not give the address; with it, the trámite would go on.
                navegador = Estricto()
                navegador.get("/nss/")
                Tramite.objects.filter(pk=tramite.pk).update(navegador=navegador.session["navegador"])
                navegador.post(f"{tramite.get_absolute_url()}domicilio/", domicilio())
        finales = {Estado.RESUELTO, Estado.FINALIZADO, Estado.RECHAZADO}
        assert set(Tramite.objects.values_list("estado", flat=True)) <= finales
        resueltos = Tramite.objects.exclude(estado=Estado.RECHAZADO)
        assert resueltos.count() == Envio.objects.filter(enviado__isnull=False).count()
        assert Documento.objects.exclude(emitido=None).count() == 2 * resueltos.count()
        self.un_nss_por_curp_y_para_siempre()
        self.solo_por_las_flechas()


# What a death leaves half-way is closed by the collector, which has nobody to raise to. Here, not later.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_toda_historia_cumple(catalogo: None, mailoutbox: list[Any], trabajar: Callable[[], None]) -> None:
    Afiliacion.cola = staticmethod(trabajar)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Afiliacion,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    gc.collect()
