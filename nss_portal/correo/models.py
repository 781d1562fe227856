"""The mails that go out, and what became of each."""

import uuid
from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from nss_portal.correo.fallas import Falla
from nss_portal.personas.identidad import enmascarar_correo

# Longer than `cartero.PLAZO`, the longest that sending one may take: a mail in hand is in nobody else's.
ARRIENDO_ENVIO = timedelta(seconds=25)


class EnvioQuerySet(models.QuerySet["Envio"]):
    def pendientes(self) -> "EnvioQuerySet":
        return self.filter(enviado=None, rechazado=False)

    def por_enviar(self) -> "EnvioQuerySet":
        return self.pendientes().filter(libre_desde__lte=Now())

    def rechazados(self) -> "EnvioQuerySet":
        return self.filter(rechazado=True)

    def reintentar(self) -> list[uuid.UUID]:
        """Put back in line those of these that were refused, in one transaction; which.

        Each by compare-and-set. Not a document that another mail has taken, or is about to: it would arrive
        twice. Of several of one document, the last.
        """
        vueltos = []
        with transaction.atomic():
            for envio in self.rechazados().order_by("-creado", "pk"):
                otros = Envio.objects.filter(documento=envio.documento_id, creado__gte=envio.creado)
                if envio.documento_id and otros.filter(rechazado=False).exists():
                    continue
                try:
                    with transaction.atomic():
                        de_nuevo = Envio.objects.rechazados().filter(pk=envio.pk)
                        cambios = {"falla": "", "respuesta": "", "insiste_desde": None}
                        if de_nuevo.update(rechazado=False, libre_desde=Now(), **cambios):
                            vueltos.append(envio.pk)
                except IntegrityError:  # its owner asked for the document at this very moment
                    continue
        return vueltos

    def tomar(self, pk: uuid.UUID) -> "Envio | None":
        """Lease one for this worker, or None when another has it or it went out."""
        tomados = (
            self.por_enviar()
            .filter(pk=pk)
            .update(libre_desde=Now() + ARRIENDO_ENVIO, intentos=F("intentos") + 1)
        )
        return self.select_related("tramite__persona", "documento").get(pk=pk) if tomados else None


class Envio(models.Model):
    """One mail to go out: all the documents of a trámite, one that was asked for again, or a notice."""

    class Estado(models.TextChoices):
        ENVIADO = "enviado", "Enviado"
        ESPERA = "espera", "En espera"
        RECHAZADO = "rechazado", "Rechazado"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tramite = models.ForeignKey("Tramite", models.PROTECT, verbose_name="trámite", related_name="envios")
    documento = models.ForeignKey(
        "Documento", models.PROTECT, verbose_name="documento", related_name="envios", null=True, blank=True
    )
    # Another mailbox than the trámite's: the one that was confirmed for the person before.
    para = models.EmailField("para", max_length=254, blank=True, editable=False)
    # The template of a notice, to the mailbox of this trámite, and what it says; no documents go with it.
    aviso = models.CharField("aviso", max_length=20, blank=True, editable=False)
    datos = models.JSONField("datos del aviso", default=dict, editable=False)
    creado = models.DateTimeField("pedido", default=timezone.now, editable=False)
    enviado = models.DateTimeField("enviado", null=True, blank=True, editable=False)
    # It is not tried any more: the mailbox is not there, or a day of trying was refused. The page says so.
    rechazado = models.BooleanField("rechazado", default=False, editable=False)
    # Of the last try.
    falla = models.CharField(
        "última falla", max_length=8, choices=Falla.choices, blank=True, editable=False, db_default=""
    )
    respuesta = models.CharField(
        "códigos del servidor", max_length=20, blank=True, editable=False, db_default=""
    )
    # Since when it is refused by who may think better of it.
    insiste_desde = models.DateTimeField("se insiste desde", null=True, blank=True, editable=False)
    libre_desde = models.DateTimeField("libre desde", db_default=Now())
    intentos = models.PositiveIntegerField("intentos", default=0)

    objects = EnvioQuerySet.as_manager()

    class Meta:
        verbose_name = "envío"
        verbose_name_plural = "envíos"
        ordering = ["creado"]
        indexes = [
            models.Index(
                name="envio_por_enviar", fields=["libre_desde"], condition=Q(enviado=None, rechazado=False)
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="envio_enviado_o_rechazado", condition=Q(enviado=None) | Q(rechazado=False)
            ),
            # The result of a trámite is mailed once; what is asked for again names its document.
            models.UniqueConstraint(
                name="envio_uno_con_todo_por_tramite",
                fields=["tramite"],
                condition=Q(documento=None, aviso=""),
            ),
            # A double click on «Enviar» is one mail.
            models.UniqueConstraint(
                name="envio_uno_pendiente_por_documento",
                fields=["documento"],
                condition=Q(enviado=None, rechazado=False),
            ),
        ]

    def __str__(self) -> str:
        if self.aviso:
            return f"Aviso: {self.aviso}"
        return self.documento.get_tipo_display() if self.documento else "Todos los documentos"

    @property
    def estado(self) -> Estado:
        if self.enviado:
            return self.Estado.ENVIADO
        return self.Estado.RECHAZADO if self.rechazado else self.Estado.ESPERA

    @property
    def destino(self) -> str:
        return self.para or self.tramite.correo

    @property
    def correo_enmascarado(self) -> str:
        return enmascarar_correo(self.destino)
