-- Appending, in one round trip for many callers.

-- No settings of its own, so that it becomes part of the expression that calls it.
CREATE FUNCTION log.fits(expected text, actual integer) RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$
  SELECT CASE expected
    WHEN 'any' THEN true
    WHEN 'none' THEN actual IS NULL
    WHEN 'exists' THEN actual IS NOT NULL
    ELSE actual IS NOT DISTINCT FROM expected::integer
  END
$$;

-- What chains an event to the one before it, see hash-chain.ts. No settings either, for the same reason.
CREATE FUNCTION log.chain_hash(
  previous bytea, "position" bigint, stream text, revision integer, id uuid, type text, version integer,
  data text, metadata text, recorded timestamptz)
RETURNS bytea
LANGUAGE sql STABLE
AS $$
  SELECT sha256(previous || convert_to(concat(
    "position", ' ', revision, ' ', id, ' ', version, ' ',
    to_char(recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), ' ',
    octet_length(stream), ':', stream,
    octet_length(type), ':', type,
    octet_length(data), ':', data,
    octet_length(metadata), ':', metadata), 'UTF8'))
$$;

-- Where an append stands that is in the log already; no row when any of its events is missing there, or
-- differs, or stands elsewhere. Metadata may differ: it is about the attempt, the first one stays.
CREATE FUNCTION log.find_append(in_stream text, ids uuid[], types text[], versions integer[], data text[])
RETURNS TABLE (first_revision integer, last_revision integer, last_position bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT min(stored.revision), max(stored.revision), max(stored.position)
  FROM unnest(ids, types, versions, data) WITH ORDINALITY AS asked (id, type, version, data, nth)
  LEFT JOIN log.events stored
    ON stored.id = asked.id
   AND (stored.stream, stored.type, stored.schema_version, stored.data) = (in_stream, asked.type, asked.version, asked.data)
  HAVING count(stored.id) = count(*)
     AND min(stored.revision - asked.nth) = max(stored.revision - asked.nth)
$$;

-- A full queue fails every commit that notifies, and any tenant of the cluster can fill it by not listening. A
-- notification only spares a poll, so let it go long before that.
CREATE FUNCTION log.tell("position" bigint) RETURNS void
LANGUAGE sql VOLATILE
AS $$
  SELECT CASE WHEN pg_notification_queue_usage() < 0.5 THEN pg_notify('launchdb_log', "position"::text) END
$$;

-- Many appends at once, each with an outcome of its own:
--   streams       each stream that is appended to, once
--   stream_of     for each append: which of them
--   expected      for each append: 'none' | 'exists' | 'any' | a revision
--   event_counts  for each append: how many of the events below are its own, in order
--   ids, types, versions, data, metadata: of each event; data and metadata are JSON as text. No two appends of
--                 one call may share an id.
-- Gives one row per append, in order; one that is refused leaves the others alone:
--   appended         the stream's new last revision, the position of the last event; also for a repetition
--   conflict         the stream's actual last revision, NULL when there is no such stream
--   event-id-reused  the id that is in the log with other content
--
-- One look at all streams, one at all ids and one INSERT for all events: what is between them is arithmetic. Most
-- appends are one event that fits, so this case is a single statement; whatever it does not take goes the long way.
CREATE FUNCTION log.append(
  streams text[], stream_of integer[], expected text[], event_counts integer[],
  ids uuid[], types text[], versions integer[], data text[], metadata text[])
RETURNS TABLE (outcome text, last_revision integer, last_position bigint, event_id uuid)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- a plan made while the log was small must not scan it when it has grown
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  genesis CONSTANT bytea := decode(repeat('00', 32), 'hex');
  begun bigint;
  reached bigint;
  chain bytea;
  known uuid[];
  actual integer[];
  repeated record;
  stream text;
  revision integer;
  recorded timestamptz(3);
  first integer := 1;
  last integer;
  appended log.events[] := '{}';
BEGIN
  -- One append at a time, until it commits: the order of positions is the order of commits, a rollback gives its
  -- numbers back, and no transaction id takes part in the order. It is a lock and not a row with the last position:
  -- the dead versions of such a row pile up for as long as anybody in the cluster leaves a transaction open.
  PERFORM pg_advisory_xact_lock(hashtextextended('log.append', 0));

  IF cardinality(ids) = 1 THEN
    recorded := clock_timestamp();
    INSERT INTO log.events AS e
    SELECT next.position, streams[1], next.revision, ids[1], types[1], versions[1], data[1], metadata[1], recorded,
      log.chain_hash(next.chain, next.position, streams[1], next.revision, ids[1], types[1], versions[1], data[1],
        metadata[1], recorded)
    FROM (
      SELECT coalesce(tail.position, 0) + 1 AS position, coalesce(tail.hash, genesis) AS chain,
        own.revision AS actual, coalesce(own.revision, -1) + 1 AS revision
      FROM (VALUES (true)) AS always
        LEFT JOIN (SELECT t.position, t.hash FROM log.events t ORDER BY t.position DESC LIMIT 1) tail ON true
        LEFT JOIN (SELECT t.revision FROM log.events t WHERE t.stream = streams[1] ORDER BY t.revision DESC LIMIT 1) own
          ON true
    ) AS next
    WHERE log.fits(expected[1], next.actual) AND NOT EXISTS (SELECT FROM log.events t WHERE t.id = ids[1])
    RETURNING e.revision, e.position INTO last_revision, last_position;
    IF FOUND THEN
      outcome := 'appended';
      PERFORM log.tell(last_position);
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;

  SELECT e.position, e.hash INTO begun, chain FROM log.events e ORDER BY e.position DESC LIMIT 1;
  begun := coalesce(begun, 0);
  chain := coalesce(chain, genesis);
  reached := begun;
  actual := ARRAY(
    SELECT (SELECT e.revision FROM log.events e WHERE e.stream = asked.name ORDER BY e.revision DESC LIMIT 1)
    FROM unnest(streams) WITH ORDINALITY AS asked (name, nth) ORDER BY asked.nth);
  known := ARRAY(SELECT e.id FROM log.events e WHERE e.id = ANY (ids));

  FOR nth IN 1 .. cardinality(expected) LOOP
    stream := streams[stream_of[nth]];
    revision := actual[stream_of[nth]];
    last := first + event_counts[nth] - 1;
    last_revision := revision;
    last_position := NULL;
    event_id := NULL;
    outcome := 'conflict';

    IF cardinality(known) > 0 AND ids[first:last] && known THEN
      SELECT * INTO repeated FROM log.find_append(
        stream, ids[first:last], types[first:last], versions[first:last], data[first:last]);
      IF NOT FOUND THEN
        outcome := 'event-id-reused';
        event_id := (SELECT id FROM unnest(ids[first:last]) AS own (id) WHERE id = ANY (known) LIMIT 1);
      ELSIF expected[nth] = 'exists' OR log.fits(expected[nth], nullif(repeated.first_revision, 0) - 1) THEN
        outcome := 'appended';
        last_revision := repeated.last_revision;
        last_position := repeated.last_position;
      END IF;
    ELSIF log.fits(expected[nth], revision) THEN
      revision := coalesce(revision, -1);
      FOR n IN first .. last LOOP
        reached := reached + 1;
        revision := revision + 1;
        recorded := clock_timestamp();
        chain := log.chain_hash(
          chain, reached, stream, revision, ids[n], types[n], versions[n], data[n], metadata[n], recorded);
        appended := appended || ROW (
          reached, stream, revision, ids[n], types[n], versions[n], data[n], metadata[n], recorded, chain)::log.events;
      END LOOP;
      actual[stream_of[nth]] := revision;
      outcome := 'appended';
      last_revision := revision;
      last_position := reached;
    END IF;
    first := last + 1;
    RETURN NEXT;
  END LOOP;

  IF reached > begun THEN
    INSERT INTO log.events SELECT * FROM unnest(appended);
    PERFORM log.tell(reached);
  END IF;
END
$$;
