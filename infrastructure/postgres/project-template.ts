import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { applyMigrations, latestVersion } from './apply-migrations.ts';
import type { PostgresServer } from './postgres-server.ts';

export const PROJECT_MIGRATIONS = new URL('../sql/project-template/', import.meta.url);
/** where a project's database keeps which files it has */
export const MIGRATIONS_SCHEMA = 'launchdb';

const LOCK = 0x1a_db_02;

export const latestTemplateVersion = (folder: URL | string = PROJECT_MIGRATIONS): Promise<number> =>
  latestVersion(folder);
export const templateName = (version: number): string => `launchdb_template_v${version}`;

/**
 * The database that new projects are copies of. Nobody connects to it (a session in it would stop copying),
 * so it is built under another name and renamed when it is whole. Changed SQL makes a new one.
 */
export async function ensureTemplate(
  server: PostgresServer,
  version: number,
  folder: URL | string = PROJECT_MIGRATIONS,
): Promise<void> {
  const name = templateName(version);
  const draft = `${name}_draft`;
  const mark = `launchdb:template:${await checksum(folder)}`;
  await server.administer('build the template of projects', async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    try {
      if ((await markOf(client, name)) === mark) return;
      await drop(client, draft);
      await client.query(`CREATE DATABASE ${draft} TEMPLATE template0 ALLOW_CONNECTIONS false`);
      await client.query(`REVOKE ALL ON DATABASE ${draft} FROM PUBLIC`);
      await client.query(`ALTER DATABASE ${draft} WITH ALLOW_CONNECTIONS true`);
      await server.inDatabase(draft, 'fill the template of projects', async (inside) => {
        await applyMigrations(inside, folder, { schema: MIGRATIONS_SCHEMA, upTo: version });
        await forgetChanges(inside);
        await inside.query('VACUUM (FREEZE, ANALYZE)');
      });
      await client.query(`COMMENT ON DATABASE ${draft} IS ${pg.escapeLiteral(mark)}`);
      await drop(client, name);
      await client.query(`ALTER DATABASE ${draft} RENAME TO ${name}`);
      await client.query(`ALTER DATABASE ${name} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    }
  });
}

/** Else every project's REST API would read its tables twice at first. */
async function forgetChanges(client: pg.ClientBase): Promise<void> {
  const table = `${MIGRATIONS_SCHEMA}.schema_changes`;
  const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    table,
  ]);
  if (rows[0]?.there) await client.query(`DELETE FROM ${table}`);
}

async function markOf(client: pg.ClientBase, name: string): Promise<string | null> {
  const { rows } = await client.query<{ mark: string | null }>(
    `SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = $1 AND NOT datallowconn`,
    [name],
  );
  return rows[0]?.mark ?? null;
}

async function drop(client: pg.ClientBase, name: string): Promise<void> {
  const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  if (rows.length === 0) return;
  await client.query(`ALTER DATABASE ${name} WITH IS_TEMPLATE false`);
  await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
}

async function checksum(folder: URL | string): Promise<string> {
  const path = typeof folder === 'string' ? folder : fileURLToPath(folder);
  const hash = createHash('sha256');
  for (const name of (await readdir(path)).sort())
    hash.update(name).update(await readFile(`${path}/${name}`));
  return hash.digest('hex').slice(0, 16);
}
