#!/bin/sh
# Puts LaunchDB on this server: writes what docker-compose.yml needs, starts it and waits until it is ready. It never
# overwrites anything, so it can be run again at any time, also after an update.
set -eu

usage() {
  cat <<'TEXT'
Usage: ./install.sh [--domain NAME] [--email ADDRESS | --internal-tls] [--yes] [--dry-run]

  --domain NAME     the host name that leads to this server, such as db.example.com
  --email ADDRESS   for HTTPS by certificates of Let's Encrypt; ports 80 and 443 have to be reachable
  --internal-tls    HTTPS by a certificate authority of its own instead, to try it out
  --yes             ask nothing
  --dry-run         write and check the files, start nothing
TEXT
}

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

domain='' tls='' yes='' dry=''
while [ $# -gt 0 ]; do
  case $1 in
    --domain | --email)
      case ${2:---} in -*) fail "$1 needs a value; see --help" ;; esac
      if [ "$1" = --domain ]; then domain=$2; else tls=$2; fi
      shift
      ;;
    --internal-tls) tls=internal ;;
    --yes) yes=yes ;;
    --dry-run) dry=yes ;;
    --help | -h) usage && exit 0 ;;
    *) usage >&2 && fail "unknown option $1" ;;
  esac
  shift
done

cd "$(dirname "$0")"
umask 077

# --- what it has to be told

ask() {
  if [ -n "$yes" ] || ! [ -t 0 ]; then return; fi
  printf '%s: ' "$1" >&2
  read -r answer
  printf '%s' "$answer"
}
matches() { [ "$(printf '%s' "$1" | wc -l)" -eq 0 ] && printf '%s' "$1" | grep -Eq "$2"; }

if ! [ -f .env ]; then
  [ -n "$domain" ] || domain=$(ask 'Host name of this server (db.example.com)')
  matches "$domain" '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' ||
    fail 'give the host name of this server: --domain db.example.com'
  [ -n "$tls" ] || tls=$(ask 'E-mail address for certificates (empty: a certificate authority of its own)')
  [ -n "$tls" ] || [ -n "$yes" ] || ! [ -t 0 ] || tls=internal
  [ "$tls" = internal ] || matches "$tls" '^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$' ||
    fail 'give an e-mail address for certificates: --email me@example.com, or --internal-tls to try it out'
fi

# --- what this machine needs to have

if docker compose version >/dev/null 2>&1; then
  compose() { docker compose "$@"; }
elif command -v docker-compose >/dev/null 2>&1; then
  compose() { docker-compose "$@"; }
else
  fail 'Docker with compose is needed: https://docs.docker.com/engine/install/'
fi
if [ -z "$dry" ]; then
  docker info >/dev/null 2>&1 ||
    fail 'the Docker engine does not answer. Start it, or run this as root or as a member of the group "docker"'
fi

# --- files: none is overwritten

if [ -n "$(ls -A state/postgres 2>/dev/null)" ]; then
  for name in master-key postgres-password; do
    [ -s "secrets/$name" ] ||
      fail "there is data in state/postgres, but secrets/$name is gone: put it back, nothing can be opened without it"
  done
fi
if [ -n "$(ls -A state/platform-postgres 2>/dev/null)" ]; then
  for name in platform-postgres-password platform-database-url; do
    [ -s "secrets/$name" ] || fail "there is data in state/platform-postgres, but secrets/$name is gone: put it back"
  done
fi

# the containers run as who owns their files: as somebody without rights when root installs
uid=$(id -u) gid=$(id -g)
[ "$uid" != 0 ] || { uid=10001 gid=10001; }
if [ -f .env ]; then
  uid=$(sed -n 's/^LAUNCHDB_UID=//p' .env) gid=$(sed -n 's/^LAUNCHDB_GID=//p' .env)
  [ -n "$uid" ] && [ -n "$gid" ] || fail '.env is not of this script: it has no LAUNCHDB_UID and LAUNCHDB_GID'
fi
own() { [ "$(id -u)" != 0 ] || chown "$uid:$gid" "$1"; }

# containers read these as that user, also when they were cloned under a strict umask
for name in domain application infrastructure projections interfaces package.json package-lock.json .npmrc; do
  [ ! -e "$name" ] || chmod -R a+rX "$name"
done

folder() {
  [ -d "$1" ] || { mkdir -p "$1" && own "$1"; }
}
# writes what comes in whole, or not at all
keep() {
  [ -s "$1" ] && cat >/dev/null && return
  cat >"$1.new"
  [ -s "$1.new" ] || fail "$1 cannot be made"
  own "$1.new"
  mv "$1.new" "$1"
  echo "wrote $1"
}
random() { od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'; }

for name in secrets certs state state/caddy state/eventstore state/files state/pooler state/postgres state/platform-postgres; do folder "$name"; done
random | keep secrets/master-key
random | keep secrets/internal-api-key
random | keep secrets/postgres-password
printf 'postgres://postgres:%s@postgres:5432/postgres' "$(cat secrets/postgres-password)" | keep secrets/database-url
random | keep secrets/platform-postgres-password
if [ ! -s secrets/platform-database-url ] && [ -n "$(ls -A state/postgres 2>/dev/null)" ] &&
  [ -z "$(ls -A state/platform-postgres 2>/dev/null)" ]; then
  # of a release before, whose database of the platform is on that server: it stays there until somebody says so
  keep secrets/platform-database-url <secrets/database-url
  cat <<'TEXT'
The platform's own database is on the same PostgreSQL as the projects', where an owner can stop it. To move it to a server
of its own (it is closed for that time, and nothing is lost when it is cut short):
  printf 'postgres://postgres:%s@platform-postgres:5432/postgres' "$(cat secrets/platform-postgres-password)" >secrets/platform-database-url
  docker compose up -d --force-recreate
TEXT
fi
printf 'postgres://postgres:%s@platform-postgres:5432/postgres' "$(cat secrets/platform-postgres-password)" |
  keep secrets/platform-database-url
printf 'esdb://eventstore:2113?tls=false' | keep secrets/event-store-url
printf 'smtp://user:password@mail.example.com:587' | keep secrets/smtp-url
printf 'none' | keep secrets/storage-s3-secret

socket=${DOCKER_SOCKET:-/var/run/docker.sock}
fifth=$(df -Pk state | awk 'NR == 2 { print int($2 / 1024 / 5) }')
keep .env <<ENV
# Written by install.sh, yours to change; docker-compose.yml says what there is. Then: docker compose up -d
COMPOSE_PROJECT_NAME=launchdb
# eventstore, public-pooler; separated by commas
COMPOSE_PROFILES=
LAUNCHDB_DOMAIN=$domain
# an e-mail address, "internal", or two files in certs/: "/certs/one.crt /certs/one.key"
LAUNCHDB_TLS=$tls
LAUNCHDB_UID=$uid
LAUNCHDB_GID=$gid
DOCKER_SOCKET=$socket
DOCKER_GID=$(stat -L -c %g "$socket" 2>/dev/null || echo 0)
# who may make an account: open, invite (by launchdb invite) or closed
SIGNUP=invite
# of each project's database and files: a fifth of this disk, so that no project fills it alone; 0: no limit
PROJECT_DATABASE_SIZE_MB=$fifth
STORAGE_PROJECT_SIZE_MB=$fifth
ENV

compose config -q || fail 'docker-compose.yml cannot be used with this .env; see the message above'
if [ -n "$dry" ]; then
  echo 'The files are ready; nothing was started.'
  exit 0
fi

# --- start

# its packages as of today: otherwise a cached layer would keep holes that are mended
PACKAGES_AS_OF=$(date -u +%F) && export PACKAGES_AS_OF
compose build --pull
compose up -d --remove-orphans
printf 'Waiting until it is ready '
tries=0
until [ "$(docker inspect -f '{{.State.Health.Status}}' "$(compose ps -q caddy)" 2>/dev/null)" = healthy ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 150 ] || fail 'it does not get ready; look at: docker compose ps, docker compose logs'
  printf '.'
  sleep 2
done

host=$(sed -n 's/^LAUNCHDB_DOMAIN=//p' .env)
cat <<TEXT

LaunchDB is ready: https://$host, described at https://$host/docs

Next
  - Keep secrets/master-key in a safe place of its own: without it no secret of any project can be opened.
  - Make an invite for the first account: docker compose exec manager node interfaces/cli/launchdb.ts invite
  - Make the account, with "invite" beside "email" and "password", and a project: README.md shows it with curl.
  - Back up ./state and ./secrets. Update: git pull, then ./install.sh again.
TEXT
