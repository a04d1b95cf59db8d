CREATE TABLE entries (
  position bigint PRIMARY KEY,
  stream text NOT NULL,
  revision bigint NOT NULL,
  event_id uuid NOT NULL,
  project_id text,
  -- of the project, or whose own stream it is
  owner_id text,
  type text NOT NULL,
  actor_kind text NOT NULL,
  actor_id text NOT NULL,
  correlation_id text NOT NULL,
  causation_id text,
  reason text NOT NULL,
  request_id text,
  ip text,
  user_agent text,
  recorded_at timestamptz NOT NULL,
  -- without what is sealed
  data jsonb NOT NULL,
  hash text NOT NULL
);

-- one for each filter that may be rare among the many entries of an owner or a project: a page then costs the
-- same wherever it is
CREATE INDEX entries_of_owner ON entries (owner_id, position DESC);
CREATE INDEX entries_of_owner_by_type ON entries (owner_id, type, position DESC);
CREATE INDEX entries_of_owner_by_actor ON entries (owner_id, actor_id, position DESC);
CREATE INDEX entries_of_project ON entries (project_id, position DESC);
CREATE INDEX entries_of_project_by_type ON entries (project_id, type, position DESC);
CREATE INDEX entries_of_correlation ON entries (correlation_id, position DESC);
-- times become positions by this one
CREATE INDEX entries_by_time ON entries (recorded_at, position);

CREATE TABLE project_owners (
  project_id text PRIMARY KEY,
  owner_id text NOT NULL
);
