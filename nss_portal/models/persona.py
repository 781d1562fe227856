"""A person, keyed by CURP, and the one NSS that is theirs for life."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.utils import timezone

from nss_portal.identidad import CURP_REGEX, NSS_REGEX, enmascarar_curp, validar_curp, validar_nss


def _revisar_curp(valor: str) -> None:
    if validar_curp(valor) != valor:
        raise ValidationError("Escribe la CURP en mayúsculas, sin espacios ni guiones.", code="formato")


def _revisar_nss(valor: str) -> None:
    if validar_nss(valor) != valor:
        raise ValidationError("Escribe el NSS como 11 números seguidos.", code="formato")


class PersonaQuerySet(models.QuerySet["Persona"]):
    def sin_nss(self) -> "PersonaQuerySet":
        return self.filter(nss=None)

    def de_curp(self, curp: str) -> "Persona | None":
        """Who holds this CURP, or held it before the registry replaced it: one and the same person."""
        # Two questions, each with its index; one with OR would read the whole table.
        return self.filter(curp=curp).first() or self.filter(curps_anteriores__curp=curp).first()

    def por_curp(self, curps: Iterable[str]) -> "dict[str, Persona]":
        """The same for many: each CURP that somebody holds or held, and who."""
        pedidas = set(curps)
        personas = {persona.curp: persona for persona in self.filter(curp__in=pedidas)}
        viejas = CurpAnterior.objects.filter(curp__in=pedidas - personas.keys(), persona__in=self.all())
        return personas | {vieja.curp: vieja.persona for vieja in viejas.select_related("persona")}


class PersonaManager(models.Manager["Persona"]):
    def get_by_natural_key(self, curp: str) -> "Persona":
        # A fixture that still says the replaced CURP speaks of the same person.
        persona = PersonaQuerySet(self.model, using=self._db).de_curp(curp)
        if persona is None:
            raise self.model.DoesNotExist
        return persona


class Persona(models.Model):
    """Whoever holds a CURP: what the population registry says of them, and their NSS."""

    class Sexo(models.TextChoices):
        HOMBRE = "H", "Hombre"
        MUJER = "M", "Mujer"
        NO_BINARIO = "X", "No binario"

    # The natural key. Not the primary one: staff's addresses would carry it, and the registry replaces CURPs.
    curp = models.CharField("CURP", max_length=18, unique=True, validators=[_revisar_curp])
    nss = models.CharField(
        "NSS", max_length=11, null=True, blank=True, unique=True, validators=[_revisar_nss], default=None
    )
    nombres = models.CharField("nombre(s)", max_length=50)
    primer_apellido = models.CharField("primer apellido", max_length=50)
    segundo_apellido = models.CharField("segundo apellido", max_length=50, blank=True)
    nacimiento = models.DateField("fecha de nacimiento")
    sexo = models.CharField("sexo", max_length=1, choices=Sexo.choices)
    entidad = models.CharField(
        "entidad de nacimiento", max_length=2, help_text="Clave de dos letras de la CURP."
    )

    # Opposition (ARCO): while it is there, no step answers about the person. Set and lifted at the counter.
    bloqueada = models.DateTimeField("bloqueada desde", null=True, blank=True, editable=False)
    # Seen against the birth certificate: what the registry says of the name does not write over it.
    corregida = models.DateTimeField("corregida con su acta", null=True, blank=True, editable=False)

    objects = PersonaManager.from_queryset(PersonaQuerySet)()

    class Meta:
        verbose_name = "persona"
        constraints = [
            models.CheckConstraint(
                name="persona_curp_bien_formada",
                condition=Q(curp__regex=CURP_REGEX),
                violation_error_message="La CURP no tiene la forma que debe tener.",
            ),
            # NULL is «no number yet»; an empty text would be a second way to say it.
            models.CheckConstraint(
                name="persona_nss_bien_formado",
                condition=Q(nss=None) | Q(nss__regex=NSS_REGEX),
                violation_error_message="El NSS son 11 números.",
            ),
        ]

    def __str__(self) -> str:
        return self.nombre_completo

    def natural_key(self) -> tuple[str]:
        return (self.curp,)

    def clean(self) -> None:
        if self._state.adding and CurpAnterior.objects.filter(curp=self.curp).exists():
            mensaje = "Esta CURP fue reemplazada por otra: la persona ya está registrada con la nueva."
            raise ValidationError({"curp": ValidationError(mensaje, code="reemplazada")})

    @property
    def nombre_completo(self) -> str:
        return " ".join(filter(None, [self.nombres, self.primer_apellido, self.segundo_apellido]))


class CurpAnterior(models.Model):
    """A CURP that the registry replaced: whoever types it is led to the person who holds the new one."""

    curp = models.CharField("CURP anterior", max_length=18, primary_key=True)
    persona = models.ForeignKey(
        Persona, models.PROTECT, verbose_name="persona", related_name="curps_anteriores"
    )
    hasta = models.DateTimeField("reemplazada", default=timezone.now)

    class Meta:
        verbose_name = "CURP anterior"
        verbose_name_plural = "CURP anteriores"
        constraints = [
            models.CheckConstraint(name="curp_anterior_bien_formada", condition=Q(curp__regex=CURP_REGEX))
        ]

    def __str__(self) -> str:
        return enmascarar_curp(self.curp)

    @classmethod
    def todas(cls, curp: str) -> list[str]:
        """Every CURP of the person who holds or held this one; itself alone when nobody does."""
        persona = Persona.objects.de_curp(curp)
        if persona is None:
            return [curp]
        return [persona.curp, *persona.curps_anteriores.values_list("curp", flat=True)]


@receiver(pre_save, sender=Persona)
def conservar_nss(sender: type[Persona], instance: Persona, raw: bool, using: str, **kwargs: Any) -> None:
    """A fixture loaded again must not take back or replace a number: an NSS is for life.

    The only signal of the project: `loaddata` saves past `Persona.save`, nothing else sees it.
    """
    if raw:
        ella = Q(pk=instance.pk) if instance.pk else Q(curp=instance.curp)
        guardada = sender._default_manager.using(using).filter(ella).first()
        if guardada:
            instance.nss = guardada.nss or instance.nss
            # Nor undo what was done at the counter.
            instance.curp, instance.bloqueada = guardada.curp, guardada.bloqueada
            instance.corregida = guardada.corregida
