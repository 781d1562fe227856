from typing import Any

from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Now


def revisar_otra_vez(apps: Any, schema_editor: Any) -> None:
    """A file that waits for its confirmation, or is half reviewed, was reviewed without kinds of warning: its
    rows say none, and an alta of 2036 was a mere warning. It goes through the review once more."""
    lotes = apps.get_model("vigencia", "Lote").objects.filter(estado__in=["por-confirmar", "revisando"])
    renglones = apps.get_model("vigencia", "Renglon").objects
    for pk in list(lotes.values_list("pk", flat=True)):
        renglones.filter(lote=pk).update(veredicto="", motivos="")
        lotes.filter(pk=pk).update(
            estado="revisando", revisados=0, resumen={}, libre_desde=Now(), turno=F("turno") + 1
        )


def apartar(apps: Any, schema_editor: Any) -> None:
    """Of the files that were confirmed without their warnings, those rows now say that they were left out."""
    lotes = apps.get_model("vigencia", "Lote").objects.filter(resumen__fuera__gte=0)
    renglones = apps.get_model("vigencia", "Renglon").objects
    for lote in list(lotes.only("pk", "resumen", "estado")):
        renglones.filter(lote=lote.pk, veredicto="advertencia").update(veredicto="fuera")
        lotes.filter(pk=lote.pk).update(resumen=lote.resumen | {"advertencia": 0})


class Migration(migrations.Migration):
    dependencies = [("vigencia", "0001_initial"), ("nss_portal", "0008_reparacion")]

    operations = [
        migrations.AddField(
            "lote",
            "con_avisos",
            models.JSONField("advertencias que se incluyen", default=list, db_default=[], editable=False),
        ),
        migrations.AddField(
            "renglon", "avisos", models.CharField("advertencias", max_length=60, db_default="")
        ),
        migrations.AlterField(
            "renglon",
            "veredicto",
            models.CharField(
                "veredicto",
                max_length=11,
                db_default="",
                choices=[
                    ("alta", "Alta"),
                    ("baja", "Baja"),
                    ("sin-cambio", "Sin cambio"),
                    ("advertencia", "Advertencia"),
                    ("fuera", "Quedó fuera"),
                    ("error", "Error"),
                ],
            ),
        ),
        migrations.AlterField(
            "cierre",
            "baja",
            models.DateField("baja", help_text="Desde este día ya no tienen servicio por ese ciclo."),
        ),
        migrations.AlterField(
            "inscripcion",
            "baja",
            models.DateField(
                "baja",
                null=True,
                blank=True,
                help_text="Desde este día ya no tiene servicio por esta inscripción.",
            ),
        ),
        migrations.RunPython(apartar, migrations.RunPython.noop),
        migrations.RunPython(revisar_otra_vez, migrations.RunPython.noop),
    ]
