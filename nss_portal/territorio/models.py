"""Entidades, municipios, postal codes and colonias."""

import unicodedata

from django.db import models
from django.db.models import Q
from django.db.models.functions import Substr


def plegar(texto: str) -> str:
    """How names are compared: «Álvaro  Obregón» -> «alvaro obregon»."""
    sin_marcas = "".join(c for c in unicodedata.normalize("NFD", texto) if not unicodedata.combining(c))
    return " ".join(sin_marcas.casefold().split())


CLAVES = [f"{numero:02d}" for numero in range(1, 33)]


class EntidadManager(models.Manager["Entidad"]):
    def get_by_natural_key(self, clave: str) -> "Entidad":
        return self.get(clave=clave)


class Entidad(models.Model):
    clave = models.CharField("clave", max_length=2, primary_key=True, help_text="Clave del INEGI, 01 a 32.")
    nombre = models.CharField("nombre", max_length=60, unique=True)

    objects = EntidadManager()

    class Meta:
        verbose_name = "entidad"
        verbose_name_plural = "entidades"
        ordering = ["clave"]
        constraints = [
            # Two digits are not enough: there is no 00 and no 33, and a CURP's entidad leads to one of these.
            models.CheckConstraint(
                name="entidad_una_de_las_32",
                condition=Q(clave__in=CLAVES),
                violation_error_message="La clave de la entidad va de 01 a 32.",
            )
        ]

    def __str__(self) -> str:
        return self.nombre

    def natural_key(self) -> tuple[str]:
        return (self.clave,)


class MunicipioManager(models.Manager["Municipio"]):
    def get_by_natural_key(self, entidad: str, nombre: str) -> "Municipio":
        return self.get(entidad_id=entidad, nombre=nombre)


class Municipio(models.Model):
    entidad = models.ForeignKey(Entidad, models.PROTECT, verbose_name="entidad", related_name="municipios")
    # Null until the official file, which gives the keys, is loaded.
    clave = models.CharField("clave", max_length=5, null=True, blank=True, unique=True)
    nombre = models.CharField("nombre", max_length=80)

    objects = MunicipioManager()

    class Meta:
        verbose_name = "municipio"
        constraints = [
            # Two municipios of one entidad may bear one name; their keys tell them apart.
            models.UniqueConstraint(
                name="municipio_unico_en_su_entidad", fields=["entidad", "nombre"], condition=Q(clave=None)
            ),
            models.CheckConstraint(
                name="municipio_clave_de_cinco_cifras", condition=Q(clave=None) | Q(clave__regex="^[0-9]{5}$")
            ),
            # What a key leads to is found by it alone.
            models.CheckConstraint(
                name="municipio_clave_de_su_entidad",
                condition=Q(clave=None) | Q(entidad=Substr("clave", 1, 2)),
                violation_error_message="La clave del municipio empieza con la de su entidad.",
            ),
        ]

    def __str__(self) -> str:
        return self.nombre

    def natural_key(self) -> tuple[str, str]:
        return (self.entidad_id, self.nombre)


class CodigoPostalQuerySet(models.QuerySet["CodigoPostal"]):
    def buscar(self, texto: str) -> "CodigoPostal | None":
        """The code that a person wrote, spaces forgiven, with its municipio and entidad; or None."""
        codigo = "".join(texto.split())
        # What is not five ASCII digits never reaches the database: PostgreSQL fails on a NUL.
        if not (len(codigo) == 5 and codigo.isascii() and codigo.isdigit()):
            return None
        return self.select_related("municipio__entidad").filter(pk=codigo).first()


class CodigoPostal(models.Model):
    codigo = models.CharField("código postal", max_length=5, primary_key=True)
    municipio = models.ForeignKey(Municipio, models.PROTECT, verbose_name="municipio", related_name="codigos")

    objects = CodigoPostalQuerySet.as_manager()

    class Meta:
        verbose_name = "código postal"
        verbose_name_plural = "códigos postales"
        constraints = [
            # Text, not a number: Mexico City's codes begin with zero.
            models.CheckConstraint(
                name="codigo_postal_de_cinco_cifras", condition=Q(codigo__regex="^[0-9]{5}$")
            )
        ]

    def __str__(self) -> str:
        return self.codigo


class ColoniaQuerySet(models.QuerySet["Colonia"]):
    def vigentes(self) -> "ColoniaQuerySet":
        return self.filter(vigente=True)


class Colonia(models.Model):
    """A settlement («asentamiento») of a postal code."""

    codigo_postal = models.ForeignKey(
        CodigoPostal, models.PROTECT, verbose_name="código postal", related_name="colonias"
    )
    nombre = models.CharField("nombre", max_length=100)
    nombre_plegado = models.CharField("nombre plegado", max_length=100, editable=False)
    tipo = models.CharField("tipo", max_length=40)
    # The keys of entidad and municipio and the official file's number; null until that file is loaded: an
    # empty text would be the same key for all.
    clave_oficial = models.CharField("clave oficial", max_length=12, null=True, blank=True, editable=False)  # noqa: DJ001
    # Retired from the catalogue, never deleted: people's addresses refer to it.
    vigente = models.BooleanField("vigente", default=True)

    objects = ColoniaQuerySet.as_manager()

    class Meta:
        verbose_name = "colonia"
        constraints = [
            # Of those retired there may be more: names are given again, and rows with a key move.
            models.UniqueConstraint(
                name="colonia_unica_en_su_codigo",
                fields=["codigo_postal", "nombre_plegado", "tipo"],
                condition=Q(vigente=True),
            ),
            # With a condition, no foreign key can lean on it: on PostgreSQL, giving the keys does not lock
            # out whoever is writing an address that refers to the row.
            models.UniqueConstraint(
                name="colonia_clave_oficial_unica",
                fields=["clave_oficial"],
                condition=Q(clave_oficial__isnull=False),
            ),
            models.CheckConstraint(
                name="colonia_clave_oficial_de_cifras",
                condition=Q(clave_oficial=None) | Q(clave_oficial__regex="^[0-9]{9,12}$"),
            ),
        ]

    def __str__(self) -> str:
        return self.nombre
