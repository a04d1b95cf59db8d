import { Refused } from '../../application/errors.ts';
import type { Pool } from '../../application/ports/connection-pools.ts';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import { databaseName, projectId } from '../../domain/project/project-id.ts';
import { CONNECTIONS_OF_LOGIN } from '../../domain/project/project-logins.ts';
import { POSTGREST_CONNECTIONS } from '../postgrest/postgrest-config.ts';

/** Where PgBouncer listens, and for whom. */
export interface Doors {
  /** of its unix socket: closed to everybody but those who may use it. Without it the console is reached by TCP. */
  readonly socketFolder?: string | undefined;
  /** addresses of this machine; none: it does not listen on TCP */
  readonly addresses: readonly string[];
  /** the networks that clients come from by TCP, such as `172.18.0.0/16` */
  readonly clientsFrom: readonly string[];
}

export interface PgbouncerSettings {
  readonly doors: Doors;
  readonly port: number;
  readonly folder: string;
  readonly adminUser: string;
  /** of projects */
  readonly entries: number;
}

export const FILES = {
  main: 'pgbouncer.ini',
  entries: 'databases.ini',
  logins: 'userlist.txt',
  access: 'access.conf',
} as const;

/**
 * Of PostgreSQL's connections, what one login holds at most. What all logins of a project hold in all is the bound of its
 * entry: more than this, so that none of them can hold the last ones against the others.
 */
const POOL_SIZE = CONNECTIONS_OF_LOGIN;
/** nobody's: the first login to wait long would have it */
const RESERVE_POOL = 0;
/** `reserve_pool` is `reserve_pool_size` since 1.24, which still takes the old name */
const POOL = `pool_size=${POOL_SIZE} reserve_pool=${RESERVE_POOL}`;
/** Without any REST API's: the guard takes 3,500 of them at most (guard-options.ts), and work in projects' databases 1,000. */
const CLIENTS = 4_500;
const CLIENTS_AT_LEAST = 5_000;
const CLIENTS_IN_STEPS_OF = 500;
/** Of a client for a connection: whoever waits longer has an application that holds all of its login's. */
const WAIT_S = 10;

/** How many clients PgBouncer lets in: the REST API of the last project that wakes as well as that of the first. */
function mostClients(entries: number): number {
  const wanted = CLIENTS + entries * POSTGREST_CONNECTIONS;
  return Math.max(CLIENTS_AT_LEAST, Math.ceil(wanted / CLIENTS_IN_STEPS_OF) * CLIENTS_IN_STEPS_OF);
}

/** its socket, log and the like */
const OTHER_FILES = 20;

/** How many files it may come to have open: one for each client, and for each session to PostgreSQL. */
export const mostFiles = (pools: readonly Pick<Pool, 'connections'>[]): number =>
  OTHER_FILES + mostClients(pools.length) + pools.reduce((sum, { connections }) => sum + connections, 0);

/** Whether a PgBouncer that runs with one main file has to be started again to have the other: it takes up most of it as it runs. */
export const needsStart = (running: string | undefined, wanted: string | undefined): boolean =>
  readAtStart(running) !== readAtStart(wanted);

const readAtStart = (main: string | undefined) => main?.replace(/^max_client_conn = .*$/m, '');

/**
 * Valid for PgBouncer 1.18 to 1.25. The entries are included first, so that the operator's lines below go on in
 * `[pgbouncer]`: that header a second time would set everything before it back to its default. There is no `*` entry:
 * what is not listed cannot be reached. No pidfile: one that a kill -9 left would stop the next start as soon as
 * somebody else has that pid. Clients' mistakes are not logged: they could fill the disk.
 */
export function mainFile({ doors, port, folder, adminUser, entries }: PgbouncerSettings): string {
  const { addresses, socketFolder = '' } = doors;
  for (const path of [folder, socketFolder])
    if (/[\r\n]/.test(path)) throw new TypeError('a line break in the path of the pooler');
  return `%include ${folder}/${FILES.entries}

[pgbouncer]
listen_addr = ${addresses.map(checkedAddress).join(',')}
listen_port = ${port}
unix_socket_dir = ${socketFolder}
auth_type = hba
auth_hba_file = ${folder}/${FILES.access}
auth_file = ${folder}/${FILES.logins}
admin_users = ${adminUser}
pool_mode = transaction
default_pool_size = ${POOL_SIZE}
min_pool_size = 0
max_client_conn = ${mostClients(entries)}
client_login_timeout = 15
server_idle_timeout = 60
server_login_retry = 1
server_connect_timeout = 5
query_wait_timeout = ${WAIT_S}
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
log_pooler_errors = 0
log_stats = 0
`;
}

/** By the name that the log knows each by. */
export type Servers = ReadonlyMap<ServerName, Endpoint>;

export const databasesFile = (pools: readonly Pool[], servers: Servers): string =>
  `[databases]\n${pools.map((pool) => entryLine(pool, servers)).join('')}`;

export function entryLine({ project, server: on, connections }: Pool, servers: Servers): string {
  const server = addressOf(on, servers);
  const name = databaseName(projectId(project));
  const where = `host=${bareHost(server.host)} port=${server.port} dbname=${name}`;
  return `${name} = ${where} ${POOL} max_db_connections=${Math.round(connections)}\n`;
}

function addressOf(name: ServerName, servers: Servers): Endpoint {
  const address = servers.get(name);
  if (!address) throw new Refused(`this platform knows no server "${name}" for projects' databases`);
  return address;
}

/** A line of SHOW DATABASES, whatever release tells it. */
export interface ShownEntry {
  readonly name: string;
  readonly host: string | null;
  readonly port: number | string;
  readonly database: string;
  readonly pool_size: number | string;
  /** until 1.23 */
  readonly reserve_pool?: number | string;
  readonly reserve_pool_size?: number | string;
  readonly max_connections: number | string;
}

/** Whether PgBouncer serves an entry exactly as its line says. */
export function isServedAs(
  shown: ShownEntry,
  { project, server: on, connections }: Pool,
  servers: Servers,
): boolean {
  const server = addressOf(on, servers);
  const name = databaseName(projectId(project));
  const numbers = [shown.port, shown.pool_size, shown.reserve_pool ?? shown.reserve_pool_size];
  const wanted = [server.port, POOL_SIZE, RESERVE_POOL, connections];
  return (
    shown.name === name &&
    shown.host === bareHost(server.host) &&
    shown.database === name &&
    [...numbers, shown.max_connections].every((number, index) => Number(number) === wanted[index])
  );
}

/** The entries that lines of somebody else's name, in either file. */
export const entriesNamed = (lines: string): ReadonlySet<string> =>
  new Set([...lines.matchAll(/^\s*"?(proj_[0-9a-f]{16})"?\s*=/gm)].flatMap(([, name]) => name ?? []));

/** Verifiers only: no password is ever in this file. */
export const userlistFile = (logins: readonly Login[]): string => logins.map(loginLine).join('');

export const loginLine = ({ name, verifier }: Login): string =>
  `"${checkedLogin(name)}" "${checkedVerifier(verifier)}"\n`;

type Login = Pool['logins'][number];

/** From the operator's DATABASE_URL; there an IPv6 address stands in brackets. */
function bareHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (!/^[A-Za-z0-9._:-]+$/.test(bare)) throw new TypeError('not a host name');
  return bare;
}

function checkedAddress(address: string): string {
  if (!/^[A-Za-z0-9._:*-]+$/.test(address)) throw new TypeError('not an address to listen on');
  return address;
}

export function checkedLogin(name: string): string {
  if (!/^[a-z0-9_]{1,63}$/.test(name)) throw new TypeError('not a login of ours');
  return name;
}

function checkedVerifier(verifier: string): string {
  if (!/^SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$/.test(verifier)) {
    throw new TypeError('not a SCRAM verifier');
  }
  return verifier;
}
