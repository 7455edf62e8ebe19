"""Ratings, repairs and questions about looks behind the wall.

Ratings and repairs with their matter, a repair also for the agency that owes it. A question for who asked it, for who
serves in the place of the agency that looked, and for the audit administrator; who sees it sees the look.
"""

from django.db import migrations

RAISE = """
ALTER TABLE evaluation_rating ENABLE ROW LEVEL SECURITY;
CREATE POLICY evaluation_visible ON evaluation_rating TO weimin_app USING (cases_seen(case_id) IS NOT NULL);
ALTER TABLE evaluation_repair ENABLE ROW LEVEL SECURITY;
CREATE POLICY evaluation_repair_visible ON evaluation_repair TO weimin_app USING (
  agency_id = ANY ((SELECT NULLIF(current_setting('weimin.agencies', true), '')::bigint[])::bigint[])
  OR EXISTS (SELECT FROM evaluation_rating WHERE evaluation_rating.id = evaluation_repair.rating_id)
);
ALTER TABLE evaluation_readquery ENABLE ROW LEVEL SECURITY;
CREATE POLICY evaluation_query_visible ON evaluation_readquery TO weimin_app USING (
  resident_id = (SELECT NULLIF(current_setting('weimin.resident', true), '')::bigint)
  OR (SELECT 'audit_admin' = ANY (NULLIF(current_setting('weimin.roles', true), '')::text[]))
  OR EXISTS (
    SELECT FROM directory_agency WHERE directory_agency.id = evaluation_readquery.agency_id
    AND directory_agency.division_id ^@ (SELECT NULLIF(current_setting('weimin.place', true), ''))
  )
);
CREATE POLICY evaluation_read_asked ON residents_readentry FOR SELECT TO weimin_app USING (
  id = ANY (ARRAY(SELECT entry_id FROM evaluation_readquery))
);
"""
LOWER = """
DROP POLICY evaluation_read_asked ON residents_readentry;
DROP POLICY evaluation_query_visible ON evaluation_readquery;
ALTER TABLE evaluation_readquery DISABLE ROW LEVEL SECURITY;
DROP POLICY evaluation_repair_visible ON evaluation_repair;
ALTER TABLE evaluation_repair DISABLE ROW LEVEL SECURITY;
DROP POLICY evaluation_visible ON evaluation_rating;
ALTER TABLE evaluation_rating DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("evaluation", "0004_ask_about_reads"),
        ("cases", "0006_put_behind_wall"),
    ]

    operations = [migrations.RunSQL(RAISE, LOWER)]
