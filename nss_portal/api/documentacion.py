"""The OpenAPI of the API, made whole: what every operation may answer besides what it is for."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from nss_portal.api import problemas
from nss_portal.api.problemas import CONTENIDO, TIPOS, ProblemaSchema

_CLAVE = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Una por petición. Si se repite en 24 horas, la respuesta es la misma y se hace una vez.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}


def completar(esquema: OpenAPISchema) -> OpenAPISchema:
    """Add to each operation its refusals, its Idempotency-Key and, to what gives a PDF, the PDF."""
    componentes = esquema.setdefault("components", {}).setdefault("schemas", {})
    componentes["Problema"] = ProblemaSchema.model_json_schema()
    for camino, operaciones in esquema["paths"].items():
        for metodo, operacion in operaciones.items():
            _completar(camino, metodo, operacion)
    return esquema


def _completar(camino: str, metodo: str, operacion: dict[str, Any]) -> None:
    tipos = ["limite"]
    if operacion.get("security"):
        tipos.append("credencial")
    if "{" in camino:
        tipos += ["no-encontrado", "estado"]
    if metodo == "post":
        operacion.setdefault("parameters", []).append(_CLAVE)
        tipos += ["peticion", "campos", "estado", "tamano"]
    if camino.endswith("/tramites/"):
        tipos.append("credencial")
        # A token is welcome there, not asked for.
        operacion["security"] = [{}, {"Portador": []}]
    if metodo == "get" and operacion.get("parameters"):
        tipos.append("campos")
    respuestas = {int(cual): dicha for cual, dicha in operacion["responses"].items()}
    for tipo in tipos:
        estado = TIPOS[tipo].estado
        respuestas[int(estado)] = {
            "description": TIPOS[tipo].titulo,
            "content": {CONTENIDO: {"schema": {"$ref": "#/components/schemas/Problema"}}},
        }
    if camino.endswith("/documentos/{pk}/"):
        pdf = {"schema": {"type": "string", "format": "binary"}}
        respuestas[200] = {"description": "El documento", "content": {"application/pdf": pdf}}
    operacion["responses"] = {str(cual): respuestas[cual] for cual in sorted(respuestas)}


@never_cache
@require_safe
def pagina(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    """The same, to be read by a person: no scripts, nothing from elsewhere."""
    esquema = api.get_openapi_schema()
    grupos: dict[str, list[dict[str, Any]]] = {}
    for camino, operaciones in esquema["paths"].items():
        for metodo, operacion in operaciones.items():
            grupos.setdefault(operacion["tags"][0], []).append(
                {"metodo": metodo.upper(), "camino": camino, **_para_leer(operacion, esquema)}
            )
    contexto = {"esquema": esquema, "grupos": grupos, "tipos": TIPOS}
    return render(request, "app/api.html", contexto)


def _para_leer(operacion: dict[str, Any], esquema: OpenAPISchema) -> dict[str, Any]:
    cuerpo = operacion.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return {
        "resumen": operacion.get("summary", ""),
        "texto": operacion.get("description", ""),
        "campos": _campos(cuerpo, esquema),
        "con_token": any(operacion.get("security") or []) and {} not in operacion["security"],
        "respuestas": [
            (
                cual,
                "Listo" if cual.startswith("2") else dicha["description"],
                [
                    campo
                    for contenido in dicha.get("content", {}).values()
                    for campo in (
                        _campos(contenido.get("schema", {}), esquema) if cual.startswith("2") else []
                    )
                ],
            )
            for cual, dicha in operacion["responses"].items()
        ],
    }


def _campos(esquema_local: dict[str, Any], esquema: OpenAPISchema) -> list[dict[str, Any]]:
    """Name, description, example and whether it is needed, of each property of a schema of ours."""
    ref = esquema_local.get("$ref", "").rpartition("/")[2]
    cual = esquema["components"]["schemas"].get(ref, {})
    obligatorios = cual.get("required", [])
    return [
        {
            "nombre": nombre,
            "texto": campo.get("description", ""),
            "ejemplo": next((e for e in campo.get("examples", []) if e is not None), None),
            "hace_falta": nombre in obligatorios,
        }
        for nombre, campo in cual.get("properties", {}).items()
    ]


@never_cache
def no_hay(request: HttpRequest, resto: str = "") -> HttpResponse:
    """Any other address under the API: the same shape as every refusal."""
    return problemas.Problema("no-encontrado", "Esa dirección no es de esta API.").respuesta()


no_hay.csrf_exempt = True  # type: ignore[attr-defined]
