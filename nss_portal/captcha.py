"""The letters of the image: our own challenge and noise for django-simple-captcha."""

import secrets
import zlib

from PIL import Image, ImageDraw

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
