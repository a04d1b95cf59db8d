import pg from 'pg';
import { applyMigrations } from '../postgres/apply-migrations.ts';
import { onCluster, testDatabase } from './database.ts';

const CREATE_ROLE = `DO $$ BEGIN
  CREATE ROLE launchdb_platform LOGIN PASSWORD 'test';
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`;

/** The platform's own tables, as a superuser makes them. @param upTo a version; default: the latest */
export async function makePlatformTables(client: pg.ClientBase, upTo?: number): Promise<void> {
  await client.query(CREATE_ROLE);
  const folder = new URL('../sql/platform/', import.meta.url);
  await applyMigrations(client, folder, { schema: 'platform', ...(upTo !== undefined && { upTo }) });
}

export interface TestPlatform extends AsyncDisposable {
  /** with the rights of the platform's own role */
  readonly connection: pg.ClientConfig;
  readonly pool: pg.Pool;
}

/** A fresh database with them. */
export async function testPlatform(): Promise<TestPlatform> {
  const database = await testDatabase();
  await onCluster(database.url, (client) => makePlatformTables(client));
  const connection = { connectionString: database.url, options: '-c role=launchdb_platform' };
  const pool = new pg.Pool(connection);
  return {
    connection,
    pool,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await database[Symbol.asyncDispose]();
    },
  };
}
