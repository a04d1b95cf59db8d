/** Two projects with users, and what their owners do with the tables. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { DatabaseLogins } from '../../application/ports/secrets.ts';
import { databaseName, type ProjectId } from '../../domain/project/project-id.ts';
import { roleOf } from '../../domain/project/project-logins.ts';
import { PgUserDirectory } from '../auth/pg-user-directory.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { BoundedTenantConnections } from '../pgbouncer/bounded-tenant-connections.ts';
import { pooledTenantSessions } from '../pgbouncer/pooled-tenant-sessions.ts';
import { PostgresDatabases } from '../postgres/postgres-databases.ts';
import { latestTemplateVersion } from '../postgres/project-template.ts';
import { clusterAddress, testServer } from './server.ts';

export async function testUsers(workMs?: number) {
  const server = await testServer();
  const databases = new PostgresDatabases(server);
  const { logins } = await new AesSecrets(randomBytes(32)).issue();
  const projects = [newProject(), newProject()] as const;
  for (const project of projects) {
    await databases.ensureDatabase(project, await latestTemplateVersion());
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  }
  const connections = new BoundedTenantConnections(
    pooledTenantSessions({
      placeOf: () => Promise.resolve(clusterAddress()),
      login: (project, name) =>
        Promise.resolve({ role: roleOf(project, { name }), password: passwordOf(logins, name) }),
    }),
  );
  /** SQL of one of a project's logins, in a session of its own. @returns the rows of the last statement */
  const as = async (name: string, sql: string, project: ProjectId = projects[0]) => {
    const user = roleOf(project, { name });
    const client = new pg.Client({
      ...clusterAddress(),
      user,
      password: passwordOf(logins, name),
      database: databaseName(project),
    });
    await client.connect();
    try {
      const results = (await client.query(sql)) as pg.QueryResult | pg.QueryResult[];
      return (Array.isArray(results) ? results.at(-1) : results)?.rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  return {
    server,
    databases,
    logins,
    projects,
    connections,
    directory: new PgUserDirectory(connections, workMs),
    as,
    owner: (sql: string, project?: ProjectId) => as('owner', sql, project),
    async close(): Promise<void> {
      await connections.close();
      for (const project of projects) {
        await databases.dropDatabase(project);
        await databases.removeUsers(project);
      }
      await server.close();
    },
  };
}

function passwordOf(logins: DatabaseLogins, name: string): string {
  const login = logins[name];
  if (!login) throw new Error(`no login ${name}`);
  return login.password;
}
