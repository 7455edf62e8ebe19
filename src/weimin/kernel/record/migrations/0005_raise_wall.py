"""The role of web processes, what it may do, and an audit trail that nobody changes.

Roles belong to the whole server: two databases may be migrated at once, so every statement on roles bears that
another did it meanwhile. Row policies are written by the packages that own the tables.
"""

from django.db import migrations

ROLE = """
DO $$
DECLARE
  wanted text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'weimin_app') THEN
    BEGIN
      CREATE ROLE weimin_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION '数据库里没有角色 weimin_app，用户 % 也无权创建。请数据库管理员执行：CREATE ROLE weimin_app NOLOGIN; GRANT weimin_app TO %; 然后再运行一次', current_user, quote_ident(current_user)
          USING ERRCODE = 'insufficient_privilege';
    END;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'weimin_app' AND (rolsuper OR rolbypassrls)) THEN
    RAISE EXCEPTION '角色 weimin_app 不能是超级用户，也不能绕过行级安全。请数据库管理员执行：ALTER ROLE weimin_app NOSUPERUSER NOBYPASSRLS;'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NOT pg_has_role(current_user, 'weimin_app', wanted) THEN
    FOR attempt IN 1..20 LOOP
      BEGIN
        EXECUTE format('GRANT weimin_app TO %I', current_user);
        EXIT;
      EXCEPTION
        WHEN unique_violation OR internal_error THEN PERFORM pg_sleep(0.05);
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION '用户 % 不能充当 weimin_app。请数据库管理员执行：GRANT weimin_app TO %; 然后再运行一次', current_user, quote_ident(current_user)
            USING ERRCODE = 'insufficient_privilege';
      END;
    END LOOP;
  END IF;
END
$$;
"""

# what other packages make later is granted as it is made
GRANTS = """
DO $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO weimin_app', current_schema());
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO weimin_app', current_schema());
  EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO weimin_app', current_schema());
  EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO weimin_app', current_schema());
  EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO weimin_app', current_schema());
END
$$;
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM weimin_app;
REVOKE UPDATE, DELETE ON record_auditentry FROM weimin_app;
-- only the worker and the command line write the chain
REVOKE INSERT, UPDATE, DELETE ON record_auditlink, record_auditday, record_chainstate, record_auditcheck FROM weimin_app;
"""
UNGRANT = """
DO $$
BEGIN
  EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON TABLES FROM weimin_app', current_schema());
  EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON SEQUENCES FROM weimin_app', current_schema());
  EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM weimin_app', current_schema());
  EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM weimin_app', current_schema());
  EXECUTE format('REVOKE ALL ON SCHEMA %I FROM weimin_app', current_schema());
END
$$;
"""

FINAL = """
CREATE FUNCTION record_audit_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit entries are never changed or deleted'
    USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'record_audit_final';
END
$$;
CREATE TRIGGER record_audit_final BEFORE UPDATE OR DELETE OR TRUNCATE ON record_auditentry
  FOR EACH STATEMENT EXECUTE FUNCTION record_audit_is_final();
"""
NOT_FINAL = """
DROP TRIGGER record_audit_final ON record_auditentry;
DROP FUNCTION record_audit_is_final();
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0004_seal_files")]

    operations = [
        migrations.RunSQL(ROLE, migrations.RunSQL.noop),
        migrations.RunSQL(GRANTS, UNGRANT),
        migrations.RunSQL(FINAL, NOT_FINAL),
    ]
