"""What the App channel keeps: codes, what they opened, keys of institutions, answers given once."""

import secrets
import uuid
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from nss_portal.personas.models import CurpAnterior, Persona
from nss_portal.territorio.models import CodigoPostal
from nss_portal.tramites.models.confirmacion import Confirmacion
from nss_portal.tramites.models.tramite import Tramite

HUELLA_REGEX = "^[0-9a-f]{64}$"


def huella(secreto: str) -> str:
    """How a token or a key is kept. They are random and long: a plain hash of one says nothing of it."""
    return sha256(secreto.encode()).hexdigest()


class CodigoQuerySet(models.QuerySet["Codigo"]):
    def por_mandar(self) -> "CodigoQuerySet":
        return self.filter(atendido=None)

    def recientes(self, ahora: datetime) -> "CodigoQuerySet":
        """Those that count for the day's limit."""
        return self.filter(creado__gt=ahora - timedelta(days=1))


class Codigo(models.Model):
    """The six digits that a mailbox is sent in place of a link: ten minutes, five tries, one use.

    They are kept nowhere: the row's random key and the portal's secret give them, while the mail is written
    and again when somebody tries. A copy of the database has none, not even as a hash to be guessed at.
    """

    VIGENCIA = timedelta(minutes=10)
    INTENTOS = 5
    AL_DIA = 5

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tramite = models.OneToOneField(Tramite, models.CASCADE, verbose_name="trámite", related_name="codigo")
    creado = models.DateTimeField("pedido", default=timezone.now, db_index=True, editable=False)
    # When a worker saw to it; without a question to a mailbox, none was sent and no try is right. A question
    # that another one has taken the place of leaves the code behind: it is remembered that it was used.
    atendido = models.DateTimeField("atendido", null=True, blank=True, editable=False)
    confirmacion = models.OneToOneField(
        Confirmacion,
        models.SET_NULL,
        verbose_name="confirmación",
        related_name="codigo",
        null=True,
        blank=True,
    )
    intentos = models.PositiveSmallIntegerField("intentos", default=0, editable=False)
    usado = models.DateTimeField("usado", null=True, blank=True, editable=False)

    objects = CodigoQuerySet.as_manager()

    class Meta:
        verbose_name = "código de la App"
        verbose_name_plural = "códigos de la App"
        indexes = [models.Index(name="codigo_por_mandar", fields=["creado"], condition=Q(atendido=None))]
        constraints = [
            models.CheckConstraint(name="codigo_cinco_intentos", condition=Q(intentos__lte=5)),
            # Only what a worker saw to can have been typed right, and after that.
            models.CheckConstraint(
                name="codigo_usado_si_se_atendio",
                condition=Q(usado=None) | Q(atendido__isnull=False, usado__gte=F("atendido")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.tramite)

    @property
    def cifras(self) -> str:
        # 160 bits over a million: no code is likelier than another by more than one part in 10^42.
        numero = int(salted_hmac("nss_portal.codigo", str(self.pk), algorithm="sha256").hexdigest(), 16)
        return f"{numero % 1_000_000:06d}"

    @property
    def vence(self) -> datetime:
        return (self.atendido or self.creado) + self.VIGENCIA


class Residencia(models.Model):
    """The postal code that whoever was born abroad may begin with: no entidad gives their office."""

    tramite = models.OneToOneField(Tramite, models.CASCADE, verbose_name="trámite", related_name="residencia")
    codigo_postal = models.ForeignKey(CodigoPostal, models.PROTECT, verbose_name="código postal")

    class Meta:
        verbose_name = "residencia"

    def __str__(self) -> str:
        return str(self.tramite)


class CredencialQuerySet(models.QuerySet["Credencial"]):
    def vigentes(self) -> "CredencialQuerySet":
        return self.filter(revocada=None, expira__gt=timezone.now())

    def de_otro_correo(self, persona: Persona, correo: str) -> "CredencialQuerySet":
        """Those of the person's trámites that another mailbox than this one opened."""
        # Before a worker has looked at it, a trámite has but the CURP that was typed, of now or of before.
        curps = CurpAnterior.todas(persona.curp)
        suyos = Tramite.objects.filter(Q(persona=persona) | Q(curp__in=curps))
        de_este = suyos.filter(confirmado_por__iexact=correo)
        return self.filter(tramites__in=suyos).exclude(tramites__in=de_este)

    def revocar(self) -> int:
        return self.filter(revocada=None).update(revocada=timezone.now())


class Credencial(models.Model):
    """What the right code opens: one trámite, and those begun with it for the same CURP and mailbox."""

    VIGENCIA = timedelta(minutes=30)

    huella = models.CharField("huella", max_length=64, primary_key=True, editable=False)
    tramites = models.ManyToManyField(Tramite, verbose_name="trámites", related_name="credenciales")
    creada = models.DateTimeField("creada", default=timezone.now, editable=False)
    expira = models.DateTimeField("expira", db_index=True, editable=False)
    revocada = models.DateTimeField("revocada", null=True, blank=True)

    objects = CredencialQuerySet.as_manager()

    class Meta:
        verbose_name = "credencial de la App"
        verbose_name_plural = "credenciales de la App"
        constraints = [
            models.CheckConstraint(name="credencial_huella_sha256", condition=Q(huella__regex=HUELLA_REGEX))
        ]

    def __str__(self) -> str:
        return self.huella[:8]

    @classmethod
    def emitir(cls, tramite: Tramite) -> tuple[str, "Credencial"]:
        """A new token, said once, and its row."""
        token = secrets.token_urlsafe(32)
        credencial = cls.objects.create(huella=huella(token), expira=timezone.now() + cls.VIGENCIA)
        credencial.tramites.add(tramite)
        return token, credencial

    @classmethod
    def de(cls, token: str) -> "Credencial | None":
        return cls.objects.vigentes().filter(pk=huella(token)).first()

    def quien_hablo(self, curp: str, correo: str) -> str:
        """The mailbox that opened it for this CURP and this typed address; "" when it was for others."""
        suyos = self.tramites.filter(curp=curp, correo__iexact=correo).exclude(confirmado_por="")
        return suyos.values_list("confirmado_por", flat=True).first() or ""
