"""The log of accesses stays append-only, but for one thing: a reason that somebody typed can be cleared with the person's data."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION journal_access_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        OLD.reason := '';
        IF NEW IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME;
END
$$
"""
TRIGGER = (
    "CREATE TRIGGER journal_access_append_only BEFORE UPDATE OR DELETE ON journal_access FOR EACH ROW EXECUTE FUNCTION "
)
DROP = "DROP TRIGGER journal_access_append_only ON journal_access"


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in (DROP, FUNCTION, TRIGGER + "journal_access_is_append_only()"):
            schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in (
            DROP,
            "DROP FUNCTION journal_access_is_append_only()",
            TRIGGER + "journal_is_append_only()",
        ):
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("journal", "0003_former")]

    operations = [migrations.RunPython(guard, unguard)]
