"""Form fields of the whole portal, and the request that begins each of the three steps."""

import uuid
from collections.abc import Callable
from typing import Any

from captcha.fields import CaptchaField, CaptchaTextInput
from captcha.models import CaptchaStore
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.utils import timezone

from nss_portal.documentos import verificacion
from nss_portal.personas.identidad import normalizar_curp, normalizar_nss, validar_curp, validar_nss
from nss_portal.servicio.models import CaptchaResuelto
from nss_portal.territorio.models import CodigoPostal
from nss_portal.tramites import titular

# Far more than any field takes, so that a pasted book is refused before anything looks at it.
LARGO_MAXIMO = 400
NO_ES_CORREO = "Revisa tu correo: va sin espacios, acentos ni eñes, y se ve así: nombre@ejemplo.com"
PESA_DE_MAS = "El archivo pesa más de 2 MB: no es uno de los nuestros. Elige el PDF que descargaste."


def leer_uuid(texto: object) -> uuid.UUID | None:
    """The uuid that a text spells, or None."""
    try:
        return uuid.UUID(str(texto))
    except ValueError:
        return None


class CampoTexto(forms.CharField):
    """Text that never raises anything but a Spanish sentence: NUL and control characters included."""

    def __init__(self, *, requerido: str = "Escribe este dato.", **kwargs: Any) -> None:
        largo = f"«{kwargs.get('label')}» es demasiado largo: caben {kwargs.get('max_length')} caracteres."
        kwargs["error_messages"] = {"required": requerido, "max_length": largo}
        super().__init__(**kwargs)
        self.validators = [v for v in self.validators if not isinstance(v, ProhibitNullCharactersValidator)]

    def to_python(self, value: Any) -> str:
        texto = super().to_python(value) or ""
        if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in texto):
            raise ValidationError(
                "Hay caracteres que no se ven. Bórralo y vuelve a escribirlo.", code="formato"
            )
        return texto


class CodigoPostalField(CampoTexto):
    """A postal code of the catalogue: cleans to its CodigoPostal, with municipio and entidad."""

    def clean(self, value: Any) -> CodigoPostal:
        escrito = "".join(super().clean(value).split())
        if not (len(escrito) == 5 and escrito.isascii() and escrito.isdigit()):
            raise ValidationError("El código postal son 5 números.", code="formato")
        codigo = CodigoPostal.objects.buscar(escrito)
        if codigo is None:
            raise ValidationError(f"No encontramos el código postal {escrito}. Revísalo.", code="desconocido")
        return codigo


class CurpField(forms.CharField):
    """A CURP, normalised; every refusal comes from `identidad.validar_curp` with its code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, required=False, **kwargs)
        self.validators = []

    def clean(self, value: Any) -> str:
        # «Today» is Mexico City's, whatever clock the host keeps.
        return validar_curp(value or "", timezone.localdate())

    def bound_data(self, data: Any, initial: Any) -> Any:
        return (data or "")[:LARGO_MAXIMO]


class NssField(forms.CharField):
    """An NSS, normalised; every refusal comes from `identidad.validar_nss` with its code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, required=False, **kwargs)
        self.validators = []

    def clean(self, value: Any) -> str:
        return validar_nss(value or "")

    def bound_data(self, data: Any, initial: Any) -> Any:
        return (data or "")[:LARGO_MAXIMO]


class CorreoField(forms.EmailField):
    """An address that mail can be written to: ASCII, without the quoted local parts that servers refuse."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=254,
            error_messages={
                "required": "Escribe tu correo electrónico.",
                "invalid": NO_ES_CORREO,
                "max_length": "Este correo es demasiado largo: caben 254 caracteres.",
            },
            **kwargs,
        )
        self.validators = [v for v in self.validators if not isinstance(v, ProhibitNullCharactersValidator)]

    def to_python(self, value: Any) -> str:
        correo = super().to_python(value) or ""
        if not (correo.isascii() and correo.isprintable()) or '"' in correo:
            raise ValidationError(NO_ES_CORREO, code="invalid")
        return correo

    def bound_data(self, data: Any, initial: Any) -> Any:
        return (data or "")[:LARGO_MAXIMO]


def campos_del_nombre() -> dict[str, forms.Field]:
    """Those that prove whose CURP it is, where the name is asked; none elsewhere."""
    if not titular.por_nombre():
        return {}
    return {
        "nombres": CampoTexto(label="Nombre o nombres", max_length=100, requerido="Escribe tu nombre."),
        "primer_apellido": CampoTexto(
            label="Primer apellido", max_length=100, requerido="Escribe tu primer apellido."
        ),
        "segundo_apellido": CampoTexto(label="Segundo apellido", max_length=100, required=False),
    }


class VerificarForm(forms.Form):
    """What is printed at the foot of every document; or its file. Of the two forms of the page, the second
    sends `subir`.
    """

    folio = CampoTexto(
        label="Folio",
        help_text="Son 22 números.",
        requerido="Falta el folio: son los 22 números junto al código.",
        max_length=60,
    )
    codigo = CampoTexto(
        label="Código de verificación",
        help_text="Son 8 letras y números; puedes escribirlos con o sin guion.",
        requerido="Falta el código: son las 8 letras y números junto al folio.",
        max_length=30,
    )
    archivo = forms.FileField(
        label="Archivo PDF",
        help_text="Tal como lo descargaste o te llegó por correo, de hasta 2 MB.",
        max_length=255,
        error_messages={
            "required": "Elige el archivo PDF del documento.",
            "invalid": "Ese archivo no se pudo recibir. Elígelo otra vez.",
            "missing": "Ese archivo no se pudo recibir. Elígelo otra vez.",
            "empty": "El archivo está vacío. Descárgalo otra vez.",
            "max_length": "El nombre del archivo es demasiado largo: caben 255 caracteres.",
        },
    )

    contenido: bytes | None = None  # of the file, when it is a file that is to be checked

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.por_archivo = "archivo" in self.files or "subir" in self.data
        for nombre, campo in self.fields.items():
            campo.required = (nombre == "archivo") == self.por_archivo

    @classmethod
    def demasiado_grande(cls) -> "VerificarForm":
        """As for a file that was not even received."""
        form = cls({"subir": "1"})
        form.full_clean()
        del form.errors["archivo"]
        form.add_error("archivo", PESA_DE_MAS)
        return form

    def clean_folio(self) -> str:
        folio = verificacion.normalizar_folio(self.cleaned_data["folio"])
        if not self.por_archivo and not (len(folio) == 22 and folio.isascii() and folio.isdigit()):
            escritos = sum(c.isdigit() for c in folio)
            raise ValidationError(
                f"El folio son 22 números; escribiste {escritos}. Cópialo del documento, junto al código.",
                code="formato",
            )
        return folio

    def clean_codigo(self) -> str:
        codigo = verificacion.normalizar_codigo(self.cleaned_data["codigo"])
        if not self.por_archivo and len(codigo) != 8:
            raise ValidationError(
                "El código son 8 letras y números. Cópialo del documento, junto al folio.", code="formato"
            )
        return codigo

    def clean_archivo(self) -> Any:
        archivo = self.cleaned_data["archivo"]
        if archivo and archivo.size > verificacion.PESO_MAXIMO:
            raise ValidationError(PESA_DE_MAS, code="peso")
        self.contenido = archivo.read() if archivo else None
        return archivo


class CompararForm(forms.Form):
    """A number as it is printed, to be compared with the sealed one."""

    numero = CampoTexto(
        label="NSS o CURP",
        help_text="Tal como viene impreso. Sólo te decimos si coincide.",
        requerido="Escribe el NSS o la CURP que viene en el documento.",
        max_length=40,
    )

    def clean_numero(self) -> str:
        numero = verificacion.normalizar_codigo(self.cleaned_data["numero"])
        if len(numero) not in (11, 18):
            raise ValidationError(
                "El NSS son 11 números; la CURP, 18 letras y números. Revisa que esté completo.",
                code="formato",
            )
        return numero


class LetrasField(CaptchaField):  # type: ignore[misc]
    """The package's field, in which the letters are spent by whoever deletes the row.

    The package reads, deletes and then compares: on PostgreSQL many requests at once would all pass.
    """

    def clean(self, value: Any) -> Any:
        super(CaptchaField, self).clean(value)
        clave, escrito = value[0], (value[1] or "").strip().lower()
        CaptchaStore.remove_expired()
        fila = CaptchaStore.objects.filter(hashkey=clave).first()
        gastada = bool(fila) and CaptchaStore.objects.filter(hashkey=clave).delete()[0] == 1
        if not (fila and gastada and fila.response == escrito):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return value


class CaptchaWidget(CaptchaTextInput):  # type: ignore[misc]
    """The package's widget with a label, a hint and alternatives of our own."""

    template_name = "campos/captcha.html"


class ComienzoForm(forms.Form):
    """What every step asks of a program: a CURP and a mailbox; and the name, where the name is asked."""

    curp = CurpField(label="CURP")
    correo = CorreoField(label="Correo electrónico")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= campos_del_nombre()


class SolicitudForm(forms.Form):
    """The form that begins a step: CURP, e-mail twice, the letters of the image.

    `navegador` is the browser session's token: letters solved in it for this `solicitud` are not asked
    for again while something else is corrected.
    """

    curp = CurpField(
        label="CURP", help_text="18 letras y números. Puedes escribirla con espacios o en minúsculas."
    )
    correo = CorreoField(
        label="Correo electrónico personal",
        help_text="Ahí recibes tus documentos. Usa uno que sigas teniendo al salir de la escuela.",
    )
    # Compared with the first one only: what is wrong with the address is said once.
    correo_confirmacion = CampoTexto(
        label="Confirmación de tu correo electrónico", requerido="Escribe otra vez tu correo electrónico."
    )
    captcha = LetrasField(
        label="Escribe las letras de la imagen que se muestran",
        help_text="Son 4 letras; no importan mayúsculas ni minúsculas.",
        widget=CaptchaWidget,
        error_messages={
            "required": "Escribe las letras de la imagen.",
            "invalid": "Las letras no coinciden o la imagen ya venció. Escribe las de la nueva imagen.",
        },
    )
    solicitud = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, navegador: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= campos_del_nombre()
        self.order_fields(["curp", *titular.PARTES])
        self._donde = {"navegador": navegador, "formulario": type(self).__name__}
        solicitud = leer_uuid(self["solicitud"].value())
        self.captcha_resuelto = (
            solicitud is not None
            and CaptchaResuelto.objects.filter(pk=solicitud, consumido=None, **self._donde).exists()
        )
        if self.captcha_resuelto:
            del self.fields["captcha"]

    def clean(self) -> dict[str, Any]:
        datos = self.cleaned_data
        # As typed: that they differ is said at once, whatever else is wrong with the first.
        primero, segundo = str(self["correo"].value() or "").strip(), datos.get("correo_confirmacion")
        if primero and segundo and primero.casefold() != segundo.casefold():
            self.add_error("correo_confirmacion", "Los dos correos no son iguales")
        return datos

    def recordar_captcha(self) -> None:
        """Letters that were right count for correcting the rest: kept in a row, shown as solved."""
        if "captcha" in self.cleaned_data and "solicitud" in self.cleaned_data and self.errors:
            fila, _ = CaptchaResuelto.objects.get_or_create(
                pk=self.cleaned_data["solicitud"], defaults=self._donde
            )
            if (fila.navegador, fila.formulario) == tuple(self._donde.values()):
                self.captcha_resuelto = True
                del self.fields["captcha"]

    @property
    def pide_nombre(self) -> bool:
        return "nombres" in self.fields

    @property
    def letras_curp(self) -> tuple[str, str, str] | None:
        """The typed CURP cut in (before, wrong, after), when the error says where; the person corrects it."""
        return self._letras("curp", normalizar_curp)

    @property
    def letras_nss(self) -> tuple[str, str, str] | None:
        return self._letras("nss", normalizar_nss)

    def _letras(self, campo: str, normalizar: Callable[[str], str]) -> tuple[str, str, str] | None:
        for error in self.errors.as_data().get(campo, []):
            if error.params and "inicio" in error.params:
                texto = normalizar(self[campo].value())
                inicio, fin = error.params["inicio"], error.params["fin"]
                return texto[:inicio], texto[inicio:fin], texto[fin:]
        return None
