from django.db import migrations
from django.db.models import CheckConstraint, Q

from nss_portal import reglas


class Migration(migrations.Migration):
    dependencies = [("vigencia", "0002_advertencias_fuera_salvo_que_se_pidan")]

    operations = reglas.poner(
        "vigencia",
        escuela=[
            CheckConstraint(
                name="escuela_de_modalidad_conocida",
                condition=Q(modalidad__in=["presencial", "en-linea", "ambas"]),
                violation_error_message="La modalidad es presencial, en-linea o ambas.",
            )
        ],
        registropatronal=[
            CheckConstraint(
                name="registro_patronal_de_nivel_conocido",
                condition=Q(nivel__in=["", "medio-superior", "superior", "posgrado"]),
                violation_error_message="El nivel es medio-superior, superior o posgrado; vacío, todos.",
            )
        ],
        inscripcion=[
            CheckConstraint(
                name="inscripcion_de_nivel_conocido",
                condition=Q(nivel__in=["medio-superior", "superior", "posgrado"]),
                violation_error_message="El nivel es medio-superior, superior o posgrado.",
            ),
            CheckConstraint(
                name="inscripcion_de_causa_conocida",
                condition=Q(causa__in=["", "1", "2", "3", "9"]),
                violation_error_message="La causa de la baja es 1, 2, 3 o 9.",
            ),
        ],
    )
