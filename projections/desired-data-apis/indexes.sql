CREATE INDEX data_apis_standing ON data_apis (project_id) WHERE users OR pool OR postgrest;
