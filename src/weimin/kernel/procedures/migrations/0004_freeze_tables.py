"""A published version of a drawing or a decision table cannot be changed or deleted, whoever asks the database.

Everything but the status is frozen, so that a column which is added later is frozen as well.
"""

from django.db import migrations

FREEZE = """
CREATE OR REPLACE FUNCTION procedures_keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'draft' AND (
    TG_OP = 'DELETE' OR NEW.status = 'draft'
    OR (to_jsonb(NEW) - 'status') IS DISTINCT FROM (to_jsonb(OLD) - 'status')
  ) THEN
    RAISE EXCEPTION 'a published version cannot be changed'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'procedures_version_frozen';
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER procedures_table_frozen
  BEFORE UPDATE OR DELETE ON procedures_decisiontableversion
  FOR EACH ROW EXECUTE FUNCTION procedures_keep_published();
"""
THAW = """
DROP TRIGGER procedures_table_frozen ON procedures_decisiontableversion;
CREATE OR REPLACE FUNCTION procedures_keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'draft' AND (
    TG_OP = 'DELETE' OR NEW.status = 'draft'
    OR (NEW.procedure_id, NEW.number, NEW.xml, NEW.digest, NEW.published_at, NEW.published_by_name)
      IS DISTINCT FROM
      (OLD.procedure_id, OLD.number, OLD.xml, OLD.digest, OLD.published_at, OLD.published_by_name)
  ) THEN
    RAISE EXCEPTION 'a published procedure version cannot be changed'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'procedures_version_frozen';
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("procedures", "0003_keep_tables_and_drafts")]

    operations = [migrations.RunSQL(FREEZE, THAW)]
