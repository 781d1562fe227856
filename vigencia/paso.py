"""What step 2 says of itself."""

from functools import partial
from typing import Any

from nss_portal.tramites.models import Estado, Tramite
from nss_portal.tramites.paso import RECHAZOS, Datos, Parte, Paso, Rechazo, Sucesos
from vigencia import verificacion
from vigencia.escuelas import noticias
from vigencia.forms import VigenciaAppForm, VigenciaForm
from vigencia.models import Consulta

NO_CORRESPONDE = Rechazo(
    "Ese NSS no corresponde a tu CURP", "El NSS no es el de esta CURP. Avisa a quien supervisa."
)


def _al_iniciar(tramite: Tramite, datos: Datos) -> None:
    Consulta.objects.create(tramite=tramite, nss=datos["nss"])


def _partes(tramite: Tramite, sucesos: Sucesos) -> list[Parte]:
    visto = sucesos.get(Estado.EMITIENDO)
    return [
        ("Buscar tu CURP en el registro de población", visto),
        ("Comprobar que el NSS sea de esa CURP", visto),
        ("Buscar la inscripción que hizo tu escuela", visto),
    ]


def _inicial(ultimo: Tramite) -> dict[str, Any]:
    """The NSS that this browser has been shown, or that it typed."""
    if ultimo.estado == Estado.RECHAZADO:
        consulta = Consulta.objects.filter(tramite=ultimo).first()
        return {"nss": consulta.nss} if consulta else {}
    return {"nss": ultimo.persona.nss} if ultimo.persona else {}


def _contexto(tramite: Tramite, pantalla: str) -> dict[str, Any]:
    if pantalla in ("resultado", "finalizado"):
        # What was certified, not what may have changed since.
        return {"reporte": tramite.documentos.get().datos}
    return {}


def paso(adscripcion: verificacion.Adscripcion) -> Paso:
    """Step 2, whose report says what `adscripcion` knows of a person's clinic."""
    return Paso(
        tipo=Tramite.Tipo.VIGENCIA,
        titulo="Verifica que tu escuela te haya inscrito",
        carpeta="vigencia",
        resolver=partial(verificacion.resolver, adscripcion=adscripcion),
        form=VigenciaForm,
        form_app=VigenciaAppForm,
        partes=_partes,
        rechazos=RECHAZOS | {Tramite.Motivo.NSS_NO_CORRESPONDE: NO_CORRESPONDE},
        resultados={
            Tramite.Resultado.VIGENTE: "Sí tiene derecho al servicio médico por su escuela.",
            Tramite.Resultado.NO_VIGENTE: "Hoy no tiene una inscripción vigente de su escuela.",
        },
        en_ventanilla=lambda persona: "Sacar su reporte de vigencia" if persona.nss else "",
        pide=frozenset({"nss"}),
        al_iniciar=_al_iniciar,
        inicial=_inicial,
        contexto=_contexto,
        ya_no=verificacion.ya_no,
        avisos={
            noticias.ALTA: noticias.sigue_siendo_cierto,
            noticias.BAJA: noticias.sigue_siendo_cierto,
        },
    )
