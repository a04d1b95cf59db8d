CREATE TABLE tallies (
  stream text PRIMARY KEY,
  seen text NOT NULL CONSTRAINT no_poison CHECK (seen NOT LIKE '%poison%')
);
