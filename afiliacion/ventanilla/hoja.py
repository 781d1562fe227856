"""What the page of an attention shows: the person, their papers, their trámites, and what comes next."""

import hashlib
from typing import Any

from afiliacion.forms import DomicilioForm
from afiliacion.models import Atencion, Cambio, Cotejo
from afiliacion.ventanilla import actos
from afiliacion.ventanilla.forms import CodigoPostalForm, CotejoForm
from nss_portal.personas.models import Vinculo
from nss_portal.tramites.models import Estado, Tramite
from nss_portal.tramites.models.tramite import DE_TRABAJO
from nss_portal.tramites.paso import Oferta

ESPERAS = {
    Tramite.Espera.REGISTRO_NO_DISPONIBLE: "El registro de población no responde. Seguimos intentando.",
    Tramite.Espera.SERIE_AGOTADA: "No quedan números para su año de nacimiento. Ya avisamos al área central: "
    "el trámite sigue solo en cuanto haya.",
    Tramite.Espera.DOCUMENTO: "El documento tarda más de lo normal. Seguimos intentando.",
    Tramite.Espera.ATENCION: "Necesita al área central, que ya está avisada. El trámite sigue solo después.",
}


def contexto(atencion: Atencion, oferta: Oferta, formas: dict[str, Any]) -> dict[str, Any]:
    """All of the page; `formas` are the forms that came back with something to correct."""
    persona, vistos = atencion.persona, cotejos(atencion)
    suyos = list(atencion.tramites.order_by("creado").prefetch_related("documentos"))
    pedidos = list(
        atencion.cambios.select_related("pide", "autoriza").prefetch_related("tramites__documentos")
    )
    abiertos = [tramite for tramite in suyos if tramite.estado in actos.ABIERTOS]
    identificada = actos.trajo(atencion, Cotejo.Papel.IDENTIFICACION)
    codigo = actos.lo_que_se_sabe(persona, oferta).get("codigo_postal")
    return {
        "atencion": atencion,
        "persona": persona,
        "vinculo": Vinculo.de(persona),
        "curps_anteriores": list(persona.curps_anteriores.all()),
        "cotejos": [vistos[papel] for papel in Cotejo.Papel if papel in vistos],
        "cotejo": formas.get("cotejo") or CotejoForm(cotejos=vistos),
        "corrige_cotejo": "cotejo" in formas,
        "identificada": identificada,
        "tramites": [_tarjeta(tramite, oferta, formas) for tramite in suyos],
        "abiertos": bool(abiertos),
        "ofertas": [] if abiertos or not identificada else _ofertas(atencion, oferta, suyos),
        "codigo_postal": formas.get("codigo_postal")
        or CodigoPostalForm(prefix="clinica", initial={"codigo_postal": codigo.pk if codigo else ""}),
        "cambios": pedidos,
        "posibles": [(tipo, Cambio.Tipo(tipo).label) for tipo in cambios_posibles(atencion)],
        "huella": huella(atencion),
        "trabajando": _trabajando(suyos, pedidos),
    }


def cotejos(atencion: Atencion) -> dict[str, Cotejo]:
    return {cotejo.papel: cotejo for cotejo in atencion.cotejos.select_related("reviso")}


def _ofertas(atencion: Atencion, oferta: Oferta, suyos: list[Tramite]) -> list[dict[str, Any]]:
    """What can be begun now; what they came for goes first."""
    hechos = {t.tipo for t in suyos if t.estado != Estado.RECHAZADO}
    ofertas = [
        {"tipo": paso.tipo, "rotulo": rotulo, "con_codigo": "codigo_postal" in paso.pide}
        for paso in oferta.values()
        # What was chosen may be chosen again.
        if (rotulo := paso.en_ventanilla(atencion.persona)) and (paso.tipo not in hechos or paso.eleccion)
    ]
    return sorted(ofertas, key=lambda una: una["tipo"] != atencion.motivo)


def _tarjeta(tramite: Tramite, oferta: Oferta, formas: dict[str, Any]) -> dict[str, Any]:
    """One trámite, as its row says that it is."""
    paso = oferta[tramite.tipo]
    tarjeta: dict[str, Any] = {
        "tramite": tramite,
        "documentos": list(tramite.documentos.all()),
        "trabajando": tramite.estado in DE_TRABAJO,
        "espera": ESPERAS.get(Tramite.Espera(tramite.espera)) if tramite.espera else "",
        "rechazo": paso.rechazos[tramite.motivo].para_ventanilla if tramite.motivo else "",
        "resultado": paso.resultados.get(tramite.resultado, ""),
        "resuelto": tramite.estado in (Estado.RESUELTO, Estado.FINALIZADO),
    }
    if tramite.estado == Estado.DOMICILIO:
        tarjeta["domicilio"] = formas.get("domicilio") or DomicilioForm()
    elif tramite.estado in (Estado.ELECCION, Estado.REVISION) and (eleccion := paso.eleccion):
        tarjeta["eleccion"] = formas.get("eleccion") or eleccion.form(tramite, None)
    return tarjeta


def cambios_posibles(atencion: Atencion) -> list[str]:
    """What may be asked for of this person, and is not waiting for an answer already."""
    if atencion.terminada:
        return []
    bloqueo = Cambio.Tipo.DESBLOQUEO if atencion.persona.bloqueada else Cambio.Tipo.BLOQUEO
    pendientes = set(
        Cambio.objects.filter(persona=atencion.persona, estado=Cambio.Estado.PEDIDO).values_list(
            "tipo", flat=True
        )
    )
    todos = [Cambio.Tipo.DATOS, Cambio.Tipo.CORREO, Cambio.Tipo.CURP, bloqueo]
    return [str(tipo) for tipo in todos if tipo not in pendientes]


def _trabajando(suyos: list[Tramite], pedidos: list[Cambio]) -> bool:
    """Whether a worker has something to do for this page."""
    por_poner = any(c.estado == Cambio.Estado.AUTORIZADO and c.al_dia is None for c in pedidos)
    return por_poner or any(tramite.estado in DE_TRABAJO for tramite in suyos)


def huella(atencion: Atencion) -> str:
    """Changes when the page would: nothing can be read in it."""
    filas = [
        *atencion.tramites.order_by("pk").values_list("pk", "estado", "espera"),
        *atencion.cambios.order_by("pk").values_list("pk", "estado", "al_dia"),
    ]
    return hashlib.sha256(repr(filas).encode()).hexdigest()[:16]
