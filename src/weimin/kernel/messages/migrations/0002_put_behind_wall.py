"""Messages behind the wall: everybody their own; the worker, which writes them, stands before it."""

from django.db import migrations

RAISE = """
ALTER TABLE notices_message ENABLE ROW LEVEL SECURITY;
CREATE POLICY notices_own ON notices_message TO weimin_app USING (
  resident_id = (SELECT NULLIF(current_setting('weimin.resident', true), '')::bigint)
);
"""
LOWER = """
DROP POLICY notices_own ON notices_message;
ALTER TABLE notices_message DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_create_messages"), ("record", "0005_raise_wall")]

    operations = [migrations.RunSQL(RAISE, LOWER)]
