import { expect, test } from 'vitest';
import { Refused } from '../../application/errors.ts';
import { poolFor } from '../../application/ports/connection-pools.contract.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { GUARD_LIMITS } from '../pooler-guard/guard-options.ts';
import { TENANT_BOUNDS } from './bounded-tenant-connections.ts';
import { accessFile } from './pgbouncer-access.ts';
import {
  databasesFile,
  entriesNamed,
  isServedAs,
  mainFile,
  mostFiles,
  needsStart,
  userlistFile,
} from './pgbouncer-files.ts';

const servers = new Map([[MAIN_SERVER, { host: '127.0.0.1', port: 5432 }]]);
const on = (host: string) => new Map([[MAIN_SERVER, { host, port: 1 }]]);
const verifier = 'SCRAM-SHA-256$4096:c2FsdA==$a2V5:a2V5';

test('an entry a project, and no other way in', () => {
  const [first, second] = [newProject(), newProject()];
  const text = databasesFile([poolFor(first), poolFor(second)], servers);
  const entry = (id: string) =>
    `${id} = host=127.0.0.1 port=5432 dbname=${id} pool_size=5 reserve_pool=0 max_db_connections=7\n`;
  expect(text).toBe(`[databases]\n${entry(first)}${entry(second)}`);
  expect(databasesFile([], on('[::1]'))).toBe('[databases]\n');
  expect(databasesFile([poolFor(first)], on('[::1]'))).toContain('host=::1 port=1 ');
});

test('an entry leads to the server that its project is on, and to no other', () => {
  const both = new Map([...servers, ['second', { host: '10.0.0.2', port: 5433 }]]);
  const [here, there] = [poolFor(newProject()), { ...poolFor(newProject()), server: 'second' }];
  const [, first, second] = databasesFile([here, there], both).split('\n');
  expect(first).toContain(`${here.project} = host=127.0.0.1 port=5432 dbname=${here.project} `);
  expect(second).toContain(`${there.project} = host=10.0.0.2 port=5433 dbname=${there.project} `);
  expect(() => databasesFile([there], servers)).toThrow(Refused);
});

test.each(['proj_x', 'proj_0123456789abcdef\nproj_y', '*', 'proj_0123456789abcdef = host=evil', ''])(
  'the name %j gets into no file',
  (name) => {
    expect(() => databasesFile([poolFor(name as ProjectId)], servers)).toThrow(TypeError);
    expect(() => userlistFile([{ name: `${name} "`, verifier }])).toThrow(TypeError);
  },
);

test.each(['plain', `${verifier}"\n"root" "md5`, `${verifier}\n`, '', 'md5abc'])(
  'the verifier %j gets into no file',
  (text) => {
    expect(() => userlistFile([{ name: 'proj_owner', verifier: text }])).toThrow(TypeError);
  },
);

test.each(['a b', 'a\nb', '', 'a=b', "'"])('the host %j gets into no file', (host) => {
  expect(() => databasesFile([poolFor(newProject())], on(host))).toThrow(TypeError);
});

test('a path with a line break gets into no file, and neither do addresses that are none', () => {
  const doors = { addresses: ['127.0.0.1', '172.17.0.1'], clientsFrom: [], socketFolder: '/s' };
  const settings = { doors, port: 1, folder: '/a', adminUser: 'admin', entries: 0 };
  expect(() => mainFile({ ...settings, folder: '/a\nadmin_users = *' })).toThrow(TypeError);
  expect(() => mainFile({ ...settings, doors: { ...doors, socketFolder: '/s\nx = y' } })).toThrow(TypeError);
  expect(() => mainFile({ ...settings, doors: { ...doors, addresses: ['*\nauth_type = any'] } })).toThrow(
    TypeError,
  );
  expect(mainFile(settings)).toContain('\nlisten_addr = 127.0.0.1,172.17.0.1\n');
  expect(mainFile({ ...settings, doors: { addresses: [], clientsFrom: [] } })).toContain(
    '\nlisten_addr = \nlisten_port = 1\nunix_socket_dir = \n',
  );
});

test('every REST API is let in, beside all that tenants may open; and more of them need no start', () => {
  const doors = { addresses: [], clientsFrom: [] };
  const withEntries = (entries: number) =>
    mainFile({ doors, port: 1, folder: '/a', adminUser: 'admin', entries });
  const clients = [0, 62, 63, 903, 1_000].map((entries) => {
    const [, most] = /^max_client_conn = (\d+)$/m.exec(withEntries(entries)) ?? [];
    const { sessions, slots } = GUARD_LIMITS;
    expect(Number(most)).toBeGreaterThanOrEqual(sessions + slots + TENANT_BOUNDS.atOnce + 8 * entries);
    return Number(most);
  });
  expect(clients).toEqual([5_000, 5_000, 5_500, 12_000, 12_500]);
  expect(needsStart(withEntries(1_000), withEntries(0))).toBe(false);
  expect(needsStart(withEntries(0).replace('listen_port = 1', 'listen_port = 2'), withEntries(0))).toBe(true);
  expect(needsStart(undefined, withEntries(0))).toBe(true);
});

test('as many files may be open as there may be clients and sessions', () => {
  const pools = Array.from({ length: 1_000 }, () => ({ connections: 11 }));
  expect(mostFiles(pools)).toBe(12_500 + 11_000 + 20);
  expect(mostFiles([])).toBe(5_020);
});

test('each database has its own logins, the console has the admin, and nobody else is let in', () => {
  const [first, second] = [newProject(), newProject()];
  const logins = ['owner', 'authenticator'].map((kind) => ({ name: `${second}_${kind}`, verifier }));
  const pools = [poolFor(first), { project: second, server: MAIN_SERVER, logins, connections: 7 }];
  const doors = { socketFolder: '/s', addresses: ['127.0.0.1'], clientsFrom: ['127.0.0.1/32'] };
  expect(accessFile(pools, doors, 'admin')).toBe(`local pgbouncer admin scram-sha-256
local ${first} ${first}_owner scram-sha-256
host ${first} ${first}_owner 127.0.0.1/32 scram-sha-256
local ${second} ${second}_owner,${second}_authenticator scram-sha-256
host ${second} ${second}_owner,${second}_authenticator 127.0.0.1/32 scram-sha-256
`);
  expect(accessFile([], { addresses: ['*'], clientsFrom: ['0.0.0.0/0', '::/0'] }, 'admin')).toBe(
    `host pgbouncer admin 0.0.0.0/0 scram-sha-256\nhost pgbouncer admin ::/0 scram-sha-256\n`,
  );
  const poolOf = (login: string) => ({
    project: first,
    server: MAIN_SERVER,
    logins: [{ name: login, verifier }],
    connections: 7,
  });
  for (const login of ['a b', 'a,b', '"a"', 'a\nlocal all all trust', ''])
    expect(() => accessFile([poolOf(login)], doors, 'admin')).toThrow(TypeError);
  expect(() => accessFile([], { addresses: ['*'], clientsFrom: ['all trust\n'] }, 'admin')).toThrow(
    TypeError,
  );
});

test('an entry that is served is compared in all that its line says, as every release shows it', () => {
  const project = newProject();
  const pool = poolFor(project);
  const common = { name: project, host: '127.0.0.1', port: 5432, database: project, pool_size: 5 };
  const old = { ...common, reserve_pool: 0, max_connections: 7 };
  const current = { ...common, port: '5432', reserve_pool_size: '0', max_connections: '7' };
  expect(isServedAs(old, pool, servers)).toBe(true);
  expect(isServedAs(current, pool, servers)).toBe(true);
  for (const [field, value] of Object.entries({
    name: newProject(),
    host: '127.0.0.2',
    port: 5433,
    database: 'postgres',
    pool_size: 50,
    reserve_pool: 3,
    max_connections: 0,
  })) {
    expect([field, isServedAs({ ...old, [field]: value }, pool, servers)]).toEqual([field, false]);
  }
});

test('entries of the operator’s are known by their names', () => {
  const lines = 'mine = host=h\n  proj_0123456789abcdef=host=h\n; proj_1123456789abcdef = host=h\n';
  expect([...entriesNamed(lines)]).toEqual(['proj_0123456789abcdef']);
});
