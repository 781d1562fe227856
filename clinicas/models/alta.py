"""Who is registered where, since when and until when."""

from datetime import date

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from nss_portal.personas.models import Persona
from nss_portal.tramites.models.tramite import Tramite
from vigencia.models import Inscripcion


class AltaQuerySet(models.QuerySet["Alta"]):
    def activas(self) -> "AltaQuerySet":
        """Those that hold a place: the person's present one, suspended or not."""
        return self.filter(hasta=None)

    def suspendidas(self, hoy: date) -> "AltaQuerySet":
        """Active, but of people whom no school has enrolled on the day `hoy`.

        Worked out, never written: the next inscripción brings the alta back without anybody doing anything.
        """
        vigentes = Inscripcion.objects.vigentes(hoy).filter(persona=OuterRef("persona"))
        return self.activas().filter(~Exists(vigentes))


class Alta(models.Model):
    """One stay of a person in a consultorio. Written only by `clinicas.alta`, never deleted."""

    class Causa(models.TextChoices):
        CAMBIO = "cambio", "Cambió de clínica o de turno"
        REUBICACION = "reubicacion", "El personal movió el consultorio"

    persona = models.ForeignKey(Persona, models.PROTECT, verbose_name="persona", related_name="altas")
    consultorio = models.ForeignKey(
        "Consultorio", models.PROTECT, verbose_name="consultorio", related_name="altas"
    )
    desde = models.DateField("desde")
    hasta = models.DateField("hasta", null=True, blank=True)
    causa = models.CharField("causa del fin", max_length=11, choices=Causa.choices, blank=True)
    # Null when staff moved the person.
    tramite = models.ForeignKey(
        Tramite, models.SET_NULL, verbose_name="trámite", null=True, blank=True, related_name="altas"
    )
    creada = models.DateTimeField("creada", default=timezone.now, editable=False)

    objects = AltaQuerySet.as_manager()

    class Meta:
        verbose_name = "alta en clínica"
        verbose_name_plural = "altas en clínica"
        ordering = ["-pk"]
        indexes = [
            # What a population is counted in.
            models.Index(name="alta_activa_de_consultorio", fields=["consultorio"], condition=Q(hasta=None)),
        ]
        constraints = [
            models.UniqueConstraint(
                name="alta_una_activa_por_persona",
                fields=["persona"],
                condition=Q(hasta=None),
                violation_error_message="Esta persona ya está registrada en una clínica.",
            ),
            # A trámite registers once, however many times a worker or a second tab tries.
            models.UniqueConstraint(
                name="alta_una_por_tramite", fields=["tramite"], condition=Q(tramite__isnull=False)
            ),
            models.CheckConstraint(
                name="alta_con_causa_si_termino",
                condition=Q(hasta=None, causa="") | Q(hasta__isnull=False, causa__gt=""),
            ),
            models.CheckConstraint(
                name="alta_hasta_despues_de_desde", condition=Q(hasta=None) | Q(hasta__gte=F("desde"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.persona} · {self.consultorio}"
