"""The mark of what a database is, written the moment it is born."""

from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

# Three of the sample people of the demonstration, as fixtures/personas_demo.json had them at this migration.
DE_MUESTRA = ["RAEL980314MJCMJC05", "FIMA010530XNLCRLA0", "NUEB951102MVZXJG08"]


def marcar(apps: Any, schema_editor: Any) -> None:
    """A demonstration, when the settings say so and nobody real can be in it: it is empty, or the sample
    people were there before there was a mark. Everything else is not one, and stays so.
    """
    personas = apps.get_model("nss_portal", "Persona").objects
    otros = [apps.get_model("nss_portal", "Tramite").objects, apps.get_model("auth", "User").objects]
    vacia = not any(filas.exists() for filas in [personas, *otros])
    de_muestra = personas.filter(curp__in=DE_MUESTRA).exists()
    apps.get_model("nss_portal", "Instalacion").objects.create(
        pk=1, demostracion=(settings.DEMO or settings.DEBUG) and (vacia or de_muestra)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("nss_portal", "0008_reparacion"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Instalacion",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("demostracion", models.BooleanField(verbose_name="de demostración")),
                ("nacida", models.DateTimeField(db_default=Now(), verbose_name="nacida")),
            ],
            options={"verbose_name": "instalación"},
        ),
        migrations.AddConstraint(
            model_name="instalacion",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="instalacion_es_una"),
        ),
        migrations.RunPython(marcar, migrations.RunPython.noop),
    ]
