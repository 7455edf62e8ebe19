"""Accounts and their links to the city's identity provider behind the wall.

One's own; those of staff for staff; any at the entrance, where nobody is known yet.
"""

from django.db import migrations

RAISE = """
ALTER TABLE accounts_account ENABLE ROW LEVEL SECURITY;
CREATE POLICY accounts_own ON accounts_account TO weimin_app USING (
  id = (SELECT NULLIF(current_setting('weimin.account', true), '')::bigint)
);
CREATE POLICY accounts_staff ON accounts_account TO weimin_app USING (
  kind = 'staff' AND (SELECT current_setting('weimin.kind', true)) IN ('staff', 'client')
);
CREATE POLICY accounts_entrance ON accounts_account TO weimin_app USING (
  (SELECT current_setting('weimin.kind', true)) = 'entrance'
);

ALTER TABLE accounts_citylink ENABLE ROW LEVEL SECURITY;
CREATE POLICY accounts_link_own ON accounts_citylink TO weimin_app USING (
  account_id = (SELECT NULLIF(current_setting('weimin.account', true), '')::bigint)
  OR (SELECT current_setting('weimin.kind', true)) = 'entrance'
);
"""
LOWER = """
DROP POLICY accounts_link_own ON accounts_citylink;
ALTER TABLE accounts_citylink DISABLE ROW LEVEL SECURITY;
DROP POLICY accounts_own ON accounts_account;
DROP POLICY accounts_staff ON accounts_account;
DROP POLICY accounts_entrance ON accounts_account;
ALTER TABLE accounts_account DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_add_login"), ("record", "0005_raise_wall")]

    operations = [migrations.RunSQL(RAISE, LOWER)]
