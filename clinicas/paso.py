"""What step 3 says of itself."""

from typing import Any

from clinicas import alta, cercania, noticias, registro
from clinicas.forms import ClinicaAppForm, ClinicaForm, EleccionForm
from clinicas.models import Peticion
from nss_portal.personas.models import Persona
from nss_portal.tramites.models import Domicilio, Estado, Tramite
from nss_portal.tramites.paso import RECHAZOS, Datos, Eleccion, Parte, Paso, Rechazo, Sucesos

SIN_VIGENCIA = Rechazo(
    "Todavía no puedes registrarte en una clínica",
    "Hoy no tiene una inscripción vigente: su escuela debe inscribir su NSS. Imprímele su reporte de "
    "vigencia para que lo lleve.",
)


def _al_iniciar(tramite: Tramite, datos: Datos) -> None:
    codigo, cambio = datos["codigo_postal"], datos.get("cambio", False)
    Peticion.objects.create(tramite=tramite, codigo_postal=codigo, cambio=cambio)


def _partes(tramite: Tramite, sucesos: Sucesos) -> list[Parte]:
    visto = sucesos.get(Estado.ELECCION) or sucesos.get(Estado.REVISION) or sucesos.get(Estado.EMITIENDO)
    partes: list[Parte] = [
        ("Buscar tu CURP en el registro de población", visto),
        ("Comprobar tu vigencia de derechos", visto),
        ("Buscar la clínica de tu código postal", visto),
    ]
    if Estado.ELECCION in sucesos or Estado.REVISION in sucesos:
        partes.append(("Registrarte en la clínica que elegiste", sucesos.get(Estado.EMITIENDO)))
    return partes


def _inicial(ultimo: Tramite) -> dict[str, Any]:
    """The postal code that was typed before, here or in the address of step 1."""
    peticion = Peticion.objects.filter(tramite=ultimo).first()
    if peticion:
        return {"codigo_postal": peticion.codigo_postal_id}
    suyos = Tramite.objects.del_navegador(ultimo.navegador).filter(curp=ultimo.curp)
    domicilio = Domicilio.objects.filter(tramite__in=suyos).order_by("-tramite__creado").first()
    return {"codigo_postal": domicilio.codigo_postal_id} if domicilio else {}


def _conoce(persona: Persona) -> dict[str, Any]:
    """Where they said last that they live: in an address, or when they asked for a clinic."""
    suyas = {"tramite__persona": persona}
    filas = [
        modelo.objects.filter(**suyas).select_related("tramite").order_by("-tramite__creado").first()
        for modelo in (Peticion, Domicilio)
    ]
    ultimas = sorted((fila for fila in filas if fila), key=lambda fila: fila.tramite.creado)
    return {"codigo_postal": ultimas[-1].codigo_postal} if ultimas else {}


def _contexto(tramite: Tramite, pantalla: str) -> dict[str, Any]:
    if pantalla == "rechazo":
        return {"falta": Peticion.objects.values_list("falta", flat=True).get(tramite=tramite)}
    if pantalla in ("resultado", "finalizado"):
        # What was certified, not what may have changed since.
        lugar, peticion = tramite.documentos.all()[0].datos, peticion_de(tramite)
        return {
            "alta": lugar,
            "peticion": peticion,
            "en_otra_parte": _en_otra_parte(tramite, lugar, peticion),
        }
    if pantalla in ("eleccion", "revision"):
        assert tramite.persona
        form = eleccion(tramite)
        return {"peticion": form.peticion, "form": form, "actual": alta.activa(tramite.persona)}
    return {}


def _en_otra_parte(tramite: Tramite, lugar: dict[str, Any], peticion: Peticion) -> bool:
    """Whether the postal code that was typed leads to other clinics than the one they already have."""
    if tramite.resultado != Tramite.Resultado.YA_REGISTRADO:
        return False
    return lugar["clues"] not in [o.clinica.pk for o in cercania.opciones(peticion.codigo_postal)]


def peticion_de(tramite: Tramite) -> Peticion:
    return Peticion.objects.select_related(
        "codigo_postal__municipio__entidad", "clinica__municipio", "clinica__entidad"
    ).get(tramite=tramite)


def eleccion(tramite: Tramite, datos: Datos | None = None) -> EleccionForm:
    """The form with the clinics that may be chosen now."""
    peticion = peticion_de(tramite)
    return EleccionForm(datos, opciones=cercania.opciones(peticion.codigo_postal), peticion=peticion)


def _confirmar(tramite: Tramite, datos: Datos) -> bool:
    return registro.confirmar(tramite, datos["clinica"], datos["turno"])


PASO = Paso(
    tipo=Tramite.Tipo.CLINICA,
    titulo="Regístrate en la clínica que te corresponde",
    carpeta="clinicas",
    resolver=registro.resolver,
    form=ClinicaForm,
    form_app=ClinicaAppForm,
    partes=_partes,
    rechazos=RECHAZOS | {Tramite.Motivo.SIN_VIGENCIA: SIN_VIGENCIA},
    resultados={
        Tramite.Resultado.REGISTRADO: "Quedó su registro en la clínica.",
        Tramite.Resultado.YA_REGISTRADO: "Ya tenía registro en su clínica.",
        Tramite.Resultado.CAMBIADO: "Cambió de clínica.",
    },
    en_ventanilla=lambda persona: "Registrar en su clínica" if persona.nss else "",
    pide=frozenset({"nss", "codigo_postal"}),
    al_iniciar=_al_iniciar,
    inicial=_inicial,
    conoce=_conoce,
    contexto=_contexto,
    ya_no=registro.ya_no,
    eleccion=Eleccion(eleccion, _confirmar),
    se_reemite=lambda persona: alta.activa(persona) is not None,
    avisos={noticias.REUBICACION: noticias.sigue_siendo_cierto},
)
