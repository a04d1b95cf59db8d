-- What the REST API asks before each request of a project that is over its size limit (db-pre-request), as the role of
-- the request, in its transaction. In a schema of its own: what else the platform keeps is closed to these roles.
CREATE SCHEMA launchdb_rest;

-- Whatever runs in a transaction that cannot write goes through: GET, HEAD, and functions that say that they are stable.
CREATE FUNCTION launchdb_rest.refuse_writes() RETURNS void LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_setting('transaction_read_only')::bool THEN RETURN; END IF;
  RAISE EXCEPTION 'the database is far over its size limit, and read only' USING
    ERRCODE = 'PT507',
    HINT = 'The operator of the platform can raise the limit.';
END
$$;

-- The same, but for DELETE: that is how one gets below the limit.
CREATE FUNCTION launchdb_rest.refuse_growth() RETURNS void LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_setting('transaction_read_only')::bool OR current_setting('request.method', true) = 'DELETE' THEN
    RETURN;
  END IF;
  RAISE EXCEPTION 'the database is over its size limit, and read only' USING
    ERRCODE = 'PT507',
    HINT = 'Delete rows, then VACUUM FULL the tables as the owner; or have the operator raise the limit.';
END
$$;

REVOKE ALL ON FUNCTION launchdb_rest.refuse_writes(), launchdb_rest.refuse_growth() FROM PUBLIC;
GRANT USAGE ON SCHEMA launchdb_rest TO anon, authenticated, service_role;
GRANT EXECUTE ON FUNCTION launchdb_rest.refuse_writes(), launchdb_rest.refuse_growth() TO anon, authenticated, service_role;
