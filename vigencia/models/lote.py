"""A file that a school uploads: read in the background, reviewed, confirmed or cancelled."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from vigencia.models.escuela import Escuela


class Lote(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    escuela = models.ForeignKey(Escuela, models.PROTECT, verbose_name="escuela", related_name="lotes")
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name="usuario", null=True, blank=True
    )
    creado = models.DateTimeField("subido", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "archivo de alumnos"
        verbose_name_plural = "archivos de alumnos"
        ordering = ["-creado"]
