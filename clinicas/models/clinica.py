"""The units of IMSS that give family medicine, and which postal codes each one is known to serve."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from nss_portal.territorio.models import CodigoPostal, Entidad, Municipio

# Two letters of the entidad, the institution, six digits: the key of the health ministry's catalogue.
CLUES_REGEX = "^[A-Z]{2}IMS[0-9]{6}$"
CODIGO_REGEX = "^[0-9]{5}$"


class ClinicaManager(models.Manager["Clinica"]):
    def get_by_natural_key(self, clues: str) -> "Clinica":
        return self.get(clues=clues)


class ClinicaQuerySet(models.QuerySet["Clinica"]):
    def en_operacion(self) -> "ClinicaQuerySet":
        return self.filter(estado=Clinica.Estado.OPERA)


class Clinica(models.Model):
    """Keyed by CLUES: the number of a UMF repeats between delegaciones."""

    class Tipo(models.TextChoices):
        UMF = "umf", "UMF"
        HGS = "hgs", "HGS con UMF"
        HGZ = "hgz", "HGZ con UMF"
        HGR = "hgr", "HGR con UMF"

    class Estado(models.TextChoices):
        OPERA = "opera", "En operación"
        # Said by staff: for a while it registers nobody. A load of the catalogue does not open it again.
        CERRADA = "cerrada", "Cerrada por ahora"
        # Said by the catalogue. It keeps its people until staff move them.
        RETIRADA = "retirada", "Retirada del catálogo"

    class Origen(models.TextChoices):
        CLUES = "clues", "Catálogo CLUES"
        DEMOSTRATIVO = "demostrativo", "Demostrativo"

    clues = models.CharField(
        "CLUES",
        max_length=11,
        primary_key=True,
        help_text="2 letras, IMS y 6 números, como DFIMS990012.",
        validators=[RegexValidator(CLUES_REGEX, "La CLUES son 2 letras, IMS y 6 números.")],
    )
    tipo = models.CharField("tipo", max_length=3, choices=Tipo.choices, default=Tipo.UMF)
    numero = models.PositiveSmallIntegerField("número", null=True, blank=True)
    nombre = models.CharField("nombre", max_length=120)
    delegacion = models.CharField(
        "delegación", max_length=60, blank=True, help_text="La del IMSS: no siempre es la entidad."
    )
    domicilio = models.CharField("domicilio", max_length=250, help_text="Calle, número y colonia.")
    # Not a foreign key: the health ministry writes codes that the postal catalogue retired or never had.
    codigo_postal = models.CharField(
        "código postal",
        max_length=5,
        blank=True,
        validators=[RegexValidator(CODIGO_REGEX, "El código postal son 5 números.")],
    )
    entidad = models.ForeignKey(Entidad, models.PROTECT, verbose_name="entidad", related_name="clinicas")
    # Null when the catalogue names one that ours does not have: the clinic still serves its entidad.
    municipio = models.ForeignKey(
        Municipio, models.PROTECT, verbose_name="municipio", null=True, blank=True, related_name="clinicas"
    )
    telefono = models.CharField("teléfono", max_length=60, blank=True)
    latitud = models.FloatField("latitud", null=True, blank=True)
    longitud = models.FloatField("longitud", null=True, blank=True)
    # CLUES carries neither: until staff write them, nobody knows.
    horario = models.CharField(
        "horario de consulta",
        max_length=120,
        blank=True,
        help_text="Vacío si no se sabe: se imprime «Pregunta el horario en la clínica».",
    )
    # Where, in person, a student hands in the papers.
    ventanilla = models.CharField(
        "ventanilla y su horario",
        max_length=160,
        blank=True,
        help_text="Vacía si no se sabe: se pide preguntar en la clínica.",
    )
    estado = models.CharField("estado", max_length=8, choices=Estado.choices, default=Estado.OPERA)
    origen = models.CharField("origen", max_length=12, choices=Origen.choices, default=Origen.CLUES)

    objects = ClinicaManager.from_queryset(ClinicaQuerySet)()

    class Meta:
        verbose_name = "clínica"
        ordering = ["entidad", "numero", "clues"]
        constraints = [
            models.CheckConstraint(
                name="clinica_clues_del_imss",
                condition=Q(clues__regex=CLUES_REGEX),
                violation_error_message="La CLUES no es de una unidad del IMSS.",
            ),
            models.CheckConstraint(
                name="clinica_codigo_postal_de_cinco_cifras",
                condition=Q(codigo_postal="") | Q(codigo_postal__regex=CODIGO_REGEX),
                violation_error_message="El código postal son 5 números.",
            ),
            # Half a place is no place; and one at 0, 0 is in the sea.
            models.CheckConstraint(
                name="clinica_coordenadas_juntas_y_en_mexico",
                condition=Q(latitud=None, longitud=None)
                | Q(latitud__gte=14, latitud__lte=33, longitud__gte=-119, longitud__lte=-86),
                violation_error_message="Escribe latitud y longitud, las dos, de un lugar de México.",
            ),
            models.CheckConstraint(
                name="clinica_de_tipo_conocido",
                condition=Q(tipo__in=["umf", "hgs", "hgz", "hgr"]),
                violation_error_message="El tipo es umf, hgs, hgz o hgr.",
            ),
            # Whether it takes people hangs on this word.
            models.CheckConstraint(
                name="clinica_de_estado_conocido",
                condition=Q(estado__in=["opera", "cerrada", "retirada"]),
                violation_error_message="El estado es opera, cerrada o retirada.",
            ),
            models.CheckConstraint(
                name="clinica_de_origen_conocido",
                condition=Q(origen__in=["clues", "demostrativo"]),
                violation_error_message="El origen es clues o demostrativo.",
            ),
        ]

    def __str__(self) -> str:
        return self.nombre

    def natural_key(self) -> tuple[str]:
        return (self.clues,)

    @property
    def direccion(self) -> str:
        """One line, as it is printed: street and colonia, code, municipio, entidad."""
        codigo = f"C. P. {self.codigo_postal}" if self.codigo_postal else ""
        municipio = self.municipio.nombre if self.municipio else ""
        return ", ".join(filter(None, [self.domicilio, codigo, municipio, self.entidad.nombre]))


class CoberturaManager(models.Manager["Cobertura"]):
    def get_by_natural_key(self, codigo_postal: str, clues: str) -> "Cobertura":
        return self.get(codigo_postal_id=codigo_postal, clinica_id=clues)


class Cobertura(models.Model):
    """A postal code that a clinic is known to serve. No public table says it: staff do."""

    codigo_postal = models.ForeignKey(
        CodigoPostal, models.PROTECT, verbose_name="código postal", related_name="coberturas"
    )
    clinica = models.ForeignKey(Clinica, models.PROTECT, verbose_name="clínica", related_name="coberturas")

    objects = CoberturaManager()

    class Meta:
        verbose_name = "cobertura"
        ordering = ["codigo_postal", "clinica"]
        constraints = [
            models.UniqueConstraint(
                name="cobertura_unica",
                fields=["codigo_postal", "clinica"],
                violation_error_message="Esa clínica ya atiende ese código postal.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.codigo_postal_id} · {self.clinica_id}"

    def natural_key(self) -> tuple[str, str]:
        return (self.codigo_postal_id, self.clinica_id)
