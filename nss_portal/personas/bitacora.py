"""Who of the staff saw or did what, about which person, when and why. Written once, never changed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from nss_portal.personas.models import Persona


class Asiento(models.Model):
    class Que(models.TextChoices):
        VER = "ver", "Vio sus datos"
        ATENDER = "atender", "Abrió una atención"
        COTEJAR = "cotejar", "Anotó los documentos que trajo"
        TRAMITAR = "tramitar", "Inició un trámite"
        DOCUMENTO = "documento", "Abrió un documento"
        PEDIR = "pedir", "Pidió un cambio"
        AUTORIZAR = "autorizar", "Autorizó un cambio"
        NEGAR = "negar", "No autorizó un cambio"
        CONSULTAR = "consultar", "Quiso filtrar por un dato reservado"

    # Whoever has written here is deactivated, not deleted.
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="quién", related_name="asientos"
    )
    que = models.CharField("qué hizo", max_length=10, choices=Que.choices)
    persona = models.ForeignKey(
        Persona, models.PROTECT, verbose_name="sobre quién", related_name="asientos", null=True
    )
    motivo = models.CharField("por qué", max_length=200)
    # The folio, the document, what it said before and after: whatever tells this act from another.
    detalle = models.JSONField("detalle", default=dict, blank=True)
    cuando = models.DateTimeField("cuándo", default=timezone.now, db_index=True)

    class Meta:
        verbose_name = "asiento de la bitácora"
        verbose_name_plural = "asientos de la bitácora"
        ordering = ["-pk"]
        constraints = [
            # Nobody looks at a person without a reason.
            models.CheckConstraint(name="asiento_con_motivo", condition=Q(motivo__gt="")),
            # A filter that was refused is about nobody in particular.
            models.CheckConstraint(
                name="asiento_sobre_alguien", condition=Q(persona__isnull=False) | Q(que="consultar")
            ),
        ]

    def __str__(self) -> str:
        return self.get_que_display()
