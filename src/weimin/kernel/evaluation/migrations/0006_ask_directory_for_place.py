"""A question about a look is seen in the place of the agency that looked: by the directory's links, not by its code."""

from django.db import migrations

SEEN = """
DROP POLICY evaluation_query_visible ON evaluation_readquery;
CREATE POLICY evaluation_query_visible ON evaluation_readquery TO weimin_app USING (
  resident_id = (SELECT NULLIF(current_setting('weimin.resident', true), '')::bigint)
  OR (SELECT 'audit_admin' = ANY (NULLIF(current_setting('weimin.roles', true), '')::text[]))
  OR EXISTS (
    SELECT FROM directory_agency WHERE directory_agency.id = evaluation_readquery.agency_id
    AND {held}
  )
);
"""
NOW = SEEN.format(held="directory_in_place(directory_agency.division_id)")
BEFORE = SEEN.format(held="directory_agency.division_id ^@ (SELECT NULLIF(current_setting('weimin.place', true), ''))")


class Migration(migrations.Migration):
    dependencies = [
        ("evaluation", "0005_put_behind_wall"),
        ("directory", "0004_know_what_lies_in_a_place"),
    ]

    operations = [migrations.RunSQL(NOW, BEFORE)]
