"""The letters of the image: our own challenge, noise and voice for django-simple-captcha."""

import io
import secrets
import zlib
from http import HTTPStatus

from captcha.models import CaptchaStore
from captcha.views import captcha_audio
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from PIL import Image, ImageDraw
from ranged_response import RangedFileResponse

from nss_portal.servicio import limites, topes

# No letters that look alike in the image (O Q D, I, V W) or that the voice says as
# another (B D P T V, C S Z, M N; Y is «i»).
LETRAS = "AEFHJKLRUX"
CUANTAS = 4


def letras() -> tuple[str, str]:
    """A challenge as the package wants it: (what is drawn, what must be answered).

    From `secrets`: the package's image view reseeds the process-wide generator with a public key,
    which would make its own challenges predictable.
    """
    texto = "".join(secrets.choice(LETRAS) for _ in range(CUANTAS))
    return texto, texto.lower()


def trazos(dibujo: ImageDraw.ImageDraw, imagen: Image.Image) -> ImageDraw.ImageDraw:
    """Two curved strokes over the letters, the same for the same image."""
    ancho, alto = imagen.size
    semilla = zlib.crc32(imagen.tobytes())
    for vuelta in range(2):
        a, b, c = ((semilla >> (5 * vuelta + corrida)) % (alto // 2) for corrida in (0, 7, 13))
        puntos = [
            (x, int(alto / 4 + a * (1 - t) ** 2 + 2 * b * t * (1 - t) + c * t**2))
            for x, t in ((x, x / ancho) for x in range(0, ancho + 8, 8))
        ]
        dibujo.line(puntos, fill="#8d6b78", width=2, joint="curve")
    return dibujo


@never_cache
@require_safe
def audio(request: HttpRequest, key: str) -> HttpResponseBase:
    """The letters, said aloud: made once for each image, and so many an address."""
    if not CaptchaStore.objects.filter(hashkey=key).exists():
        return HttpResponse(status=HTTPStatus.GONE)
    sonido = cache.get(f"voz:{key}")
    if sonido is None:
        if not limites.permitir(f"voz:{limites.direccion(request)}", topes.VOZ):
            return HttpResponse(status=HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "60"})
        rango = request.META.pop("HTTP_RANGE", None)
        hecho: HttpResponseBase = captcha_audio(
            request, key
        )  # the whole of it, whatever part a player asks for
        if hecho.status_code != HTTPStatus.OK:
            return hecho
        sonido = b"".join(hecho)
        cache.set(f"voz:{key}", sonido, timeout=30 * 60)
        if rango:
            request.META["HTTP_RANGE"] = rango
    entera: HttpResponseBase = RangedFileResponse(request, io.BytesIO(sonido), content_type="audio/wav")
    return entera
