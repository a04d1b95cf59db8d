import { expect, test } from 'vitest';
import { newProject } from '../../application/ports/databases.contract.ts';
import { migrationsContract } from '../../application/ports/migrations.contract.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import { PostgresMigrations } from './postgres-migrations.ts';
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
    async close() {
      await server.administer('remove', (client) => client.query(`DROP DATABASE ${bare}`));
      await databases.dropDatabase(whole);
      await server.close();
    },
  };
});

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
