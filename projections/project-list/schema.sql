CREATE TABLE projects (
  id text PRIMARY KEY,
  owner_id text NOT NULL,
  name text NOT NULL,
  display_name text NOT NULL,
  status text NOT NULL,
  -- the process under way: where a suspended project goes on when an operator retries
  process text,
  -- whether its REST API shall run: where a project goes on from a suspension depends on it
  postgrest bool NOT NULL,
  template_version int NOT NULL,
  data_api jsonb NOT NULL,
  limits jsonb NOT NULL,
  fill jsonb,
  purge_after timestamptz,
  previous_keys_until timestamptz,
  signing_keys jsonb NOT NULL,
  signing_keys_until timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  revision int NOT NULL,
  -- of the last event in the row
  position bigint NOT NULL
);
