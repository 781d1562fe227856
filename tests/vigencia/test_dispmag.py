"""The file of 168 columns: column by column, there and back, and what it cannot hold."""

from datetime import date
from io import BytesIO
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nss_portal.models import Persona
from tests.vigencia.alumnos import alumno
from vigencia.escuelas.archivo import dispmag, formatos
from vigencia.models import Inscripcion

REGISTRO = "Z3190010321"


def persona(**cambios: Any) -> Persona:
    una = alumno(7)
    una.nombres, una.primer_apellido, una.segundo_apellido = "XÓCHITL", "MUÑOZ", "EJEMPLO"
    for campo, valor in cambios.items():
        setattr(una, campo, valor)
    return una


def inscripcion(una: Persona, **cambios: Any) -> Inscripcion:
    valores: dict[str, Any] = {"alta": date(2026, 8, 24), "fin": date(2027, 7, 31), "matricula": "A-00123"}
    return Inscripcion(persona=una, registro_id=REGISTRO, **valores | cambios)


def escribir(*filas: Inscripcion) -> tuple[bytes, dispmag.Informe]:
    contenido, informe = dispmag.escribir(filas)
    return b"".join(contenido), informe


def leer(contenido: bytes) -> list[dict[str, str]]:
    formato, _, filas = formatos.leer(BytesIO(contenido))
    assert formato == "dispmag"
    return [datos for _, datos in filas]


def test_cada_columna_en_su_lugar() -> None:
    una = persona()
    contenido, informe = escribir(
        inscripcion(una), inscripcion(una, baja=date(2026, 12, 1), causa="2", matricula="")
    )
    alta, baja, fin = contenido.split(b"\r\n")
    assert (len(alta), len(baja), fin) == (168, 168, b"")
    nombres = b"MU\xd1OZ".ljust(27) + b"EJEMPLO".ljust(27) + b"X\xd3CHITL".ljust(27)
    cabeza = REGISTRO.encode() + (una.nss or "").encode() + nombres
    curp = una.curp.encode()
    assert alta == (
        cabeza + b"000000      000" + b"24082026" + b"000  0800000" + b"A-00123   " + b" " + curp + b"9"
    )
    assert baja == (cabeza + b" " * 15 + b"01122026" + b"     0200000" + b" " * 10 + b"2" + b" " * 18 + b"9")
    assert informe == dispmag.Informe(lineas=2)


def _valores(cabe: int) -> st.SearchStrategy[str]:
    """Upper-case text of the code page, as the registry keeps it: single spaces, none at the ends."""
    signos = st.characters(codec="cp1252", exclude_categories=["Cc", "Cf", "Zl", "Zp"])
    texto = st.text(signos, max_size=cabe).map(lambda t: " ".join(t.split()))
    return texto.filter(lambda t: t == t.upper())


_fechas = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@given(st.integers(0, 20_000), _valores(27), _valores(27), _valores(27), _valores(10), _fechas, st.booleans())
def test_ida_y_vuelta(
    numero: int, nombres: str, uno: str, otro: str, matricula: str, dia: date, es_baja: bool
) -> None:
    una = alumno(numero)
    una.nombres, una.primer_apellido, una.segundo_apellido = nombres, uno, otro
    fila = inscripcion(una, matricula=matricula, alta=dia)
    if es_baja:
        fila.baja, fila.causa = dia, "9"
    contenido, informe = escribir(fila)
    [leida] = leer(contenido)
    assert informe == dispmag.Informe(lineas=1)
    esperada = {
        "registro": REGISTRO,
        "nss": una.nss,
        "curp": una.curp,
        "matricula": matricula,
        "primer_apellido": uno,
        "segundo_apellido": otro,
        "nombres": nombres,
        "movimiento": "baja" if es_baja else "alta",
        "baja" if es_baja else "alta": f"{dia:%d/%m/%Y}",
    }
    if es_baja:
        del esperada["curp"]
        esperada["causa"] = "9"
    del leida[dispmag.LINEA]
    assert leida == esperada


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), min_size=4, max_size=4))
def test_lo_que_cambia_se_dice(textos: list[str]) -> None:
    una = persona(nombres=textos[0], primer_apellido=textos[1], segundo_apellido=textos[2])
    contenido, informe = escribir(inscripcion(una, matricula=textos[3]))
    assert len(contenido) == 170 and contenido.endswith(b"\r\n")
    linea = contenido.decode("cp1252")
    dichos = {cambio.campo: cambio for cambio in informe.cambios}
    cortes = {"nombres": (76, 103), "primer_apellido": (22, 49), "segundo_apellido": (49, 76)}
    cortes["matricula"] = (138, 148)
    for campo, texto in zip(
        ["nombres", "primer_apellido", "segundo_apellido", "matricula"], textos, strict=True
    ):
        escrito = linea[slice(*cortes[campo])]
        igual = escrito.rstrip(" ") == texto.upper().rstrip(" ")
        assert igual == (campo not in dichos)
        if campo in dichos:
            assert dichos[campo].antes == texto and dichos[campo].linea == 1
    assert informe.total == len(dichos)
    assert informe.en_mayusculas == any(texto != texto.upper() for texto in textos)


def test_se_recorta_se_cambia_y_se_dice() -> None:
    una = persona(nombres="Zoë Đorđe", primer_apellido="Ő" * 30)
    contenido, informe = escribir(inscripcion(una, matricula="12345678901"), inscripcion(persona(nss=None)))
    assert contenido.decode("cp1252")[76:103].rstrip() == "ZOË ?OR?E"
    assert [(c.campo, c.antes, c.despues) for c in informe.cambios] == [
        ("primer_apellido", "Ő" * 30, "O" * 27),
        ("nombres", "Zoë Đorđe", "ZOË ?OR?E"),
        ("matricula", "12345678901", "1234567890"),
    ]
    assert (informe.lineas, informe.en_mayusculas, informe.sin_nss, informe.total) == (1, 1, 1, 3)


def test_lineas_que_no_son() -> None:
    buena = escribir(inscripcion(persona()))[0].rstrip()
    lineas = [
        buena,
        buena[:-8],
        buena[:131] + b"07" + buena[133:],
        buena[:131] + b"05" + buena[133:],
        buena[:-1] + b"0",
        b"*" * 13 + b" " * 155,
        b"",
        buena + b"\tEl motivo de la vez pasada.",
        buena.decode("cp1252").encode(),
    ]
    leidas = leer(b"\r\n".join(lineas))
    assert [leida.get("defecto", "")[:40] for leida in leidas] == [
        "",
        "La línea tiene 160 columnas y deben ser ",
        "El movimiento 07 cambia un salario, y lo",
        "El tipo de movimiento (columnas 132 y 13",
        "La columna 168 debe ser 9.",
        "",
        "",
    ]
    assert [leidas[n].get("primer_apellido") for n in (0, 5, 6)] == ["MUÑOZ"] * 3
    assert leidas[5][dispmag.LINEA] == leidas[0][dispmag.LINEA]
