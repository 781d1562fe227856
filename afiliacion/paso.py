"""What step 1 says of itself."""

from typing import Any

from afiliacion import asignacion
from afiliacion.forms import DomicilioForm, NssAppForm, NssForm
from nss_portal.tramites.models import Estado, Residencia, Tramite
from nss_portal.tramites.paso import Datos, Parte, Paso, Sucesos


def _al_iniciar(tramite: Tramite, datos: Datos) -> None:
    """In the App, whoever was born abroad may say where they live: it decides the office."""
    if tramite.canal != Tramite.Canal.VENTANILLA and datos.get("codigo_postal"):
        Residencia.objects.create(tramite=tramite, codigo_postal=datos["codigo_postal"])


def _partes(tramite: Tramite, sucesos: Sucesos) -> list[Parte]:
    identificado = sucesos.get(Estado.DOMICILIO) or sucesos.get(Estado.EMITIENDO)
    partes: list[Parte] = [
        ("Buscar tu CURP en el registro de población", identificado),
        ("Buscar si ya tienes un NSS", identificado),
    ]
    if Estado.DOMICILIO in sucesos:
        partes += [
            ("Recibimos tu domicilio", sucesos.get(Estado.ASIGNANDO)),
            ("Asignar tu NSS", sucesos.get(Estado.EMITIENDO)),
        ]
    return partes


def _contexto(tramite: Tramite, pantalla: str) -> dict[str, Any]:
    return {"form": DomicilioForm()} if pantalla == "domicilio" else {}


PASO = Paso(
    tipo=Tramite.Tipo.NSS,
    titulo="Obtén o localiza tu Número de Seguridad Social",
    carpeta="afiliacion",
    resolver=asignacion.resolver,
    form=NssForm,
    form_app=NssAppForm,
    partes=_partes,
    resultados={
        Tramite.Resultado.ASIGNADO: "Se le asignó su NSS.",
        Tramite.Resultado.LOCALIZADO: "Ya tenía NSS: es éste.",
    },
    en_ventanilla=lambda persona: "Localizar su NSS" if persona.nss else "Asignarle un NSS",
    al_iniciar=_al_iniciar,
    contexto=_contexto,
)
