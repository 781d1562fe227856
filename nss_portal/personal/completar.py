"""The lists that complete themselves while somebody types, in the admin."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

_CUAL = ("app_label", "model_name", "field_name")


class Completar(AutocompleteJsonView):
    """Django's own, for the fields that some form of ours completes: it would do it for any, and break at a
    relation told backwards.
    """

    def process_request(self, request: HttpRequest) -> Any:
        cual = tuple(request.GET.get(parte, "") for parte in _CUAL)
        if cual not in _que_se_completan() or "\0" in request.GET.get("term", ""):
            raise PermissionDenied
        return super().process_request(request)


def _que_se_completan() -> set[tuple[str, ...]]:
    formas = [forma for pagina in admin.site._registry.values() for forma in (pagina, *pagina.inlines)]
    return {
        (forma.model._meta.app_label, str(forma.model._meta.model_name), campo)
        for forma in formas
        for campo in forma.autocomplete_fields
    }
