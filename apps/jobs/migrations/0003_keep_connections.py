from django.db import migrations


def keep_connections(apps, schema_editor):
    """What is on its way keeps the connection that it was sent over: until now there was one for each workspace."""
    jobs = apps.get_model("jobs", "Job").objects.filter(status__in=("queued", "submitting", "waiting", "saving"))
    for connection in apps.get_model("workspaces", "Connection").every.all():
        jobs.filter(workspace=connection.workspace_id).update(connection=connection)


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0002_connection"),
    ]

    operations = [migrations.RunPython(keep_connections, migrations.RunPython.noop)]
