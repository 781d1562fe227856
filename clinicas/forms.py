"""What step 3 asks for: CURP, postal code and mailbox; then a clinic and a shift of those offered."""

from collections.abc import Iterator
from typing import Any

from django import forms

from clinicas.cercania import Opcion, ninguna_cerca
from clinicas.models import Clinica, Peticion, Turno
from nss_portal.web.forms import CodigoPostalField, ComienzoForm, SolicitudForm


class ClinicaForm(SolicitudForm):
    codigo_postal = CodigoPostalField(
        label="Código postal",
        help_text="5 números, los de donde vives. Con él buscamos la clínica que te corresponde.",
        requerido="Escribe tu código postal.",
    )
    field_order = ["curp", "codigo_postal"]


class ClinicaAppForm(ComienzoForm):
    codigo_postal = CodigoPostalField(label="Código postal", requerido="Escribe tu código postal.")

    def clean(self) -> dict[str, Any]:
        return self.cleaned_data | {"cambio": self.data.get("cambio") is True}


class EleccionForm(forms.Form):
    """A clinic of those offered for the postal code, and a shift that has room there."""

    clinica = forms.CharField(
        label="Clínica (UMF)", max_length=11, error_messages={"required": "Elige una clínica."}
    )
    turno = forms.CharField(label="Turno", max_length=10, error_messages={"required": "Elige un turno."})

    def __init__(self, *args: Any, opciones: list[Opcion], peticion: Peticion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opciones = opciones
        self.peticion = peticion

    def clean_clinica(self) -> Clinica:
        for opcion in self.opciones:
            if opcion.clinica.pk == self.cleaned_data["clinica"]:
                return opcion.clinica
        raise forms.ValidationError("Esa clínica ya no está disponible. Elige una de la lista.", code="otra")

    def clean(self) -> dict[str, Any]:
        datos = self.cleaned_data
        clinica, turno = datos.get("clinica"), datos.get("turno")
        if clinica and turno:
            con_lugar = next(o.turnos for o in self.opciones if o.clinica == clinica)
            if turno not in [consultorio.turno for consultorio in con_lugar]:
                hay = " y ".join(consultorio.get_turno_display().lower() for consultorio in con_lugar)
                self.add_error("turno", f"{clinica} no tiene lugar en ese turno; tiene en el {hay}.")
        return datos

    @property
    def ninguna_cerca(self) -> bool:
        return ninguna_cerca(self.opciones)

    @property
    def elegida(self) -> str:
        """The clinic that the page shows chosen: what was sent, what was kept, or the first if it is near."""
        primera = "" if self.ninguna_cerca or not self.opciones else self.opciones[0].clinica.pk
        return str(self["clinica"].value() or self.peticion.clinica_id or primera)

    @property
    def turno_elegido(self) -> str:
        """What was sent or kept, else the first there is: the review shows it before anything is done."""
        return str(self["turno"].value() or self.peticion.turno or next((t for t, _ in self.turnos), ""))

    @property
    def turnos(self) -> Iterator[tuple[Turno, bool]]:
        """Each shift that some clinic has room in, and whether all of them do."""
        for turno in Turno:
            con_lugar = [turno in [c.turno for c in opcion.turnos] for opcion in self.opciones]
            if any(con_lugar):
                yield turno, all(con_lugar)

    @property
    def unica(self) -> bool:
        """Nothing to choose from."""
        return len(self.opciones) == 1 and len(self.opciones[0].turnos) == 1
