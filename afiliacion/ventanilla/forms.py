"""What a clerk fills in: who is in front, what they brought, and what only the counter can change."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from afiliacion.models import Atencion, Cambio, Cotejo
from afiliacion.ventanilla.actos import Visto
from afiliacion.ventanilla.cambios import NOMBRES
from nss_portal.personas.ajena import decir_curp
from nss_portal.personas.identidad import digito_curp, normalizar_curp
from nss_portal.personas.models import Persona
from nss_portal.web.forms import CampoTexto, CodigoPostalField, CorreoField, CurpField

Papel = Cotejo.Papel
CON_NUMERO = (Papel.IDENTIFICACION, Papel.ACTA, Papel.CORREO)
_AYUDAS = {
    Papel.CURP: ("Folio de la constancia", "Compárala con la de arriba."),
    Papel.DOMICILIO: ("Número de recibo o de contrato", "De los últimos 3 meses."),
    Papel.IDENTIFICACION: (
        "Número de la identificación",
        "Con fotografía: INE, pasaporte, credencial escolar.",
    ),
    Papel.ACTA: ("Número de acta", "Hace falta para corregir su nombre."),
    Papel.CORREO: (
        "Dirección de correo",
        "Si no tiene, déjalo sin marcar: se lleva sus documentos impresos.",
    ),
}


class CurpDeOtroField(CurpField):
    """Whoever is in front: the four letters that the portal refuses are good here, where it sends people."""

    def clean(self, value: Any) -> str:
        try:
            return super().clean(value)
        except ValidationError as error:
            curp = normalizar_curp(value or "")
            # The registry, which is asked next, has the last word.
            if error.code == "palabra" and digito_curp(curp[:17]) == curp[17]:
                return curp
            raise ValidationError(decir_curp(error), error.code) from None


class AtenderForm(forms.Form):
    curp = CurpDeOtroField(label="CURP de la persona", help_text="La que trae impresa. 18 letras y números.")
    motivo = forms.ChoiceField(
        label="¿A qué viene?",
        choices=[("", "Elige…"), *Atencion.Motivo.choices],
        error_messages={
            "required": "Elige a qué viene: queda anotado.",
            "invalid_choice": "Elige una de la lista.",
        },
        help_text="Queda anotado en la bitácora, con tu usuario.",
    )


class CotejoForm(forms.Form):
    """Five rows of three fields each: seen, number, valid until."""

    def __init__(self, *args: Any, cotejos: dict[str, Cotejo], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for papel in Papel:
            antes, (numero, _) = cotejos.get(papel), _AYUDAS[papel]
            de = papel.label
            self.fields[f"{papel}_visto"] = forms.BooleanField(
                label=f"Lo trae: {de}", required=False, initial=bool(antes and antes.visto)
            )
            campo: forms.CharField
            if papel == Papel.CORREO:
                campo = CorreoField(label=numero, required=False)
            else:
                campo = CampoTexto(label=f"{numero}: {de}", required=False, max_length=60)
            campo.initial = antes.numero if antes else ""
            self.fields[f"{papel}_numero"] = campo
            if papel != Papel.CORREO:
                self.fields[f"{papel}_vigencia"] = forms.DateField(
                    label=f"Vigente hasta: {de}",
                    required=False,
                    initial=antes.vigencia if antes else None,
                    widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
                    error_messages={"invalid": "Escribe la fecha como día, mes y año."},
                )

    @property
    def renglones(self) -> list[dict[str, Any]]:
        return [
            {
                "papel": papel,
                "ayuda": _AYUDAS[papel][1],
                "rotulo": _AYUDAS[papel][0],
                "visto": self[f"{papel}_visto"],
                "numero": self[f"{papel}_numero"],
                "vigencia": self[f"{papel}_vigencia"] if papel != Papel.CORREO else None,
            }
            for papel in Papel
        ]

    def clean(self) -> dict[str, Any]:
        datos = self.cleaned_data
        for papel in Papel:
            visto, numero = datos.get(f"{papel}_visto"), datos.get(f"{papel}_numero")
            vigencia: date | None = datos.get(f"{papel}_vigencia")
            if not visto and (numero or vigencia):
                self.add_error(
                    f"{papel}_visto", f"Marca que viste «{papel.label}», o borra lo que escribiste."
                )
            elif visto and not numero and papel in CON_NUMERO and f"{papel}_numero" not in self.errors:
                self.add_error(f"{papel}_numero", f"Escribe: {_AYUDAS[papel][0].lower()}.")
            if visto and vigencia and vigencia < timezone.localdate():
                self.add_error(
                    f"{papel}_vigencia",
                    f"«{papel.label}» venció el {vigencia:%d/%m/%Y}: no sirve. Quita la marca o pide "
                    "uno vigente.",
                )
        return datos

    @property
    def papeles(self) -> dict[str, Visto]:
        datos = self.cleaned_data
        return {
            str(papel): (
                datos[f"{papel}_visto"],
                datos[f"{papel}_numero"] or "",
                datos.get(f"{papel}_vigencia"),
            )
            for papel in Papel
        }


class CodigoPostalForm(forms.Form):
    """Where they live, to look for their clinic."""

    codigo_postal = CodigoPostalField(
        label="Código postal de donde vive", requerido="Escribe el código postal de donde vive."
    )
    cambio = forms.BooleanField(label="Ya tiene clínica y quiere otra", required=False)


def _porque(ayuda: str, rotulo: str = "En qué te fundas") -> CampoTexto:
    return CampoTexto(
        label=rotulo,
        help_text=ayuda,
        max_length=200,
        requerido="Escribe en qué te fundas: quien supervisa lo lee.",
    )


class _CambioForm(forms.Form):
    """A change that is asked for; `despues` is what it will say."""

    def __init__(self, *args: Any, persona: Persona, **kwargs: Any) -> None:
        self.persona = persona
        super().__init__(*args, **kwargs)

    @property
    def despues(self) -> dict[str, Any]:
        return {campo: valor for campo, valor in self.cleaned_data.items() if campo != "porque"}


class DatosForm(_CambioForm):
    nombres = CampoTexto(label="Nombre(s)", max_length=50, requerido="Escribe el nombre.")
    primer_apellido = CampoTexto(label="Primer apellido", max_length=50, requerido="Escribe el apellido.")
    segundo_apellido = CampoTexto(label="Segundo apellido", max_length=50, required=False)
    porque = _porque("Entidad, municipio, libro y número del acta de nacimiento.", "Acta de nacimiento")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for campo in NOMBRES:
            self.fields[campo].initial = getattr(self.persona, campo)

    def clean(self) -> dict[str, Any]:
        for campo in NOMBRES:
            if campo in self.cleaned_data:
                self.cleaned_data[campo] = " ".join(self.cleaned_data[campo].split())
        return self.cleaned_data


class CorreoNuevoForm(_CambioForm):
    correo = CorreoField(label="Correo nuevo")
    confirmacion = CampoTexto(label="Correo nuevo, otra vez", requerido="Escribe otra vez el correo.")
    porque = _porque("Por ejemplo: perdió el acceso al anterior.", "Por qué lo cambia")

    def clean(self) -> dict[str, Any]:
        datos = self.cleaned_data
        primero, segundo = datos.get("correo"), datos.pop("confirmacion", None)
        if primero and segundo and primero.casefold() != segundo.casefold():
            self.add_error("confirmacion", "Los dos correos no son iguales.")
        return datos


class CurpNuevaForm(_CambioForm):
    curp = CurpDeOtroField(label="CURP nueva", help_text="La que hoy da el registro de población (RENAPO).")
    porque = _porque(
        "Por ejemplo: constancia de CURP del 3 de noviembre de 2026.", "Constancia de la CURP nueva"
    )

    def clean_curp(self) -> str:
        curp = str(self.cleaned_data["curp"])
        if curp == self.persona.curp:
            raise ValidationError("Es la misma que ya tiene.", code="igual")
        return curp


class BloqueoForm(_CambioForm):
    porque = _porque("Número de la solicitud de derechos ARCO, y lo que resuelve.", "Solicitud ARCO")

    @property
    def despues(self) -> dict[str, Any]:
        return {"bloqueada": "Sin bloqueo" if self.persona.bloqueada else "Bloqueados"}


class NegarForm(forms.Form):
    respuesta = CampoTexto(
        label="Por qué no", max_length=200, requerido="Escribe por qué no: quien lo pidió lo lee."
    )


FORMAS: dict[str, type[_CambioForm]] = {
    Cambio.Tipo.DATOS: DatosForm,
    Cambio.Tipo.CORREO: CorreoNuevoForm,
    Cambio.Tipo.CURP: CurpNuevaForm,
    Cambio.Tipo.BLOQUEO: BloqueoForm,
    Cambio.Tipo.DESBLOQUEO: BloqueoForm,
}
