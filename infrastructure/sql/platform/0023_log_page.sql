-- What log.read_page gives, for half of what that takes: the head as of the same moment, as the position of a first row that
-- has nothing else, and then the events after a position that the filter lets pass, up to a position, a number and a
-- size, but never less than one. `recorded_at` is in milliseconds since 1970. log.read_page stays for processes of an
-- earlier release that still run.
--
-- It walks the primary key and nothing else. The planner's numbers are old in a log that grows; left to itself it
-- sorts a hundred thousand rows to give two thousand of them.
CREATE FUNCTION log.page(
  after bigint, scan_end bigint, only_types text[], stream_prefix text, most integer, most_bytes bigint)
RETURNS TABLE (
  "position" bigint, stream text, revision integer, id uuid, type text, schema_version integer, data text, metadata text,
  recorded_at float8, hash text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT coalesce(max(e.position), 0), NULL, NULL::integer, NULL::uuid, NULL, NULL::integer, NULL, NULL, NULL::float8, NULL
    FROM log.events e;
  RETURN QUERY
    SELECT p.position, p.stream, p.revision, p.id, p.type, p.schema_version, p.data, p.metadata,
      round(date_part('epoch', p.recorded_at) * 1000), encode(p.hash, 'hex')
    FROM (
      SELECT e.position, e.stream, e.revision, e.id, e.type, e.schema_version, e.data, e.metadata, e.recorded_at, e.hash,
        sum(octet_length(e.data) + octet_length(e.metadata))
          OVER (ORDER BY e.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
      FROM log.events e
      WHERE e.position > after AND e.position <= scan_end
        AND (only_types IS NULL OR e.type = ANY (only_types))
        AND (stream_prefix IS NULL OR starts_with(e.stream, stream_prefix))
      ORDER BY e.position LIMIT most
    ) p
    WHERE p.bytes_before IS NULL OR p.bytes_before < most_bytes;
END
$$;

REVOKE ALL ON FUNCTION log.page(bigint, bigint, text[], text, integer, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.page(bigint, bigint, text[], text, integer, bigint) TO launchdb_platform;
