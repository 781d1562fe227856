"""Mail through a real SMTP server: what arrives, what is tried again, what ends."""

import email
import email.policy
import gc
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.core.mail import mailers
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from nss_portal import colas
from nss_portal.models import Aviso, Envio, Persona, Tramite
from nss_portal.oferta import OFERTA
from nss_portal.settings import _mailer
from nss_portal.tramites import maquina
from tests.apoyo import CORREO, reanudar
from tests.procesos.portal import puerto_libre

pytestmark = pytest.mark.usefixtures("catalogo")


class Servidor:
    """An SMTP server that answers each step with what a test wants, and keeps what it accepts."""

    def __init__(self) -> None:
        self.respuesta = "250 OK"
        self.al_remitente = self.al_mensaje = "250 OK"
        self.recibidos: list[email.message.EmailMessage] = []

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # type: ignore[no-untyped-def]
        if self.respuesta.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.respuesta

    async def handle_MAIL(self, server, session, envelope, address, options) -> str:  # type: ignore[no-untyped-def]
        envelope.mail_from = address
        return self.al_remitente

    async def handle_DATA(self, server, session, envelope) -> str:  # type: ignore[no-untyped-def]
        if not self.al_mensaje.startswith("250"):
            return self.al_mensaje
        self.recibidos.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def smtp(settings) -> Iterator[Servidor]:  # type: ignore[no-untyped-def]
    servidor = Servidor()
    puerto = puerto_libre()
    control = Controller(servidor, hostname="127.0.0.1", port=puerto)
    control.start()
    settings.MAILERS = {"default": _mailer(f"smtp://127.0.0.1:{puerto}")}
    yield servidor
    control.stop()


@pytest.fixture
def envio() -> Envio:
    """The mail of a solved trámite, due now."""
    persona = Persona.objects.exclude(nss=None).order_by("curp")[0]
    with transaction.atomic():
        tramite = maquina.iniciar("nss", uuid.uuid4(), "navegador", persona.curp, CORREO)
    maquina.atender(tramite.pk, OFERTA)
    return Envio.objects.select_related("tramite__persona").get(tramite=tramite)


def test_un_correo_lo_lleva_uno(smtp: Servidor, envio: Envio) -> None:
    tomado = Envio.objects.tomar(envio.pk)
    assert tomado and tomado.intentos == 1
    reanudar()
    assert not smtp.recibidos
    # Whoever had it died: after the lease it is anyone's.
    Envio.objects.update(libre_desde=Now())
    reanudar()
    assert len(smtp.recibidos) == 1


def test_llega_con_los_dos_documentos(smtp: Servidor, envio: Envio) -> None:
    reanudar()
    [mensaje] = smtp.recibidos
    persona = envio.tramite.persona
    assert persona and persona.nss
    assert mensaje["To"] == CORREO
    assert mensaje["Message-ID"] == f"<{envio.pk}@testserver>"
    assert mensaje["Auto-Submitted"] == "auto-generated"
    for dato in (persona.curp, persona.nss, persona.primer_apellido):
        assert dato not in str(mensaje["Subject"])
    texto = mensaje.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = mensaje.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert persona.nss in texto and envio.tramite.folio in texto and envio.tramite.folio in html
    assert "{{" not in texto + html
    adjuntos = list(mensaje.iter_attachments())
    assert [a.get_content_type() for a in adjuntos] == ["application/pdf"] * 2
    for adjunto in adjuntos:
        assert adjunto.get_content().startswith(b"%PDF-")
        assert persona.curp not in (adjunto.get_filename() or "") and persona.nss not in (
            adjunto.get_filename() or ""
        )
    envio.refresh_from_db()
    assert envio.enviado and not envio.rechazado
    reanudar()
    assert len(smtp.recibidos) == 1


def test_fallo_temporal_se_reintenta_cada_vez_mas_tarde(smtp: Servidor, envio: Envio) -> None:
    smtp.respuesta = "451 try later"
    pausas = []
    for _ in range(3):
        Envio.objects.update(libre_desde=Now())
        reanudar()
        envio.refresh_from_db()
        assert not envio.enviado and not envio.rechazado
        pausas.append(envio.libre_desde - timezone.now())
        assert reanudar() == 0
    assert pausas == sorted(pausas) and pausas[-1] > 2 * pausas[0]
    smtp.respuesta = "250 OK"
    Envio.objects.update(libre_desde=Now())
    reanudar()
    assert len(smtp.recibidos) == 1


def test_fallo_definitivo_termina_y_la_pagina_lo_dice(smtp: Servidor, envio: Envio, cliente) -> None:  # type: ignore[no-untyped-def]
    smtp.respuesta = "550 no such user"
    reanudar()
    envio.refresh_from_db()
    assert envio.rechazado and not envio.enviado
    Envio.objects.update(libre_desde=Now())
    assert reanudar() == 0
    cliente.get("/nss/")
    Tramite.objects.update(navegador=cliente.session["navegador"])
    html = cliente.get(envio.tramite.get_absolute_url()).content.decode()
    assert "ha sido enviado a tu correo electrónico" not in html
    assert "No pudimos entregar" in html


def ahora_y_siempre(envio: Envio, hasta: timedelta, reloj: pytest.MonkeyPatch) -> None:
    """Try it each time that it is due, until so much time has gone by."""
    empieza = ahora = timezone.now()
    while ahora - empieza < hasta:
        Envio.objects.filter(pk=envio.pk).update(libre_desde=Now())
        reloj.setattr(timezone, "now", lambda ahora=ahora: ahora)
        colas.CORREOS.avanzar()
        ahora += timedelta(minutes=30)
    reloj.undo()
    envio.refresh_from_db()


@pytest.mark.parametrize(
    "respuesta",
    [
        "550 5.1.1 <x@y.example>: Recipient address rejected: User unknown",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
        "553 5.1.3 bad address syntax",
        "550 5.1.6 moved",
        "550 5.1.2 no such domain",
        "550 5.2.1 The email account that you tried to reach is disabled",
        "550 no such user",
        "550 Mailbox not found",
        "550 Requested action not taken: the recipient does not exist",
        "551 user not local",
    ],
)
def test_si_el_buzon_no_existe_se_acaba_ahi(smtp: Servidor, envio: Envio, respuesta: str) -> None:
    smtp.respuesta = respuesta
    reanudar()
    envio.refresh_from_db()
    assert envio.rechazado and envio.falla == "buzon"
    assert "@" not in envio.respuesta and envio.respuesta.startswith("55")


NO_ES_EL_BUZON = [
    ("respuesta", "550 5.7.1 Message rejected due to policy"),
    ("respuesta", "554 5.7.1 <x@y.example>: Relay access denied"),
    ("respuesta", "550 5.7.26 unauthenticated email is not accepted (SPF, DKIM)"),
    ("respuesta", "550 Blocked: the sender's reputation; see https://y.example, user unknown to us"),
    ("respuesta", "553 sorry, that domain isn't in my list of allowed rcpthosts"),
    ("respuesta", "550 5.4.1 Recipient address rejected: Access denied"),
    ("respuesta", "550 5.1.8 sender's domain does not exist"),
    ("respuesta", "550 5.3.0 system not accepting"),
    ("respuesta", "550 5.5.0 mailbox unavailable"),
    ("respuesta", "552 5.2.2 mailbox full"),
    ("respuesta", "552 over quota"),
    ("respuesta", "550"),
    ("al_remitente", "550 5.1.1 user unknown"),
    ("al_remitente", "530 5.7.0 authentication required"),
    ("al_remitente", "552 5.3.4 too big"),
    ("al_mensaje", "550 5.7.1 looks like spam"),
    ("al_mensaje", "554 transaction failed"),
]


@pytest.mark.parametrize(("paso", "respuesta"), NO_ES_EL_BUZON)
def test_lo_que_no_es_del_buzon_se_reintenta(
    smtp: Servidor, envio: Envio, paso: str, respuesta: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour of it loses nothing."""
    setattr(smtp, paso, respuesta)
    ahora_y_siempre(envio, timedelta(hours=1), monkeypatch)
    assert not envio.rechazado and not envio.enviado and envio.falla == "rechazo"
    assert envio.respuesta.split()[0] == respuesta.split()[0]
    pausa = envio.libre_desde - timezone.now()
    assert timedelta(seconds=5) < pausa <= timedelta(minutes=30)
    setattr(smtp, paso, "250 OK")
    Envio.objects.update(libre_desde=Now())
    reanudar()
    envio.refresh_from_db()
    assert envio.enviado and not envio.falla and not envio.insiste_desde and len(smtp.recibidos) == 1


@pytest.mark.parametrize(("paso", "respuesta"), [NO_ES_EL_BUZON[0], NO_ES_EL_BUZON[13], NO_ES_EL_BUZON[15]])
def test_al_cabo_de_un_dia_se_acaba_y_se_avisa(
    smtp: Servidor, envio: Envio, paso: str, respuesta: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    setattr(smtp, paso, respuesta)
    ahora_y_siempre(envio, timedelta(hours=23, minutes=50), monkeypatch)
    assert not envio.rechazado
    assert not Aviso.objects.filter(clave__startswith="correo-sin-salir").exists()
    Envio.objects.update(insiste_desde=timezone.now() - timedelta(days=1), libre_desde=Now())
    colas.CORREOS.avanzar()
    envio.refresh_from_db()
    assert envio.rechazado and not envio.enviado
    [aviso] = Aviso.objects.filter(clave__startswith="correo-sin-salir")
    assert "no quiso en todo un día" in aviso.asunto and CORREO not in aviso.texto
    Envio.objects.update(libre_desde=Now())
    assert colas.CORREOS.avanzar() == 0


def test_una_pausa_que_pide_el_servidor_no_cuenta_para_el_dia(smtp: Servidor, envio: Envio) -> None:
    for respuesta in ("451 4.7.1 greylisted", "550 4.2.2 full", "452 4.2.2 over quota"):
        smtp.respuesta = respuesta
        Envio.objects.update(libre_desde=Now())
        reanudar()
        envio.refresh_from_db()
        assert (envio.falla, envio.rechazado, envio.insiste_desde) == ("pausa", False, None)


# Django forgets the connection that was not let in, without closing it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_si_no_nos_deja_entrar_se_reintenta_y_no_se_insiste_con_los_demas(settings, envio: Envio) -> None:  # type: ignore[no-untyped-def]
    intentos = []

    def nadie(server: Any, session: Any, envelope: Any, mechanism: str, datos: Any) -> AuthResult:
        intentos.append(mechanism)
        return AuthResult(success=False, handled=False)

    puerto = puerto_libre()
    control = Controller(
        Servidor(), hostname="127.0.0.1", port=puerto, authenticator=nadie, auth_require_tls=False
    )
    control.start()
    try:
        settings.MAILERS = {"default": _mailer(f"smtp://portal:mala@127.0.0.1:{puerto}")}
        Envio.objects.create(tramite=envio.tramite, documento=envio.tramite.documentos.all()[0])
        Envio.objects.update(libre_desde=Now())
        reanudar()
    finally:
        control.stop()
        gc.collect()
    con_falla = Envio.objects.exclude(falla="").get()
    assert (con_falla.falla, con_falla.respuesta, con_falla.rechazado) == ("rechazo", "535 5.7.8", False)
    assert con_falla.insiste_desde and intentos


def test_servidor_apagado(settings, envio: Envio, caplog: pytest.LogCaptureFixture) -> None:  # type: ignore[no-untyped-def]
    settings.MAILERS = {"default": _mailer("smtp://127.0.0.1:9")}
    reanudar()
    envio.refresh_from_db()
    assert not envio.enviado and not envio.rechazado
    assert envio.libre_desde > timezone.now() + timedelta(seconds=5)
    assert (envio.falla, envio.insiste_desde) == ("servidor", None)


def test_muerte_entre_enviar_y_anotar_repite_el_mismo_mensaje(smtp: Servidor, envio: Envio) -> None:
    reanudar()
    Envio.objects.update(enviado=None, libre_desde=Now())  # as if it had died before the stamp
    reanudar()
    assert len({m["Message-ID"] for m in smtp.recibidos}) == 1
    assert len(smtp.recibidos) == 2


def test_buzon_local(settings, envio: Envio, cliente) -> None:  # type: ignore[no-untyped-def]
    settings.MAILERS = {"default": _mailer("")}
    reanudar()
    [archivo] = Path(settings.MAILERS["default"]["OPTIONS"]["carpeta"]).glob("*.eml")
    assert archivo.stem == str(envio.pk)
    assert archivo.stat().st_mode & 0o077 == 0
    html = cliente.get("/buzon/").content.decode()
    assert CORREO in html
    cuerpo = cliente.get(f"/buzon/{envio.pk}/")
    assert cuerpo.status_code == 200 and "script" not in cuerpo["Content-Security-Policy"]
    adjunto = cliente.get(f"/buzon/{envio.pk}/0/")
    assert adjunto.content.startswith(b"%PDF-")
    assert cliente.get(f"/buzon/{envio.pk}/7/").status_code == 404
    settings.DEMO = False
    for direccion in ("/buzon/", f"/buzon/{envio.pk}/", f"/buzon/{envio.pk}/0/"):
        assert cliente.get(direccion).status_code == 404
    archivo.unlink()


@pytest.mark.parametrize(
    ("url", "esperado"),
    [
        ("smtp://correo.example", ("correo.example", 25, False, False)),
        ("smtp+tls://u:p%40ss@correo.example", ("correo.example", 587, True, False)),
        ("smtps://correo.example:4650", ("correo.example", 4650, False, True)),
    ],
)
def test_email_url(url: str, esperado: tuple[str, int, bool, bool], settings) -> None:  # type: ignore[no-untyped-def]
    settings.MAILERS = {"default": _mailer(url)}
    mailer = mailers.default
    assert (mailer.host, mailer.port, mailer.use_tls, mailer.use_ssl) == esperado
    if "@" in url:
        assert (mailer.username, mailer.password) == ("u", "p@ss")


def test_tope_por_minuto(smtp: Servidor, envio: Envio, settings, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    settings.CORREOS_POR_MINUTO = 20
    carta = envio.tramite.documentos.all()[0]
    reloj = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: reloj)
    salidos = []
    for _ in range(60):
        if not carta.envios.pendientes().exists():
            Envio.objects.create(tramite=envio.tramite, documento=carta)
        Envio.objects.update(libre_desde=Now())
        reanudar()
        salidos.append(len(smtp.recibidos))
        reloj += timedelta(seconds=1)
    assert 15 <= salidos[-1] <= 20
