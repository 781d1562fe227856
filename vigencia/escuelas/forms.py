"""What a school's clerk fills in, in the admin: one student, a file, a baja, the end of a cycle."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from nss_portal.personas.ajena import decir_curp, decir_nss
from nss_portal.personas.identidad import nacimiento_curp, validar_nss
from nss_portal.personas.models import Persona
from nss_portal.web.forms import CampoTexto, CurpField
from vigencia.escuelas import comprobacion, inscripciones, periodo
from vigencia.escuelas.archivo import dispmag
from vigencia.escuelas.archivo.formatos import RENGLONES_MAXIMOS
from vigencia.escuelas.inscripciones import (
    POR_DEFUNCION,
    ciclo_actual,
    ciclos,
    estorbo,
    fallecidas,
    registros_para,
)
from vigencia.models import Escuela, Inscripcion, Nivel, RegistroPatronal
from vigencia.models.inscripcion import FIN_ANTES

if TYPE_CHECKING:
    _InscripcionForm = forms.ModelForm[Inscripcion]
else:
    _InscripcionForm = forms.ModelForm

_FALTAS = {
    comprobacion.Falta.DESCONOCIDA: ("curp", "Esta CURP no está en el registro de población. Revísala."),
    comprobacion.Falta.SIN_NSS: (
        "nss",
        "Esta persona todavía no tiene NSS. Pídele que lo obtenga en el paso 1 del portal: es gratis.",
    ),
    comprobacion.Falta.NO_CORRESPONDE: (
        "nss",
        "Este NSS no es el de esa CURP. Revisa los dos; si están bien escritos, el alumno debe acudir a la "
        "subdelegación.",
    ),
    comprobacion.Falta.NO_ESCRITO: ("nss", "Escribe el NSS del alumno."),
    comprobacion.Falta.TOPE: (
        None,
        "Tu escuela llegó al tope de comprobaciones de hoy. Mañana puedes seguir.",
    ),
}


class Dia(forms.DateField):
    """A day, with the browser's own calendar."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "error_messages", {"required": "Escribe la fecha.", "invalid": "Esa fecha no existe."}
        )
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)

    def clean(self, value: Any) -> date | None:
        dia: date | None = super().clean(value)
        if dia and not periodo.de_estos_anios(dia):
            raise ValidationError(f"Esa fecha {periodo.FECHA_LEJANA}", code="lejana")
        return dia


class CicloField(CampoTexto):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("requerido", "Escribe el ciclo escolar.")
        super().__init__(
            label="Ciclo escolar",
            max_length=9,
            help_text="Se escribe 2026-2027; por semestre o cuatrimestre, 2026-1.",
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        ciclo = str(super().clean(value)).strip()
        try:
            return periodo.leer_ciclo(ciclo) if ciclo else ""
        except ValueError as error:
            raise ValidationError(str(error), code="formato") from None


class EscuelaField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A school by its CCT, for central staff: a list of thousands helps nobody."""

    def __init__(self) -> None:
        super().__init__(
            queryset=Escuela.objects.all(),
            label="CCT de la escuela",
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            error_messages={
                "required": "Escribe la CCT de la escuela.",
                "invalid_choice": "No hay ninguna escuela con esa CCT.",
            },
        )

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.strip().upper() if isinstance(value, str) else value)


class CurpDeAlumnoField(CurpField):
    def clean(self, value: Any) -> str:
        try:
            return super().clean(value)
        except ValidationError as error:
            raise ValidationError(decir_curp(error), error.code) from None


class NssDeAlumnoField(CampoTexto):
    def clean(self, value: Any) -> str:
        escrito = super().clean(value)
        try:
            return validar_nss(escrito) if escrito else ""
        except ValidationError as error:
            raise ValidationError(decir_nss(error), error.code) from None


def _mal_fin(alta: date, fin: date) -> str:
    return FIN_ANTES if fin < alta else periodo.fin_excesivo(alta, fin)


class AltaForm(_InscripcionForm):
    """One student: the numbers are checked before anything is said of the enrolment."""

    escuela = EscuelaField()
    curp = CurpDeAlumnoField(label="CURP", help_text="18 letras y números.")
    nss = NssDeAlumnoField(
        label="NSS",
        help_text="11 números. El alumno lo encuentra en su documento del paso 1.",
        # Empty, whoever has none is sent to step 1 and not told to write what does not exist.
        required=False,
        max_length=30,
    )
    ciclo = CicloField()
    alta = Dia(label="Alta", help_text="Primer día con servicio médico.")
    fin = Dia(label="Fin", help_text="Último día con servicio médico.")
    registro = forms.ModelChoiceField(
        queryset=RegistroPatronal.objects.all(),
        label="Registro patronal",
        required=False,
        help_text="Vacío: el que corresponde al nivel.",
        widget=forms.TextInput,
        error_messages={"invalid_choice": "Ese registro patronal no es de la escuela."},
    )

    class Meta:
        model = Inscripcion
        fields = ["escuela", "nivel", "ciclo", "matricula", "alta", "fin", "registro"]

    def __init__(self, *args: Any, propia: Escuela | None, usuario: Any = None, **kwargs: Any) -> None:
        """`propia`: whose form it is; None for central staff, who say which school."""
        super().__init__(*args, **kwargs)
        self.propia, self.usuario = propia, usuario
        self.fields["nivel"].error_messages["required"] = "Elige el nivel."
        # One after another, without the mouse.
        self.fields["curp" if propia else "escuela"].widget.attrs["autofocus"] = not self.is_bound
        if not propia:
            self.fields["nivel"].choices = [("", "Elige…"), *Nivel.choices]  # type: ignore[attr-defined]
            return
        self.instance.escuela = propia
        del self.fields["escuela"]
        niveles = [(nivel.value, nivel.label) for nivel in propia.niveles]
        self.fields["nivel"].choices = niveles if len(niveles) == 1 else [("", "Elige…"), *niveles]  # type: ignore[attr-defined]
        registro = forms.ModelChoiceField(
            queryset=propia.registros.all(),
            label="Registro patronal",
            required=False,
            empty_label="El que corresponde al nivel",
            error_messages={"invalid_choice": "Ese registro patronal no es de tu escuela."},
        )
        if propia.registros.count() > 1:
            self.fields["registro"] = registro
        else:
            del self.fields["registro"]

    def clean(self) -> dict[str, Any]:
        super().clean()  # it is what turns the model's constraints on
        datos = self.cleaned_data
        escuela = self.propia or datos.get("escuela")
        if escuela and datos.get("nivel"):
            self._revisar_escuela(escuela, datos)
        if alta := datos.get("alta"):
            self._revisar_periodo(alta, datos.get("fin"), datos.get("ciclo", ""))
            nacimiento = nacimiento_curp(datos["curp"]) if "curp" in datos else None
            if mal := periodo.alta_imposible(alta, nacimiento, timezone.localdate()):
                self.add_error("alta", mal)
        # A check spends one of the day: only when nothing else is left to correct.
        if escuela and not self.errors:
            [respuesta] = comprobacion.comprobar(escuela, self.usuario, [(datos["curp"], datos["nss"])])
            if isinstance(respuesta, Persona):
                self._revisar_ciclo(escuela, respuesta, datos)
            else:
                self.add_error(*_FALTAS[respuesta])
        return datos

    def guardar(self) -> Inscripcion:
        """Enrol who it says, once valid. Raises ValidationError when somebody else wrote before."""
        leida = self.instance
        datos = {campo: getattr(leida, campo) for campo in ("ciclo", "nivel", "matricula", "alta", "fin")}
        return inscripciones.inscribir(leida.escuela, leida.persona, leida.registro, **datos)

    def _revisar_periodo(self, alta: date, fin: date | None, ciclo: str) -> None:
        if fin and (mal := _mal_fin(alta, fin)):
            self.add_error("fin", mal)
        if ciclo and (mal := periodo.ciclo_ajeno(ciclo, alta)):
            self.add_error("ciclo", mal)

    def _revisar_ciclo(self, escuela: Escuela, persona: Persona, datos: dict[str, Any]) -> None:
        self.instance.persona = persona
        if fallecidas([persona.pk]):
            self.add_error("curp", POR_DEFUNCION)
            return
        suyas = list(persona.inscripciones.filter(escuela=escuela, ciclo=datos["ciclo"]).order_by("alta"))
        # Of one that is still open, the constraint speaks.
        if all(suya.baja for suya in suyas) and (motivo := estorbo(datos["alta"], datos["fin"], suyas)):
            self.add_error("alta", motivo)

    def _revisar_escuela(self, escuela: Escuela, datos: dict[str, Any]) -> None:
        if datos["nivel"] not in escuela.niveles:
            self.add_error("nivel", "La escuela no imparte ese nivel.")
        # By hand it can be asked: of several that would do, nobody's guess.
        servibles = registros_para(escuela.registros.all(), datos["nivel"])
        registro = datos.get("registro") or (servibles[0] if len(servibles) == 1 else None)
        donde = "registro" if "registro" in self.fields else "nivel"
        if registro is None:
            self.add_error(donde, "Elige con qué registro patronal se reporta este nivel.")
        elif registro.escuela_id != escuela.pk:
            self.add_error(donde, "Ese registro patronal no es de la escuela.")
        else:
            self.instance.registro = datos["registro"] = registro

    def _get_validation_exclusions(self) -> set[str]:
        # The constraints speak of the person too, who is no field of the form.
        return super()._get_validation_exclusions() if self.errors else set()  # type: ignore[misc]


class CorreccionForm(_InscripcionForm):
    """What may be corrected of an enrolment; the rest is told by a baja and a new alta."""

    fin = Dia(label="Fin", help_text="Último día con servicio médico.")

    class Meta:
        model = Inscripcion
        fields = ["matricula", "nivel", "fin"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        niveles = [(nivel.value, nivel.label) for nivel in self.instance.escuela.niveles]
        if "nivel" in self.fields:
            self.fields["nivel"].choices = niveles  # type: ignore[attr-defined]

    def clean_fin(self) -> date:
        fin: date = self.cleaned_data["fin"]
        if mal := _mal_fin(self.instance.alta, fin):
            raise ValidationError(mal, code="fin")
        return fin


class BajaForm(forms.Form):
    fecha = Dia(
        label="Fecha de la baja", help_text="Desde este día ya no tiene servicio por esta inscripción."
    )
    causa = forms.ChoiceField(
        label="Causa",
        choices=[("", "Elige…"), *Inscripcion.Causa.choices],
        error_messages={"required": "Elige la causa."},
    )

    def __init__(self, *args: Any, inscripcion: Inscripcion | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fecha"].initial = timezone.localdate
        self.inscripcion = inscripcion

    def clean_fecha(self) -> date:
        fecha: date = self.cleaned_data["fecha"]
        suya = self.inscripcion
        if suya and not suya.alta <= fecha <= suya.fin:
            raise ValidationError(
                f"La baja va entre el alta y el fin: del {suya.alta:%d/%m/%Y} al {suya.fin:%d/%m/%Y}.",
                code="fuera",
            )
        return fecha

    def clean(self) -> dict[str, Any]:
        datos = super().clean() or self.cleaned_data
        muerte = datos.get("causa") == Inscripcion.Causa.DEFUNCION
        if muerte and datos.get("fecha") and datos["fecha"] > timezone.localdate():
            self.add_error("fecha", periodo.MUERTE_FUTURA)
        return datos


class _DeEscuela(forms.Form):
    """A form on a whole school: central staff say which one."""

    escuela = EscuelaField()

    def __init__(self, *args: Any, propia: Escuela | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.propia = propia
        if propia:
            del self.fields["escuela"]

    @property
    def de(self) -> Escuela:
        """The school that it is about, once valid."""
        escuela: Escuela = self.propia or self.cleaned_data["escuela"]
        return escuela


_DE_168 = "El archivo de 168 columnas no dice"


class SubirForm(_DeEscuela):
    archivo = forms.FileField(
        label="Archivo",
        help_text="CSV, XLSX (Excel) o el archivo de movimientos de 168 columnas. Hasta "
        f"{RENGLONES_MAXIMOS:,} renglones.",
        error_messages={
            "required": "Elige el archivo de tu computadora.",
            "empty": "El archivo está vacío.",
            "missing": "Elige el archivo de tu computadora.",
        },
    )
    ciclo = CicloField(required=False)
    fin = Dia(label="Fin", required=False, help_text="Último día con servicio médico.")
    nivel = forms.ChoiceField(label="Nivel", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        niveles = self.propia.niveles if self.propia else list(Nivel)
        self.fields["nivel"].choices = [("", "Lo dice el archivo"), *((n.value, n.label) for n in niveles)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        datos = super().clean() or self.cleaned_data
        archivo = datos.get("archivo")
        if not (archivo and dispmag.trae_altas(archivo)):
            return datos
        escuela = self.propia or datos.get("escuela")
        # Before it is read, or every one of its rows would say the same.
        if not datos.get("ciclo") and "ciclo" not in self.errors:
            self.add_error("ciclo", f"{_DE_168} el ciclo: escríbelo aquí y elige otra vez el archivo.")
        if not datos.get("fin") and "fin" not in self.errors:
            self.add_error("fin", f"{_DE_168} el último día: escríbelo aquí y elige otra vez el archivo.")
        generales = escuela and len(escuela.niveles) > 1 and escuela.registros.filter(nivel="").exists()
        if generales and not datos.get("nivel") and "nivel" not in self.errors:
            self.add_error("nivel", f"{_DE_168} el nivel: elígelo aquí y elige otra vez el archivo.")
        return datos


class CierreForm(_DeEscuela):
    ciclo = CicloField()
    baja = Dia(label="Fecha de la baja", help_text="Desde este día ya no tienen servicio por ese ciclo.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.propia:
            suyos = [(ciclo, ciclo) for ciclo in ciclos(self.propia)]
            self.fields["ciclo"] = forms.ChoiceField(
                label="Ciclo escolar",
                choices=[("", "Elige…"), *suyos],
                error_messages={
                    "required": "Elige el ciclo.",
                    "invalid_choice": "Elige el ciclo de la lista.",
                },
            )


class DescargarForm(_DeEscuela):
    FORMATOS = [
        ("csv", "CSV: para volver a subirlo o abrirlo en cualquier programa"),
        ("xlsx", "XLSX: para Excel"),
        ("168", "Archivo de movimientos de 168 columnas (IDSE)"),
    ]

    ciclo = CicloField(required=False)
    formato = forms.ChoiceField(
        label="Formato",
        choices=FORMATOS,
        initial="csv",
        widget=forms.RadioSelect,
        error_messages={"required": "Elige el formato."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.propia:
            suyos = [(ciclo, ciclo) for ciclo in ciclos(self.propia)]
            self.fields["ciclo"] = forms.ChoiceField(
                label="Ciclo escolar",
                choices=[*suyos, ("", "Todos los ciclos")],
                required=False,
                initial=ciclo_actual(self.propia),
            )
