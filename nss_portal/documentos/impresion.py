"""One file to print, of many documents of ours: their pages, as they are, one after the other.

It is neither signed nor tagged, and has no links: what counts, and what a screen reader reads, is each
document as it was issued.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from io import BytesIO
from typing import BinaryIO

import pikepdf

# Of a page, what is seen.
_SE_COPIA = {"/Type", "/Parent", "/Contents", "/Resources", "/MediaBox", "/BleedBox", "/TrimBox"}


def juntar(documentos: Iterable[bytes], salida: BinaryIO) -> None:
    """Write to `salida` the pages of the `documentos`; all of them are in memory until it ends."""
    with ExitStack() as abiertos, pikepdf.new() as hojas:
        for contenido in documentos:
            uno = abiertos.enter_context(pikepdf.open(BytesIO(contenido)))
            for pagina in uno.pages:
                for clave in set(pagina.obj.keys()) - _SE_COPIA:
                    del pagina.obj[clave]
            hojas.pages.extend(uno.pages)
        hojas.Root.Lang = pikepdf.String("es-MX")
        # At its own size, or the cards would not be theirs.
        hojas.Root.ViewerPreferences = pikepdf.Dictionary(PrintScaling=pikepdf.Name("/None"))
        hojas.save(salida, object_stream_mode=pikepdf.ObjectStreamMode.generate)
