-- A page of the whole log, with the head as of the same moment: events after a position that the filter lets
-- pass, up to a position, a number and a size, but never less than one. Where nothing is found one row with the
-- head comes back all the same. `recorded_at` is in milliseconds since 1970.
--
-- It walks the primary key and nothing else. The planner's numbers are old in a log that grows; left to itself it
-- sorts a hundred thousand rows to give two thousand of them.
CREATE FUNCTION log.read_page(
  after bigint, scan_end bigint, only_types text[], stream_prefix text, most integer, most_bytes bigint)
RETURNS TABLE (
  head_position bigint, found bigint, "position" bigint, stream text, revision integer, id uuid,
  type text, schema_version integer, data text, metadata text, recorded_at float8, hash text)
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
    WITH page AS (
      SELECT e.position, e.stream, e.revision, e.id, e.type, e.schema_version, e.data, e.metadata, e.recorded_at, e.hash,
        sum(octet_length(e.data) + octet_length(e.metadata))
          OVER (ORDER BY e.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
      FROM log.events e
      WHERE e.position > after AND e.position <= scan_end
        AND (only_types IS NULL OR e.type = ANY (only_types))
        AND (stream_prefix IS NULL OR starts_with(e.stream, stream_prefix))
      ORDER BY e.position LIMIT most
    )
    -- what is about the whole page stands in its first row only
    SELECT CASE WHEN p.bytes_before IS NULL THEN coalesce((SELECT max(e.position) FROM log.events e), 0) END,
      CASE WHEN p.bytes_before IS NULL THEN (SELECT count(*) FROM page) END,
      p.position, p.stream, p.revision, p.id, p.type, p.schema_version, p.data, p.metadata,
      round(extract(epoch FROM p.recorded_at)::float8 * 1000), encode(p.hash, 'hex')
    FROM (VALUES (true)) AS always
      LEFT JOIN page p ON p.bytes_before IS NULL OR p.bytes_before < most_bytes;
END
$$;

REVOKE ALL ON FUNCTION log.read_page(bigint, bigint, text[], text, integer, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.read_page(bigint, bigint, text[], text, integer, bigint) TO launchdb_platform;
