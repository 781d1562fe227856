"""The counter of a Subdelegación: who works there, whom they attended, and what took two of them."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from afiliacion.models.numeracion import Subdelegacion
from nss_portal.personas.models import Persona
from nss_portal.tramites.models.tramite import Tramite


class Empleado(models.Model):
    """Who attends at which office. Without this row nobody sees anything of any of them."""

    usuario = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="usuario", related_name="empleado"
    )
    subdelegacion = models.ForeignKey(
        Subdelegacion, models.PROTECT, verbose_name="subdelegación", related_name="empleados"
    )
    supervisor = models.BooleanField(
        "supervisa", default=False, help_text="Autoriza lo que piden las demás personas de su ventanilla."
    )

    class Meta:
        verbose_name = "personal de ventanilla"
        verbose_name_plural = "personal de ventanilla"

    def __str__(self) -> str:
        return f"{self.usuario} · {self.subdelegacion}"


class Atencion(models.Model):
    """A person in front of a clerk, from the CURP to the paper in hand."""

    class Motivo(models.TextChoices):
        NSS = "nss", "Obtener o localizar su NSS"
        VIGENCIA = "vigencia", "Saber si tiene servicio médico"
        CLINICA = "clinica", "Registrarse en su clínica"
        IMPRIMIR = "imprimir", "Volver a imprimir sus documentos"
        DATOS = "datos", "Corregir su nombre"
        CORREO = "correo", "Cambiar su correo"
        CURP = "curp", "Avisar que su CURP cambió"
        ARCO = "arco", "Bloquear o desbloquear sus datos (derechos ARCO)"

    # In addresses: it says nothing, and the next one cannot be guessed from it.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    persona = models.ForeignKey(Persona, models.PROTECT, verbose_name="persona", related_name="atenciones")
    motivo = models.CharField("motivo", max_length=8, choices=Motivo.choices)
    atendio = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="quién atiende", related_name="atenciones"
    )
    subdelegacion = models.ForeignKey(
        Subdelegacion, models.PROTECT, verbose_name="subdelegación", related_name="atenciones"
    )
    tramites = models.ManyToManyField(Tramite, verbose_name="trámites", related_name="atenciones", blank=True)
    creada = models.DateTimeField("empezó", default=timezone.now, editable=False)
    terminada = models.DateTimeField("terminó", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "atención"
        verbose_name_plural = "atenciones"
        ordering = ["-creada"]
        indexes = [models.Index(name="atencion_de_la_oficina", fields=["subdelegacion", "-creada"])]

    def __str__(self) -> str:
        return f"Atención del {timezone.localtime(self.creada):%d/%m/%Y a las %H:%M}"


class Cotejo(models.Model):
    """One of the papers that the guide asks for at the counter: brought, and seen by whom, or not brought."""

    class Papel(models.TextChoices):
        CURP = "curp", "CURP"
        DOMICILIO = "domicilio", "Comprobante de domicilio"
        IDENTIFICACION = "identificacion", "Identificación oficial"
        ACTA = "acta", "Acta de nacimiento"
        CORREO = "correo", "Correo electrónico"

    atencion = models.ForeignKey(Atencion, models.CASCADE, verbose_name="atención", related_name="cotejos")
    papel = models.CharField("documento", max_length=14, choices=Papel.choices)
    visto = models.BooleanField("lo trajo")
    numero = models.CharField("número", max_length=254, blank=True)
    vigencia = models.DateField("vigente hasta", null=True, blank=True)
    reviso = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="quién lo revisó", related_name="cotejos"
    )
    cuando = models.DateTimeField("cuándo", default=timezone.now)

    class Meta:
        verbose_name = "documento cotejado"
        verbose_name_plural = "documentos cotejados"
        constraints = [
            models.UniqueConstraint(name="cotejo_uno_por_documento", fields=["atencion", "papel"]),
            # Nobody can have read the number of what was not brought.
            models.CheckConstraint(
                name="cotejo_solo_de_lo_visto", condition=Q(visto=True) | Q(numero="", vigencia=None)
            ),
        ]

    def __str__(self) -> str:
        return self.get_papel_display()


class Cambio(models.Model):
    """What only the counter may change, and only with four eyes: one asks, another one decides."""

    class Tipo(models.TextChoices):
        DATOS = "datos", "Corregir su nombre"
        CORREO = "correo", "Cambiar su correo confirmado"
        CURP = "curp", "Reemplazar su CURP"
        BLOQUEO = "bloqueo", "Bloquear su CURP"
        DESBLOQUEO = "desbloqueo", "Desbloquear su CURP"

    class Estado(models.TextChoices):
        PEDIDO = "pedido", "Espera a quien supervisa"
        AUTORIZADO = "autorizado", "Autorizado"
        NEGADO = "negado", "No autorizado"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    atencion = models.ForeignKey(Atencion, models.PROTECT, verbose_name="atención", related_name="cambios")
    persona = models.ForeignKey(Persona, models.PROTECT, verbose_name="persona", related_name="cambios")
    subdelegacion = models.ForeignKey(
        Subdelegacion, models.PROTECT, verbose_name="subdelegación", related_name="cambios"
    )
    tipo = models.CharField("qué se pide", max_length=10, choices=Tipo.choices)
    estado = models.CharField("estado", max_length=10, choices=Estado.choices, default=Estado.PEDIDO)
    # As they were when it was asked for: if they have changed since, it must be asked for again.
    antes = models.JSONField("antes", default=dict)
    despues = models.JSONField("después", default=dict)
    porque = models.CharField("en qué se funda", max_length=200)
    pide = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="quién lo pidió",
        related_name="cambios_pedidos",
    )
    pedido = models.DateTimeField("pedido", default=timezone.now)
    autoriza = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="quién decidió",
        related_name="cambios_decididos",
        null=True,
        blank=True,
    )
    decidido = models.DateTimeField("decidido", null=True, blank=True)
    respuesta = models.CharField("por qué no", max_length=200, blank=True)
    # Those that issue the documents anew, and when the old ones stopped being valid.
    tramites = models.ManyToManyField(Tramite, verbose_name="trámites", related_name="cambios", blank=True)
    al_dia = models.DateTimeField("documentos al día", null=True, blank=True)

    class Meta:
        verbose_name = "cambio por autorizar"
        verbose_name_plural = "cambios por autorizar"
        ordering = ["-pedido"]
        indexes = [
            models.Index(
                name="cambio_por_poner_al_dia",
                fields=["decidido"],
                condition=Q(estado="autorizado", al_dia=None),
            )
        ]
        constraints = [
            models.CheckConstraint(name="cambio_de_cuatro_ojos", condition=~Q(autoriza=F("pide"))),
            models.CheckConstraint(
                name="cambio_decidido_por_alguien",
                condition=Q(estado="pedido", autoriza=None, decidido=None)
                | (~Q(estado="pedido") & Q(autoriza__isnull=False, decidido__isnull=False)),
            ),
            models.CheckConstraint(
                name="cambio_negado_con_motivo", condition=~Q(estado="negado") | Q(respuesta__gt="")
            ),
            # Asked for twice, it could be done twice.
            models.UniqueConstraint(
                name="cambio_uno_pendiente_de_cada_tipo",
                fields=["persona", "tipo"],
                condition=Q(estado="pedido"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_tipo_display()}, {timezone.localtime(self.pedido):%d/%m/%Y %H:%M}"

    @property
    def renglones(self) -> list[tuple[str, Any, Any]]:
        """What it says before and after, a row each: what changes and what stays."""
        return [
            (_ROTULOS.get(clave, clave), self.antes.get(clave, ""), valor)
            for clave, valor in self.despues.items()
        ]


_ROTULOS = {
    "nombres": "Nombre(s)",
    "primer_apellido": "Primer apellido",
    "segundo_apellido": "Segundo apellido",
    "correo": "Correo confirmado",
    "curp": "CURP",
    "bloqueada": "Sus trámites",
}
