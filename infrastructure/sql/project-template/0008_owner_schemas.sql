-- A schema public that an owner makes anew is as the first one was; nothing of his lands in a schema of the platform's;
-- pg_dump by him reads all that it looks at; what stands is no reason to refuse another extension.

-- What the shared roles may do in it. When it is made, and not later: tables that follow in the same transaction have
-- their privileges from the defaults, and what he takes back on purpose stays taken back.
CREATE FUNCTION launchdb.open_public() RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  owner_role text := current_database() || '_owner';
BEGIN
  PERFORM FROM pg_namespace JOIN pg_roles ON pg_roles.oid = nspowner
    WHERE nspname = 'public' AND rolname = owner_role AND nspacl IS NULL;
  IF NOT FOUND THEN RETURN; END IF;
  GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
  EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public
    GRANT ALL ON TABLES TO anon, authenticated, service_role', owner_role);
  EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public
    GRANT ALL ON SEQUENCES TO anon, authenticated, service_role', owner_role);
  EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public
    GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role', owner_role);
END
$$;

CREATE FUNCTION launchdb.follow_public() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM launchdb.open_public();
END
$$;

-- Of those that are allowed, what this server has and lets an owner install.
CREATE OR REPLACE FUNCTION launchdb.refuse_extension(name text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'permission denied for the extension "%"', name USING
    ERRCODE = 'insufficient_privilege',
    HINT = coalesce('Allowed are: ' || (
      SELECT string_agg(allowed, ', ' ORDER BY place)
      FROM unnest(launchdb.allowed_extensions()) WITH ORDINALITY AS list (allowed, place)
      WHERE EXISTS (SELECT FROM pg_available_extension_versions available WHERE available.name = allowed AND trusted))
      || '.', 'None is allowed here.');
END
$$;

-- Remembers which extensions stand before the statement. The owner may set such a variable, too, but not between this and
-- keep_extensions.
CREATE OR REPLACE FUNCTION launchdb.explain_extensions() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  named text[];
  standing text[] := (SELECT array_agg(extname::text) FROM pg_extension);
BEGIN
  PERFORM set_config('launchdb.standing_extensions', array_to_string(standing, ','), true);
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) THEN RETURN; END IF;
  SELECT array_agg(lower(match[1])) INTO named FROM regexp_matches(
    left(current_query(), 10000), '\ycreate\s+extension\s+(?:if\s+not\s+exists\s+)?"?([\w-]+)', 'gi') match;
  IF named IS NOT NULL AND NOT named && (launchdb.allowed_extensions() || standing) THEN
    PERFORM launchdb.refuse_extension(named[1]);
  END IF;
END
$$;

-- Whether the statement names a schema for the extension. That is known only as the text that the client sent; when it
-- comes out of a function, the extension goes into the schema `extensions` all the same.
CREATE FUNCTION launchdb.names_schema(extension text) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
  SELECT current_query() ~* ('\ycreate\s+extension\s+(if\s+not\s+exists\s+)?["'']*(' ||
    replace(extension, '-', '\-') || '|%\w)["'']*\s[^;]*\yschema\y')
$$;

-- All that are new are looked at, since CASCADE and scripts bring in others than the one that is named.
CREATE OR REPLACE FUNCTION launchdb.keep_extensions() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  extension record;
BEGIN
  FOR extension IN
    SELECT extname, extrelocatable AND extnamespace <> 'extensions'::regnamespace
      AND NOT launchdb.names_schema(extname) AS moves
    FROM pg_extension JOIN pg_roles ON pg_roles.oid = extowner
    WHERE NOT rolsuper
      AND extname <> ALL (string_to_array(coalesce(current_setting('launchdb.standing_extensions', true), ''), ','))
  LOOP
    IF extension.extname <> ALL (launchdb.allowed_extensions()) THEN
      PERFORM launchdb.refuse_extension(extension.extname);
    END IF;
    IF extension.moves THEN
      EXECUTE format('ALTER EXTENSION %I SET SCHEMA extensions', extension.extname);
    END IF;
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION launchdb.open_public(), launchdb.follow_public(), launchdb.names_schema(text) FROM PUBLIC;

CREATE EVENT TRIGGER launchdb_follow_public ON ddl_command_end WHEN TAG IN ('CREATE SCHEMA', 'ALTER SCHEMA')
  EXECUTE FUNCTION launchdb.follow_public();

-- Of a project that exists: its public may have been made anew before; and what a new one is given with its login.
-- pg_dump locks and reads every table that is there; the schema of extensions is in the owner's search path.
DO $$
DECLARE
  owner_role text := current_database() || '_owner';
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = owner_role) THEN RETURN; END IF;
  PERFORM launchdb.open_public();
  EXECUTE format('GRANT USAGE ON SCHEMA launchdb TO %I', owner_role);
  EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA launchdb TO %I', owner_role);
  EXECUTE format('REVOKE CREATE ON SCHEMA extensions FROM %I', owner_role);
END
$$;
