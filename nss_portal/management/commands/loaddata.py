"""`manage.py loaddata`: Django's, with every object judged first, in Spanish, all or nothing."""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from django.core import serializers
from django.core.management.base import CommandError
from django.core.management.commands import loaddata
from django.core.serializers.base import DeserializedObject
from django.db import DatabaseError, connections, models

from nss_portal.archivos.carga import CargaInvalida
from nss_portal.archivos.hoja import MUESTRA
from nss_portal.demo.ficticias import exigir_demostracion
from nss_portal.personas import fixtures
from nss_portal.personas.fixtures import Falta
from nss_portal.personas.identidad import contradice_a_su_curp
from nss_portal.personas.models import Persona

# The fictional people: they enter no database of another kind.
DE_LA_DEMOSTRACION = "personas_demo"
type Referencia = tuple[type[models.Model], str, Any]


class Command(loaddata.Command):
    help = (
        "Carga las fixtures que se nombren. Con un objeto malo no guarda nada y dice cuál es y por qué; "
        "cargarlas otra vez no cambia nada."
    )
    missing_args_message = "Di qué fixture se carga: su nombre, o la ruta de su archivo."

    def handle(self, *fixture_labels: str, **options: Any) -> None:
        if any(DE_LA_DEMOSTRACION in etiqueta for etiqueta in fixture_labels):
            exigir_demostracion()
        try:
            super().handle(*fixture_labels, **options)
        except CargaInvalida as error:
            raise CommandError(f"{error} No se cargó nada.") from None
        except DatabaseError:
            # Not `from error`: it may quote the data.
            raise CommandError(
                "La base de datos no respondió como se esperaba y no se cargó nada: vuelve a intentarlo."
            ) from None

    def loaddata(self, fixture_labels: Sequence[str]) -> None:
        """Called by Django's `handle`, inside its transaction."""
        conexion = connections[self.using]
        self.serialization_formats = serializers.get_public_serializer_formats()
        self.models: set[type[models.Model]] = set()
        self.objs_with_deferred_fields: list[DeserializedObject] = []
        self.faltas: list[str] = []
        self.contradicen: list[str] = []
        self.hechos = 0
        # Where each thing that is named was named first, and each object that waits for another.
        self.referencias: dict[Referencia, str] = {}
        self.lugares: dict[int, str] = {}
        archivos = [archivo for etiqueta in fixture_labels for archivo in self.find_fixtures(etiqueta)]
        with conexion.constraint_checks_disabled():
            for ruta, _, _ in archivos:
                self._cargar(ruta)
            self._rechazar()
            for objeto in self.objs_with_deferred_fields:
                self._completar(objeto)
            self._seguir_referencias()
            self._rechazar()
        conexion.check_constraints(table_names=[modelo._meta.db_table for modelo in self.models])
        if self.models:
            self.reset_sequences(conexion, self.models)
        self._informar(len(archivos))

    def find_fixtures(self, fixture_label: str) -> Any:
        try:
            return super().find_fixtures(fixture_label)
        except CommandError as error:
            if "Multiple" in str(error):
                raise CargaInvalida(
                    f"Hay más de un archivo para la fixture {fixture_label}: di su nombre con la terminación."
                ) from None
            if "not a known" in str(error):
                raise CargaInvalida(
                    f"No se conoce el formato de {fixture_label}: las fixtures terminan en .json."
                ) from None
            raise CargaInvalida(f"No existe la fixture {fixture_label}.") from None

    def parse_name(self, fixture_name: str) -> Any:
        if fixture_name == loaddata.READ_STDIN and not self.format:
            raise CargaInvalida("Para leer de la entrada estándar, di el formato: --format json.")
        return super().parse_name(fixture_name)

    # A file --------------------------------------------------------------------------------------

    def _cargar(self, ruta: str) -> None:
        nombre = os.path.basename(ruta) if ruta != loaddata.READ_STDIN else "la entrada"
        vistos: dict[Any, int] = {}
        numero = 0
        for numero, (crudo, objeto) in enumerate(self._objetos(ruta, nombre), 1):
            lugar = f"{nombre}, objeto {numero}"
            try:
                self._objeto(lugar, numero, vistos, crudo, objeto)
            except Falta as falta:
                if cual := fixtures.nombrar(crudo, objeto.object if objeto else None):
                    lugar = f"{lugar} ({cual})"
                self.faltas.append(f"{lugar}: {falta}")
        if not numero:
            raise CargaInvalida(f"{nombre}: no trae ningún objeto.")

    def _objetos(self, ruta: str, nombre: str) -> Iterator[tuple[Any, DeserializedObject | None]]:
        """Raw and yet to be deserialised, of JSON; of other formats, already deserialised by Django."""
        _, formato, compresion = self.parse_name(os.path.basename(ruta))
        try:
            texto = self._leer(ruta, compresion)
            if formato in ("json", "jsonl"):
                for crudo in fixtures.leer(texto, formato == "jsonl"):
                    yield crudo, None
                return
            opciones = {"ignorenonexistent": self.ignore, "handle_forward_references": True}
            for objeto in serializers.deserialize(formato, texto, using=self.using, **opciones):
                yield None, objeto
        except CargaInvalida as error:
            raise CargaInvalida(f"{nombre}: {error}") from None
        except DatabaseError:
            raise
        except Exception:
            raise CargaInvalida(f"{nombre}: no se entiende como {formato}.") from None

    def _leer(self, ruta: str, compresion: str | None) -> str:
        formatos: Any = self.compression_formats
        abrir, modo = formatos[compresion]
        try:
            with closing(abrir(ruta, modo)) as archivo:
                datos = archivo.read()
            texto = str(datos, "utf-8-sig") if isinstance(datos, bytes) else str(datos)
        except UnicodeDecodeError:
            raise CargaInvalida("no es texto en UTF-8.") from None
        except PermissionError:
            raise CargaInvalida("no se puede abrir: revisa sus permisos.") from None
        except Exception:  # five libraries read what may be compressed, each with errors of its own
            raise CargaInvalida("no se puede leer: está dañado.") from None
        if not texto.strip():
            raise CargaInvalida("está vacío.")
        if "\x00" in texto:
            raise CargaInvalida("no es texto.")
        return texto

    # An object -----------------------------------------------------------------------------------

    def _objeto(
        self, lugar: str, numero: int, vistos: dict[Any, int], crudo: Any, objeto: DeserializedObject | None
    ) -> None:
        objeto = objeto or fixtures.deserializar(crudo, self.using, self.ignore)
        if objeto is None:
            return
        fila = objeto.object
        modelo = type(fila)
        if fila._meta.app_config in self.excluded_apps or modelo in self.excluded_models:
            return
        llave = fixtures.llave(fila)
        if llave and (antes := vistos.setdefault((modelo, llave), numero)) != numero:
            raise Falta(f"ya está en el objeto {antes}.")
        fixtures.juzgar(objeto, self.using)
        lugar = f"{lugar} ({fixtures.nombrar(crudo, fila)})"
        for campo in modelo._meta.fields:
            if isinstance(campo, models.ForeignKey) and (valor := getattr(fila, campo.attname)) is not None:
                destino = campo.related_model, campo.target_field.attname, valor
                self.referencias.setdefault(destino, f"{lugar}: {campo.name}")
        self.lugares[id(objeto)] = lugar
        try:
            self.hechos += self.save_obj(objeto)
        except (DatabaseError, ValueError) as error:
            # PostgreSQL takes nothing more in this transaction: the others are not judged.
            self.faltas.append(f"{lugar}: {fixtures.decir_base(error, modelo)}")
            self._rechazar()
        if isinstance(fila, Persona) and contradice_a_su_curp(
            fila.curp, fila.nombres, fila.primer_apellido, fila.segundo_apellido
        ):
            self.contradicen.append(lugar)

    def _completar(self, objeto: DeserializedObject) -> None:
        """What an object says of others that came after it in the files."""
        lugar = self.lugares[id(objeto)]
        try:
            objeto.save_deferred_fields(using=self.using)
        except (DatabaseError, ValueError) as error:
            self.faltas.append(f"{lugar}: {fixtures.decir_base(error, type(objeto.object))}")
            self._rechazar()
        except Exception:
            nombrados = "; ".join(
                f"{c.name} «{fixtures.decir(v)}»" for c, v in objeto.deferred_fields.items()
            )
            self.faltas.append(f"{lugar}: no existe lo que nombra: {nombrados}.")

    def _seguir_referencias(self) -> None:
        for (modelo, campo, valor), lugar in self.referencias.items():
            if not modelo._base_manager.using(self.using).filter(**{campo: valor}).exists():
                self.faltas.append(f"{lugar}: no existe «{fixtures.decir(valor)}».")

    # Words ---------------------------------------------------------------------------------------

    def _rechazar(self) -> None:
        if len(self.faltas) == 1:
            raise CargaInvalida(self.faltas[0])
        if self.faltas:
            cuales = "Los errores:" if len(self.faltas) <= MUESTRA else f"Los primeros {MUESTRA} errores:"
            raise CargaInvalida(
                "\n".join([f"{len(self.faltas):,} objetos con errores. {cuales}", *self.faltas[:MUESTRA], ""])
            )

    def _informar(self, archivos: int) -> None:
        if cuantas := len(self.contradicen):
            quienes = "una persona tiene" if cuantas == 1 else f"{cuantas:,} personas tienen"
            self.stderr.write(
                f"Aviso: {quienes} nombres que no dan las letras de su CURP; revisa si son los suyos: "
                f"{'; '.join(self.contradicen[:MUESTRA])}."
            )
        if self.verbosity >= 1:
            objetos = "un objeto" if self.hechos == 1 else f"{self.hechos:,} objetos"
            de = "un archivo" if archivos == 1 else f"{archivos:,} archivos"
            self.stdout.write(f"Fixtures: {objetos} de {de}; lo que ya estaba así no cambió.")
