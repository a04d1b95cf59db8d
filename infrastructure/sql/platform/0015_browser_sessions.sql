-- A session is a chain of refresh tokens, or that of a browser: one row, whose token does not change and which ends when nobody
-- uses it. A platform of the release before writes the first kind without naming it.
ALTER TABLE accounts.sessions
  ADD COLUMN kind         text NOT NULL DEFAULT 'tokens' CHECK (kind IN ('tokens', 'browser')),
  ADD COLUMN token_hash   bytea UNIQUE CHECK (octet_length(token_hash) = 32),
  ADD COLUMN last_seen_at timestamptz(3),
  ADD CONSTRAINT sessions_of_browsers CHECK (
    (kind = 'browser') = (token_hash IS NOT NULL) AND (kind = 'browser') = (last_seen_at IS NOT NULL));
