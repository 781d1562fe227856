"""People without a story and clinics of a size that a test can fill."""

from collections.abc import Sequence
from datetime import date, timedelta

from clinicas.models import Clinica, Consultorio, Turno
from nss_portal.models import Persona
from nss_portal.personas.identidad import digito_curp
from vigencia.models import Escuela, Inscripcion, Nivel, RegistroPatronal

HOY = date(2026, 11, 19)
_CONSONANTES = "BCDFGHJKLMNPQRSTVWXYZ"


def persona(n: int) -> Persona:
    letras = "".join(_CONSONANTES[n // 21**k % 21] for k in range(3))
    curp17 = f"EXEM050214MDF{letras}A"
    nueva, _ = Persona.objects.get_or_create(
        curp=curp17 + digito_curp(curp17),
        defaults={
            "nombres": "Muestra",
            "primer_apellido": "Ejemplo",
            "nacimiento": date(2005, 2, 14),
            "sexo": "M",
            "entidad": "DF",
        },
    )
    return nueva


def clinica(
    clues: str = "NLIMS980001",
    matutino: Sequence[int] = (3, 3),
    vespertino: Sequence[int] = (3,),
    **campos: object,
) -> Clinica:
    """A clinic in Monterrey, with the capacities of its consultorios."""
    datos: dict[str, object] = {
        "nombre": f"UMF {int(clues[-4:])}",
        "domicilio": "Calle de la Muestra 1, Centro",
        "codigo_postal": "64000",
        "entidad_id": "19",
    }
    nueva = Clinica.objects.create(clues=clues, **(datos | campos))
    for turno, capacidades in ((Turno.MATUTINO, matutino), (Turno.VESPERTINO, vespertino)):
        for numero, capacidad in enumerate(capacidades, 1):
            Consultorio.objects.create(clinica=nueva, turno=turno, numero=numero, capacidad=capacidad)
    return nueva


def poblaciones(clinica: Clinica, turno: str = Turno.MATUTINO) -> list[int]:
    consultorios = Consultorio.objects.con_poblacion().filter(clinica=clinica, turno=turno)
    return [c.poblacion for c in consultorios.order_by("numero")]


def inscribir(quien: Persona, alta: date = HOY, baja: date | None = None) -> Inscripcion:
    escuela, _ = Escuela.objects.get_or_create(
        cct="19DCT0001A",
        defaults={"nombre": "Bachillerato de la Muestra", "medio_superior": True, "entidad_id": "19"},
    )
    registro, _ = RegistroPatronal.objects.get_or_create(registro="A1234567329", escuela=escuela)
    return Inscripcion.objects.create(
        persona=quien,
        escuela=escuela,
        registro=registro,
        ciclo="2026-2027" if baja is None else "2026-1",
        nivel=Nivel.MEDIO_SUPERIOR,
        alta=alta,
        fin=alta + timedelta(days=200),
        baja=baja,
        causa=Inscripcion.Causa.VOLUNTARIA if baja else "",
    )
