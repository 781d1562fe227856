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

Tipo, Motivo = Tramite.Tipo, Tramite.Motivo
# What a clerk reads when a step says no, and what can be done about it.
RECHAZOS = {
    Motivo.CURP_NO_ENCONTRADA: "El registro de población ya no conoce esta CURP. Debe aclararlo en el "
    "Registro Civil.",
    Motivo.CURP_SIN_NSS: "Todavía no tiene NSS: empieza por obtenerlo.",
    Motivo.NSS_NO_CORRESPONDE: "El NSS no es el de esta CURP. Avisa a quien supervisa.",
    Motivo.SIN_VIGENCIA: "Hoy no tiene una inscripción vigente: su escuela debe inscribir su NSS. "
    "Imprímele su reporte de vigencia para que lo lleve.",
    Motivo.BLOQUEADA: "Su CURP está bloqueada por una solicitud ARCO: ningún paso sigue hasta "
    "que se desbloquee.",
}
ESPERAS = {
    Tramite.Espera.REGISTRO_NO_DISPONIBLE: "El registro de población no responde. Seguimos intentando.",
    Tramite.Espera.SERIE_AGOTADA: "No quedan números para su año de nacimiento. Ya avisamos al área central: "
    "el trámite sigue solo en cuanto haya.",
    Tramite.Espera.DOCUMENTO: "El documento tarda más de lo normal. Seguimos intentando.",
    Tramite.Espera.ATENCION: "Necesita al área central, que ya está avisada. El trámite sigue solo después.",
}
RESULTADOS = {
    "asignado": "Se le asignó su NSS.",
    "localizado": "Ya tenía NSS: es éste.",
    "vigente": "Sí tiene derecho al servicio médico por su escuela.",
    "no-vigente": "Hoy no tiene una inscripción vigente de su escuela.",
    "registrado": "Quedó su registro en la clínica.",
    "ya-registrado": "Ya tenía registro en su clínica.",
    "cambiado": "Cambió de clínica.",
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
        "vinculo": Vinculo.objects.filter(persona=persona).first(),
        "curps_anteriores": list(persona.curps_anteriores.all()),
        "cotejos": [vistos[papel] for papel in Cotejo.Papel if papel in vistos],
        "cotejo": formas.get("cotejo") or CotejoForm(cotejos=vistos),
        "corrige_cotejo": "cotejo" in formas,
        "identificada": identificada,
        "tramites": [_tarjeta(tramite, oferta, formas) for tramite in suyos],
        "abiertos": bool(abiertos),
        "ofertas": [] if abiertos or not identificada else _ofertas(atencion, suyos),
        "codigo_postal": formas.get("codigo_postal")
        or CodigoPostalForm(prefix="clinica", initial={"codigo_postal": codigo.pk if codigo else ""}),
        "cambios": pedidos,
        "posibles": [(tipo, Cambio.Tipo(tipo).label) for tipo in cambios_posibles(atencion)],
        "huella": huella(atencion),
        "trabajando": _trabajando(suyos, pedidos),
    }


def cotejos(atencion: Atencion) -> dict[str, Cotejo]:
    return {cotejo.papel: cotejo for cotejo in atencion.cotejos.select_related("reviso")}


def _ofertas(atencion: Atencion, suyos: list[Tramite]) -> list[dict[str, Any]]:
    """What can be begun now; what they came for goes first."""
    persona = atencion.persona
    hechos = {t.tipo for t in suyos if t.estado != Estado.RECHAZADO}
    rotulos = {Tipo.NSS: "Localizar su NSS" if persona.nss else "Asignarle un NSS"}
    if persona.nss:
        rotulos[Tipo.VIGENCIA] = "Sacar su reporte de vigencia"
        rotulos[Tipo.CLINICA] = "Registrar en su clínica"
    ofertas = [
        {"tipo": tipo, "rotulo": rotulo, "con_codigo": tipo == Tipo.CLINICA}
        for tipo, rotulo in rotulos.items()
        if tipo not in hechos or tipo == Tipo.CLINICA
    ]
    return sorted(ofertas, key=lambda oferta: oferta["tipo"] != atencion.motivo)


def _tarjeta(tramite: Tramite, oferta: Oferta, formas: dict[str, Any]) -> dict[str, Any]:
    """One trámite, as its row says that it is."""
    tarjeta: dict[str, Any] = {
        "tramite": tramite,
        "documentos": list(tramite.documentos.all()),
        "trabajando": tramite.estado in DE_TRABAJO,
        "espera": ESPERAS.get(Tramite.Espera(tramite.espera)) if tramite.espera else "",
        "rechazo": RECHAZOS.get(Motivo(tramite.motivo)) if tramite.motivo else "",
        "resultado": RESULTADOS.get(tramite.resultado, ""),
        "resuelto": tramite.estado in (Estado.RESUELTO, Estado.FINALIZADO),
    }
    if tramite.estado == Estado.DOMICILIO:
        tarjeta["domicilio"] = formas.get("domicilio") or DomicilioForm()
    elif tramite.estado in (Estado.ELECCION, Estado.REVISION) and (eleccion := oferta[tramite.tipo].eleccion):
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
