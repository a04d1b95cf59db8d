-- DDL by whatever connection leaves a row here, one for each transaction, which the manager takes away and
-- has the REST API read its tables again. The key is the transaction, so none waits for another; a transaction
-- that is rolled back takes its row with it. Temporary objects are nobody else's and do not count.
--
-- The owner has no right on any of this: he owns neither the database nor this schema nor the triggers. The
-- functions run as the superuser and name what they use in pg_catalog, whatever the owner's search_path is.
CREATE TABLE launchdb.schema_changes (transaction xid8 PRIMARY KEY);

CREATE FUNCTION launchdb.note_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM pg_event_trigger_ddl_commands()
    WHERE schema_name IS DISTINCT FROM 'pg_temp' AND command_tag <> 'REFRESH MATERIALIZED VIEW';
  IF FOUND THEN
    INSERT INTO launchdb.schema_changes VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING;
    -- the database's counters, by which the manager sees that there is something to take, are told at the
    -- end of the transaction and not when it suits the session
    PERFORM pg_stat_force_next_flush();
  END IF;
END
$$;

CREATE FUNCTION launchdb.note_drop() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM pg_event_trigger_dropped_objects() WHERE NOT is_temporary;
  IF FOUND THEN
    INSERT INTO launchdb.schema_changes VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING;
    PERFORM pg_stat_force_next_flush();
  END IF;
END
$$;

REVOKE ALL ON FUNCTION launchdb.note_ddl(), launchdb.note_drop() FROM PUBLIC;

CREATE EVENT TRIGGER launchdb_note_ddl ON ddl_command_end EXECUTE FUNCTION launchdb.note_ddl();
CREATE EVENT TRIGGER launchdb_note_drop ON sql_drop EXECUTE FUNCTION launchdb.note_drop();
