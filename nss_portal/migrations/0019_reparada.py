"""What landed beside the repair, and the repair."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("nss_portal", "0008_reparacion"),
        ("nss_portal", "0014_identidad"),
    ]

    operations = []
