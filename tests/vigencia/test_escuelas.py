"""The schools' catalogue: what a line says, all or nothing, what stays; and the demonstration's schools."""

from collections import Counter
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from nss_portal.archivos.carga import CargaInvalida, LineaMala
from nss_portal.archivos.hoja import leer_fila
from nss_portal.archivos.plan import Modo
from nss_portal.models import Entidad, Municipio, Persona
from vigencia.escuelas import catalogo
from vigencia.escuelas.inscripciones import elegir_registro
from vigencia.models import Escuela, Inscripcion, Nivel, RegistroPatronal

CABECERA = ",".join(catalogo.COLUMNAS)
UNO, DOS = "19DUX0001A", "09EBX0002B"
FILAS = [
    f"{UNO},Universidad de Prueba,superior|posgrado,ambas,A1900001321|A1900002329,19,039",
    f"{DOS},Bachillerato de Prueba,medio-superior,presencial,B0900001320,09,015",
]


def escribir(carpeta: Path, *filas: str | bytes, cabecera: str = CABECERA) -> str:
    ruta = carpeta / "escuelas.csv"
    crudas = [fila if isinstance(fila, bytes) else fila.encode() for fila in (cabecera, *filas)]
    ruta.write_bytes(b"\n".join([*crudas, b""]))
    return str(ruta)


def orden(ruta: str) -> tuple[str, str]:
    """What the command says, and what it warns of."""
    salida, avisos = StringIO(), StringIO()
    call_command("cargar_escuelas", ruta, stdout=salida, stderr=avisos)
    return salida.getvalue(), avisos.getvalue()


def todo() -> list[tuple[Any, ...]]:
    return [
        *Escuela.objects.order_by("pk").values_list(),
        *RegistroPatronal.objects.order_by("pk").values_list(),
    ]


def registros(cct: str) -> list[str]:
    return list(RegistroPatronal.objects.filter(escuela=cct).order_by("pk").values_list("pk", flat=True))


def con_claves() -> Municipio:
    """As after the official file, for two municipios of Nuevo León; Monterrey."""
    for nombre, clave in (("Apodaca", "19006"), ("Monterrey", "19039")):
        Municipio.objects.filter(entidad="19", nombre=nombre).update(clave=clave)
    return Municipio.objects.get(clave="19039")


@given(st.lists(st.text(max_size=20), min_size=7, max_size=7))
def test_ninguna_linea_lo_tira(campos: list[str]) -> None:
    with pytest.raises(LineaMala, match=r"\.$"):
        leer_fila(catalogo.TABLA, campos)


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]


def test_carga_y_vuelve_a_cargar(tmp_path: Path) -> None:
    ruta = escribir(tmp_path, *FILAS)
    assert orden(ruta)[0] == (
        "Escuelas: 2 en el archivo; 2 nuevas, 0 cambiadas, 0 sin cambio.\n"
        "Registros patronales: 3 agregados, 0 retirados.\n"
    )
    uno, dos = Escuela.objects.get(pk=UNO), Escuela.objects.get(pk=DOS)
    assert (uno.nombre, uno.modalidad, uno.entidad_id) == ("Universidad de Prueba", "ambas", "19")
    assert (uno.niveles, dos.niveles) == ([Nivel.SUPERIOR, Nivel.POSGRADO], [Nivel.MEDIO_SUPERIOR])
    assert registros(UNO) == ["A1900001321", "A1900002329"]
    for escuela in (uno, dos):
        escuela.full_clean()
    antes = todo()
    assert orden(ruta)[0] == "Sin cambios: las 2 escuelas del archivo ya estaban así.\n"
    assert todo() == antes


def test_actualiza_en_su_lugar_y_no_toca_las_demas(tmp_path: Path) -> None:
    demas = list(Escuela.objects.values_list())
    orden(escribir(tmp_path, *FILAS))
    RegistroPatronal.objects.filter(pk="A1900001321").update(nivel=Nivel.SUPERIOR)
    filas = [
        f"{UNO},Universidad Demostrativa,superior,en-linea,A1900001321|A1900003326,19,039",
        FILAS[1],
        "15EBX0003C,Otro Bachillerato,medio-superior,presencial,C1500001321,15,106",
    ]
    assert orden(escribir(tmp_path, *filas))[0] == (
        "Escuelas: 3 en el archivo; 1 nueva, 1 cambiada, 1 sin cambio.\n"
        "Registros patronales: 2 agregados, 1 retirado.\n"
    )
    uno = Escuela.objects.get(pk=UNO)
    assert (uno.nombre, uno.niveles, uno.modalidad) == (
        "Universidad Demostrativa",
        [Nivel.SUPERIOR],
        "en-linea",
    )
    assert registros(UNO) == ["A1900001321", "A1900003326"]
    # The file says nothing of a registro's level: what staff said stays.
    assert RegistroPatronal.objects.get(pk="A1900001321").nivel == Nivel.SUPERIOR
    assert list(Escuela.objects.filter(pk__in=[fila[0] for fila in demas]).values_list()) == demas
    # Another registro is a change of the school.
    assert (
        " 1 cambiada, 2 sin"
        in orden(escribir(tmp_path, *filas[:2], f"{filas[2][:-7]}|C1500002329,15,106"))[0]
    )


def test_un_registro_con_inscripciones_se_queda(tmp_path: Path) -> None:
    orden(escribir(tmp_path, *FILAS))
    Inscripcion.objects.create(
        persona=Persona.objects.exclude(nss=None).order_by("pk")[0],
        escuela_id=UNO,
        registro_id="A1900002329",
        ciclo="2026-2027",
        nivel=Nivel.SUPERIOR,
        alta=date(2026, 8, 1),
        fin=date(2027, 7, 31),
    )
    dicho, avisos = orden(escribir(tmp_path, FILAS[0].replace("A1900001321|A1900002329", "A1900004323")))
    assert "1 agregado, 1 retirado" in dicho
    assert "Aviso: A1900002329: ya no vienen en el archivo y se quedan, porque hay inscripciones" in avisos
    assert registros(UNO) == ["A1900002329", "A1900004323"]


def test_el_municipio_por_su_clave(tmp_path: Path) -> None:
    """Without the official file nobody knows what 19039 is; with it, a key that nobody has is an error."""
    ruta = escribir(tmp_path, *FILAS)
    assert "Aviso: escuelas sin municipio: 2. " in orden(ruta)[1]
    assert Escuela.objects.get(pk=UNO).municipio is None
    monterrey = con_claves()
    dicho, avisos = orden(ruta)
    assert "1 cambiada, 1 sin cambio" in dicho and "sin municipio: 1." in avisos
    assert Escuela.objects.get(pk=UNO).municipio == monterrey
    with pytest.raises(CommandError, match=r"Línea 2: el municipio 999 de la entidad 19 no existe\."):
        orden(escribir(tmp_path, FILAS[0].replace("039", "999")))
    # What is known is not forgotten for a line without it, unless the school is elsewhere now.
    orden(escribir(tmp_path, FILAS[0].replace("039", "")))
    assert Escuela.objects.get(pk=UNO).municipio == monterrey
    orden(escribir(tmp_path, FILAS[0].replace(",19,039", ",15,")))
    assert (Escuela.objects.get(pk=UNO).entidad_id, Escuela.objects.get(pk=UNO).municipio) == ("15", None)


def test_la_cct_de_otra_entidad_se_avisa(tmp_path: Path) -> None:
    avisos = orden(escribir(tmp_path, FILAS[0].replace(",19,039", ",15,106")))[1]
    assert f"Aviso: {UNO}: su CCT empieza con la clave de otra entidad; quedaron en la de c_estado." in avisos


def test_lo_que_traen_las_hojas_de_calculo(tmp_path: Path) -> None:
    """BOM, CRLF, columnas en otro orden, comillas, minúsculas, acentos, guiones, ceros perdidos."""
    con_claves()
    orden(
        escribir(
            tmp_path,
            f'"Superior | Medio superior", 9 ,"Prueba,  Unida",{DOS.lower()},15,En línea,'
            "b09-00001-32-0 | b0900002329\r",
            "\r",
            f'superior,19,Otra,{UNO},6,AMBAS,"A1900001321|"\r',
            cabecera="\ufeffNiveles,c_estado,nombre,CCT,c_mnpio,modalidad,registros_patronales\r",
        )
    )
    dos = Escuela.objects.get(pk=DOS)
    assert (dos.nombre, dos.modalidad, dos.entidad_id) == ("Prueba, Unida", "en-linea", "09")
    assert dos.niveles == [Nivel.MEDIO_SUPERIOR, Nivel.SUPERIOR]
    assert registros(DOS) == ["B0900001320", "B0900002329"]
    assert str(Escuela.objects.get(pk=UNO).municipio) == "Apodaca"


NUEVA = "15EBX0003C,Nueva,medio-superior,presencial,C1500001321,15,106"


@pytest.mark.parametrize(
    ("mala", "dice"),
    [
        (NUEVA.rsplit(",", 1)[0], "tiene 6 columnas y deben ser 7"),
        (NUEVA.replace("15EBX0003C", ""), "falta cct"),
        (NUEVA.replace("15EBX0003C", "15EBX003C"), "la CCT «15EBX003C» no son 2 números, 3 letras"),
        (NUEVA.replace("15EBX0003C", "15EBÑ0003C"), "la CCT «15EBÑ0003C» no son"),
        (NUEVA.replace("15EBX0003C", "15PBX0003C"), "es particular (su CCT lleva P en la tercera posición)"),
        (NUEVA.replace("Nueva", " "), "falta nombre"),
        (NUEVA.replace("Nueva", "N" * 151), "nombre pasa de 150 caracteres"),
        (NUEVA.replace("Nueva", "Nu\x00va"), "caracteres de control"),
        (
            NUEVA.replace("medio-superior", "básico"),
            "el nivel «básico» no existe: son medio-superior, superior",
        ),
        (NUEVA.replace("medio-superior", "|"), "falta niveles"),
        (
            NUEVA.replace("presencial", "mixta"),
            "la modalidad «mixta» no existe: son presencial, en-linea, ambas",
        ),
        (NUEVA.replace("presencial", ""), "falta modalidad"),
        (NUEVA.replace("C1500001321", ""), "falta registros_patronales"),
        (NUEVA.replace("C1500001321", "C1500001131"), "el registro patronal «C1500001131» no son"),
        (NUEVA.replace("C1500001321", "C1500001321|c1500001321"), "C1500001321 está dos veces"),
        (
            NUEVA.replace("C1500001321", "A1900001321"),
            "el registro patronal A1900001321 ya está en la línea 2",
        ),
        (NUEVA.replace("C1500001321", "Z0000000320"), "el registro patronal Z0000000320 es de otra escuela"),
        (NUEVA.replace("15EBX0003C", UNO), f"la escuela {UNO} ya está en la línea 2"),
        (NUEVA.replace(",15,", ",33,"), "la entidad 33 no existe"),
        (NUEVA.replace(",15,", ",,"), "c_estado debe ser la clave oficial, de 2 números"),
        (NUEVA.replace("106", "15106"), "c_mnpio debe ser la clave oficial, de 3 números"),
        (NUEVA.replace("106", "١٠٦"), "c_mnpio debe ser la clave oficial, de 3 números"),
        (NUEVA.replace("Nueva", "Educaci\xf3n").encode("cp1252"), "no es texto en UTF-8"),
        (NUEVA.replace("Nueva", '"Nueva'), "no es CSV: revisa sus comillas"),
    ],
)
def test_una_linea_mala_no_deja_nada(tmp_path: Path, mala: str | bytes, dice: str) -> None:
    otra = Escuela.objects.create(pk="20EBX0009Z", nombre="Otra", superior=True, entidad_id="20")
    RegistroPatronal.objects.create(pk="Z0000000320", escuela=otra)
    antes = todo()
    with pytest.raises(CommandError) as error:
        orden(escribir(tmp_path, *FILAS, mala))
    cabeza, linea = str(error.value).split("\n")
    assert cabeza == "El archivo tiene una línea con errores y no se cargó nada."
    assert linea.startswith("Línea 4: ") and dice in linea
    assert todo() == antes


def test_dice_las_primeras_veinte_y_cuantas_son(tmp_path: Path) -> None:
    # Good ones, those without a name, the good ones again: two reasons for one line count once.
    filas = [f"15EBX{n:04d}C,Nueva,superior,presencial,C15{n:05d}321,15,106" for n in range(30)]
    with pytest.raises(CommandError) as error:
        orden(escribir(tmp_path, *filas, *(fila.replace("Nueva", "") for fila in filas[:8]), *filas))
    lineas = str(error.value).split("\n")
    assert lineas[0] == "El archivo tiene 38 líneas con errores y no se cargó nada. Las primeras 20:"
    assert [int(linea.split()[1][:-1]) for linea in lineas[1:]] == list(range(32, 52))
    assert lineas[-1] == "Línea 51: la escuela 15EBX0011C ya está en la línea 13."


@pytest.mark.parametrize(
    ("contenido", "dice"),
    [
        (b"", "está vacío"),
        (b"\n\n", "La línea 1 debe nombrar las columnas: cct,nombre,niveles"),
        (FILAS[0].encode(), "La línea 1 debe nombrar"),
        (CABECERA.encode("utf-16"), "La línea 1 debe nombrar"),
        (f"{CABECERA}\n".encode(), "El archivo no trae escuelas"),
        (b"x" * 20_000, "Línea 1: pasa de 10,000 caracteres"),
    ],
)
def test_un_archivo_que_no_es(tmp_path: Path, contenido: bytes, dice: str) -> None:
    ruta = tmp_path / "escuelas.csv"
    ruta.write_bytes(contenido)
    with pytest.raises(CommandError, match=dice):
        orden(str(ruta))
    with pytest.raises(CommandError, match="No existe el archivo"):
        orden(str(tmp_path / "otro.csv"))


def test_si_alguien_se_adelanta_no_queda_nada(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody enrols by a registro at the very moment in which it was going to be retired."""
    test_un_registro_con_inscripciones_se_queda(tmp_path)
    antes = todo()
    monkeypatch.setattr(catalogo, "_con_inscripciones", lambda registros: set())
    with pytest.raises(CargaInvalida, match="vuelve a intentarlo"):
        catalogo.cargar(escribir(tmp_path, FILAS[0].replace("A1900001321|A1900002329", "A1900005321")))
    assert todo() == antes


def test_miles_con_pocas_consultas(tmp_path: Path) -> None:
    """A thousand more are so many statements more: when they are new, and when everything of them changes."""

    def consultas(cuantas: int, nombre: str, letra: str) -> int:
        filas = [
            f"15EBX{n:04d}C,{nombre} {n},superior,ambas,{letra}15{n:05d}321,15,106" for n in range(cuantas)
        ]
        with CaptureQueriesContext(connection) as capturadas:
            informe = catalogo.cargar(escribir(tmp_path, *filas), modo=Modo(aceptados=cuantas))
        assert informe.nuevas + informe.cambiadas == cuantas
        return len(capturadas)

    nuevas, cambiadas = consultas(1_000, "Nueva", "C"), consultas(1_000, "Otra", "D")
    RegistroPatronal.objects.filter(escuela__cct__startswith="15EBX").delete()
    Escuela.objects.filter(cct__startswith="15EBX").delete()
    assert consultas(5_000, "Nueva", "C") <= nuevas + 4 * 5
    # Django deletes by hundreds.
    assert consultas(5_000, "Otra", "D") <= cambiadas + 4 * 16


# --- The demonstration's --------------------------------------------------------------------------


class TestDeMuestra:
    """fixtures/escuelas.json, which `datos_demo` loads."""

    def test_cargarlas_otra_vez_no_cambia_nada(self) -> None:
        antes = todo()
        call_command("loaddata", "escuelas", verbosity=0)
        assert todo() == antes

    def test_hay_dos_en_cada_entidad_y_de_todas_las_clases(self) -> None:
        todas = list(Escuela.objects.all())
        por_entidad = Counter(escuela.entidad_id for escuela in todas)
        assert set(por_entidad) == set(Entidad.objects.values_list("pk", flat=True))
        assert len(por_entidad) == 32 and min(por_entidad.values()) >= 2
        assert {nivel for escuela in todas for nivel in escuela.niveles} == set(Nivel)
        assert {escuela.modalidad for escuela in todas} == set(Escuela.Modalidad)
        assert len({escuela.nombre for escuela in todas}) == len(todas)

    def test_son_validas_e_inventadas(self) -> None:
        inventadas = {"Ejemplar", "Muestra", "Ficticio", "Imaginario", "Ensayo", "Prueba"}
        for escuela in Escuela.objects.prefetch_related("registros"):
            escuela.full_clean()
            assert escuela.cct.startswith(escuela.entidad_id)
            assert inventadas & set(escuela.nombre.split()), escuela
            # Nobody has to choose by which one to enrol.
            assert all(elegir_registro(escuela.registros.all(), nivel) for nivel in escuela.niveles)
            for registro in escuela.registros.all():
                registro.full_clean()
                assert registro.nivel in ("", *escuela.niveles)
