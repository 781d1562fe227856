"""Where a unit of the health ministry's catalogue is, in the words of our postal catalogue."""

from collections import defaultdict

from nss_portal.territorio.models import CodigoPostal, Entidad, Municipio, plegar

# How others call them.
_OTROS_NOMBRES = {
    "distrito federal": "ciudad de mexico",
    "estado de mexico": "mexico",
    "coahuila": "coahuila de zaragoza",
    "michoacan": "michoacan de ocampo",
    "veracruz": "veracruz de ignacio de la llave",
}


class Territorio:
    """Entidades and municipios by key and by name; municipios of postal codes."""

    def __init__(self) -> None:
        self._entidades = {plegar(entidad.nombre): entidad.clave for entidad in Entidad.objects.all()}
        self._por_clave: dict[str, int] = {}
        self._por_nombre: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for pk, clave, nombre, entidad in Municipio.objects.values_list("pk", "clave", "nombre", "entidad"):
            self._por_nombre[entidad, plegar(nombre)].append(pk)
            if clave:
                self._por_clave[clave] = pk
        codigos = CodigoPostal.objects.values_list("pk", "municipio", "municipio__entidad")
        self._de_codigo = {codigo: (municipio, entidad) for codigo, municipio, entidad in codigos}

    def entidad(self, nombre: str) -> str | None:
        """The key of the entidad that is called so."""
        plegado = plegar(nombre)
        return self._entidades.get(_OTROS_NOMBRES.get(plegado, plegado))

    def municipio(self, entidad: str, clave: str, nombre: str, codigo: str) -> int | None:
        """By its key, else by its name, else by the postal code, if they agree on the entidad."""
        if pk := self._por_clave.get(entidad + clave):
            return pk
        homonimos = self._por_nombre[entidad, plegar(nombre)] if nombre else []
        if len(homonimos) == 1:
            return homonimos[0]
        municipio, de_entidad = self._de_codigo.get(codigo, (None, None))
        return municipio if de_entidad == entidad else None
