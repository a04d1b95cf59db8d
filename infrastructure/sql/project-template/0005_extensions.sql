-- Owners install extensions by CREATE EXTENSION: PostgreSQL lets a login that may create in the database have the
-- trusted ones, by a way of its own that is safe. Here they are kept to the platform's list and put into the schema
-- `extensions`. What a superuser installs himself is his affair.

-- The list is a setting of the platform's role: one place for all databases, which only a superuser changes.
CREATE FUNCTION launchdb.allowed_extensions() RETURNS text[] LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(
    (SELECT string_to_array(substring(setting FROM '=(.*)$'), ',')
     FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole, unnest(setconfig) setting
     WHERE setdatabase = 0 AND rolname = 'launchdb_platform' AND setting LIKE 'launchdb.project\_extensions=%'),
    '{}')
$$;

CREATE FUNCTION launchdb.refuse_extension(name text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'permission denied for the extension "%"', name USING
    ERRCODE = 'insufficient_privilege',
    HINT = 'Allowed are: ' || array_to_string(launchdb.allowed_extensions(), ', ') || '.';
END
$$;

-- Only for a better text: PostgreSQL refuses those that are not trusted before anything below is asked, and says
-- that one has to be a superuser. The statement's name is known only as the text that the client sent.
CREATE FUNCTION launchdb.explain_extensions() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  named text[];
BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) THEN RETURN; END IF;
  SELECT array_agg(lower(match[1])) INTO named FROM regexp_matches(
    left(current_query(), 10000), '\ycreate\s+extension\s+(?:if\s+not\s+exists\s+)?"?([\w-]+)', 'gi') match;
  IF named IS NOT NULL AND NOT named && launchdb.allowed_extensions() THEN
    PERFORM launchdb.refuse_extension(named[1]);
  END IF;
END
$$;

-- All that are there are looked at, since CASCADE and scripts bring in others than the one that is named.
CREATE FUNCTION launchdb.keep_extensions() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  extension record;
BEGIN
  FOR extension IN
    SELECT extname FROM pg_extension JOIN pg_roles ON pg_roles.oid = extowner
    WHERE NOT rolsuper AND extname <> ALL (launchdb.allowed_extensions())
  LOOP
    PERFORM launchdb.refuse_extension(extension.extname);
  END LOOP;
  FOR extension IN
    SELECT extname FROM pg_event_trigger_ddl_commands()
    JOIN pg_extension ON classid = 'pg_extension'::regclass AND objid = pg_extension.oid
    JOIN pg_roles ON pg_roles.oid = extowner
    WHERE NOT rolsuper AND extrelocatable AND extnamespace <> 'extensions'::regnamespace
  LOOP
    EXECUTE format('ALTER EXTENSION %I SET SCHEMA extensions', extension.extname);
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION launchdb.allowed_extensions(), launchdb.refuse_extension(text),
  launchdb.explain_extensions(), launchdb.keep_extensions() FROM PUBLIC;

CREATE EVENT TRIGGER launchdb_explain_extensions ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION')
  EXECUTE FUNCTION launchdb.explain_extensions();
CREATE EVENT TRIGGER launchdb_keep_extensions ON ddl_command_end WHEN TAG IN ('CREATE EXTENSION')
  EXECUTE FUNCTION launchdb.keep_extensions();
