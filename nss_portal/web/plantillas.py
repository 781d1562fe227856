"""Templates are indented for whoever reads them; what is sent is not."""

import re

from django.template import Origin
from django.template.loaders.filesystem import Loader

# What a browser draws as one space; the portal's pages have nothing in which a line break would be drawn.
_SANGRIA = re.compile(r"[ \t]*\n\s*")


class SinSangrias(Loader):
    """The portal's own templates; those of pages with each line break and its indentation as one space."""

    def get_contents(self, origin: Origin) -> str:
        texto: str = super().get_contents(origin)
        return _SANGRIA.sub(" ", texto) if origin.name.endswith(".html") else texto
