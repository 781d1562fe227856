"""Nobody is told without limit that they have no right to medical care: only the school is known here.

Who is covered by a job, a pension or a parent reads the same NO.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pypdf
import pytest
from django.core import mail
from django.db.models import TextChoices
from django.test import Client
from django.utils import timezone

from nss_portal.models import Documento, Persona, Tramite
from tests.apoyo import Estricto, inscribir, persona_con_nss, reanudar, solicitar
from tests.test_palabras import GUIONES, MODULOS, PLANTILLAS, RAIZ, Visible, visible

HOY = timezone.localdate()
# In lower case and with single spaces. Right is what says by whom: «por tu escuela», «por esa inscripción».
FORMAS = (
    r"\bno (tienes|tiene|tengo|tenías|tenía|tienen) (el )?derecho\b(?! al servicio médico por)",
    r"\bsin derecho\b",
    r"\bperdi(ste|ó) (tu|el|su) derecho\b",
    r"\bderecho (al servicio médico )?(ya|todavía|aún) no\b",
    r"\b(hasta|cuando) que? ?(tengas|tenga) derecho\b",
    r"\bno (hay|tienes|tiene|tienen|tendrás) servicio\b(?! por)",
    r"\bno puedes? usar el servicio médico\b(?! como estudiante)",
    r"\b(modalidad|prestaciones):? ninguna\b(?! por tu escuela)",
    r"\bcon derecho al servicio médico\b(?! por (tu|mi|su) escuela)",
    r"\bsin vigencia de derechos\b",
)


def sin_limite(texto: str) -> list[str]:
    llano = " ".join(texto.lower().split())
    return [hallado[0] for forma in FORMAS for hallado in re.finditer(forma, llano)]


def test_las_formas_muerden() -> None:
    """What was said before, and what may be said."""
    for malo in (
        "Todavía no tienes derecho al servicio médico",
        "NO tienes derecho\n al servicio médico",
        "Tu derecho al servicio médico todavía no empieza",
        "dice que no tengo derecho al servicio médico.",
        "Con derecho al servicio médico: NO",
        "Prestaciones Ninguna por ahora",
        "y sin inscripción no hay servicio médico.",
        "Sin derecho",
        "Suspendido hasta que tengas derecho",
        "Desde este día ya no tiene servicio médico.",
    ):
        assert sin_limite(malo), malo
    for bueno in (
        "Con derecho al servicio médico por tu escuela: NO",
        "ya no tienes derecho al servicio médico por esa inscripción",
        "Prestaciones Ninguna por tu escuela",
        "Sí tienes derecho al servicio médico",
    ):
        assert not sin_limite(bueno), bueno


def test_ninguna_plantilla_ni_guion_ni_modulo_lo_dice() -> None:
    fuentes = [*PLANTILLAS, *GUIONES, *MODULOS]
    dichos = {ruta.relative_to(RAIZ).as_posix(): sin_limite(visible(ruta)) for ruta in fuentes}
    assert len(dichos) > 200 and not {ruta: dicho for ruta, dicho in dichos.items() if dicho}


def test_ningun_rotulo_de_un_tramite_lo_dice() -> None:
    """As staff read them in their lists."""
    opciones = [o for o in vars(Tramite).values() if isinstance(o, type) and issubclass(o, TextChoices)]
    assert Tramite.Resultado in opciones and Tramite.Motivo in opciones
    assert not [rotulo for o in opciones for rotulo in o.labels if sin_limite(str(rotulo))]


CASOS = {
    "nunca-inscrito": None,
    "baja": (-100, 100, -10),
    "ciclo-terminado": (-300, -10, None),
    "aun-no-inicia": (10, 100, None),
}


@pytest.fixture(params=CASOS)
def caso(request: pytest.FixtureRequest, catalogo: None) -> tuple[str, Persona]:
    persona = persona_con_nss()
    if caso := CASOS[request.param]:
        alta, fin, baja = caso
        cambios: dict[str, Any] = {"baja": HOY + timedelta(days=baja), "causa": "1"} if baja else {}
        inscribir(persona, HOY + timedelta(days=alta), HOY + timedelta(days=fin), ciclo="2026-1", **cambios)
    return request.param, persona


def leido(respuesta: Any) -> str:
    return " ".join(Visible(respuesta.content.decode()).textos)


def papeles(cliente: Estricto, persona: Persona) -> Iterator[tuple[str, str]]:
    """All that a person reads who asks for step 2, and then for step 3, and is told NO."""
    url = solicitar(cliente, persona.curp, paso="vigencia", nss=persona.nss or "")
    while reanudar():
        pass
    yield "resultado", leido(cliente.get(url))
    yield "hoja", leido(cliente.get(f"{url}hoja/"))
    documento = Documento.objects.get(tramite__curp=persona.curp)
    pdf = b"".join(cliente.get(f"/documentos/{documento.pk}/").streaming_content)
    yield "pdf", "\n".join(hoja.extract_text() for hoja in pypdf.PdfReader(BytesIO(pdf)).pages)
    [mensaje] = mail.outbox
    yield "correo", f"{mensaje.subject}\n{mensaje.body}"
    yield "correo html", " ".join(Visible(str(mensaje.alternatives[0].content)).textos)
    yield "finalizado", leido(cliente.post(f"{url}finalizar/", follow=True))
    for paso in ("/", "/nss/", "/vigencia/", "/clinica/"):
        yield paso, leido(cliente.get(paso))
    url = solicitar(cliente, persona.curp, paso="clinica", codigo_postal="06000")
    while reanudar():
        pass
    yield "rechazo", leido(cliente.get(url))


@pytest.mark.django_db
def test_nada_de_lo_que_lee_quien_recibe_un_no(cliente: Estricto, caso: tuple[str, Persona]) -> None:
    _, persona = caso
    dichos = dict(papeles(cliente, persona))
    assert not {donde: sin_limite(texto) for donde, texto in dichos.items() if sin_limite(texto)}
    renglon = "Con derecho al servicio médico por tu escuela"
    for donde in ("resultado", "pdf", "correo", "finalizado"):
        assert re.search(f"{renglon}:? NO", " ".join(dichos[donde].split())), donde
    # That another protection is not known here is said wherever the NO is explained.
    for donde in ("resultado", "pdf", "correo", "correo html"):
        assert re.search("otra protección", dichos[donde], re.I), donde


@pytest.mark.django_db
def test_despues_de_un_no_el_paso_3_no_saluda_con_una_palomita(
    cliente: Estricto, caso: tuple[str, Persona]
) -> None:
    causa, persona = caso
    url = solicitar(cliente, persona.curp, paso="vigencia", nss=persona.nss or "")
    while reanudar():
        pass
    assert cliente.get(url).pagina.marcas["data-otra-cobertura"] == ["no-se-sabe"]
    dice = {
        "nunca-inscrito": "Tu escuela no te ha inscrito todavía.",
        "baja": "Tu escuela dio aviso de tu baja.",
        "ciclo-terminado": "Tu inscripción ya terminó.",
        "aun-no-inicia": "Tu inscripción empieza el",
    }[causa]
    for paso in ("nss", "vigencia", "clinica"):
        html = cliente.get(f"/{paso}/").content.decode()
        assert dice in html and "Ya verificaste" not in html and "nota bien" not in html
        assert (f"{url}hoja/" in html) == (causa != "aun-no-inicia") and f'href="{url}"' in html
    # The form remains: the school may have enrolled them since.
    assert "Continuar" in html and "captcha_1" in html
    inscribir(persona, HOY, HOY + timedelta(days=90), ciclo="2027-1")
    paso_3 = solicitar(cliente, persona.curp, paso="clinica", codigo_postal="06000")
    while reanudar():
        pass
    assert cliente.get(paso_3).pagina.pantallas == ["eleccion"]


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogo")
def test_despues_de_un_si_el_saludo_lo_dice(cliente: Estricto) -> None:
    persona = persona_con_nss()
    inscribir(persona, HOY, HOY + timedelta(days=90))
    solicitar(cliente, persona.curp, paso="vigencia", nss=persona.nss or "")
    while reanudar():
        pass
    html = cliente.get("/clinica/").content.decode()
    assert "nota bien" in html and "Tu escuela ya te inscribió." in html


@pytest.mark.django_db
def test_la_api_lo_dice_con_su_limite() -> None:
    esquema = Client().get("/api/v1/openapi.json")
    assert esquema.status_code == 200 and not sin_limite(esquema.content.decode())
    vigente = esquema.json()["components"]["schemas"]["Reporte"]["properties"]["vigente"]
    assert vigente["description"] == "Con derecho al servicio médico por tu escuela."
