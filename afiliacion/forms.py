"""The address asked of whoever has no NSS yet."""

from typing import Any

from django import forms

from nss_portal.territorio.models import CodigoPostal, Colonia, plegar
from nss_portal.tramites.models import Domicilio, Tramite
from nss_portal.web.forms import CampoTexto, CodigoPostalField, ComienzoForm, SolicitudForm


class NssForm(SolicitudForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["correo"].label = "Correo electrónico"  # as the guide has it in this step


class DomicilioForm(forms.Form):
    codigo_postal = CodigoPostalField(
        label="Código postal",
        help_text="5 números. Con él llenamos tu entidad y tu municipio.",
        requerido="Escribe tu código postal.",
    )
    colonia = CampoTexto(label="Colonia", requerido="Elige o escribe tu colonia.")
    colonia_no_listada = forms.BooleanField(required=False, widget=forms.HiddenInput)
    calle = CampoTexto(label="Calle", max_length=100, requerido="Escribe el nombre de tu calle.")
    numero_exterior = CampoTexto(
        label="Número exterior",
        max_length=20,
        requerido="Escribe el número exterior. Si no tiene, escribe S/N.",
    )
    numero_interior = CampoTexto(label="Número interior", max_length=20, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codigo = CodigoPostal.objects.buscar(str(self["codigo_postal"].value() or ""))
        self.colonias = (
            list(self.codigo.colonias.vigentes().order_by("nombre_plegado", "tipo")) if self.codigo else []
        )

    @property
    def opciones(self) -> list[tuple[str, str]]:
        """(id, name) of every colonia of the code; the kind is added where two share a name."""
        nombres = [colonia.nombre for colonia in self.colonias]
        return [
            (str(c.pk), f"{c.nombre} ({c.tipo})" if nombres.count(c.nombre) > 1 else c.nombre)
            for c in self.colonias
        ]

    @property
    def elegida(self) -> str:
        """The id of the colonia that was chosen or named, so that the list shows it chosen."""
        colonia = self._buscar(str(self["colonia"].value() or ""))
        return str(colonia.pk) if colonia else ""

    @property
    def no_listada(self) -> bool:
        """Whether the colonia is typed because the list of the code does not have it."""
        boton = self.data.get("buscar_cp")
        pedida = boton == "otra" if boton else self.data.get("colonia_no_listada") == "1"
        return pedida or (self.codigo is not None and not self.colonias)

    @property
    def con_lista(self) -> bool:
        """Whether the colonia is chosen from a list; otherwise it is typed."""
        return bool(self.colonias) and not self.no_listada

    @property
    def colonia_escrita(self) -> str:
        """The colonia as text: what was typed, never the id that a list sends."""
        texto = str(self["colonia"].value() or "")
        return "" if self.colonias and texto.isdigit() else texto

    def _buscar(self, texto: str) -> Colonia | None:
        """All digits: an id of this code first, then a name (nine colonias are named by a number)."""
        if texto.isascii() and texto.isdigit():
            for colonia in self.colonias:
                if str(colonia.pk) == texto:
                    return colonia
        plegado = plegar(texto)
        return next((colonia for colonia in self.colonias if colonia.nombre_plegado == plegado), None)

    def clean(self) -> dict[str, Any]:
        datos = self.cleaned_data
        escrita, codigo = datos.get("colonia"), datos.get("codigo_postal")
        if not escrita or not codigo:
            return datos
        datos["asentamiento"] = self._buscar(escrita)
        if datos["asentamiento"] is None:
            if not datos["colonia_no_listada"]:
                self.add_error(
                    "colonia", f"Esa colonia no es del código postal {codigo}. Elige una de la lista."
                )
            elif len(escrita) > 60:
                self.add_error("colonia", "Es demasiado largo: caben 60 caracteres.")
        return datos

    def solo_codigo_postal(self) -> None:
        """Look the code up and say nothing of the rest, which has not been sent yet."""
        for campo in set(self.errors) - {"codigo_postal"}:
            del self.errors[campo]

    def guardar(self, tramite: Tramite) -> Domicilio:
        datos = self.cleaned_data
        return Domicilio.objects.create(
            tramite=tramite,
            codigo_postal=datos["codigo_postal"],
            colonia=datos["asentamiento"],
            colonia_texto="" if datos["asentamiento"] else datos["colonia"],
            calle=datos["calle"],
            numero_exterior=datos["numero_exterior"],
            numero_interior=datos["numero_interior"],
        )


class CodigoPostalSiHay(CodigoPostalField):
    def clean(self, value: Any) -> Any:
        return super().clean(value) if value else None


class NssAppForm(ComienzoForm):
    """A CURP and a mailbox are enough. Who was born abroad may be asked later where they live."""

    codigo_postal = CodigoPostalSiHay(label="Código postal", required=False)
