"""One file to print, of many documents of ours: their pages, as they are, one after the other.

Written as it goes, so that a thousand take no more memory than one. It is neither signed nor tagged, and has
no links: what counts, and what a screen reader reads, is each document as it was issued.
"""

from itertools import count
from typing import IO, Any

from nss_portal.documentos import firma

_CATALOGO, _PAGINAS = 1, 2
# Of a page, what is seen.
_SE_COPIA = ("/Contents", "/Resources", "/MediaBox", "/BleedBox", "/TrimBox")


class Hojas:
    """`agregar` each document, then `cerrar`."""

    def __init__(self, salida: IO[bytes]) -> None:
        self._salida = salida
        self._libres = count(_PAGINAS + 1)
        self._lugares: dict[int, int] = {}
        self._paginas: list[int] = []
        salida.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def agregar(self, contenido: bytes) -> None:
        numeros: dict[int, int] = {}
        pendientes: list[Any] = []

        def texto(objeto: Any) -> bytes:
            """As it is written; what it refers to gets a new number, and is left to be copied."""
            if hasattr(objeto, "idnum"):
                if objeto.idnum not in numeros:
                    numeros[objeto.idnum] = next(self._libres)
                    pendientes.append(objeto)
                return b"%d 0 R" % numeros[objeto.idnum]
            clase: type = type(objeto)
            if issubclass(clase, dict):
                return b"<<%b>>" % b" ".join(texto(k) + b" " + texto(objeto.raw_get(k)) for k in objeto)
            if issubclass(clase, list):
                return b"[%b]" % b" ".join(texto(objeto.raw_get(n)) for n in range(len(objeto)))
            return firma.escrito(objeto)

        for hija in firma.abrir(contenido).root["/Pages"]["/Kids"]:
            pagina = hija.get_object()
            copia = [b"%b %b" % (c.encode(), texto(pagina.raw_get(c))) for c in _SE_COPIA if c in pagina]
            self._paginas.append(numero := next(self._libres))
            self._escribir(numero, b"<</Type /Page /Parent %d 0 R %b>>" % (_PAGINAS, b" ".join(copia)))
            while pendientes:
                referencia = pendientes.pop()
                objeto = referencia.get_object()
                cuerpo = texto(objeto)
                if hasattr(objeto, "encoded_data"):
                    cuerpo += b"\nstream\n%b\nendstream" % objeto.encoded_data
                self._escribir(numeros[referencia.idnum], cuerpo)

    def cerrar(self) -> None:
        # At its own size, or the cards would not be theirs.
        escala = b"/ViewerPreferences <</PrintScaling /None>>"
        self._escribir(_CATALOGO, b"<</Type /Catalog /Pages %d 0 R /Lang (es-MX) %b>>" % (_PAGINAS, escala))
        hijas = b" ".join(b"%d 0 R" % numero for numero in self._paginas)
        self._escribir(_PAGINAS, b"<</Type /Pages /Count %d /Kids [%b]>>" % (len(self._paginas), hijas))
        tabla, total = self._salida.tell(), len(self._lugares) + 1
        self._salida.write(b"xref\n0 %d\n0000000000 65535 f \n" % total)
        for numero in range(1, total):
            self._salida.write(b"%010d 00000 n \n" % self._lugares[numero])
        pie = b"trailer\n<</Size %d /Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        self._salida.write(pie % (total, _CATALOGO, tabla))

    def _escribir(self, numero: int, cuerpo: bytes) -> None:
        self._lugares[numero] = self._salida.tell()
        self._salida.write(b"%d 0 obj\n%b\nendobj\n" % (numero, cuerpo))
