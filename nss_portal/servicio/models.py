"""Rows that keep the service itself honest: what the database is, heartbeat, solved captchas, rate limits."""

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone


class Instalacion(models.Model):
    """What this database is, written once, by the migration that makes its table; it has one row.

    Fictional people enter only a database that was born for them: a setting can be wrong for a moment, and
    then they would stand among real ones for good.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    demostracion = models.BooleanField("de demostración")
    nacida = models.DateTimeField("nacida", db_default=Now())

    class Meta:
        verbose_name = "instalación"
        constraints = [
            models.CheckConstraint(name="instalacion_es_una", condition=models.Q(id=1)),
        ]

    def __str__(self) -> str:
        return "demostración" if self.demostracion else "producción"

    @classmethod
    def es_demostracion(cls) -> bool:
        return cls.objects.filter(demostracion=True).exists()


class Latido(models.Model):
    """When each kind of process last showed that it works."""

    proceso = models.CharField("proceso", max_length=20, primary_key=True)
    visto = models.DateTimeField("visto")

    class Meta:
        verbose_name = "latido"

    def __str__(self) -> str:
        return self.proceso

    @classmethod
    def latir(cls, proceso: str) -> None:
        cls.objects.update_or_create(proceso=proceso, defaults={"visto": Now()})

    @classmethod
    def vivo(cls, proceso: str, plazo: timedelta = timedelta(seconds=30)) -> bool:
        return cls.objects.filter(proceso=proceso, visto__gte=Now() - plazo).exists()


class AvisoQuerySet(models.QuerySet["Aviso"]):
    def por_enviar(self) -> "AvisoQuerySet":
        return self.filter(enviado=None, libre_desde__lte=Now())


class Aviso(models.Model):
    """Something that staff must know in time. Said once: the key tells one matter from another."""

    clave = models.CharField("clave", max_length=80, unique=True)
    asunto = models.CharField("asunto", max_length=120)
    texto = models.TextField("texto")
    creado = models.DateTimeField("creado", default=timezone.now)
    enviado = models.DateTimeField("enviado", null=True, blank=True)
    libre_desde = models.DateTimeField("libre desde", db_default=Now())

    objects = AvisoQuerySet.as_manager()

    class Meta:
        verbose_name = "aviso al personal"
        verbose_name_plural = "avisos al personal"
        ordering = ["-creado"]

    def __str__(self) -> str:
        return self.asunto


class CaptchaResuelto(models.Model):
    """Letters solved for one form: they count while it is corrected, once, for the same browser.

    Not in a cookie: a copied cookie would spend them again. Consumed by compare-and-set.
    """

    solicitud = models.UUIDField("solicitud", primary_key=True)
    navegador = models.CharField("navegador", max_length=43)
    # Of which form: the letters of one step do not count in another.
    formulario = models.CharField("formulario", max_length=30, default="")
    resuelto = models.DateTimeField("resuelto", default=timezone.now)
    consumido = models.DateTimeField("consumido", null=True, blank=True)

    class Meta:
        verbose_name = "captcha resuelto"
        verbose_name_plural = "captchas resueltos"

    def __str__(self) -> str:
        return str(self.solicitud)


class Cupo(models.Model):
    """A token bucket: how much of a limit is left. The key is a hash, never what it stands for."""

    clave = models.CharField("clave", max_length=64, primary_key=True)
    disponible = models.FloatField("disponible")
    visto = models.DateTimeField("visto")

    class Meta:
        verbose_name = "cupo"

    def __str__(self) -> str:
        return self.clave
