from django.db import migrations
from django.db.models import CheckConstraint, Q

from nss_portal import reglas


class Migration(migrations.Migration):
    dependencies = [("afiliacion", "0003_serie_abierta_hoy"), ("nss_portal", "0008_reparacion")]

    operations = reglas.poner(
        "afiliacion",
        prefijo=[
            CheckConstraint(
                name="prefijo_de_origen_conocido",
                condition=Q(origen__in=["publico", "demostrativo"]),
                violation_error_message="El origen es publico o demostrativo.",
            )
        ],
        territorio=[
            CheckConstraint(
                name="territorio_de_origen_conocido",
                condition=Q(origen__in=["publico", "demostrativo"]),
                violation_error_message="El origen es publico o demostrativo.",
            )
        ],
    )
