import type pg from 'pg';
import { applyMigrations } from '../postgres/apply-migrations.ts';

const CREATE_ROLE = `DO $$ BEGIN
  CREATE ROLE launchdb_platform LOGIN PASSWORD 'test';
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`;

/** The platform's own tables, as a superuser makes them. @param upTo a version; default: the latest */
export async function makePlatformTables(client: pg.ClientBase, upTo?: number): Promise<void> {
  await client.query(CREATE_ROLE);
  const folder = new URL('../sql/platform/', import.meta.url);
  await applyMigrations(client, folder, { schema: 'platform', ...(upTo !== undefined && { upTo }) });
}
