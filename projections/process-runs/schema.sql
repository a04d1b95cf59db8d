-- one row for each time that a process ran for a project
CREATE TABLE runs (
  project_id text NOT NULL,
  -- counts from 1 within the project
  run int NOT NULL,
  process text NOT NULL,
  state text NOT NULL,
  -- there is work to do
  open bool NOT NULL,
  -- of the project, after the last event of the run
  status text NOT NULL,
  -- the step that gave up, when the run is being undone
  failed_step text,
  -- nothing looks into it, so it is not taken apart
  steps json NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  -- of the last event in the row
  position bigint NOT NULL,
  PRIMARY KEY (project_id, run)
);
