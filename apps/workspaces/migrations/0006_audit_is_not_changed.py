"""The database itself refuses to change an entry of the audit log.

Its person and workspace may still become NULL: entries outlive both.
"""

from django.db import migrations

KEPT = ("id", "action", "actor_label", "subject", "ip", "at")
WORDS = "The audit log is append-only."
SQLITE = f"""
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON workspaces_auditentry
WHEN {" OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in KEPT)}
  OR (NEW.actor_id IS NOT NULL AND OLD.actor_id IS NOT NEW.actor_id)
  OR (NEW.workspace_id IS NOT NULL AND OLD.workspace_id IS NOT NEW.workspace_id)
BEGIN SELECT RAISE(ABORT, '{WORDS}'); END
"""
POSTGRESQL = f"""
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {" OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in KEPT)}
    OR (NEW.actor_id IS NOT NULL AND OLD.actor_id IS DISTINCT FROM NEW.actor_id)
    OR (NEW.workspace_id IS NOT NULL AND OLD.workspace_id IS DISTINCT FROM NEW.workspace_id)
  THEN RAISE EXCEPTION '{WORDS}';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON workspaces_auditentry
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
"""


def forbid(apps, schema_editor):
    schema_editor.execute(SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL, params=None)


def allow(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER audit_is_append_only")
    else:
        schema_editor.execute("DROP TRIGGER audit_is_append_only ON workspaces_auditentry")
        schema_editor.execute("DROP FUNCTION audit_is_append_only()")


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0005_standing_and_rights")]
    operations = [migrations.RunPython(forbid, allow)]
