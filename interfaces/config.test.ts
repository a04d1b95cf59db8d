import { describe, expect, test } from 'vitest';
import { InvalidConfiguration, readConfig } from './config.ts';

describe('where owners’ clients reach databases', () => {
  const read = (PUBLIC_POOLER_URL: string) => readConfig({ PUBLIC_POOLER_URL }).PUBLIC_POOLER_URL;

  test.each([
    ['postgresql://db.example.com:6432?sslmode=require', 'db.example.com', 6432, '?sslmode=require'],
    ['postgres://db.example.com', 'db.example.com', 5432, ''],
    ['postgres://[2001:db8::1]:6432/', '[2001:db8::1]', 6432, ''],
  ])('%s', (text, host, port, query) => expect(read(text)).toEqual({ host, port, query }));

  test('nowhere, or not said', () => {
    expect(read('none')).toBeNull();
    expect(read('')).toBeUndefined();
  });

  test.each([
    'db.example.com:6432',
    'https://db.example.com',
    'postgresql://',
    'postgresql:///',
    'postgresql://me@db.example.com',
    'postgresql://:secret@db.example.com',
    'postgresql://db.example.com/shop',
    'postgresql://db.example.com#part',
    'postgresql://db.example.com:99999',
  ])('%s is refused with what it should look like', (text) => {
    expect(() => read(text)).toThrow(InvalidConfiguration);
    expect(() => read(text)).toThrow(/PUBLIC_POOLER_URL: must be like postgresql:.*"none"/);
  });
});

test('a process of users alone does without a superuser of the projects’ PostgreSQL, and nobody else does', () => {
  const PLATFORM_DATABASE_URL = 'postgres://platform';
  const read = (LAUNCHDB_ROLES: string, more = {}) =>
    readConfig({ LAUNCHDB_ROLES, LAUNCHDB_MASTER_KEY: 'a'.repeat(64), PLATFORM_DATABASE_URL, ...more });
  expect(read('auth').DATABASE_URL).toBeUndefined();
  for (const roles of ['gateway', 'auth,gateway', 'worker'])
    expect(() => read(roles)).toThrow(/DATABASE_URL: is needed/);
  // the platform's own has to be said then
  expect(() => read('auth', { PLATFORM_DATABASE_URL: '' })).toThrow(/DATABASE_URL: is needed/);
  expect(() => read('auth', { LAUNCHDB_MASTER_KEY: '' })).toThrow(/LAUNCHDB_MASTER_KEY: is needed/);
});

test('REST APIs go straight to PostgreSQL only where they reach it', () => {
  const direct = { DATA_API_ROUTE: 'direct' };
  const foreign = {
    ...direct,
    LAUNCHDB_RUNTIME: 'docker',
    DATABASE_URL: 'postgres://db.example.com/postgres',
  };
  expect(readConfig({}).DATA_API_ROUTE).toBe('pooler');
  expect(readConfig(direct).DATA_API_ROUTE).toBe('direct');
  expect(readConfig({ ...direct, LAUNCHDB_RUNTIME: 'docker' }).DATA_API_ROUTE).toBe('direct');
  expect(() => readConfig(foreign)).toThrow(/DATA_API_DIRECT_HOST: is needed with DATA_API_ROUTE=direct/);
  const told = readConfig({ ...foreign, DATA_API_DIRECT_HOST: 'postgres' });
  expect([told.DATA_API_ROUTE, told.DATA_API_DIRECT_HOST]).toEqual([
    'direct',
    { host: 'postgres', port: undefined },
  ]);
  expect(() => readConfig({ DATA_API_ROUTE: 'guard' })).toThrow(/DATA_API_ROUTE: /);
});

test('who may sign up: anybody, unless it is said', () => {
  expect(readConfig({}).SIGNUP).toBe('open');
  expect(readConfig({ SIGNUP: 'closed' }).SIGNUP).toBe('closed');
  expect(() => readConfig({ SIGNUP: 'Invite' })).toThrow(/SIGNUP: /);
});

describe('where the log is', () => {
  const given = (EVENT_STORE_URL: string) => readConfig({ EVENT_STORE_URL }).EVENT_STORE_URL;

  test.each([
    'esdb://a:2113?tls=false',
    'esdb://a:2113,b:2113,c:2113?tls=false',
    'esdb://admin:p%40ss@node-1.example.com,node-2.example.com:2114/?tlsCaFile=/ca.pem&nodePreference=leader',
    'esdb+discover://cluster.example.com:2113?tls=false',
    'postgres://log@db.example.com/log',
    'postgresql://db.example.com:5433/log?sslmode=require',
  ])('%s', (url) => {
    expect(given(url)).toBe(url);
  });

  test.each(['esdb:', 'esdb://', 'esdb:a:2113', 'http://a:2113', 'esdb://a:2113, b:2113', 'a:2113'])(
    'refused: %s',
    (url) => {
      expect(() => given(url)).toThrow(/EVENT_STORE_URL: must be like .*esdb:\/\/a:2113,b:2113,c:2113/);
    },
  );
});

test('what a hash of a password may cost is bounded, in memory and in work', () => {
  const read = (memory: string, passes: string) =>
    readConfig({ AUTH_ARGON2_MEMORY_KIB: memory, AUTH_ARGON2_PASSES: passes });
  expect(read('', '')).toMatchObject({ AUTH_ARGON2_MEMORY_KIB: 19_456, AUTH_ARGON2_PASSES: 2 });
  expect(read('131072', '4')).toMatchObject({ AUTH_ARGON2_MEMORY_KIB: 131_072, AUTH_ARGON2_PASSES: 4 });
  expect(() => read('131073', '1')).toThrow(/AUTH_ARGON2_MEMORY_KIB: /);
  expect(() => read('131072', '5')).toThrow(
    /AUTH_ARGON2_PASSES: times AUTH_ARGON2_MEMORY_KIB must be at most 524288/,
  );
});
