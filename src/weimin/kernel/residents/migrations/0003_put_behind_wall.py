"""Residents and the read log behind the wall.

One sees oneself, and the one person whose whole number one gave. Who may see a matter sees its applicant: that policy
comes with the matters. An account is seen by whoever sees its person; the function keeps its plan.

The read log grows by every page that staff look at. Each of its policies is a condition of an index, so that together
they are a union of index look-ups and never a walk through the log: that is why an auditor's is a range of time, empty
for everybody else. `residents_of_accounts` is asked by the read log itself, for whom a page showed by their log-ins; it
gives numbers only.
"""

from django.db import migrations, models

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
  residents @> ARRAY[(SELECT NULLIF(current_setting('weimin.resident', true), '')::bigint)]
);
CREATE POLICY residents_reads_audited ON residents_readentry FOR SELECT TO weimin_app USING (
  at >= (SELECT CASE WHEN 'audit_admin' = ANY (NULLIF(current_setting('weimin.roles', true), '')::text[])
    THEN '-infinity'::timestamptz END)
  AND at <= (SELECT CASE WHEN 'audit_admin' = ANY (NULLIF(current_setting('weimin.roles', true), '')::text[])
    THEN 'infinity'::timestamptz END)
);
CREATE POLICY residents_reads_by_me ON residents_readentry TO weimin_app USING (
  account_id = (SELECT NULLIF(current_setting('weimin.account', true), '')::bigint)
  OR account_id IS NULL
    AND agency_id = ANY ((SELECT NULLIF(current_setting('weimin.agencies', true), '')::bigint[])::bigint[])
);
REVOKE UPDATE, DELETE ON residents_readentry FROM weimin_app;

CREATE FUNCTION residents_of_accounts(wanted bigint[]) RETURNS TABLE (account_id bigint, id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT residents_resident.account_id, residents_resident.id FROM residents_resident
  WHERE residents_resident.account_id = ANY (wanted)
$$;
"""
LOWER = """
DROP FUNCTION residents_of_accounts(bigint[]);
DROP POLICY residents_reads_audited ON residents_readentry;
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
        ("residents", "0002_log_reads_by_request"),
        ("accounts", "0003_put_behind_wall"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="readentry", index=models.Index(fields=["account_id"], name="residents_read_account")
        ),
        migrations.RunSQL(RAISE, LOWER),
    ]
