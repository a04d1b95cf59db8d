CREATE INDEX projects_of_owner ON projects (owner_id, created_at DESC, id DESC);
CREATE INDEX projects_by_status ON projects (status);
-- what becomes due by the clock alone
CREATE INDEX projects_to_purge ON projects (purge_after) WHERE purge_after IS NOT NULL;
CREATE INDEX projects_to_retire_keys ON projects (least(previous_keys_until, signing_keys_until))
  WHERE least(previous_keys_until, signing_keys_until) IS NOT NULL;
