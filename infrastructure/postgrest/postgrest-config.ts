import { createHash } from 'node:crypto';
import { PLACEHOLDER_URL, type DataApi, type Endpoint } from '../../application/ports/data-apis.ts';
import { wholeSettings } from '../../domain/project/data-api-settings.ts';
import { authenticatorRole, databaseName } from '../../domain/project/project-id.ts';

export interface PostgrestPorts {
  readonly port: number;
  readonly adminPort: number;
}

export interface Listening extends PostgrestPorts {
  /** an address, or `*4` for all of IPv4's */
  readonly host: string;
}

/** The way from PostgREST to PostgreSQL; its host may be the folder of a unix socket. */
export interface DatabaseRoute extends Endpoint {
  /** through PgBouncer: no prepared statements, and LISTEN would not work */
  readonly pooled: boolean;
  /** of its own to that place, at most */
  readonly connections: number;
}

/** What a configuration was made of, so that one that runs can be told from one that has to change. */
export interface ConfigDigests {
  /** of what a running process cannot take up */
  readonly restart: string;
  /** of what it can */
  readonly reload: string;
}

/** to the pooler, which bounds what they have of PostgreSQL's; and to PostgreSQL where there is no pooler */
export const POSTGREST_CONNECTIONS = 8;

/** of a connection to PostgreSQL itself */
const LIFETIME_S = 300;

type Setting = readonly [name: string, value: string];

function quote(value: string): string {
  if (/[\r\n]/.test(value)) throw new TypeError('a line break in a setting');
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function fixedSettings(api: DataApi, route: DatabaseRoute): readonly Setting[] {
  const login = `${authenticatorRole(api.project)}:${encodeURIComponent(api.authenticatorPassword)}`;
  const host = route.host.startsWith('/') ? encodeURIComponent(route.host) : route.host;
  return [
    ['db-uri', quote(`postgres://${login}@${host}:${route.port}/${databaseName(api.project)}`)],
    // this file alone decides: a role may change its own settings, and PostgREST would obey them
    ['db-config', 'false'],
    ['db-pool', String(route.connections)],
    ['db-pool-acquisition-timeout', '5'],
    ['db-pool-max-idletime', '30'],
    ['db-prepared-statements', String(!route.pooled)],
    // what it has prepared goes with it
    ...(route.pooled ? [] : ([['db-pool-max-lifetime', String(LIFETIME_S)]] as const)),
    ['db-channel-enabled', 'false'],
    // from "error" on it would log the URLs of requests
    ['log-level', '"crit"'],
  ];
}

/** A set of keys, of which each verifies; the text itself where there is just the one secret. */
const jwtSecretOf = ({ jwtSecrets, publicKeys }: DataApi): string => {
  if (jwtSecrets.length === 1 && publicKeys.length === 0) return jwtSecrets[0];
  const secrets = jwtSecrets.map((secret) => ({ kty: 'oct', k: Buffer.from(secret).toString('base64url') }));
  return JSON.stringify({ keys: [...secrets, ...publicKeys] });
};

/** Asked before every request; see 0006_size_limit.sql. */
const PRE_REQUEST = {
  all: undefined,
  deletions: 'launchdb_rest.refuse_growth',
  none: 'launchdb_rest.refuse_writes',
} as const;

function preRequestOf({ writes, settings: { statementTimeoutS } }: DataApi): readonly Setting[] {
  if (statementTimeoutS !== undefined) {
    return [
      ['db-pre-request', quote('launchdb_rest.before_request')],
      ['app.settings.launchdb_statement_timeout', quote(`${statementTimeoutS}s`)],
      ['app.settings.launchdb_writes', quote(writes)],
    ];
  }
  const asked = PRE_REQUEST[writes];
  return asked === undefined ? [] : [['db-pre-request', quote(asked)]];
}

function reloadableSettings(api: DataApi): readonly Setting[] {
  const settings = wholeSettings(api.settings);
  return [
    ['db-schemas', quote(settings.schemas.join(','))],
    ['db-extra-search-path', quote(settings.extraSearchPath.join(','))],
    ['db-anon-role', '"anon"'],
    ['db-max-rows', String(settings.maxRows)],
    ['db-aggregates-enabled', String(settings.aggregates)],
    ['db-plan-enabled', String(settings.explain)],
    ['db-tx-end', quote(settings.txEnd)],
    ['jwt-secret', quote(jwtSecretOf(api))],
    ['openapi-server-proxy-uri', quote(PLACEHOLDER_URL)],
    ...preRequestOf(api),
  ];
}

export const configDigests = (api: DataApi, route: DatabaseRoute): ConfigDigests => ({
  restart: digest(fixedSettings(api, route)),
  reload: digest(reloadableSettings(api)),
});

/**
 * The configuration of a project's PostgREST, valid for 12 to 14.
 * @param confirmed what runs runs with exactly this; the first line says so to the next run of ours
 */
export function postgrestConfig(
  api: DataApi,
  route: DatabaseRoute,
  { host, port, adminPort }: Listening,
  confirmed: boolean,
): string {
  const listening: readonly Setting[] = [
    ['server-host', quote(host)],
    ['server-port', String(port)],
    ['admin-server-port', String(adminPort)],
  ];
  const { restart, reload } = configDigests(api, route);
  const head = confirmed ? `# restart ${restart} reload ${reload}\n` : '# not taken up yet\n';
  const settings = [...fixedSettings(api, route), ...reloadableSettings(api), ...listening];
  return head + settings.map(([name, value]) => `${name} = ${value}\n`).join('');
}

/** What an earlier run wrote; undefined when it is not one of ours, unconfirmed or cut short. */
export function readPostgrestConfig(text: string): (PostgrestPorts & ConfigDigests) | undefined {
  const [, restart, reload] = /^# restart ([0-9a-f]{32}) reload ([0-9a-f]{32})\n/.exec(text) ?? [];
  const port = Number(/^server-port = (\d+)$/m.exec(text)?.[1]);
  const adminPort = Number(/^admin-server-port = (\d+)$/m.exec(text)?.[1]);
  return restart && reload && port && adminPort ? { restart, reload, port, adminPort } : undefined;
}

const digest = (settings: readonly Setting[]): string =>
  createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 32);
