from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("nss_portal", "0010_rotulos_por_tu_escuela")]

    operations = [
        migrations.AddField(
            model_name="verificacion",
            name="coincide",
            field=models.BooleanField(editable=False, null=True, verbose_name="coincide"),
        ),
        migrations.AlterField(
            model_name="verificacion",
            name="medio",
            field=models.CharField(
                choices=[
                    ("qr", "Código QR"),
                    ("codigo", "Folio y código"),
                    ("archivo", "Archivo"),
                    ("numero", "Número escrito"),
                ],
                editable=False,
                max_length=7,
                verbose_name="cómo",
            ),
        ),
    ]
