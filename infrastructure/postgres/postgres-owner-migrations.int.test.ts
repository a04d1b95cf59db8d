import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import { ownerMigrationsContract } from '../../application/ports/owner-migrations.contract.ts';
import { ownerRole } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import { PostgresOwnerMigrations } from './postgres-owner-migrations.ts';
import { latestTemplateVersion } from './project-template.ts';
import { testServer } from '../testing/server.ts';

ownerMigrationsContract('PostgreSQL', async () => {
  const server = await testServer();
  const databases = new PostgresDatabases(server);
  const project = newProject();
  const { logins } = await new AesSecrets(randomBytes(32)).issue();
  await databases.ensureDatabase(project, await latestTemplateVersion());
  await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  const { password } = logins.owner;
  const { host, port } = server.address;
  const owner = new pg.Pool({ host, port, user: ownerRole(project), password, database: project, max: 3 });
  return {
    ownerMigrations: new PostgresOwnerMigrations(server),
    project,
    ownerPassword: password,
    sql: async (text) => (await owner.query({ text, rowMode: 'array' })).rows as unknown[][],
    async hold(text) {
      const client = await owner.connect();
      await client.query('BEGIN');
      await client.query(text);
      return async () => {
        await client.query('ROLLBACK');
        client.release();
      };
    },
    async close() {
      await owner.end();
      await databases.dropDatabase(project);
      await databases.removeUsers(project);
      await server.close();
    },
  };
});
