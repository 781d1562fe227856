"""What a person asks in step 2, besides what every trámite has."""

from django.db import models
from django.db.models import Q

from nss_portal.personas.identidad import NSS_REGEX
from nss_portal.tramites.models.tramite import Tramite


class Consulta(models.Model):
    """The NSS that was typed: compared with the person's, never corrected."""

    tramite = models.OneToOneField(Tramite, models.CASCADE, verbose_name="trámite", related_name="consulta")
    nss = models.CharField("NSS escrito", max_length=11)

    class Meta:
        verbose_name = "consulta de vigencia"
        verbose_name_plural = "consultas de vigencia"
        constraints = [
            models.CheckConstraint(name="consulta_nss_bien_formado", condition=Q(nss__regex=NSS_REGEX))
        ]

    def __str__(self) -> str:
        return str(self.tramite)
