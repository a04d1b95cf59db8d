/** The PostgreSQL servers that hold projects' databases, and what is made once for each of them. */
import { Refused } from '../../application/errors.ts';
import type { ServerOf } from '../../application/project/server-of-project.ts';
import { MAIN_SERVER, type ServerName } from '../../domain/project/server-name.ts';
import { ByServer } from '../../infrastructure/postgres/by-server.ts';
import type { PostgresServer, ServerAddress } from '../../infrastructure/postgres/postgres-server.ts';

export type ProjectsServers = ReadonlyMap<ServerName, PostgresServer>;

/** An adapter for each, chosen by the project that is asked about. */
export const byServer = <Adapter>(
  servers: ProjectsServers,
  serverOf: ServerOf,
  make: (server: PostgresServer) => Adapter,
): ByServer<Adapter> =>
  new ByServer(serverOf, new Map([...servers].map(([name, server]) => [name, make(server)])));

/** @throws {Refused} this platform does not have it */
export function serverNamed(servers: ProjectsServers, name: ServerName): PostgresServer {
  const server = servers.get(name);
  if (!server) throw new Refused(`this platform knows no server "${name}" for projects' databases`);
  return server;
}

/** Those that answer now, by name. */
export async function answering(servers: ProjectsServers): Promise<ReadonlySet<ServerName>> {
  const asked = [...servers].map(([name, server]) =>
    server
      .administer('ask', (client) => client.query('SELECT 1'))
      .then(
        () => [name],
        () => [],
      ),
  );
  return new Set((await Promise.all(asked)).flat());
}

export const addressesOf = (servers: ProjectsServers): ReadonlyMap<ServerName, ServerAddress> =>
  new Map([...servers].map(([name, { address }]) => [name, address]));

/** What is there once for each, such as a task: the one that there has always been keeps the name it had. */
export const nameOn = (server: ServerName, what: string): string =>
  server === MAIN_SERVER ? what : `${what} (${server})`;
