-- The roles of the service, once, by a superuser: psql -v web=… -v owner=… -v watch=… -f roles.sql   (three passwords)
-- Afterwards: CREATE DATABASE as below, `weimin load schema` (it makes the row policies), and log in as each.
\set ON_ERROR_STOP on
-- Owner of the tables: worker, command line, migrations. Before the row policies. CREATEROLE: migrations make weimin_app when it
-- is not there; it is, so this may be taken away after the first `weimin load schema`.
CREATE ROLE weimin LOGIN PASSWORD :'owner' CREATEROLE;
-- Web processes: behind the row policies; owns nothing, may create nothing, is no member of anything.
CREATE ROLE weimin_app LOGIN PASSWORD :'web' NOINHERIT NOCREATEDB NOCREATEROLE NOBYPASSRLS;
ALTER ROLE weimin_app SET statement_timeout = '30s';
ALTER ROLE weimin_app SET lock_timeout = '10s';
ALTER ROLE weimin_app SET idle_in_transaction_session_timeout = '60s';
GRANT weimin_app TO weimin;
-- So that worker and doctor see whether the standbys follow (WEIMIN_STANDBYS). Not for the web processes: who has this also sees
-- the statements of all others, with what stands in them; the worker tells them.
GRANT pg_read_all_stats TO weimin;
-- Monitoring: sees how the server does and no row of anybody.
CREATE ROLE weimin_watch LOGIN PASSWORD :'watch' CONNECTION LIMIT 3;
GRANT pg_monitor TO weimin_watch;
-- Backup: pgBackRest logs in as postgres by peer on the server itself and needs no role of its own.

CREATE DATABASE weimin OWNER weimin TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE weimin FROM PUBLIC;
GRANT CONNECT ON DATABASE weimin TO weimin_app, weimin_watch;
\connect weimin
-- by a superuser, so that the owner needs to be none
CREATE EXTENSION IF NOT EXISTS pg_trgm;
-- which statements are slow, without their values; weimin_watch and postgres read it
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO weimin;
-- nobody reads weimin's tables but who is granted it
