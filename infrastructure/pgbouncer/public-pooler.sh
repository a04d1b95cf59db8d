#!/bin/sh
# A second PgBouncer at the public door: TLS or nothing, then on to the inner one, whose bounds hold. Both have the same
# verifiers, so it logs in there with what a client proved here, and knows no password. New logins and renewed
# certificates are taken up as soon as the files change.
set -eu

LOGINS=${LOGINS:-/pooler/userlist.txt}
INNER=${INNER:-host=pgbouncer port=6432}
RUN=${RUN:-/run/pooler}

for file in "$LOGINS" "$TLS_CERT" "$TLS_KEY"; do
  until [ -r "$file" ]; do
    echo "waiting for $file" >&2
    sleep 5
  done
done

cat > "$RUN/pgbouncer.ini" <<INI
[databases]
* = $INNER

[pgbouncer]
listen_addr = ${LISTEN:-*}
listen_port = ${PORT:-6432}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $LOGINS
client_tls_sslmode = require
client_tls_cert_file = $TLS_CERT
client_tls_key_file = $TLS_KEY
pool_mode = session
max_client_conn = 1000
default_pool_size = 100
client_login_timeout = 15
server_idle_timeout = 10
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
log_pooler_errors = 0
log_stats = 0
INI

exec /bin/sh "$(dirname "$0")/watched-pgbouncer.sh" "$RUN/pgbouncer.ini" "$LOGINS" "$TLS_CERT" "$TLS_KEY"
