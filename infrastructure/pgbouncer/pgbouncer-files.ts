import type { Pool } from '../../application/ports/connection-pools.ts';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import { databaseName, projectId } from '../../domain/project/project-id.ts';

export interface PgbouncerSettings {
  readonly port: number;
  readonly folder: string;
  /** where the databases are */
  readonly server: Endpoint;
  readonly adminUser: string;
}

/** Per login of a project, the architecture's numbers; then for all logins of the project together. */
const POOL = 'pool_size=5 reserve_pool=2 max_db_connections=20';

/**
 * Valid for PgBouncer 1.18 to 1.25. There is no `*` entry: what is not listed cannot be reached. No pidfile:
 * one that a kill -9 left would stop the next start as soon as somebody else has that pid. Clients' mistakes
 * are not logged: they could fill the disk.
 */
export function mainFile({ port, folder, adminUser }: PgbouncerSettings): string {
  if (/[\r\n]/.test(folder)) throw new TypeError('a line break in the path of the pooler');
  return `[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${folder}/userlist.txt
admin_users = ${adminUser}
pool_mode = transaction
default_pool_size = 5
min_pool_size = 0
max_client_conn = 5000
client_login_timeout = 15
server_idle_timeout = 60
server_login_retry = 1
server_connect_timeout = 5
query_wait_timeout = 30
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
log_pooler_errors = 0
log_stats = 0

%include ${folder}/databases.ini
`;
}

export const databasesFile = (pools: readonly Pool[], server: Endpoint): string =>
  `[databases]\n${pools.map((pool) => entryLine(pool, server)).join('')}`;

export function entryLine({ project }: Pick<Pool, 'project'>, server: Endpoint): string {
  const name = databaseName(projectId(project));
  return `${name} = host=${checkedHost(server.host)} port=${server.port} dbname=${name} ${POOL}\n`;
}

/** Verifiers only: no password is ever in this file. */
export const userlistFile = (logins: readonly Login[]): string => logins.map(loginLine).join('');

export const loginLine = ({ name, verifier }: Login): string =>
  `"${checkedName(name)}" "${checkedVerifier(verifier)}"\n`;

type Login = Pool['logins'][number];

/** From the operator's DATABASE_URL; there an IPv6 address stands in brackets. */
function checkedHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (!/^[A-Za-z0-9._:-]+$/.test(bare)) throw new TypeError('not a host name');
  return bare;
}

function checkedName(name: string): string {
  if (!/^[a-z0-9_]{1,63}$/.test(name)) throw new TypeError('not a login of ours');
  return name;
}

function checkedVerifier(verifier: string): string {
  if (!/^SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$/.test(verifier)) {
    throw new TypeError('not a SCRAM verifier');
  }
  return verifier;
}
