-- Who began to sign in and never came back is cleared away whenever somebody begins, by one of these.
GRANT CREATE ON SCHEMA auth TO launchdb_tables;
SET LOCAL ROLE launchdb_tables;

CREATE INDEX flow_state_of_providers_idx ON auth.flow_state (created_at) WHERE provider_type <> 'email';
CREATE INDEX flow_state_of_mails_idx ON auth.flow_state (created_at) WHERE provider_type = 'email';

-- Of an identity that is added when whoever asked for it has shown the verifier.
ALTER TABLE auth.flow_state ADD COLUMN identity_data jsonb;

RESET ROLE;
REVOKE CREATE ON SCHEMA auth FROM launchdb_tables;
