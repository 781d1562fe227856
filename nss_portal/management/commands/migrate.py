"""`migrate`, which first mends a database made when migrations were still edited after they landed."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

PRIMERA = ("nss_portal", "0001_initial")
REPARACION = ("nss_portal", "0008_reparacion")


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        # What only asks, or names where to go, is left to Django.
        otra_cosa = ("plan", "check_unapplied", "app_label", "fake", "fake_initial")
        if not any(options[cual] for cual in otra_cosa):
            ejecutor = MigrationExecutor(connections[options["database"]])
            aplicadas = ejecutor.loader.applied_migrations
            # Others that landed at the same time would look for columns that it has not added yet; and edits
            # had also changed what depends on what, which Django's command refuses to go on from.
            if PRIMERA in aplicadas and REPARACION not in aplicadas:
                self.stdout.write("Se reparan primero las tablas de una versión anterior.")
                ejecutor.migrate([REPARACION])
        super().handle(*args, **options)
