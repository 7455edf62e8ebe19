"""The trail and its links are parted by year (Shanghai), so that a year that is over can be frozen, moved or copied alone.

`record_part_by_year` makes a table of before into the parent of its years: with rows, the old table becomes the part of
everything up to the end of this year, and nothing is copied; without, it goes. `record_add_year` adds a year; what falls
into none is kept in the part `_rest`. Rights and row policies are those of the parent: nobody but the owner reaches a part
by its own name, and the triggers that stand on the parent's statements stand on the parts too.
"""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION record_close_part(parent regclass, part regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  trigger_text text;
BEGIN
  EXECUTE format('REVOKE ALL ON %s FROM weimin_app', part);
  FOR trigger_text IN
    SELECT replace(pg_get_triggerdef(t.oid), ' ON ' || n.nspname || '.' || c.relname || ' ', ' ON ' || part || ' ')
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE t.tgrelid = parent AND NOT t.tgisinternal AND t.tgtype & 1 = 0
  LOOP
    EXECUTE trigger_text;
  END LOOP;
END
$$;

CREATE FUNCTION record_add_year(parent regclass, year int) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  part text := quote_ident((SELECT relname FROM pg_class WHERE oid = parent) || '_y' || year);
  by_day boolean := (
    SELECT a.atttypid = 'date'::regtype FROM pg_partitioned_table p
    JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] WHERE p.partrelid = parent
  );
  bounds text := 'FOR VALUES FROM (%L) TO (%L)';
BEGIN
  IF to_regclass(part) IS NOT NULL THEN
    RETURN false;
  END IF;
  IF by_day THEN
    bounds := format(bounds, make_date(year, 1, 1), make_date(year + 1, 1, 1));
  ELSE
    bounds := format(bounds, make_timestamptz(year, 1, 1, 0, 0, 0, 'Asia/Shanghai'),
      make_timestamptz(year + 1, 1, 1, 0, 0, 0, 'Asia/Shanghai'));
  END IF;
  BEGIN
    -- made apart and attached: readers and writers of other years go on meanwhile
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s %s', parent, part, bounds);
  EXCEPTION
    WHEN invalid_object_definition THEN RETURN false;  -- another part holds that year
  END;
  PERFORM record_close_part(parent, part::regclass);
  RETURN true;
END
$$;

CREATE FUNCTION record_part_by_year(name text, key text, id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before text := name || '_before';
  this_year int := extract(year FROM now() AT TIME ZONE 'Asia/Shanghai');
  has_rows boolean;
  end_of_year text;
  one record;
  made text[] := '{}';
  statement text;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO has_rows;
  FOR one IN SELECT pg_get_indexdef(indexrelid) AS text FROM pg_index WHERE indrelid = name::regclass AND NOT indisprimary
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
  LOOP
    made := made || one.text;
  END LOOP;
  FOR one IN SELECT conname, pg_get_constraintdef(oid) AS text FROM pg_constraint
    WHERE conrelid = name::regclass AND contype = 'u'
  LOOP
    made := made || format('ALTER TABLE %I ADD CONSTRAINT %I %s', name, one.conname, one.text);
  END LOOP;
  FOR one IN SELECT pg_get_triggerdef(oid) AS text FROM pg_trigger WHERE tgrelid = name::regclass AND NOT tgisinternal
  LOOP
    made := made || one.text;
  END LOOP;
  IF (SELECT relrowsecurity FROM pg_class WHERE oid = name::regclass) THEN
    made := made || format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
  END IF;
  FOR one IN SELECT * FROM pg_policies WHERE schemaname = current_schema() AND tablename = name LOOP
    made := made || (format('CREATE POLICY %I ON %I FOR %s TO %s', one.policyname, name, one.cmd,
      array_to_string(one.roles, ', '))
      || coalesce(' USING (' || one.qual || ')', '') || coalesce(' WITH CHECK (' || one.with_check || ')', ''));
  END LOOP;
  made := made || format('REVOKE ALL ON %I FROM weimin_app', name);
  FOR one IN SELECT x.privilege_type AS privilege FROM pg_class c, aclexplode(c.relacl) x JOIN pg_roles r ON r.oid = x.grantee
    WHERE c.oid = name::regclass AND r.rolname = 'weimin_app'
  LOOP
    made := made || format('GRANT %s ON %I TO weimin_app', one.privilege, name);
  END LOOP;

  FOR one IN SELECT tgname FROM pg_trigger WHERE tgrelid = name::regclass AND NOT tgisinternal LOOP
    EXECUTE format('DROP TRIGGER %I ON %I', one.tgname, name);
  END LOOP;
  FOR one IN SELECT indexrelid::regclass AS index, relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = name::regclass
  LOOP
    EXECUTE format('ALTER INDEX %s RENAME TO %I', one.index, left(one.relname, 55) || '_before');
  END LOOP;
  EXECUTE format('ALTER TABLE %I RENAME TO %I', name, before);
  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY INCLUDING COMMENTS,'
    ' PRIMARY KEY (%I, %I)) PARTITION BY RANGE (%I)', name, before, id, key, key);
  FOREACH statement IN ARRAY made LOOP
    EXECUTE statement;
  END LOOP;
  IF pg_get_serial_sequence(name, id) IS NOT NULL THEN
    EXECUTE format('SELECT setval(%L, (SELECT coalesce(max(%I), 0) + 1 FROM %I), false)',
      pg_get_serial_sequence(name, id), id, before);
    EXECUTE format('ALTER TABLE %I ALTER COLUMN %I DROP IDENTITY IF EXISTS', before, id);
  END IF;
  IF has_rows THEN
    end_of_year := CASE WHEN (SELECT atttypid = 'date'::regtype FROM pg_attribute WHERE attrelid = name::regclass AND attname = key)
      THEN make_date(this_year + 1, 1, 1)::text
      ELSE make_timestamptz(this_year + 1, 1, 1, 0, 0, 0, 'Asia/Shanghai')::text END;
    EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', before);
    FOR one IN SELECT policyname FROM pg_policies WHERE schemaname = current_schema() AND tablename = before LOOP
      EXECUTE format('DROP POLICY %I ON %I', one.policyname, before);
    END LOOP;
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', before,
      (SELECT conname FROM pg_constraint WHERE conrelid = before::regclass AND contype = 'p'));
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', name, before, end_of_year);
    PERFORM record_close_part(name::regclass, before::regclass);
  ELSE
    EXECUTE format('DROP TABLE %I', before);
  END IF;
  EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', name || '_rest', name);
  PERFORM record_close_part(name::regclass, (name || '_rest')::regclass);
  FOR year IN this_year - 1 .. this_year + 1 LOOP
    PERFORM record_add_year(name::regclass, year);
  END LOOP;
END
$$;
"""

PART = """
SELECT record_part_by_year('record_auditentry', 'at', 'id');
SELECT record_part_by_year('record_auditlink', 'day', 'entry_id');
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0005_raise_wall")]

    operations = [
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
        migrations.RunSQL(PART, migrations.RunSQL.noop),
    ]
