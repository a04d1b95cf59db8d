CREATE TABLE projects (
  project_id text PRIMARY KEY,
  owner_id text NOT NULL,
  status text NOT NULL,
  process text,
  -- what shall stand
  database bool NOT NULL,
  users bool NOT NULL,
  pool bool NOT NULL,
  postgrest bool NOT NULL,
  -- sealed, as in the log
  secrets jsonb NOT NULL,
  previous_keys jsonb,
  signing_keys jsonb NOT NULL,
  data_api jsonb NOT NULL,
  template_version int NOT NULL,
  -- where its database is
  server text NOT NULL,
  limits jsonb NOT NULL,
  -- how far it is from its size limit; null: far enough
  fill jsonb,
  revision int NOT NULL
);
