import { expect, test } from 'vitest';
import { poolFor } from '../../application/ports/connection-pools.contract.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { databasesFile, mainFile, userlistFile } from './pgbouncer-files.ts';

const server = { host: '127.0.0.1', port: 5432 };
const verifier = 'SCRAM-SHA-256$4096:c2FsdA==$a2V5:a2V5';

test('an entry a project, and no other way in', () => {
  const [first, second] = [newProject(), newProject()];
  const text = databasesFile([poolFor(first), poolFor(second)], server);
  const entry = (id: string) =>
    `${id} = host=127.0.0.1 port=5432 dbname=${id} pool_size=5 reserve_pool=2 max_db_connections=20\n`;
  expect(text).toBe(`[databases]\n${entry(first)}${entry(second)}`);
  expect(databasesFile([], { host: '[::1]', port: 1 })).toBe('[databases]\n');
  expect(databasesFile([poolFor(first)], { host: '[::1]', port: 1 })).toContain('host=::1 port=1 ');
});

test.each(['proj_x', 'proj_0123456789abcdef\nproj_y', '*', 'proj_0123456789abcdef = host=evil', ''])(
  'the name %j gets into no file',
  (name) => {
    expect(() => databasesFile([poolFor(name as ProjectId)], server)).toThrow(TypeError);
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
  expect(() => databasesFile([poolFor(newProject())], { host, port: 1 })).toThrow(TypeError);
});

test('a path with a line break gets into no file', () => {
  const settings = { port: 1, folder: '/a\nadmin_users = *', server, adminUser: 'admin' };
  expect(() => mainFile(settings)).toThrow(TypeError);
});
