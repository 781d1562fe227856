"""`make mutantes`: plants one fault at a time in a copy of the tree, and sees its tests fail.

A mutant that survives, whose text is not there (or is there twice), or whose tests did not pass before it was
planted, fails the command. Tests run on SQLite, but for races, which need the PostgreSQL of DATABASE_URL; and
on the database prepared for the code as it is.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import NamedTuple

RAIZ = Path(__file__).resolve().parent.parent
# A test that waits for ever has noticed too.
PLAZO = 300
A_LA_VEZ = 2


class Mutante(NamedTuple):
    """In `archivo`, `texto` becomes `cambio`; one of `pruebas`, separated by spaces, must fail."""

    regla: str
    archivo: str
    texto: str
    cambio: str
    pruebas: str
    # The fault is only one where two may be half way at once: SQLite lets one write at a time.
    en_postgres: bool = False


# fmt: off
MUTANTES = [
    # What a number is.
    Mutante("the CURP's check digit", "nss_portal/personas/identidad.py",
        '    _revisar_digito(curp, "CURP", digito_curp(curp[:17]))\n', "",
        "tests/nss_portal/test_identidad.py::test_otro_digito_en_la_curp_siempre_se_nota"),
    Mutante("the NSS's check digit is Luhn", "nss_portal/personas/identidad.py",
        "int(cifra) * (1 + i % 2)", "int(cifra) * (2 - i % 2)",
        "tests/nss_portal/test_identidad.py::test_digito_nss_es_luhn"),
    Mutante("nobody is born tomorrow", "nss_portal/personas/identidad.py",
        "if fecha > hoy:", "if fecha >= hoy:",
        "tests/nss_portal/test_identidad.py::test_hoy_ya_se_puede_haber_nacido_y_maniana_no"),
    Mutante("the homoclave says the century", "nss_portal/personas/identidad.py",
        "1900 if curp[16] in _DIGITOS else 2000", "1900",
        "tests/nss_portal/test_identidad.py::test_la_homoclave_dice_el_siglo"),
    Mutante("a masked NSS keeps four digits", "nss_portal/personas/identidad.py",
        "{'•' * 7}{nss[-4:]}", "{'•' * 6}{nss[-5:]}",
        "tests/nss_portal/test_identidad.py"),
    Mutante("a masked mailbox does not show a short name", "nss_portal/personas/identidad.py",
        "local[: min(2, len(local) // 2)]", "local[:2]",
        "tests/nss_portal/test_identidad.py"),

    # Series of numbers.
    Mutante("a series ends at its last number", "afiliacion/asignacion.py",
        "ultimo + 1 WHERE afiliacion_serie.ultimo < %s", "ultimo + 1 WHERE afiliacion_serie.ultimo <= %s",
        "tests/procesos/test_asignacion_concurrente.py::test_la_serie_se_acaba_mientras_la_piden", True),
    Mutante("a person's number is given once", "afiliacion/asignacion.py",
        "        if nss:\n            return nss\n", "",
        "tests/afiliacion/test_asignacion.py::test_dos_veces_es_el_mismo"),
    Mutante("a number that came from outside is skipped", "afiliacion/asignacion.py",
        "if not Persona.objects.filter(nss=nss).exists():", "if True:",
        "tests/afiliacion/test_asignacion.py::test_salta_los_que_llegaron_de_fuera"),
    Mutante("the next number is drawn by one statement", "afiliacion/asignacion.py",
        "        cursor.execute(_SIGUIENTE, [prefijo, registro, nacimiento, hoy.isoformat(), Serie.ULTIMO])\n"
        "        fila = cursor.fetchone()\n",
        "        donde = {'prefijo': prefijo, 'anio_registro': registro, 'anio_nacimiento': nacimiento}\n"
        "        antes = Serie.objects.filter(**donde).values_list('ultimo', flat=True).first()\n"
        "        fila = (0 if antes is None else antes + 1,)\n"
        "        Serie.objects.update_or_create(**donde, defaults={'ultimo': fila[0], 'abierta': hoy})\n",
        "tests/procesos/test_asignacion_concurrente.py::test_ocho_procesos_ochenta_cada_uno", True),
    Mutante("a series behind its promise gives nothing", "afiliacion/promesas.py",
        "    if dados < segun_promesa:\n", "    if False:\n",
        "tests/afiliacion/test_promesas.py::test_una_serie_atrasada_detiene_el_tramite_y_se_dice"),

    # A trámite's life.
    Mutante("the same request is one trámite", "nss_portal/web/pantallas.py",
        "del_navegador(navegador).filter(solicitud=solicitud)", "none()",
        "tests/afiliacion/test_paso1.py::test_doble_clic_atras_y_recargar_son_el_mismo_tramite"),
    Mutante("a move is compare-and-set", "nss_portal/tramites/models/tramite.py",
        "filter(pk=self.pk, estado=desde).update(**cambios)", "filter(pk=self.pk).update(**cambios)",
        "tests/nss_portal/test_tramites.py::test_de_dos_que_mueven_gana_uno"),
    Mutante("a trámite has one worker", "nss_portal/tramites/models/tramite.py",
        "update(libre_desde=Now() + ARRIENDO, intentos", "update(libre_desde=Now(), intentos",
        "tests/nss_portal/test_tramites.py::test_solo_uno_lo_toma"),
    Mutante("what waits is not hurried", "nss_portal/tramites/models/tramite.py",
        "timedelta(seconds=2 ** min(self.intentos, 12))", "timedelta(0)",
        "tests/nss_portal/test_tramites.py::test_registro_no_disponible_espera_y_sigue"),
    Mutante("a registry that does not answer is not a no", "nss_portal/tramites/maquina.py",
        "            _esperar(tomado, Tramite.Espera.REGISTRO_NO_DISPONIBLE)\n",
        "            tramite.mover(Estado.RECHAZADO, motivo=Tramite.Motivo.CURP_NO_ENCONTRADA)\n",
        "tests/nss_portal/test_tramites.py::test_registro_no_disponible_espera_y_sigue"),
    Mutante("the first bytes are the document", "nss_portal/tramites/maquina.py",
        "filter(pk=documento.pk, emitido=None).update(", "filter(pk=documento.pk).update(",
        "tests/nss_portal/test_tramites.py::test_quien_emite_segundo_conserva_los_bytes_del_primero"),
    Mutante("another browser sees nothing", "nss_portal/tramites/models/tramite.py",
        "self.filter(navegador=navegador) if navegador else self.none()", "self.all()",
        "tests/afiliacion/test_paso1.py::test_otro_navegador_no_ve_ni_pagina_ni_documento"),

    # Who is allowed.
    Mutante("letters are spent once", "nss_portal/tramites/maquina.py",
        "filter(pk=solicitud, consumido=None).update(consumido=timezone.now())", "none()",
        "tests/afiliacion/test_paso1.py::test_letras_resueltas_no_se_piden_otra_vez"),
    Mutante("letters count in their own form", "nss_portal/web/forms.py",
        "filter(pk=solicitud, consumido=None, **self._donde)", "filter(pk=solicitud, consumido=None)",
        "tests/afiliacion/test_paso1.py"
        "::test_letras_resueltas_solo_valen_en_su_navegador_y_en_su_forma"),
    Mutante("the mailbox that is bound is the one that speaks", "nss_portal/tramites/confirmacion.py",
        "    if vinculo and not mismo(vinculo.correo, tramite.correo):\n", "    if False:\n",
        "tests/nss_portal/test_confirmacion.py::test_con_otro_correo_no_se_muestra_ni_se_envia_nada"),
    Mutante("a new mailbox closes what the other one opened", "nss_portal/tramites/confirmacion.py",
        "    Credencial.objects.de_otro_correo(persona, buzon).revocar()\n", "    pass\n",
        "tests/nss_portal/test_api.py::test_el_correo_que_se_cambia_en_la_web_cierra_lo_que_abrio_el_otro"),
    Mutante("the name must be the registry's", "nss_portal/tramites/titular.py",
        "(es_el_suyo or not buzon_suyo) and coincide(dicho, persona)", "(es_el_suyo or not buzon_suyo)",
        "tests/nss_portal/test_titular.py::test_cien_curp_de_una_extrana_en_la_web"),
    Mutante("wrong names are counted", "nss_portal/tramites/titular.py",
        "if limites.permitir(clave, tope):", "if True:",
        "tests/nss_portal/test_titular.py::test_los_intentos_de_otros_no_son_los_suyos"),
    Mutante("a limit is a limit", "nss_portal/servicio/limites.py",
        "permitido = disponible >= 1", "permitido = True",
        "tests/nss_portal/test_servicio.py::test_cupo"),
    Mutante("a school asks so many times a day", "vigencia/escuelas/comprobacion.py",
        "fallidas += respuesta in (Falta.DESCONOCIDA, Falta.NO_CORRESPONDE)", "fallidas += 0",
        "tests/vigencia/test_comprobacion.py::test_el_tope_de_fallidas_calla_tambien_lo_correcto"),
    Mutante("a school sees its own", "vigencia/escuelas/alcance.py",
        "        return filas.filter(escuela=escuela)\n", "        return filas\n",
        "tests/vigencia/test_aislamiento.py::test_de_la_escuela_vecina_no_hay_rastro"),
    Mutante("four eyes", "afiliacion/ventanilla/alcance.py",
        "        and usuario.pk != cambio.pide_id\n", "",
        "tests/afiliacion/test_ventanilla.py::test_cuatro_ojos"),
    Mutante("a list answers its own filters alone", "nss_portal/personal/base.py",
        "lookup)\n        return False\n", "lookup)\n        return True\n",
        "tests/test_filtros_admin.py::test_lo_demas_se_rechaza_y_queda_escrito"),

    # Who is covered, and where.
    Mutante("the last day is covered", "vigencia/models/inscripcion.py",
        "alta__lte=hoy, fin__gte=hoy)", "alta__lte=hoy, fin__gt=hoy)",
        "tests/vigencia/test_verificacion.py::test_del_primer_dia_al_ultimo"),
    Mutante("a baja counts from its own day", "vigencia/models/inscripcion.py",
        "Q(baja=None) | Q(baja__gt=hoy)", "Q(baja=None) | Q(baja__gte=hoy)",
        "tests/vigencia/test_verificacion.py::test_la_baja_cuenta_desde_su_dia"),
    Mutante("of two schools, the one that lasts longest", "vigencia/verificacion.py",
        "return Situacion(None, vigentes[-1])", "return Situacion(None, vigentes[0])",
        "tests/vigencia/test_verificacion.py"),
    Mutante("stays of a cycle do not overlap", "vigencia/escuelas/inscripciones.py",
        "if alta < suya.baja and suya.alta <= fin and suya.alta < suya.baja:", "if False:",
        "tests/vigencia/test_inscripciones.py::test_lo_que_ya_cubrio_otra_inscripcion_por_los_tres_caminos"),
    Mutante("a consultorio holds its capacity", "clinicas/models/consultorio.py",
        '("poblacion__lt", F("capacidad"))', '("poblacion__lte", F("capacidad"))',
        "tests/clinicas/test_alta.py::test_sin_lugar_no_cambia_nada"),
    Mutante("the least populated consultorio takes the next", "clinicas/models/consultorio.py",
        'order_by(F("poblacion"), "numero")', 'order_by("numero")',
        "tests/clinicas/test_alta.py::test_el_menos_poblado_y_de_iguales_el_primero"),
    Mutante("an alta is opened by who holds its consultorio", "clinicas/alta.py",
        "select_for_update(no_key=True).filter(cuales)", "filter(cuales)",
        "tests/procesos/test_clinica_concurrente.py::test_los_ultimos_lugares", True),
    Mutante("consultorios are locked in one order", "clinicas/alta.py",
        "filter(cuales).order_by(\"pk\")", "filter(cuales).order_by(\"?\")",
        "tests/procesos/test_clinica_concurrente.py"
        "::test_se_cambian_unos_por_otros_mientras_el_personal_mueve_consultorios", True),

    # What is issued, said and loaded.
    Mutante("the seal is ours", "nss_portal/documentos/sello.py",
        "        and de_confianza(hecho)\n", "",
        "tests/nss_portal/test_sello.py::test_la_clave_de_otra_autoridad_no_es_nuestra"),
    Mutante("the seal covers what is printed", "nss_portal/documentos/sello.py",
        "InvalidSignature:\n        return False\n", "InvalidSignature:\n        pass\n",
        "tests/nss_portal/test_sello.py::test_nada_se_cambia_sin_que_se_note"),
    Mutante("a file is ours byte by byte", "nss_portal/documentos/verificacion.py",
        "if archivo is not None and _huella(archivo) != documento.sha256:", "if False:",
        "tests/nss_portal/test_verificacion.py::test_un_byte_cambiado_en_donde_sea_nunca_es_valido"),
    Mutante("the folio goes with its code", "nss_portal/documentos/verificacion.py",
        "if compare_digest(d.tramite.folio, folio)", "if True",
        "tests/nss_portal/test_verificacion.py::test_por_folio_y_codigo"),
    Mutante("a mail goes out once", "nss_portal/correo/models.py",
        "update(libre_desde=Now() + ARRIENDO_ENVIO, intentos", "update(libre_desde=Now(), intentos",
        "tests/nss_portal/test_correo.py::test_un_correo_lo_lleva_uno"),
    Mutante("a mailbox that is not there ends it", "nss_portal/correo/cartero.py",
        "definitivo = falla in (Falla.BUZON, Falla.ILEGIBLE)", "definitivo = falla == Falla.ILEGIBLE",
        "tests/nss_portal/test_correo.py::test_si_el_buzon_no_existe_se_acaba_ahi"),
    Mutante("2 % of a catalogue needs its number", "nss_portal/archivos/plan.py",
        "self.cuantos * _UNO_DE > self.vigentes or", "False or",
        "tests/nss_portal/test_plan.py::test_mas_del_dos_por_ciento"),
    Mutante("the plan's number and no other", "nss_portal/archivos/plan.py",
        "and modo.aceptados != retiros.cuantos:", "and modo.aceptados is None:",
        "tests/nss_portal/test_plan.py::test_con_el_numero_del_plan_y_con_ningun_otro"),

    # What a browser is told, and how it looks.
    Mutante("nothing runs but our scripts", "nss_portal/settings.py",
        '"script-src": [CSP.SELF, CSP.NONCE]', '"script-src": [CSP.SELF, CSP.UNSAFE_INLINE]',
        "tests/nss_portal/test_servicio.py::test_cabeceras_de_seguridad"),
    Mutante("under https, cookies are its own", "nss_portal/settings.py",
        "SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS",
        "SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False",
        "tests/nss_portal/test_servicio.py::test_https_enciende_las_protecciones"),
    Mutante("the tour looks in the dark", "tests/navegador/vitrina.py",
        "            halladas += a_oscuras(self.pagina)\n", "            pass\n",
        "tests/navegador/test_vitrina.py::test_lo_que_no_halla_nada_halla"),
    Mutante("the tour looks again at what a phone alone shows", "tests/navegador/vitrina.py",
        "AXE if nuevo or en_escritorio else AXE_DE_ANCHO", "AXE if en_escritorio else AXE_DE_ANCHO",
        "tests/navegador/test_vitrina.py::test_lo_que_no_halla_nada_halla"),
    Mutante("the tour sees what spills over", "tests/navegador/vitrina.py",
        "right > innerWidth + 1", "right > innerWidth + 999",
        "tests/navegador/test_vitrina.py::test_lo_que_no_halla_nada_halla"),
]
# fmt: on


def copiar(destino: Path) -> None:
    """The tree as it is, with what is not committed yet; the prepared databases are shared."""
    lista = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=RAIZ, capture_output=True, check=True
    )
    for nombre in filter(None, lista.stdout.decode().split("\0")):
        if (RAIZ / nombre).is_file() and not nombre.startswith("docs/capturas"):
            (destino / nombre).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(RAIZ / nombre, destino / nombre)
    (destino / "var").mkdir(exist_ok=True)
    for suyo in ("pruebas", "sello"):
        (RAIZ / "var" / suyo).mkdir(parents=True, exist_ok=True)
        (destino / "var" / suyo).symlink_to(RAIZ / "var" / suyo)


def probar(
    arbol: Path, pruebas: Iterable[str], plantilla: str, *opciones: str, en_postgres: bool = False
) -> tuple[int, str]:
    """pytest's exit code (1: some test failed), and what it said; a time out counts as a failure."""
    ajenas = {"PYTHONPATH"} if en_postgres else {"PYTHONPATH", "DATABASE_URL"}
    entorno = {k: v for k, v in os.environ.items() if k not in ajenas}
    orden = [sys.executable, "-B", "-m", "pytest", "-q", *opciones, *pruebas]
    try:
        hecho = subprocess.run(
            orden,
            cwd=arbol,
            env=entorno | {"PLANTILLA": plantilla},
            capture_output=True,
            text=True,
            timeout=None if opciones else PLAZO,
        )
    except subprocess.TimeoutExpired:
        return 1, "it did not end"
    return hecho.returncode, hecho.stdout + hecho.stderr


def sembrar(arbol: Path, mutante: Mutante, plantilla: str) -> str:
    """What went wrong; empty when the mutant died. The file is put back."""
    archivo = arbol / mutante.archivo
    antes = archivo.read_text(encoding="utf-8") if archivo.exists() else ""
    if antes.count(mutante.texto) != 1:
        return f"the text is there {antes.count(mutante.texto)} times in {mutante.archivo}"
    archivo.write_text(antes.replace(mutante.texto, mutante.cambio), encoding="utf-8")
    try:
        pruebas = ["-x", *mutante.pruebas.split()]
        codigo, dicho = probar(arbol, pruebas, plantilla, en_postgres=mutante.en_postgres)
    finally:
        archivo.write_text(antes, encoding="utf-8")
    if codigo == 1:
        return ""
    return "it survives" if codigo == 0 else f"it could not be tried:\n{dicho[-1500:]}"


def main(palabras: list[str]) -> int:
    """Of those whose rule or file has one of these words; of none, all."""
    elegidos = [m for m in MUTANTES if not palabras or any(p in f"{m.regla} {m.archivo}" for p in palabras)]
    from tests import plantilla

    huella = plantilla.huella()
    malos, inicio = 0, time.monotonic()
    with TemporaryDirectory() as carpeta, ThreadPoolExecutor(A_LA_VEZ) as manos:
        arboles: SimpleQueue[Path] = SimpleQueue()
        for numero in range(A_LA_VEZ):
            copiar(Path(carpeta, str(numero)))
            arboles.put(Path(carpeta, str(numero)))
        for en_postgres in (False, True):
            suyas = [mutante.pruebas.split() for mutante in elegidos if mutante.en_postgres == en_postgres]
            pruebas = sorted({prueba for varias in suyas for prueba in varias})
            a_la_vez = ("-n", str(A_LA_VEZ), "--dist", "loadfile")
            if not pruebas:
                continue
            codigo, dicho = probar(Path(carpeta, "0"), pruebas, huella, *a_la_vez, en_postgres=en_postgres)
            if codigo:
                print(f"{dicho[-4000:]}\nBefore any mutant, these tests do not pass.")
                return 1

        def turno(mutante: Mutante) -> tuple[str, float]:
            arbol, desde = arboles.get(), time.monotonic()
            try:
                return sembrar(arbol, mutante, huella), time.monotonic() - desde
            finally:
                arboles.put(arbol)

        for mutante, (mal, tarda) in zip(elegidos, manos.map(turno, elegidos), strict=True):
            malos += bool(mal)
            print(f"{'SOBREVIVE' if mal else 'muere':9}  {tarda:5.1f} s  {mutante.regla}", flush=True)
            if mal:
                print(f"           {mal}", flush=True)
    print(f"{len(elegidos) - malos} of {len(elegidos)} die; {time.monotonic() - inicio:.0f} s")
    return 1 if malos else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
