"""The act of step 2: whether somebody is covered today, by which school, since when and until when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db import transaction
from django.utils import timezone

from nss_portal.documentos.models import Documento
from nss_portal.personas import renapo
from nss_portal.personas.identidad import agregado_medico
from nss_portal.personas.models import Persona
from nss_portal.tramites import confirmacion, maquina
from nss_portal.tramites.models import Estado, Tramite
from vigencia.models import Consulta, Inscripcion

# Step 3 stands on this one, so what it knows is handed in.
type Adscripcion = Callable[[Persona, bool], dict[str, object]]


class Causa(StrEnum):
    """Why somebody is not covered."""

    NUNCA_INSCRITO = "nunca-inscrito"
    BAJA = "baja"
    CICLO_TERMINADO = "ciclo-terminado"
    AUN_NO_INICIA = "aun-no-inicia"


@dataclass(frozen=True)
class Situacion:
    """What is true of a person on a day: `causa` is None when covered, `inscripcion` the one that decides."""

    causa: Causa | None
    inscripcion: Inscripcion | None

    @property
    def vigente(self) -> bool:
        return self.causa is None


def situacion(persona: Persona, hoy: date) -> Situacion:
    """Covered on `hoy` (Mexico City's day) or not, and by or because of which enrolment.

    Of several that cover, the one that lasts longest. Of none that does: the next to begin, else the last to
    have ended. One or two queries, however long the history.
    """
    suyas = Inscripcion.objects.filter(persona=persona).select_related("escuela", "registro")
    vigentes = sorted(suyas.vigentes(hoy), key=lambda i: (i.ultimo_dia, i.pk))
    if vigentes:
        return Situacion(None, vigentes[-1])
    todas = list(suyas)
    if not todas:
        return Situacion(Causa.NUNCA_INSCRITO, None)
    # One that was taken back before its first day never begins.
    futuras = [i for i in todas if i.alta > hoy and i.ultimo_dia >= i.alta]
    if futuras:
        return Situacion(Causa.AUN_NO_INICIA, min(futuras, key=lambda i: (i.alta, i.pk)))
    ultima = max(todas, key=lambda i: (i.ultimo_dia, i.pk))
    return Situacion(Causa.BAJA if ultima.baja else Causa.CICLO_TERMINADO, ultima)


def resolver(tramite: Tramite, adscripcion: Adscripcion) -> None:
    """Answer step 2: refuse with its reason, or freeze the report, covered or not.

    `adscripcion` says of a person, covered or not, what the report prints of their clinic.

    One transaction; safe to call twice. Raises renapo.NoDisponible: nothing changes then.
    """
    identificada = renapo.identificar(tramite.curp)
    with transaction.atomic():
        if confirmacion.pedir(tramite, identificada):
            return
        motivo = _motivo(tramite, identificada)
        if motivo:
            tramite.mover(Estado.RECHAZADO, motivo=motivo)
            return
        assert identificada
        hoy = timezone.localdate()
        actual = situacion(identificada, hoy)
        resultado = Tramite.Resultado.VIGENTE if actual.vigente else Tramite.Resultado.NO_VIGENTE
        if tramite.mover(Estado.EMITIENDO, persona=identificada, resultado=resultado):
            maquina.congelar(
                tramite,
                [Documento.Tipo.VIGENCIA],
                _datos(identificada, actual, adscripcion(identificada, actual.vigente)),
            )


def _motivo(tramite: Tramite, persona: Persona | None) -> Tramite.Motivo | None:
    if comun := maquina.rechazo_comun(persona):
        return comun
    assert persona
    if persona.nss is None:
        return Tramite.Motivo.CURP_SIN_NSS
    if persona.nss != Consulta.objects.get(tramite=tramite).nss:
        return Tramite.Motivo.NSS_NO_CORRESPONDE
    return None


def _datos(persona: Persona, actual: Situacion, clinica: dict[str, object]) -> dict[str, object]:
    """What the report says."""
    inscripcion = actual.inscripcion
    return {
        "nombre": persona.nombre_completo,
        "curp": persona.curp,
        "nss": persona.nss,
        "agregado": agregado_medico(persona.sexo, persona.nacimiento),
        "vigente": actual.vigente,
        "causa": actual.causa or "",
        "desde": inscripcion.alta.isoformat() if inscripcion else "",
        "hasta": inscripcion.ultimo_dia.isoformat() if inscripcion else "",
        "escuela": inscripcion.escuela.nombre if inscripcion else "",
        "registro": inscripcion.registro_id if inscripcion else "",
        "movimiento": ("Baja" if inscripcion.baja else "Alta") if inscripcion else "",
        "movimiento_fecha": timezone.localdate(inscripcion.movida).isoformat() if inscripcion else "",
        **clinica,
    }


# What was said, today ---------------------------------------------------------------------------


def ya_no(documento: Documento, persona: Persona, hoy: date) -> str:
    """Why what a document says of coverage is not so on `hoy`; "" when it is, or it says nothing of it."""
    datos = documento.datos
    defuncion = Inscripcion.objects.filter(
        persona=persona, causa=Inscripcion.Causa.DEFUNCION, baja__lte=hoy
    ).first()
    if defuncion and datos.get("vigente", True):
        # Whoever holds the paper is not told by us of what.
        return f"baja el {defuncion.baja:%d/%m/%Y}"
    if documento.tramite.tipo == Tramite.Tipo.NSS:
        return ""
    actual = situacion(persona, hoy)
    if documento.tipo == Documento.Tipo.ADSCRIPCION:  # it says no dates
        return "" if actual.vigente else _situacion_en_palabras(actual)
    if datos.get("vigente", True):
        return _ya_no_lo_cubre(datos, persona, actual, hoy)
    return _ya_no_es_por_eso(datos, actual)


def _ya_no_lo_cubre(datos: dict[str, str], persona: Persona, actual: Situacion, hoy: date) -> str:
    if not actual.vigente:
        return _situacion_en_palabras(actual)
    # The report says «desde» of the enrolment, the comprobante of the clinic's alta.
    desde = datos["desde"] if "vigente" in datos else None
    hasta = datos["hasta"] if "vigente" in datos else datos["vigente_hasta"]
    for suya in Inscripcion.objects.vigentes(hoy).filter(persona=persona):
        if desde in (None, suya.alta.isoformat()) and hasta == suya.ultimo_dia.isoformat():
            return ""
    return _situacion_en_palabras(actual)


def _ya_no_es_por_eso(datos: dict[str, str], actual: Situacion) -> str:
    """Of a report that says NO: covered by now, or not covered for another reason."""
    if actual.vigente or datos["causa"] != actual.causa:
        return _situacion_en_palabras(actual)
    inicia = actual.causa == Causa.AUN_NO_INICIA and actual.inscripcion
    if inicia and inicia.alta.isoformat() != datos["desde"]:
        return _situacion_en_palabras(actual)
    return ""


def _situacion_en_palabras(actual: Situacion) -> str:
    suya = actual.inscripcion
    if suya is None:
        return "no tiene inscripción"
    return {
        None: f"tiene derecho del {suya.alta:%d/%m/%Y} al {suya.ultimo_dia:%d/%m/%Y}",
        Causa.BAJA: f"baja el {suya.baja or suya.fin:%d/%m/%Y}",
        Causa.CICLO_TERMINADO: f"su inscripción terminó el {suya.ultimo_dia:%d/%m/%Y}",
        Causa.AUN_NO_INICIA: f"su inscripción inicia el {suya.alta:%d/%m/%Y}",
    }[actual.causa]
