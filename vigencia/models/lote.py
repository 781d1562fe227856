"""A file that a school uploads: read in the background, reviewed, confirmed or cancelled; and its rows."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Q
from django.db.models.functions import Now
from django.utils import timezone

from nss_portal.personas.models import Persona
from vigencia.models.escuela import Escuela, Nivel, RegistroPatronal

# How long a worker may keep a file before another one takes it over. A turn takes a second or two.
ARRIENDO = timedelta(seconds=15)
PAUSA_MAXIMA = timedelta(minutes=5)


class LoteQuerySet(models.QuerySet["Lote"]):
    def por_avanzar(self) -> "LoteQuerySet":
        """With something to do, a stored file that is no longer needed included, and no worker on them."""
        pendiente = Q(estado__in=Lote.DE_TRABAJO) | ~Q(archivo="")
        return self.filter(pendiente, libre_desde__lte=Now())

    def tomar(self, pk: uuid.UUID) -> "Lote | None":
        """Lease one for this worker, or None when another has it."""
        suyo = self.por_avanzar().filter(pk=pk)
        tomados = suyo.update(libre_desde=Now() + ARRIENDO, turno=F("turno") + 1, intentos=F("intentos") + 1)
        return self.select_related("escuela").get(pk=pk) if tomados else None


class Lote(models.Model):
    class Estado(models.TextChoices):
        RECIBIDO = "recibido", "Leyendo el archivo"
        REVISANDO = "revisando", "Revisando los renglones"
        POR_CONFIRMAR = "por-confirmar", "Espera que confirmes"
        CONFIRMANDO = "confirmando", "Guardando"
        CONFIRMADO = "confirmado", "Confirmado"
        CANCELADO = "cancelado", "Cancelado"
        ILEGIBLE = "ilegible", "No se pudo leer"

    class Formato(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel"
        DISPMAG = "dispmag", "168 columnas"

    # In these a worker has something to do; in the others, somebody of the school, or nobody.
    DE_TRABAJO = (Estado.RECIBIDO, Estado.REVISANDO, Estado.CONFIRMANDO)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    escuela = models.ForeignKey(Escuela, models.PROTECT, verbose_name="escuela", related_name="lotes")
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name="usuario", null=True, blank=True
    )
    creado = models.DateTimeField("subido", default=timezone.now, editable=False)
    # When it was confirmed, cancelled or found unreadable.
    cerrado = models.DateTimeField("terminado", null=True, blank=True, editable=False)
    estado = models.CharField("estado", max_length=13, choices=Estado.choices, default=Estado.RECIBIDO)
    # Why it could not be read, in a sentence for whoever uploaded it.
    motivo = models.TextField("motivo", blank=True)
    # As its owner calls it; it is kept under another name, and only until it has been read.
    nombre = models.CharField("archivo", max_length=100)
    archivo = models.FileField("archivo guardado", upload_to="", blank=True, editable=False)
    tamano = models.PositiveIntegerField("bytes", editable=False, default=0)
    formato = models.CharField("formato", max_length=7, choices=Formato.choices, blank=True)
    # The file's columns, in its order: what is wrong goes back to the school in the same shape.
    columnas = models.JSONField("columnas", default=list, editable=False)
    # What holds where a line does not say.
    ciclo = models.CharField("ciclo escolar", max_length=9, blank=True)
    fin = models.DateField("fin", null=True, blank=True)
    nivel = models.CharField("nivel", max_length=15, choices=Nivel.choices, blank=True)
    total = models.PositiveIntegerField("renglones", default=0, editable=False)
    revisados = models.PositiveIntegerField("revisados", default=0, editable=False)
    # The kinds of warning (`Renglon.Aviso`) that whoever confirmed it let in: without that, none.
    con_avisos = models.JSONField("advertencias que se incluyen", default=list, db_default=[], editable=False)
    # How many rows got each verdict; it outlives the rows.
    resumen = models.JSONField("resumen", default=dict, editable=False)
    altas = models.PositiveIntegerField("altas hechas", default=0, editable=False)
    bajas = models.PositiveIntegerField("bajas hechas", default=0, editable=False)
    # No worker takes it before this moment. Each one that does gets the next number, and writes only while
    # that number is the last: one that was thought dead cannot come back and write over its successor.
    libre_desde = models.DateTimeField("libre desde", db_default=Now(), editable=False)
    turno = models.PositiveIntegerField("turno", default=0, editable=False)
    intentos = models.PositiveIntegerField("intentos", default=0, editable=False)

    objects = LoteQuerySet.as_manager()

    class Meta:
        verbose_name = "archivo de alumnos"
        verbose_name_plural = "archivos de alumnos"
        ordering = ["-creado"]
        indexes = [
            models.Index(
                name="lote_por_avanzar",
                fields=["libre_desde"],
                condition=Q(estado__in=["recibido", "revisando", "confirmando"]) | ~Q(archivo=""),
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="lote_ilegible_con_motivo", condition=~Q(estado="ilegible") | Q(motivo__gt="")
            ),
            models.CheckConstraint(
                name="lote_cerrado_si_termino",
                condition=Q(estado__in=["confirmado", "cancelado", "ilegible"], cerrado__isnull=False)
                | (~Q(estado__in=["confirmado", "cancelado", "ilegible"]) & Q(cerrado=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.nombre

    def avance(self) -> tuple[int, int]:
        """How many rows have been judged, of how many; the second grows while the file is being read."""
        return self.revisados, self.total

    def conteos(self) -> dict[str, int]:
        """How many rows got each verdict, so far."""
        contados: dict[str, int] = self.resumen or self.contar()
        return {veredicto: contados.get(veredicto, 0) for veredicto in Renglon.Veredicto.values}

    def avisos(self) -> dict["Renglon.Aviso", int]:
        """How many rows bear each kind of warning. A row may bear several."""
        cuentas = dict.fromkeys(Renglon.Aviso, 0)
        dudosos = self.renglones.filter(veredicto=Renglon.Veredicto.ADVERTENCIA).order_by()
        for juntos, cuantos in dudosos.values_list("avisos").annotate(cuantos=Count("pk")):
            for aviso in juntos.split():
                cuentas[Renglon.Aviso(aviso)] += cuantos
        return {aviso: cuantos for aviso, cuantos in cuentas.items() if cuantos}

    def contar(self) -> dict[str, int]:
        filas = self.renglones.exclude(veredicto="").order_by().values_list("veredicto")
        return dict(filas.annotate(cuantos=Count("pk")))

    @property
    def todo_igual(self) -> bool:
        """Whether the whole file says what already is so: the same one, uploaded again."""
        return 0 < self.total == self.revisados == self.conteos()[Renglon.Veredicto.SIN_CAMBIO]


class Renglon(models.Model):
    """One line of the file: what it said, and what became of it."""

    class Veredicto(models.TextChoices):
        ALTA = "alta", "Alta"
        BAJA = "baja", "Baja"
        SIN_CAMBIO = "sin-cambio", "Sin cambio"
        ADVERTENCIA = "advertencia", "Advertencia"
        # It had a warning, and whoever confirmed the file did not ask for it.
        FUERA = "fuera", "Quedó fuera"
        ERROR = "error", "Error"

    class Aviso(models.TextChoices):
        """What a warning is about. The sentence of each row is in `motivos`."""

        NOMBRE = "nombre", "El nombre no es el de la CURP"
        OTRA_INSTITUCION = "otra-institucion", "Otra institución ya los tiene inscritos"
        FIN_PASADO = "fin-pasado", "Su último día ya pasó"
        ALTA_ANTIGUA = "alta-antigua", "Su alta es de hace más de un año"
        OTRO_CICLO = "otro-ciclo", "Su alta no es del ciclo que dice"

    class Movimiento(models.TextChoices):
        ALTA = "alta", "Alta"
        BAJA = "baja", "Baja"

    lote = models.ForeignKey(
        Lote, models.CASCADE, verbose_name="archivo", related_name="renglones", db_index=False
    )
    linea = models.PositiveIntegerField("línea")
    datos = models.JSONField("datos")
    # Empty until it has been judged. The rest is what will be written, and is empty for what has errors.
    veredicto = models.CharField("veredicto", max_length=11, choices=Veredicto.choices, db_default="")
    motivos = models.TextField("motivos", db_default="")
    # Its kinds of warning, with a space between them.
    avisos = models.CharField("advertencias", max_length=60, db_default="")
    movimiento = models.CharField("movimiento", max_length=4, choices=Movimiento.choices, db_default="")
    persona = models.ForeignKey(
        Persona, models.SET_NULL, verbose_name="persona", null=True, blank=True, related_name="+"
    )
    registro = models.ForeignKey(
        RegistroPatronal,
        models.SET_NULL,
        verbose_name="registro patronal",
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    ciclo = models.CharField("ciclo escolar", max_length=9, db_default="")
    nivel = models.CharField("nivel", max_length=15, db_default="")
    matricula = models.CharField("matrícula", max_length=20, db_default="")
    alta = models.DateField("alta", null=True, blank=True)
    fin = models.DateField("fin", null=True, blank=True)
    baja = models.DateField("baja", null=True, blank=True)
    causa = models.CharField("causa de la baja", max_length=1, db_default="")

    class Meta:
        verbose_name = "renglón"
        verbose_name_plural = "renglones"
        ordering = ["linea"]
        indexes = [models.Index(name="renglon_por_veredicto", fields=["lote", "veredicto", "linea"])]
        constraints = [
            models.UniqueConstraint(name="renglon_uno_por_linea", fields=["lote", "linea"]),
            # What would be written is whole.
            models.CheckConstraint(
                name="renglon_alta_completa",
                condition=~Q(veredicto__in=["alta", "advertencia"], movimiento="alta")
                | Q(alta__isnull=False, fin__isnull=False, ciclo__gt="", nivel__gt=""),
            ),
            models.CheckConstraint(
                name="renglon_baja_completa",
                condition=~Q(veredicto__in=["baja", "advertencia"], movimiento="baja")
                | Q(baja__isnull=False, causa__gt=""),
            ),
        ]

    def __str__(self) -> str:
        return f"Línea {self.linea}"
