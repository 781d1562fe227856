"""The official postal file: all or nothing, and loading it keeps what people's addresses refer to."""

import uuid
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count

from afiliacion.models import Subdelegacion
from nss_portal.archivos.plan import Modo
from nss_portal.models import CodigoPostal, Colonia, Domicilio, Municipio, Tramite
from nss_portal.personas.identidad import ENTIDADES
from nss_portal.territorio import oficial as modulo
from nss_portal.territorio.catalogo import Fila, Informe, del_paquete
from nss_portal.territorio.sepomex import CABECERA, Renglon
from tests.apoyo import Estricto

AVISO = "Aviso de prueba: estos números son inventados, con la forma del catálogo de códigos postales."
CLAVES = {nombre: clave for nombre, clave in ENTIDADES.values() if clave}

# Places that the package knows, with keys of our own.
JUAREZ = Renglon("06600", "Juárez", "Colonia", "Cuauhtémoc", "Ciudad de México", "09", "015", "0001")
ANGEL = Renglon("01000", "San Ángel", "Colonia", "Álvaro Obregón", "Ciudad de México", "09", "010", "0001")
CENTRO = Renglon("64000", "Monterrey Centro", "Colonia", "Monterrey", "Nuevo León", "19", "039", "0001")
FINCA = Renglon("64000", "La Finca", "Colonia", "Monterrey", "Nuevo León", "19", "039", "0002")
BASE = [JUAREZ, ANGEL, CENTRO, FINCA]


def escribir_linea(renglon: Renglon) -> str:
    """As the official file has it: of three lines, two are of places without a city and end in «Rural|»."""
    r = renglon
    ciudad, zona = (r.municipio, "Urbano|07") if r.tipo in {"Colonia", "Fraccionamiento"} else ("", "Rural|")
    oficina = f"{r.codigo[:4]}1"
    return (
        f"{r.codigo}|{r.colonia}|{r.tipo}|{r.municipio}|{r.entidad}|{ciudad}|{oficina}|{r.c_estado}|{oficina}||"
        f"09|{r.c_mnpio}|{r.consecutivo}|{zona}"
    )


def escribir(carpeta: Path, renglones: Iterable[Renglon], *crudas: bytes) -> str:
    ruta = carpeta / f"{uuid.uuid4().hex}.txt"
    lineas = [linea.encode("cp1252") for linea in (AVISO, CABECERA, *map(escribir_linea, renglones))]
    ruta.write_bytes(b"\r\n".join([*lineas, *crudas, b""]))
    return str(ruta)


def empacar(carpeta: Path, textos: dict[str, bytes]) -> str:
    ruta = carpeta / f"{uuid.uuid4().hex}.zip"
    with zipfile.ZipFile(ruta, "w", zipfile.ZIP_DEFLATED) as paquete:
        for nombre, texto in textos.items():
            paquete.writestr(nombre, texto)
    return str(ruta)


def con_claves(filas: Iterable[Fila]) -> list[Renglon]:
    """Rows of the package with keys of our own."""
    municipios: dict[tuple[str, str], str] = {}
    cuantos: defaultdict[str, int] = defaultdict(int)
    renglones = []
    for fila in filas:
        estado = CLAVES[fila.entidad]
        if (estado, fila.municipio) not in municipios:
            cuantos[estado] += 1
            municipios[estado, fila.municipio] = f"{cuantos[estado]:03d}"
        municipio = municipios[estado, fila.municipio]
        cuantos[estado + municipio] += 1
        renglones.append(Renglon(*fila, estado, municipio, f"{cuantos[estado + municipio]:04d}"))
    return renglones


def orden(*args: str, **opciones: Any) -> str:
    salida = StringIO()
    call_command("cargar_codigos_postales", *args, stdout=salida, **opciones)
    return salida.getvalue()


def huella() -> tuple[int, ...]:
    """Changes with whatever a load may change."""
    claves = Municipio.objects.aggregate(n=Count("pk"), claves=Count("clave"))
    colonias = Colonia.objects.aggregate(n=Count("pk"), claves=Count("clave_oficial"))
    vigentes = Colonia.objects.vigentes().count()
    return (*claves.values(), *colonias.values(), vigentes, CodigoPostal.objects.count())


def domicilio(colonia: Colonia) -> Domicilio:
    tramite = Tramite.objects.create(
        tipo="nss", solicitud=uuid.uuid4(), navegador="x", curp="MUHD040821HDFSRGA9", correo="a@b.example"
    )
    return Domicilio.objects.create(
        tramite=tramite,
        codigo_postal_id=colonia.codigo_postal_id,
        colonia=colonia,
        calle="Calle",
        numero_exterior="1",
    )


# --- A line that cannot be ------------------------------------------------------------------------


def _con(**cambios: str) -> bytes:
    otra = JUAREZ._replace(consecutivo="0009", colonia="Otra")
    return escribir_linea(otra._replace(**cambios)).encode("cp1252")


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogo")
@pytest.mark.parametrize(
    ("mala", "dice"),
    [
        (_con().rpartition(b"|")[0], "tiene 14 columnas y deben ser 15"),
        (_con() + b"|", "tiene 16 columnas"),
        (b"||||||||||||||", "d_codigo debe tener cinco cifras y dice «»"),
        (_con(codigo="6600"), "d_codigo debe tener cinco cifras y dice «6600»"),
        (_con(codigo="0660A"), "d_codigo"),
        (_con(codigo="06²00"), "d_codigo"),
        (_con(c_mnpio="15"), "c_mnpio debe tener tres cifras"),
        (_con(consecutivo="1"), "id_asenta_cpcons debe tener cuatro cifras"),
        (_con(c_estado="33"), "no hay entidad con la clave 33"),
        (_con(entidad="Atlántida"), "la entidad 09 no se llama «Atlántida»"),
        (_con(colonia="  "), r"falta el nombre de la colonia \(d_asenta\)"),
        (_con(tipo=""), "falta el tipo"),
        (_con(municipio=""), "falta el nombre del municipio"),
        (_con(colonia="x" * 101), "d_asenta pasa de 100"),
        (_con(colonia="ß" * 60), "d_asenta pasa de 100"),
        (_con(colonia="Ju\x00rez"), "caracteres de control"),
        (_con().replace(b"Otra", b"Otr\x81"), "bytes que no son texto"),
        (_con(colonia="x" * 20_000), "pasa de 10,000 caracteres"),
        (_con(consecutivo="0001"), "la clave 090150001 ya está en la línea 3"),
        (
            _con(c_mnpio="016", municipio="Miguel Hidalgo"),
            "06600 está en dos municipios, Miguel Hidalgo y, en la línea 3, Cuauhtémoc",
        ),
        (_con(codigo="06601", municipio="Cuauhtemotzin"), "el municipio 09015 tiene dos nombres"),
    ],
    ids=lambda dato: dato if isinstance(dato, str) else "",
)
def test_una_linea_mala_no_deja_nada(tmp_path: Path, mala: bytes, dice: str) -> None:
    antes = huella()
    with pytest.raises(CommandError, match=f"^Línea 5: .*{dice}"):
        orden(escribir(tmp_path, [JUAREZ, ANGEL], mala, _con(consecutivo="0010")))
    assert huella() == antes


# --- A few rows -----------------------------------------------------------------------------------


@pytest.fixture
def pocas(catalogo: None) -> dict[str, Colonia]:
    """Only the colonias of BASE, as the package has them: retiring the country each time would take long."""
    colonias = list(Colonia.objects.filter(codigo_postal__in={r.codigo for r in BASE}))
    assert len(colonias) == len(BASE)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("TRUNCATE nss_portal_colonia CASCADE")
        else:
            cursor.execute("DELETE FROM nss_portal_colonia")
    Colonia.objects.bulk_create(colonias)
    return {colonia.nombre: colonia for colonia in colonias}


@pytest.fixture
def cargar(tmp_path: Path, pocas: dict[str, Colonia]) -> Any:
    def cargar(*renglones: Renglon, retira: int | None = None) -> Informe:
        informe = modulo.cargar(escribir(tmp_path, renglones), modo=Modo(aceptados=retira))
        # Whatever it did, there is nothing left to do.
        assert modulo.cargar(escribir(tmp_path, renglones)).sin_cambios
        return informe

    return cargar


def cuentas(informe: Informe) -> list[tuple[int, int, int, int]]:
    """Added, changed, retired, given a key: of municipios, codes and colonias."""
    partes = (informe.municipios, informe.codigos, informe.colonias)
    return [(c.agregadas, c.cambiadas, c.retiradas, c.claves) for c in partes]


@pytest.mark.django_db
def test_da_sus_claves_a_las_filas_del_paquete(cargar: Any, pocas: dict[str, Colonia]) -> None:
    assert cuentas(cargar(*BASE)) == [(0, 0, 0, 3), (0, 0, 0, 0), (0, 0, 0, 4)]
    for renglon in BASE:
        colonia = Colonia.objects.get(clave_oficial="".join(renglon[5:]))
        assert colonia.pk == pocas[renglon.colonia].pk
        assert colonia.codigo_postal.municipio.clave == "".join(renglon[5:7])
    # It has them; only the writing of a name changes.
    assert cuentas(cargar(JUAREZ._replace(colonia="JUAREZ"), *BASE[1:]))[2] == (0, 1, 0, 0)


@pytest.mark.django_db
def test_con_clave_cambia_de_nombre_de_tipo_y_de_codigo(cargar: Any, pocas: dict[str, Colonia]) -> None:
    cargar(*BASE)
    vive = domicilio(pocas["Juárez"])
    nueva = JUAREZ._replace(codigo="06601", colonia="Benito Juárez", tipo="Barrio")
    assert cuentas(cargar(nueva, *BASE[1:])) == [(0, 0, 0, 0), (1, 0, 1, 0), (0, 1, 0, 0)]
    vive.refresh_from_db()
    assert vive.colonia_id == pocas["Juárez"].pk
    assert (vive.colonia.codigo_postal_id, vive.colonia.nombre, vive.colonia.tipo) == nueva[:3]
    assert vive.colonia.nombre_plegado == "benito juarez"


@pytest.mark.django_db
def test_dos_se_cambian_el_nombre(cargar: Any, pocas: dict[str, Colonia]) -> None:
    """Each one takes a place that the other has not left yet."""
    cargar(*BASE)
    centro, finca = CENTRO._replace(colonia=FINCA.colonia), FINCA._replace(colonia=CENTRO.colonia)
    assert cuentas(cargar(JUAREZ, ANGEL, centro, finca))[2] == (0, 2, 0, 0)
    nombres = dict(Colonia.objects.filter(codigo_postal="64000").values_list("pk", "nombre"))
    assert nombres == {pocas["Monterrey Centro"].pk: "La Finca", pocas["La Finca"].pk: "Monterrey Centro"}


@pytest.mark.django_db
def test_lo_retirado_se_queda_y_puede_volver(cargar: Any, pocas: dict[str, Colonia]) -> None:
    cargar(*BASE)
    vive = domicilio(pocas["Juárez"])
    # Its municipio goes with it; it only had this colonia.
    assert cuentas(cargar(*BASE[1:], retira=1)) == [(0, 0, 1, 0), (0, 0, 1, 0), (0, 0, 1, 0)]
    vive.refresh_from_db()
    assert vive.colonia_id == pocas["Juárez"].pk and not vive.colonia.vigente
    assert cuentas(cargar(*BASE)) == [(0, 1, 0, 0), (0, 1, 0, 0), (0, 1, 0, 0)]
    vive.colonia.refresh_from_db()
    assert vive.colonia.vigente


@pytest.mark.django_db
def test_otra_toma_el_nombre_de_una_retirada(cargar: Any, pocas: dict[str, Colonia]) -> None:
    cargar(*BASE)
    cargar(JUAREZ, ANGEL, FINCA, retira=1)
    assert cuentas(cargar(JUAREZ, ANGEL, FINCA._replace(colonia=CENTRO.colonia)))[2] == (0, 1, 0, 0)
    assert list(Colonia.objects.filter(nombre=CENTRO.colonia).order_by("vigente").values_list("pk")) == [
        (pocas["Monterrey Centro"].pk,),
        (pocas["La Finca"].pk,),
    ]
    # A key that nobody knows takes the row in use; the retired one comes back by its own key.
    otro = FINCA._replace(colonia=CENTRO.colonia, consecutivo="0003")
    assert cuentas(cargar(JUAREZ, ANGEL, otro, CENTRO._replace(colonia="Antiguo Centro")))[2] == (0, 1, 0, 1)
    assert Colonia.objects.get(clave_oficial="190390003").pk == pocas["La Finca"].pk
    assert Colonia.objects.get(clave_oficial="190390001").pk == pocas["Monterrey Centro"].pk


@pytest.mark.django_db
def test_un_codigo_cambia_de_municipio(cargar: Any, pocas: dict[str, Colonia]) -> None:
    """Keys begin with the municipio's, so its colonias have new ones and are found by name."""
    cargar(*BASE)
    nuevo = JUAREZ._replace(municipio="Nueva Alcaldía", c_mnpio="017")
    assert cuentas(cargar(nuevo, *BASE[1:])) == [(1, 0, 1, 0), (0, 1, 0, 0), (0, 0, 0, 1)]
    codigo = CodigoPostal.objects.select_related("municipio").get(pk="06600")
    assert (codigo.municipio.clave, codigo.municipio.entidad_id) == ("09017", "09")
    assert Colonia.objects.get(clave_oficial="090170001").pk == pocas["Juárez"].pk
    assert Municipio.objects.filter(clave="09015").exists()


@pytest.mark.django_db
def test_un_municipio_cambia_de_nombre(cargar: Any) -> None:
    cargar(*BASE)
    pk = Municipio.objects.get(clave="09015").pk
    assert cuentas(cargar(JUAREZ._replace(municipio="Guerrero"), *BASE[1:]))[0] == (0, 1, 0, 0)
    assert Municipio.objects.get(pk=pk).nombre == "Guerrero"


@pytest.mark.django_db
def test_municipios_con_el_mismo_nombre(cargar: Any) -> None:
    """Two keys, one name, one row so far: it stays with the key that has its postal codes."""
    pk = Municipio.objects.get(entidad="09", nombre="Cuauhtémoc").pk
    lejos = Renglon("14990", "Lejos", "Colonia", "Cuauhtemoc", "Ciudad de México", "09", "002", "0001")
    cargar(lejos, *BASE)
    assert Municipio.objects.get(clave="09015").pk == pk
    assert Municipio.objects.get(clave="09002").nombre == "Cuauhtemoc"
    # Homonyms to the letter are told apart by their keys too, and the name goes with the key.
    assert cuentas(cargar(lejos._replace(municipio="Cuauhtémoc"), *BASE))[0] == (0, 1, 0, 0)
    assert Municipio.objects.filter(entidad="09", nombre="Cuauhtémoc").count() == 2


@pytest.mark.django_db
def test_los_dobles_son_uno(cargar: Any, pocas: dict[str, Colonia]) -> None:
    """One name twice in a code, with two keys, is one choice; the row stays with the key it has."""
    doble = JUAREZ._replace(colonia="JUAREZ", consecutivo="0000")
    assert cuentas(cargar(JUAREZ, *BASE[1:]))[2] == (0, 0, 0, 4)
    assert cuentas(cargar(doble, *BASE))[2] == (0, 0, 0, 0)
    juarez = Colonia.objects.get(codigo_postal="06600")
    assert (juarez.pk, juarez.nombre, juarez.clave_oficial) == (pocas["Juárez"].pk, "Juárez", "090150001")
    # The other key goes on alone.
    assert cuentas(cargar(doble, *BASE[1:]))[2] == (0, 1, 0, 0)
    juarez.refresh_from_db()
    assert (juarez.nombre, juarez.clave_oficial) == ("JUAREZ", "090150000")
    # Of one that moves and one that is new, the one that people's addresses may refer to.
    movida = FINCA._replace(codigo="64001")
    cargar(doble, ANGEL, CENTRO, movida._replace(consecutivo="0000"), movida)
    assert Colonia.objects.get(codigo_postal="64001").pk == pocas["La Finca"].pk


@pytest.mark.django_db
def test_si_se_cae_al_final_no_queda_nada(
    tmp_path: Path, pocas: dict[str, Colonia], monkeypatch: pytest.MonkeyPatch
) -> None:
    def caer(*args: object) -> None:
        raise OSError("no hay espacio")

    antes = huella()
    ruta = escribir(tmp_path, [*BASE, JUAREZ._replace(codigo="06699", colonia="Nueva", consecutivo="0077")])
    with monkeypatch.context() as parche, pytest.raises(OSError, match="no hay espacio"):
        parche.setattr(modulo, "_cargar_colonias", caer)
        orden(ruta)
    assert huella() == antes
    assert "1 agregadas" in orden(ruta)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.django_db
def test_lo_dice(tmp_path: Path, pocas: dict[str, Colonia], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nss_portal.archivos.carga._LOTE", 2)
    pantalla = Terminal()
    ruta = escribir(tmp_path, [*BASE, JUAREZ._replace(colonia="Nueva", consecutivo="0002")])
    assert orden(ruta, stderr=pantalla) == (
        "Municipios: 3 en el catálogo; 0 agregados, 0 cambiados, 0 retirados, "
        "3 recibieron su clave oficial.\n"
        "Códigos postales: 3 en el catálogo; 0 agregados, 0 cambiados, 0 retirados.\n"
        "Colonias: 5 en el catálogo; 1 agregadas, 0 cambiadas, 0 retiradas, 4 recibieron su clave oficial.\n"
    )
    assert "Leyendo… █" in pantalla.getvalue() and "%" in pantalla.getvalue()
    assert pantalla.getvalue().endswith("\r\033[K")
    errores = StringIO()
    assert orden(ruta, stderr=errores) == (
        "Sin cambios: el catálogo ya estaba al día (3 códigos postales, 5 colonias).\n"
    )
    assert errores.getvalue() == ""


@pytest.mark.django_db
def test_sin_archivo_no_se_vuelve_al_paquete(tmp_path: Path, pocas: dict[str, Colonia]) -> None:
    orden(escribir(tmp_path, BASE))
    antes = huella()
    dicho = orden()
    assert dicho.startswith("Ya está cargado el archivo oficial") and dicho.count("\n") == 1
    assert huella() == antes


# --- The whole country ----------------------------------------------------------------------------


def test_el_pais_entero(tmp_path: Path, cliente: Estricto) -> None:
    """As many rows as the real one: the package's, some gone, some new, a new municipio."""
    ids = dict(Colonia.objects.values_list("pk", "nombre"))
    vive = domicilio(Colonia.objects.get(codigo_postal="06600"))
    filas = del_paquete()
    se_van = set(range(7, len(filas), 1000))
    renglones = con_claves(filas)
    nuevas = [
        renglon._replace(colonia=f"De Prueba {i}", consecutivo=f"{5000 + i % 4999:04d}")
        for i, renglon in enumerate(renglones[::13])
    ]
    renglones = [renglon for i, renglon in enumerate(renglones) if i not in se_van] + nuevas
    for i, renglon in enumerate(renglones):
        if renglon.codigo == "22010":
            renglones[i] = renglon._replace(municipio="Nuevo de Prueba", c_mnpio="900")
    assert len(renglones) > 156_000
    ruta = escribir(tmp_path, renglones)
    informe = modulo.cargar(ruta)
    [municipios, codigos, colonias] = cuentas(informe)
    assert (municipios[:3], codigos[1]) == ((1, 0, 0), 1)
    assert colonias[0] == len(nuevas) and 0 < colonias[2] <= len(se_van) and colonias[3] > 144_000
    assert Colonia.objects.vigentes().count() == informe.colonias.total
    assert Colonia.objects.vigentes().filter(clave_oficial=None).count() == 0
    # Every row that was there is there.
    assert ids.keys() <= dict(Colonia.objects.values_list("pk", "nombre")).keys()
    vive.refresh_from_db()
    assert (vive.colonia.nombre, vive.colonia.vigente) == ("Juárez", True)
    clave = CodigoPostal.objects.select_related("municipio").get(pk="06600").municipio.clave
    assert cliente.get("/codigos-postales/06600/").json()["municipio"] == {
        "clave": clave,
        "nombre": "Cuauhtémoc",
    }
    # Every municipio still leads to a subdelegación, and so each of its codes.
    muestra = {codigo.municipio_id: codigo for codigo in CodigoPostal.objects.select_related("municipio")}
    assert len(muestra) == 2_459
    for codigo in muestra.values():
        assert Subdelegacion.objects.que_atiende(codigo).entidad_id == codigo.municipio.entidad_id
    # The same, zipped: nothing to do.
    assert orden(empacar(tmp_path, {"CPdescarga.txt": Path(ruta).read_bytes()})).startswith("Sin cambios")
