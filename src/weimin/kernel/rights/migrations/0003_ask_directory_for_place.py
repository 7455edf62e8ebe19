"""A request is seen in the place of the body that answers: by the directory's links, not by its code."""

from django.db import migrations

SEEN = """
DROP POLICY rights_request_visible ON rights_datarequest;
CREATE POLICY rights_request_visible ON rights_datarequest TO weimin_app USING (
  resident_id = (SELECT NULLIF(current_setting('weimin.resident', true), '')::bigint)
  OR EXISTS (
    SELECT FROM directory_agency WHERE directory_agency.id = rights_datarequest.agency_id
    AND {held}
  )
);
"""
NOW = SEEN.format(held="directory_in_place(directory_agency.division_id)")
BEFORE = SEEN.format(held="directory_agency.division_id ^@ (SELECT NULLIF(current_setting('weimin.place', true), ''))")


class Migration(migrations.Migration):
    dependencies = [
        ("rights", "0002_put_behind_wall"),
        ("directory", "0004_know_what_lies_in_a_place"),
    ]

    operations = [migrations.RunSQL(NOW, BEFORE)]
