"""The installable App: a shell with nobody's data, its worker, its manifest; and the screens of a trámite.

The screens are the web's own templates without its layout (`app/pantalla.html`). Those that belong to nobody
come inside the shell and are shown without a network; those of a trámite are drawn for the bearer of
its token.
What the App does with them is `static/app`.
"""

import hashlib
import json
import uuid
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from nss_portal.api import acceso
from nss_portal.api.problemas import Problema
from nss_portal.tramites.models import Domicilio, Estado, Tramite
from nss_portal.tramites.paso import Camino, Oferta, Paso, etapas
from nss_portal.web import pantallas

# All that the App needs to start without a network.
PROPIOS = ["app.js", "api.js", "cajon.js", "piezas.js"]
MODULOS = [*(f"app/{nombre}" for nombre in PROPIOS), "js/colonias.js"]
ADORNOS = ["app/app.css", "estilo.css", "flecha.svg", "iconos.svg", "favicon.svg", "app/icono.svg"]


def _concha() -> list[str]:
    """The addresses of the shell: the page, and each file as the page asks for it."""
    # Modules import one another by their plain names.
    modulos = [f"{settings.STATIC_URL}{nombre}" for nombre in MODULOS]
    adornos = [staticfiles_storage.url(nombre) for nombre in ADORNOS]
    return [reverse("app"), *modulos, *adornos]


def _version(request: HttpRequest, camino: Camino) -> str:
    """Changes when the page or a file of the shell does: collected names carry their fingerprint."""
    con_huella = [staticfiles_storage.url(nombre) for nombre in MODULOS + ADORNOS]
    texto = f"{settings.URL_PUBLICA} {con_huella} {_pagina(request, camino)}"
    return hashlib.sha256(texto.encode()).hexdigest()[:12]


# The token of the App goes in a header, where no other site can put it: its forms need no other proof.
EN_LA_APP = {"base": "app/pantalla.html", "en_app": True, "csrf_token": ""}


def _mal(cuantos: int) -> dict[str, Any]:
    """A form with so many errors, as far as its summary looks at it."""
    campo = {"errors": [" "], "id_for_label": ""}
    return {"errors": [campo] * cuantos, "visible_fields": [campo]}


def _forma(request: HttpRequest, paso: Paso) -> str:
    """The form of a step. A code that is mailed stands for the letters and for the address typed twice."""
    form = pantallas.forma(paso, navegador="")
    del form.fields["captcha"]
    contexto = EN_LA_APP | {"form": form, "paso": paso}
    return render_to_string(f"{paso.carpeta}/solicitud.html", contexto, request)


def _pagina(request: HttpRequest, camino: Camino) -> str:
    contexto = EN_LA_APP | {
        "entrada": f"{settings.STATIC_URL}app/app.js",
        "formas": {paso.tipo: _forma(request, paso) for paso in camino},
        "caminos": [etapas(camino, hechos, {}) for hechos in range(len(camino) + 1)],
        "uno_mal": _mal(1),
        "dos_mal": _mal(2),
    }
    return render_to_string("app/index.html", contexto, request)


@require_safe
@cache_control(no_cache=True)
def inicio(request: HttpRequest, camino: Camino) -> HttpResponse:
    return HttpResponse(_pagina(request, camino))


def mio(request: HttpRequest, pk: uuid.UUID, tipo: Tramite.Tipo | None = None) -> Tramite:
    """The trámite, if the token that the request bears opens it. Raises Problema."""
    credencial = acceso.opcional(request)
    if credencial is None:
        raise Problema("credencial")
    cast(Any, request).auth = credencial  # where the API keeps it
    return acceso.mio(request, pk, tipo)


def dibujar(
    request: HttpRequest,
    paso: Paso,
    tramite: Tramite,
    pantalla: str = "",
    status: int = HTTPStatus.OK,
    **contexto: Any,
) -> HttpResponse:
    """A screen of the trámite, by itself: the one of its state unless another is asked for."""
    # Who has the token has proved who they are: a mailbox that must speak is only waited for.
    de_su_estado = (
        "procesando" if tramite.estado == Estado.CONFIRMACION else pantallas.PANTALLAS[Estado(tramite.estado)]
    )
    pantalla = pantalla or de_su_estado
    suyo = pantallas.contexto_de(paso, tramite, pantalla)
    if pantalla == "resultado":
        suyo["despues_domicilio"] = _sin_domicilio(tramite)
    return render(request, pantallas.plantillas(paso, pantalla), EN_LA_APP | suyo | contexto, status=status)


def _sin_domicilio(tramite: Tramite) -> bool:
    """Whether it gave a number to somebody who has not said where they live."""
    asignado = tramite.resultado == Tramite.Resultado.ASIGNADO
    return asignado and not Domicilio.objects.filter(tramite=tramite).exists()


@require_safe
def pantalla(request: HttpRequest, pk: uuid.UUID, oferta: Oferta) -> HttpResponse:
    suyo = mio(request, pk)
    return dibujar(request, oferta[suyo.tipo], suyo)


@require_safe
def domicilio(request: HttpRequest, pk: uuid.UUID, oferta: Oferta) -> HttpResponse:
    """The address, given once there is a number."""
    suyo = mio(request, pk, Tramite.Tipo.NSS)
    if suyo.estado not in (Estado.RESUELTO, Estado.FINALIZADO):
        raise Problema("estado")
    return dibujar(request, oferta[suyo.tipo], suyo, "domicilio", despues=True)


@require_safe
@cache_control(no_cache=True)
def trabajador(request: HttpRequest, camino: Camino) -> HttpResponse:
    """The service worker: from this address, because it rules only over what is below it."""
    contexto = {"concha": json.dumps(_concha()), "version": json.dumps(_version(request, camino))}
    return render(request, "app/sw.js", contexto, content_type="text/javascript; charset=utf-8")


@require_safe
@cache_control(no_cache=True)
def manifiesto(request: HttpRequest) -> JsonResponse:
    icono = staticfiles_storage.url("app/icono.svg")
    return JsonResponse(
        {
            "id": reverse("app"),
            "name": "gob·estudiantes",
            "short_name": "Estudiantes",
            "description": "Tu NSS, tu vigencia y tu clínica.",
            "lang": "es-MX",
            "start_url": reverse("app"),
            "scope": reverse("app"),
            "display": "standalone",
            "background_color": "#611232",  # no white flash in the dark
            "theme_color": "#611232",
            "icons": [
                {"src": icono, "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
                {"src": icono, "sizes": "any", "type": "image/svg+xml", "purpose": "maskable"},
                *(
                    {
                        "src": staticfiles_storage.url(f"app/icono-{lado}.png"),
                        "sizes": f"{lado}x{lado}",
                        "type": "image/png",
                    }
                    for lado in (192, 512)
                ),
            ],
        },
        content_type="application/manifest+json",
        json_dumps_params={"ensure_ascii": False},
    )
