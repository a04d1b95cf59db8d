-- How projects are used, minute by minute for a day and hour by hour for 30: for charts. Figures, no events: nothing is
-- decided by them.
CREATE SCHEMA project_usage;

-- every project of which there is anything
CREATE TABLE project_usage.projects (
  project_id   text           PRIMARY KEY,
  last_used_at timestamptz(3)
);

CREATE TABLE project_usage.samples (
  project_id  text           NOT NULL,
  per         text           NOT NULL,
  at          timestamptz(0) NOT NULL,
  requests    bigint         NOT NULL DEFAULT 0,
  -- the most that were seen
  connections integer,
  -- when it was seen last
  size_bytes  bigint,
  PRIMARY KEY (project_id, per, at),
  CHECK (per IN ('minute', 'hour'))
);
-- what is too old goes
CREATE INDEX samples_by_age ON project_usage.samples (per, at);

GRANT USAGE ON SCHEMA project_usage TO launchdb_platform;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA project_usage TO launchdb_platform;
