import { createHash } from 'node:crypto';
import pg from 'pg';
import { Refused, unavailable } from '../../application/errors.ts';
import { scramVerifier } from '../crypto/scram.ts';
import { applyMigrations } from './apply-migrations.ts';
import type { PostgresServer, ServerAddress } from './postgres-server.ts';
import { PLATFORM_SESSION } from './session-settings.ts';
import { ensureSharedRoles } from './shared-roles.ts';
import { ScramClient } from './scram-client.ts';

export const PLATFORM_DATABASE = 'launchdb';
export const PLATFORM_ROLE = 'launchdb_platform';

export const PLATFORM_MARK = 'launchdb:platform';
/** of the advisory lock under which the server is prepared */
const PREPARING = 7_230_551;
/** of the platform's migrations, those up to this one are the log's */
const LAST_OF_THE_LOG = 9;
const MIGRATIONS = new URL('../sql/platform/', import.meta.url);

/**
 * The platform's own database and its login (no superuser: it reads and appends to the log, keeps accounts and makes
 * views). Idempotent.
 * @param platformPassword follows from the master key: another one means that the key is another one
 * @throws {Refused} the login is no superuser, a database of the name is not ours, or the key is another one
 */
export async function preparePlatformDatabase(
  server: PostgresServer,
  platformPassword: string,
): Promise<pg.ClientConfig> {
  if (await isKeptElsewhere(server)) {
    throw new Refused(
      "this PostgreSQL has held projects' databases while the platform's own was on another server. Set " +
        'PLATFORM_DATABASE_URL to that one; nothing was changed',
    );
  }
  await prepared(server, platformPassword, async (client) => {
    await ensurePlatformRole(client, platformPassword);
    await ensureDatabase(client, PLATFORM_DATABASE);
  });
  await server.inDatabase(PLATFORM_DATABASE, 'set up the platform database', applyPlatformMigrations);
  return platformConnection(server.address, platformPassword);
}

/**
 * What projects' databases need of their server: the shared roles, and the platform's role, whose setting says which
 * extensions are allowed. Where the platform's database is elsewhere, nobody logs in with it. Idempotent.
 * @throws {Refused} as {@link preparePlatformDatabase}
 */
export async function prepareProjectsServer(
  server: PostgresServer,
  platformPassword: string,
  platformIs: 'here' | 'elsewhere',
): Promise<void> {
  await prepared(server, platformPassword, async (client) => {
    await ensureSharedRoles(client);
    if (platformIs === 'elsewhere') await ensurePlatformRole(client, platformPassword, 'NOLOGIN');
  });
}

/**
 * Whether the platform's database was kept on another server while this one served projects: an empty one made in its
 * place would be a platform that has forgotten everything.
 */
export async function isKeptElsewhere(server: PostgresServer): Promise<boolean> {
  const { rows } = await server.administer("look where the platform's database is", (client) =>
    client.query<{ elsewhere: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1 AND NOT rolcanlogin
                      AND shobj_description(oid, 'pg_authid') ^@ $3)
              AND NOT EXISTS (SELECT FROM pg_database WHERE datname = $2) AS elsewhere`,
      [PLATFORM_ROLE, PLATFORM_DATABASE, KEY_MARK],
    ),
  );
  return rows[0]?.elsewhere ?? false;
}

/** A draft of the platform's database under another name, without its tables. */
export async function preparePlatformDraft(
  server: PostgresServer,
  platformPassword: string,
  name: string,
): Promise<void> {
  await prepared(server, platformPassword, async (client) => {
    const { rowCount } = await client.query(
      `SELECT 1 FROM pg_database
       WHERE datname = $1 AND (shobj_description(oid, 'pg_database') = $2 OR NOT datallowconn)`,
      [name, PLATFORM_MARK],
    );
    if (rowCount) await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await ensurePlatformRole(client, platformPassword);
    await ensureDatabase(client, name);
  });
}

export const applyPlatformMigrations = (client: pg.ClientBase) =>
  applyMigrations(client, MIGRATIONS, { schema: 'platform' });

/** One at a time, of several processes that start at once; with another master key nothing is done. */
async function prepared(
  server: PostgresServer,
  platformPassword: string,
  work: (client: pg.ClientBase) => Promise<void>,
): Promise<void> {
  await server.administer('prepare PostgreSQL', async (client) => {
    await requireSuperuser(client);
    await client.query('SELECT pg_advisory_lock($1)', [PREPARING]);
    try {
      await requireSameKey(client, platformPassword);
      await work(client);
      // a project's login must not look around in the server's own databases
      await client.query('REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC');
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [PREPARING]);
    }
  });
}

/** What owners may install, in all projects at once: read by the triggers of 0005_extensions.sql. */
export async function allowExtensions(server: PostgresServer, names: readonly string[]): Promise<void> {
  const list = pg.escapeLiteral(names.join(','));
  await server.administer('set the list of extensions', (client) =>
    client.query(`ALTER ROLE ${PLATFORM_ROLE} SET launchdb.project_extensions = ${list}`),
  );
}

/** How the platform's own login reaches the platform's database. */
export const platformConnection = (
  { host, port }: Pick<ServerAddress, 'host' | 'port'>,
  password: string,
): pg.ClientConfig => ({
  host,
  port,
  user: PLATFORM_ROLE,
  password,
  database: PLATFORM_DATABASE,
  options: PLATFORM_SESSION,
});

/**
 * The log alone, in a database of its own: made ready there by the login that the URL names. Idempotent.
 * @throws {Refused} it may not, or what is there is not ours @throws {Unavailable}
 */
export async function prepareLogDatabase(url: string): Promise<void> {
  const client = new ScramClient({
    options: PLATFORM_SESSION,
    connectionString: url,
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    // what the log's own SQL grants to
    const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [PLATFORM_ROLE]);
    if (rowCount === 0) await client.query(`CREATE ROLE ${PLATFORM_ROLE} NOLOGIN`);
    await applyMigrations(client, MIGRATIONS, { schema: 'platform', upTo: LAST_OF_THE_LOG });
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw unavailable('platform_postgres', 'prepare the database of the log', error);
  } finally {
    await client.end().catch(() => {});
  }
}

async function requireSuperuser(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string; superuser: boolean }>(
    'SELECT rolname AS name, rolsuper AS superuser FROM pg_roles WHERE rolname = current_user',
  );
  if (rows[0]?.superuser) return;
  throw new Refused(
    `the PostgreSQL login "${rows[0]?.name}" is no superuser. LaunchDB needs one: it makes a role with BYPASSRLS, ` +
      "closes the server's own databases to projects and removes what projects own",
  );
}

/** With another key nothing could be opened, and the platform's login would get another password. */
async function requireSameKey(client: pg.ClientBase, password: string): Promise<void> {
  const { rows } = await client.query<{ mark: string | null }>(
    `SELECT shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolname = $1`,
    [PLATFORM_ROLE],
  );
  const mark = rows[0]?.mark ?? null;
  if (mark === null || mark === keyMark(password)) return;
  throw new Refused(
    'what is in this PostgreSQL was made with another master key. Set LAUNCHDB_MASTER_KEY to that key, or ' +
      'DATABASE_URL to another server; nothing was changed',
  );
}

const KEY_MARK = 'launchdb: master key ';
const keyMark = (password: string): string =>
  `${KEY_MARK}${createHash('sha256').update(`print of ${password}`).digest('hex').slice(0, 16)}`;

async function ensurePlatformRole(
  client: pg.ClientBase,
  password: string,
  login: 'LOGIN' | 'NOLOGIN' = 'LOGIN',
): Promise<void> {
  // a salt that follows from the password: the verifier is the same at every start
  const salt = createHash('sha256').update(`launchdb platform role ${password}`).digest().subarray(0, 16);
  const verifier = login === 'LOGIN' ? pg.escapeLiteral(await scramVerifier(password, salt)) : 'NULL';
  const { rows } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [PLATFORM_ROLE]);
  const verb = rows.length === 0 ? 'CREATE' : 'ALTER';
  await client.query(
    `${verb} ROLE ${PLATFORM_ROLE} ${login} NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD ${verifier}`,
  );
  await client.query(`COMMENT ON ROLE ${PLATFORM_ROLE} IS ${pg.escapeLiteral(keyMark(password))}`);
}

async function ensureDatabase(client: pg.ClientBase, name: string): Promise<void> {
  const { rows } = await client.query<{ mark: string | null; open: boolean }>(
    `SELECT shobj_description(oid, 'pg_database') AS mark, datallowconn AS open FROM pg_database WHERE datname = $1`,
    [name],
  );
  const [there] = rows;
  if (there?.open && there.mark !== PLATFORM_MARK) {
    throw new Refused(
      `the server has a database "${name}" that LaunchDB did not make; use another server or rename it`,
    );
  }
  if (!there) await client.query(`CREATE DATABASE ${name} TEMPLATE template0 ALLOW_CONNECTIONS false`);
  await client.query(`COMMENT ON DATABASE ${name} IS '${PLATFORM_MARK}'`);
  await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  await client.query(`GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${name} TO ${PLATFORM_ROLE}`);
  await client.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
}
