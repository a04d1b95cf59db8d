-- Two views have the names of what they hold now. The next start builds them from the log; what the old ones held is taken away.
DROP SCHEMA IF EXISTS view_desired_data_apis, view_desired_data_apis__next,
  view_provisioning_progress, view_provisioning_progress__next CASCADE;

DO $$
DECLARE
  kept text;
BEGIN
  -- on a new server they are made after this
  FOREACH kept IN ARRAY ARRAY['projection.checkpoints', 'projection.parked'] LOOP
    CONTINUE WHEN to_regclass(kept) IS NULL;
    EXECUTE format('DELETE FROM %s WHERE %I LIKE ''desired-data-apis%%'' OR %2$I LIKE ''provisioning-progress%%''',
      kept, CASE kept WHEN 'projection.checkpoints' THEN 'name' ELSE 'projection' END);
  END LOOP;
END
$$;
