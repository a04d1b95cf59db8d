-- What a login sees of the others on its server: as little as psql, pg_dump, PostgREST and ORMs can do with. Some
-- catalogs cannot be closed (docs/decisions/0014-what-a-shared-server-shows.md). Superusers see everything.
SET LOCAL allow_system_table_mods = on;

-- The views as PostgreSQL makes them, whatever its version; for the functions below alone.
DO $$
DECLARE
  made record;
BEGIN
  FOR made IN SELECT * FROM (VALUES ('all_sessions', 'pg_stat_activity'), ('all_locks', 'pg_locks')) made (name, original)
  LOOP
    EXECUTE format('CREATE VIEW launchdb.%I AS %s', made.name, pg_get_viewdef(made.original::regclass));
  END LOOP;
END
$$;

-- The sessions in this database. What they do is told to their login alone, and of the REST API's, which runs SQL of
-- strangers, to nobody.
CREATE FUNCTION launchdb.sessions() RETURNS SETOF launchdb.all_sessions LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  seen launchdb.all_sessions;
  all_of_them bool := (SELECT rolsuper FROM pg_authid WHERE rolname = session_user);
BEGIN
  FOR seen IN SELECT * FROM launchdb.all_sessions WHERE all_of_them OR datname = current_database()
  LOOP
    IF NOT (all_of_them OR seen.usename = session_user AND session_user ~ '_owner$') THEN
      seen.query := '<insufficient privilege>';
      seen.query_id := NULL;
      seen.state := NULL;
      seen.application_name := NULL;
      seen.client_addr := NULL;
      seen.client_hostname := NULL;
      seen.client_port := NULL;
      seen.wait_event_type := NULL;
      seen.wait_event := NULL;
      seen.xact_start := NULL;
      seen.query_start := NULL;
      seen.state_change := NULL;
    END IF;
    RETURN NEXT seen;
  END LOOP;
END
$$;

CREATE FUNCTION launchdb.locks() RETURNS SETOF launchdb.all_locks LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM launchdb.all_locks
  WHERE pid IN (SELECT pid FROM launchdb.all_sessions WHERE datname = current_database())
    OR (SELECT rolsuper FROM pg_authid WHERE rolname = session_user)
$$;

CREATE OR REPLACE VIEW pg_catalog.pg_stat_activity AS SELECT * FROM launchdb.sessions();
CREATE OR REPLACE VIEW pg_catalog.pg_locks AS SELECT * FROM launchdb.locks();

-- Logins of other projects, and with them what is set for them, which may be a secret.
DO $$
DECLARE
  narrowed record;
BEGIN
  FOR narrowed IN SELECT * FROM (VALUES ('pg_roles', 'rolname'), ('pg_user', 'usename')) narrowed (name, role)
  LOOP
    EXECUTE format(
      $view$CREATE OR REPLACE VIEW pg_catalog.%1$I AS SELECT * FROM (%2$s) known
        WHERE NOT %3$I ~ '^proj_[0-9a-f]{16}_(owner|authenticator)$' OR starts_with(%3$I, current_database())
          OR pg_has_role('pg_read_all_stats', 'USAGE')$view$,
      narrowed.name, rtrim(pg_get_viewdef(narrowed.name::regclass), ';'), narrowed.role);
  END LOOP;
END
$$;

-- Closed, and said to be so from the beginning: what differs from the beginning would be part of every pg_dump.
DO $$
DECLARE
  closed record;
BEGIN
  FOR closed IN
    SELECT oid::regprocedure::text AS name, 'FUNCTION' AS kind, oid, 'pg_proc'::regclass AS class FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace
      AND proname ~ '^(pg_stat_get_activity|pg_lock_status|pg_stat_get_db_.*|pg_stat_get_backend_.*|pg_tablespace_size)$'
    UNION ALL
    SELECT oid::regclass::text, 'TABLE', oid, 'pg_class' FROM pg_class
    WHERE relnamespace = 'pg_catalog'::regnamespace
      AND relname IN ('pg_stat_database', 'pg_stat_database_conflicts', 'pg_shdepend', 'pg_db_role_setting', 'pg_group')
  LOOP
    EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC', closed.kind, closed.name);
    DELETE FROM pg_init_privs WHERE objoid = closed.oid AND classoid = closed.class AND objsubid = 0;
    INSERT INTO pg_init_privs (objoid, classoid, objsubid, privtype, initprivs)
      SELECT closed.oid, closed.class, 0, 'i', acl FROM (
        SELECT proacl FROM pg_proc WHERE closed.kind = 'FUNCTION' AND oid = closed.oid
        UNION ALL SELECT relacl FROM pg_class WHERE closed.kind = 'TABLE' AND oid = closed.oid) now (acl);
  END LOOP;
END
$$;

REVOKE ALL ON launchdb.all_sessions, launchdb.all_locks FROM PUBLIC;

-- The REST API reads all comments of its schemas when it starts, into its own memory.
CREATE FUNCTION launchdb.bound_comments() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM pg_event_trigger_ddl_commands() commented
    JOIN pg_description d ON d.classoid = commented.classid AND d.objoid = commented.objid AND d.objsubid = commented.objsubid
    WHERE octet_length(description) > 65536;
  IF FOUND THEN
    RAISE EXCEPTION 'a comment is 64 kB at most' USING ERRCODE = 'program_limit_exceeded';
  END IF;
END
$$;

REVOKE ALL ON FUNCTION launchdb.bound_comments() FROM PUBLIC;
CREATE EVENT TRIGGER launchdb_bound_comments ON ddl_command_end WHEN TAG IN ('COMMENT')
  EXECUTE FUNCTION launchdb.bound_comments();
