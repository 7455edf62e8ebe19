"""Matters and all that hangs on them behind the wall.

A matter is seen by its applicant; by who serves in its place or in an agency that worked on it; and by whoever gave
its whole number and proved to hold its receipt. Who sees a matter sees its parts and its applicant.

`cases_worked` is read with its owner's rights, so that the policies of matters and of steps do not ask each other in
a circle; it shows only the viewer's own agencies' work.

Parts ask through functions whose plans PostgreSQL keeps: written out in each policy, the question would be planned
anew with every statement, which costs more than the statement. They run with the caller's rights, under the wall.
What they cost is said truly, so that no plan calls them for rows that it need not read; that they give the id or nothing
lets the planner think that most rows pass, as they do: plans are then those it would make without the wall.
"""

from django.db import migrations

PARTS = ("supplement", "decision", "paper", "timelineentry", "comment")

RAISE = """
CREATE VIEW cases_worked AS
  SELECT case_id FROM cases_step
  WHERE agency_id = ANY ((SELECT NULLIF(current_setting('weimin.agencies', true), '')::bigint[])::bigint[]);

ALTER TABLE cases_case ENABLE ROW LEVEL SECURITY;
CREATE POLICY cases_visible ON cases_case TO weimin_app USING (
  applicant_id = (SELECT NULLIF(current_setting('weimin.resident', true), '')::bigint)
  OR township_id ^@ (SELECT NULLIF(current_setting('weimin.place', true), ''))
  OR number = (SELECT NULLIF(current_setting('weimin.sought_case', true), ''))
  OR EXISTS (SELECT FROM cases_worked WHERE cases_worked.case_id = cases_case.id)
);

CREATE FUNCTION cases_seen(wanted bigint) RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000 AS $$
BEGIN
  RETURN CASE WHEN EXISTS (SELECT FROM cases_case WHERE cases_case.id = wanted) THEN wanted END;
END
$$;
CREATE FUNCTION cases_seen_of(applicant bigint) RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000 AS $$
BEGIN
  RETURN CASE WHEN EXISTS (SELECT FROM cases_case WHERE cases_case.applicant_id = applicant) THEN applicant END;
END
$$;

ALTER TABLE cases_step ENABLE ROW LEVEL SECURITY;
CREATE POLICY cases_step_visible ON cases_step TO weimin_app USING (
  agency_id = ANY ((SELECT NULLIF(current_setting('weimin.agencies', true), '')::bigint[])::bigint[])
  OR cases_seen(case_id) IS NOT NULL
);

ALTER TABLE cases_draft ENABLE ROW LEVEL SECURITY;
CREATE POLICY cases_draft_own ON cases_draft TO weimin_app USING (
  account_id = (SELECT NULLIF(current_setting('weimin.account', true), '')::bigint)
);

ALTER TABLE cases_casefile ENABLE ROW LEVEL SECURITY;
CREATE POLICY cases_file_visible ON cases_casefile TO weimin_app USING (
  owner_account_id = (SELECT NULLIF(current_setting('weimin.account', true), '')::bigint)
  OR cases_seen(case_id) IS NOT NULL
);

CREATE POLICY cases_applicant ON residents_resident TO weimin_app USING (
  cases_seen_of(id) IS NOT NULL
);
REVOKE UPDATE, DELETE ON cases_timelineentry FROM weimin_app;
""" + "".join(
    f"""
ALTER TABLE cases_{part} ENABLE ROW LEVEL SECURITY;
CREATE POLICY cases_part ON cases_{part} TO weimin_app USING (cases_seen(case_id) IS NOT NULL);
"""
    for part in PARTS
)
LOWER = (
    "".join(
        f"DROP POLICY cases_part ON cases_{part}; ALTER TABLE cases_{part} DISABLE ROW LEVEL SECURITY;\n"
        for part in PARTS
    )
    + """
GRANT UPDATE, DELETE ON cases_timelineentry TO weimin_app;
DROP POLICY cases_applicant ON residents_resident;
DROP POLICY cases_file_visible ON cases_casefile;
ALTER TABLE cases_casefile DISABLE ROW LEVEL SECURITY;
DROP POLICY cases_draft_own ON cases_draft;
ALTER TABLE cases_draft DISABLE ROW LEVEL SECURITY;
DROP POLICY cases_step_visible ON cases_step;
ALTER TABLE cases_step DISABLE ROW LEVEL SECURITY;
DROP FUNCTION cases_seen(bigint);
DROP FUNCTION cases_seen_of(bigint);
DROP POLICY cases_visible ON cases_case;
ALTER TABLE cases_case DISABLE ROW LEVEL SECURITY;
DROP VIEW cases_worked;
"""
)


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0005_seal_postal_address"),
        ("residents", "0003_put_behind_wall"),
    ]

    operations = [migrations.RunSQL(RAISE, LOWER)]
