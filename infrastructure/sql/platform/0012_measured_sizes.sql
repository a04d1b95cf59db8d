-- How large projects' databases were when they were last looked at. Nothing is lost with it: the next look is never far.
CREATE SCHEMA measured;
CREATE UNLOGGED TABLE measured.database_sizes (
  project_id  text           PRIMARY KEY,
  bytes       bigint         NOT NULL,
  measured_at timestamptz(3) NOT NULL
);

GRANT USAGE ON SCHEMA measured TO launchdb_platform;
GRANT SELECT, INSERT, UPDATE, DELETE ON measured.database_sizes TO launchdb_platform;
