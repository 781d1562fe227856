"""What a person asks in step 3, besides what every trámite has, and what they have chosen so far."""

from django.db import models
from django.db.models import Q

from clinicas.models.clinica import Clinica
from clinicas.models.consultorio import Turno
from nss_portal.territorio.models import CodigoPostal
from nss_portal.tramites.models.tramite import Tramite


class Peticion(models.Model):
    tramite = models.OneToOneField(Tramite, models.CASCADE, verbose_name="trámite", related_name="peticion")
    codigo_postal = models.ForeignKey(CodigoPostal, models.PROTECT, verbose_name="código postal")
    # Asked by somebody who has a clinic already and wants another.
    cambio = models.BooleanField("pide cambio", default=False)
    clinica = models.ForeignKey(Clinica, models.PROTECT, verbose_name="clínica", null=True, blank=True)
    turno = models.CharField("turno", max_length=10, choices=Turno.choices, blank=True)
    # Why it was refused for lack of rights: {"causa", "desde" (ISO, of an enrolment yet to begin)}.
    falta = models.JSONField("qué faltaba", default=dict, editable=False)

    class Meta:
        verbose_name = "petición de clínica"
        verbose_name_plural = "peticiones de clínica"
        constraints = [
            models.CheckConstraint(
                name="peticion_clinica_con_turno",
                condition=Q(clinica=None, turno="") | Q(clinica__isnull=False, turno__gt=""),
            )
        ]

    def __str__(self) -> str:
        return str(self.tramite)
