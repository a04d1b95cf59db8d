CREATE INDEX runs_open ON runs (started_at, project_id) WHERE open;
-- how long a process usually takes
CREATE INDEX runs_done ON runs (process, ended_at) WHERE state = 'done';
