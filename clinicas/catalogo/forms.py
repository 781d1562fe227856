"""What staff fill in: where a consultorio's people go, and the file with the coverage."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import FileExtensionValidator

from clinicas.models import Clinica, Consultorio, Turno

# The whole country, with several clinics a code, is less.
ARCHIVO_MAXIMO = 8 * 1024 * 1024
PASA = "El archivo pasa de 8 MB: pártelo en varios."

if TYPE_CHECKING:
    _ConsultorioForm = forms.ModelForm[Consultorio]
else:
    _ConsultorioForm = forms.ModelForm


class MoverForm(forms.Form):
    clinica = forms.CharField(
        label="CLUES de la clínica de destino", max_length=11, help_text="La misma, o la de otra clínica."
    )
    turno = forms.ChoiceField(label="Turno", choices=Turno.choices)
    numero = forms.IntegerField(label="Número de consultorio", min_value=1, max_value=9999)

    def __init__(self, *args: Any, origen: Consultorio, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.origen = origen
        self.initial.update(clinica=origen.clinica_id, turno=origen.turno)

    def clean_clinica(self) -> Clinica:
        clinica = Clinica.objects.filter(pk=self.cleaned_data["clinica"].strip().upper()).first()
        if clinica is None:
            raise forms.ValidationError("No hay clínica con esa CLUES.")
        if clinica.estado != Clinica.Estado.OPERA:
            raise forms.ValidationError("Esa clínica no recibe a nadie: está cerrada o retirada.")
        return clinica

    def clean(self) -> dict[str, Any]:
        datos = self.cleaned_data
        if {"clinica", "turno", "numero"} <= datos.keys():
            destino = datos["clinica"].consultorios.filter(turno=datos["turno"], numero=datos["numero"])
            datos["destino"] = destino.select_related("clinica").first()
            if datos["destino"] is None:
                self.add_error("numero", "Esa clínica no tiene un consultorio con ese número en ese turno.")
            elif datos["destino"].pk == self.origen.pk:
                self.add_error("numero", "Es el mismo consultorio: elige otro.")
        return datos

    @property
    def destino(self) -> Consultorio:
        destino: Consultorio = self.cleaned_data["destino"]
        return destino


class ConsultorioForm(_ConsultorioForm):
    """Which turno and number a consultorio is, is said once: its people's documents say so too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for campo in ("turno", "numero"):
            self.fields[campo].disabled = self.instance.pk is not None


class CargarCoberturaForm(forms.Form):
    archivo = forms.FileField(
        label="Archivo CSV",
        validators=[FileExtensionValidator(["csv", "txt"], "El archivo debe ser un CSV.")],
        error_messages={"empty": "El archivo está vacío."},
    )
    aceptar_retiros = forms.IntegerField(
        label="Coberturas que aceptas quitar",
        required=False,
        min_value=1,
        help_text="Déjalo vacío. Si el archivo quita muchas, se te pide aquí el número exacto.",
    )

    def clean_archivo(self) -> Any:
        archivo = self.cleaned_data["archivo"]
        if archivo.size > ARCHIVO_MAXIMO:
            raise forms.ValidationError(PASA)
        return archivo
