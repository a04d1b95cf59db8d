import { expect, test } from 'vitest';
import { newProject } from '../../application/ports/databases.contract.ts';
import { migrationsContract } from '../../application/ports/migrations.contract.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import { PostgresMigrations } from './postgres-migrations.ts';
import type { PostgresServer } from './postgres-server.ts';
import { latestTemplateVersion } from './project-template.ts';
import { testServer } from './test-server.ts';

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
