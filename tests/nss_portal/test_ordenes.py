"""`reanudar` and `purgar` from the shell."""

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from captcha.models import CaptchaStore
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from nss_portal.models import CaptchaResuelto, Cupo, Envio, Estado, Persona, Tramite
from nss_portal.tramites import maquina

pytestmark = pytest.mark.usefixtures("catalogo")


def correr(*orden: str) -> str:
    salida = StringIO()
    call_command(*orden, stdout=salida)
    return salida.getvalue()


def test_reanudar_hasta_el_final() -> None:
    persona = Persona.objects.exclude(nss=None).order_by("curp")[0]
    with transaction.atomic():
        maquina.iniciar("nss", uuid.uuid4(), "navegador", persona.curp, "persona@correo.example")
    assert "Retomados: 2." in correr("reanudar")
    assert Tramite.objects.get().estado == Estado.RESUELTO
    assert Envio.objects.get().enviado
    assert "nada pendiente" in correr("reanudar")


def test_purgar_solo_lo_vencido() -> None:
    ayer = timezone.now() - timedelta(days=2)
    for cuando in (ayer, timezone.now()):
        CaptchaResuelto.objects.create(solicitud=uuid.uuid4(), navegador="n", resuelto=cuando)
        Cupo.objects.create(clave=uuid.uuid4().hex, disponible=1, visto=cuando)
        CaptchaStore.objects.create(challenge="A", response="a", expiration=cuando + timedelta(hours=1))
    assert "captchas: 1\n" in correr("purgar", "--dry-run")
    assert CaptchaStore.objects.count() == Cupo.objects.count() == CaptchaResuelto.objects.count() == 2
    correr("purgar")
    assert CaptchaStore.objects.count() == Cupo.objects.count() == CaptchaResuelto.objects.count() == 1
