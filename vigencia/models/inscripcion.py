"""Who is enrolled where, from when to when; and the one rule of who is covered."""

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from nss_portal.personas.models import Persona
from vigencia.models.escuela import Escuela, Nivel, RegistroPatronal
from vigencia.models.lote import Lote

# «2026-2027», or half-years and terms: «2026-1».
CICLO_REGEX = "^[0-9]{4}-([0-9]{4}|[1-3])$"
CICLO_MAL = "El ciclo se escribe 2026-2027 o 2026-1."
FIN_ANTES = "El fin no puede ser anterior al alta."


class InscripcionQuerySet(models.QuerySet["Inscripcion"]):
    def vigentes(self, hoy: date) -> "InscripcionQuerySet":
        """Those that give medical service on the day `hoy` (of Mexico City): the one rule of who is covered.

        From the day of the alta to the day of the end, both included; a baja counts from its own day on.
        """
        sin_baja = Q(baja=None) | Q(baja__gt=hoy)
        return self.filter(sin_baja, alta__lte=hoy, fin__gte=hoy)


class Cierre(models.Model):
    """The end of a school's cycle: one baja for everybody who was still enrolled in it; it can be undone."""

    PLAZO = timedelta(hours=24)

    escuela = models.ForeignKey(Escuela, models.PROTECT, verbose_name="escuela", related_name="cierres")
    ciclo = models.CharField("ciclo escolar", max_length=9)
    baja = models.DateField("baja", help_text="Desde este día ya no tienen servicio por ese ciclo.")
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name="usuario", null=True, blank=True
    )
    cuantas = models.PositiveIntegerField("alumnos")
    creado = models.DateTimeField("creado", default=timezone.now)
    deshecho = models.DateTimeField("deshecho", null=True, blank=True)

    class Meta:
        verbose_name = "fin de ciclo"
        verbose_name_plural = "fines de ciclo"
        ordering = ["-creado"]

    def __str__(self) -> str:
        return f"Fin del ciclo {self.ciclo}"

    @property
    def se_puede_deshacer(self) -> bool:
        return self.deshecho is None and timezone.now() < self.creado + self.PLAZO


class Inscripcion(models.Model):
    class Causa(models.TextChoices):
        TERMINO = "1", "Término de estudios"
        VOLUNTARIA = "2", "Baja voluntaria"
        DEFUNCION = "3", "Defunción"
        OTRA = "9", "Otra"

    persona = models.ForeignKey(Persona, models.PROTECT, verbose_name="persona", related_name="inscripciones")
    escuela = models.ForeignKey(Escuela, models.PROTECT, verbose_name="escuela", related_name="inscripciones")
    # By which of the school's records it was reported.
    registro = models.ForeignKey(
        RegistroPatronal, models.PROTECT, verbose_name="registro patronal", related_name="+"
    )
    ciclo = models.CharField("ciclo escolar", max_length=9, help_text="2026-2027 o 2026-1.")
    matricula = models.CharField("matrícula", max_length=20, blank=True)
    nivel = models.CharField("nivel", max_length=15, choices=Nivel.choices)
    alta = models.DateField("alta", help_text="Primer día con servicio médico.")
    fin = models.DateField("fin", help_text="Último día con servicio médico.")
    baja = models.DateField(
        "baja", null=True, blank=True, help_text="Desde este día ya no tiene servicio por esta inscripción."
    )
    causa = models.CharField("causa de la baja", max_length=1, choices=Causa.choices, blank=True)
    # What brought it: an upload, or by hand when null. What took it away, when it was for all at once.
    lote = models.ForeignKey(
        Lote, models.SET_NULL, verbose_name="archivo", null=True, blank=True, related_name="inscripciones"
    )
    cierre = models.ForeignKey(
        Cierre,
        models.SET_NULL,
        verbose_name="fin de ciclo",
        null=True,
        blank=True,
        related_name="inscripciones",
    )
    creada = models.DateTimeField("creada", default=timezone.now, editable=False)
    # When the school last said something of it: the date of the last movement.
    movida = models.DateTimeField("último movimiento", default=timezone.now, editable=False)

    objects = InscripcionQuerySet.as_manager()

    class Meta:
        verbose_name = "inscripción"
        verbose_name_plural = "inscripciones"
        ordering = ["-pk"]
        indexes = [
            models.Index(name="inscripcion_de_una_escuela", fields=["escuela", "ciclo", "fin"]),
        ]
        constraints = [
            # Sent twice, it is the same one.
            models.UniqueConstraint(
                name="inscripcion_unica",
                fields=["persona", "escuela", "ciclo", "alta"],
                violation_error_message="Esta persona ya está inscrita en ese ciclo desde esa fecha.",
            ),
            models.UniqueConstraint(
                name="inscripcion_una_abierta_por_ciclo",
                fields=["persona", "escuela", "ciclo"],
                condition=Q(baja=None),
                violation_error_message="Esta persona ya está inscrita en ese ciclo.",
            ),
            models.CheckConstraint(
                name="inscripcion_fin_despues_de_alta",
                condition=Q(fin__gte=F("alta")),
                violation_error_message=FIN_ANTES,
            ),
            # On the day of the alta: it never counted. After the end there is nothing to take away.
            models.CheckConstraint(
                name="inscripcion_baja_dentro",
                condition=Q(baja=None) | Q(baja__gte=F("alta"), baja__lte=F("fin")),
                violation_error_message="La baja va entre el alta y el fin.",
            ),
            models.CheckConstraint(
                name="inscripcion_baja_con_causa",
                condition=Q(baja=None, causa="", cierre=None) | Q(baja__isnull=False, causa__gt=""),
                violation_error_message="Una baja lleva su causa.",
            ),
            models.CheckConstraint(
                name="inscripcion_ciclo_bien_formado",
                condition=Q(ciclo__regex=CICLO_REGEX),
                violation_error_message=CICLO_MAL,
            ),
            models.CheckConstraint(
                name="inscripcion_de_nivel_conocido",
                condition=Q(nivel__in=["medio-superior", "superior", "posgrado"]),
                violation_error_message="El nivel es medio-superior, superior o posgrado.",
            ),
            # It goes to the institute as a digit of the 168 columns.
            models.CheckConstraint(
                name="inscripcion_de_causa_conocida",
                condition=Q(causa__in=["", "1", "2", "3", "9"]),
                violation_error_message="La causa de la baja es 1, 2, 3 o 9.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.persona} · {self.ciclo}"

    @property
    def ultimo_dia(self) -> date:
        """The last day with service; before `alta` when it never counted."""
        return self.baja - timedelta(days=1) if self.baja else self.fin
