"""What the demonstration adds to templates."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from nss_portal.demo import ficticias


def ejemplos(request: HttpRequest) -> dict[str, object]:
    """`ejemplos`: the sample people, looked up only where a page offers them."""
    return {"ejemplos": SimpleLazyObject(ficticias.ejemplos) if settings.DEMO else []}
