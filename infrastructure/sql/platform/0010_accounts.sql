-- Owners' credentials: plain tables beside the log, because they must be changed and destroyed.

CREATE SCHEMA accounts;

CREATE TABLE accounts.owners (
  owner_id      text           PRIMARY KEY CHECK (owner_id ~ '^own_[0-9a-f]{16}$'),
  email         text           NOT NULL UNIQUE CHECK (char_length(email) <= 254),
  password_hash text           NOT NULL,
  created_at    timestamptz(3) NOT NULL
);

-- The key that seals an owner's personal data in the log, itself sealed under the master key. Deleting the
-- row makes those events unreadable for ever.
CREATE TABLE accounts.owner_keys (
  owner_id   text  PRIMARY KEY REFERENCES accounts.owners,
  sealed_key bytea NOT NULL
);

-- A session is what a login began. Its end stands in one row, so a token that is issued at the same moment
-- ends with it.
CREATE TABLE accounts.sessions (
  session_id uuid           PRIMARY KEY,
  owner_id   text           NOT NULL REFERENCES accounts.owners,
  started_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  ended_at   timestamptz(3)
);
CREATE INDEX sessions_of_owner ON accounts.sessions (owner_id, expires_at);

-- Used tokens stay until their session expires: showing one again betrays a copy.
CREATE TABLE accounts.refresh_tokens (
  token_hash bytea          PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  session_id uuid           NOT NULL REFERENCES accounts.sessions ON DELETE CASCADE,
  expires_at timestamptz(3) NOT NULL,
  used_at    timestamptz(3)
);
CREATE INDEX refresh_tokens_of_session ON accounts.refresh_tokens (session_id);

GRANT USAGE ON SCHEMA accounts TO launchdb_platform;
GRANT SELECT, INSERT ON accounts.owners, accounts.owner_keys TO launchdb_platform;
GRANT SELECT, INSERT, UPDATE, DELETE ON accounts.sessions, accounts.refresh_tokens TO launchdb_platform;
