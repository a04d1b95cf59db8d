/** The ways from projects' REST APIs to their databases: through the pooler, or straight to PostgreSQL, for either runtime. */
import { join } from 'node:path';
import { Refused } from '../../application/errors.ts';
import type { DataApi, Endpoint } from '../../application/ports/data-apis.ts';
import type { Log } from '../../application/ports/log.ts';
import { CONNECTIONS_OF_LOGIN } from '../../domain/project/project-logins.ts';
import { MAIN_SERVER, type ServerName } from '../../domain/project/server-name.ts';
import type { ContainerNetwork } from '../../infrastructure/docker/container-network.ts';
import { hasSocketIn } from '../../infrastructure/postgres/embedded-postgres.ts';
import {
  POSTGREST_CONNECTIONS,
  type DatabaseRoute,
} from '../../infrastructure/postgrest/postgrest-config.ts';
import { socketFolder } from '../../infrastructure/process/socket-folder.ts';
import type { Config } from '../config.ts';
import type { Machine } from './machine.ts';
import { serverNamed, type ProjectsServers } from './projects-servers.ts';

export type RouteOf = (api: Pick<DataApi, 'server' | 'route'>) => DatabaseRoute;

const POOLED = { pooled: true, connections: POSTGREST_CONNECTIONS } as const;
const DIRECT = { pooled: false, connections: CONNECTIONS_OF_LOGIN } as const;

/** The folder of the socket of the projects' PostgreSQL, where that is ours: none but their REST APIs may enter. */
export const postgresSocket = ({ directory }: Machine): string =>
  socketFolder(join(directory.path, 'postgres-socket'));

/** @param pooler where they reach it; without one there is the direct route alone */
export function routesOfProcesses(
  config: Config,
  machine: Machine,
  servers: ProjectsServers,
  pooler: Endpoint | undefined,
): RouteOf {
  const alone = pooler ? {} : { connections: POSTGREST_CONNECTIONS };
  let socket: string | undefined;
  const socketOf = (port: number) => {
    const folder = postgresSocket(machine);
    return (socket ??= hasSocketIn(folder, port) ? folder : '');
  };
  const direct = (name: ServerName): DatabaseRoute => {
    const { host: address, port } = serverNamed(servers, name).address;
    const ours = name === MAIN_SERVER && config.DATABASE_URL === undefined;
    return { host: (ours && socketOf(port)) || address, port, ...DIRECT, ...alone };
  };
  return ({ server, route }) => (pooler && route === 'pooler' ? { ...pooler, ...POOLED } : direct(server));
}

/** @throws {Refused} there is no way through a pooler */
export function routesOfContainers(
  config: Config,
  { gateway }: ContainerNetwork,
  servers: ProjectsServers,
  hasPooler: boolean,
  log: Log,
): RouteOf {
  const pooler =
    givenRoute(config) ?? (hasPooler ? { host: gateway, port: config.PGBOUNCER_PORT } : undefined);
  if (!pooler) {
    throw new Refused(
      'LAUNCHDB_RUNTIME=docker needs PgBouncer, which the containers reach PostgreSQL through. Install it, or set ' +
        'DATA_API_DB_HOST to where containers reach the database, or set LAUNCHDB_RUNTIME=process.',
    );
  }
  return ({ server, route }) => {
    if (route === 'pooler') return { ...pooler, ...POOLED };
    const direct = directFromContainers(config, gateway, servers, server);
    // somebody has chosen it when there was one
    if (!direct) log.warn({ server }, 'no direct route from containers: the pooler takes its place');
    return direct ? { ...direct, ...DIRECT } : { ...pooler, ...POOLED };
  };
}

function directFromContainers(
  { DATABASE_URL, POSTGRES_PORT, DATA_API_DIRECT_HOST: given }: Config,
  gateway: string,
  servers: ProjectsServers,
  name: ServerName,
) {
  const { host, port } = serverNamed(servers, name).address;
  if (name !== MAIN_SERVER) return { host, port };
  if (given) return { host: given.host, port: given.port ?? port };
  return DATABASE_URL === undefined ? { host: gateway, port: POSTGRES_PORT } : undefined;
}

/** Undefined when containers use the pooler that is our child. */
export function givenRoute({ DATA_API_DB_HOST, PGBOUNCER_HOST, PGBOUNCER_PORT }: Config) {
  const host = DATA_API_DB_HOST?.host ?? PGBOUNCER_HOST;
  return host === undefined ? undefined : { host, port: DATA_API_DB_HOST?.port ?? PGBOUNCER_PORT };
}
