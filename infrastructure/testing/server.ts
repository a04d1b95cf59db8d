import { inject } from 'vitest';
import { latestTemplateVersion, ensureTemplate } from '../postgres/project-template.ts';
import { PostgresServer, type ServerAddress } from '../postgres/postgres-server.ts';
import { ensureSharedRoles } from '../postgres/shared-roles.ts';

export function clusterAddress(): ServerAddress {
  const url = new URL(inject('clusterUrl'));
  return { host: url.hostname, port: Number(url.port), user: url.username, password: url.password };
}

/** The test cluster with the shared roles and the template of projects. */
export async function testServer(): Promise<PostgresServer> {
  const server = new PostgresServer(clusterAddress());
  await server.administer('prepare the test cluster', ensureSharedRoles);
  await ensureTemplate(server, await latestTemplateVersion());
  return server;
}
