"""What the database itself refuses, by raw SQL: the same as `identidad`, on SQLite and on PostgreSQL."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import CheckConstraint, F, Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nss_portal.models import Persona
from nss_portal.personas import reglas
from nss_portal.personas.identidad import (
    ALFABETO_CURP,
    ENTIDADES,
    componer_nss,
    digito_curp,
    digito_nss,
    nacimiento_curp,
    validar_curp,
    validar_nss,
)
from nss_portal.personas.models import CurpAnterior
from tests.apoyo import persona_con_nss

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogo")]
con_base = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])

SIEMPRE = date(2099, 12, 31)


def admite(sql: str, *datos: Any) -> str:
    """Empty when the database takes it; otherwise what it said. Nothing stays either way."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, datos)
            transaction.set_rollback(True)
    except (IntegrityError, DataError) as error:
        return str(error) or "no"
    return ""


def insertar(curp: str, nacimiento: date, sexo: str, entidad: str, nss: str | None = None) -> str:
    return admite(
        "INSERT INTO nss_portal_persona (curp, nss, nombres, primer_apellido, segundo_apellido, nacimiento, "
        "sexo, entidad) VALUES (%s, %s, 'Nadie', 'Ejemplo', '', %s, %s, %s)",
        *(curp, nss, nacimiento, sexo, entidad),
    )


# --- The same as identidad ------------------------------------------------------------------------


@st.composite
def curps(draw: st.DrawFn) -> str:
    """Good ones, and those that a slip of the finger makes of them, check digit put right or not."""
    consonantes = st.sampled_from("BCDFGHJKLMNPQRSTVWXYZ")
    cuatro = draw(st.sampled_from(["EEMA", "XAXX", "VACA", "MAME"]))
    nacimiento = draw(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
    homoclave = draw(st.sampled_from("0123456789" if nacimiento.year < 2000 else "ABCXYZ"))
    curp17 = (
        f"{cuatro}{nacimiento:%y%m%d}{draw(st.sampled_from('HMX'))}{draw(st.sampled_from(sorted(ENTIDADES)))}"
        f"{draw(consonantes)}{draw(consonantes)}{draw(consonantes)}{homoclave}"
    )
    if draw(st.booleans()):
        donde = draw(st.integers(0, 16))
        curp17 = curp17[:donde] + draw(st.sampled_from(ALFABETO_CURP)) + curp17[donde + 1 :]
    if "Ñ" in curp17 or draw(st.booleans()):
        return curp17 + draw(st.sampled_from("0123456789"))
    return curp17 + digito_curp(curp17)


def _sin_palabra(curp: str) -> bool:
    """Whether the rest of it is good, by itself: another word, and the check digit that goes with it."""
    otra = "EEMA" + curp[4:]
    return curp[17] == digito_curp(curp[:17]) and _buena(otra[:17] + digito_curp(otra[:17]))


def _buena(curp: str) -> bool:
    try:
        return validar_curp(curp, SIEMPRE) == curp
    except ValidationError:
        return False


def _nacimiento(curp: str) -> date:
    try:
        return nacimiento_curp(curp)
    except ValueError:
        return date(2000, 3, 1)


@con_base
@given(curps())
def test_la_base_admite_las_mismas_curp(curp: str) -> None:
    try:
        buena = validar_curp(curp, SIEMPRE) == curp
    except ValidationError as error:
        # Somebody may hold a CURP that begins with a refused word: the counter attends them.
        buena = error.code == "palabra" and _sin_palabra(curp)
    assert (insertar(curp, _nacimiento(curp), curp[10], curp[11:13]) == "") == buena


@con_base
@given(curps(), st.integers(-40_000, 40_000), st.sampled_from("HMX"), st.sampled_from(sorted(ENTIDADES)))
def test_la_base_admite_los_mismos_datos(curp: str, dias: int, sexo: str, entidad: str) -> None:
    try:
        validar_curp(curp, SIEMPRE)
    except ValidationError:
        return
    suyos = (nacimiento_curp(curp), curp[10], curp[11:13])
    for datos in (
        (suyos[0] + timedelta(days=dias % 3 - 1), sexo, entidad),
        (suyos[0] + timedelta(days=dias), suyos[1], suyos[2]),
        # The other century, and the months and days as the eye swaps them.
        (suyos[0].replace(year=suyos[0].year + (100 if suyos[0].year < 2000 else -100), day=1), *suyos[1:]),
    ):
        assert (insertar(curp, *datos) == "") == (datos == suyos)


@con_base
@given(st.text("0123456789", min_size=10, max_size=10), st.sampled_from("0123456789"), st.booleans())
def test_la_base_admite_los_mismos_nss(nss10: str, digito: str, bueno: bool) -> None:
    nss = nss10 + (digito_nss(nss10) if bueno else digito)
    try:
        bueno = validar_nss(nss) == nss
    except ValidationError:
        bueno = False
    persona = "EEMA050214MDFJSNA8", date(2005, 2, 14), "M", "DF"
    assert (insertar(*persona, nss=nss) == "") == bueno


@pytest.mark.parametrize(
    ("columna", "valor", "regla"),
    [
        ("curp", "EEMA050214MDFJSNA7", "persona_curp_con_su_digito"),
        ("nss", "12345678901", "persona_nss_con_su_digito"),
        ("nacimiento", "1905-02-14", "persona_datos_de_su_curp"),
        ("nacimiento", "2005-02-15", "persona_datos_de_su_curp"),
        ("sexo", "H", "persona_datos_de_su_curp"),
        ("entidad", "NL", "persona_datos_de_su_curp"),
        ("entidad", "ZZ", "persona_datos_de_su_curp"),
        ("nombres", "", "persona_con_nombre_y_apellido"),
        ("primer_apellido", "", "persona_con_nombre_y_apellido"),
    ],
)
def test_cada_regla_de_la_persona_tiene_nombre(columna: str, valor: str, regla: str) -> None:
    persona = Persona(curp="EEMA050214MDFJSNA8", nombres="Ana", primer_apellido="Ejemplo")
    persona.seguir_a_la_curp()
    persona.save()
    dicho = admite(f"UPDATE nss_portal_persona SET {columna} = %s WHERE id = %s", valor, persona.pk)
    assert regla in dicho


@pytest.mark.parametrize(
    ("tabla", "columna", "valor", "regla"),
    [
        ("nss_portal_entidad", "clave", "33", "entidad_una_de_las_32"),
        ("nss_portal_entidad", "clave", "00", "entidad_una_de_las_32"),
        ("nss_portal_municipio", "clave", "99001", "municipio_clave_de_su_entidad"),
        ("vigencia_escuela", "modalidad", "nocturna", "escuela_de_modalidad_conocida"),
        ("vigencia_registropatronal", "nivel", "primaria", "registro_patronal_de_nivel_conocido"),
        ("vigencia_inscripcion", "nivel", "primaria", "inscripcion_de_nivel_conocido"),
        ("vigencia_inscripcion", "causa", "4", "inscripcion_de_causa_conocida"),
        ("clinicas_clinica", "tipo", "imm", "clinica_de_tipo_conocido"),
        ("clinicas_clinica", "estado", "abierta", "clinica_de_estado_conocido"),
        ("clinicas_clinica", "origen", "oficial", "clinica_de_origen_conocido"),
        ("afiliacion_prefijo", "origen", "oficial", "prefijo_de_origen_conocido"),
        ("afiliacion_territorio", "origen", "oficial", "territorio_de_origen_conocido"),
    ],
)
def test_las_palabras_de_un_catalogo_son_las_que_son(
    tabla: str, columna: str, valor: str, regla: str
) -> None:
    modelo = next(m for m in apps.get_models() if m._meta.db_table == tabla)
    filas = modelo._default_manager.all()
    if columna == "causa":
        filas = filas.exclude(baja=None)
    if columna == "clave" and tabla == "nss_portal_entidad":
        fila = "01"  # to change it would leave its municipios alone, but the rule speaks first
    else:
        fila = filas.order_by("pk").values_list("pk", flat=True)[0]
    dicho = admite(f"UPDATE {tabla} SET {columna} = %s WHERE {modelo._meta.pk.column} = %s", valor, fila)
    assert regla in dicho or "inscripcion_baja_con_causa" in dicho


def test_una_curp_anterior_tambien_lleva_su_digito() -> None:
    persona = persona_con_nss()
    with pytest.raises(IntegrityError, match="curp_anterior_con_su_digito"):
        CurpAnterior.objects.create(curp="EEMA050214MDFJSNA7", persona=persona)


# --- For life -------------------------------------------------------------------------------------


def test_un_nss_se_da_una_vez_y_no_se_cambia_ni_se_quita() -> None:
    persona = persona_con_nss()
    suyo, otro = persona.nss, componer_nss("97", 20, 1, 1)
    cambiar = "UPDATE nss_portal_persona SET nss = %s WHERE id = %s"
    for valor in (otro, None):
        assert reglas.NSS_PARA_SIEMPRE in admite(cambiar, valor, persona.pk)
    assert admite(cambiar, suyo, persona.pk) == ""
    assert admite("UPDATE nss_portal_persona SET nombres = 'Otro' WHERE id = %s", persona.pk) == ""
    sin = Persona.objects.sin_nss().order_by("pk")[0]
    assert admite(cambiar, otro, sin.pk) == ""
    # A row that was read before the number was given does not take it away.
    vieja = Persona.objects.get(pk=sin.pk)
    Persona.objects.filter(pk=sin.pk).update(nss=otro)
    with pytest.raises(IntegrityError, match=reglas.NSS_PARA_SIEMPRE), transaction.atomic():
        vieja.save()
    assert Persona.objects.get(pk=sin.pk).nss == otro


# --- A database with rows that are not so --------------------------------------------------------------


def test_migrar_dice_cuantos_son_y_no_de_quien() -> None:
    total = Persona.objects.count()
    persona = persona_con_nss()
    comprobar, *_ = reglas.poner(
        "nss_portal",
        persona=[
            CheckConstraint(name="persona_de_mentira", condition=Q(nombres="Nadie")),
            CheckConstraint(name="persona_de_veras", condition=Q(pk=F("pk"))),
        ],
        entidad=[CheckConstraint(name="entidad_sin_yucatan", condition=~Q(clave="31"))],
    )
    with pytest.raises(CommandError) as error:
        comprobar.code(apps, SimpleNamespace(connection=connection))
    dicho = str(error.value)
    assert dicho.startswith("Hay renglones que el portal ya no admite: ")
    assert f"{total + 1:,} de nss_portal.persona contra persona_de_mentira (" in dicho
    assert "1 de nss_portal.entidad contra entidad_sin_yucatan (31)" in dicho
    assert "de_veras" not in dicho and "\n" not in dicho
    assert persona.curp not in dicho and str(persona.nss) not in dicho
