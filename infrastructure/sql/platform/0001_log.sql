-- The log: every fact of the platform, in one order. Rows are only ever added, and only by log.append.

CREATE SCHEMA log;

CREATE TABLE log.events (
  position       bigint         PRIMARY KEY,
  stream         text           NOT NULL,
  revision       integer        NOT NULL,
  id             uuid           NOT NULL UNIQUE,
  type           text           NOT NULL,
  schema_version integer        NOT NULL,
  -- text and not jsonb: the hash is over exactly what the caller wrote
  data           text           NOT NULL,
  metadata       text           NOT NULL,
  -- milliseconds, as a JavaScript Date holds them, so that the hash can be computed anywhere
  recorded_at    timestamptz(3) NOT NULL,
  hash           bytea          NOT NULL,
  UNIQUE (stream, revision)
);

CREATE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'the log cannot be changed: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON log.events
  FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

-- also in a session that plays a replica
ALTER TABLE log.events ENABLE ALWAYS TRIGGER events_stay;
