"""Residents and the read log behind the wall.

One sees oneself, and the one person whose whole number one gave. Who may see a matter sees its applicant: that policy
comes with the matters. An account is seen by whoever sees its person; the function keeps its plan.
"""

from django.db import migrations

RAISE = """
ALTER TABLE residents_resident ENABLE ROW LEVEL SECURITY;
CREATE POLICY residents_own ON residents_resident TO weimin_app USING (
  id = (SELECT NULLIF(current_setting('weimin.resident', true), '')::bigint)
  OR account_id = (SELECT NULLIF(current_setting('weimin.account', true), '')::bigint)
);
CREATE POLICY residents_sought ON residents_resident TO weimin_app USING (
  id_index = (SELECT decode(NULLIF(current_setting('weimin.sought_person', true), ''), 'hex'))
);
CREATE FUNCTION residents_seen_of(account bigint) RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000 AS $$
BEGIN
  RETURN CASE WHEN EXISTS (SELECT FROM residents_resident WHERE residents_resident.account_id = account) THEN account END;
END
$$;
CREATE POLICY residents_account ON accounts_account TO weimin_app USING (residents_seen_of(id) IS NOT NULL);

ALTER TABLE residents_readentry ENABLE ROW LEVEL SECURITY;
CREATE POLICY residents_reads_of_me ON residents_readentry FOR SELECT TO weimin_app USING (
  resident_id = (SELECT NULLIF(current_setting('weimin.resident', true), '')::bigint)
);
CREATE POLICY residents_reads_by_me ON residents_readentry TO weimin_app USING (
  account_id = (SELECT NULLIF(current_setting('weimin.account', true), '')::bigint)
  OR account_id IS NULL
    AND agency_id = ANY ((SELECT NULLIF(current_setting('weimin.agencies', true), '')::bigint[])::bigint[])
);
REVOKE UPDATE, DELETE ON residents_readentry FROM weimin_app;
"""
LOWER = """
GRANT UPDATE, DELETE ON residents_readentry TO weimin_app;
DROP POLICY residents_reads_of_me ON residents_readentry;
DROP POLICY residents_reads_by_me ON residents_readentry;
ALTER TABLE residents_readentry DISABLE ROW LEVEL SECURITY;
DROP POLICY residents_account ON accounts_account;
DROP FUNCTION residents_seen_of(bigint);
DROP POLICY residents_own ON residents_resident;
DROP POLICY residents_sought ON residents_resident;
ALTER TABLE residents_resident DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("residents", "0001_create_residents"),
        ("accounts", "0002_put_behind_wall"),
    ]

    operations = [migrations.RunSQL(RAISE, LOWER)]
