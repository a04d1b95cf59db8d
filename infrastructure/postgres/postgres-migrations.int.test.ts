import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newProject } from '../../application/ports/databases.contract.ts';
import { migrationsContract } from '../../application/ports/migrations.contract.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import { PostgresMigrations } from './postgres-migrations.ts';
import type { PostgresServer } from './postgres-server.ts';
import { latestTemplateVersion, PROJECT_MIGRATIONS } from './project-template.ts';
import { testServer } from '../testing/server.ts';

migrationsContract('PostgreSQL', async () => {
  const server = await testServer();
  const databases = new PostgresDatabases(server);
  const version = await latestTemplateVersion();
  const [bare, whole, missing] = [newProject(), newProject(), newProject()];
  await server.administer('a bare database', (client) => client.query(`CREATE DATABASE ${bare}`));
  await databases.ensureDatabase(whole, version);
  return {
    migrations: new PostgresMigrations(server, version),
    bare,
    whole,
    missing,
    spoil: (project) => spoil(server, project),
    async close() {
      await server.administer('remove', (client) => client.query(`DROP DATABASE ${bare}`));
      await databases.dropDatabase(whole);
      await server.close();
    },
  };
});

const spoil = async (server: PostgresServer, project: ProjectId): Promise<void> => {
  await server.inDatabase(project, 'spoil', (client) =>
    client.query(`UPDATE launchdb.migrations SET checksum = 'another' WHERE version = 1`),
  );
};

test('a closed database is worth another try', async () => {
  const server = await testServer();
  const databases = new PostgresDatabases(server);
  const version = await latestTemplateVersion();
  const project = newProject();
  await databases.ensureDatabase(project, version);
  await databases.refuseConnections(project);
  const migrations = new PostgresMigrations(server, version);
  await expect(migrations.migrate(project, version)).rejects.toMatchObject({ name: 'Unavailable' });
  await databases.dropDatabase(project);
  await server.close();
});

test('a table that somebody uses for long is worth another try; nobody waits behind it for long', async () => {
  const server = await testServer();
  const databases = new PostgresDatabases(server);
  const version = await latestTemplateVersion();
  const project = newProject();
  await databases.ensureDatabase(project, version);
  const folder = await mkdtemp(join(tmpdir(), 'template-'));
  await cp(PROJECT_MIGRATIONS, folder, { recursive: true });
  const next = String(version + 1).padStart(4, '0');
  await writeFile(join(folder, `${next}_more.sql`), 'SELECT 1;\nALTER TABLE public.busy ADD more int');
  const migrations = new PostgresMigrations(server, version + 1, folder);
  await server.inDatabase(project, 'use a table', async (client) => {
    await client.query('CREATE TABLE public.busy ()');
    await client.query('BEGIN; TABLE public.busy');
    await expect(migrations.migrate(project, version + 1)).rejects.toMatchObject({
      name: 'Unavailable',
      message: `could not apply ${next}_more.sql, line 2: somebody holds a lock on what it changes`,
    });
    await client.query('COMMIT');
  });
  const results = await migrations.migrate(project, version + 1);
  expect(results.filter(({ executed }) => executed).map(({ name }) => name)).toEqual([`${next}_more.sql`]);
  await databases.dropDatabase(project);
  await rm(folder, { recursive: true });
  await server.close();
});
