"""Subdelegaciones, their NSS prefixes and territory, and the series that numbers are drawn from."""

import math
from datetime import date, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from nss_portal.territorio.models import CodigoPostal, Entidad, Municipio


class SubdelegacionManager(models.Manager["Subdelegacion"]):
    def get_by_natural_key(self, entidad: str | None, nombre: str) -> "Subdelegacion":
        return self.get(entidad_id=entidad, nombre=nombre)


class SubdelegacionQuerySet(models.QuerySet["Subdelegacion"]):
    def que_atiende(self, codigo_postal: CodigoPostal) -> "Subdelegacion":
        """The one that serves a postal code: its municipio's own, else the entidad's general one.

        Every postal code of the country leads to one; a test sweeps them all.
        """
        municipio = codigo_postal.municipio
        suyo = Q(territorio__municipio=municipio) | Q(territorio__municipio=None)
        return (
            self.filter(suyo, territorio__entidad=municipio.entidad_id)  # one filter: one and the same row
            .order_by(F("territorio__municipio").asc(nulls_last=True))[:1]
            .get()
        )


class Subdelegacion(models.Model):
    nombre = models.CharField("nombre", max_length=80)
    # Null only for the national reserve, which serves no territory.
    entidad = models.ForeignKey(
        Entidad, models.PROTECT, verbose_name="entidad", related_name="subdelegaciones", null=True, blank=True
    )

    objects = SubdelegacionManager.from_queryset(SubdelegacionQuerySet)()

    class Meta:
        verbose_name = "subdelegación"
        verbose_name_plural = "subdelegaciones"
        ordering = ["entidad", "nombre"]
        constraints = [
            models.UniqueConstraint(name="subdelegacion_unica_en_su_entidad", fields=["entidad", "nombre"]),
            models.UniqueConstraint(
                name="subdelegacion_reserva_unica", fields=["nombre"], condition=Q(entidad=None)
            ),
        ]

    def __str__(self) -> str:
        return self.nombre

    def natural_key(self) -> tuple[str | None, str]:
        return (self.entidad_id, self.nombre)

    def prefijos_en_orden(self) -> list[str]:
        """Every prefix this office may draw from: its own, its entidad's others, the national reserve."""
        propios = Q(subdelegacion=self)
        de_la_entidad = Q(subdelegacion__entidad=self.entidad_id) if self.entidad_id else Q(pk__in=[])
        return list(
            Prefijo.objects.filter(propios | de_la_entidad | Q(subdelegacion__entidad=None))
            .annotate(
                turno=models.Case(models.When(propios, then=0), models.When(de_la_entidad, then=1), default=2)
            )
            .order_by("turno", "prefijo")
            .values_list("prefijo", flat=True)
        )


class PrefijoManager(models.Manager["Prefijo"]):
    def get_by_natural_key(self, prefijo: str) -> "Prefijo":
        return self.get(prefijo=prefijo)


class Prefijo(models.Model):
    """The first two digits of an NSS: the subdelegación of first registration."""

    class Origen(models.TextChoices):
        PUBLICO = "publico", "Público"
        DEMOSTRATIVO = "demostrativo", "Demostrativo"

    prefijo = models.CharField("prefijo", max_length=2, primary_key=True)
    subdelegacion = models.ForeignKey(
        Subdelegacion, models.PROTECT, verbose_name="subdelegación", related_name="prefijos"
    )
    # Some prefixes are not public; the product says so wherever it prints one.
    origen = models.CharField("origen", max_length=12, choices=Origen.choices)

    objects = PrefijoManager()

    class Meta:
        verbose_name = "prefijo"
        constraints = [
            models.CheckConstraint(name="prefijo_de_dos_cifras", condition=Q(prefijo__regex="^[0-9]{2}$")),
            # What is printed beside it hangs on this: another word would pass for a public source.
            models.CheckConstraint(
                name="prefijo_de_origen_conocido",
                condition=Q(origen__in=["publico", "demostrativo"]),
                violation_error_message="El origen es publico o demostrativo.",
            ),
        ]

    def __str__(self) -> str:
        return self.prefijo

    def natural_key(self) -> tuple[str]:
        return (self.prefijo,)


class TerritorioManager(models.Manager["Territorio"]):
    def get_by_natural_key(self, entidad: str, nombre: str | None = None) -> "Territorio":
        return self.get(entidad_id=entidad, municipio__nombre=nombre)


class Territorio(models.Model):
    """Which subdelegación serves a municipio; without a municipio, the rest of the entidad."""

    subdelegacion = models.ForeignKey(
        Subdelegacion, models.PROTECT, verbose_name="subdelegación", related_name="territorio"
    )
    entidad = models.ForeignKey(Entidad, models.PROTECT, verbose_name="entidad")
    municipio = models.OneToOneField(
        Municipio, models.PROTECT, verbose_name="municipio", null=True, blank=True, related_name="+"
    )

    # Most of the division inside an entidad is not public; the product says so.
    origen = models.CharField(
        "origen", max_length=12, choices=Prefijo.Origen.choices, default=Prefijo.Origen.DEMOSTRATIVO
    )

    objects = TerritorioManager()

    class Meta:
        verbose_name = "territorio"
        constraints = [
            models.UniqueConstraint(
                name="territorio_un_resto_por_entidad", fields=["entidad"], condition=Q(municipio=None)
            ),
            models.CheckConstraint(
                name="territorio_de_origen_conocido",
                condition=Q(origen__in=["publico", "demostrativo"]),
                violation_error_message="El origen es publico o demostrativo.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.municipio or self.entidad}"

    def natural_key(self) -> tuple[str, ...]:
        return (self.entidad_id, self.municipio.nombre) if self.municipio else (self.entidad_id,)


class SerieQuerySet(models.QuerySet["Serie"]):
    def agotadas(self) -> "SerieQuerySet":
        return self.filter(ultimo=Serie.ULTIMO)


class Serie(models.Model):
    """The consecutive numbers of one prefix, one year of registration and one year of birth: 10,000."""

    ULTIMO = 9999
    # Numbers given -> percentage at which staff are told.
    AVISOS = {8_000: 80, 9_500: 95, 10_000: 100}

    prefijo = models.CharField("prefijo", max_length=2)
    anio_registro = models.CharField("año de registro", max_length=2, help_text="Dos cifras.")
    anio_nacimiento = models.CharField("año de nacimiento", max_length=2, help_text="Dos cifras.")
    ultimo = models.PositiveSmallIntegerField("último número dado")
    abierta = models.DateField(
        "abierta", default=timezone.localdate, help_text="El día en que dio su primer número."
    )

    objects = SerieQuerySet.as_manager()

    class Meta:
        verbose_name = "serie"
        constraints = [
            models.UniqueConstraint(
                name="serie_unica", fields=["prefijo", "anio_registro", "anio_nacimiento"]
            ),
            # Never wraps: the number after 9999 does not exist.
            models.CheckConstraint(name="serie_sin_vuelta", condition=Q(ultimo__gte=0, ultimo__lte=9999)),
        ]

    def __str__(self) -> str:
        return f"{self.prefijo} {self.anio_registro} {self.anio_nacimiento}"

    @property
    def dados(self) -> int:
        return self.ultimo + 1

    def se_acaba(self, hoy: date) -> date | None:
        """The day its last number goes at the pace it has had so far; None if its year ends before."""
        dias = (hoy - self.abierta).days + 1
        faltan = self.ULTIMO - self.ultimo
        quedan = math.ceil(faltan * dias / self.dados)
        # The next year of registration opens a series of its own.
        fin = hoy + timedelta(days=min(quedan, 366))
        return fin if fin.year % 100 == int(self.anio_registro) else None
