from django.db import migrations
from django.db.models import CheckConstraint, Q

from nss_portal import reglas


class Migration(migrations.Migration):
    dependencies = [("clinicas", "0002_horario_que_nadie_dijo")]

    operations = reglas.poner(
        "clinicas",
        clinica=[
            CheckConstraint(
                name="clinica_de_tipo_conocido",
                condition=Q(tipo__in=["umf", "hgs", "hgz", "hgr"]),
                violation_error_message="El tipo es umf, hgs, hgz o hgr.",
            ),
            CheckConstraint(
                name="clinica_de_estado_conocido",
                condition=Q(estado__in=["opera", "cerrada", "retirada"]),
                violation_error_message="El estado es opera, cerrada o retirada.",
            ),
            CheckConstraint(
                name="clinica_de_origen_conocido",
                condition=Q(origen__in=["clues", "demostrativo"]),
                violation_error_message="El origen es clues o demostrativo.",
            ),
        ],
    )
