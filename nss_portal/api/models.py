"""Keys of institutions, and answers that are given once."""

import secrets
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from nss_portal.tramites.models.acceso import HUELLA_REGEX, huella


class ClaveApi(models.Model):
    """A key for an institution's own system: what a school's people may do in the admin, for that school."""

    # To tell a key from any other secret in a configuration, and to find it when it leaks.
    PREFIJO = "gobest_"

    nombre = models.CharField("para qué sistema", max_length=80)
    huella = models.CharField("huella", max_length=64, unique=True, editable=False)
    # The CCT. Not a foreign key: schools are an app's, and the kernel knows none.
    escuela = models.CharField("CCT de la escuela", max_length=10, db_index=True)
    creada = models.DateTimeField("creada", default=timezone.now, editable=False)
    usada = models.DateTimeField("usada por última vez", null=True, blank=True, editable=False)
    revocada = models.DateTimeField("revocada", null=True, blank=True)

    class Meta:
        verbose_name = "clave de la API"
        verbose_name_plural = "claves de la API"
        ordering = ["-creada"]
        constraints = [
            models.CheckConstraint(name="clave_api_huella_sha256", condition=Q(huella__regex=HUELLA_REGEX))
        ]

    def __str__(self) -> str:
        return f"{self.escuela}: {self.nombre}"

    @classmethod
    def crear(cls, escuela: str, nombre: str) -> tuple[str, "ClaveApi"]:
        """A new key, said once, and its row."""
        clave = cls.PREFIJO + secrets.token_urlsafe(32)
        return clave, cls.objects.create(escuela=escuela, nombre=nombre, huella=huella(clave))

    @classmethod
    def de(cls, clave: str) -> "ClaveApi | None":
        """The key in force, with its last use noted: by the minute, so that a busy system writes little."""
        suya = cls.objects.filter(huella=huella(clave), revocada=None).first()
        ahora = timezone.now()
        if suya and (suya.usada is None or suya.usada < ahora - timedelta(minutes=1)):
            cls.objects.filter(pk=suya.pk).update(usada=ahora)
        return suya


class Idempotencia(models.Model):
    """The answer to a POST that brought an Idempotency-Key, given again to whoever repeats it.

    The answer is encrypted with the very key, of which only the fingerprint is kept: it may carry a token.
    """

    VIGENCIA = timedelta(hours=24)

    clave = models.CharField("huella de la clave", max_length=64, primary_key=True, editable=False)
    cuerpo = models.CharField("huella de lo pedido", max_length=64, editable=False)
    # Zero only inside the transaction that is answering.
    estado = models.PositiveSmallIntegerField("estado HTTP", default=0, editable=False)
    respuesta = models.TextField("respuesta cifrada", blank=True, editable=False)
    creada = models.DateTimeField("creada", default=timezone.now, db_index=True, editable=False)

    class Meta:
        verbose_name = "respuesta que se repite"
        verbose_name_plural = "respuestas que se repiten"

    def __str__(self) -> str:
        return self.clave[:8]
