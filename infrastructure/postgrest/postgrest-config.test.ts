import { expect, test } from 'vitest';
import type { DataApi } from '../../application/ports/data-apis.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { configDigests, postgrestConfig, readPostgrestConfig } from './postgrest-config.ts';

const route = { host: '127.0.0.1', port: 6432, pooled: true, connections: 8 };
const ports = { port: 4001, adminPort: 4002 };
const listening = { host: '127.0.0.1', ...ports };
const api: DataApi = {
  project: newProject(),
  server: MAIN_SERVER,
  authenticatorPassword: 'p@ss/word',
  jwtSecrets: ['secret'],
  publicKeys: [],
  settings: { maxRows: 10, schemas: ['public', 'api'] },
  route: 'pooler',
  writes: 'all',
};

const publicKey = { kid: 'k', use: 'sig', alg: 'ES256', kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } as const;

test('a project without keys of users has its secret as it always was, one with them a set', () => {
  const setOf = (of: DataApi) =>
    /^jwt-secret = (.*)$/m.exec(postgrestConfig(of, route, listening, true))?.[1] ?? '';
  expect(setOf(api)).toBe('"secret"');
  expect(JSON.parse(JSON.parse(setOf({ ...api, publicKeys: [publicKey] })) as string)).toEqual({
    keys: [{ kty: 'oct', k: 'c2VjcmV0' }, publicKey],
  });
});

test('what is confirmed can be read back', () => {
  const text = postgrestConfig(api, route, listening, true);
  expect(readPostgrestConfig(text)).toEqual({ ...ports, ...configDigests(api, route) });
});

test.each([
  ['unconfirmed', postgrestConfig(api, route, listening, false)],
  ['cut short', postgrestConfig(api, route, listening, true).slice(0, 200)],
  ['foreign', 'server-port = 3000\nadmin-server-port = 3001\n'],
  ['empty', ''],
])('what is %s cannot', (_title, text) => {
  expect(readPostgrestConfig(text)).toBeUndefined();
});

test('settings and the JWT secret are reloaded; the login and the route need a restart', () => {
  const now = configDigests(api, route);
  const reloads: readonly DataApi[] = [
    { ...api, jwtSecrets: ['other'] },
    { ...api, publicKeys: [publicKey] },
    { ...api, settings: { ...api.settings, maxRows: 11 } },
    { ...api, writes: 'deletions' },
    { ...api, writes: 'none' },
  ];
  for (const changed of reloads) {
    const { restart, reload } = configDigests(changed, route);
    expect([restart === now.restart, reload === now.reload]).toEqual([true, false]);
  }
  expect(configDigests({ ...api, authenticatorPassword: 'x' }, route).restart).not.toBe(now.restart);
  expect(configDigests(api, { ...route, pooled: false }).restart).not.toBe(now.restart);
  // its name alone is nothing that PostgREST is told: where an entry leads is the pooler's
  expect(configDigests({ ...api, server: 'second' }, route)).toEqual(now);
});

test('no value can end its line or its quotes', () => {
  const hostile: DataApi = { ...api, jwtSecrets: ['a"\\'], settings: { ...api.settings, schemas: ['x"y'] } };
  const text = postgrestConfig(hostile, route, listening, true);
  expect(text).toContain('jwt-secret = "a\\"\\\\"\n');
  expect(text).toContain('db-schemas = "x\\"y"\n');
  expect(text).toContain(`authenticator:p%40ss%2Fword@127.0.0.1:6432/`);
  const broken: DataApi = { ...api, jwtSecrets: ['a\nserver-host = "0.0.0.0"'] };
  expect(() => postgrestConfig(broken, route, listening, true)).toThrow(TypeError);
});
