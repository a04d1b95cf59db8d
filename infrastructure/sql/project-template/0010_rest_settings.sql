-- Asked by the REST API of a project with a statement time-out of its own before each request (db-pre-request): so it
-- holds from the next request on, whatever session serves it. The settings come from PostgREST's configuration, which
-- sets them for each transaction before it asks.
CREATE FUNCTION launchdb_rest.before_request() RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM set_config('statement_timeout', current_setting('app.settings.launchdb_statement_timeout'), true);
  CASE current_setting('app.settings.launchdb_writes')
    WHEN 'deletions' THEN PERFORM launchdb_rest.refuse_growth();
    WHEN 'none' THEN PERFORM launchdb_rest.refuse_writes();
    ELSE NULL;
  END CASE;
END
$$;

REVOKE ALL ON FUNCTION launchdb_rest.before_request() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION launchdb_rest.before_request() TO anon, authenticated, service_role;
