"""What a line of the official postal file says, and which files are not it."""

from pathlib import Path

import pytest
from django.core.management import CommandError
from hypothesis import given
from hypothesis import strategies as st

from nss_portal.archivos.carga import LineaMala
from nss_portal.territorio.sepomex import CABECERA, Renglon, leer
from tests.nss_portal.test_catalogo_oficial import (
    AVISO,
    BASE,
    CLAVES,
    empacar,
    escribir,
    escribir_linea,
    huella,
    orden,
)

_LETRAS = "".join(c for c in bytes(range(32, 256)).decode("cp1252", "ignore") if c not in "|\x7f")


def _texto(caben: int) -> st.SearchStrategy[str]:
    return st.text(_LETRAS, min_size=1, max_size=caben).map(lambda t: " ".join(t.split())).filter(bool)


def _cifras(cuantas: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=cuantas, max_size=cuantas)


renglones_validos = st.sampled_from(sorted(CLAVES.items())).flatmap(
    lambda entidad: st.builds(
        Renglon,
        codigo=_cifras(5),
        colonia=_texto(100),
        tipo=_texto(40),
        municipio=_texto(80),
        entidad=st.just(entidad[0]),
        c_estado=st.just(entidad[1]),
        c_mnpio=_cifras(3),
        consecutivo=_cifras(4),
    )
)


@given(renglones_validos)
def test_lo_que_se_escribe_se_lee(renglon: Renglon) -> None:
    assert leer(escribir_linea(renglon).encode("cp1252")) == renglon


@given(st.binary(max_size=300) | st.text("0123456789|áx ", max_size=80).map(lambda t: t.encode("cp1252")))
def test_ninguna_linea_lo_tira(linea: bytes) -> None:
    try:
        leer(linea)
    except LineaMala as motivo:
        assert str(motivo).endswith(".")


def test_sin_ciudad_y_con_espacios_de_mas() -> None:
    rural = "99930|El  Ñangó |Ranchería|Tlaltenango|Zacatecas||99930|32|99930||29|048|0007|Rural|"
    renglon = leer(rural.encode("cp1252"))
    assert renglon == Renglon(
        "99930", "El Ñangó", "Ranchería", "Tlaltenango", "Zacatecas", "32", "048", "0007"
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogo")
def test_un_archivo_que_no_es(tmp_path: Path) -> None:
    antes = huella()
    bueno = Path(escribir(tmp_path, BASE)).read_bytes()
    danado = bytearray(Path(empacar(tmp_path, {"CPdescarga.txt": bueno * 50})).read_bytes())
    danado[len(danado) // 3] ^= 0xFF
    cifrado = bytearray(Path(empacar(tmp_path, {"CPdescarga.txt": bueno})).read_bytes())
    cifrado[cifrado.index(b"PK\x01\x02") + 8] |= 1
    archivos: list[tuple[bytes, str]] = [
        (b"", "está vacío"),
        (b"\r\n\r\n", "No es el archivo oficial"),
        (b"hola\r\nmundo\r\n", "No es el archivo oficial"),
        (bytes(range(256)) * 9, "No es el archivo oficial"),
        (bueno.decode("cp1252").encode(), "está en UTF-8"),
        (b"\xef\xbb\xbf" + bueno.decode("cp1252").encode(), "está en UTF-8"),
        (bueno.decode("cp1252").encode("utf-16"), "No es el archivo oficial"),
        (f"{AVISO}\r\n{CABECERA}\r\n".encode("cp1252"), "El catálogo está vacío: no se cambió nada"),
        (Path(empacar(tmp_path, {"a.txt": bueno, "b.TXT": bueno})).read_bytes(), "trae 2 archivos .txt"),
        (Path(empacar(tmp_path, {"xl/workbook.xml": b"<x/>"})).read_bytes(), "no trae ningún archivo .txt"),
        (Path(empacar(tmp_path, {"a.txt": b""})).read_bytes(), "a.txt del zip está vacío"),
        (bytes(danado), "Línea|dañado"),
        (bytes(danado[: len(danado) // 2]), "incompleto o dañado"),
        (bytes(cifrado), "contraseña"),
    ]
    for contenido, dice in archivos:
        ruta = tmp_path / "archivo"
        ruta.write_bytes(contenido)
        with pytest.raises(CommandError, match=dice):
            orden(str(ruta))
    with pytest.raises(CommandError, match="No existe el archivo"):
        orden(str(tmp_path / "no-hay.txt"))
    with pytest.raises(CommandError, match="es una carpeta"):
        orden(str(tmp_path))
    assert huella() == antes
