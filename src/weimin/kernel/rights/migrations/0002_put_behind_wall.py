"""Requests, copies, lists for destruction and holds behind the wall.

A request for who asked it and for who serves in the place of the body that answers; who sees it sees its person. A
copy for its person and for the account that asked for it at the counter. Lines and holds with their matter.
"""

from django.db import migrations

RAISE = """
ALTER TABLE rights_datarequest ENABLE ROW LEVEL SECURITY;
CREATE POLICY rights_request_visible ON rights_datarequest TO weimin_app USING (
  resident_id = (SELECT NULLIF(current_setting('weimin.resident', true), '')::bigint)
  OR EXISTS (
    SELECT FROM directory_agency WHERE directory_agency.id = rights_datarequest.agency_id
    AND directory_agency.division_id ^@ (SELECT NULLIF(current_setting('weimin.place', true), ''))
  )
);
ALTER TABLE rights_datacopy ENABLE ROW LEVEL SECURITY;
CREATE POLICY rights_copy_visible ON rights_datacopy TO weimin_app USING (
  resident_id = (SELECT NULLIF(current_setting('weimin.resident', true), '')::bigint)
  OR account_id = (SELECT NULLIF(current_setting('weimin.account', true), '')::bigint)
);
ALTER TABLE rights_destructionline ENABLE ROW LEVEL SECURITY;
CREATE POLICY rights_line_visible ON rights_destructionline TO weimin_app USING (cases_seen(case_id) IS NOT NULL);
ALTER TABLE rights_hold ENABLE ROW LEVEL SECURITY;
CREATE POLICY rights_hold_visible ON rights_hold TO weimin_app USING (cases_seen(case_id) IS NOT NULL);
CREATE POLICY rights_asked ON residents_resident TO weimin_app USING (
  id = ANY (ARRAY(SELECT resident_id FROM rights_datarequest WHERE answered_at IS NULL))
);
"""
LOWER = """
DROP POLICY rights_asked ON residents_resident;
DROP POLICY rights_hold_visible ON rights_hold;
ALTER TABLE rights_hold DISABLE ROW LEVEL SECURITY;
DROP POLICY rights_line_visible ON rights_destructionline;
ALTER TABLE rights_destructionline DISABLE ROW LEVEL SECURITY;
DROP POLICY rights_copy_visible ON rights_datacopy;
ALTER TABLE rights_datacopy DISABLE ROW LEVEL SECURITY;
DROP POLICY rights_request_visible ON rights_datarequest;
ALTER TABLE rights_datarequest DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("rights", "0001_create_rights"),
        ("cases", "0007_keep_notice_and_certificate"),
    ]

    operations = [migrations.RunSQL(RAISE, LOWER)]
