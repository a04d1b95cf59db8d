import { expect, test } from 'vitest';
import { StorageBounds } from './storage-bounds.ts';

const asked = (project: string) =>
  ({ endpoint: { method: 'get', path: '/x' }, params: { project } }) as const;

test('a project that is flooded leaves room for the others', () => {
  const bounds = new StorageBounds({ requestsPerProject: 2 });
  const one = bounds.enter('192.0.2.1', asked('a'));
  bounds.enter('192.0.2.2', asked('a'));
  expect(() => bounds.enter('192.0.2.3', asked('a'))).toThrow(/too many/);
  bounds.enter('192.0.2.3', asked('b'));
  one();
  bounds.enter('192.0.2.3', asked('a'));
});

test('an address that is refused by a project holds nothing of its own for it', () => {
  const bounds = new StorageBounds({ requestsPerProject: 1, requestsPerAddress: 2 });
  bounds.enter('192.0.2.1', asked('a'));
  for (let tried = 0; tried < 3; tried++) expect(() => bounds.enter('192.0.2.1', asked('a'))).toThrow();
  bounds.enter('192.0.2.1', asked('b'));
  expect(() => bounds.enter('192.0.2.1', asked('c'))).toThrow();
});

test('one address takes half of a project, and leaves the rest to the others', () => {
  const bounds = new StorageBounds();
  for (let at = 0; at < 128; at++) bounds.enter('192.0.2.1', asked('a'));
  expect(() => bounds.enter('192.0.2.1', asked('a'))).toThrow();
  for (let at = 0; at < 128; at++) bounds.enter('192.0.2.2', asked('a'));
  expect(() => bounds.enter('192.0.2.3', asked('a'))).toThrow();
});
