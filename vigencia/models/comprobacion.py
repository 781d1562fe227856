"""How many CURP–NSS pairs a school asked about: what keeps an upload from being an oracle."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from vigencia.models.escuela import Escuela


class Comprobacion(models.Model):
    """Who asked, when and how many; never about whom."""

    escuela = models.ForeignKey(
        Escuela, models.PROTECT, verbose_name="escuela", related_name="comprobaciones", db_index=False
    )
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name="usuario", null=True, blank=True
    )
    cuando = models.DateTimeField("cuándo", default=timezone.now, editable=False)
    cuantas = models.PositiveIntegerField("CURP comprobadas")
    fallidas = models.PositiveIntegerField("que no correspondieron")
    sin_nss = models.PositiveIntegerField("de personas sin NSS")

    class Meta:
        verbose_name = "comprobación de CURP y NSS"
        verbose_name_plural = "comprobaciones de CURP y NSS"
        ordering = ["-cuando"]
        indexes = [models.Index(name="comprobacion_del_dia", fields=["escuela", "cuando"])]
        constraints = [
            models.CheckConstraint(
                name="comprobacion_fallidas_de_cuantas",
                condition=Q(cuantas__gte=F("fallidas") + F("sin_nss")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.escuela_id}: {self.cuantas}"
