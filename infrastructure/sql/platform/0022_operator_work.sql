-- The last replay and verification that an operator asked for. One that runs holds a lock of its session's: it is gone with the process.
CREATE TABLE progress.work (
  work       text           PRIMARY KEY,
  run        uuid           NOT NULL DEFAULT gen_random_uuid(),
  state      text           NOT NULL,
  started_by text           NOT NULL,
  started_at timestamptz(3) NOT NULL,
  ended_at   timestamptz(3),
  progress   jsonb,
  result     jsonb,
  error      text,
  told_at    timestamptz(3) NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, UPDATE, DELETE ON progress.work TO launchdb_platform;
