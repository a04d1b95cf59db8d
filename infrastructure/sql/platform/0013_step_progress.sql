-- How far long steps are. Nothing has to survive: what is lost comes back with the step's next word.
CREATE SCHEMA progress;

CREATE UNLOGGED TABLE progress.steps (
  aggregate text           NOT NULL,
  id        text           NOT NULL,
  step      text           NOT NULL,
  done      bigint         NOT NULL,
  total     bigint,
  unit      text           NOT NULL,
  told_at   timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (aggregate, id)
);

GRANT USAGE ON SCHEMA progress TO launchdb_platform;
GRANT SELECT, INSERT, UPDATE, DELETE ON progress.steps TO launchdb_platform;
