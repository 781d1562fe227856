"""`loaddata` by staff: what contradicts the domain is refused, in one line of Spanish, all or nothing."""

import gzip
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from nss_portal.models import Entidad, Persona
from nss_portal.personas.identidad import componer_nss
from nss_portal.personas.models import CurpAnterior
from tests.apoyo import persona_con_nss
from vigencia.models import Escuela

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]

FIXTURES = ["entidades", "subdelegaciones", "escuelas", "clinicas", "personas_demo"]
CURP = "EEMA050214MDFJSNA8"
SUYOS = {
    "curp": CURP,
    "nss": None,
    "nombres": "Ana",
    "primer_apellido": "Ejemplo",
    "segundo_apellido": "Muestra",
    "nacimiento": "2005-02-14",
    "sexo": "M",
    "entidad": "DF",
}
ESCUELA = {
    "cct": "31DXX9009A",
    "nombre": "Escuela de Prueba",
    "superior": True,
    "modalidad": "presencial",
    "entidad": ["31"],
}


def persona(**cambios: Any) -> dict[str, Any]:
    return {"model": "nss_portal.persona", "fields": SUYOS | cambios}


def escuela(**cambios: Any) -> dict[str, Any]:
    return {"model": "vigencia.escuela", "fields": ESCUELA | cambios}


def volcado() -> list[Any]:
    """Everything that a fixture of staff may touch."""
    modelos = [m for m in apps.get_models() if hasattr(m, "natural_key")]
    return [list(m._default_manager.order_by("pk").values_list()) for m in modelos]


def escribir(carpeta: Path, *objetos: Any, nombre: str = "datos.json") -> str:
    ruta = carpeta / nombre
    ruta.write_text(json.dumps(objetos, ensure_ascii=False), encoding="utf-8")
    return str(ruta)


def orden(*rutas: str, **opciones: Any) -> str:
    salida = StringIO()
    call_command("loaddata", *rutas, stdout=salida, stderr=salida, **opciones)
    return salida.getvalue()


def rechazo(*rutas: str, **opciones: Any) -> str:
    """What it says, once it is sure that nothing has changed."""
    antes = volcado()
    with pytest.raises(CommandError) as error:
        orden(*rutas, **opciones)
    assert volcado() == antes
    dicho = str(error.value)
    # Its status is 1, and whoever reads it is not told where in Django it happened.
    assert error.value.returncode == 1 and error.value.__cause__ is None
    assert not {"Problem", "installing", "object", "violates", "failed", "Could"} & set(dicho.split())
    assert dicho.endswith("No se cargó nada.")
    return dicho


# --- Good data ------------------------------------------------------------------------------------


def test_las_del_readme_cargadas_otra_vez_no_cambian_nada() -> None:
    antes = volcado()
    for _ in range(2):
        dicho = orden(*FIXTURES)
        assert dicho.startswith("Fixtures: ") and "de 5 archivos" in dicho and dicho.count("\n") == 1
        assert volcado() == antes


def test_lo_bueno_entra_y_lo_dice(tmp_path: Path) -> None:
    ruta = escribir(tmp_path, persona(), escuela())
    assert orden(ruta) == "Fixtures: 2 objetos de un archivo; lo que ya estaba así no cambió.\n"
    assert Persona.objects.get(curp=CURP).nombre_completo == "Ana Ejemplo Muestra"
    assert Escuela.objects.get(pk="31DXX9009A").entidad_id == "31"
    # A number may come later; another field is corrected; the rest of the options are Django's.
    nss = componer_nss("97", 20, 5, 1)
    orden(escribir(tmp_path, persona(nss=nss), escuela(nombre="Otra")), exclude=["vigencia.Escuela"])
    assert Persona.objects.get(curp=CURP).nss == nss
    assert Escuela.objects.get(pk="31DXX9009A").nombre == "Escuela de Prueba"
    orden(escribir(tmp_path, persona()))
    assert Persona.objects.get(curp=CURP).nss == nss
    orden(escribir(tmp_path, persona(edad=3), {"model": "no.hay", "fields": {}}), ignorenonexistent=True)


def test_lo_que_se_escribe_comprimido_con_bom_o_en_otro_formato(tmp_path: Path) -> None:
    texto = json.dumps([persona()])
    (tmp_path / "una.json.gz").write_bytes(gzip.compress(texto.encode()))
    (tmp_path / "dos.json").write_text(texto, encoding="utf-8-sig")
    (tmp_path / "tres.jsonl").write_text(f"{json.dumps(persona())}\n\n{json.dumps(escuela())}\n")
    for nombre in ("una.json.gz", "dos.json", "tres.jsonl"):
        assert orden(str(tmp_path / nombre)).startswith("Fixtures: ")
    call_command(
        "dumpdata", "vigencia.Escuela", format="xml", output=str(tmp_path / "cuatro.xml"), verbosity=0
    )
    antes = volcado()
    assert orden(str(tmp_path / "cuatro.xml")).startswith("Fixtures: 83 objetos")
    assert volcado() == antes


def test_lo_que_nombra_a_lo_que_viene_despues(tmp_path: Path) -> None:
    """Django loads an object before what it names, when it may wait for it."""
    registro = {"registro": "Z3190090321", "nivel": "", "escuela": "31DXX9009A"}
    objetos = [{"model": "vigencia.registropatronal", "fields": registro}, escuela()]
    assert orden(escribir(tmp_path, *objetos)).startswith("Fixtures: 2 objetos")
    assert "no existe «31DXX9999Z»" in rechazo(
        escribir(
            tmp_path, {"model": "vigencia.registropatronal", "fields": registro | {"escuela": "31DXX9999Z"}}
        )
    )


def test_lo_hecho_en_ventanilla_no_se_deshace(tmp_path: Path) -> None:
    una = persona_con_nss()
    vieja, nss, nombres = una.curp, una.nss, una.nombres
    suyos = {c: getattr(una, c) for c in ("primer_apellido", "segundo_apellido", "sexo", "entidad")}
    suyos |= {"curp": vieja, "nss": None, "nombres": "Otra", "nacimiento": una.nacimiento.isoformat()}
    una.curp = CURP
    una.seguir_a_la_curp()
    una.save()
    CurpAnterior.objects.create(curp=vieja, persona=una)
    orden(escribir(tmp_path, persona(**suyos)))
    una.refresh_from_db()
    assert (una.curp, una.nss, una.nombres, una.entidad) == (CURP, nss, nombres, "DF")


def test_los_nombres_que_contradicen_a_la_curp_se_dicen(tmp_path: Path) -> None:
    dicho = orden(escribir(tmp_path, persona(nombres="Beto"), escuela()))
    assert dicho.startswith(
        "Aviso: una persona tiene nombres que no dan las letras de su CURP; revisa si son los suyos: "
        "datos.json, objeto 1 (nss_portal.persona EEMA••••••••••••A8)."
    )


# --- Bad data -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objeto", "dice"),
    [
        (persona(curp=f"{CURP[:-1]}7"), "curp: El último carácter de la CURP no coincide con los demás."),
        (persona(curp=CURP.lower()), "curp: Escribe la CURP en mayúsculas, sin espacios ni guiones."),
        (persona(curp=CURP[:-1]), "curp: La CURP debe tener 18 caracteres."),
        (persona(curp=f"EEMA051314{CURP[10:]}"), "curp: La fecha de la CURP no existe o todavía no llega."),
        (persona(nss="12345678901"), "nss: El último número del NSS no coincide con los demás."),
        (persona(nss="1234"), "nss: El NSS debe tener 11 números."),
        (
            persona(nacimiento="2004-02-14"),
            "El nacimiento, el sexo o la entidad no son los que dice la CURP.",
        ),
        (
            persona(nacimiento="1905-02-14"),
            "El nacimiento, el sexo o la entidad no son los que dice la CURP.",
        ),
        (persona(sexo="H"), "El nacimiento, el sexo o la entidad no son los que dice la CURP."),
        (persona(sexo="Q"), "sexo: "),
        (persona(entidad="NL"), "El nacimiento, el sexo o la entidad no son los que dice la CURP."),
        (persona(nacimiento="14/02/2005"), "nacimiento: "),
        (persona(nacimiento="2005-02-30"), "nacimiento: "),
        (persona(nacimiento=[2005]), "nacimiento: no es un valor que se pueda guardar ahí."),
        (persona(nombres=""), "nombres: Este campo no puede estar vacío."),
        (persona(nombres=None), "nombres: Este campo no puede ser nulo."),
        (persona(nombres=["Ana"]), "nombres: debe ser texto, entre comillas."),
        (persona(nombres="A\x00na"), "nombres: trae caracteres que no son texto."),
        (persona(nombres="A" * 51), "nombres: "),
        (persona(edad=21), "no tiene un campo «edad»."),
        (persona(tramites=[]), "no tiene un campo «tramites»."),
        (escuela(modalidad="nocturna"), "modalidad: "),
        (escuela(superior=False), "Marca por lo menos un nivel."),
        (escuela(superior="quizá"), "superior: "),
        (escuela(cct="31PXX9009A"), "cct: La CCT son 2 números"),
        (escuela(entidad=["77"]), "entidad: no existe «77»."),
        (escuela(entidad="77"), "entidad: no existe «77»."),
        (escuela(entidad=["31", "Yucatán"]), "no tienen la forma que deben tener."),
        (escuela(municipio=["31", "Atlántida"]), "municipio «31 · Atlántida»"),
        (escuela(municipio="Mérida"), "municipio: "),
        ({"model": "vigencia.escuela", "fields": {"cct": "31DXX9009A", "nombre": "A"}}, "entidad: falta."),
        ({"model": "vigencia.colegio", "fields": {}}, "no hay datos que se llamen «vigencia.colegio»."),
        ({"model": "vigencia.escuela"}, "no tiene la forma de un objeto de fixture"),
        ({"modelo": "vigencia.escuela", "fields": {}}, "no tiene la forma de un objeto de fixture"),
        ("vigencia.escuela", "no tiene la forma de un objeto de fixture"),
        ({"model": "nss_portal.entidad", "fields": {"clave": "33", "nombre": "Otra"}}, "va de 01 a 32"),
        (
            {
                "model": "nss_portal.municipio",
                "fields": {"entidad": ["31"], "clave": "19001", "nombre": "Otro"},
            },
            "La clave del municipio empieza con la de su entidad.",
        ),
        (
            {"model": "nss_portal.entidad", "fields": {"clave": "31", "nombre": "Yucatan", "pk": 1}},
            "no tiene un campo «pk».",
        ),
    ],
    ids=str,
)
def test_un_objeto_malo_no_deja_nada(tmp_path: Path, objeto: Any, dice: str) -> None:
    dicho = rechazo(escribir(tmp_path, escuela(cct="31DXX9001B"), objeto))
    assert dicho.startswith("datos.json, objeto 2") and dice in dicho and "\n" not in dicho
    assert CURP not in dicho


def test_otro_nss_de_una_persona_conocida_se_rechaza_y_se_dice(tmp_path: Path) -> None:
    una = persona_con_nss()
    campos = {c: getattr(una, c) for c in SUYOS} | {"nacimiento": una.nacimiento.isoformat()}
    orden(escribir(tmp_path, persona(**campos)))
    otro = componer_nss("97", 20, 5, 1)
    dicho = rechazo(escribir(tmp_path, persona(**campos | {"nss": otro})))
    assert dicho.startswith("datos.json, objeto 1 (nss_portal.persona ")
    assert "nss: ya tiene otro NSS, y un NSS es para siempre." in dicho
    assert not any(numero in dicho for numero in (una.curp, una.nss, otro))
    # Somebody else's.
    assert "NSS" in rechazo(escribir(tmp_path, persona(nss=una.nss)))
    # A key of another database is not this one's.
    ajena = persona() | {"pk": una.pk}
    assert "pk: con esa llave está otra persona." in rechazo(escribir(tmp_path, ajena))


def test_dos_veces_en_el_archivo(tmp_path: Path) -> None:
    dicho = rechazo(escribir(tmp_path, escuela(), persona(), escuela(nombre="Otra")))
    assert (
        dicho
        == "datos.json, objeto 3 (vigencia.escuela 31DXX9009A): ya está en el objeto 1. No se cargó nada."
    )


def test_varios_errores_cada_uno_en_su_linea(tmp_path: Path) -> None:
    malas = [escuela(cct=f"31DXX90{n:02d}A", modalidad="nocturna") for n in range(10, 35)]
    cabeza, *lineas, pie = rechazo(escribir(tmp_path, *malas)).split("\n")
    assert cabeza == "25 objetos con errores. Los primeros 20 errores:"
    assert len(lineas) == 20 and pie.strip() == "No se cargó nada."
    assert lineas[0].startswith("datos.json, objeto 1 (vigencia.escuela 31DXX9010A): modalidad: ")


BUENO = json.dumps([persona(), escuela()], indent=1).encode()


@pytest.mark.parametrize(
    ("contenido", "dice"),
    [
        (b"", "está vacío"),
        (b" \n", "está vacío"),
        (b"[]", "no trae ningún objeto"),
        (b"{}", "debe ser una lista de objetos"),
        (BUENO[:-40], "está cortado"),
        (BUENO[: BUENO.index(b"Ana") + 1], "está cortado"),
        (BUENO.replace(b",", b";", 1), "no es JSON: revisa los signos de la línea 3"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no es texto"),
        (BUENO.decode().encode("utf-16"), "no es texto"),
        (json.dumps([escuela(nombre="Peña")], ensure_ascii=False).encode("cp1252"), "no es texto en UTF-8"),
        (b"[" * 100_000, "demasiadas listas"),
        (b"[" + b"9" * 5000 + b"]", "trae un número que no cabe"),
    ],
)
def test_un_archivo_que_no_es(tmp_path: Path, contenido: bytes, dice: str) -> None:
    (tmp_path / "datos.json").write_bytes(contenido)
    dicho = rechazo(str(tmp_path / "datos.json"))
    assert dicho.startswith("datos.json: ") and dice in dicho and "\n" not in dicho


def test_un_archivo_que_no_esta_o_no_se_abre(tmp_path: Path) -> None:
    assert rechazo("no_hay").startswith("No existe la fixture no_hay.")
    assert rechazo(str(tmp_path / "no_hay.json")).startswith("No existe la fixture ")
    assert "No se conoce el formato" in rechazo(str(tmp_path / "datos.xlsx"))
    assert "--format" in rechazo("-")
    (tmp_path / "datos.json.gz").write_bytes(b"esto no es gzip")
    assert "está dañado" in rechazo(str(tmp_path / "datos.json.gz"))
    (tmp_path / "datos.json.gz").write_bytes(gzip.compress(BUENO)[:-20])
    assert "está dañado" in rechazo(str(tmp_path / "datos.json.gz"))
    (tmp_path / "datos.xml").write_bytes(BUENO)
    (tmp_path / "datos.json.gz").unlink()
    assert "no se entiende como xml" in rechazo(str(tmp_path / "datos.xml"))
    assert Entidad.objects.count() == 32


def test_de_varios_archivos_uno_malo(tmp_path: Path) -> None:
    bueno = escribir(tmp_path, escuela(), nombre="bueno.json")
    malo = escribir(tmp_path, persona(sexo="H"), nombre="malo.json")
    assert rechazo(bueno, malo).startswith("malo.json, objeto 1 (nss_portal.persona EEMA••••••••••••A8): ")
