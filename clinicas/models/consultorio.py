"""The consultorios of a clinic: who attends in the morning, who in the afternoon, and how many people fit."""

from typing import TYPE_CHECKING

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from clinicas.models.alta import Alta
from clinicas.models.clinica import Clinica


class Turno(models.TextChoices):
    MATUTINO = "matutino", "Matutino"
    VESPERTINO = "vespertino", "Vespertino"


# Of what `con_poblacion` reads. A pair, because the type checker does not know that there is a population.
CON_LUGAR = Q(("poblacion__lt", F("capacidad")))


class ConsultorioManager(models.Manager["Consultorio"]):
    def get_by_natural_key(self, clues: str, turno: str, numero: int) -> "Consultorio":
        return self.get(clinica_id=clues, turno=turno, numero=numero)


class ConsultorioQuerySet(models.QuerySet["Consultorio"]):
    def con_poblacion(self) -> "ConsultorioQuerySet":
        """Each with `poblacion`: how many people are registered in it now, suspended ones included.

        Counted, not kept: a number beside the rows could disagree with them (a fixture loaded again would
        be enough). The count reads one small index; a whole clinic takes a millisecond.
        """
        gente = (
            Alta.objects.activas()
            .filter(consultorio=OuterRef("pk"))
            .order_by()
            .values("consultorio")
            .annotate(cuantas=Count("pk"))
            .values("cuantas")
        )
        return self.annotate(**{"poblacion": Coalesce(Subquery(gente), 0)})

    def con_lugar(self) -> "ConsultorioQuerySet":
        """Those where one more fits, in the order in which they take people: least populated, then number."""
        return self.con_poblacion().filter(CON_LUGAR).order_by(F("poblacion"), "numero")


class Consultorio(models.Model):
    clinica = models.ForeignKey(Clinica, models.PROTECT, verbose_name="clínica", related_name="consultorios")
    turno = models.CharField("turno", max_length=10, choices=Turno.choices)
    numero = models.PositiveSmallIntegerField("número", validators=[MinValueValidator(1)])
    capacidad = models.PositiveIntegerField(
        "capacidad", help_text="Cuántas personas caben. Con menos de las que tiene, no recibe a nadie más."
    )

    if TYPE_CHECKING:
        poblacion: int  # only in what `con_poblacion` reads

    objects = ConsultorioManager.from_queryset(ConsultorioQuerySet)()

    class Meta:
        verbose_name = "consultorio"
        ordering = ["clinica", "turno", "numero"]
        constraints = [
            models.UniqueConstraint(
                name="consultorio_unico_en_su_turno",
                fields=["clinica", "turno", "numero"],
                violation_error_message="Ese turno ya tiene un consultorio con ese número.",
            ),
            models.CheckConstraint(
                name="consultorio_numero_desde_uno",
                condition=Q(numero__gte=1),
                violation_error_message="Los consultorios se numeran desde el 1.",
            ),
            models.CheckConstraint(
                name="consultorio_de_un_turno", condition=Q(turno__in=["matutino", "vespertino"])
            ),
        ]

    def __str__(self) -> str:
        return f"Consultorio {self.numero} {self.get_turno_display().lower()}"

    def natural_key(self) -> tuple[str, str, int]:
        return (self.clinica_id, self.turno, self.numero)
