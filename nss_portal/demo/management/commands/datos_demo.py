"""`manage.py datos_demo`: the fixtures, as many synthetic people as you like, and the admin's users."""

import os
import secrets
from argparse import ArgumentParser
from itertools import batched
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from afiliacion.models import Territorio
from clinicas.models import Clinica
from nss_portal.demo.ficticias import CASOS, exigir_demostracion, personas_sinteticas
from nss_portal.personas.models import CurpAnterior, Persona
from nss_portal.territorio.models import CodigoPostal
from vigencia.models import Escuela, Inscripcion

USUARIOS = {
    "admin": "administra todo",
    "personal": "consulta, sin cambiar nada",
    # Which schools they are, `inscripciones_demo` knows.
    "escuela-a": "inscribe a los alumnos de una escuela",
    "escuela-b": "inscribe a los de otra: ninguna ve a la otra",
    # Which offices they are, `ventanilla_demo` knows.
    "ventanilla": "atiende en la ventanilla de una subdelegación",
    "supervision": "autoriza lo que esa ventanilla pide",
    "ventanilla-b": "atiende en otra subdelegación: ninguna ve a la otra",
}
# What `personal` may see.
APPS_DEL_PERSONAL = ["nss_portal", "afiliacion", "vigencia", "clinicas"]
# The schools' one, `inscripciones_demo` loads.
FIXTURES = ((Territorio, "subdelegaciones"), (Clinica, "clinicas"))


class Command(BaseCommand):
    help = (
        "Carga los datos de demostración: catálogos, personas ficticias, sus inscripciones y los usuarios "
        "del admin. Se puede repetir: lo que ya está se queda como está, y las personas de muestra vuelven a "
        "ser lo que dice su caso."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--personas",
            type=int,
            default=0,
            metavar="N",
            help="Cuántas personas ficticias más, siempre las mismas (por omisión, ninguna).",
        )
        parser.add_argument(
            "--solo-comprobar",
            action="store_true",
            help="Di si la base de datos las admite, sin cambiar nada; sirve antes de migrate.",
        )

    def handle(self, *args: Any, personas: int, solo_comprobar: bool, verbosity: int, **options: Any) -> None:
        exigir_demostracion()
        if solo_comprobar:
            return
        if personas < 0:
            raise CommandError("--personas lleva un número de 0 en adelante.")
        call_command("loaddata", "entidades", verbosity=0)
        if not CodigoPostal.objects.exists():
            call_command("cargar_codigos_postales", verbosity=0, stdout=self.stdout, stderr=self.stderr)
        for modelo, fixture in FIXTURES:
            # Staff may have changed them since.
            if not modelo._default_manager.exists():
                call_command("loaddata", fixture, verbosity=0)
        _devolver_curps()
        call_command("loaddata", "personas_demo", verbosity=0)
        antes = Persona.objects.count()
        _guardar_sinteticas(personas)
        usuarios = _usuarios()
        # After the people and the users: it enrols the ones and gives the others their school.
        call_command("inscripciones_demo", verbosity=0)
        call_command("altas_demo", verbosity=0)
        call_command("ventanilla_demo", verbosity=0)
        if verbosity:
            hay = Persona.objects.count()
            escuelas, inscripciones, clinicas = (
                modelo._default_manager.count() for modelo in (Escuela, Inscripcion, Clinica)
            )
            self.stdout.write(
                f"Códigos postales: {CodigoPostal.objects.count():,}.\n"
                f"Personas ficticias: {hay:,} ({Persona.objects.sin_nss().count():,} sin NSS); "
                f"{hay - antes:,} nuevas de las {personas:,} pedidas además de las de ejemplo.\n"
                f"Escuelas: {escuelas:,}; inscripciones: {inscripciones:,}; clínicas: {clinicas:,}.\n"
                f"Usuarios del admin: {', '.join(USUARIOS)}; sus contraseñas están en {usuarios}."
            )


def _devolver_curps() -> None:
    """The sample people are known by the CURP of their case, whatever was tried at the counter."""
    for vieja in CurpAnterior.objects.filter(curp__in=[caso.curp for caso in CASOS]):
        with transaction.atomic():
            persona, nueva, suya = vieja.persona, vieja.persona.curp, vieja.curp
            vieja.delete()
            persona.curp = suya
            persona.seguir_a_la_curp()
            persona.save(update_fields=["curp", "nacimiento", "sexo", "entidad"])
            CurpAnterior.objects.create(curp=nueva, persona=persona)


_CAMPOS = [campo.attname for campo in Persona._meta.concrete_fields if not campo.primary_key]
# Measured 3 to 6 times `bulk_create(ignore_conflicts=True)`. Who is there stays as they are.
_AGREGAR = (
    f"INSERT INTO nss_portal_persona ({', '.join(_CAMPOS)}) "
    f"VALUES ({', '.join(['%s'] * len(_CAMPOS))}) ON CONFLICT DO NOTHING"
)


def _guardar_sinteticas(cuantas: int) -> None:
    """Write those that are not there yet; one transaction a batch, so that nobody waits long for it."""
    for lote in batched(personas_sinteticas(cuantas), 5000):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_AGREGAR, [[getattr(persona, c) for c in _CAMPOS] for persona in lote])


def _usuarios() -> Path:
    """Make the users that are missing; the file, for its owner only, is where their passwords can be read.

    Who has a line in it keeps the password, so it is safe to call twice; a lost file brings new passwords.
    """
    archivo = settings.VAR_DIR / "usuarios-demo.txt"
    lineas = archivo.read_text(encoding="utf-8").splitlines() if archivo.exists() else []
    claves = dict(linea.split("\t")[:2] for linea in lineas if "\t" in linea)
    with transaction.atomic():
        for nombre in USUARIOS:
            usuario, nuevo = User.objects.get_or_create(
                username=nombre, defaults={"is_staff": True, "is_superuser": nombre == "admin"}
            )
            if nuevo or nombre not in claves:
                usuario.set_password(claves.setdefault(nombre, secrets.token_urlsafe(12)))
                usuario.save(update_fields=["password"])
        grupo, _ = Group.objects.get_or_create(name="Personal")
        grupo.permissions.add(
            *Permission.objects.filter(
                content_type__app_label__in=APPS_DEL_PERSONAL, codename__startswith="view_"
            )
        )
        User.objects.get(username="personal").groups.add(grupo)
        _escribir(archivo, "".join(f"{n}\t{claves[n]}\t{para_que}\n" for n, para_que in USUARIOS.items()))
    return archivo


def _escribir(archivo: Path, texto: str) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    nuevo = archivo.with_suffix(".nuevo")
    nuevo.unlink(missing_ok=True)
    with open(os.open(nuevo, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as destino:
        destino.write(texto)
    nuevo.replace(archivo)
