"""The fictional people: what the contract offers to try, and that nobody real can be taken for them."""

import json
import stat
from datetime import date
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as ajustes
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from afiliacion.asignacion import asignar_nss
from afiliacion.models import Prefijo, Subdelegacion
from clinicas.models import Clinica, Consultorio
from nss_portal.demo.ficticias import CASOS, ejemplos, personas_sinteticas
from nss_portal.models import CodigoPostal, Persona
from nss_portal.personas.identidad import (
    entidad_curp,
    nacimiento_curp,
    raiz_curp,
    sexo_curp,
    validar_curp,
    validar_nss,
)
from nss_portal.territorio.models import plegar
from vigencia.models import Escuela, Inscripcion, RegistroPatronal, Responsable

DEL_CONTRATO = (
    "con-nss|sin-nss|sexo-x|con-ene|sin-segundo-apellido|extranjero|nacido-2000|mayor-60|no-renapo|vigente|"
    "baja|ciclo-terminado|nunca-inscrito|con-clinica"
).split("|")
DE_LOS_PASOS_2_Y_3 = DEL_CONTRATO[-5:]
INVENTADOS = set("ejemplo muestra ficticio prueba inventado demo supuesto imaginario simulado ensayo".split())
FIXTURES = Path(ajustes.BASE_DIR) / "fixtures"

DE_MUESTRA = [
    Persona(**objeto["fields"] | {"nacimiento": date.fromisoformat(objeto["fields"]["nacimiento"])})
    for objeto in json.loads((FIXTURES / "personas_demo.json").read_text(encoding="utf-8"))
]


def del_caso(nombre: str) -> Persona:
    curp = next(caso.curp for caso in CASOS if caso.caso == nombre)
    return next(persona for persona in DE_MUESTRA if persona.curp == curp)


def coherente(persona: Persona) -> None:
    """Its CURP says what its data say, its NSS too, and one of its surnames is invented."""
    assert validar_curp(persona.curp) == persona.curp
    assert persona.curp[:16] == raiz_curp(
        persona.nombres,
        persona.primer_apellido,
        persona.segundo_apellido,
        persona.nacimiento,
        persona.sexo,
        persona.entidad,
    )
    assert nacimiento_curp(persona.curp) == persona.nacimiento
    assert (sexo_curp(persona.curp), entidad_curp(persona.curp)) == (persona.sexo, persona.entidad)
    palabras = plegar(f"{persona.primer_apellido} {persona.segundo_apellido}").split()
    assert INVENTADOS & set(palabras), persona
    if persona.nss:
        assert validar_nss(persona.nss) == persona.nss
        assert persona.nss[4:6] == persona.curp[4:6]
        registro = next(a for a in (2000, 1900) if a + int(persona.nss[2:4]) <= date.today().year)
        assert registro + int(persona.nss[2:4]) - persona.nacimiento.year >= 15
        # Series begin at the other end.
        assert int(persona.nss[6:10]) >= 9000


def test_los_casos_son_los_del_contrato() -> None:
    assert [caso.caso for caso in CASOS] == DEL_CONTRATO
    assert len({caso.curp for caso in CASOS}) == len(CASOS)
    assert all(caso.descripcion for caso in CASOS)


def test_cada_persona_de_muestra_es_coherente() -> None:
    assert len(DE_MUESTRA) == len({persona.curp for persona in DE_MUESTRA}) == 40
    for persona in DE_MUESTRA:
        coherente(persona)
        assert not persona.nss or int(persona.nss[6:10]) >= 9500
    numeros = [persona.nss for persona in DE_MUESTRA if persona.nss]
    assert len(set(numeros)) == len(numeros) == 18


def test_hay_de_todas_las_edades_y_de_casi_todas_partes() -> None:
    anios = [persona.nacimiento.year for persona in DE_MUESTRA]
    assert (min(anios), max(anios)) == (1951, 2011)
    assert len({persona.entidad for persona in DE_MUESTRA}) >= 30
    assert {persona.sexo for persona in DE_MUESTRA} == {"H", "M", "X"}
    # Among those of each rare kind, some have a number and some do not.
    for clase in (
        lambda p: p.sexo == "X",
        lambda p: "Ñ" in p.primer_apellido.upper(),
        lambda p: not p.segundo_apellido,
        lambda p: p.entidad == "NE",
        lambda p: p.nacimiento.year >= 2000,
    ):
        assert {bool(persona.nss) for persona in DE_MUESTRA if clase(persona)} == {True, False}


def test_cada_caso_es_lo_que_dice() -> None:
    assert del_caso("con-nss").nss
    assert not del_caso("sin-nss").nss
    assert del_caso("sexo-x").sexo == "X"
    assert "ñ" in del_caso("con-ene").primer_apellido
    assert not del_caso("sin-segundo-apellido").segundo_apellido
    assert del_caso("extranjero").entidad == "NE"
    assert del_caso("nacido-2000").nacimiento.year >= 2000 and del_caso("nacido-2000").curp[16].isalpha()
    assert del_caso("mayor-60").nacimiento.year <= 1966
    assert all(del_caso(nombre).nss for nombre in DE_LOS_PASOS_2_Y_3)


def test_a_quien_el_registro_no_conoce_no_lo_conoce_nadie() -> None:
    curp = next(caso.curp for caso in CASOS if caso.caso == "no-renapo")
    assert validar_curp(curp) == curp
    for archivo in FIXTURES.iterdir():
        assert curp not in archivo.read_text(encoding="utf-8"), archivo
    assert curp not in {persona.curp for persona in personas_sinteticas(3000)}


def test_las_personas_sinteticas_son_coherentes_y_siempre_las_mismas() -> None:
    mil = list(personas_sinteticas(1000))
    for persona in mil:
        coherente(persona)
        persona.clean_fields()
    assert len({persona.curp for persona in mil}) == 1000
    numeros = [persona.nss for persona in mil if persona.nss]
    assert len(set(numeros)) == len(numeros) == 333

    def datos(personas: Any) -> list[tuple[object, ...]]:
        return [(str(p), p.curp, p.nss) for p in personas]

    assert datos(personas_sinteticas(1000)) == datos(mil)
    # Asking for fewer gives the first of them.
    assert datos(personas_sinteticas(10)) == datos(islice(mil, 10))
    de_muestra = {persona.curp for persona in DE_MUESTRA} | {p.nss for p in DE_MUESTRA if p.nss}
    assert not de_muestra & ({p.curp for p in mil} | set(numeros))


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogo")
def test_los_prefijos_y_los_codigos_postales_existen() -> None:
    prefijos = set(Prefijo.objects.values_list("prefijo", flat=True))
    con_numero = [p.nss for p in (*DE_MUESTRA, *personas_sinteticas(1000)) if p.nss]
    assert {nss[:2] for nss in con_numero} <= prefijos
    codigos = [caso.cp for caso in CASOS if caso.cp]
    assert CodigoPostal.objects.filter(pk__in=codigos).count() == len(codigos) == 7
    assert {"06600", "64000", "97000", "22000"} < set(codigos)


def fotografia() -> list[tuple[Any, ...]]:
    modelos = (Persona, Escuela, RegistroPatronal, Inscripcion, Responsable, Clinica, Consultorio, User)
    return [fila for modelo in modelos for fila in modelo._default_manager.order_by("pk").values_list()]


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogo")
class TestOrden:
    """`manage.py datos_demo`."""

    @pytest.fixture(autouse=True)
    def carpeta(self, settings: Settings, tmp_path: Path) -> Path:
        settings.VAR_DIR = tmp_path
        return tmp_path

    def claves(self, carpeta: Path) -> dict[str, str]:
        lineas = (carpeta / "usuarios-demo.txt").read_text(encoding="utf-8").splitlines()
        assert all(len(linea.split("\t")) == 3 for linea in lineas)
        return {linea.split("\t")[0]: linea.split("\t")[1] for linea in lineas}

    def test_repetida_no_cambia_nada(self, carpeta: Path) -> None:
        antes = Persona.objects.count()
        salida = StringIO()
        call_command("datos_demo", personas=90, stdout=salida)
        assert Persona.objects.count() == antes + 90
        assert "90 nuevas" in salida.getvalue()
        assert "Escuelas: 82; inscripciones: " in salida.getvalue()
        assert Persona.objects.sin_nss().count() == 22 + 60
        foto, archivo = fotografia(), (carpeta / "usuarios-demo.txt").read_text()
        salida = StringIO()
        call_command("datos_demo", personas=90, stdout=salida)
        assert (fotografia(), (carpeta / "usuarios-demo.txt").read_text()) == (foto, archivo)
        assert "0 nuevas" in salida.getvalue()
        for clave in self.claves(carpeta).values():
            assert clave not in salida.getvalue()

    def test_no_quita_un_numero_dado(self) -> None:
        call_command("datos_demo", personas=3, verbosity=0)
        dados = {}
        oficina = Subdelegacion.objects.get(nombre="Centro")
        for persona in (del_caso("sin-nss"), next(iter(personas_sinteticas(1)))):
            dados[persona.curp] = asignar_nss(Persona.objects.get(curp=persona.curp), oficina)
        call_command("loaddata", "personas_demo", verbosity=0)
        call_command("datos_demo", personas=3, verbosity=0)
        assert dict(Persona.objects.filter(curp__in=dados).values_list("curp", "nss")) == dados

    def test_sin_demostracion_no_escribe(self, settings: Settings, carpeta: Path) -> None:
        settings.DEMO = False
        User.objects.all().delete()
        with pytest.raises(CommandError, match="solo corre en demostración, con DEMO=1"):
            call_command("datos_demo")
        assert not User.objects.exists()
        assert not list(carpeta.iterdir())

    def test_un_numero_negativo(self) -> None:
        with pytest.raises(CommandError, match="de 0 en adelante"):
            call_command("datos_demo", personas=-1)

    def test_usuarios(self, carpeta: Path) -> None:
        User.objects.all().delete()
        call_command("datos_demo", verbosity=0)
        archivo = carpeta / "usuarios-demo.txt"
        assert stat.S_IMODE(archivo.stat().st_mode) == 0o600
        assert list(carpeta.iterdir()) == [archivo]
        claves = self.claves(carpeta)
        admin, personal = User.objects.get(username="admin"), User.objects.get(username="personal")
        assert admin.is_superuser and admin.is_staff and admin.check_password(claves["admin"])
        assert personal.is_staff and personal.check_password(claves["personal"])
        assert claves["admin"] != claves["personal"] and min(map(len, claves.values())) >= 16
        assert not personal.is_superuser
        permisos = personal.get_all_permissions()
        assert {"nss_portal.view_tramite", "afiliacion.view_serie"} <= permisos
        assert {"vigencia.view_escuela", "vigencia.view_inscripcion"} <= permisos
        assert all(permiso.split(".")[1].startswith("view_") for permiso in permisos)

    def test_los_usuarios_de_dos_escuelas(self, carpeta: Path) -> None:
        """Each answers for its own, which has students today, and may do what a school may."""
        User.objects.all().delete()
        call_command("datos_demo", verbosity=0)
        claves = self.claves(carpeta)
        usuarios = [User.objects.get(username=nombre) for nombre in ("escuela-a", "escuela-b")]
        for usuario in usuarios:
            assert usuario.check_password(claves[usuario.username])
            assert usuario.is_staff and not usuario.is_superuser
            assert [grupo.name for grupo in usuario.groups.all()] == ["Escuelas"]
            assert usuario.has_perm("vigencia.add_inscripcion")
            assert not usuario.has_perm("nss_portal.view_persona")
            hoy = timezone.localdate()
            assert usuario.responsable.escuela.inscripciones.vigentes(hoy).exists()
        assert usuarios[0].responsable.escuela != usuarios[1].responsable.escuela

    def test_los_usuarios_que_hay_se_quedan(self, carpeta: Path) -> None:
        call_command("datos_demo", verbosity=0)
        claves = self.claves(carpeta)
        admin = User.objects.get(username="admin")
        admin.set_password("otra que eligió alguien")
        admin.save()
        call_command("datos_demo", verbosity=0)
        assert self.claves(carpeta) == claves
        admin.refresh_from_db()
        assert admin.check_password("otra que eligió alguien")
        # A new database beside an old file: the file is still right.
        User.objects.all().delete()
        call_command("datos_demo", verbosity=0)
        assert self.claves(carpeta) == claves
        assert User.objects.get(username="personal").check_password(claves["personal"])

    def test_si_se_pierde_el_archivo_hay_contrasenas_nuevas(self, carpeta: Path) -> None:
        call_command("datos_demo", verbosity=0)
        viejas = self.claves(carpeta)
        (carpeta / "usuarios-demo.txt").unlink()
        call_command("datos_demo", verbosity=0)
        nuevas = self.claves(carpeta)
        for nombre, clave in nuevas.items():
            usuario = User.objects.get(username=nombre)
            assert usuario.check_password(clave) and not usuario.check_password(viejas[nombre])


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogo")
class TestEjemplos:
    def test_son_las_personas_como_estan(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        with django_assert_num_queries(1):
            lista = {ejemplo.caso: ejemplo for ejemplo in ejemplos()}
        assert list(lista) == DEL_CONTRATO
        assert lista["con-nss"].nss == del_caso("con-nss").nss
        assert lista["con-nss"].descripcion == "Ya tiene NSS: lo localizamos."
        assert lista["sin-nss"].descripcion == "Todavía no tiene NSS: se le asigna uno."
        assert (lista["sin-nss"].nombre, lista["sin-nss"].cp) == ("Diego Muestra Herrera", "06600")
        assert (lista["no-renapo"].nombre, lista["no-renapo"].nss) == ("", "")
        for nombre in DE_LOS_PASOS_2_Y_3:
            assert lista[nombre].descripcion.startswith(("Para el paso 2: ", "Para el paso 3: "))
            assert lista[nombre].nss
        assert not any("{" in ejemplo.descripcion for ejemplo in lista.values())

    def test_a_quien_ya_se_le_asigno_no_se_le_ofrece_como_sin_nss(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        oficina = Subdelegacion.objects.get(nombre="Centro")
        for nombre in ("sin-nss", "sexo-x"):
            asignar_nss(Persona.objects.get(curp=del_caso(nombre).curp), oficina)
        with django_assert_num_queries(2):
            lista = {ejemplo.caso: ejemplo for ejemplo in ejemplos()}
        otra = lista["sin-nss"]
        assert otra.curp not in {caso.curp for caso in CASOS} and not otra.nss
        assert otra.nombre == str(Persona.objects.get(curp=otra.curp))
        assert lista["sexo-x"].descripcion == "Su CURP lleva sexo X. Ya tiene NSS: lo localizamos."
        # Nobody is left without: better the same person than nobody.
        Persona.objects.sin_nss().delete()
        lista = {ejemplo.caso: ejemplo for ejemplo in ejemplos()}
        assert lista["sin-nss"].nss and lista["sin-nss"].descripcion == "Ya tiene NSS: lo localizamos."
