-- What runs again and again in each process, as it tells it now and then. Nothing has to survive: it comes back by itself.
CREATE UNLOGGED TABLE progress.tasks (
  process  text             NOT NULL,
  task     text             NOT NULL,
  runs     bigint           NOT NULL,
  failures bigint           NOT NULL,
  ended_at timestamptz(3),
  took_ms  double precision,
  failure  text,
  next_at  timestamptz(3),
  told_at  timestamptz(3)   NOT NULL DEFAULT now(),
  PRIMARY KEY (process, task)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON progress.tasks TO launchdb_platform;
