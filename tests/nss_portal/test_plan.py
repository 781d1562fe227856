"""A file that was cut, or is of one state, undoes no catalogue: asked before anything is written."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from clinicas import alta
from clinicas.models import Clinica, Cobertura, Consultorio, Turno
from nss_portal.archivos.plan import Modo, Retiros, RetirosSinAceptar
from nss_portal.models import CodigoPostal, Colonia, Entidad, Municipio, Persona
from nss_portal.territorio import catalogo as modulo_catalogo
from nss_portal.territorio.catalogo import del_paquete
from nss_portal.territorio.sepomex import Renglon
from tests.clinicas import libros
from tests.clinicas.apoyo import HOY, clinica, persona
from tests.nss_portal.test_catalogo_oficial import con_claves, domicilio, escribir
from vigencia.models import Escuela, RegistroPatronal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]

TABLAS = (
    *(Entidad, Municipio, CodigoPostal, Colonia, Clinica, Consultorio, Cobertura),
    *(Escuela, RegistroPatronal, Persona),
)


def todo() -> list[Any]:
    """Every row of every catalogue, whole."""
    return [list(modelo.objects.order_by("pk").values_list()) for modelo in TABLAS]


def correr(orden: str, *args: object, **opciones: Any) -> str:
    salida = io.StringIO()
    call_command(orden, *map(str, args), stdout=salida, stderr=io.StringIO(), **opciones)
    return salida.getvalue()


def rechazo(orden: str, *args: object, **opciones: Any) -> str:
    """What it says, in one paragraph; of the rows, nothing has changed."""
    antes = todo()
    with pytest.raises(CommandError) as error:
        correr(orden, *args, **opciones)
    assert todo() == antes
    assert error.value.returncode != 0
    dicho = str(error.value)
    assert "\n" not in dicho and "No se cambió nada." in dicho
    return dicho


def planear(orden: str, *args: object) -> str:
    antes = todo()
    dicho = correr(orden, *args, plan=True)
    assert todo() == antes
    assert dicho.startswith("Plan: no se cambió nada.")
    return dicho


# --- Postal codes: the country --------------------------------------------------------------------


@pytest.fixture(scope="module")
def pais() -> list[Renglon]:
    """As the official file has them: by entidad."""
    return sorted(con_claves(del_paquete()), key=lambda renglon: renglon.c_estado)


@pytest.mark.parametrize("corte", ["70,000 líneas", "un estado", "dos líneas"])
def test_un_archivo_oficial_cortado_no_retira_al_pais(
    tmp_path: Path, pais: list[Renglon], corte: str
) -> None:
    parte = {
        "70,000 líneas": pais[:70_000],
        "un estado": [renglon for renglon in pais if renglon.c_estado == "19"],
        "dos líneas": pais[:2],
    }[corte]
    quedan = len({renglon[:3] for renglon in parte})
    ruta = escribir(tmp_path, parte)
    dicho = rechazo("cargar_codigos_postales", ruta)
    [cuantas] = [int(palabra) for palabra in dicho.rstrip(".").split() if palabra.isdigit()][-1:]
    # Two spellings of one are one: five in the country.
    assert abs(145_324 - quedan - cuantas) <= 5
    assert dicho.startswith(f"Se retirarían {cuantas:,} de 145,324 colonias (")
    assert "el archivo no trae nada de " in dicho and dicho.count(", ") >= 2
    assert f"repite la orden con --aceptar-retiros {cuantas}." in dicho


def test_con_el_numero_del_plan_y_con_ningun_otro(tmp_path: Path, pais: list[Renglon]) -> None:
    ruta = escribir(tmp_path, pais[:2])
    plan = planear("cargar_codigos_postales", ruta)
    assert "Se retirarían 145,322 de 145,324 colonias (100.0 %)" in plan
    assert "repite la orden sin --plan y con --aceptar-retiros 145322." in plan
    dicho = rechazo("cargar_codigos_postales", ruta, aceptar_retiros=145_321)
    assert "Aceptaste 145,321 y no es ese número." in dicho
    assert "145,322 retiradas" in correr("cargar_codigos_postales", ruta, aceptar_retiros=145_322)
    assert Colonia.objects.vigentes().count() == 2
    # Nothing left to retire, nothing to ask; and without a file, the official one stays.
    antes = todo()
    assert correr("cargar_codigos_postales", ruta).startswith("Sin cambios")
    assert correr("cargar_codigos_postales").startswith("Ya está cargado el archivo oficial")
    assert todo() == antes


def test_una_entidad_entera_pide_el_numero_aunque_sea_pequena(tmp_path: Path, pais: list[Renglon]) -> None:
    ruta = escribir(tmp_path, [renglon for renglon in pais if renglon.c_estado != "06"])
    dicho = rechazo("cargar_codigos_postales", ruta)
    assert "; el archivo no trae nada de Colima. Por ejemplo: 28" in dicho


def test_lo_que_esta_en_el_domicilio_de_alguien_pide_el_numero(tmp_path: Path, pais: list[Renglon]) -> None:
    """One of 145,324: too few to ask for, were it nobody's."""
    juarez = Colonia.objects.get(codigo_postal="06600")
    sin_ella = [renglon for renglon in pais if renglon.codigo != "06600"]
    filas = [fila for fila in del_paquete() if fila.codigo != "06600"]
    ruta = escribir(tmp_path, sin_ella)
    plan = planear("cargar_codigos_postales", ruta)
    assert plan.endswith(
        "Se retiraría 1 de 145,324 colonias (menos del 0.1 %). Es: 06600 Juárez. "
        "Para aplicarlo, repite la orden sin --plan.\n"
    )
    domicilio(juarez)
    frase = (
        "Se retiraría 1 de 145,324 colonias (menos del 0.1 %); una está en domicilios de personas. "
        "Es: 06600 Juárez. "
    )
    assert rechazo("cargar_codigos_postales", ruta).startswith(frase)
    antes = todo()
    with pytest.raises(RetirosSinAceptar) as error:
        modulo_catalogo.cargar(filas)
    assert str(error.value).startswith(frase) and todo() == antes
    assert modulo_catalogo.cargar(filas, modo=Modo(aceptados=1)).colonias.retiradas == 1
    juarez.refresh_from_db()
    assert not juarez.vigente


def test_el_paquete_cortado_tampoco(pais: list[Renglon]) -> None:
    antes = todo()
    with pytest.raises(RetirosSinAceptar, match="de 145,324 colonias"):
        modulo_catalogo.cargar(del_paquete()[:70_000])
    assert todo() == antes


# --- Clinics --------------------------------------------------------------------------------------


def libro(carpeta: Path, numeros: range) -> str:
    return libros.escribir(carpeta / "clues.xlsx", [libros.fila(f"NLIMS{n:06d}") for n in numeros])


def test_un_clues_corto_no_retira_las_clinicas(tmp_path: Path) -> None:
    ruta = libro(tmp_path, range(5))
    dicho = rechazo("cargar_clinicas", ruta)
    assert dicho.startswith("Se retirarían 117 de 117 clínicas (100.0 %)")
    assert "--aceptar-retiros 117." in planear("cargar_clinicas", ruta)
    correr("cargar_clinicas", ruta, aceptar_retiros=117)
    assert Clinica.objects.exclude(estado="retirada").count() == 5
    # One of a few is a fifth of them.
    corto = libro(tmp_path, range(4))
    assert rechazo("cargar_clinicas", corto).startswith(
        "Se retiraría 1 de 5 clínicas (20.0 %). Es: NLIMS000004 UMF No. 4. "
    )


def test_una_clinica_con_gente_pide_el_numero(tmp_path: Path) -> None:
    correr("cargar_clinicas", libro(tmp_path, range(1, 61)), aceptar_retiros=117)
    sin_las_dos = libro(tmp_path, range(2, 60))
    alta.registrar(persona(1), Clinica.objects.get(pk="NLIMS000060"), Turno.MATUTINO, hoy=HOY)
    assert "; una tiene gente registrada (1 en total). Son: NLIMS000060 UMF No. 60, NLIMS000001" in rechazo(
        "cargar_clinicas", sin_las_dos
    )
    # One in sixty, and nobody's.
    assert "NLIMS000001 UMF No. 1: 0 personas" in correr("cargar_clinicas", libro(tmp_path, range(2, 61)))


# --- The others -----------------------------------------------------------------------------------


@pytest.fixture
def csv(tmp_path: Path) -> Any:
    def csv(*lineas: str) -> Path:
        ruta = tmp_path / "archivo.csv"
        ruta.write_text("\n".join(lineas) + "\n")
        return ruta

    return csv


def test_la_cobertura(csv: Any) -> None:
    Cobertura.objects.all().delete()
    for clues in ("NLIMS980001", "NLIMS980002"):
        clinica(clues)
        Cobertura.objects.create(codigo_postal_id="64000", clinica_id=clues)
    ruta = csv("codigo_postal,clues", "64000,NLIMS980001")
    assert rechazo("cargar_cobertura", ruta).startswith(
        "Se retiraría 1 de 2 coberturas (50.0 %). Es: 64000 con NLIMS980002. "
    )
    assert "--aceptar-retiros 1." in planear("cargar_cobertura", ruta)
    correr("cargar_cobertura", ruta, aceptar_retiros=1)
    assert Cobertura.objects.get().clinica_id == "NLIMS980001"


def test_los_registros_de_una_escuela(csv: Any) -> None:
    cabecera = "cct,nombre,niveles,modalidad,registros_patronales,c_estado,c_mnpio"
    linea = "19DUX0001A,Universidad de Prueba,superior,ambas,{},19,"
    correr("cargar_escuelas", csv(cabecera, linea.format("A1900001321|A1900002329|A1900003327|A1900004325")))
    vigentes = RegistroPatronal.objects.count()
    corta = csv(cabecera, linea.format("A1900001321"))
    assert rechazo("cargar_escuelas", corta).startswith(
        f"Se retirarían 3 de {vigentes} registros patronales ("
    )
    planear("cargar_escuelas", corta)
    correr("cargar_escuelas", corta, aceptar_retiros=3)
    assert list(RegistroPatronal.objects.filter(escuela="19DUX0001A")) == [
        RegistroPatronal.objects.get(pk="A1900001321")
    ]


def test_de_las_personas_nadie_se_retira_y_tambien_hay_plan(csv: Any) -> None:
    una = persona(1)
    suyo = f"{una.nombres},{una.primer_apellido},{una.segundo_apellido}"
    ruta = csv("curp,nombres,primer_apellido,segundo_apellido,nss", f"{una.curp},{suyo},")
    Persona.objects.filter(pk=una.pk).update(nombres="Muestra")
    assert planear("cargar_personas", ruta).endswith(
        "No se retiraría nada. Para aplicarlo, repite la orden sin --plan.\n"
    )
    correr("cargar_personas", ruta, aceptar_nombres=1)
    assert Persona.objects.get(pk=una.pk).nombres == una.nombres


# --- Where the line is ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cuantos", "vigentes", "de_alguien", "piden"),
    [
        *((0, 0, False, False), (0, 9, True, False), (1, 1, False, True), (1, 49, False, True)),
        *((1, 50, False, False), (2, 100, False, False), (3, 100, False, True), (1, 9_999, True, True)),
    ],
)
def test_mas_del_dos_por_ciento(cuantos: int, vigentes: int, de_alguien: bool, piden: bool) -> None:
    retiros = Retiros("clínicas", cuantos, vigentes, ["una"], ["una es de alguien"] * de_alguien)
    assert retiros.piden_numero is piden
