"""The act of step 3: from a postal code to a clinic, a shift and a consultorio, and their documents."""

import uuid
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from clinicas import alta, cercania
from clinicas.models import Alta, Clinica, Peticion
from nss_portal.correo.models import Envio
from nss_portal.documentos.models import Documento
from nss_portal.personas import renapo
from nss_portal.personas.identidad import agregado_medico
from nss_portal.personas.models import Persona, Vinculo
from nss_portal.tramites import confirmacion, maquina, titular
from nss_portal.tramites.models import Estado, Tramite
from vigencia.verificacion import situacion


def resolver(tramite: Tramite) -> None:
    """Answer step 3: refuse with its reason, show the clinic there is, or offer the ones to choose from.

    One transaction; safe to call twice. Raises renapo.NoDisponible: nothing changes then.
    """
    identificada = renapo.identificar(tramite.curp)
    with transaction.atomic():
        if confirmacion.pedir(tramite, identificada):
            return
        motivo = _motivo(identificada)
        if motivo:
            _rechazar(tramite, identificada, motivo)
            return
        assert identificada
        peticion = Peticion.objects.select_related("codigo_postal__municipio").get(tramite=tramite)
        actual = alta.retener(identificada) if not peticion.cambio else None
        if actual:
            _emitir(tramite, identificada, actual, Tramite.Resultado.YA_REGISTRADO)
            return
        opciones = cercania.opciones(peticion.codigo_postal)
        if not opciones:  # the whole country is full: staff must know
            raise maquina.NoPuedeSeguir(Tramite.Espera.ATENCION)
        if len(opciones) == 1 and len(opciones[0].turnos) == 1:  # no needless choice
            if tramite.mover(Estado.REVISION, persona=identificada):
                _elegir(peticion, opciones[0].clinica, opciones[0].turnos[0].turno)
        else:
            tramite.mover(Estado.ELECCION, persona=identificada)


def _motivo(persona: Persona | None) -> Tramite.Motivo | None:
    if comun := maquina.rechazo_comun(persona):
        return comun
    assert persona
    if persona.nss is None:
        return Tramite.Motivo.CURP_SIN_NSS
    if not situacion(persona, timezone.localdate()).vigente:
        return Tramite.Motivo.SIN_VIGENCIA
    return None


def _rechazar(tramite: Tramite, persona: Persona | None, motivo: Tramite.Motivo) -> bool:
    """Refuse, and keep what the page says of it: what is missing may be another thing tomorrow."""
    if not tramite.mover(Estado.RECHAZADO, motivo=motivo):
        return False
    if persona and motivo == Tramite.Motivo.SIN_VIGENCIA:
        falta = situacion(persona, timezone.localdate())
        desde = falta.inscripcion.alta.isoformat() if falta.inscripcion else ""
        Peticion.objects.filter(tramite=tramite).update(falta={"causa": falta.causa, "desde": desde})
    return True


def elegir(tramite: Tramite, clinica: Clinica, turno: str) -> bool:
    """Keep the choice, to be reviewed before anything is done; False when the trámite is past that."""
    with transaction.atomic():
        volver_a_elegir(tramite)
        if tramite.estado != Estado.ELECCION or not tramite.mover(Estado.REVISION):
            return False
        _elegir(Peticion.objects.get(tramite=tramite), clinica, turno)
        return True


def volver_a_elegir(tramite: Tramite) -> None:
    """From the review back to the choice; nothing when it is there already, or past both."""
    with transaction.atomic():
        if tramite.estado == Estado.REVISION:
            tramite.mover(Estado.ELECCION)


def _elegir(peticion: Peticion, clinica: Clinica, turno: str) -> None:
    peticion.clinica, peticion.turno = clinica, turno
    peticion.save(update_fields=["clinica", "turno"])


def confirmar(tramite: Tramite, clinica: Clinica, turno: str) -> bool:
    """Register the person there and freeze both documents; False when another tab or click was first.

    One transaction. Raises clinicas.alta.SinLugar: nothing changes then; there is another clinic to choose.
    """
    persona = tramite.persona
    assert persona
    with transaction.atomic():
        # One person's requests queue here, so that what it was before is read when nobody is changing it.
        persona = Persona.objects.select_for_update(no_key=True).get(pk=persona.pk)
        if confirmacion.pedir(tramite, persona):  # another mailbox was confirmed in between
            return True
        if motivo := _motivo(persona):  # a baja came in between, or a block
            return _rechazar(tramite, persona, motivo)
        anterior = alta.activa(persona)
        nueva = alta.registrar(persona, clinica, turno, tramite)
        if anterior is None:
            resultado = Tramite.Resultado.REGISTRADO
        elif nueva.pk == anterior.pk:
            resultado = Tramite.Resultado.YA_REGISTRADO
        else:
            resultado = Tramite.Resultado.CAMBIADO
        if not _emitir(tramite, persona, nueva, resultado, anterior):
            transaction.set_rollback(True)
            return False
        if resultado == Tramite.Resultado.CAMBIADO and anterior:
            _sustituir_tarjetas(tramite, persona)
            _avisar_del_cambio(tramite, anterior)
        return True


def cambiar(tramite: Tramite) -> Tramite:
    """Begin the change of a clinic that this trámite has shown. A double click begins one.

    Raises IntegrityError when another one was begun with the same number.
    """
    peticion = Peticion.objects.get(tramite=tramite)
    # Made from the trámite's own number, so that of two clicks the second finds the first's.
    solicitud = uuid.uuid5(tramite.pk, "cambio")
    with transaction.atomic():
        if empezado := Tramite.objects.filter(solicitud=solicitud).first():
            return empezado
        nuevo = maquina.iniciar(
            tramite.tipo,
            solicitud,
            tramite.navegador,
            tramite.curp,
            tramite.correo,
            origen=tramite.origen,
        )
        titular.heredar(tramite, nuevo)
        Peticion.objects.create(tramite=nuevo, codigo_postal=peticion.codigo_postal, cambio=True)
        return nuevo


def _sustituir_tarjetas(tramite: Tramite, persona: Persona) -> None:
    """The card of this trámite takes the place of those that say the clinic of before."""
    nueva = tramite.documentos.get(tipo=Documento.Tipo.ADSCRIPCION)
    alta.tarjetas_en_vigor(persona.pk).exclude(pk=nueva.pk).update(sustituido_por=nueva)


def _avisar_del_cambio(tramite: Tramite, anterior: Alta) -> None:
    """To the mailbox that speaks for the person, or that registered them before, when another one asked."""
    vinculo = Vinculo.de(tramite.persona)
    quienes = [tramite.correo, tramite.confirmado_por]
    antes = anterior.tramite
    destino = vinculo.correo if vinculo else antes.correo if antes else ""
    if antes and destino and not any(confirmacion.mismo(destino, quien) for quien in quienes):
        datos = {"clinica": anterior.consultorio.clinica.nombre, "folio": tramite.folio}
        Envio.objects.create(tramite=antes, aviso="cambio-clinica", datos=datos)


def _emitir(
    tramite: Tramite, persona: Persona, lugar: Alta, resultado: str, anterior: Alta | None = None
) -> bool:
    if not tramite.mover(Estado.EMITIENDO, persona=persona, resultado=resultado):
        return False
    tipos = [Documento.Tipo.COMPROBANTE, Documento.Tipo.ADSCRIPCION]
    maquina.congelar(tramite, tipos, _datos(persona, lugar, resultado, anterior))
    return True


def _datos(persona: Persona, lugar: Alta, resultado: str, anterior: Alta | None) -> dict[str, Any]:
    """What both documents of step 3 say."""
    hasta = situacion(persona, timezone.localdate()).inscripcion
    assert hasta
    clinica = lugar.consultorio.clinica
    antes = anterior.consultorio.clinica if anterior and resultado == Tramite.Resultado.CAMBIADO else None
    if antes == clinica:  # only the shift has changed
        antes = None
    return {
        "nombre": persona.nombre_completo,
        "curp": persona.curp,
        "nss": persona.nss,
        "agregado": agregado_medico(persona.sexo, persona.nacimiento),
        "clinica": clinica.nombre,
        "clues": clinica.clues,
        "domicilio_clinica": clinica.direccion,
        "telefono": clinica.telefono,
        "horario": clinica.horario,
        "ventanilla": clinica.ventanilla,
        "delegacion": clinica.delegacion,
        "turno": lugar.consultorio.turno,
        "consultorio": str(lugar.consultorio.numero),
        "desde": lugar.desde.isoformat(),
        "vigente_hasta": hasta.ultimo_dia.isoformat(),
        "resultado": resultado,
        "anterior": antes.nombre if antes else "",
    }


def adscripcion(persona: Persona, vigente: bool) -> dict[str, object]:
    """What the report of step 2 says of the clinic; empty texts when there is none."""
    lugar = alta.activa(persona)
    consultorio = lugar.consultorio if lugar else None
    return {
        "delegacion": consultorio.clinica.delegacion if consultorio else "",
        "clinica": consultorio.clinica.nombre if consultorio else "",
        "turno": consultorio.turno if consultorio else "",
        "consultorio": str(consultorio.numero) if consultorio else "",
        # With a baja the clinic is not lost: it waits for the next inscripción.
        "clinica_suspendida": bool(lugar) and not vigente,
    }


def ya_no(documento: Documento, persona: Persona, hoy: date) -> str:
    """Why what a document says of the clinic is not so; "" when it is, or it says nothing of one."""
    datos = documento.datos
    if not datos.get("clinica"):
        return ""
    lugar = alta.activa(persona)
    if lugar is None:
        return "no tiene registro en clínica"
    consultorio, clinica = lugar.consultorio, lugar.consultorio.clinica
    # The report of step 2 says the clinic by its name only.
    misma = datos["clues"] == clinica.clues if "clues" in datos else datos["clinica"] == clinica.nombre
    cambios = {
        "clínica": not misma,
        "turno": datos["turno"] != consultorio.turno,
        "consultorio": datos["consultorio"] != str(consultorio.numero),
    }
    que = next((que for que, cambio in cambios.items() if cambio), "")
    return f"cambió de {que} el {lugar.desde:%d/%m/%Y}" if que else ""
