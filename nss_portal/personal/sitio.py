"""The admin site of the project: Django's own, with the pages of the front offices among its own.

A front office (the counter, the schools) has a module with a list of `path()`s to plain function views:

    paginas = [
        path("afiliacion/atencion/<uuid:pk>/cotejo/", atenciones.cotejo, name="afiliacion_atencion_cotejo"),
    ]

`nss_portal/urls.py` hands the lists to `direcciones`. The page above is then named
`admin:afiliacion_atencion_cotejo`, at `/admin/afiliacion/atencion/<uuid>/cotejo/`. A view gets the request
and what its `path()` says. It needs no decorator: the site lets in only staff, asks for the CSRF token and
forbids every cache to keep the answer. Which of the staff may see what, the view decides. Its template needs
`admin.site.each_context(request)`.

These pages come before Django's own, so one of them may take the address and the name of a page of a
ModelAdmin (`…/add/`, `…/<uuid:pk>/change/`).
"""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin
from django.urls import URLPattern


class Sitio(admin.AdminSite):
    paginas: tuple[URLPattern, ...] = ()

    def get_urls(self) -> list[Any]:
        propias = [
            URLPattern(pagina.pattern, self.admin_view(pagina.callback), pagina.default_args, pagina.name)
            for pagina in self.paginas
        ]
        return [*propias, *super().get_urls()]


def direcciones(paginas: Iterable[URLPattern]) -> tuple[list[Any], str, str]:
    """The addresses of the admin with these pages; what `path("admin/", …)` takes."""
    sitio = cast(Sitio, admin.site)
    sitio.paginas = tuple(paginas)
    return sitio.urls
