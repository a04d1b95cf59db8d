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
  -- without what is sealed; nothing looks into it, so it is not taken apart
  data json NOT NULL,
  hash text NOT NULL
);

CREATE TABLE project_owners (
  project_id text PRIMARY KEY,
  owner_id text NOT NULL
);
