import { expect, test } from 'vitest';
import { ROLES, type Role } from '../config.ts';
import { partsOf } from './roles.ts';
import { PARTS } from './tokens.ts';

const has = (roles: readonly Role[], part: keyof typeof PARTS) => partsOf(roles).includes(PARTS[part]);

test('a process of users alone prepares no server of databases and runs nothing', () => {
  const theirs = Object.keys(PARTS).filter((name) => has(['auth'], name as keyof typeof PARTS));
  expect(theirs).toEqual([
    'tracing',
    'platformSessions',
    'eventStore',
    'tenantConnections',
    'authProjects',
    'mailSender',
    'auth',
    'taskBoard',
  ]);
});

test('nor does a process of files alone', () => {
  const theirs = Object.keys(PARTS).filter((name) => has(['storage'], name as keyof typeof PARTS));
  expect(theirs).toEqual([
    'tracing',
    'platformSessions',
    'eventStore',
    'tenantConnections',
    'storageProjects',
    'fileTasks',
    'storage',
    'taskBoard',
  ]);
});

test('whoever has no other server beside it has one of a worker’s, and no role is without one', () => {
  expect(has(['worker'], 'workerServer')).toBe(true);
  expect(has(['worker', 'gateway'], 'workerServer')).toBe(true);
  for (const role of ['platform', 'manager', 'migrations', 'auth', 'storage'] as const)
    expect([role, has(['worker', role], 'workerServer')]).toEqual([role, false]);
  for (const role of ROLES) {
    const servers = [
      'gateway',
      'platformApi',
      'workerServer',
      'migrations',
      'manager',
      'auth',
      'storage',
    ] as const;
    expect([role, servers.filter((server) => has([role], server))]).toEqual([
      role,
      [{ platform: 'platformApi', worker: 'workerServer' }[role as string] ?? role],
    ]);
  }
});

test('users and files are served before anybody can come by the gateway, and until nobody does', () => {
  const parts = partsOf(ROLES);
  const at = (part: keyof typeof PARTS) => parts.indexOf(PARTS[part]);
  for (const part of ['tenantConnections', 'authProjects'] as const)
    expect(at(part)).toBeLessThan(at('auth'));
  expect(at('auth')).toBeLessThan(at('gateway'));
  for (const part of ['tenantConnections', 'storageProjects'] as const)
    expect(at(part)).toBeLessThan(at('storage'));
  expect(at('storage')).toBeLessThan(at('gateway'));
});
