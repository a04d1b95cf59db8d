-- Appending, in one round trip for many callers.

CREATE FUNCTION log.fits(expected text, actual integer) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE expected
    WHEN 'any' THEN true
    WHEN 'none' THEN actual IS NULL
    WHEN 'exists' THEN actual IS NOT NULL
    ELSE actual IS NOT DISTINCT FROM expected::integer
  END
$$;

-- Where an append stands that is in the log already; no row when any of its events is missing there, or
-- differs, or stands elsewhere. Metadata may differ: it is about the attempt, the first one stays.
CREATE FUNCTION log.find_append(in_stream text, events json)
RETURNS TABLE (first_revision integer, last_revision integer, last_position bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT min(stored.revision), max(stored.revision), max(stored.position)
  FROM ROWS FROM (json_to_recordset(events) AS (id uuid, type text, version integer, data text))
       WITH ORDINALITY AS asked (id, type, version, data, nth)
  LEFT JOIN log.events stored
    ON stored.id = asked.id
   AND (stored.stream, stored.type, stored.schema_version, stored.data) = (in_stream, asked.type, asked.version, asked.data)
  HAVING count(stored.id) = count(*)
     AND min(stored.revision - asked.nth) = max(stored.revision - asked.nth)
$$;

-- batch: [{ stream, expected: 'none' | 'exists' | 'any' | revision, ids: [uuid],
--           events: [{ id, type, version, data, metadata }] }]; data and metadata are JSON as text.
-- Gives one row per append, in order; one that is refused leaves the others alone:
--   appended         the stream's new last revision, the position of the last event; also for a repetition
--   conflict         the stream's actual last revision, NULL when there is no such stream
--   event-id-reused  the id that is in the log with other content
--
-- hash = sha256(hash of the event before || canonical text), see hash-chain.ts for the text.
CREATE FUNCTION log.append(batch json)
RETURNS TABLE (outcome text, last_revision integer, last_position bigint, event_id uuid)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- a plan made while the log was small must not scan it when it has grown
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  head record;
  request record;
  event record;
  repeated record;
  known uuid;
  reached bigint;
  actual integer;
  chain bytea;
  recorded timestamptz(3);
BEGIN
  SELECT h.position, h.hash INTO STRICT head FROM log.head h FOR UPDATE;
  reached := head.position;
  chain := head.hash;

  FOR request IN
    SELECT * FROM json_to_recordset(batch) AS r (stream text, expected text, ids uuid[], events json)
  LOOP
    last_position := NULL;
    event_id := NULL;
    SELECT max(e.revision) INTO actual FROM log.events e WHERE e.stream = request.stream;
    SELECT e.id INTO known FROM log.events e WHERE e.id = ANY (request.ids) LIMIT 1;

    IF known IS NOT NULL THEN
      SELECT * INTO repeated FROM log.find_append(request.stream, request.events);
      IF NOT FOUND THEN
        outcome := 'event-id-reused';
        event_id := known;
      ELSIF request.expected = 'exists' OR log.fits(request.expected, nullif(repeated.first_revision, 0) - 1) THEN
        outcome := 'appended';
        last_revision := repeated.last_revision;
        last_position := repeated.last_position;
      ELSE
        outcome := 'conflict';
        last_revision := actual;
      END IF;
      RETURN NEXT;
      CONTINUE;
    END IF;

    IF NOT log.fits(request.expected, actual) THEN
      outcome := 'conflict';
      last_revision := actual;
      RETURN NEXT;
      CONTINUE;
    END IF;

    actual := coalesce(actual, -1);
    FOR event IN
      SELECT * FROM json_to_recordset(request.events)
        AS e (id uuid, type text, version integer, data text, metadata text)
    LOOP
      reached := reached + 1;
      actual := actual + 1;
      recorded := clock_timestamp();
      chain := sha256(chain || convert_to(concat(
        reached, ' ', actual, ' ', event.id, ' ', event.version, ' ',
        to_char(recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), ' ',
        octet_length(request.stream), ':', request.stream,
        octet_length(event.type), ':', event.type,
        octet_length(event.data), ':', event.data,
        octet_length(event.metadata), ':', event.metadata), 'UTF8'));
      INSERT INTO log.events
        VALUES (reached, request.stream, actual, event.id, event.type, event.version,
                event.data, event.metadata, recorded, chain);
    END LOOP;
    outcome := 'appended';
    last_revision := actual;
    last_position := reached;
    RETURN NEXT;
  END LOOP;

  IF reached > head.position THEN
    UPDATE log.head SET position = reached, hash = chain;
    -- A full queue fails every commit that notifies, and any tenant of the cluster can fill it by not
    -- listening. A notification only spares a poll, so let it go long before that.
    IF pg_notification_queue_usage() < 0.5 THEN
      PERFORM pg_notify('launchdb_log', reached::text);
    END IF;
  END IF;
END
$$;
