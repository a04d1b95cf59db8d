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
-- what an event was caused by, and what it has caused; the cause may be of another correlation
CREATE INDEX entries_of_event ON entries (event_id);
CREATE INDEX entries_of_cause ON entries (causation_id, position) WHERE causation_id IS NOT NULL;
-- for operators, who ask of everybody's
CREATE INDEX entries_by_type ON entries (type, position DESC);
CREATE INDEX entries_of_operators ON entries (position DESC) WHERE actor_kind = 'operator';
