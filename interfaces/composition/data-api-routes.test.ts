import { expect, test } from 'vitest';
import { CONNECTIONS_OF_LOGIN } from '../../domain/project/project-logins.ts';
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { PostgresServer, serverAddressOf } from '../../infrastructure/postgres/postgres-server.ts';
import { quietLog } from '../../infrastructure/testing/folder.ts';
import { readConfig } from '../config.ts';
import { routesOfContainers, routesOfProcesses } from './data-api-routes.ts';
import type { Machine } from './machine.ts';

const DATABASE_URL = 'postgres://postgres:secret@db.example.com:5433/postgres';
const servers = new Map(
  [MAIN_SERVER, 'second'].map((name) => [name, new PostgresServer(serverAddressOf(DATABASE_URL))]),
);
const network = { name: 'n', sealed: true, gateway: '172.30.0.1', subnet: '172.30.0.0/16' };
const machine = { directory: { path: '/nowhere' } } as Machine;
const [pooler, direct] = (['pooler', 'direct'] as const).map((route) => ({ server: MAIN_SERVER, route }));
const own = { pooled: false, connections: CONNECTIONS_OF_LOGIN };

test('processes go by the pooler or to the server of their project; without a pooler to that alone', () => {
  const config = readConfig({ DATABASE_URL });
  const at = { host: 'db.example.com', port: 5433 };
  const both = routesOfProcesses(config, machine, servers, { host: '/socket', port: 6432 });
  expect(both(pooler!)).toMatchObject({ host: '/socket', port: 6432, pooled: true });
  expect(both(direct!)).toEqual({ ...at, ...own });
  const alone = routesOfProcesses(config, machine, servers, undefined);
  // what the capacity counts where there is no pooler
  expect(alone(pooler!)).toEqual({ ...at, pooled: false, connections: 8 });
  expect(alone(direct!)).toEqual(alone(pooler!));
  // ours has no socket before it has started
  const ours = routesOfProcesses(readConfig({}), machine, servers, { host: '/socket', port: 6432 });
  expect(ours(direct!)).toEqual({ ...at, ...own });
});

test('containers go to our PostgreSQL by its address on their network, to others where they are told', () => {
  const routes = (given: Record<string, string>) =>
    routesOfContainers(
      readConfig({ LAUNCHDB_RUNTIME: 'docker', ...given }),
      network,
      servers,
      true,
      quietLog,
    );
  const gateway = { host: network.gateway, port: 6432, pooled: true };
  expect(routes({})(pooler!)).toMatchObject(gateway);
  expect(routes({})(direct!)).toEqual({ host: network.gateway, port: 15_432, ...own });
  expect(routes({ DATABASE_URL, DATA_API_DIRECT_HOST: 'postgres' })(direct!)).toEqual({
    host: 'postgres',
    port: 5433,
    ...own,
  });
  expect(routes({ DATABASE_URL, DATA_API_DIRECT_HOST: 'postgres:5499' })(direct!)).toMatchObject({
    port: 5499,
  });
  // somebody chose it when there was a way
  expect(routes({ DATABASE_URL })(direct!)).toMatchObject(gateway);
  expect(routes({})({ server: 'second', route: 'direct' })).toMatchObject({ host: 'db.example.com', ...own });
});
