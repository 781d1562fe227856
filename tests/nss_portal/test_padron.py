"""The registry of people from a CSV: what a line says, all or nothing, and a number that never changes."""

import csv
import os
import subprocess
import sys
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from nss_portal.archivos.carga import CargaInvalida, LineaMala
from nss_portal.archivos.hoja import campos_de, leer_fila
from nss_portal.demo.ficticias import personas_sinteticas
from nss_portal.models import Persona
from nss_portal.personas import padron
from nss_portal.personas.identidad import ENTIDADES, componer_nss, digito_curp, raiz_curp

CABECERA = ",".join(padron.COLUMNAS)
HOY = date(2026, 8, 1)
NSS = [componer_nss("99", 2020, 2001, consecutivo) for consecutivo in range(6)]


def curp(numero: int, nombres: str = "Ana", segundo: str = "") -> str:
    """A CURP of nobody, whose letters are those of «Ejemplo»; one for each number up to five million."""
    resto, homoclave = divmod(numero, 26)
    resto, dia = divmod(resto, 28)
    resto, mes = divmod(resto, 12)
    entidad, anio = divmod(resto, 20)
    nacimiento = date(2000 + anio, mes + 1, dia + 1)
    curp17 = raiz_curp(nombres, "Ejemplo", segundo, nacimiento, "X", _ENTIDADES[entidad]) + chr(
        65 + homoclave
    )
    return curp17 + digito_curp(curp17)


_ENTIDADES = sorted(ENTIDADES, key=lambda codigo: codigo != "NE")
ANA, LUZ, SOL, EVA = curp(0, "Ana", "Muestra"), curp(1, "Luz"), curp(2, "Sol", "Prueba"), curp(3, "Eva")
FILAS = [
    f"{ANA},Ana,Ejemplo,Muestra,{NSS[0]}",
    f"{LUZ},Luz,Ejemplo,,",
    f"{SOL},Sol,Ejemplo,Prueba,",
]


def escribir(carpeta: Path, *filas: str | bytes, cabecera: str = CABECERA) -> str:
    ruta = carpeta / "personas.csv"
    crudas = [fila if isinstance(fila, bytes) else fila.encode() for fila in (cabecera, *filas)]
    ruta.write_bytes(b"\n".join([*crudas, b""]))
    return str(ruta)


def orden(*args: str, **opciones: Any) -> str:
    salida = StringIO()
    call_command("cargar_personas", *args, stdout=salida, **opciones)
    return salida.getvalue()


def guardar(curp: str, nss: str, nombres: str) -> None:
    persona = Persona(curp=curp, nss=nss, nombres=nombres, primer_apellido="Otro")
    persona.seguir_a_la_curp()
    persona.save()


def todas() -> list[tuple[Any, ...]]:
    return list(Persona.objects.order_by("pk").values_list())


# --- A line ---------------------------------------------------------------------------------------

_nombres = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=50
).map(lambda t: " ".join(t.split()))


@given(st.integers(0, 3_000_000), _nombres.filter(bool), _nombres.filter(bool), _nombres, st.booleans())
def test_lo_que_se_escribe_se_lee(numero: int, nombres: str, primero: str, segundo: str, con: bool) -> None:
    nss = NSS[numero % 6] if con else ""
    linea = StringIO()
    csv.writer(linea, lineterminator="").writerow([curp(numero), nombres, primero, segundo, nss])
    tabla = padron.tabla(date(2100, 1, 1))
    leida = leer_fila(tabla, campos_de(linea.getvalue().encode(), range(5)))
    assert leida[:4] == [curp(numero), nombres, primero, segundo]
    assert (leida[-1] or "") == nss


@given(st.lists(st.text(max_size=30), min_size=5, max_size=5))
def test_ninguna_linea_lo_tira(campos: list[str]) -> None:
    with pytest.raises(LineaMala, match=r"[.?]$"):
        leer_fila(padron.tabla(HOY), campos)


# --- A file ---------------------------------------------------------------------------------------

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]


def test_carga_y_vuelve_a_cargar(tmp_path: Path) -> None:
    ruta = escribir(tmp_path, *FILAS)
    assert orden(ruta) == "Personas: 3 en el archivo; 3 nuevas, 0 cambiadas, 0 sin cambio.\n"
    ana, luz = Persona.objects.get(curp=ANA), Persona.objects.get(curp=LUZ)
    assert (ana.nss, ana.nombre_completo) == (NSS[0], "Ana Ejemplo Muestra")
    assert (ana.nacimiento, ana.sexo, ana.entidad) == (date(2000, 1, 1), "X", "NE")
    assert (luz.nss, luz.segundo_apellido) == (None, "")
    ana.full_clean()
    antes = todas()
    assert orden(ruta) == "Sin cambios: las 3 personas del archivo ya estaban así.\n"
    assert todas() == antes


def test_corrige_nombres_da_numeros_y_no_los_quita(tmp_path: Path) -> None:
    orden(escribir(tmp_path, *FILAS))
    filas = [
        f"{ANA},Ana María,Ejemplo,Muestra,",
        f"{LUZ},Luz,Ejemplo,,{NSS[1]}",
        FILAS[2],
        f"{EVA},Eva,Ejemplo,,",
    ]
    assert orden(escribir(tmp_path, *filas)) == (
        "Personas: 4 en el archivo; 1 nuevas, 2 cambiadas, 1 sin cambio.\n"
    )
    personas = Persona.objects.in_bulk([ANA, LUZ, SOL, EVA], field_name="curp")
    assert [personas[c].nss for c in (ANA, LUZ, SOL, EVA)] == [NSS[0], NSS[1], None, None]
    assert personas[ANA].nombres == "Ana María"


def test_lo_que_traen_las_hojas_de_calculo(tmp_path: Path) -> None:
    """BOM, CRLF, columnas en otro orden, comillas, espacios, minúsculas, líneas en blanco."""
    orden(
        escribir(
            tmp_path,
            f'" {NSS[0][:5]} {NSS[0][5:]} ","Ana,  Luz",{ANA.lower()},Ejemplo,Muestra\r',
            "\r",
            f",Luz,{LUZ[:4]}-{LUZ[4:]},Ejemplo,\r",
            cabecera="\ufeffNSS,nombres,curp,primer_apellido,segundo_apellido\r",
        )
    )
    assert Persona.objects.get(curp=ANA, nss=NSS[0]).nombres == "Ana, Luz"
    assert Persona.objects.get(curp=LUZ).nss is None


@pytest.mark.parametrize(
    ("mala", "dice"),
    [
        (f"{EVA},Eva,Ejemplo,", "tiene 4 columnas y deben ser 5"),
        (f"{EVA[:-1]},Eva,Ejemplo,,", "la CURP debe tener 18 caracteres"),
        (f"{EVA[:4]}O{EVA[5:]},Eva,Ejemplo,,", "En la posición 5 va un número, no «O»"),
        (f"{EVA[:-1]}{(int(EVA[-1]) + 1) % 10},Eva,Ejemplo,,", "el último carácter de la CURP no coincide"),
        (f"{EVA[:6]}13{EVA[8:]},Eva,Ejemplo,,", "la fecha de la CURP no existe"),
        (f"{EVA[:11]}ZZ{EVA[13:]},Eva,Ejemplo,,", "la entidad de la CURP"),
        (f"PUTO{EVA[4:]},Eva,Ejemplo,,", "la CURP empieza con cuatro letras"),
        (f"{EVA},,Ejemplo,,", "falta nombres"),
        (f"{EVA},Eva, ,,", "falta primer_apellido"),
        (f"{EVA},{'E' * 51},Ejemplo,,", "nombres pasa de 50 caracteres"),
        (f"{EVA},Eva,Ejemplo,E\x00,", "caracteres de control"),
        (f"{EVA},Eva,Ejemplo,,1234567890", "el NSS debe tener 11 números"),
        (f"{EVA},Eva,Ejemplo,,1234567890O", "NSS: En la posición 11 va un número"),
        (
            f"{EVA},Eva,Ejemplo,,{NSS[4][:-1]}{(int(NSS[4][-1]) + 1) % 10}",
            "el último número del NSS no coincide",
        ),
        (f"{EVA},Mu\xf1oz,Ejemplo,,".encode("cp1252"), "no es texto en UTF-8"),
        (f'{EVA},"Eva,Ejemplo,,', "no es CSV: revisa sus comillas"),
        (f"{ANA},Ana,Ejemplo,Muestra,", "esta CURP ya está en la línea 2"),
        (f"{EVA},Eva,Ejemplo,,{NSS[0]}", "su NSS ya está en la línea 2"),
        (f"{EVA},Eva,Ejemplo,,{NSS[2]}", "su NSS es de otra persona"),
        (f"{curp(9)},Otra,Ejemplo,,{NSS[3]}", "ya tiene otro NSS"),
    ],
)
def test_una_linea_mala_no_deja_nada(tmp_path: Path, mala: str | bytes, dice: str) -> None:
    guardar(curp(9), NSS[2], "Uno")
    antes = todas()
    with pytest.raises(CommandError) as error:
        orden(escribir(tmp_path, *FILAS, mala, f"{curp(5)},Fin,Ejemplo,,"))
    cabeza, linea = str(error.value).split("\n")
    assert cabeza == "El archivo tiene una línea con errores y no se cargó nada."
    assert linea.startswith("Línea 5 (CURP ") and dice in linea
    assert not any(numero in linea for numero in (ANA, EVA, curp(9), *NSS))
    assert todas() == antes


def test_los_nombres_que_contradicen_a_su_curp_piden_su_numero(tmp_path: Path) -> None:
    """A column that slipped is refused whole; the registry's own exceptions go in by their number."""
    raras = [f"{EVA},Ejemplo,Eva,,", f"{curp(8)},Beto,Ejemplo,,"]
    ruta = escribir(tmp_path, *FILAS, *raras)
    antes = todas()
    for aceptados in (None, 1, 3):
        opciones = {} if aceptados is None else {"aceptar_nombres": aceptados}
        with pytest.raises(CommandError) as error:
            orden(ruta, **opciones)
        cabeza, *lineas, pie = str(error.value).split("\n")
        assert cabeza.startswith(
            "El archivo tiene 2 líneas cuyos nombres no dan las letras de su CURP y no se cargó nada."
        )
        assert ("no es ese número" in cabeza) == (aceptados is not None)
        assert [linea.split(" (")[0] for linea in lineas] == ["Línea 5", "Línea 6"]
        assert pie.endswith("repite la orden con --aceptar-nombres 2.")
        assert EVA not in str(error.value) and todas() == antes
    assert "Con nombres que no dan las letras de su CURP, 2: --aceptar-nombres 2." in orden(ruta, plan=True)
    assert todas() == antes
    assert orden(ruta, aceptar_nombres=2) == (
        "Personas: 5 en el archivo; 5 nuevas, 0 cambiadas, 0 sin cambio. "
        "Con nombres que no dan las letras de su CURP, 2: --aceptar-nombres 2.\n"
    )
    assert orden(escribir(tmp_path, *FILAS), aceptar_nombres=2).startswith("Sin cambios")


def test_dice_las_primeras_veinte_y_cuantas_son(tmp_path: Path) -> None:
    buenas = [f"{curp(i)},Ana,Ejemplo,," for i in range(10, 60)]
    malas = [fila.replace("Ana", "") for fila in buenas[:15]]
    # Line 2 to 51 are good, 52 to 66 lack a name, 67 to 111 repeat the good ones.
    with pytest.raises(CommandError) as error:
        orden(escribir(tmp_path, *buenas, *malas, *buenas[:45]))
    lineas = str(error.value).split("\n")
    assert lineas[0] == "El archivo tiene 60 líneas con errores y no se cargó nada. Las primeras 20:"
    assert [int(linea.split()[1]) for linea in lineas[1:]] == list(range(52, 72))
    assert lineas[-1] == f"Línea 71 (CURP EEXA{'•' * 12}{curp(14)[-2:]}): esta CURP ya está en la línea 6."


@pytest.mark.parametrize(
    ("contenido", "dice"),
    [
        (b"", "está vacío"),
        (b"\n\n", "La línea 1 debe nombrar las columnas: curp,nombres,"),
        (FILAS[0].encode(), "La línea 1 debe nombrar"),
        (CABECERA.replace("nss", "numero").encode(), "La línea 1 debe nombrar"),
        (CABECERA.encode("utf-16"), "La línea 1 debe nombrar"),
        (f"{CABECERA}\n".encode(), "El archivo no trae personas"),
        (b"x" * 20_000, "Línea 1: pasa de 10,000 caracteres"),
    ],
)
def test_un_archivo_que_no_es(tmp_path: Path, contenido: bytes, dice: str) -> None:
    ruta = tmp_path / "personas.csv"
    ruta.write_bytes(contenido)
    with pytest.raises(CommandError, match=dice):
        orden(str(ruta))
    with pytest.raises(CommandError, match="No existe el archivo"):
        orden(str(tmp_path / "otro.csv"))
    # What it left behind would be in the way of the next one.
    assert orden(escribir(tmp_path, *FILAS)).startswith("Personas: 3")


def test_si_alguien_se_adelanta_no_queda_nada(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the database refuses is said in words, and without its own: they quote the numbers."""
    guardar(EVA, NSS[0], "Eva")
    antes = todas()
    monkeypatch.setattr(padron, "_revisar", lambda malas: None)
    with pytest.raises(CargaInvalida, match="vuelve a intentarlo") as error:
        padron.cargar(escribir(tmp_path, *FILAS))
    assert error.value.__cause__ is None and error.value.__suppress_context__
    assert todas() == antes


def test_las_personas_de_la_demostracion(tmp_path: Path) -> None:
    personas = list(personas_sinteticas(300))
    filas = [f"{p.curp},{p.nombres},{p.primer_apellido},{p.segundo_apellido},{p.nss or ''}" for p in personas]
    orden(escribir(tmp_path, *filas))
    campos = [c.name for c in Persona._meta.concrete_fields if not c.primary_key]
    guardadas = Persona.objects.in_bulk([p.curp for p in personas], field_name="curp")
    for persona in personas:
        guardada = guardadas[persona.curp]
        assert [getattr(guardada, c) for c in campos] == [getattr(persona, c) for c in campos]


_MEDIR = """
import re, sys
import django
django.setup()
from django.db import connection
from nss_portal.personas.padron import cargar

nombre, ruta, pocas, muchas = sys.argv[1:]
connection.settings_dict["TEST"]["NAME"] = nombre
connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
try:
    for ruta, esperadas in ((ruta, int(pocas)), (ruta + ".grande", int(muchas))):
        assert cargar(ruta).nuevas == esperadas
        print(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
finally:
    connection.creation.destroy_test_db("", verbosity=0)
"""


def test_la_memoria_no_crece_con_el_archivo(tmp_path: Path) -> None:
    """200,000 people in a process of their own: what it holds after 2,000 is what it holds."""
    pocas, muchas = 2_000, 200_000
    ruta = escribir(tmp_path, *(f"{curp(i, segundo='Muestra')},Ana,Ejemplo,Muestra," for i in range(pocas)))
    with open(f"{ruta}.grande", "w") as archivo:
        archivo.write(f"{CABECERA}\n")
        archivo.writelines(
            f"{curp(i, segundo='Muestra')},Ana,Ejemplo,Muestra,\n" for i in range(pocas, pocas + muchas)
        )
    nombre = str(tmp_path / "base.sqlite3") if connection.vendor == "sqlite" else f"memoria_{os.getpid()}"
    medido = subprocess.run(
        [sys.executable, "-c", _MEDIR, nombre, ruta, str(pocas), str(muchas)],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        check=True,
    )
    antes, despues = map(int, medido.stdout.split())
    # In kB, and not by getrusage: its peak begins with that of whoever started the process. Kept whole, they
    # would be more than 100 MB.
    assert despues - antes < 25_000
