-- The platform's own login reads the log and appends to it; it can do nothing else to it.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA log FROM PUBLIC;

GRANT USAGE ON SCHEMA log TO launchdb_platform;
GRANT SELECT ON log.events TO launchdb_platform;
GRANT EXECUTE ON FUNCTION log.append(text[], integer[], text[], integer[], uuid[], text[], integer[], text[], text[]) TO launchdb_platform;
