from django.db import migrations


class Migration(migrations.Migration):
    """The queue is gone: a row that waits is found by what it says. Its table was another package's."""

    dependencies = [("nss_portal", "0014_identidad")]

    operations = [
        migrations.RunSQL("DROP TABLE IF EXISTS django_tasks_database_dbtaskresult", migrations.RunSQL.noop)
    ]
