"""The act of step 1: locate a person's NSS, or assign one."""

from collections import Counter
from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from afiliacion import promesas
from afiliacion.models import Prefijo, Serie, Subdelegacion
from nss_portal.correo import avisos
from nss_portal.documentos.models import Documento
from nss_portal.personas import renapo
from nss_portal.personas.identidad import ENTIDADES, componer_nss, nacimiento_curp
from nss_portal.personas.models import Persona
from nss_portal.tramites import confirmacion, maquina
from nss_portal.tramites.models import Domicilio, Estado, Residencia, Tramite

# One statement draws the next number: the row is locked by the database while it is written, so two
# processes can not read the same one. The WHERE is what keeps a series from going past its last number.
_SIGUIENTE = """
    INSERT INTO afiliacion_serie (prefijo, anio_registro, anio_nacimiento, abierta, ultimo)
    VALUES (%s, %s, %s, %s, 0)
    ON CONFLICT (prefijo, anio_registro, anio_nacimiento)
    DO UPDATE SET ultimo = afiliacion_serie.ultimo + 1 WHERE afiliacion_serie.ultimo < %s
    RETURNING ultimo
"""


class SerieAgotada(maquina.NoPuedeSeguir):
    """No number left for that year of birth: not the subdelegación's, its entidad's or the reserve's."""

    def __init__(self) -> None:
        super().__init__(Tramite.Espera.SERIE_AGOTADA)


def resolver(tramite: Tramite) -> None:
    """Locate the NSS of the trámite's CURP, or ask for the address, or assign one; then freeze the documents.

    One transaction; safe to call twice. Raises renapo.NoDisponible, SerieAgotada, SerieDetenida: nothing
    changes then.
    """
    identificada = renapo.identificar(tramite.curp)
    with transaction.atomic():
        # Where the name is not asked, a number about to be given is its browser's; one there is, its owner's.
        por_asignar = identificada is not None and identificada.nss is None
        if confirmacion.pedir(tramite, identificada, por_asignar=por_asignar):
            return
        if motivo := maquina.rechazo_comun(identificada):
            tramite.mover(Estado.RECHAZADO, motivo=motivo)
            return
        assert identificada
        # Locked: of two browsers that ask for one CURP, the second finds the number of the first.
        persona = Persona.objects.select_for_update().get(pk=identificada.pk)
        domicilio = Domicilio.objects.filter(tramite=tramite).first()
        if persona.nss:
            resultado = Tramite.Resultado.LOCALIZADO
        elif (subdelegacion := _que_asigna(tramite, persona, domicilio)) is None:
            tramite.mover(Estado.DOMICILIO, persona=persona)
            return
        else:
            resultado = Tramite.Resultado.ASIGNADO
            persona.nss = asignar_nss(persona, subdelegacion)
        if tramite.mover(Estado.EMITIENDO, persona=persona, resultado=resultado):
            maquina.congelar(
                tramite, [Documento.Tipo.NSS, Documento.Tipo.TARJETA], _datos(tramite, domicilio)
            )


def _que_asigna(tramite: Tramite, persona: Persona, domicilio: Domicilio | None) -> Subdelegacion | None:
    """The office that gives the number: the address's. None: the address must be asked for first.

    In the App no address is asked: of the entidad of birth, the office with most numbers left;
    of whoever was born abroad, the one of the postal code that they gave, if they did.
    """
    if domicilio:
        return Subdelegacion.objects.que_atiende(domicilio.codigo_postal)
    if tramite.canal != Tramite.Canal.APP:
        return None
    if residencia := Residencia.objects.filter(tramite=tramite).first():
        return Subdelegacion.objects.que_atiende(residencia.codigo_postal)
    clave = ENTIDADES[persona.entidad][1]
    return con_mas_numeros(clave, persona, timezone.localdate()) if clave else None


def con_mas_numeros(entidad: str, persona: Persona, hoy: date) -> Subdelegacion | None:
    """An entidad's office with most numbers left for the person's year of birth; of equals, the first."""
    serie = {
        "anio_registro": f"{hoy.year % 100:02d}",
        "anio_nacimiento": f"{nacimiento_curp(persona.curp).year % 100:02d}",
    }
    prefijos = dict(
        Prefijo.objects.filter(subdelegacion__entidad=entidad).values_list("prefijo", "subdelegacion")
    )
    series = {s.prefijo: s for s in Serie.objects.filter(prefijo__in=prefijos, **serie)}
    libres = Counter(
        dict.fromkeys(Subdelegacion.objects.filter(entidad=entidad).values_list("pk", flat=True), 0)
    )
    for prefijo, oficina in prefijos.items():
        libres[oficina] += Serie.ULTIMO - series[prefijo].ultimo if prefijo in series else Serie.ULTIMO + 1
    if not libres:
        return None
    return Subdelegacion.objects.get(pk=min(libres, key=lambda pk: (-libres[pk], pk)))


def asignar_nss(persona: Persona, subdelegacion: Subdelegacion, hoy: date | None = None) -> str:
    """The person's NSS, drawn from the subdelegación's series if they have none yet.

    11 digits: prefix, year of registration, year of birth, consecutive, check digit. Order of the prefixes:
    the subdelegación's, the rest of its entidad's, the national reserve. Never wraps, never reuses a number,
    skips those that came from outside. Safe to call twice, from many processes. Raises SerieAgotada, and
    promesas.SerieDetenida when a series' row is behind what the series promised outside the database.
    """
    hoy = hoy or timezone.localdate()
    registro = f"{hoy.year % 100:02d}"
    nacimiento = f"{nacimiento_curp(persona.curp).year % 100:02d}"
    with transaction.atomic():
        # Locks the person: whoever asks for the same CURP at the same time waits here and finds the number.
        nss = Persona.objects.select_for_update().values_list("nss", flat=True).get(pk=persona.pk)
        if nss:
            return nss
        prefijos = subdelegacion.prefijos_en_orden()
        agotados = set(
            Serie.objects.agotadas()
            .filter(prefijo__in=prefijos, anio_registro=registro, anio_nacimiento=nacimiento)
            .values_list("prefijo", flat=True)
        )
        for prefijo in prefijos:
            if prefijo in agotados:
                continue
            while (consecutivo := _siguiente(prefijo, registro, nacimiento, hoy)) is not None:
                nss = componer_nss(prefijo, int(registro), int(nacimiento), consecutivo)
                if not Persona.objects.filter(nss=nss).exists():
                    Persona.objects.filter(pk=persona.pk).update(nss=nss)
                    return nss
        raise SerieAgotada


def _siguiente(prefijo: str, registro: str, nacimiento: str, hoy: date) -> int | None:
    """The next consecutive of a series, 0 to 9999; None when the last one has been given.

    Staff are told when it reaches 80 %, 95 % and its end: each number is drawn once, so each is said once.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SIGUIENTE, [prefijo, registro, nacimiento, hoy.isoformat(), Serie.ULTIMO])
        fila = cursor.fetchone()
        if fila is None:
            # The row was locked all the same. Let it go before the next prefix is locked: two offices that
            # try each other's at the same moment would wait for ever.
            transaction.set_rollback(True)
            return None
    consecutivo = int(fila[0])
    promesas.comprobar(f"{prefijo}{registro}{nacimiento}", consecutivo)
    if porcentaje := Serie.AVISOS.get(consecutivo + 1):
        quedan = Serie.ULTIMO - consecutivo
        avisos.avisar(
            f"serie:{prefijo}{registro}{nacimiento}:{porcentaje}",
            f"La serie {prefijo} {registro} {nacimiento} va al {porcentaje} %",
            f"Prefijo {prefijo}, registro {registro}, nacimiento {nacimiento}: quedan {quedan:,}. "
            "Después siguen los otros prefijos de la entidad y la reserva nacional; cuando no quede "
            "ninguno, los trámites esperan.",
        )
    return consecutivo


def _de_registro(nss: str) -> Prefijo | None:
    return Prefijo.objects.select_related("subdelegacion").filter(pk=nss[:2]).first()


def _datos(tramite: Tramite, domicilio: Domicilio | None) -> dict[str, object]:
    """What both documents of step 1 say."""
    persona = tramite.persona
    assert persona and persona.nss
    prefijo = _de_registro(persona.nss)
    return {
        "nombre": persona.nombre_completo,
        "curp": persona.curp,
        "nss": persona.nss,
        "resultado": tramite.resultado,
        "subdelegacion": prefijo.subdelegacion.nombre if prefijo else "",
        "prefijo_origen": prefijo.origen if prefijo else "",
        "domicilio": str(domicilio) if domicilio else "",
    }
