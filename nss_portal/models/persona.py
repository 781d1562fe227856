"""A person, keyed by CURP, and the one NSS that is theirs for life."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.signals import pre_save
from django.dispatch import receiver

from nss_portal.identidad import CURP_REGEX, NSS_REGEX, validar_curp, validar_nss


def _revisar_curp(valor: str) -> None:
    if validar_curp(valor) != valor:
        raise ValidationError("Escribe la CURP en mayúsculas, sin espacios ni guiones.", code="formato")


def _revisar_nss(valor: str) -> None:
    if validar_nss(valor) != valor:
        raise ValidationError("Escribe el NSS como 11 números seguidos.", code="formato")


class PersonaQuerySet(models.QuerySet["Persona"]):
    def sin_nss(self) -> "PersonaQuerySet":
        return self.filter(nss=None)


class PersonaManager(models.Manager["Persona"]):
    def get_by_natural_key(self, curp: str) -> "Persona":
        return self.get(curp=curp)


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

    @property
    def nombre_completo(self) -> str:
        return " ".join(filter(None, [self.nombres, self.primer_apellido, self.segundo_apellido]))


@receiver(pre_save, sender=Persona)
def conservar_nss(sender: type[Persona], instance: Persona, raw: bool, using: str, **kwargs: Any) -> None:
    """A fixture loaded again must not take back or replace a number: an NSS is for life.

    The only signal of the project: `loaddata` saves past `Persona.save`, nothing else sees it.
    """
    if raw:
        guardado = sender._default_manager.using(using).filter(curp=instance.curp)
        instance.nss = guardado.values_list("nss", flat=True).first() or instance.nss
