-- What an owner's programs show in his place.
CREATE TABLE accounts.personal_tokens (
  token_id     text           PRIMARY KEY,
  owner_id     text           NOT NULL REFERENCES accounts.owners,
  token_hash   bytea          NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  name         text           NOT NULL,
  scopes       text[]         NOT NULL,
  project_id   text,
  created_at   timestamptz(3) NOT NULL,
  expires_at   timestamptz(3),
  last_used_at timestamptz(3)
);
CREATE INDEX personal_tokens_of_owner ON accounts.personal_tokens (owner_id, created_at DESC);

GRANT SELECT, INSERT, UPDATE, DELETE ON accounts.personal_tokens TO launchdb_platform;

-- False when the owner has as many as one may have. One at a time for each owner, so that none slips through;
-- the count is a statement of its own and sees what those before it have committed.
CREATE FUNCTION accounts.add_token(token json, most integer) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('tokens of ' || (token ->> 'owner_id'), 0));
  INSERT INTO accounts.personal_tokens
    SELECT * FROM json_populate_record(NULL::accounts.personal_tokens, token)
    WHERE (SELECT count(*) FROM accounts.personal_tokens t WHERE t.owner_id = token ->> 'owner_id') < most;
  RETURN FOUND;
END
$$;

-- Takes an owner's account away with all that hangs on it. Losing the key makes his personal data in the log
-- unreadable for ever. The platform's own login may not delete accounts in any other way.
CREATE FUNCTION accounts.erase_owner(erased text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM accounts.personal_tokens WHERE owner_id = erased;
  DELETE FROM accounts.sessions WHERE owner_id = erased;
  DELETE FROM accounts.owner_keys WHERE owner_id = erased;
  DELETE FROM accounts.owners WHERE owner_id = erased;
  RETURN FOUND;
END
$$;

REVOKE ALL ON FUNCTION accounts.add_token(json, integer), accounts.erase_owner(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts.add_token(json, integer), accounts.erase_owner(text) TO launchdb_platform;
