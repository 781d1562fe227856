"""A fixture, object by object: judged before it is written, and what cannot be said in words.

Django's own reader trusts a fixture; staff load theirs by hand, and a slip in one is a wrong number on paper.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core import serializers
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    FieldDoesNotExist,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
    ValidationError,
)
from django.core.serializers.base import DeserializedObject
from django.db import DatabaseError, models

from nss_portal.archivos.carga import CargaInvalida
from nss_portal.personas.identidad import enmascarar_curp, enmascarar_nss
from nss_portal.personas.models import Persona
from nss_portal.personas.reglas import NSS_PARA_SIEMPRE

# As it stands in the file. Only JSON is read here; of other formats there is no raw object.
Crudo = dict[str, Any]

_SIN_FORMA = "no tiene la forma de un objeto de fixture: {«model»: …, «fields»: {…}}."
_OTRO_NSS = "ya tiene otro NSS, y un NSS es para siempre."
# No database keeps these.
_NO_SON_TEXTO = re.compile("[\x00\ud800-\udfff]")


class Falta(Exception):
    """Why an object cannot be loaded: a sentence that follows «x.json, objeto 3: »."""


def leer(texto: str, por_lineas: bool) -> Iterator[Any]:
    """The raw objects of a JSON text; of JSON Lines, one a line. Raises CargaInvalida."""
    if por_lineas:
        lineas = [(n, linea) for n, linea in enumerate(texto.splitlines(), 1) if linea.strip()]
        return iter([_json(linea, desde=n) for n, linea in lineas])
    objetos = _json(texto)
    if not isinstance(objetos, list):
        raise CargaInvalida("debe ser una lista de objetos, entre corchetes.")
    return iter(objetos)


def _json(texto: str, desde: int = 1) -> Any:
    try:
        return json.loads(texto)
    except RecursionError:
        raise CargaInvalida("tiene demasiadas listas, una dentro de otra.") from None
    except json.JSONDecodeError as error:
        donde = f"línea {error.lineno + desde - 1}, columna {error.colno}"
        if not texto[error.pos :].strip() or error.msg.startswith("Unterminated"):
            raise CargaInvalida(f"está cortado: termina sin cerrar lo que abrió ({donde}).") from None
        raise CargaInvalida(f"no es JSON: revisa los signos de la {donde}.") from None
    except ValueError:  # a number of thousands of digits
        raise CargaInvalida("trae un número que no cabe.") from None


# An object ---------------------------------------------------------------------------------------


def nombrar(crudo: Any, objeto: models.Model | None = None) -> str:
    """The model and the natural key, for whoever looks for it in the file; numbers of people masked."""
    modelo = crudo.get("model") if isinstance(crudo, dict) else objeto and objeto._meta.label_lower
    suya: object = None
    if objeto is not None:
        suya = llave(objeto) or objeto.pk
    elif isinstance(crudo, dict):
        suya = crudo.get("pk") or _llave_cruda(crudo)
    return " ".join(filter(None, [str(modelo or "")[:60], decir(suya)]))


def _llave_cruda(crudo: Crudo) -> object:
    """Most of what staff load is known by one of its fields: its primary key or, of a person, the CURP."""
    campos = crudo.get("fields")
    try:
        propia = apps.get_model(str(crudo.get("model")))._meta.pk
    except (LookupError, ValueError):
        propia = None
    if not isinstance(campos, dict):
        return None
    return campos.get(propia.name if propia else "") or campos.get("curp")


def llave(objeto: models.Model) -> tuple[Any, ...]:
    """The natural key; empty for what has none, or one that leads through something that is missing."""
    try:
        return tuple(objeto.natural_key()) if hasattr(objeto, "natural_key") else ()
    except (AttributeError, ObjectDoesNotExist):
        return ()


def decir(llave: object) -> str:
    """A key in words: the parts of a natural one beside each other, people's numbers masked, never long."""
    partes = llave if isinstance(llave, list | tuple) else [llave]
    return " · ".join(_enmascarar(str(parte)[:60]) for parte in partes if parte not in (None, ""))


def _enmascarar(texto: str) -> str:
    if len(texto) == 18:
        return enmascarar_curp(texto)
    return enmascarar_nss(texto) if len(texto) == 11 and texto.isdigit() else texto


def deserializar(crudo: Any, base: str, ignorar: bool) -> DeserializedObject | None:
    """The object, not saved; None when it is to be ignored. Raises Falta."""
    if not (isinstance(crudo, dict) and isinstance(crudo.get("model"), str)):
        raise Falta(_SIN_FORMA)
    try:
        modelo = apps.get_model(crudo["model"])
    except (LookupError, ValueError):
        if ignorar:
            return None
        raise Falta(f"no hay datos que se llamen «{crudo['model'][:60]}».") from None
    if not isinstance(crudo.get("fields"), dict):
        raise Falta(_SIN_FORMA)
    if faltas := list(_revisar_crudo(modelo, crudo, ignorar)):
        raise Falta(" ".join(faltas))
    try:
        [objeto] = serializers.deserialize(
            "python", [crudo], using=base, ignorenonexistent=ignorar, handle_forward_references=True
        )
    except Exception as error:
        raise Falta(_porque(error)) from None
    return objeto


def _revisar_crudo(modelo: type[models.Model], crudo: Crudo, ignorar: bool) -> Iterator[str]:
    """What is wrong with the values as they stand: Django would say it in English, or keep something else."""
    opciones = modelo._meta
    assert opciones.pk
    valores: list[tuple[str, models.Field[Any, Any], Any]] = []
    if crudo.get("pk") is not None:
        valores.append(("pk", opciones.pk, crudo["pk"]))
    for nombre, valor in crudo["fields"].items():
        try:
            campo = opciones.get_field(nombre)
        except FieldDoesNotExist:
            campo = None
        if isinstance(campo, models.Field):
            valores.append((nombre, campo, valor))
        elif not ignorar:
            yield f"no tiene un campo «{nombre[:60]}»."
    for nombre, campo, valor in valores:
        if motivo := _motivo(campo, valor):
            yield f"{nombre}: {motivo}"


def _textos(valor: Any) -> Iterator[str]:
    if isinstance(valor, str):
        yield valor
    elif isinstance(valor, list | dict):
        for parte in valor.items() if isinstance(valor, dict) else valor:
            yield from _textos(list(parte) if isinstance(parte, tuple) else parte)


def _motivo(campo: "models.Field[Any, Any]", valor: Any) -> str:
    if any(_NO_SON_TEXTO.search(texto) for texto in _textos(valor)):
        return "trae caracteres que no son texto."
    if isinstance(campo, models.ManyToManyField):
        return "" if isinstance(valor, list) else "debe ser una lista."
    if campo.is_relation:
        if isinstance(valor, list):  # a natural key
            return ""
        campo = campo.target_field  # type: ignore[attr-defined]
    elif isinstance(campo, models.CharField | models.TextField) and isinstance(
        valor, bool | float | list | dict
    ):
        return "debe ser texto, entre comillas."
    try:
        campo.to_python(valor)
    except ValidationError as error:
        return error.messages[0]
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        return "no es un valor que se pueda guardar ahí."
    return ""


def _porque(error: BaseException | None) -> str:
    """What Django wraps in its own words: the first thing that failed."""
    while error is not None:
        if isinstance(error, ValidationError):
            return error.messages[0]
        if isinstance(error, MultipleObjectsReturned):
            return "con esa llave hay varios y no se sabe cuál es."
        if isinstance(error, DatabaseError):
            return "trae algo que la base de datos no puede buscar."
        error = error.__cause__ or error.__context__
    return "sus datos, o la llave de algo que nombra, no tienen la forma que deben tener."


def juzgar(objeto: DeserializedObject, base: str) -> None:
    """Raises Falta for what the model refuses.

    Only what has a natural key is written by people. The other rows come from a dump, where an empty value
    may be what the row had: the database judges those.
    """
    fila = objeto.object
    modelo = type(fila)
    guardada = modelo._base_manager.using(base).filter(pk=fila.pk).first() if fila.pk is not None else None
    fila._state.db, fila._state.adding = base, guardada is None
    faltas = list(_referencias(objeto))
    try:
        if isinstance(fila, Persona) and isinstance(guardada, Persona):
            fila.conservar(guardada)
        if hasattr(fila, "natural_key"):
            fila.full_clean(exclude={campo.name for campo in modelo._meta.fields if campo.is_relation})
    except ValidationError as error:
        faltas += [
            mensaje if campo == NON_FIELD_ERRORS else f"{campo}: {mensaje}"
            for campo, mensajes in error.message_dict.items()
            for mensaje in mensajes
        ]
    if faltas:
        raise Falta(" ".join(faltas))


def _referencias(objeto: DeserializedObject) -> Iterator[str]:
    """Natural keys that lead nowhere, of what cannot wait for the rest of the file."""
    diferidos = {campo.name: llave for campo, llave in (objeto.deferred_fields or {}).items()}
    for campo in objeto.object._meta.fields:
        if campo.is_relation and not campo.null and getattr(objeto.object, campo.attname) is None:
            llave = diferidos.get(campo.name)
            yield f"{campo.name}: no existe «{decir(llave)}»." if llave else f"{campo.name}: falta."


# What the database says --------------------------------------------------------------------------


def decir_base(error: Exception, modelo: type[models.Model]) -> str:
    """Why the database refused a row, without its own words: they are English and quote the data."""
    diag = getattr(error.__cause__, "diag", None)
    dicho = f"{diag.constraint_name or ''} {diag.column_name or ''}" if diag else str(error)
    if NSS_PARA_SIEMPRE in dicho:
        return f"nss: {_OTRO_NSS}"
    for restriccion in modelo._meta.constraints:
        if re.search(rf"\b{restriccion.name}\b", dicho):
            return str(restriccion.get_violation_error_message())
    if "UNIQUE" in dicho or getattr(diag, "sqlstate", "") == "23505":
        return "repite un dato que otro ya tiene y que no puede repetirse."
    if "NOT NULL" in dicho or getattr(diag, "sqlstate", "") == "23502":
        return f"falta {dicho.split('.')[-1].split()[-1]}."
    return "la base de datos no lo admite: revisa que cada valor sea del tipo y tamaño de su campo."
