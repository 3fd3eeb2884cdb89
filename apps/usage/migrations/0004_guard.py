"""The database itself refuses to change a row of the ledger."""

from django.db import migrations

TABLE = "usage_ledgerentry"
GUARDS = {
    "sqlite": [
        f"""CREATE TRIGGER ledger_is_append_only BEFORE UPDATE ON {TABLE}
            BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"""
    ],
    "postgresql": [
        """CREATE FUNCTION refuse_to_change_the_ledger() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$""",
        f"""CREATE TRIGGER ledger_is_append_only BEFORE UPDATE ON {TABLE}
            FOR EACH ROW EXECUTE FUNCTION refuse_to_change_the_ledger()""",
    ],
}
RELEASES = {
    "sqlite": ["DROP TRIGGER IF EXISTS ledger_is_append_only"],
    "postgresql": [
        f"DROP TRIGGER IF EXISTS ledger_is_append_only ON {TABLE}",
        "DROP FUNCTION IF EXISTS refuse_to_change_the_ledger()",
    ],
}


def guard(apps, schema_editor):
    for statement in GUARDS.get(schema_editor.connection.vendor, ()):
        schema_editor.execute(statement)


def release(apps, schema_editor):
    for statement in RELEASES.get(schema_editor.connection.vendor, ()):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("usage", "0003_append_only"),
    ]

    operations = [migrations.RunPython(guard, release)]
