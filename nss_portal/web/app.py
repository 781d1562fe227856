"""The installable App: a shell with nobody's data, its worker, its manifest. What it does is `static/app`."""

import hashlib
import json

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

# All that the App needs to start without a network.
PROPIOS = ["app.js", "api.js", "cajon.js", "pantallas.js", "palabras.js", "pintar.js"]
MODULOS = [*(f"app/{nombre}" for nombre in PROPIOS), "js/colonias.js"]
ADORNOS = ["app/app.css", "estilo.css", "flecha.svg", "iconos.svg", "favicon.svg", "app/icono.svg"]


def _concha() -> list[str]:
    """The addresses of the shell: the page, and each file as the page asks for it."""
    # Modules import one another by their plain names.
    modulos = [f"{settings.STATIC_URL}{nombre}" for nombre in MODULOS]
    adornos = [staticfiles_storage.url(nombre) for nombre in ADORNOS]
    return [reverse("app"), *modulos, *adornos]


def _version() -> str:
    """Changes when any file of the shell does: collected names carry their content's fingerprint."""
    con_huella = [staticfiles_storage.url(nombre) for nombre in MODULOS + ADORNOS]
    texto = f"{settings.DEMO} {settings.IDENTIDAD} {settings.URL_PUBLICA} {con_huella}"
    return hashlib.sha256(texto.encode()).hexdigest()[:12]


@require_safe
@cache_control(no_cache=True)
def inicio(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "app/index.html",
        {"entrada": f"{settings.STATIC_URL}app/app.js", "identidad": settings.IDENTIDAD},
    )


@require_safe
@cache_control(no_cache=True)
def trabajador(request: HttpRequest) -> HttpResponse:
    """The service worker: from this address, because it rules only over what is below it."""
    contexto = {"concha": json.dumps(_concha()), "version": json.dumps(_version())}
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
