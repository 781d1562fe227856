"""A person, keyed by CURP, and the one NSS that is theirs for life."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from nss_portal.personas import reglas
from nss_portal.personas.ajena import decir_curp, decir_nss
from nss_portal.personas.identidad import (
    CURP_REGEX,
    NSS_REGEX,
    enmascarar_correo,
    enmascarar_curp,
    entidad_curp,
    nacimiento_curp,
    sexo_curp,
    validar_curp,
    validar_nss,
)


def _revisar_curp(valor: str) -> None:
    try:
        bien = validar_curp(valor) == valor
    except ValidationError as error:
        # Whoever writes this row writes somebody else's number.
        raise ValidationError(decir_curp(error), code=error.code) from None
    if not bien:
        raise ValidationError("Escribe la CURP en mayúsculas, sin espacios ni guiones.", code="formato")


def _revisar_nss(valor: str) -> None:
    try:
        bien = validar_nss(valor) == valor
    except ValidationError as error:
        raise ValidationError(decir_nss(error), code=error.code) from None
    if not bien:
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
            # A number with a slip of the finger is somebody else's, or nobody's.
            models.CheckConstraint(
                name="persona_curp_con_su_digito",
                condition=reglas.curp_con_su_digito("curp"),
                violation_error_message="El último carácter de la CURP no coincide con los demás.",
            ),
            models.CheckConstraint(
                name="persona_nss_con_su_digito",
                condition=Q(nss=None) | reglas.nss_con_su_digito("nss"),
                violation_error_message="El último número del NSS no coincide con los demás.",
            ),
            # They are here to be asked for; a second opinion about them would be a mistake.
            models.CheckConstraint(
                name="persona_datos_de_su_curp",
                condition=reglas.datos_de_su_curp(),
                violation_error_message="El nacimiento, el sexo o la entidad no son los que dice la CURP.",
            ),
            # What every document is made out to. The second surname is not everybody's.
            models.CheckConstraint(
                name="persona_con_nombre_y_apellido",
                condition=Q(nombres__gt="", primer_apellido__gt=""),
                violation_error_message="Toda persona tiene nombre y primer apellido.",
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

    def seguir_a_la_curp(self) -> None:
        """Birth, sex and entidad as the CURP says them, whatever they were."""
        self.nacimiento = nacimiento_curp(self.curp)
        self.sexo, self.entidad = sexo_curp(self.curp), entidad_curp(self.curp)

    def conservar(self, guardada: "Persona") -> None:
        """Of the row that is there, keep what a file may not undo: a number, and what the counter did.

        Raises ValidationError when the file speaks of somebody else, or gives another number.
        """
        if self.curp not in (guardada.curp, *guardada.curps_anteriores.values_list("curp", flat=True)):
            raise ValidationError({"pk": "con esa llave está otra persona."})
        if self.nss and guardada.nss and self.nss != guardada.nss:
            raise ValidationError({"nss": "ya tiene otro NSS, y un NSS es para siempre."})
        self.nss = guardada.nss or self.nss
        self.bloqueada, self.corregida = guardada.bloqueada, guardada.corregida
        if guardada.corregida or self.curp != guardada.curp:
            for campo in ("nombres", "primer_apellido", "segundo_apellido"):
                setattr(self, campo, getattr(guardada, campo))
        if self.curp != guardada.curp:
            self.curp = guardada.curp
            self.seguir_a_la_curp()


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
            models.CheckConstraint(name="curp_anterior_bien_formada", condition=Q(curp__regex=CURP_REGEX)),
            models.CheckConstraint(
                name="curp_anterior_con_su_digito",
                condition=reglas.curp_con_su_digito("curp"),
                violation_error_message="El último carácter de la CURP no coincide con los demás.",
            ),
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


class Vinculo(models.Model):
    """The mailbox that has spoken for a person. Relatives may share one; a person has one."""

    persona = models.OneToOneField(Persona, models.CASCADE, verbose_name="persona", related_name="vinculo")
    correo = models.EmailField("correo confirmado", max_length=254)
    desde = models.DateTimeField("desde", default=timezone.now)
    # When the person's name was proved with it, or they were seen at the counter. Without it, all that is
    # known is that a mailbox answered: enough under IDENTIDAD=correo, not where the name is asked.
    comprobado = models.DateTimeField("comprobado", null=True, blank=True)

    class Meta:
        verbose_name = "correo confirmado"
        verbose_name_plural = "correos confirmados"

    def __str__(self) -> str:
        return enmascarar_correo(self.correo)

    @classmethod
    def de(cls, persona: Persona | None) -> "Vinculo | None":
        """The one of a person; None for nobody, or while no mailbox has spoken."""
        return cls.objects.filter(persona=persona).first() if persona else None
