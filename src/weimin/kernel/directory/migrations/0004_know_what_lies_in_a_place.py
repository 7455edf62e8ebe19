"""What lies in the place of whoever acts, by the directory's links and not by cutting codes: for the row policies."""

from django.db import migrations

MAKE = """
CREATE FUNCTION directory_in_place(division varchar) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT EXISTS (
    SELECT FROM directory_division d,
      (SELECT NULLIF(current_setting('weimin.place', true), '') AS begin) p
    WHERE d.code = division
    AND (
      rpad(p.begin, 12, '0') IN (d.code, d.township_code, d.county_code)
      OR (length(p.begin) < 6 AND CASE d.county_code WHEN '' THEN d.code ELSE d.county_code END ^@ p.begin)
    )
  )
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0003_separate_administrators")]

    operations = [migrations.RunSQL(MAKE, "DROP FUNCTION directory_in_place(varchar);")]
