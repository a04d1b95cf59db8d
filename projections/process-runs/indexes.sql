CREATE INDEX runs_open ON runs (started_at, project_id) WHERE open;
