#!/bin/sh
# PgBouncer, told to read its files again (SIGHUP) when one of those that are named has changed or has come into being.
# Usage: watched-pgbouncer.sh CONFIGURATION WATCHED ...
set -eu

configuration=$1
shift
seen() { cksum "$@" 2>/dev/null; }

# Docker gives 1,024 to begin with, and PgBouncer asks for no more by itself
ulimit -Sn "$(ulimit -Hn)"
before=$(seen "$@") || before=''
pgbouncer "$configuration" &
pooler=$!
trap 'kill -TERM "$pooler"' TERM INT
while kill -0 "$pooler" 2>/dev/null; do
  sleep 1 &
  wait $! || true
  # one that is being replaced is looked at again
  now=$(seen "$@") || continue
  [ "$now" = "$before" ] && continue
  before=$now
  kill -HUP "$pooler"
done
wait "$pooler"
