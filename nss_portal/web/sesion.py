"""Which browser is asking: a random token in the database session, that dies at «Salir»."""

import secrets
import time
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from nss_portal.tramites.models import Estado, Tramite

_CLAVE, _DESDE = "navegador", "desde"
# The guide's own labels.
PASOS = {
    Tramite.Tipo.NSS: "Obtén o localiza tu Número de Seguridad Social",
    Tramite.Tipo.VIGENCIA: "Verifica que tu escuela te haya inscrito",
    Tramite.Tipo.CLINICA: "Regístrate en la clínica que te corresponde",
}


def navegador(request: HttpRequest) -> str | None:
    """The browser's token, or None for one that has begun nothing here."""
    return request.session.get(_CLAVE)


def abrir(request: HttpRequest) -> str:
    """The browser's token, made if it has none. Not the session key: that one changes at a log-in."""
    if _CLAVE not in request.session:
        request.session[_CLAVE] = secrets.token_urlsafe(32)
        prolongar(request)
    return str(request.session[_CLAVE])


def en_curso(request: HttpRequest) -> Tramite | None:
    """The latest trámite that this browser began, to go on with it."""
    propios = Tramite.objects.del_navegador(navegador(request))
    return propios.order_by("-creado").first()


def camino(request: HttpRequest) -> list[dict[str, Any]]:
    """The student's path for the person of this browser's latest trámite; a dict for each of the three steps:

    numero, titulo, clase ("hecho", "actual" or "espera"), url, tramite (the one that ended it, or None).
    """
    ultimos: dict[str, Tramite] = {}
    ultimo = en_curso(request)
    if ultimo:
        suyos = Tramite.objects.del_navegador(navegador(request)).filter(curp=ultimo.curp)
        solucion = suyos.filter(estado__in=[Estado.RESUELTO, Estado.FINALIZADO])
        ultimos = {tramite.tipo: tramite for tramite in solucion.order_by("creado")}
    vigencia = ultimos.get(Tramite.Tipo.VIGENCIA)
    # Each step stands on the one before: who has a clinic is covered, who was looked up has a number.
    if Tramite.Tipo.CLINICA in ultimos or _con_clinica(vigencia):
        hechos = 3
    elif vigencia and vigencia.resultado == Tramite.Resultado.VIGENTE:
        hechos = 2
    else:
        hechos = 1 if ultimos else 0
    return [
        {
            "numero": numero,
            "titulo": titulo,
            "clase": "hecho" if numero <= hechos else "actual" if numero == hechos + 1 else "espera",
            "url": reverse(f"{tipo}:solicitar"),
            "tramite": ultimos.get(tipo),
        }
        for numero, (tipo, titulo) in enumerate(PASOS.items(), 1)
    ]


def _con_clinica(vigencia: Tramite | None) -> bool:
    """Whether the report that this browser was given says that they have one."""
    reporte = vigencia.documentos.first() if vigencia else None
    return bool(reporte and reporte.datos["vigente"] and reporte.datos["clinica"])


def prolongar(request: HttpRequest) -> None:
    """A whole day from now: a new trámite begins, or the person says that they are still there."""
    request.session[_DESDE] = int(time.time())


def termina(request: HttpRequest) -> datetime | None:
    """When what this browser began stops being shown, at the earliest; None when it has begun nothing."""
    desde = request.session.get(_DESDE)
    return datetime.fromtimestamp(desde + settings.SESSION_COOKIE_AGE, UTC) if desde else None
