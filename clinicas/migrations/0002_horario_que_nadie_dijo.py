from django.db import migrations, models

# What the model gave to every clinic of which nobody had said anything.
HORARIO = "Lunes a viernes, de 8:00 a 20:00 h"
VENTANILLA = "Ventanilla de Afiliación y Vigencia, lunes a viernes, de 8:00 a 15:00 h"


def vaciar(apps, schema_editor):
    """Blank the hours that came from the model's default.

    A row does not say where its hours come from. Those of the demonstration's fixtures are written in them, and
    stay. Of the others, hours that are the old default to the letter are taken for it: CLUES carries none. If
    staff typed the very same words by hand, nothing proves it, and they go too: staff write them again in the
    admin. Any other words are somebody's, and stay. Documents that were issued keep what they froze.
    """
    clinicas = apps.get_model("clinicas", "Clinica").objects.exclude(origen="demostrativo")
    clinicas.filter(horario=HORARIO).update(horario="")
    clinicas.filter(ventanilla=VENTANILLA).update(ventanilla="")


class Migration(migrations.Migration):
    dependencies = [("clinicas", "0001_initial"), ("nss_portal", "0008_reparacion")]

    operations = [
        migrations.AlterField(
            model_name="clinica",
            name="horario",
            field=models.CharField(
                blank=True,
                help_text="Vacío si no se sabe: se imprime «Pregunta el horario en la clínica».",
                max_length=120,
                verbose_name="horario de consulta",
            ),
        ),
        migrations.AlterField(
            model_name="clinica",
            name="ventanilla",
            field=models.CharField(
                blank=True,
                help_text="Vacía si no se sabe: se pide preguntar en la clínica.",
                max_length=160,
                verbose_name="ventanilla y su horario",
            ),
        ),
        migrations.RunPython(vaciar, migrations.RunPython.noop),
    ]
