-- A REST API asks for the names of all time zones whenever it reads the schema. PostgreSQL opens every file of the
-- system's time zones to answer that: a third of what a REST API's start takes. The names are kept here instead. Whoever
-- asks for more than names gets it from the files as ever: PostgreSQL leaves a join out that adds no row and no column
-- that is asked for.
SET LOCAL allow_system_table_mods = on;

DO $$
BEGIN
  EXECUTE format(
    'CREATE OR REPLACE VIEW pg_catalog.pg_timezone_names AS
     SELECT known.name, zone.abbrev, zone.utc_offset, zone.is_dst
     FROM pg_catalog.unnest(%L::pg_catalog.text[]) known(name)
     LEFT JOIN (SELECT DISTINCT ON (name) * FROM pg_catalog.pg_timezone_names()) zone
       ON zone.name OPERATOR(pg_catalog.=) known.name',
    (SELECT pg_catalog.array_agg(name ORDER BY name) FROM pg_catalog.pg_timezone_names()));
END
$$;
