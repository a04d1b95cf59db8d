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

-- The last position given out. Every append locks this row until it commits: the order of positions is the
-- order of commits, a rollback gives its numbers back, and no transaction id takes part in the order.
CREATE TABLE log.head (
  single   boolean PRIMARY KEY DEFAULT true CHECK (single),
  position bigint  NOT NULL,
  hash     bytea   NOT NULL
) WITH (fillfactor = 10);

INSERT INTO log.head (position, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'the log cannot be changed: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$;

-- The head can only be where the log ends.
CREATE FUNCTION log.check_head() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (NEW.position, NEW.hash) IS DISTINCT FROM
     (SELECT ROW (events.position, events.hash) FROM log.events ORDER BY events.position DESC LIMIT 1)
  THEN
    RAISE EXCEPTION 'the head of the log is refused a place that is not its last event' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON log.events
  FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER head_stays BEFORE INSERT OR DELETE OR TRUNCATE ON log.head
  FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER head_moves BEFORE UPDATE ON log.head
  FOR EACH ROW EXECUTE FUNCTION log.check_head();

-- also in a session that plays a replica
ALTER TABLE log.events ENABLE ALWAYS TRIGGER events_stay;
ALTER TABLE log.head ENABLE ALWAYS TRIGGER head_stays;
ALTER TABLE log.head ENABLE ALWAYS TRIGGER head_moves;
