"""Public schools, the employer records by which they report students, and who answers for each."""

from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from nss_portal.territorio.models import Entidad, Municipio
from vigencia.escuelas import grupos

# Entidad, classifier, identifier of the service, consecutive, check letter. The classifier of a private
# school is P: the insurance is for public ones.
CCT_REGEX = "^[0-9]{2}[A-OQ-Z][A-Z]{2}[0-9]{4}[A-Z]$"
# Letter or digit, municipality, consecutive, modality 32, check digit (its algorithm is not public).
REGISTRO_REGEX = "^[A-Z0-9][0-9]{7}32[0-9]$"


class Nivel(models.TextChoices):
    MEDIO_SUPERIOR = "medio-superior", "Medio superior"
    SUPERIOR = "superior", "Superior"
    POSGRADO = "posgrado", "Posgrado"


class EscuelaManager(models.Manager["Escuela"]):
    def get_by_natural_key(self, cct: str) -> "Escuela":
        return self.get(cct=cct)


class Escuela(models.Model):
    class Modalidad(models.TextChoices):
        PRESENCIAL = "presencial", "Presencial"
        EN_LINEA = "en-linea", "En línea"
        AMBAS = "ambas", "Presencial y en línea"

    cct = models.CharField(
        "CCT",
        max_length=10,
        primary_key=True,
        help_text="Clave de Centro de Trabajo: 10 letras y números, como 09DCT0001A.",
        validators=[
            RegexValidator(
                CCT_REGEX,
                "La CCT son 2 números, 3 letras, 4 números y 1 letra. Las escuelas particulares (con P en la "
                "tercera posición) no entran en este seguro.",
            )
        ],
    )
    nombre = models.CharField("nombre", max_length=150)
    medio_superior = models.BooleanField("medio superior", default=False)
    superior = models.BooleanField("superior", default=False)
    posgrado = models.BooleanField("posgrado", default=False)
    modalidad = models.CharField(
        "modalidad", max_length=10, choices=Modalidad.choices, default=Modalidad.PRESENCIAL
    )
    entidad = models.ForeignKey(Entidad, models.PROTECT, verbose_name="entidad")
    # Null until the official file, which gives municipios their keys, is loaded.
    municipio = models.ForeignKey(
        Municipio, models.PROTECT, verbose_name="municipio", null=True, blank=True, related_name="+"
    )

    objects = EscuelaManager()

    class Meta:
        verbose_name = "escuela"
        ordering = ["nombre"]
        constraints = [
            models.CheckConstraint(
                name="escuela_cct_de_escuela_publica",
                condition=Q(cct__regex=CCT_REGEX),
                violation_error_message="La CCT no es de una escuela pública.",
            ),
            models.CheckConstraint(
                name="escuela_con_algun_nivel",
                condition=Q(medio_superior=True) | Q(superior=True) | Q(posgrado=True),
                violation_error_message="Marca por lo menos un nivel.",
            ),
            models.CheckConstraint(
                name="escuela_de_modalidad_conocida",
                condition=Q(modalidad__in=["presencial", "en-linea", "ambas"]),
                violation_error_message="La modalidad es presencial, en-linea o ambas.",
            ),
        ]

    def __str__(self) -> str:
        return self.nombre

    def natural_key(self) -> tuple[str]:
        return (self.cct,)

    @property
    def niveles(self) -> list[Nivel]:
        """The levels it teaches."""
        imparte = {
            Nivel.MEDIO_SUPERIOR: self.medio_superior,
            Nivel.SUPERIOR: self.superior,
            Nivel.POSGRADO: self.posgrado,
        }
        return [nivel for nivel in Nivel if imparte[nivel]]


class RegistroPatronalManager(models.Manager["RegistroPatronal"]):
    def get_by_natural_key(self, registro: str) -> "RegistroPatronal":
        return self.get(registro=registro)


class RegistroPatronal(models.Model):
    """The number by which a school reports its students, of modality 32; one for all, or one a level."""

    registro = models.CharField(
        "registro patronal",
        max_length=11,
        primary_key=True,
        help_text="11 caracteres; los dígitos 9 y 10 son 32, la modalidad de estudiantes.",
        validators=[
            RegexValidator(
                REGISTRO_REGEX,
                "El registro patronal son 11 caracteres: una letra o número, 7 números, 32 y un número más.",
            )
        ],
    )
    escuela = models.ForeignKey(Escuela, models.PROTECT, verbose_name="escuela", related_name="registros")
    nivel = models.CharField(
        "nivel", max_length=15, choices=Nivel.choices, blank=True, help_text="Vacío: sirve para todos."
    )

    objects = RegistroPatronalManager()

    class Meta:
        verbose_name = "registro patronal"
        verbose_name_plural = "registros patronales"
        ordering = ["registro"]
        constraints = [
            models.CheckConstraint(
                name="registro_patronal_de_modalidad_32",
                condition=Q(registro__regex=REGISTRO_REGEX),
                violation_error_message="El registro patronal no es de la modalidad 32.",
            ),
            # A level that no student has would match none of them: the record would serve nobody.
            models.CheckConstraint(
                name="registro_patronal_de_nivel_conocido",
                condition=Q(nivel__in=["", "medio-superior", "superior", "posgrado"]),
                violation_error_message="El nivel es medio-superior, superior o posgrado; vacío, todos.",
            ),
        ]

    def __str__(self) -> str:
        return self.registro

    def natural_key(self) -> tuple[str]:
        return (self.registro,)


class Responsable(models.Model):
    """Who enrols for a school. One school a user: what they may see never depends on what they chose.

    Whoever is named enters the group of schools' users, and leaves it with the name.
    """

    usuario = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="usuario", related_name="responsable"
    )
    escuela = models.ForeignKey(Escuela, models.CASCADE, verbose_name="escuela", related_name="responsables")

    class Meta:
        verbose_name = "responsable"

    def __str__(self) -> str:
        return str(self.usuario)

    def save(self, *args: Any, **kwargs: Any) -> None:
        for antes in Responsable.objects.filter(pk=self.pk).exclude(usuario=self.usuario_id):
            grupos.relevar(antes.usuario)
        super().save(*args, **kwargs)
        grupos.nombrar(self.usuario)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        grupos.relevar(self.usuario)
        return super().delete(*args, **kwargs)
