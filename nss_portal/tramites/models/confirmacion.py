"""Whose mailbox may see what: the one that has spoken for a person, and the questions asked of one."""

import uuid
from datetime import timedelta

from django.core import signing
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from nss_portal.personas.identidad import enmascarar_correo, enmascarar_correo_ajeno
from nss_portal.tramites.models.tramite import Tramite

_SAL = "nss_portal.confirmacion"


class Confirmacion(models.Model):
    """A question to a mailbox, answered once and within a day, from whatever device opens its link."""

    class Pregunta(models.TextChoices):
        # With the documents: is this mailbox yours? Nothing waits for the answer.
        CORREO = "correo", "¿Es tuyo este correo?"
        # Before anything is shown: whoever reads this mailbox asked for it.
        TRAMITE = "tramite", "¿Pediste este trámite?"
        # To the mailbox that was confirmed before: another one has been given.
        PERMISO = "permiso", "Alguien pidió un trámite con otro correo: ¿eras tú?"

    class Respuesta(models.TextChoices):
        SI = "si", "Sí"
        SEGUIR = "seguir", "Sí, que siga"
        CAMBIAR = "cambiar", "Sí, y desde ahora usa el otro correo"
        NO = "no", "No fui yo"

    VIGENCIA = timedelta(hours=24)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tramite = models.ForeignKey(
        Tramite, models.CASCADE, verbose_name="trámite", related_name="confirmaciones"
    )
    pregunta = models.CharField("pregunta", max_length=8, choices=Pregunta.choices)
    correo = models.EmailField("a quién se preguntó", max_length=254)
    creada = models.DateTimeField("creada", default=timezone.now)
    contestada = models.DateTimeField("contestada", null=True, blank=True)
    respuesta = models.CharField("respuesta", max_length=8, choices=Respuesta.choices, blank=True)

    class Meta:
        verbose_name = "confirmación de correo"
        verbose_name_plural = "confirmaciones de correo"
        constraints = [
            models.UniqueConstraint(
                name="confirmacion_una_de_cada_por_tramite", fields=["tramite", "pregunta"]
            ),
            # Used once: who answers second finds it answered.
            models.CheckConstraint(
                name="confirmacion_contestada_con_respuesta",
                condition=Q(contestada=None, respuesta="") | Q(contestada__isnull=False, respuesta__gt=""),
            ),
        ]

    def __str__(self) -> str:
        return self.get_pregunta_display()

    def get_absolute_url(self) -> str:
        """The link of the mail. Signed, so that nobody can make one; nothing of it is kept."""
        return reverse("confirmar", args=[signing.dumps(str(self.pk), salt=_SAL)])

    @property
    def vencida(self) -> bool:
        return timezone.now() > self.creada + self.VIGENCIA

    @property
    def correo_enmascarado(self) -> str:
        """As its page may say it: to a stranger, less."""
        ajeno = self.pregunta == self.Pregunta.PERMISO
        return enmascarar_correo_ajeno(self.correo) if ajeno else enmascarar_correo(self.correo)

    @classmethod
    def del_token(cls, token: str) -> "Confirmacion | None":
        try:
            pk = signing.loads(token, salt=_SAL)
        except signing.BadSignature:
            return None
        return cls.objects.select_related("tramite").filter(pk=pk).first()
