"""A trámite: one request of one browser, from the form to «Tu petición ha sido procesada»."""

import secrets
import time
import uuid
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from nss_portal.personas.identidad import CURP_REGEX, enmascarar_correo
from nss_portal.personas.models import Persona
from nss_portal.territorio.models import CodigoPostal, Colonia

# How long a worker may keep a trámite before another one takes it over. A crash costs at most this
# plus one turn of each line of work: well under the 30 s that we promise.
ARRIENDO = timedelta(seconds=15)
ESPERA_MAXIMA = timedelta(minutes=5)
# A service that was away and is back finds everything waiting well within half a minute.
ESPERA_DE_UN_SERVICIO = timedelta(seconds=15)


class Estado(models.TextChoices):
    RECIBIDO = "recibido", "Recibido"
    CONFIRMACION = "confirmacion", "Espera que hable el correo"
    DOMICILIO = "domicilio", "Espera el domicilio"
    ASIGNANDO = "asignando", "Asignando el número"
    ELECCION = "eleccion", "Espera que elija clínica"
    REVISION = "revision", "Espera que confirme la clínica"
    EMITIENDO = "emitiendo", "Emitiendo los documentos"
    RESUELTO = "resuelto", "Resuelto"
    FINALIZADO = "finalizado", "Finalizado"
    RECHAZADO = "rechazado", "Rechazado"


# The only moves there are; drawn in ARCHITECTURE.md, which a test holds against this table.
FLECHAS: dict[Estado, frozenset[Estado]] = {
    Estado.RECIBIDO: frozenset(
        {
            Estado.CONFIRMACION,
            Estado.DOMICILIO,
            Estado.ELECCION,
            Estado.REVISION,
            Estado.EMITIENDO,
            Estado.RECHAZADO,
        }
    ),
    Estado.CONFIRMACION: frozenset({Estado.RECIBIDO}),
    Estado.DOMICILIO: frozenset({Estado.ASIGNANDO}),
    Estado.ASIGNANDO: frozenset({Estado.CONFIRMACION, Estado.EMITIENDO, Estado.RECHAZADO}),
    Estado.ELECCION: frozenset({Estado.CONFIRMACION, Estado.REVISION, Estado.EMITIENDO, Estado.RECHAZADO}),
    Estado.REVISION: frozenset({Estado.CONFIRMACION, Estado.ELECCION, Estado.EMITIENDO, Estado.RECHAZADO}),
    Estado.EMITIENDO: frozenset({Estado.RESUELTO}),
    Estado.RESUELTO: frozenset({Estado.FINALIZADO}),
    Estado.FINALIZADO: frozenset(),
    Estado.RECHAZADO: frozenset(),
}
# In these a worker has something to do; in the others, the person (or nobody).
DE_TRABAJO = (Estado.RECIBIDO, Estado.ASIGNANDO, Estado.EMITIENDO)


def nuevo_folio() -> str:
    """22 digits: epoch milliseconds (13) and nine from `secrets`. Public, speakable, never a key."""
    return f"{time.time_ns() // 1_000_000:013d}{secrets.randbelow(10**9):09d}"


class TramiteQuerySet(models.QuerySet["Tramite"]):
    def del_navegador(self, navegador: str | None) -> "TramiteQuerySet":
        """The trámites that this browser session started: the only ones it may see."""
        return self.filter(navegador=navegador) if navegador else self.none()

    def por_atender(self) -> "TramiteQuerySet":
        """Working, and with no worker on them now (by the database's clock: hosts may disagree)."""
        return self.filter(estado__in=DE_TRABAJO, libre_desde__lte=Now())

    def tomar(self, pk: uuid.UUID) -> "Tramite | None":
        """Lease one for this worker, or None when another has it. The loser does nothing."""
        tomados = (
            self.por_atender().filter(pk=pk).update(libre_desde=Now() + ARRIENDO, intentos=F("intentos") + 1)
        )
        return self.get(pk=pk) if tomados else None


class Tramite(models.Model):
    class Tipo(models.TextChoices):
        NSS = "nss", "Asignación o localización de NSS"
        VIGENCIA = "vigencia", "Vigencia de derechos"
        CLINICA = "clinica", "Alta en clínica"

    class Motivo(models.TextChoices):
        CURP_NO_ENCONTRADA = "curp-no-encontrada", "La CURP no está en el registro de población"
        CURP_SIN_NSS = "curp-sin-nss", "La CURP no tiene NSS"
        NSS_NO_CORRESPONDE = "nss-no-corresponde", "El NSS no corresponde a la CURP"
        SIN_VIGENCIA = "sin-vigencia", "Sin inscripción vigente"
        BLOQUEADA = "bloqueada", "CURP bloqueada"
        # Nobody holds the CURP, or the name or the mailbox is not its owner's: never said which.
        IDENTIDAD_NO_COMPROBADA = "identidad-no-comprobada", "No se comprobó de quién es la CURP"

    class Espera(models.TextChoices):
        REGISTRO_NO_DISPONIBLE = "registro-no-disponible", "El registro de población no responde"
        SERIE_AGOTADA = "serie-agotada", "No quedan números en la serie"
        DOCUMENTO = "documento", "El documento no se ha podido emitir"
        ATENCION = "atencion", "Necesita atención del personal"

    class Resultado(models.TextChoices):
        LOCALIZADO = "localizado", "Localizado"
        ASIGNADO = "asignado", "Asignado"
        VIGENTE = "vigente", "Con inscripción vigente"
        NO_VIGENTE = "no-vigente", "Sin inscripción vigente"
        REGISTRADO = "registrado", "Registrado en clínica"
        YA_REGISTRADO = "ya-registrado", "Ya estaba registrado"
        CAMBIADO = "cambiado", "Cambió de clínica"

    class Canal(models.TextChoices):
        WEB = "web", "Web"
        APP = "app", "App"
        VENTANILLA = "ventanilla", "Ventanilla"

    # A secret for its owner; the folio is what is said aloud.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tipo = models.CharField("tipo", max_length=10, choices=Tipo.choices)
    folio = models.CharField("folio", max_length=22, unique=True, default=nuevo_folio, editable=False)
    # Made when the form is drawn: a double click is the same request.
    solicitud = models.UUIDField("solicitud", unique=True)
    canal = models.CharField("canal", max_length=10, choices=Canal.choices, default=Canal.WEB)
    # Empty when no browser of ours began it: it is then its bearer's, or its clerk's.
    navegador = models.CharField("navegador", max_length=43, db_index=True, blank=True)
    curp = models.CharField("CURP", max_length=18, db_index=True)
    # Empty only at the counter, for whoever has none: nothing is mailed then.
    correo = models.EmailField("correo electrónico", max_length=254, blank=True)
    persona = models.ForeignKey(
        Persona, models.PROTECT, verbose_name="persona", related_name="tramites", null=True, blank=True
    )
    estado = models.CharField("estado", max_length=12, choices=Estado.choices, default=Estado.RECIBIDO)
    motivo = models.CharField("motivo de rechazo", max_length=24, choices=Motivo.choices, blank=True)
    espera = models.CharField("qué espera", max_length=24, choices=Espera.choices, blank=True)
    resultado = models.CharField("resultado", max_length=13, choices=Resultado.choices, blank=True)
    # When a mailbox said that this is its person's, and which: what was waiting for that may be shown, while
    # that mailbox is the one that speaks for the person.
    confirmado = models.DateTimeField("confirmado", null=True, blank=True)
    confirmado_por = models.EmailField("confirmado por", max_length=254, blank=True)
    # When the name that was typed was found to be the person's.
    comprobado = models.DateTimeField("nombre comprobado", null=True, blank=True)
    # Where it was asked from, as a fingerprint: what one network asks for is not counted to another.
    origen = models.CharField("origen", max_length=16, blank=True, editable=False, db_default="")
    # No worker touches it before this moment: a lease while one works, a pause while it waits.
    libre_desde = models.DateTimeField("libre desde", db_default=Now())
    intentos = models.PositiveIntegerField("intentos", default=0)
    creado = models.DateTimeField("creado", default=timezone.now, editable=False)

    objects = TramiteQuerySet.as_manager()

    class Meta:
        verbose_name = "trámite"
        indexes = [
            models.Index(
                name="tramite_por_atender", fields=["libre_desde"], condition=Q(estado__in=list(DE_TRABAJO))
            ),
            # What staff look for first, among a million that wait for nothing.
            models.Index(name="tramite_que_espera", fields=["-folio"], condition=Q(espera__gt="")),
        ]
        constraints = [
            models.CheckConstraint(
                name="tramite_folio_de_22_cifras", condition=Q(folio__regex="^[0-9]{22}$")
            ),
            models.CheckConstraint(name="tramite_curp_bien_formada", condition=Q(curp__regex=CURP_REGEX)),
            models.CheckConstraint(
                name="tramite_sin_correo_solo_en_ventanilla",
                condition=Q(correo__gt="") | Q(canal="ventanilla"),
            ),
            # A refusal always says why, and nothing else does.
            models.CheckConstraint(
                name="tramite_motivo_solo_de_rechazo",
                condition=Q(estado=Estado.RECHAZADO, motivo__gt="")
                | (~Q(estado=Estado.RECHAZADO) & Q(motivo="")),
            ),
            # Whatever was solved has a person behind it.
            models.CheckConstraint(
                name="tramite_resuelto_con_persona",
                condition=~Q(estado__in=[Estado.EMITIENDO, Estado.RESUELTO, Estado.FINALIZADO])
                | (Q(persona__isnull=False) & Q(resultado__gt="")),
            ),
        ]

    def __str__(self) -> str:
        return self.folio

    def get_absolute_url(self) -> str:
        return reverse(f"{self.tipo}:tramite", args=[self.pk])

    def mover(self, a: Estado, **cambios: Any) -> bool:
        """Move from the state this object was read in to `a`, with `cambios`; False when another was first.

        Compare-and-set: of two that try the same move, one wins. A winner leaves the trámite free for the
        next worker and writes the event. Call it inside the transaction of the act.
        """
        desde = Estado(self.estado)
        assert a in FLECHAS[desde], f"no hay flecha de {desde} a {a}"
        cambios |= {"estado": a, "espera": "", "intentos": 0, "libre_desde": Now()}
        if not Tramite.objects.filter(pk=self.pk, estado=desde).update(**cambios):
            return False
        for campo, valor in cambios.items():
            if campo != "libre_desde":  # the database's moment, not known here
                setattr(self, campo, valor)
        self.sucesos.create(estado=a)
        return True

    def esperar(self, espera: str) -> None:
        """Not now: come back later, with a pause that doubles. Never a refusal."""
        servicio = espera == Tramite.Espera.REGISTRO_NO_DISPONIBLE
        pausa = timedelta(seconds=2 ** min(self.intentos, 12))
        pausa = min(pausa, ESPERA_DE_UN_SERVICIO if servicio else ESPERA_MAXIMA)
        Tramite.objects.filter(pk=self.pk, estado=self.estado).update(
            espera=espera, libre_desde=Now() + pausa
        )

    def por_confirmar(self, destino: str) -> str:
        """The link by which `destino` says that it is the person's mailbox; "" when it is not asked."""
        pregunta = self.confirmaciones.filter(pregunta="correo", contestada=None, correo=destino).first()
        if pregunta is None:
            return ""
        # However late the mail goes out, whoever reads it has a whole day.
        pregunta.creada = timezone.now()
        pregunta.save(update_fields=["creada"])
        return pregunta.get_absolute_url()

    @property
    def correo_enmascarado(self) -> str:
        return enmascarar_correo(self.correo)


class NombreDicho(models.Model):
    """The full name typed by who says they hold the CURP, until it is compared with the registry's."""

    tramite = models.OneToOneField(
        Tramite, models.CASCADE, verbose_name="trámite", related_name="nombre_dicho", primary_key=True
    )
    nombres = models.CharField("nombres", max_length=100)
    primer_apellido = models.CharField("primer apellido", max_length=100)
    segundo_apellido = models.CharField("segundo apellido", max_length=100, blank=True)

    class Meta:
        verbose_name = "nombre por comprobar"
        verbose_name_plural = "nombres por comprobar"

    def __str__(self) -> str:
        return str(self.tramite)


class Suceso(models.Model):
    """When a trámite reached each state: the live progress of the page and the history for staff."""

    tramite = models.ForeignKey(Tramite, models.CASCADE, verbose_name="trámite", related_name="sucesos")
    estado = models.CharField("estado", max_length=12, choices=Estado.choices)
    cuando = models.DateTimeField("cuándo", default=timezone.now)

    class Meta:
        verbose_name = "suceso"
        ordering = ["cuando", "pk"]

    def __str__(self) -> str:
        return self.get_estado_display()


class Domicilio(models.Model):
    """The address given in a trámite: it decides the subdelegación and, later, the clinic."""

    tramite = models.OneToOneField(Tramite, models.CASCADE, verbose_name="trámite", related_name="domicilio")
    codigo_postal = models.ForeignKey(CodigoPostal, models.PROTECT, verbose_name="código postal")
    colonia = models.ForeignKey(Colonia, models.PROTECT, verbose_name="colonia", null=True, blank=True)
    # What the person typed when their colonia is not in the catalogue.
    colonia_texto = models.CharField("colonia no listada", max_length=60, blank=True)
    calle = models.CharField("calle", max_length=100)
    numero_exterior = models.CharField("número exterior", max_length=20)
    numero_interior = models.CharField("número interior", max_length=20, blank=True)

    class Meta:
        verbose_name = "domicilio"
        constraints = [
            models.CheckConstraint(
                name="domicilio_con_una_colonia",
                condition=Q(colonia__isnull=False, colonia_texto="")
                | Q(colonia__isnull=True, colonia_texto__gt=""),
            )
        ]

    def __str__(self) -> str:
        """One line, as it is printed: calle, numbers, colonia, code, municipio, entidad."""
        interior = f", interior {self.numero_interior}" if self.numero_interior else ""
        colonia = self.colonia.nombre if self.colonia else self.colonia_texto
        municipio = self.codigo_postal.municipio
        return (
            f"{self.calle} {self.numero_exterior}{interior}, {colonia}, "
            f"C. P. {self.codigo_postal_id}, {municipio.nombre}, {municipio.entidad.nombre}"
        )
