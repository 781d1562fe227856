"""Issued documents, frozen."""

import secrets
import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

# No look-alikes (0 O 1 I L 5 S 8 B): the code is read from paper and typed.
ALFABETO_CODIGO = "2346789ACDEFGHJKMNPQRTUVWXYZ"
RETENCION_VERIFICACION = timedelta(days=90)


def nuevo_codigo() -> str:
    """The 8-character check code printed on a document."""
    return "".join(secrets.choice(ALFABETO_CODIGO) for _ in range(8))


def nuevo_token() -> str:
    """What the QR's token begins with: 96 random bits, nothing personal. `sello.token` signs it."""
    return secrets.token_urlsafe(12)


class Certificado(models.Model):
    """The public half of a key that has sealed documents: they stay valid after it is replaced.

    What gives it credit is not the row but who issued it: `sello.de_confianza`.
    """

    # How the SHA-256 of the public key begins; printed on what it sealed.
    clave = models.CharField("clave", max_length=8, primary_key=True, editable=False)
    pem = models.TextField("certificado", editable=False)
    creado = models.DateTimeField("en uso desde", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "certificado"
        ordering = ["-creado"]
        constraints = [
            models.CheckConstraint(
                name="certificado_clave_bien_formada", condition=Q(clave__regex="^[0-9a-f]{8}$")
            )
        ]

    def __str__(self) -> str:
        return self.clave


class DocumentoQuerySet(models.QuerySet["Documento"]):
    def en_vigor(self) -> "DocumentoQuerySet":
        """Those that nothing has taken the place of, those being issued too."""
        return self.filter(sustituido_por=None, cancelado=None)

    def de_persona(self, *personas: int) -> "DocumentoQuerySet":
        """Those of these people, by their keys."""
        return self.filter(tramite__persona__in=personas)


class Documento(models.Model):
    """What was certified, frozen when it was issued; the bytes are kept as issued."""

    class Tipo(models.TextChoices):
        NSS = "nss", "Número de Seguridad Social"
        TARJETA = "tarjeta", "Tarjeta de Número de Seguridad Social"
        VIGENCIA = "vigencia", "Reporte de Vigencia de Derechos"
        COMPROBANTE = "comprobante-clinica", "Comprobante de alta en clínica"
        ADSCRIPCION = "tarjeta-adscripcion", "Tarjeta de adscripción"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tramite = models.ForeignKey("Tramite", models.PROTECT, verbose_name="trámite", related_name="documentos")
    tipo = models.CharField("tipo", max_length=20, choices=Tipo.choices)
    # Everything printed. Correcting a person later changes no issued document.
    datos = models.JSONField("datos certificados")
    codigo = models.CharField("código de verificación", max_length=8, default=nuevo_codigo, editable=False)
    token = models.CharField("token del QR", max_length=24, unique=True, default=nuevo_token, editable=False)
    certificado = models.ForeignKey(
        Certificado, models.PROTECT, verbose_name="sellado con", null=True, editable=False
    )
    creado = models.DateTimeField("creado", default=timezone.now, editable=False)
    archivo = models.FileField("archivo", upload_to="", blank=True, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, editable=False)
    emitido = models.DateTimeField("emitido", null=True, blank=True, editable=False)
    # Of what drew and signed it: the same row gives the same unsigned bytes with the same versions.
    versiones = models.CharField("hecho con", max_length=120, blank=True, editable=False)
    sustituido_por = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name="sustituido por",
        related_name="sustituye",
        null=True,
        blank=True,
        editable=False,
    )
    cancelado = models.DateTimeField("cancelado", null=True, blank=True, editable=False)

    objects = DocumentoQuerySet.as_manager()

    class Meta:
        verbose_name = "documento"
        ordering = ["tipo"]
        indexes = [
            # How a check finds them, besides the token: by what is typed and by the file's fingerprint.
            models.Index(name="documento_por_codigo", fields=["codigo"]),
            models.Index(name="documento_por_huella", fields=["sha256"], condition=Q(sha256__gt="")),
        ]
        constraints = [
            models.UniqueConstraint(
                name="documento_uno_de_cada_tipo_por_tramite", fields=["tramite", "tipo"]
            ),
            models.CheckConstraint(
                name="documento_emitido_con_archivo_y_huella",
                condition=Q(emitido=None, archivo="", sha256="")
                | Q(emitido__isnull=False, archivo__gt="", sha256__regex="^[0-9a-f]{64}$"),
            ),
            models.CheckConstraint(
                name="documento_no_se_sustituye_a_si_mismo", condition=~Q(sustituido_por=F("id"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_tipo_display()} {self.datos['folio']}"

    @property
    def nombre_de_archivo(self) -> str:
        """What the browser calls it: the type and the folio, nobody's number."""
        return f"{self.tipo}-{self.datos['folio']}.pdf"


class VerificacionQuerySet(models.QuerySet["Verificacion"]):
    def vencidas(self, ahora: datetime) -> "VerificacionQuerySet":
        return self.filter(cuando__lt=ahora - RETENCION_VERIFICACION)


class Verificacion(models.Model):
    """That somebody checked a document, and what we answered; who, only as a fingerprint of the address."""

    class Medio(models.TextChoices):
        QR = "qr", "Código QR"
        CODIGO = "codigo", "Folio y código"
        ARCHIVO = "archivo", "Archivo"
        NUMERO = "numero", "Número escrito"

    class Resultado(models.TextChoices):
        VALIDO = "valido", "Válido"
        ALTERADO = "alterado", "Alterado"
        SUSTITUIDO = "sustituido", "Sustituido"
        CANCELADO = "cancelado", "Cancelado"
        DESCONOCIDO = "desconocido", "Desconocido"

    cuando = models.DateTimeField("cuándo", default=timezone.now, db_index=True, editable=False)
    medio = models.CharField("cómo", max_length=7, choices=Medio.choices, editable=False)
    resultado = models.CharField("respuesta", max_length=11, choices=Resultado.choices, editable=False)
    documento = models.ForeignKey(
        Documento,
        models.PROTECT,
        verbose_name="documento",
        related_name="verificaciones",
        null=True,
        editable=False,
    )
    # Of a number that was typed: whether it is the document's.
    coincide = models.BooleanField("coincide", null=True, editable=False)
    origen = models.CharField("huella del origen", max_length=32, editable=False)

    objects = VerificacionQuerySet.as_manager()

    class Meta:
        verbose_name = "verificación"
        verbose_name_plural = "verificaciones"
        ordering = ["-cuando"]
        constraints = [
            models.CheckConstraint(
                name="verificacion_desconocida_sin_documento",
                condition=Q(resultado="desconocido", documento=None)
                | (~Q(resultado="desconocido") & Q(documento__isnull=False)),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_medio_display()}: {self.get_resultado_display()}"
