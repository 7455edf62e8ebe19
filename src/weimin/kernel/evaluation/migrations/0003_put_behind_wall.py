"""Ratings and repairs behind the wall: with their matter; a repair also for the agency that owes it."""

from django.db import migrations

RAISE = """
ALTER TABLE evaluation_rating ENABLE ROW LEVEL SECURITY;
CREATE POLICY evaluation_visible ON evaluation_rating TO weimin_app USING (cases_seen(case_id) IS NOT NULL);
ALTER TABLE evaluation_repair ENABLE ROW LEVEL SECURITY;
CREATE POLICY evaluation_repair_visible ON evaluation_repair TO weimin_app USING (
  agency_id = ANY ((SELECT NULLIF(current_setting('weimin.agencies', true), '')::bigint[])::bigint[])
  OR EXISTS (SELECT FROM evaluation_rating WHERE evaluation_rating.id = evaluation_repair.rating_id)
);
"""
LOWER = """
DROP POLICY evaluation_repair_visible ON evaluation_repair;
ALTER TABLE evaluation_repair DISABLE ROW LEVEL SECURITY;
DROP POLICY evaluation_visible ON evaluation_rating;
ALTER TABLE evaluation_rating DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("evaluation", "0002_repair_clock"),
        ("cases", "0006_put_behind_wall"),
    ]

    operations = [migrations.RunSQL(RAISE, LOWER)]
