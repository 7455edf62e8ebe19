"""A published drawing cannot be changed or deleted, whoever asks the database."""

from django.db import migrations

FREEZE = """
CREATE FUNCTION procedures_keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER procedures_version_frozen
  BEFORE UPDATE OR DELETE ON procedures_procedureversion
  FOR EACH ROW EXECUTE FUNCTION procedures_keep_published();
"""
THAW = """
DROP TRIGGER procedures_version_frozen ON procedures_procedureversion;
DROP FUNCTION procedures_keep_published();
"""


class Migration(migrations.Migration):
    dependencies = [("procedures", "0001_create_procedures")]

    operations = [migrations.RunSQL(FREEZE, THAW)]
